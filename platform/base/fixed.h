// Fixed point with six decimals: an int64 counts millionths ("micros"). Every amount, price,
// quantity and rate in Tandem is one; no floating point comes near them. Intermediates have 128
// bits; a result that does not fit is OUT_OF_RANGE, never wrapped and never cut.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <compare>
#include <cstdint>
#include <string>

#include "google/type/decimal.pb.h"

namespace tandem {

using Int128 = __int128;

inline constexpr int64_t kMicrosPerUnit = 1'000'000;
inline constexpr int kMicrosDecimals = 6;
// The largest amount and the largest quantity, 10^12 units.
inline constexpr int64_t kMaxMicros = 1'000'000'000'000 * kMicrosPerUnit;

// Decimal text: optional sign, digits with at most one '.', at least one digit, at most six
// decimals. An exponent, spaces or separators: INVALID_ARGUMENT, DECIMAL_INVALID; too large for an
// int64: OUT_OF_RANGE, DECIMAL_OUT_OF_RANGE. `field` is named in the error.
absl::StatusOr<int64_t> ParseMicros(absl::string_view text, absl::string_view field = "");
// The shortest text that parses to the same value: "12.5", "-0.000001", "0".
std::string FormatMicros(int64_t micros);

// As ParseMicros, but an empty value is 0, as google.type.Decimal has it.
absl::StatusOr<int64_t> DecimalFromProto(const google::type::Decimal& decimal,
                                         absl::string_view field);
google::type::Decimal DecimalToProto(int64_t micros);

// A fraction 0..1 such as a discount or a tax rate; anything else is DECIMAL_OUT_OF_RANGE.
absl::StatusOr<int64_t> FractionFromProto(const google::type::Decimal& decimal,
                                          absl::string_view field);

// OUT_OF_RANGE, DECIMAL_OUT_OF_RANGE where the result does not fit.
absl::StatusOr<int64_t> AddMicros(int64_t a, int64_t b);
absl::StatusOr<int64_t> SubMicros(int64_t a, int64_t b);
// The micros of the product and of the quotient, half-up; dividing by 0 is INVALID_ARGUMENT.
absl::StatusOr<int64_t> MulMicros(int64_t a, int64_t b);
absl::StatusOr<int64_t> DivMicros(int64_t a, int64_t b);

// a × b ÷ c, half-up (away from zero). c must not be 0.
absl::StatusOr<int64_t> MulDivHalfUp(Int128 a, Int128 b, Int128 c);
// a × b × f ÷ c, half-up, rounded once. Exact as long as |a × b| and |c × f| fit 128 bits, however
// large the whole product is.
absl::StatusOr<int64_t> MulMulDivHalfUp(Int128 a, Int128 b, Int128 f, Int128 c);
// a × b ÷ c where that is a whole number; INVALID_ARGUMENT, DECIMAL_NOT_EXACT otherwise.
absl::StatusOr<int64_t> MulDivExact(Int128 a, Int128 b, Int128 c);

// The same as a type, for code that wants operators' meaning checked by the compiler.
class Fixed {
 public:
  constexpr Fixed() = default;
  static constexpr Fixed OfMicros(int64_t micros) { return Fixed(micros); }
  // |units| up to 9 × 10^12.
  static constexpr Fixed OfUnits(int64_t units) { return Fixed(units * kMicrosPerUnit); }
  static absl::StatusOr<Fixed> Parse(absl::string_view text, absl::string_view field = "");

  constexpr int64_t micros() const { return micros_; }
  std::string Format() const { return FormatMicros(micros_); }
  absl::StatusOr<Fixed> Add(Fixed other) const;
  absl::StatusOr<Fixed> Sub(Fixed other) const;
  friend constexpr auto operator<=>(Fixed, Fixed) = default;

 private:
  explicit constexpr Fixed(int64_t micros) : micros_(micros) {}
  int64_t micros_ = 0;
};

}  // namespace tandem
