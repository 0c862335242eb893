// The gRPC server of a process: health, reflection, the limits of RELIABILITY, a probe of itself
// that ends the process when it no longer accepts (a descriptor flood does that to this gRPC for
// good), and a graceful stop.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace grpc {
class Channel;
class Service;
}  // namespace grpc

namespace tandem::rpc {

struct ServerOptions {
  std::string address = "127.0.0.1:0";
  int message_bytes_max = 4 << 20;
  int streams_max = 1000;  // concurrent calls of one connection
  absl::Duration drain = absl::Seconds(20);
  absl::Duration probe_interval = absl::Seconds(5);
  int probe_misses_max = 3;  // then the process aborts; 0: no probe
};

class Server {
 public:
  static absl::StatusOr<std::unique_ptr<Server>> Start(const std::vector<grpc::Service*>& services,
                                                       ServerOptions options);
  virtual ~Server() = default;  // drains

  virtual const std::string& address() const = 0;  // host:port, with the port that was taken
  virtual std::shared_ptr<grpc::Channel> InProcess() = 0;
  virtual void SetServing(bool serving) = 0;  // what health answers
  virtual void Stop() = 0;
};

}  // namespace tandem::rpc
