#include "platform/rpc/call_checks.h"

#include <grpcpp/server_context.h>

#include <chrono>

#include "absl/strings/str_cat.h"
#include "platform/base/check.h"
#include "platform/base/status.h"
#include "platform/base/text.h"
#include "platform/rpc/admission.h"
#include "platform/rpc/client.h"

namespace tandem::rpc {
namespace {

constexpr size_t kValueBytesMax = 255;

absl::Status CheckMetadata(const grpc::ServerContextBase& context) {
  size_t bytes = 0;
  for (const auto& [key, value] : context.client_metadata()) {
    bytes += key.size() + value.size() + 32;  // 32: what HPACK counts for each entry
  }
  if (bytes <= kMetadataBytesMax) return absl::OkStatus();
  return Refuse(absl::StatusCode::kResourceExhausted, "METADATA_TOO_LARGE",
                "a call's metadata is at most 16 KiB");
}

absl::Status CheckDeadline(const grpc::ServerContextBase& context) {
  if (context.deadline() > std::chrono::system_clock::now()) return absl::OkStatus();
  return Refuse(absl::StatusCode::kDeadlineExceeded, "DEADLINE_PASSED",
                "the call's deadline passed before it was looked at");
}

std::string ValueOf(const grpc::ServerContextBase& context, const char* key) {
  const auto& metadata = context.client_metadata();
  auto it = metadata.find(key);
  if (it == metadata.end()) return "";
  std::string value(it->second.data(), it->second.size());
  return CheckText(value, kValueBytesMax, key).ok() ? value : "";
}

}  // namespace

const std::vector<CallCheck>& DefaultCallChecks() {
  static const auto* checks = new std::vector<CallCheck>{CheckMetadata, CheckDeadline};
  return *checks;
}

absl::Status CheckCall(const std::vector<CallCheck>& checks,
                       const grpc::ServerContextBase& context) {
  for (const CallCheck& check : checks) {
    if (absl::Status status = check(context); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CheckRequestSize(const google::protobuf::Message& request, size_t bytes_max) {
  const size_t bytes = request.ByteSizeLong();
  if (bytes <= bytes_max) return absl::OkStatus();
  return Refuse(absl::StatusCode::kOutOfRange, "REQUEST_TOO_LARGE",
                absl::StrCat("the request has ", bytes, " bytes; at most ", bytes_max));
}

absl::Duration TimeLeft(const grpc::ServerContextBase& context) {
  return TimeAllowed(context.deadline(), std::chrono::system_clock::now());
}

Validator ValidatorOf(const std::string& service) {
  const google::protobuf::ServiceDescriptor* found =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(service);
  TANDEM_CHECK(found != nullptr, absl::StrCat("no such service: ", service));
  std::vector<const google::protobuf::Descriptor*> types;
  for (int i = 0; i < found->method_count(); ++i) types.push_back(found->method(i)->input_type());
  absl::StatusOr<Validator> validator = Validator::Compile(types);
  TANDEM_CHECK(validator.ok(), validator.status().ToString());
  return *std::move(validator);
}

Context ContextOf(const grpc::ServerContextBase& context) {
  Context out;
  out.actor = ValueOf(context, kActorKey);
  out.cause_event_id = ValueOf(context, kCauseKey);
  out.correlation_id = ValueOf(context, kCorrelationKey);
  out.traceparent = ValueOf(context, "traceparent");
  return out;
}

}  // namespace tandem::rpc
