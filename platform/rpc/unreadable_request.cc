#include "platform/rpc/unreadable_request.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <string>

#include "absl/strings/string_view.h"
#include "platform/base/status.h"
#include "platform/rpc/grpc_status.h"

namespace tandem::rpc {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::ServerRpcInfo;

// "/tandem.order.v1.OrderService/GetOrder" is one of ours. Looked up for failed calls only.
bool IsKnown(absl::string_view path) {
  if (path.empty()) return false;
  std::string name(path.substr(1));
  std::replace(name.begin(), name.end(), '/', '.');
  return google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(name) != nullptr;
}

class Unreadable final : public grpc::experimental::Interceptor {
 public:
  explicit Unreadable(ServerRpcInfo* call) : call_(call) {}

  void Intercept(grpc::experimental::InterceptorBatchMethods* batch) override {
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      const grpc::Status status = batch->GetSendStatus();
      // Ours always say something.
      if (!status.ok() && status.error_message().empty() && status.error_details().empty() &&
          (status.error_code() == grpc::StatusCode::UNIMPLEMENTED ||
           status.error_code() == grpc::StatusCode::INTERNAL) &&
          IsKnown(call_->method())) {
        batch->ModifySendStatus(
            ToGrpc(InvalidField("", "REQUEST_UNREADABLE",
                                "the request is no message of its type, or has a text that is no "
                                "UTF-8")));
      }
    }
    batch->Proceed();
  }

 private:
  ServerRpcInfo* const call_;
};

class Factory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  grpc::experimental::Interceptor* CreateServerInterceptor(ServerRpcInfo* call) override {
    return new Unreadable(call);
  }
};

}  // namespace

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> UnreadableRequests() {
  return std::make_unique<Factory>();
}

}  // namespace tandem::rpc
