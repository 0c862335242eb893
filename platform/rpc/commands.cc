#include "platform/rpc/commands.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>
#include <sodium.h>

#include <atomic>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "platform/base/fault.h"
#include "platform/base/field_behavior.h"
#include "platform/base/status.h"
#include "platform/rpc/call_checks.h"
#include "platform/rpc/grpc_status.h"
#include "platform/rpc/validate.h"
#include "platform/store/writer.h"

namespace tandem::rpc {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr int kBatchItemsMax = 1000;

// The hash of what a request asks for: its canonical bytes without the request id.
std::string HashOf(const Message& request, const FieldDescriptor* request_id) {
  std::unique_ptr<Message> copy(request.New());
  copy->CopyFrom(request);
  copy->GetReflection()->ClearField(copy.get(), request_id);
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    copy->SerializeToCodedStream(&coded);
  }
  unsigned char hash[16];
  crypto_generichash(hash, sizeof(hash), reinterpret_cast<const unsigned char*>(bytes.data()),
                     bytes.size(), nullptr, 0);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<char*>(hash), sizeof(hash)));
}

bool BoolField(const Message& request, const char* name) {
  const FieldDescriptor* field = request.GetDescriptor()->FindFieldByName(name);
  return field != nullptr && request.GetReflection()->GetBool(request, field);
}

// Everything of a command but its `done`. Callers may not set output-only fields: they are cleared.
absl::StatusOr<store::Command> MakeCommand(const Validator& validator, const std::string& method,
                                           const Message& request, const Context& caller) {
  // The request belongs to this call until it is answered; nobody else reads it meanwhile.
  ClearOutputOnly(const_cast<Message*>(&request));
  if (absl::Status status = validator.Check(request); !status.ok()) return status;
  store::Command command;
  command.method = method;
  command.context = caller;
  command.validate_only = BoolField(request, "validate_only");
  const FieldDescriptor* id = request.GetDescriptor()->FindFieldByName("request_id");
  if (id != nullptr) {
    command.context.request_id = request.GetReflection()->GetString(request, id);
    if (!command.context.request_id.empty()) command.request_hash = HashOf(request, id);
  }
  return command;
}

}  // namespace

struct Commands::Rep {
  store::Writer& writer;
  std::string service;
  Validator validator;
};

Commands::Commands(store::Writer& writer, std::string service)
    : rep_(new Rep{writer, service, ValidatorOf(service)}) {}
Commands::~Commands() = default;

grpc::ServerUnaryReactor* Commands::RunAny(grpc::CallbackServerContext* context,
                                           const Message& request, Message* answer,
                                           AnyDecide decide, AnyHints hints) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::Status status = CheckCall(DefaultCallChecks(), *context);
  if (!status.ok()) {
    reactor->Finish(ToGrpc(status));
    return reactor;
  }
  TANDEM_FAILPOINT("rpc.before_validate");
  absl::StatusOr<store::Command> command = MakeCommand(
      rep_->validator, absl::StrCat(rep_->service, "/", request.GetDescriptor()->name()), request,
      ContextOf(*context));
  if (!command.ok()) {
    reactor->Finish(ToGrpc(command.status()));
    return reactor;
  }
  if (hints)
    command->hints = [hints = std::move(hints), &request](Wanted& w) { hints(request, w); };
  command->decide = [decide = std::move(decide), &request](Context& c, State& s) {
    return decide(request, c, s);
  };
  command->done = [reactor, answer](absl::StatusOr<std::string> result) {
    if (result.ok() && !answer->ParseFromString(*result)) {
      result = absl::InternalError("a stored answer does not parse");
    }
    TANDEM_FAILPOINT("rpc.before_finish");
    reactor->Finish(ToGrpc(result.status()));
  };
  TANDEM_FAILPOINT("rpc.before_submit");
  rep_->writer.Submit(*std::move(command));
  return reactor;
}

grpc::ServerUnaryReactor* Commands::RunBatchAny(grpc::CallbackServerContext* context,
                                                const Message& request, Message* answer,
                                                AnyDecide decide, AnyHints hints) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::Status status = CheckCall(DefaultCallChecks(), *context);
  const FieldDescriptor* requests = request.GetDescriptor()->FindFieldByName("requests");
  const FieldDescriptor* results = answer->GetDescriptor()->FindFieldByName("results");
  const int count = request.GetReflection()->FieldSize(request, requests);
  if (status.ok() && count > kBatchItemsMax) {
    status = InvalidField("requests", "BATCH_TOO_LARGE", "a batch has at most 1,000 items");
  }
  if (status.ok() && count == 0) {
    status = InvalidField("requests", "REQUIRED_FIELD_MISSING", "the field is required");
  }
  if (!status.ok()) {
    reactor->Finish(ToGrpc(status));
    return reactor;
  }
  // One result per item, in request order; whoever fills in the last one answers the call.
  for (int i = 0; i < count; ++i) answer->GetReflection()->AddMessage(answer, results);
  auto left = std::make_shared<std::atomic<int>>(count);
  auto settle = [reactor, answer, results, left](int i, const absl::StatusOr<std::string>& result) {
    Message* item = answer->GetReflection()->MutableRepeatedMessage(answer, results, i);
    const auto* type = item->GetDescriptor();
    absl::Status outcome = result.status();
    if (result.ok() &&
        !item->GetReflection()->MutableMessage(item, type->field(1))->ParseFromString(*result)) {
      outcome = absl::InternalError("a stored answer does not parse");
    }
    auto* rpc = static_cast<google::rpc::Status*>(
        item->GetReflection()->MutableMessage(item, type->field(0)));
    *rpc = ToRpcStatus(outcome);
    if (left->fetch_sub(1) == 1) reactor->Finish(grpc::Status::OK);
  };
  const Context caller = ContextOf(*context);
  std::vector<store::Command> commands;
  std::vector<std::pair<int, absl::Status>> refused;
  for (int i = 0; i < count; ++i) {
    const Message& item = request.GetReflection()->GetRepeatedMessage(request, requests, i);
    absl::StatusOr<store::Command> command =
        MakeCommand(rep_->validator, absl::StrCat(rep_->service, "/", item.GetDescriptor()->name()),
                    item, caller);
    if (!command.ok()) {
      refused.emplace_back(i, InField(command.status(), absl::StrCat("requests[", i, "]")));
      continue;
    }
    if (hints) command->hints = [hints, &item](Wanted& wanted) { hints(item, wanted); };
    command->decide = [decide, &item](Context& c, State& s) { return decide(item, c, s); };
    command->done = [settle, i](absl::StatusOr<std::string> result) { settle(i, result); };
    commands.push_back(*std::move(command));
  }
  TANDEM_FAILPOINT("rpc.before_submit_batch");
  if (!commands.empty()) rep_->writer.SubmitGroup(std::move(commands));
  for (const auto& [i, why] : refused) settle(i, why);
  return reactor;
}

}  // namespace tandem::rpc
