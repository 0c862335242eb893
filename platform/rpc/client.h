// Calls to other parts: channels with the shipped retry policy, a deadline on every call, and the
// cause of the call in its metadata, so that events know their chain.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "platform/rpc/grpc_status.h"

namespace tandem::rpc {

// Metadata keys that a call carries.
inline constexpr char kActorKey[] = "tandem-actor";
inline constexpr char kCauseKey[] = "tandem-cause";
inline constexpr char kCorrelationKey[] = "tandem-correlation";

// A channel to an address, plaintext; UNAVAILABLE is retried 4 times from 0.1 s (the table of
// retries: DispositionOf).
std::shared_ptr<grpc::Channel> Dial(const std::string& address);

struct CallOptions {
  absl::Duration timeout = absl::Seconds(10);
  std::string actor;
  std::string cause;        // the id of the event that makes us call
  std::string correlation;  // the first event of its chain
};

void Prepare(const CallOptions& options, grpc::ClientContext* context);

// One blocking call: `Call(*stub, &Stub::PlaceOrder, request, options)`.
template <class Stub, class Request, class Answer>
absl::StatusOr<Answer> Call(Stub& stub,
                            grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                         Answer*),
                            const Request& request, const CallOptions& options = {}) {
  grpc::ClientContext context;
  Prepare(options, &context);
  Answer answer;
  absl::Status status = FromGrpc((stub.*method)(&context, request, &answer));
  if (!status.ok()) return status;
  return answer;
}

}  // namespace tandem::rpc
