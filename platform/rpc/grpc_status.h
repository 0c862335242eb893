// Status to gRPC and back: the one place. The details travel as google.rpc.Status, as every
// language's client decodes them.
#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace tandem::rpc {

grpc::Status ToGrpc(const absl::Status& status);
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace tandem::rpc
