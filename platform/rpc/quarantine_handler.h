// Serves tandem.operations.v1.QuarantineService for the readers of a process.
#pragma once

#include <memory>
#include <vector>

#include "platform/bus/quarantine.h"

namespace grpc {
class Service;
}

namespace tandem::rpc {

class QuarantineHandler {
 public:
  // The quarantines outlive the handler's server.
  explicit QuarantineHandler(std::vector<bus::Quarantine*> quarantines);
  ~QuarantineHandler();
  grpc::Service* service();

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

}  // namespace tandem::rpc
