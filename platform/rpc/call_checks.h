// What every call passes before any work: a chain of checks. Identity and permissions join it
// later.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "platform/base/state.h"
#include "platform/rpc/validate.h"

namespace google::protobuf {
class Message;
}
namespace grpc {
class ServerContextBase;
}

namespace tandem::rpc {

inline constexpr size_t kMetadataBytesMax = 16 << 10;
// Of a request: one resource's, and a batch's. gRPC's own limit, which answers without a reason,
// stands above them.
inline constexpr size_t kRequestBytesMax = 1 << 20;
inline constexpr size_t kBatchBytesMax = 4 << 20;

using CallCheck = std::function<absl::Status(const grpc::ServerContextBase&)>;

// RESOURCE_EXHAUSTED METADATA_TOO_LARGE; DEADLINE_EXCEEDED for a call that is over already.
const std::vector<CallCheck>& DefaultCallChecks();

absl::Status CheckCall(const std::vector<CallCheck>& checks,
                       const grpc::ServerContextBase& context);

// OUT_OF_RANGE REQUEST_TOO_LARGE.
absl::Status CheckRequestSize(const google::protobuf::Message& request, size_t bytes_max);

// How long the call may take from now on (TimeAllowed of its deadline).
absl::Duration TimeLeft(const grpc::ServerContextBase& context);

// The validator of every request of a gRPC service, by its full name. A rule that does not fit its
// field is a defect of the protos: the process stops.
Validator ValidatorOf(const std::string& service);

// Who calls and why, from the call's metadata: actor, cause, correlation, traceparent. Values that
// are too long or not text are left out.
Context ContextOf(const grpc::ServerContextBase& context);

}  // namespace tandem::rpc
