#include "platform/rpc/commands.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>
#include <sodium.h>

#include <atomic>
#include <chrono>
#include <tuple>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "platform/base/fault.h"
#include "platform/base/field_behavior.h"
#include "platform/base/id.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/rpc/admission.h"
#include "platform/rpc/call_checks.h"
#include "platform/rpc/grpc_status.h"
#include "platform/rpc/validate.h"
#include "platform/store/writer.h"
#include "tandem/events/v1/event.pb.h"

namespace tandem::rpc {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr int kBatchItemsMax = 1000;
// Batches are what adapters call to go on with what was begun: they come before new work.
constexpr int kBatchPatience = 2;

// The hash of what a request asks for: its canonical bytes without the request id, which is taken
// out meanwhile.
std::string HashOf(Message* request, const FieldDescriptor* request_id) {
  const google::protobuf::Reflection& r = *request->GetReflection();
  std::string id = r.GetString(*request, request_id);
  r.ClearField(request, request_id);
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    request->SerializeToCodedStream(&coded);
  }
  r.SetString(request, request_id, std::move(id));
  unsigned char hash[16];
  crypto_generichash(hash, sizeof(hash), reinterpret_cast<const unsigned char*>(bytes.data()),
                     bytes.size(), nullptr, 0);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<char*>(hash), sizeof(hash)));
}

std::chrono::nanoseconds Chrono(absl::Duration duration) {
  return absl::ToChronoNanoseconds(duration);
}

bool BoolField(const Message& request, const char* name) {
  const FieldDescriptor* field = request.GetDescriptor()->FindFieldByName(name);
  return field != nullptr && request.GetReflection()->GetBool(request, field);
}

// The caller of each item of a batch: `causes`, where they are given, say more than the call's
// metadata. INVALID_ARGUMENT BATCH_CAUSES_MISMATCH unless there is one for each item.
absl::StatusOr<std::vector<Context>> CallersOf(const Message& request, int items,
                                               const Context& caller) {
  std::vector<Context> callers(static_cast<size_t>(items), caller);
  const FieldDescriptor* field = request.GetDescriptor()->FindFieldByName("causes");
  const int causes = field == nullptr ? 0 : request.GetReflection()->FieldSize(request, field);
  if (causes == 0) return callers;
  if (causes != items) {
    return InvalidField("causes", "BATCH_CAUSES_MISMATCH", "there is one for each item, or none");
  }
  for (int i = 0; i < items; ++i) {
    const auto& cause = static_cast<const events::v1::Cause&>(
        request.GetReflection()->GetRepeatedMessage(request, field, i));
    const std::string path = absl::StrCat("causes[", i, "]");
    for (const auto& [name, id, to] :
         {std::tuple("event_id", &cause.event_id(), &Context::cause_event_id),
          std::tuple("correlation_id", &cause.correlation_id(), &Context::correlation_id)}) {
      if (!id->empty() && !IsId(*id, "evt_")) {
        return InvalidField(absl::StrCat(path, ".", name), "ID_MALFORMED",
                            "the id is not 'evt_' and a ULID in lower case");
      }
      callers[static_cast<size_t>(i)].*to = *id;
    }
  }
  return callers;
}

// Everything of a command but its `done`. Callers may not set output-only fields: they are cleared.
absl::StatusOr<store::Command> MakeCommand(const Validator& validator, const std::string& method,
                                           const Message& request, const Context& caller) {
  // The request belongs to this call until it is answered; nobody else reads it meanwhile.
  Message* own = const_cast<Message*>(&request);
  ClearOutputOnly(own);
  if (absl::Status status = validator.Check(request); !status.ok()) return status;
  store::Command command;
  command.method = method;
  command.context = caller;
  command.validate_only = BoolField(request, "validate_only");
  const FieldDescriptor* id = request.GetDescriptor()->FindFieldByName("request_id");
  if (id != nullptr) {
    command.context.request_id = request.GetReflection()->GetString(request, id);
    if (!command.context.request_id.empty()) command.request_hash = HashOf(own, id);
  }
  return command;
}

// What a command says, until its caller is answered.
struct Said {
  std::unique_ptr<Message> answer;
  bool replayed = false;

  // The answer, out of what was stored where the command did not say it now; null when that does
  // not parse.
  std::unique_ptr<Message> Take(const std::string& stored, const Message& prototype) {
    if (!replayed && answer != nullptr) return std::move(answer);
    std::unique_ptr<Message> parsed(prototype.New());
    return parsed->ParseFromString(stored) ? std::move(parsed) : nullptr;
  }
};

}  // namespace

struct Commands::Rep {
  store::Writer& writer;
  std::string service;
  Validator validator;
  Admission admission;
};

Commands::Commands(store::Writer& writer, std::string service)
    : rep_(new Rep{writer, service, ValidatorOf(service), Admission()}) {}
Commands::~Commands() = default;

