#include "tests/battery/calls.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/support/byte_buffer.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/rpc/status.pb.h"
#include "platform/base/check.h"
#include "platform/base/status.h"

namespace tandem::test {
namespace {

using google::protobuf::MethodDescriptor;

constexpr const char* kServices[] = {
    "tandem.customer.v1.CustomerService",
    "tandem.opportunity.v1.OpportunityService",
    "tandem.order.v1.OrderService",
    "tandem.inventory.v1.InventoryService",
    "tandem.billing.v1.BillingService",
    "tandem.master_data.v1.CustomerSyncService",
    "tandem.master_data.v1.ProductSyncService",
    "tandem.events.v1.EventService",
    "tandem.operations.v1.QuarantineService",
};

Answered AnsweredOf(const grpc::Status& status, const grpc::ByteBuffer& buffer) {
  Answered answered;
  if (status.ok()) {
    std::vector<grpc::Slice> slices;
    if (buffer.Valid() && buffer.Dump(&slices).ok()) {
      for (const grpc::Slice& slice : slices) {
        answered.bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
      }
    }
    return answered;
  }
  google::rpc::Status rpc;
  answered.told = !status.error_details().empty() && rpc.ParseFromString(status.error_details());
  if (!answered.told) rpc.Clear();
  rpc.set_code(status.error_code());
  rpc.set_message(status.error_message());
  answered.status = FromRpcStatus(rpc);
  return answered;
}

}  // namespace

struct Calls::Flying {
  grpc::ClientContext context;
  grpc::ByteBuffer answer;
  grpc::Status status;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
  Then then;
};

Calls::Calls(const std::string& address, int connections, size_t in_flight)
    : in_flight_max_(in_flight) {
  for (int i = 0; i < connections; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    arguments.SetMaxSendMessageSize(-1);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, 1 << 20);
    stubs_.push_back(std::make_unique<grpc::GenericStub>(
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments)));
  }
}

Calls::~Calls() {
  Wait();
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

void Calls::Start(const std::string& path, absl::string_view request, const Sent& sent, Then then) {
  while (in_flight_ >= in_flight_max_) Land();
  ++in_flight_;
  auto* call = new Flying;
  call->then = std::move(then);
  for (const auto& [key, value] : sent.metadata) call->context.AddMetadata(key, value);
  if (sent.timeout != absl::InfiniteDuration()) {
    call->context.set_deadline(absl::ToChronoTime(absl::Now() + sent.timeout));
  }
  if (sent.gzip) call->context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  const grpc::Slice slice(request.data(), request.size());
  call->reader = stubs_[next_++ % stubs_.size()]->PrepareUnaryCall(
      &call->context, path, grpc::ByteBuffer(&slice, 1), &queue_);
  call->reader->StartCall();
  call->reader->Finish(&call->answer, &call->status, call);
}

void Calls::Land() {
  void* tag = nullptr;
  bool ok = false;
  TANDEM_CHECK(queue_.Next(&tag, &ok), "a call is under way");
  std::unique_ptr<Flying> call(static_cast<Flying*>(tag));
  --in_flight_;
  call->then(AnsweredOf(call->status, call->answer));
}

void Calls::Wait() {
  while (in_flight_ > 0) Land();
}

Answered Calls::Call(const std::string& path, absl::string_view request, const Sent& sent) {
  Answered out;
  Start(path, request, sent, [&out](Answered answered) { out = std::move(answered); });
  Wait();
  return out;
}

std::string PathOf(const MethodDescriptor& method) {
  return absl::StrCat("/", method.service()->full_name(), "/", method.name());
}

std::unique_ptr<google::protobuf::Message> NewMessage(const google::protobuf::Descriptor* type) {
  return std::unique_ptr<google::protobuf::Message>(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
}

std::unique_ptr<google::protobuf::Message> NewMessage(const std::string& full_name) {
  const auto* type =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(full_name);
  return type == nullptr ? nullptr : NewMessage(type);
}

std::vector<const MethodDescriptor*> AllMethods() {
  std::vector<const MethodDescriptor*> methods;
  for (const char* name : kServices) {
    const auto* service =
        google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name);
    TANDEM_CHECK(service != nullptr, name);
    for (int i = 0; i < service->method_count(); ++i) methods.push_back(service->method(i));
  }
  return methods;
}

const MethodDescriptor& MethodNamed(const std::string& service_and_name) {
  for (const MethodDescriptor* method : AllMethods()) {
    if (absl::StrCat(method->service()->name(), ".", method->name()) == service_and_name) {
      return *method;
    }
  }
  TANDEM_CHECK(false, service_and_name);
}

bool IsRead(const MethodDescriptor& method) {
  return method.options().idempotency_level() == google::protobuf::MethodOptions::NO_SIDE_EFFECTS;
}

}  // namespace tandem::test
