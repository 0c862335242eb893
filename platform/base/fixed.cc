#include "platform/base/fixed.h"

#include <absl/strings/str_cat.h>

#include <limits>

#include "platform/base/status.h"
#include "platform/base/status_macros.h"

namespace tandem {
namespace {

absl::Status OutOfRange(absl::string_view field = "") {
  return Refuse(absl::StatusCode::kOutOfRange, "DECIMAL_OUT_OF_RANGE", "the number is too large",
                field);
}

absl::Status Invalid(absl::string_view field, absl::string_view message) {
  return InvalidField(field, "DECIMAL_INVALID", message);
}

absl::StatusOr<int64_t> Narrow(Int128 value) {
  if (value > std::numeric_limits<int64_t>::max() || value < std::numeric_limits<int64_t>::min()) {
    return OutOfRange();
  }
  return static_cast<int64_t>(value);
}

// Half-up of n ÷ d with d above 0, without doubling a remainder that might not fit.
Int128 DivideHalfUp(Int128 n, Int128 d) {
  Int128 quotient = n / d;
  Int128 rest = n % d;
  if (rest < 0) rest = -rest;
  if (rest >= d - rest) quotient += n < 0 ? -1 : 1;
  return quotient;
}

absl::Status DivisionByZero() {
  return InvalidField("", "DECIMAL_DIVISION_BY_ZERO", "a division by zero");
}

}  // namespace

absl::StatusOr<int64_t> ParseMicros(absl::string_view text, absl::string_view field) {
  size_t i = 0;
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) i = 1;
  int64_t value = 0;  // built downwards, since the most negative number has no positive twin
  int decimals = -1;  // -1: before the point
  bool any = false;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && decimals < 0) {
      decimals = 0;
      continue;
    }
    if (c < '0' || c > '9') {
      return Invalid(field, "a decimal has an optional sign, digits and at most one point");
    }
    any = true;
    if (decimals >= 0 && ++decimals > kMicrosDecimals) {
      return Invalid(field, "a decimal has at most six decimal places");
    }
    if (__builtin_mul_overflow(value, 10, &value) ||
        __builtin_sub_overflow(value, c - '0', &value)) {
      return OutOfRange(field);
    }
  }
  if (!any) return Invalid(field, "a decimal needs a digit");
  for (int d = decimals < 0 ? 0 : decimals; d < kMicrosDecimals; ++d) {
    if (__builtin_mul_overflow(value, 10, &value)) return OutOfRange(field);
  }
  if (!negative && __builtin_sub_overflow(int64_t{0}, value, &value)) return OutOfRange(field);
  return value;
}

std::string FormatMicros(int64_t micros) {
  const uint64_t magnitude =
      micros < 0 ? uint64_t{0} - static_cast<uint64_t>(micros) : static_cast<uint64_t>(micros);
  std::string out = absl::StrCat(micros < 0 ? "-" : "", magnitude / kMicrosPerUnit);
  uint64_t rest = magnitude % kMicrosPerUnit;
  if (rest == 0) return out;
  char digits[kMicrosDecimals];
  int length = 0;
  for (int i = kMicrosDecimals - 1; i >= 0; --i, rest /= 10) {
    digits[i] = static_cast<char>('0' + rest % 10);
    if (length == 0 && digits[i] != '0') length = i + 1;
  }
  out += '.';
  out.append(digits, length);
  return out;
}

absl::StatusOr<int64_t> DecimalFromProto(const google::type::Decimal& decimal,
                                         absl::string_view field) {
  if (decimal.value().empty()) return int64_t{0};
  return ParseMicros(decimal.value(), field);
}

google::type::Decimal DecimalToProto(int64_t micros) {
  google::type::Decimal out;
  out.set_value(FormatMicros(micros));
  return out;
}

absl::StatusOr<int64_t> FractionFromProto(const google::type::Decimal& decimal,
                                          absl::string_view field) {
  TANDEM_ASSIGN_OR_RETURN(const int64_t micros, DecimalFromProto(decimal, field));
  if (micros < 0 || micros > kMicrosPerUnit) {
    return InvalidField(field, "DECIMAL_OUT_OF_RANGE", "a fraction lies between 0 and 1");
  }
  return micros;
}

absl::StatusOr<int64_t> AddMicros(int64_t a, int64_t b) {
  int64_t sum;
  if (__builtin_add_overflow(a, b, &sum)) return OutOfRange();
  return sum;
}

absl::StatusOr<int64_t> SubMicros(int64_t a, int64_t b) {
  int64_t difference;
  if (__builtin_sub_overflow(a, b, &difference)) return OutOfRange();
  return difference;
}

absl::StatusOr<int64_t> MulMicros(int64_t a, int64_t b) {
  return MulDivHalfUp(a, b, kMicrosPerUnit);
}

absl::StatusOr<int64_t> DivMicros(int64_t a, int64_t b) {
  return MulDivHalfUp(a, kMicrosPerUnit, b);
}

absl::StatusOr<int64_t> MulDivHalfUp(Int128 a, Int128 b, Int128 c) {
  return MulMulDivHalfUp(a, b, 1, c);
}

absl::StatusOr<int64_t> MulMulDivHalfUp(Int128 a, Int128 b, Int128 f, Int128 c) {
  if (c == 0) return DivisionByZero();
  Int128 n;
  if (__builtin_mul_overflow(a, b, &n)) return OutOfRange();
  if (c < 0 &&
      (__builtin_sub_overflow(Int128{0}, c, &c) || __builtin_sub_overflow(Int128{0}, n, &n))) {
    return OutOfRange();
  }
  // n × f ÷ c = (n ÷ c) × f + (n mod c) × f ÷ c, so that n × f need not fit.
  Int128 whole;
  Int128 rest;
  Int128 sum;
  if (__builtin_mul_overflow(n / c, f, &whole) || __builtin_mul_overflow(n % c, f, &rest)) {
    return OutOfRange();
  }
  // `whole` is an integer, so rounding the second part alone rounds the whole once.
  if (__builtin_add_overflow(whole, DivideHalfUp(rest, c), &sum)) return OutOfRange();
  return Narrow(sum);
}

absl::StatusOr<int64_t> MulDivExact(Int128 a, Int128 b, Int128 c) {
  if (c == 0) return DivisionByZero();
  Int128 n;
  if (__builtin_mul_overflow(a, b, &n)) return OutOfRange();
  if (n % c != 0) {
    return InvalidField("", "DECIMAL_NOT_EXACT", "the result has more than six decimal places");
  }
  return Narrow(n / c);
}

absl::StatusOr<Fixed> Fixed::Parse(absl::string_view text, absl::string_view field) {
  TANDEM_ASSIGN_OR_RETURN(const int64_t micros, ParseMicros(text, field));
  return OfMicros(micros);
}

absl::StatusOr<Fixed> Fixed::Add(Fixed other) const {
  TANDEM_ASSIGN_OR_RETURN(const int64_t micros, AddMicros(micros_, other.micros_));
  return OfMicros(micros);
}

absl::StatusOr<Fixed> Fixed::Sub(Fixed other) const {
  TANDEM_ASSIGN_OR_RETURN(const int64_t micros, SubMicros(micros_, other.micros_));
  return OfMicros(micros);
}

}  // namespace tandem
