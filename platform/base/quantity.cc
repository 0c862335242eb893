#include "platform/base/quantity.h"

#include <absl/strings/str_cat.h>

#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/base/unit.h"

namespace tandem {

absl::StatusOr<Quantity> FromProto(const type::v1::Quantity& quantity, absl::string_view field) {
  const absl::StatusOr<int64_t> micros = DecimalFromProto(quantity.value(), "");
  const bool too_large = micros.ok() ? *micros > kMaxMicros || *micros < -kMaxMicros
                                     : absl::IsOutOfRange(micros.status());
  if (too_large) {
    return Refuse(absl::StatusCode::kOutOfRange, "QUANTITY_OUT_OF_RANGE",
                  "a quantity is at most 10^12", field);
  }
  if (!micros.ok()) return InvalidField(field, "QUANTITY_INVALID", micros.status().message());
  if (!IsKnownUnit(quantity.unit())) {
    absl::Status status =
        InvalidField(field, "QUANTITY_UNIT_UNKNOWN",
                     absl::StrCat("'", quantity.unit(), "' is not a known unit code"));
    AddMetadata(&status, "unit", quantity.unit());
    return status;
  }
  return Quantity{*micros, quantity.unit()};
}

absl::StatusOr<Quantity> PositiveFromProto(const type::v1::Quantity& quantity,
                                           absl::string_view field) {
  absl::StatusOr<Quantity> parsed = FromProto(quantity, field);
  if (parsed.ok() && parsed->micros <= 0) {
    return InvalidField(field, "QUANTITY_NOT_POSITIVE", "a quantity above 0 is needed here");
  }
  return parsed;
}

void SetQuantity(int64_t micros, absl::string_view unit, type::v1::Quantity* out) {
  out->mutable_value()->set_value(FormatMicros(micros));
  out->set_unit(unit.data(), unit.size());
}

type::v1::Quantity QuantityOf(int64_t micros, absl::string_view unit) {
  type::v1::Quantity out;
  SetQuantity(micros, unit, &out);
  return out;
}

type::v1::Quantity ToProto(const Quantity& quantity) {
  return QuantityOf(quantity.micros, quantity.unit);
}

std::string FormatQuantity(int64_t micros, absl::string_view unit) {
  return absl::StrCat(FormatMicros(micros), " ", unit);
}

absl::StatusOr<int64_t> ConvertQuantity(int64_t micros, int64_t numerator, int64_t denominator) {
  if (numerator > 0 && denominator > 0) {
    absl::StatusOr<int64_t> converted = MulDivExact(micros, numerator, denominator);
    if (converted.ok() && *converted <= kMaxMicros && *converted >= -kMaxMicros) return converted;
    if (converted.ok() || absl::IsOutOfRange(converted.status())) {
      return Refuse(absl::StatusCode::kOutOfRange, "QUANTITY_OUT_OF_RANGE",
                    "a quantity is at most 10^12");
    }
  }
  return InvalidField("", "QUANTITY_NOT_CONVERTIBLE",
                      "the quantity is not a whole number of millionths of that unit");
}

}  // namespace tandem
