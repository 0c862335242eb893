// Quantities: micros and a unit code, from and to tandem.type.v1.Quantity.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <string>

#include "platform/base/fixed.h"
#include "tandem/type/v1/quantity.pb.h"

namespace tandem {

struct Quantity {
  int64_t micros = 0;
  std::string unit;
  friend bool operator==(const Quantity&, const Quantity&) = default;
};

// Refused, naming `field`: QUANTITY_INVALID (its decimal), QUANTITY_UNIT_UNKNOWN,
// QUANTITY_OUT_OF_RANGE (|value| above 10^12). Negative and 0 are quantities; whoever needs a
// positive one says so with PositiveFromProto: QUANTITY_NOT_POSITIVE.
absl::StatusOr<Quantity> FromProto(const type::v1::Quantity& quantity, absl::string_view field);
absl::StatusOr<Quantity> PositiveFromProto(const type::v1::Quantity& quantity,
                                           absl::string_view field);
type::v1::Quantity ToProto(const Quantity& quantity);
type::v1::Quantity QuantityOf(int64_t micros, absl::string_view unit);
void SetQuantity(int64_t micros, absl::string_view unit, type::v1::Quantity* out);
// For people and logs: "12.5 KGM".
std::string FormatQuantity(int64_t micros, absl::string_view unit);

// micros × numerator ÷ denominator, where `denominator` of this unit are `numerator` of the other;
// exact or INVALID_ARGUMENT, QUANTITY_NOT_CONVERTIBLE, never rounded. Both above 0.
absl::StatusOr<int64_t> ConvertQuantity(int64_t micros, int64_t numerator, int64_t denominator);

}  // namespace tandem
