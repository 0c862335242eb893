#include "platform/base/tax_id.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cstdint>

namespace tandem {
namespace {

bool Digits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

int At(absl::string_view text, size_t i) { return text[i] - '0'; }

// The number that digits are; at most 18 of them.
int64_t Number(absl::string_view digits) {
  int64_t value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

int DigitSum(int below_20) { return below_20 / 10 + below_20 % 10; }

// The Luhn digit that follows these.
int LuhnDigit(absl::string_view digits) {
  int sum = 0;
  for (size_t i = 0; i < digits.size(); ++i) {
    const int digit = At(digits, digits.size() - 1 - i);
    sum += i % 2 == 0 ? DigitSum(digit * 2) : digit;
  }
  return (10 - sum % 10) % 10;
}

bool LuhnHolds(absl::string_view digits) {
  return LuhnDigit(digits.substr(0, digits.size() - 1)) == At(digits, digits.size() - 1);
}

// U and eight digits; every second one doubled.
bool AustriaHolds(absl::string_view id) {
  if (id.size() != 9 || id[0] != 'U' || !Digits(id.substr(1))) return false;
  int sum = 4;
  for (size_t i = 1; i < 8; ++i) sum += i % 2 == 1 ? At(id, i) : DigitSum(At(id, i) * 2);
  return (10 - sum % 10) % 10 == At(id, 8);
}

// Ten digits beginning with 0 or 1 (older ones lack the 0); the last two are 97 − rest mod 97.
bool BelgiumHolds(absl::string_view id) {
  if (!Digits(id) || (id.size() != 9 && (id.size() != 10 || id[0] > '1'))) return false;
  const int64_t number = Number(id);
  return number / 100 > 0 && 97 - number / 100 % 97 == number % 100;
}

// ISO 7064, MOD 11,10.
bool GermanyHolds(absl::string_view id) {
  if (id.size() != 9 || !Digits(id) || id[0] == '0') return false;
  int product = 10;
  for (size_t i = 0; i < 8; ++i) {
    const int sum = (product + At(id, i)) % 10;
    product = 2 * (sum == 0 ? 10 : sum) % 11;
  }
  return (11 - product) % 10 == At(id, 8);
}

// A person's number ends in a letter by mod 23 (a foreigner's X, Y, Z being 0, 1, 2; K, L, M before
// it not counted), a company's in a Luhn digit or its letter.
bool SpainHolds(absl::string_view id) {
  if (id.size() != 9 || !Digits(id.substr(1, 7))) return false;
  constexpr absl::string_view kPerson = "TRWAGMYFPDXBNJZSQVHLCKE";
  constexpr absl::string_view kCompany = "JABCDEFGHI";
  const char first = id[0];
  const char last = id[8];
  const int64_t number = Number(id.substr(1, 7));
  if (absl::ascii_isdigit(first)) return kPerson[(At(id, 0) * 10'000'000 + number) % 23] == last;
  if (first >= 'X') return kPerson[((first - 'X') * 10'000'000 + number) % 23] == last;
  if (first >= 'K' && first <= 'M') return kPerson[number % 23] == last;
  if (!absl::StrContains("ABCDEFGHJNPQRSUVW", absl::string_view(&first, 1))) return false;
  const int check = LuhnDigit(id.substr(1, 7));
  return last == '0' + check || last == kCompany[check];
}

// Two key characters and a SIREN; a key with letters counts in base 34 without I and O.
bool FranceHolds(absl::string_view id) {
  if (id.size() != 11 || !Digits(id.substr(2))) return false;
  const absl::string_view siren = id.substr(2);
  const bool monaco = siren.substr(0, 3) == "000";
  if (!monaco && !LuhnHolds(siren)) return false;
  if (Digits(id.substr(0, 2))) return (Number(siren) * 100 + 12) % 97 == Number(id.substr(0, 2));
  constexpr absl::string_view kKey = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
  const size_t first = kKey.find(id[0]);
  const size_t second = kKey.find(id[1]);
  if (first == kKey.npos || second == kKey.npos) return false;
  const int64_t key = first < 10 ? static_cast<int64_t>(first * 24 + second) - 10
                                 : static_cast<int64_t>(first * 34 + second) - 100;
  return (Number(siren) + 1 + key / 11) % 11 == key % 11;
}

// Nine digits (or twelve with a branch) by mod 97, old and new series; GD and HA for offices.
bool BritainHolds(absl::string_view id) {
  if (id.size() == 5 && Digits(id.substr(2))) {
    const int64_t number = Number(id.substr(2));
    return (absl::StartsWith(id, "GD") && number < 500) ||
           (absl::StartsWith(id, "HA") && number >= 500);
  }
  if ((id.size() != 9 && id.size() != 12) || !Digits(id)) return false;
  int64_t sum = Number(id.substr(7, 2));
  for (size_t i = 0; i < 7; ++i) sum += At(id, i) * static_cast<int>(8 - i);
  return sum % 97 == 0 || (At(id, 0) > 0 && (sum % 97 == 42 || sum % 97 == 55));
}

// The last three before the Luhn digit are the office that gave it out.
bool ItalyHolds(absl::string_view id) {
  if (id.size() != 11 || !Digits(id) || Number(id.substr(0, 7)) == 0) return false;
  const int64_t office = Number(id.substr(7, 3));
  const bool known = (office >= 1 && office <= 100) || office == 120 || office == 121 ||
                     office == 888 || office == 999;
  return known && LuhnHolds(id);
}

// Nine digits, B, two digits: mod 11 for companies, since 2020 mod 97 of all for sole traders.
bool NetherlandsHolds(absl::string_view id) {
  if (id.size() != 12 || id[9] != 'B' || !Digits(id.substr(0, 9)) || !Digits(id.substr(10)) ||
      id.substr(10) == "00") {
    return false;
  }
  int sum = 0;
  for (size_t i = 0; i < 8; ++i) sum += At(id, i) * static_cast<int>(9 - i);
  if (Number(id.substr(0, 9)) > 0 && sum % 11 == At(id, 8)) return true;
  int64_t rest = 2321;  // N and L
  for (const char c : id) {
    rest =
        absl::ascii_isdigit(c) ? (rest * 10 + (c - '0')) % 97 : (rest * 100 + (c - 'A' + 10)) % 97;
  }
  return rest == 1;
}

struct Scheme {
  absl::string_view country;
  bool (*holds)(absl::string_view id);
};

constexpr Scheme kVat[] = {
    {"AT", AustriaHolds}, {"BE", BelgiumHolds}, {"DE", GermanyHolds}, {"ES", SpainHolds},
    {"FR", FranceHolds},  {"GB", BritainHolds}, {"IT", ItalyHolds},   {"NL", NetherlandsHolds},
};

bool IsVat(absl::string_view scheme) {
  return absl::EqualsIgnoreCase(scheme, "VAT") || absl::EqualsIgnoreCase(scheme, "EU_VAT");
}

bool IsSeparator(char c) { return c == ' ' || c == '-' || c == '.' || c == '/'; }

bool IsWellFormed(absl::string_view value) {
  constexpr size_t kMin = 2;
  constexpr size_t kMax = 32;
  return value.size() >= kMin && value.size() <= kMax &&
         std::any_of(value.begin(), value.end(), absl::ascii_isdigit) &&
         std::all_of(value.begin(), value.end(),
                     [](char c) { return absl::ascii_isalnum(c) || IsSeparator(c); });
}

}  // namespace

std::string NormaliseTaxId(absl::string_view country, absl::string_view scheme,
                           absl::string_view value) {
  std::string out;
  for (const char c : value) {
    if (!IsSeparator(c)) out += absl::ascii_toupper(c);
  }
  if (!IsVat(scheme)) return out;
  // A French key may itself be the letters FR: only what is too long for a number has the prefix.
  constexpr size_t kFrenchLength = 11;
  if (country == "FR" && out.size() <= kFrenchLength) return out;
  const absl::string_view prefix = country == "GR" ? "EL" : country;
  if (!prefix.empty() && absl::StartsWith(out, prefix)) out.erase(0, prefix.size());
  return out;
}

bool IsValidTaxId(absl::string_view country, absl::string_view scheme, absl::string_view value) {
  if (!IsWellFormed(value)) return false;
  if (!IsVat(scheme)) return true;
  const std::string id = NormaliseTaxId(country, scheme, value);
  for (const Scheme& each : kVat) {
    if (each.country == country) return each.holds(id);
  }
  return IsWellFormed(id);
}

}  // namespace tandem
