// Tandem's four systems in one process and an adapter in another, in the test's own process: the
// adapter is stopped and started while the systems go on. And both as one process, as people run
// it. On either database.
#pragma once

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <grpcpp/impl/client_unary_call.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
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
#include "tandem/events/v1/event_service.pb.h"
#include "tandem/master_data/v1/sync.pb.h"
#include "tests/support/postgres_server.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait.h"

namespace tandem::master_data {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Declare = rpc::MakePart (*)(settings::Schema&);
using NamedDeclare = std::pair<std::string, Declare>;

// For facts that are to come; a loaded machine takes its time.
inline constexpr absl::Duration kPatience = absl::Seconds(60);

inline std::vector<NamedDeclare> Services() {
  return {{"customer", customer::DeclareCustomer},
          {"billing", billing::DeclareBilling},
          {"opportunity", opportunity::DeclareOpportunity},
          {"inventory", inventory::DeclareInventory}};
}

// A process on a folder, on any free port; `more` are its other settings.
class TestProcess {
 public:
  TestProcess(const std::string& name, const std::string& dir, std::vector<NamedDeclare> declared,
              const std::vector<std::string>& more = {}) {
    settings::Schema schema;
    rpc::ProcessSettings keys(schema);
    std::vector<std::pair<std::string, rpc::MakePart>> parts;
    for (const auto& [part, declare] : declared) parts.emplace_back(part, declare(schema));
    std::vector<std::string> args = {name, "--storage.dir=" + dir, "--server.listen=127.0.0.1:0",
                                     "--server.drain_ms=100"};
    args.insert(args.end(), more.begin(), more.end());
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

 private:
  SystemClock clock_;
  std::optional<settings::Values> values_;
  std::unique_ptr<rpc::Process> process_;
};

// The systems, and one adapter that comes and goes.
class Company {
 public:
  Company(std::string adapter, Declare declare, absl::string_view driver = "sqlite")
      : name_(std::move(adapter)), declare_(declare) {
    if (driver == "postgresql") {
      server_ = std::make_unique<test::TestDatabase>();
      storage_ = {absl::StrCat("--storage.database=postgresql://tandem@127.0.0.1:",
                               server_->server().port(), "/"),
                  absl::StrCat("--storage.database_prefix=", server_->name(), "_")};
      for (const std::string& part : Parts()) {
        const auto made = server_->Query(absl::StrCat("CREATE DATABASE ", server_->name(), "_",
                                                      part, " TEMPLATE template0 LC_COLLATE 'C'"));
        TANDEM_CHECK(made.ok(), made.status().ToString());
      }
    }
    systems_ = std::make_unique<TestProcess>("tandem", dir_.path(), Services(), storage_);
    StartAdapter();
  }
  ~Company() {
    adapter_.reset();
    systems_.reset();
    if (server_ == nullptr) return;
    for (const std::string& part : Parts()) {
      (void)server_->Query(
          absl::StrCat("DROP DATABASE IF EXISTS ", server_->name(), "_", part, " WITH (FORCE)"));
    }
  }

  void StartAdapter() {
    std::vector<std::string> more = storage_;
    for (const auto& [part, declare] : Services()) {
      more.push_back(absl::StrCat("--address.", part, "=", systems_->address()));
    }
    adapter_ = std::make_unique<TestProcess>(name_, dir_.path(),
                                             std::vector<NamedDeclare>{{name_, declare_}}, more);
  }
  void StopAdapter() { adapter_.reset(); }
  // While it is stopped; it starts as on its first day.
  void LoseAdapterDatabase() {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::filesystem::remove(dir_.File(absl::StrCat(name_, ".db", suffix)));
    }
  }

  std::shared_ptr<grpc::Channel> systems() const { return systems_->channel(); }
  // Null while it is stopped.
  std::shared_ptr<grpc::Channel> adapter() const {
    return adapter_ == nullptr ? nullptr : adapter_->channel();
  }

 private:
  std::vector<std::string> Parts() const {
    std::vector<std::string> parts = {name_};
    for (const auto& [part, declare] : Services()) parts.push_back(part);
    return parts;
  }

  const std::string name_;
  const Declare declare_;
  test::TempDir dir_;
  std::unique_ptr<test::TestDatabase> server_;
  std::vector<std::string> storage_;
  std::unique_ptr<TestProcess> systems_;
  std::unique_ptr<TestProcess> adapter_;
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

// What a system's journal tells of one copy, over its public event service.
class Journal {
 public:
  Journal() = default;
  Journal(std::shared_ptr<grpc::Channel> channel, const std::string& part)
      : channel_(std::move(channel)), source_("/tandem/" + part) {}

  int64_t Head() const { return Read(0, "", 1).head(); }
  // The events of the copy after that position, each with who made it: one a write.
  int Writes(const std::string& id, int64_t after) const {
    int writes = 0;
    while (true) {
      const events::v1::ReadEventsResponse page = Read(after, id, 0);
      writes += page.events_size();
      if (page.position() <= after || page.position() >= page.head()) return writes;
      after = page.position();
    }
  }

 private:
  events::v1::ReadEventsResponse Read(int64_t after, const std::string& id, int size) const {
    events::v1::ReadEventsRequest request;
    request.set_source(source_);
    request.set_after_position(after);
    request.set_subject(id);
    request.set_page_size(size);
    events::v1::ReadEventsResponse answer;
    grpc::ClientContext context;
    rpc::Prepare({}, &context);
    const grpc::Status status =
        grpc::internal::BlockingUnaryCall<Message, Message, google::protobuf::MessageLite,
                                          google::protobuf::MessageLite>(
            channel_.get(),
            grpc::internal::RpcMethod("/tandem.events.v1.EventService/ReadEvents",
                                      grpc::internal::RpcMethod::NORMAL_RPC),
            &context, request, &answer);
    TANDEM_CHECK(status.ok(), status.error_message());
    return answer;
  }

