// Calls in bytes, by the method's path, many at a time: a test says exactly what goes over the
// wire, and hears exactly what came back. Used by one thread.
#pragma once

#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace tandem::test {

struct Answered {
  absl::Status status;  // with its details
  std::string bytes;    // of the answer
  bool told = false;    // a refusal that came with a google.rpc.Status
};

struct Sent {
  std::vector<std::pair<std::string, std::string>> metadata = {};
  absl::Duration timeout = absl::Seconds(30);  // infinite: no deadline
  bool gzip = false;
};

class Calls {
 public:
  using Then = std::function<void(Answered)>;

  // So many connections, and so many calls under way at most.
  explicit Calls(const std::string& address, int connections = 2, size_t in_flight = 64);
  ~Calls();  // waits

  // `then` is called in a later Start or Wait.
  void Start(const std::string& path, absl::string_view request, const Sent& sent, Then then);
  void Wait();
  Answered Call(const std::string& path, absl::string_view request, const Sent& sent = {});

 private:
  struct Flying;
  void Land();

  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
  const size_t in_flight_max_;
  size_t in_flight_ = 0, next_ = 0;
  grpc::CompletionQueue queue_;
};

// "/tandem.order.v1.OrderService/GetOrder".
std::string PathOf(const google::protobuf::MethodDescriptor& method);
// Of a generated type, by its descriptor or full name.
std::unique_ptr<google::protobuf::Message> NewMessage(const google::protobuf::Descriptor* type);
std::unique_ptr<google::protobuf::Message> NewMessage(const std::string& full_name);
// The services' methods: CRM, ERP, adapters, events and operations.
std::vector<const google::protobuf::MethodDescriptor*> AllMethods();
const google::protobuf::MethodDescriptor& MethodNamed(const std::string& service_and_name);
bool IsRead(const google::protobuf::MethodDescriptor& method);

}  // namespace tandem::test