grpc::ServerUnaryReactor* Commands::RunAny(grpc::CallbackServerContext* context,
                                           const Message& request, Message* answer,
                                           AnyDecide decide, AnyHints hints) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::Status status = CheckCall(DefaultCallChecks(), *context);
  if (status.ok()) status = CheckRequestSize(request, kRequestBytesMax);
  const absl::Duration left = TimeLeft(*context);
  absl::StatusOr<Admission::Ticket> ticket =
      status.ok() ? rep_->admission.Enter(left) : absl::StatusOr<Admission::Ticket>(status);
  if (!ticket.ok()) {
    reactor->Finish(ToGrpc(ticket.status()));
    return reactor;
  }
  TANDEM_FAILPOINT("rpc.before_validate");
  absl::StatusOr<store::Command> command = MakeCommand(
      rep_->validator, absl::StrCat(rep_->service, "/", request.GetDescriptor()->name()), request,
      ContextOf(*context));
  if (!command.ok()) {
    rep_->admission.Leave(*ticket, false);
    reactor->Finish(ToGrpc(command.status()));
    return reactor;
  }
  if (hints)
    command->hints = [hints = std::move(hints), &request](Wanted& w) { hints(request, w); };
  auto said = std::make_shared<Said>();
  command->replayed = &said->replayed;
  command->decide = [decide = std::move(decide), &request, said,
                     until = SteadyNow() + Chrono(left)](Context& c,
                                                         State& s) -> absl::StatusOr<std::string> {
    if (absl::Status late = CheckTime(until, SteadyNow()); !late.ok()) return late;
    return decide(request, c, s, &said->answer);
  };
  command->done = [rep = rep_.get(), ticket = *ticket, reactor, answer,
                   said](absl::StatusOr<std::string> result) {
    rep->admission.Leave(ticket, !absl::IsDeadlineExceeded(result.status()));
    if (result.ok()) {
      if (std::unique_ptr<Message> told = said->Take(*result, *answer); told != nullptr) {
        answer->GetReflection()->Swap(answer, told.get());
      } else {
        result = absl::InternalError("a stored answer does not parse");
      }
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
  if (status.ok()) status = CheckRequestSize(request, kBatchBytesMax);
  absl::StatusOr<std::vector<Context>> callers =
      status.ok() ? CallersOf(request, count, ContextOf(*context))
                  : absl::StatusOr<std::vector<Context>>(status);
  status.Update(callers.status());
  const absl::Duration left = TimeLeft(*context);
  absl::StatusOr<Admission::Ticket> ticket = status.ok()
                                                 ? rep_->admission.Enter(left, kBatchPatience)
                                                 : absl::StatusOr<Admission::Ticket>(status);
  if (!ticket.ok()) {
    reactor->Finish(ToGrpc(ticket.status()));
    return reactor;
  }
  const Instant until = SteadyNow() + Chrono(left);
  // One result per item, in request order; whoever fills in the last one answers the call.
  for (int i = 0; i < count; ++i) answer->GetReflection()->AddMessage(answer, results);
  auto open = std::make_shared<std::atomic<int>>(count);
  auto said = std::make_shared<std::vector<Said>>(static_cast<size_t>(count));
  auto settle = [rep = rep_.get(), ticket = *ticket, reactor, answer, results, open, said](
                    int i, const absl::StatusOr<std::string>& result) {
    Message* item = answer->GetReflection()->MutableRepeatedMessage(answer, results, i);
    const auto* type = item->GetDescriptor();
    absl::Status outcome = result.status();
    if (result.ok()) {
      Message* into = item->GetReflection()->MutableMessage(item, type->field(1));
      std::unique_ptr<Message> told = (*said)[static_cast<size_t>(i)].Take(*result, *into);
      if (told != nullptr) {
        into->GetReflection()->Swap(into, told.get());
      } else {
        outcome = absl::InternalError("a stored answer does not parse");
      }
    }
    auto* rpc = static_cast<google::rpc::Status*>(
        item->GetReflection()->MutableMessage(item, type->field(0)));
    *rpc = ToRpcStatus(outcome);
    if (open->fetch_sub(1) != 1) return;
    rep->admission.Leave(ticket);
    reactor->Finish(grpc::Status::OK);
  };
  std::vector<store::Command> commands;
  std::vector<std::pair<int, absl::Status>> refused;
  for (int i = 0; i < count; ++i) {
    const Message& item = request.GetReflection()->GetRepeatedMessage(request, requests, i);
    absl::StatusOr<store::Command> command =
        MakeCommand(rep_->validator, absl::StrCat(rep_->service, "/", item.GetDescriptor()->name()),
                    item, (*callers)[static_cast<size_t>(i)]);
    if (!command.ok()) {
      refused.emplace_back(i, InField(command.status(), absl::StrCat("requests[", i, "]")));
      continue;
    }
    if (hints) command->hints = [hints, &item](Wanted& wanted) { hints(item, wanted); };
    Said* mine = &(*said)[static_cast<size_t>(i)];  // `settle` keeps it
    command->replayed = &mine->replayed;
    command->decide = [decide, &item, until, mine](Context& c,
                                                   State& s) -> absl::StatusOr<std::string> {
      if (absl::Status late = CheckTime(until, SteadyNow()); !late.ok()) return late;
      return decide(item, c, s, &mine->answer);
    };
    command->done = [settle, i](absl::StatusOr<std::string> result) { settle(i, result); };
    commands.push_back(*std::move(command));
  }
  TANDEM_FAILPOINT("rpc.before_submit_batch");
  if (!commands.empty()) rep_->writer.SubmitGroup(std::move(commands));
  for (const auto& [i, why] : refused) settle(i, why);
  return reactor;
}

}  // namespace tandem::rpc
