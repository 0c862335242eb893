// Money: micros and a currency, and the few formulas that turn quantities and prices into amounts.
// Each formula rounds once, half-up (away from zero), to the currency's minor unit; |amount| is at
// most 10^12 units, more is OUT_OF_RANGE, MONEY_OUT_OF_RANGE. The formulas are those of an
// accountant: a net per line, a tax per tax code, part deliveries as differences of cumulated nets.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <cstdint>
#include <string>
#include <vector>

#include "google/type/money.pb.h"
#include "platform/base/fixed.h"

namespace tandem {

struct Amount {
  int64_t micros = 0;
  std::string currency;
  friend bool operator==(const Amount&, const Amount&) = default;
};

// Refused, naming `field`: MONEY_CURRENCY_UNKNOWN, MONEY_NANOS_INVALID (not a multiple of 1,000, or
// 10^9 and more), MONEY_SIGN_MISMATCH (units and nanos), MONEY_OUT_OF_RANGE.
absl::StatusOr<Amount> FromProto(const google::type::Money& money, absl::string_view field);
// The same, in one given currency: MONEY_CURRENCY_MISMATCH for another.
absl::StatusOr<int64_t> MicrosFromProto(const google::type::Money& money,
                                        absl::string_view currency, absl::string_view field);
google::type::Money ToProto(const Amount& amount);
google::type::Money MoneyOf(int64_t micros, absl::string_view currency);
void SetMoney(int64_t micros, absl::string_view currency, google::type::Money* out);
// For people and logs: "12.50 EUR", with at least the currency's decimals.
std::string FormatAmount(int64_t micros, absl::string_view currency);

// The micros of the currency's minor unit: 10,000 for EUR. MONEY_CURRENCY_UNKNOWN.
absl::StatusOr<int64_t> MinorUnitMicros(absl::string_view currency);

absl::StatusOr<int64_t> AddMoney(int64_t a_micros, int64_t b_micros);
absl::StatusOr<int64_t> SubMoney(int64_t a_micros, int64_t b_micros);
absl::StatusOr<int64_t> SumMoney(absl::Span<const int64_t> micros);

absl::StatusOr<int64_t> RoundToMinor(int64_t micros, absl::string_view currency);

// quantity × price ÷ per × (1 − discount). `per_micros` is the quantity the price is for, above 0;
// `discount_micros` is a fraction, 0..1,000,000 (MONEY_DISCOUNT_INVALID).
absl::StatusOr<int64_t> LineNet(int64_t quantity_micros, int64_t price_micros, int64_t per_micros,
                                int64_t discount_micros, absl::string_view currency);

// What `part` of `whole` bears of a total: total × part ÷ whole. Bill the difference to what was
// billed before and the parts of a line sum to it exactly: 0 ≤ part ≤ whole, whole above 0
// (MONEY_PART_INVALID), and part = whole gives the total, which must be rounded already.
absl::StatusOr<int64_t> CumulatedPart(int64_t total_micros, int64_t part_quantity_micros,
                                      int64_t whole_quantity_micros, absl::string_view currency);

// The tax on the sum of the rounded nets of one tax code. `rate_micros` is a fraction: 190,000 is
// 19 %.
absl::StatusOr<int64_t> TaxOn(int64_t net_sum_micros, int64_t rate_micros,
                              absl::string_view currency);
// The net within a gross: gross ÷ (1 + rate).
absl::StatusOr<int64_t> NetOfGross(int64_t gross_micros, int64_t rate_micros,
                                   absl::string_view currency);

// `total` (whole minor units, MONEY_NOT_ROUNDED otherwise) in proportion to the weights, in minor
// units that sum to it exactly: each its share cut towards zero, the rest one minor unit each by
// largest remainder, the first of equals first. Weights are 0 or more, not all 0 unless the total
// is (MONEY_WEIGHTS_INVALID).
absl::StatusOr<std::vector<int64_t>> SpreadByLargestRemainder(int64_t total_micros,
                                                              absl::Span<const int64_t> weights,
                                                              absl::string_view currency);

}  // namespace tandem
