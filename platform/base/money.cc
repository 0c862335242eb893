#include "platform/base/money.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <numeric>

#include "platform/base/currency.h"
#include "platform/base/fault.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"

namespace tandem {
namespace {

constexpr int32_t kNanosPerMicro = 1000;
constexpr int32_t kNanosPerUnit = 1'000'000'000;

absl::Status OutOfRange(absl::string_view field = "") {
  return Refuse(absl::StatusCode::kOutOfRange, "MONEY_OUT_OF_RANGE",
                "an amount is at most 10^12 currency units", field);
}

absl::Status UnknownCurrency(absl::string_view code, absl::string_view field) {
  absl::Status status = InvalidField(field, "MONEY_CURRENCY_UNKNOWN",
                                     absl::StrCat("'", code, "' is not a currency of ISO 4217"));
  AddMetadata(&status, "currency", code);
  return status;
}

absl::StatusOr<int64_t> Limited(const absl::StatusOr<int64_t>& micros) {
  if (!micros.ok() && micros.status().code() != absl::StatusCode::kOutOfRange) return micros;
  if (!micros.ok() || *micros > kMaxMicros || *micros < -kMaxMicros) return OutOfRange();
  return micros;
}

// a × b × f ÷ c micros, rounded to the minor unit in the same step.
absl::StatusOr<int64_t> RoundedToMinor(Int128 a, Int128 b, Int128 f, Int128 c,
                                       absl::string_view currency) {
  TANDEM_ASSIGN_OR_RETURN(const int64_t minor, MinorUnitMicros(currency));
  const absl::StatusOr<int64_t> units = MulMulDivHalfUp(a, b, f, c * minor);
  if (!units.ok()) return Limited(units);
  return Limited(MulDivExact(*units, minor, 1));
}

absl::Status CheckSize(int64_t micros) {
  return micros > kMaxMicros || micros < -kMaxMicros ? OutOfRange() : absl::OkStatus();
}

absl::Status CheckRate(int64_t rate_micros) {
  if (rate_micros >= 0 && rate_micros <= kMicrosPerUnit) return absl::OkStatus();
  return InvalidField("", "MONEY_RATE_INVALID", "a tax rate is a fraction between 0 and 1");
}

}  // namespace

absl::StatusOr<Amount> FromProto(const google::type::Money& money, absl::string_view field) {
  if (!IsKnownCurrency(money.currency_code())) {
    return UnknownCurrency(money.currency_code(), field);
  }
  const int32_t nanos = money.nanos();
  if (nanos % kNanosPerMicro != 0 || nanos >= kNanosPerUnit || nanos <= -kNanosPerUnit) {
    return InvalidField(field, "MONEY_NANOS_INVALID",
                        "nanos is a multiple of 1,000 and below one unit");
  }
  const int64_t units = money.units();
  if ((units > 0 && nanos < 0) || (units < 0 && nanos > 0)) {
    return InvalidField(field, "MONEY_SIGN_MISMATCH", "units and nanos have different signs");
  }
  constexpr int64_t kMaxUnits = kMaxMicros / kMicrosPerUnit;
  if (units > kMaxUnits || units < -kMaxUnits) return OutOfRange(field);
  const int64_t micros = units * kMicrosPerUnit + nanos / kNanosPerMicro;
  if (micros > kMaxMicros || micros < -kMaxMicros) return OutOfRange(field);
  return Amount{micros, money.currency_code()};
}

absl::StatusOr<int64_t> MicrosFromProto(const google::type::Money& money,
                                        absl::string_view currency, absl::string_view field) {
  TANDEM_ASSIGN_OR_RETURN(const Amount amount, FromProto(money, field));
  if (amount.currency != currency) {
    absl::Status status =
        InvalidField(field, "MONEY_CURRENCY_MISMATCH",
                     absl::StrCat("the amount is in ", amount.currency, ", not in ", currency));
    AddMetadata(&status, "currency", amount.currency);
    AddMetadata(&status, "expected", currency);
    return status;
  }
  return amount.micros;
}

void SetMoney(int64_t micros, absl::string_view currency, google::type::Money* out) {
  out->set_currency_code(currency.data(), currency.size());
  out->set_units(micros / kMicrosPerUnit);
  out->set_nanos(static_cast<int32_t>(micros % kMicrosPerUnit) * kNanosPerMicro);
}

google::type::Money MoneyOf(int64_t micros, absl::string_view currency) {
  google::type::Money out;
  SetMoney(micros, currency, &out);
  return out;
}

google::type::Money ToProto(const Amount& amount) {
  return MoneyOf(amount.micros, amount.currency);
}

std::string FormatAmount(int64_t micros, absl::string_view currency) {
  std::string out = FormatMicros(micros);
  const size_t least = CurrencyExponent(currency).value_or(0);
  size_t point = out.find('.');
  if (point == std::string::npos && least > 0) {
    point = out.size();
    out += '.';
  }
  if (least > 0) out.resize(std::max(out.size(), point + 1 + least), '0');
  return absl::StrCat(out, " ", currency);
}

absl::StatusOr<int64_t> MinorUnitMicros(absl::string_view currency) {
  const std::optional<int> exponent = CurrencyExponent(currency);
  if (!exponent.has_value()) return UnknownCurrency(currency, "");
  int64_t minor = kMicrosPerUnit;
  for (int i = 0; i < *exponent; ++i) minor /= 10;
  return minor;
}

absl::StatusOr<int64_t> AddMoney(int64_t a_micros, int64_t b_micros) {
  return Limited(AddMicros(a_micros, b_micros));
}

absl::StatusOr<int64_t> SubMoney(int64_t a_micros, int64_t b_micros) {
  return Limited(SubMicros(a_micros, b_micros));
}

absl::StatusOr<int64_t> SumMoney(absl::Span<const int64_t> micros) {
  Int128 sum = 0;
  for (const int64_t each : micros) sum += each;
  return Limited(MulDivHalfUp(sum, 1, 1));
}

absl::StatusOr<int64_t> RoundToMinor(int64_t micros, absl::string_view currency) {
  return RoundedToMinor(micros, 1, 1, 1, currency);
}

absl::StatusOr<int64_t> LineNet(int64_t quantity_micros, int64_t price_micros, int64_t per_micros,
                                int64_t discount_micros, absl::string_view currency) {
  if (discount_micros < 0 || discount_micros > kMicrosPerUnit) {
    return InvalidField("", "MONEY_DISCOUNT_INVALID", "a discount is a fraction between 0 and 1");
  }
  if (per_micros <= 0) {
    return InvalidField("", "MONEY_PRICE_PER_INVALID", "a price is for a quantity above 0");
  }
  for (const int64_t each : {quantity_micros, price_micros, per_micros}) {
    TANDEM_RETURN_IF_ERROR(CheckSize(each));
  }
  if (TANDEM_PLANTED("money_in_float")) {
    const float net = static_cast<float>(quantity_micros) * static_cast<float>(price_micros) /
                      static_cast<float>(per_micros);
    const float kept = 1.0F - static_cast<float>(discount_micros) / kMicrosPerUnit;
    return RoundToMinor(static_cast<int64_t>(net * kept), currency);
  }
  return RoundedToMinor(quantity_micros, price_micros, kMicrosPerUnit - discount_micros,
                        Int128{per_micros} * kMicrosPerUnit, currency);
}

absl::StatusOr<int64_t> CumulatedPart(int64_t total_micros, int64_t part_quantity_micros,
                                      int64_t whole_quantity_micros, absl::string_view currency) {
  if (whole_quantity_micros <= 0 || part_quantity_micros < 0 ||
      part_quantity_micros > whole_quantity_micros) {
    return InvalidField("", "MONEY_PART_INVALID", "a part lies between 0 and its whole");
  }
  TANDEM_RETURN_IF_ERROR(CheckSize(total_micros));
  return RoundedToMinor(total_micros, part_quantity_micros, 1, whole_quantity_micros, currency);
}

absl::StatusOr<int64_t> TaxOn(int64_t net_sum_micros, int64_t rate_micros,
                              absl::string_view currency) {
  TANDEM_RETURN_IF_ERROR(CheckRate(rate_micros));
  TANDEM_RETURN_IF_ERROR(CheckSize(net_sum_micros));
  return RoundedToMinor(net_sum_micros, rate_micros, 1, kMicrosPerUnit, currency);
}

absl::StatusOr<int64_t> NetOfGross(int64_t gross_micros, int64_t rate_micros,
                                   absl::string_view currency) {
  TANDEM_RETURN_IF_ERROR(CheckRate(rate_micros));
  TANDEM_RETURN_IF_ERROR(CheckSize(gross_micros));
  return RoundedToMinor(gross_micros, kMicrosPerUnit, 1, kMicrosPerUnit + rate_micros, currency);
}

absl::StatusOr<std::vector<int64_t>> SpreadByLargestRemainder(int64_t total_micros,
                                                              absl::Span<const int64_t> weights,
                                                              absl::string_view currency) {
  TANDEM_ASSIGN_OR_RETURN(const int64_t minor, MinorUnitMicros(currency));
  TANDEM_RETURN_IF_ERROR(CheckSize(total_micros));
  if (total_micros % minor != 0) {
    return InvalidField("", "MONEY_NOT_ROUNDED", "the total is not in whole minor units");
  }
  Int128 weight_sum = 0;
  for (const int64_t weight : weights) {
    if (weight < 0) return InvalidField("", "MONEY_WEIGHTS_INVALID", "a weight is below 0");
    weight_sum += weight;
  }
  std::vector<int64_t> parts(weights.size(), 0);
  if (total_micros == 0) return parts;
  if (weight_sum == 0) {
    return InvalidField("", "MONEY_WEIGHTS_INVALID", "there is nothing to spread over");
  }
  const Int128 units = (total_micros < 0 ? -Int128{total_micros} : Int128{total_micros}) / minor;
  const int64_t step = total_micros < 0 ? -minor : minor;
  std::vector<Int128> remainders(weights.size());
  Int128 left = units;
  for (size_t i = 0; i < weights.size(); ++i) {
    const Int128 share = units * weights[i];  // 10^18 × 2^63 fits
    parts[i] = static_cast<int64_t>(share / weight_sum) * step;
    remainders[i] = share % weight_sum;
    left -= share / weight_sum;
  }
  std::vector<size_t> order(weights.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return remainders[a] > remainders[b]; });
  for (size_t i = 0; left > 0; ++i, --left) parts[order[i]] += step;
  return parts;
}

}  // namespace tandem
