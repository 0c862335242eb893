#include "platform/base/currency.h"

#include <cstddef>

namespace tandem {
namespace {

// Sorted, four characters a code.
constexpr absl::string_view kTwoDecimals =
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP "
    "BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR "
    "FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR "
    "KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR "
    "MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK "
    "SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN "
    "UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG ZWL";
constexpr absl::string_view kNoDecimals =
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
constexpr absl::string_view kThreeDecimals = "BHD IQD JOD KWD LYD OMR TND";
constexpr absl::string_view kFourDecimals = "CLF UYW";

bool Lists(absl::string_view table, absl::string_view code) {
  constexpr size_t kStride = 4;
  size_t low = 0;
  size_t high = (table.size() + 1) / kStride;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    const int order = table.substr(middle * kStride, 3).compare(code);
    if (order == 0) return true;
    (order < 0 ? low : high) = order < 0 ? middle + 1 : middle;
  }
  return false;
}

}  // namespace

std::optional<int> CurrencyExponent(absl::string_view code) {
  if (code.size() != 3) return std::nullopt;
  if (Lists(kTwoDecimals, code)) return 2;
  if (Lists(kNoDecimals, code)) return 0;
  if (Lists(kThreeDecimals, code)) return 3;
  if (Lists(kFourDecimals, code)) return 4;
  return std::nullopt;
}

bool IsKnownCurrency(absl::string_view code) { return CurrencyExponent(code).has_value(); }

}  // namespace tandem
