#include "bus-adapters/order_to_cash/batch_caller.h"

#include <google/protobuf/descriptor.h>
#include <google/rpc/status.pb.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "platform/base/check.h"
#include "platform/base/fault.h"
#include "platform/base/status.h"
#include "platform/rpc/client.h"
#include "tandem/events/v1/event.pb.h"

namespace tandem::order_to_cash {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

constexpr size_t kBatchMax = 500;           // items of one call; servers take 1,000
constexpr size_t kBatchBytesMax = 3 << 20;  // servers take 4 MiB
constexpr size_t kCauseBytesMax = 600;      // of an item, beside its request

const MethodDescriptor* BatchMethodOf(const Call& call) {
  const auto* service =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(call.service);
  TANDEM_CHECK(service != nullptr, call.service);
  const MethodDescriptor* method = service->FindMethodByName(absl::StrCat("Batch", call.method));
  if (method == nullptr) {
    method = service->FindMethodByName(absl::StrCat("Batch", call.method, "s"));
  }
  TANDEM_CHECK(method != nullptr, absl::StrCat("no batch method for ", call.method));
  return method;
}

std::unique_ptr<Message> New(const google::protobuf::Descriptor* type) {
  return std::unique_ptr<Message>(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
}

// Whether the item's answer says that the wish needs another call: its bool `remaining`.
bool SaysRemaining(const Message& item) {
  const FieldDescriptor* answer = item.GetDescriptor()->field(1);
  const FieldDescriptor* remaining = answer->message_type()->FindFieldByName("remaining");
  if (remaining == nullptr || remaining->cpp_type() != FieldDescriptor::CPPTYPE_BOOL) return false;
  const Message& inner = item.GetReflection()->GetMessage(item, answer);
  return inner.GetReflection()->GetBool(inner, remaining);
}

}  // namespace

BatchCaller::BatchCaller(
    std::function<std::shared_ptr<grpc::Channel>(absl::string_view part)> channel)
    : channel_(std::move(channel)) {}

std::vector<Outcome> BatchCaller::Make(const std::vector<const Call*>& calls) {
  std::vector<Outcome> outcomes(calls.size());
  std::map<std::string, std::vector<size_t>> by_method;
  for (size_t i = 0; i < calls.size(); ++i) {
    by_method[absl::StrCat(calls[i]->service, "/", calls[i]->method)].push_back(i);
  }
  for (const auto& [method, index] : by_method) {
    std::vector<size_t> bytes;
    for (size_t i : index) bytes.push_back(calls[i]->request->ByteSizeLong() + kCauseBytesMax);
    auto from = index.begin();
    for (size_t size : BatchSizes(bytes, kBatchMax, kBatchBytesMax)) {
      const auto to = from + static_cast<long>(size);
      MakeOfOneMethod(calls, {from, to}, &outcomes);
      from = to;
    }
  }
  return outcomes;
}

void BatchCaller::MakeOfOneMethod(const std::vector<const Call*>& calls,
                                  const std::vector<size_t>& index,
                                  std::vector<Outcome>* outcomes) {
  const Call& first = *calls[index[0]];
  const MethodDescriptor* method = BatchMethodOf(first);
  std::unique_ptr<Message> request = New(method->input_type());
  std::unique_ptr<Message> answer = New(method->output_type());
  const FieldDescriptor* requests = method->input_type()->FindFieldByName("requests");
  const FieldDescriptor* results = method->output_type()->FindFieldByName("results");
  const FieldDescriptor* causes = method->input_type()->FindFieldByName("causes");
  for (size_t i : index) {
    const auto* reflection = request->GetReflection();
    reflection->AddMessage(request.get(), requests)->CopyFrom(*calls[i]->request);
    auto* cause = static_cast<events::v1::Cause*>(reflection->AddMessage(request.get(), causes));
    cause->set_event_id(calls[i]->cause_event_id);
    cause->set_correlation_id(calls[i]->correlation_id);
  }
  const std::string path = absl::StrCat("/", first.service, "/", method->name());
  grpc::ClientContext context;
  rpc::CallOptions options;
  options.timeout = absl::Seconds(30);
  options.actor = "order_to_cash";
  rpc::Prepare(options, &context);
  std::shared_ptr<grpc::Channel> channel = channel_(first.part);
  TANDEM_FAILPOINT("order_to_cash.before_call");
  absl::Status status = rpc::FromGrpc(
      grpc::internal::BlockingUnaryCall<Message, Message, google::protobuf::MessageLite,
                                        google::protobuf::MessageLite>(
          channel.get(),
          grpc::internal::RpcMethod(path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC), &context,
          *request, answer.get()));
  TANDEM_FAILPOINT("order_to_cash.after_call");
  const int count = status.ok() ? answer->GetReflection()->FieldSize(*answer, results) : 0;
  for (size_t n = 0; n < index.size(); ++n) {
    Outcome& outcome = (*outcomes)[index[n]];
    if (!status.ok()) {
      // The call as a whole failed. When it is the call that is wrong, it is this program's defect.
      outcome.status = status;
      continue;
    }
    if (static_cast<int>(n) >= count) {
      outcome.status = absl::InternalError("a batch answered fewer items than were asked");
      continue;
    }
    const Message& item =
        answer->GetReflection()->GetRepeatedMessage(*answer, results, static_cast<int>(n));
    outcome.status = FromRpcStatus(static_cast<const google::rpc::Status&>(
        item.GetReflection()->GetMessage(item, item.GetDescriptor()->field(0))));
    if (outcome.status.ok()) outcome.again = SaysRemaining(item);
  }
}

}  // namespace tandem::order_to_cash
