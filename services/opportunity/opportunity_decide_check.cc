#include "services/opportunity/opportunity_decide_check.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "platform/base/date.h"
#include "platform/base/field_mask.h"
#include "platform/base/money.h"
#include "platform/base/status.h"

namespace tandem::opportunity {

absl::Status NotFound(absl::string_view entity, absl::string_view id) {
  const std::string name = absl::StrReplaceAll(absl::AsciiStrToLower(entity), {{"_", " "}});
  return Refuse(absl::StatusCode::kNotFound, absl::StrCat(entity, "_NOT_FOUND"),
                absl::StrCat("There is no ", name, " '", id, "'."), "id");
}

absl::Status NotNow(absl::string_view reason, absl::string_view message, absl::string_view field) {
  return Refuse(absl::StatusCode::kFailedPrecondition, reason, message, field);
}

absl::Status Closed(const v1::Opportunity& opportunity) {
  return NotNow("OPPORTUNITY_CLOSED",
                absl::StrCat("The opportunity '", opportunity.name(), "' is ",
                             opportunity.state() == v1::OPPORTUNITY_STATE_WON ? "won" : "lost",
                             "; it can be reopened."));
}

bool Same(const google::protobuf::Message& a, const google::protobuf::Message& b) {
  return ChangedPaths(a, b).paths().empty();
}

bool IsBlank(absl::string_view text) { return absl::StripAsciiWhitespace(text).empty(); }

bool ReplacesAll(const google::protobuf::FieldMask& mask) {
  return std::find(mask.paths().begin(), mask.paths().end(), "*") != mask.paths().end();
}

absl::Status CheckDate(bool has, const google::type::Date& date, absl::string_view field) {
  return has ? DateFromProto(date, field).status() : absl::OkStatus();
}

absl::Status CheckAmount(bool has, const google::type::Money& money, absl::string_view field) {
  if (!has) return absl::OkStatus();
  TANDEM_ASSIGN_OR_RETURN(const Amount amount, FromProto(money, field));
  if (amount.micros >= 0) return absl::OkStatus();
  return InvalidField(field, "MONEY_OUT_OF_RANGE", "The amount is 0 or more.");
}

int32_t DaysOf(const google::type::Date& date) { return DateFromProto(date, "").value_or(0); }

}  // namespace tandem::opportunity
