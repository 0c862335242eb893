// The gRPC server of a process: health, reflection, its limits, and a graceful stop.
//
// A server that no longer accepts ends its process, so that whoever keeps it running starts it
// again: gRPC before 1.54 stops for good when it runs out of descriptors, and answers those who are
// connected as if nothing were. It tells of the failure in its log, which is watched: one
// connection of our own that fails then is enough. Whatever else may be wrong takes three in a row
// that fail, in fifteen seconds.
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
  int message_bytes_max = 8 << 20;  // call checks refuse from 4 MiB on, with a reason
  int streams_max = 1000;           // concurrent calls of one connection
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
