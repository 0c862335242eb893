// What every decision of the opportunity service checks the same way. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/message.h"
#include "google/type/date.pb.h"
#include "google/type/decimal.pb.h"
#include "google/type/money.pb.h"
#include "platform/base/etag.h"
#include "platform/base/state.h"
#include "platform/base/status_macros.h"
#include "tandem/opportunity/v1/opportunity.pb.h"

namespace tandem::opportunity {

// NOT_FOUND <ENTITY>_NOT_FOUND, naming the id.
absl::Status NotFound(absl::string_view entity, absl::string_view id);
// FAILED_PRECONDITION with a reason.
absl::Status NotNow(absl::string_view reason, absl::string_view message,
                    absl::string_view field = "");
// FAILED_PRECONDITION OPPORTUNITY_CLOSED.
absl::Status Closed(const v1::Opportunity& opportunity);
// Whether two messages of one type say the same.
bool Same(const google::protobuf::Message& a, const google::protobuf::Message& b);
bool IsBlank(absl::string_view text);
// Whether an update replaces everything.
bool ReplacesAll(const google::protobuf::FieldMask& mask);

// An optional date or amount of a request is a real one; an amount is 0 or more.
absl::Status CheckDate(bool has, const google::type::Date& date, absl::string_view field);
absl::Status CheckAmount(bool has, const google::type::Money& money, absl::string_view field);
// Days of a date that was checked before it was stored; 0 when absent.
int32_t DaysOf(const google::type::Date& date);

// The entity in the version that the caller knows.
template <class Row, class Request>
absl::StatusOr<const Row*> FindKnown(absl::string_view entity, absl::string_view id,
                                     const Request& request, const State& state) {
  const Row* row = state.Find<Row>(id);
  if (row == nullptr) return NotFound(entity, id);
  TANDEM_RETURN_IF_ERROR(CheckEtag(request.etag(), state.Version<Row>(id)));
  return row;
}

}  // namespace tandem::opportunity
