// Tandem's four systems in one process and an adapter in another, in the test's own process: the
// adapter is stopped and started while the systems go on. And both as one process, as people run
// it.
#pragma once

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "platform/base/check.h"
#include "platform/base/clock.h"
#include "platform/base/status.h"
#include "platform/rpc/client.h"
#include "platform/rpc/process.h"
#include "platform/settings/start.h"
#include "services/billing/billing_service.h"
#include "services/customer/customer_service.h"
#include "services/inventory/inventory_service.h"
#include "services/opportunity/opportunity_service.h"
#include "tandem/master_data/v1/sync.pb.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait.h"

namespace tandem::master_data {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Declare = rpc::MakePart (*)(settings::Schema&);
using NamedDeclare = std::pair<std::string, Declare>;

inline std::vector<NamedDeclare> Services() {
  return {{"customer", customer::DeclareCustomer},
          {"billing", billing::DeclareBilling},
          {"opportunity", opportunity::DeclareOpportunity},
          {"inventory", inventory::DeclareInventory}};
}

// A process on a folder, on any free port; `systems` is where the systems are, if elsewhere.
class TestProcess {
 public:
  TestProcess(const std::string& name, const std::string& dir, std::vector<NamedDeclare> declared,
              const std::string& systems = "") {
    settings::Schema schema;
    rpc::ProcessSettings keys(schema);
    std::vector<std::pair<std::string, rpc::MakePart>> parts;
    for (const auto& [part, declare] : declared) parts.emplace_back(part, declare(schema));
    std::vector<std::string> args = {name, "--storage.dir=" + dir, "--server.listen=127.0.0.1:0",
                                     "--server.drain_ms=100"};
    if (!systems.empty()) {
      for (const char* part : {"customer", "billing", "opportunity", "inventory"}) {
        args.push_back(absl::StrCat("--address.", part, "=", systems));
      }
    }
    std::vector<const char*> argv;
    for (const std::string& arg : args) argv.push_back(arg.c_str());
    settings::Started started = settings::Start(schema, static_cast<int>(argv.size()), argv.data());
    TANDEM_CHECK(started.values.has_value(), "settings");
    values_ = *std::move(started.values);
    auto process = rpc::Process::Start(name, *values_, keys, std::move(parts), clock_);
    TANDEM_CHECK(process.ok(), process.status().ToString());
    process_ = *std::move(process);
  }
  const std::string& address() const { return process_->address(); }
  std::shared_ptr<grpc::Channel> channel() const { return process_->InProcess(); }
  rpc::Process& process() { return *process_; }

