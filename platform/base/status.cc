#include "platform/base/status.h"

#include <absl/strings/cord.h>
#include <absl/strings/str_cat.h>

#include "google/rpc/error_details.pb.h"

namespace tandem {
namespace {

constexpr absl::string_view kTypePrefix = "type.googleapis.com/";

template <typename Message>
std::string UrlOf() {
  return absl::StrCat(kTypePrefix, Message::descriptor()->full_name());
}

template <typename Message>
std::optional<Message> Payload(const absl::Status& status) {
  static const std::string* const url = new std::string(UrlOf<Message>());
  const auto bytes = status.GetPayload(*url);
  Message message;
  if (!bytes.has_value() || !message.ParseFromString(std::string(*bytes))) return std::nullopt;
  return message;
}

template <typename Message>
void SetPayload(absl::Status* status, const Message& message) {
  static const std::string* const url = new std::string(UrlOf<Message>());
  status->SetPayload(*url, absl::Cord(message.SerializeAsString()));
}

google::rpc::RetryInfo RetryAfter(int64_t delay_ms) {
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(delay_ms / 1000);
  info.mutable_retry_delay()->set_nanos(static_cast<int32_t>(delay_ms % 1000) * 1'000'000);
  return info;
}

bool WantsRetryInfo(absl::StatusCode code) {
  return code == absl::StatusCode::kUnavailable || code == absl::StatusCode::kResourceExhausted;
}

}  // namespace

absl::Status Refuse(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                    absl::string_view field) {
  absl::Status status(code, message);
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(reason));
  info.set_domain(std::string(kErrorDomain));
  SetPayload(&status, info);
  if (!field.empty()) AddFieldViolation(&status, field, message);
  return status;
}

absl::Status InvalidField(absl::string_view field, absl::string_view reason,
                          absl::string_view message) {
  return Refuse(absl::StatusCode::kInvalidArgument, reason, message, field);
}

std::string ReasonOf(const absl::Status& status) {
  const auto info = Payload<google::rpc::ErrorInfo>(status);
  return info.has_value() ? info->reason() : "";
}

std::string FieldOf(const absl::Status& status) {
  const auto request = Payload<google::rpc::BadRequest>(status);
  if (!request.has_value() || request->field_violations().empty()) return "";
  return request->field_violations(0).field();
}

std::map<std::string, std::string> MetadataOf(const absl::Status& status) {
  const auto info = Payload<google::rpc::ErrorInfo>(status);
  if (!info.has_value()) return {};
  return {info->metadata().begin(), info->metadata().end()};
}

void AddMetadata(absl::Status* status, absl::string_view key, absl::string_view value) {
  auto info = Payload<google::rpc::ErrorInfo>(*status).value_or(google::rpc::ErrorInfo());
  if (info.domain().empty()) info.set_domain(std::string(kErrorDomain));
  (*info.mutable_metadata())[std::string(key)] = std::string(value);
  SetPayload(status, info);
}

void AddFieldViolation(absl::Status* status, absl::string_view field, absl::string_view message) {
  auto request = Payload<google::rpc::BadRequest>(*status).value_or(google::rpc::BadRequest());
  auto* violation = request.add_field_violations();
  violation->set_field(std::string(field));
  violation->set_description(std::string(message));
  SetPayload(status, request);
}

void SetRetryDelay(absl::Status* status, int64_t delay_ms) {
  SetPayload(status, RetryAfter(delay_ms));
}

std::optional<int64_t> RetryDelayMsOf(const absl::Status& status) {
  const auto info = Payload<google::rpc::RetryInfo>(status);
  if (!info.has_value()) return std::nullopt;
  return info->retry_delay().seconds() * 1000 + info->retry_delay().nanos() / 1'000'000;
}

absl::Status InField(absl::Status status, absl::string_view prefix) {
  auto request = Payload<google::rpc::BadRequest>(status);
  if (!request.has_value()) return status;
  for (auto& violation : *request->mutable_field_violations()) {
    violation.set_field(violation.field().empty() ? std::string(prefix)
                                                  : absl::StrCat(prefix, ".", violation.field()));
  }
  SetPayload(&status, *request);
  return status;
}

google::rpc::Status ToRpcStatus(const absl::Status& status) {
  google::rpc::Status rpc;
  rpc.set_code(static_cast<int>(status.code()));
  if (status.ok()) return rpc;
  rpc.set_message(std::string(status.message()));
  // Ours first and in one order, so that equal errors are equal messages; then those of others.
  const std::string known[] = {UrlOf<google::rpc::ErrorInfo>(), UrlOf<google::rpc::BadRequest>(),
                               UrlOf<google::rpc::RetryInfo>()};
  std::map<std::string, std::string> others;
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& bytes) {
    others.emplace(std::string(url), std::string(bytes));
  });
  if (WantsRetryInfo(status.code())) {
    others.emplace(known[2], RetryAfter(kDefaultRetryDelayMs).SerializeAsString());
  }
  const auto add = [&rpc](const std::string& url, std::string bytes) {
    auto* detail = rpc.add_details();
    detail->set_type_url(url);
    detail->set_value(std::move(bytes));
  };
  for (const std::string& url : known) {
    if (auto node = others.extract(url)) add(url, std::move(node.mapped()));
  }
  for (auto& [url, bytes] : others) add(url, std::move(bytes));
  return rpc;
}

absl::Status FromRpcStatus(const google::rpc::Status& rpc) {
  if (rpc.code() == 0) return absl::OkStatus();
  const bool known = rpc.code() > 0 && rpc.code() <= 16;
  absl::Status status(
      known ? static_cast<absl::StatusCode>(rpc.code()) : absl::StatusCode::kUnknown,
      rpc.message());
  for (const auto& detail : rpc.details()) {
    status.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  }
  return status;
}

Disposition DispositionOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return Disposition::kDone;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kUnauthenticated:
      return Disposition::kRetry;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kDataLoss:
    default:
      return Disposition::kPark;
  }
}

}  // namespace tandem
