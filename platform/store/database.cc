#include "platform/store/database.h"

#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "platform/base/status.h"

namespace tandem::store {
namespace {

struct Kind {
  Failure failure;
  absl::StatusCode code;
  absl::string_view reason;
};

constexpr Kind kKinds[] = {
    {Failure::kConstraint, absl::StatusCode::kFailedPrecondition, "STORE_CONSTRAINT"},
    {Failure::kConflict, absl::StatusCode::kAborted, "STORE_CONFLICT"},
    {Failure::kUnavailable, absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE"},
    {Failure::kCommitUnknown, absl::StatusCode::kUnavailable, "STORE_COMMIT_UNKNOWN"},
    {Failure::kFull, absl::StatusCode::kResourceExhausted, "STORE_FULL"},
    {Failure::kBug, absl::StatusCode::kInternal, "STORE_DEFECT"},
};

}  // namespace

absl::Status MakeError(Failure failure, absl::string_view message, int statement,
                       absl::string_view constraint) {
  for (const Kind& kind : kKinds) {
    if (kind.failure != failure) continue;
    absl::Status status = Refuse(kind.code, kind.reason, message);
    if (statement >= 0) AddMetadata(&status, "statement", absl::StrCat(statement));
    if (!constraint.empty()) AddMetadata(&status, "constraint", constraint);
    return status;
  }
  return absl::InternalError(message);
}

StoreError ErrorOf(const absl::Status& status) {
  StoreError error;
  const std::string reason = ReasonOf(status);
  for (const Kind& kind : kKinds) {
    if (kind.reason == reason) error.failure = kind.failure;
  }
  const std::map<std::string, std::string> metadata = MetadataOf(status);
  if (auto it = metadata.find("statement"); it != metadata.end()) {
    if (!absl::SimpleAtoi(it->second, &error.statement)) error.statement = -1;
  }
  if (auto it = metadata.find("constraint"); it != metadata.end()) error.constraint = it->second;
  return error;
}

}  // namespace tandem::store
