#include "bus-adapters/order_to_cash/batch_caller.h"

#include <google/protobuf/descriptor.h>
#include <google/rpc/status.pb.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/client_callback.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
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

// Some calls of one method, as one.
class Batch {
 public:
  Batch(const std::vector<const Call*>& calls, std::vector<size_t> index)
      : index_(std::move(index)),
        first_(*calls[index_[0]]),
        method_(*BatchMethodOf(first_)),
        path_(absl::StrCat("/", first_.service, "/", method_.name())),
        request_(New(method_.input_type())),
        answer_(New(method_.output_type())) {
    const FieldDescriptor* requests = method_.input_type()->FindFieldByName("requests");
    const FieldDescriptor* causes = method_.input_type()->FindFieldByName("causes");
    const auto* reflection = request_->GetReflection();
    for (size_t i : index_) {
      reflection->AddMessage(request_.get(), requests)->CopyFrom(*calls[i]->request);
      auto* cause = static_cast<events::v1::Cause*>(reflection->AddMessage(request_.get(), causes));
      cause->set_event_id(calls[i]->cause_event_id);
      cause->set_correlation_id(calls[i]->correlation_id);
    }
    rpc::CallOptions options;
    options.timeout = absl::Seconds(30);
    options.actor = "order_to_cash";
    rpc::Prepare(options, &context_);
  }

  const std::string& part() const { return first_.part; }

  void Start(std::shared_ptr<grpc::Channel> channel) {
    channel_ = std::move(channel);
    TANDEM_FAILPOINT("order_to_cash.before_call");
    grpc::internal::CallbackUnaryCall<Message, Message, google::protobuf::MessageLite,
                                      google::protobuf::MessageLite>(
        channel_.get(),
        grpc::internal::RpcMethod(path_.c_str(), grpc::internal::RpcMethod::NORMAL_RPC), &context_,
        request_.get(), answer_.get(), [this](const grpc::Status& status) {
          status_ = rpc::FromGrpc(status);
          answered_.Notify();
        });
  }

  void Finish(std::vector<Outcome>* outcomes) {
    answered_.WaitForNotification();
    TANDEM_FAILPOINT("order_to_cash.after_call");
    const FieldDescriptor* results = method_.output_type()->FindFieldByName("results");
    const auto* reflection = answer_->GetReflection();
    const int count = status_.ok() ? reflection->FieldSize(*answer_, results) : 0;
    for (size_t n = 0; n < index_.size(); ++n) {
      Outcome& outcome = (*outcomes)[index_[n]];
      if (!status_.ok()) {
        // The call as a whole failed. When it is the call that is wrong, it is this program's
        // defect.
        outcome.status = status_;
        continue;
      }
      if (static_cast<int>(n) >= count) {
        outcome.status = absl::InternalError("a batch answered fewer items than were asked");
        continue;
      }
      const Message& item =
          reflection->GetRepeatedMessage(*answer_, results, static_cast<int>(n));
      outcome.status = FromRpcStatus(static_cast<const google::rpc::Status&>(
          item.GetReflection()->GetMessage(item, item.GetDescriptor()->field(0))));
      if (outcome.status.ok()) outcome.again = SaysRemaining(item);
    }
  }

 private:
  const std::vector<size_t> index_;  // of the calls
  const Call& first_;
  const MethodDescriptor& method_;
  const std::string path_;
  const std::unique_ptr<Message> request_, answer_;
  std::shared_ptr<grpc::Channel> channel_;
  grpc::ClientContext context_;
  absl::Status status_;
  absl::Notification answered_;
};

}  // namespace

BatchCaller::BatchCaller(
    std::function<std::shared_ptr<grpc::Channel>(absl::string_view part)> channel)
    : channel_(std::move(channel)) {}

std::vector<Outcome> BatchCaller::Make(const std::vector<const Call*>& calls) {
  std::map<std::string, std::vector<size_t>> by_method;
  for (size_t i = 0; i < calls.size(); ++i) {
    by_method[absl::StrCat(calls[i]->service, "/", calls[i]->method)].push_back(i);
  }
  std::vector<std::unique_ptr<Batch>> batches;
  for (const auto& [method, index] : by_method) {
    std::vector<size_t> bytes;
    for (size_t i : index) bytes.push_back(calls[i]->request->ByteSizeLong() + kCauseBytesMax);
    auto from = index.begin();
    for (size_t size : BatchSizes(bytes, kBatchMax, kBatchBytesMax)) {
      const auto to = from + static_cast<long>(size);
      batches.push_back(std::make_unique<Batch>(calls, std::vector<size_t>(from, to)));
      from = to;
    }
  }
  for (auto& batch : batches) batch->Start(channel_(batch->part()));
  std::vector<Outcome> outcomes(calls.size());
  for (auto& batch : batches) batch->Finish(&outcomes);
  return outcomes;
}

}  // namespace tandem::order_to_cash