 private:
  SystemClock clock_;
  std::optional<settings::Values> values_;
  std::unique_ptr<rpc::Process> process_;
};

// A field of a resource in words that do not depend on its message type.
inline std::string FieldText(const Message& message, const std::string& path) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(path);
  TANDEM_CHECK(field != nullptr, path);
  const auto* reflection = message.GetReflection();
  if (field->is_repeated()) {
    std::vector<std::string> rows;
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      rows.push_back(reflection->GetRepeatedMessage(message, field, i).ShortDebugString());
    }
    std::sort(rows.begin(), rows.end());
    return absl::StrJoin(rows, "; ");
  }
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection->GetString(message, field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return absl::StrCat(reflection->GetEnumValue(message, field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->GetBool(message, field) ? "true" : "false";
    default:
      return reflection->HasField(message, field)
                 ? absl::StrCat("{", reflection->GetMessage(message, field).ShortDebugString(), "}")
                 : "";
  }
}

// One system's side of the entity, over its typed stub.
struct Side {
  std::string name;
  std::function<std::unique_ptr<Message>(const std::string& id)> get;  // null: not there
  std::function<absl::Status(const Message& changed, const std::string& path)> update;
  std::function<std::unique_ptr<Message>()> make;

  std::unique_ptr<Message> Parse(const std::string& text) const {
    std::unique_ptr<Message> message = make();
    TANDEM_CHECK(google::protobuf::TextFormat::ParseFromString(text, message.get()), text);
    return message;
  }
  std::string Shows(const std::string& id, const std::string& path) const {
    const std::unique_ptr<Message> message = get(id);
    return message == nullptr ? "(not there)" : FieldText(*message, path);
  }
  std::string Means(const std::string& text, const std::string& path) const {
    return FieldText(*Parse(text), path);
  }
  int64_t Version(const std::string& id) const {
    const std::unique_ptr<Message> message = get(id);
    if (message == nullptr) return 0;
    const auto* field = message->GetDescriptor()->FindFieldByName("etag");
    const std::string etag = message->GetReflection()->GetString(*message, field);
    int64_t version = 0;
    TANDEM_CHECK(absl::SimpleAtoi(etag.substr(1, etag.size() - 2), &version), etag);
    return version;
  }
  absl::Status Edit(const std::string& id, const std::string& path, const std::string& text) const {
    std::unique_ptr<Message> changed = Parse(text);
    const auto* field = changed->GetDescriptor()->FindFieldByName("id");
    changed->GetReflection()->SetString(changed.get(), field, id);
    return update(*changed, path);
  }
};

template <class Resource, class Stub, class Get, class Update>
Side MakeSide(std::string name, std::shared_ptr<Stub> stub,
              grpc::Status (Stub::*get)(grpc::ClientContext*, const Get&, Resource*),
              grpc::Status (Stub::*update)(grpc::ClientContext*, const Update&, Resource*),
              Resource* (Update::*resource)()) {
  Side side;
  side.name = std::move(name);
  side.make = [] { return std::make_unique<Resource>(); };
  side.get = [stub, get](const std::string& id) -> std::unique_ptr<Message> {
    Get request;
    request.set_id(id);
    auto answer = rpc::Call(*stub, get, request);
    if (!answer.ok()) return nullptr;
    return std::make_unique<Resource>(*std::move(answer));
  };
  side.update = [stub, update, resource](const Message& changed, const std::string& path) {
    Update request;
    (request.*resource)()->CopyFrom(changed);
    request.mutable_update_mask()->add_paths(path);
    return rpc::Call(*stub, update, request).status();
  };
  return side;
}

// A row of DOMAIN section 10 as it is tried.
enum class Who { kCrm, kErp, kSharedCrm, kSharedErp };
struct FieldTry {
  std::string field;  // as the table calls it
  std::string group;  // as the adapter does
  std::string path;   // in both messages
  Who who;
  // Three values that differ from what there is at first, and from each other, as text.
  std::string a, b, c;
  // Where one side's API refuses the edit itself: then only the owner's is tried.
  bool owner_only = false;
};

// All refused proposals of a copy's record, by group.
template <class Stub>
std::vector<v1::RefusedWrite> RefusedOf(Stub& stub, const std::string& any_copy,
                                        const std::string& group) {
  v1::GetRecordRequest get;
  get.set_id(any_copy);
  auto record = rpc::Call(stub, &Stub::GetRecord, get);
  if (!record.ok()) return {};
  v1::ListRefusedProposalsRequest list;
  list.set_filter(absl::StrCat("record_id = \"", record->record().id(), "\""));
  list.set_page_size(1000);
  auto page = rpc::Call(stub, &Stub::ListRefusedProposals, list);
  TANDEM_CHECK(page.ok(), page.status().ToString());
  std::vector<v1::RefusedWrite> out;
  for (const v1::RefusedWrite& each : page->refused_proposals()) {
    if (group.empty() || each.field() == group) out.push_back(each);
  }
  return out;
}

template <class Stub>
bool InStep(Stub& stub, const std::string& any_copy) {
  v1::GetRecordRequest get;
  get.set_id(any_copy);
  auto record = rpc::Call(stub, &Stub::GetRecord, get);
  return record.ok() && record->record().in_step();
}

template <class Stub>
std::string Explain(Stub& stub, const std::string& any_copy) {
  v1::GetRecordRequest get;
  get.set_id(any_copy);
  auto record = rpc::Call(stub, &Stub::GetRecord, get);
  if (!record.ok()) return std::string(record.status().ToString());
  record->mutable_record()->clear_record();
  return record->DebugString();
}

}  // namespace tandem::master_data
