// What every call passes before any work: a chain of checks. Identity and permissions join it
// later.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "platform/base/state.h"
#include "platform/rpc/validate.h"

namespace grpc {
class CallbackServerContext;
}

namespace tandem::rpc {

inline constexpr size_t kMetadataBytesMax = 16 << 10;

using CallCheck = std::function<absl::Status(const grpc::CallbackServerContext&)>;

// RESOURCE_EXHAUSTED METADATA_TOO_LARGE; DEADLINE_EXCEEDED for a call that is over already.
const std::vector<CallCheck>& DefaultCallChecks();

absl::Status CheckCall(const std::vector<CallCheck>& checks,
                       const grpc::CallbackServerContext& context);

// The validator of every request of a gRPC service, by its full name. A rule that does not fit its
// field is a defect of the protos: the process stops.
Validator ValidatorOf(const std::string& service);

// Who calls and why, from the call's metadata: actor, cause, correlation, traceparent. Values that
// are too long or not text are left out.
Context ContextOf(const grpc::CallbackServerContext& context);

}  // namespace tandem::rpc
