#include "services/billing/billing_decide_check.h"

#include "absl/strings/str_cat.h"
#include "platform/base/fixed.h"
#include "platform/base/status.h"

namespace tandem::billing {

absl::Status NotFound(absl::string_view entity, absl::string_view id) {
  absl::Status status = Refuse(absl::StatusCode::kNotFound, absl::StrCat(entity, "_NOT_FOUND"),
                               absl::StrCat("there is no '", id, "' here"));
  AddMetadata(&status, "id", id);
  return status;
}

bool Same(const google::protobuf::Message& a, const google::protobuf::Message& b) {
  return a.SerializeAsString() == b.SerializeAsString();
}

int64_t MicrosOf(const google::type::Money& money) {
  return money.units() * kMicrosPerUnit + money.nanos() / 1000;
}

}  // namespace tandem::billing