  std::shared_ptr<grpc::Channel> channel_;
  std::string source_;
};

// One system's side of the entity, over its typed stub.
struct Side {
  std::string name;
  Journal journal;
  std::function<std::unique_ptr<Message>(const std::string& id)> get;  // null: not there
  std::function<absl::Status(const Message& changed, const std::string& path)> update;
  std::function<std::unique_ptr<Message>()> make;
  // The groups that a resource shows, as the adapter takes them.
  std::function<void(const Message& resource, v1::State* state)> groups;
  // Where a field is changed by commands, or shown by other fields than in the other system.
  struct Special {
    std::function<absl::Status(const std::string& id, const std::string& text)> edit;
    std::function<std::string(const Message& resource)> shows;
  };
  std::map<std::string, Special> special;

  std::unique_ptr<Message> Parse(const std::string& text) const {
    std::unique_ptr<Message> message = make();
    TANDEM_CHECK(google::protobuf::TextFormat::ParseFromString(text, message.get()), text);
    return message;
  }
  std::string Shows(const std::string& id, const std::string& path) const {
    const std::unique_ptr<Message> message = get(id);
    if (message == nullptr) return "(not there)";
    const auto own = special.find(path);
    return own != special.end() && own->second.shows ? own->second.shows(*message)
                                                     : FieldText(*message, path);
  }
  // Nothing where the copy has no value of the group.
  std::optional<std::string> Group(const std::string& id, const std::string& group) const {
    const std::unique_ptr<Message> message = get(id);
    return message == nullptr ? std::nullopt : GroupIn(*message, group);
  }
  std::optional<std::string> GroupIn(const Message& message, const std::string& group) const {
    v1::State state;
    groups(message, &state);
    for (const v1::GroupValue& each : state.groups()) {
      if (each.name() != group) continue;
      return each.value().has_form() ? each.value().form() : each.value().common();
    }
    return std::nullopt;
  }
  std::string Means(const std::string& text, const std::string& path) const {
    return FieldText(*Parse(text), path);
  }
  std::string Etag(const std::string& id) const {
    const std::unique_ptr<Message> message = get(id);
    return message == nullptr ? "" : FieldText(*message, "etag");
  }
  int64_t Version(const std::string& id) const {
    const std::string etag = Etag(id);
    int64_t version = 0;
    if (etag.empty()) return 0;
    TANDEM_CHECK(absl::SimpleAtoi(etag.substr(1, etag.size() - 2), &version), etag);
    return version;
  }
  absl::Status Edit(const std::string& id, const std::string& path, const std::string& text) const {
    if (const auto own = special.find(path); own != special.end() && own->second.edit) {
      return own->second.edit(id, text);
    }
    std::unique_ptr<Message> changed = Parse(text);
    const auto* field = changed->GetDescriptor()->FindFieldByName("id");
    changed->GetReflection()->SetString(changed.get(), field, id);
    return update(*changed, path);
  }
};

template <class Resource, class Stub, class Get, class Update>
Side MakeSide(std::string name, std::shared_ptr<grpc::Channel> channel, std::shared_ptr<Stub> stub,
              grpc::Status (Stub::*get)(grpc::ClientContext*, const Get&, Resource*),
              grpc::Status (Stub::*update)(grpc::ClientContext*, const Update&, Resource*),
              Resource* (Update::*resource)()) {
  Side side;
  side.name = std::move(name);
  side.journal = Journal(std::move(channel), side.name);
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

// A record by the id of any of its copies; an empty one where there is none.
template <class Stub>
v1::GetRecordResponse RecordOf(Stub& stub, const std::string& any_copy) {
  v1::GetRecordRequest get;
  get.set_id(any_copy);
  auto record = rpc::Call(stub, &Stub::GetRecord, get);
  return record.ok() ? *std::move(record) : v1::GetRecordResponse();
}

// All refused proposals of a copy's record, by group.
template <class Stub>
std::vector<v1::RefusedWrite> RefusedOf(Stub& stub, const std::string& any_copy,
                                        const std::string& group) {
  v1::ListRefusedProposalsRequest list;
  list.set_filter(absl::StrCat("record_id = \"", RecordOf(stub, any_copy).record().id(), "\""));
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
std::vector<v1::SyncConflict> ConflictsOf(Stub& stub, const std::string& any_copy) {
  v1::ListConflictsRequest list;
  list.set_filter(absl::StrCat("record_id = \"", RecordOf(stub, any_copy).record().id(), "\""));
  auto page = rpc::Call(stub, &Stub::ListConflicts, list);
  TANDEM_CHECK(page.ok(), page.status().ToString());
  return {page->conflicts().begin(), page->conflicts().end()};
}

template <class Stub>
bool InStep(Stub& stub, const std::string& any_copy) {
  return RecordOf(stub, any_copy).record().in_step();
}

// The adapter has seen the copy as it is.
template <class Stub>
bool HasSeen(Stub& stub, const Side& side, const std::string& id) {
  const v1::GetRecordResponse record = RecordOf(stub, id);
  for (const v1::SyncLink& link : record.record().links()) {
    if (link.system() == side.name) return link.version() == side.Etag(id);
  }
  return false;
}

template <class Stub>
std::string Explain(Stub& stub, const std::string& any_copy) {
  v1::GetRecordResponse record = RecordOf(stub, any_copy);
  record.mutable_record()->clear_record();
  return record.DebugString();
}

}  // namespace tandem::master_data
