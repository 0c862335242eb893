#include "platform/base/phone.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>

namespace tandem {

std::string NormalisePhone(absl::string_view phone) {
  const absl::string_view trimmed = absl::StripLeadingAsciiWhitespace(phone);
  // "(0)" is the trunk prefix that one leaves out after a country code.
  const bool international = trimmed.substr(0, 1) == "+" || trimmed.substr(0, 2) == "00";
  const std::string text =
      international ? absl::StrReplaceAll(trimmed, {{"(0)", ""}}) : std::string(trimmed);
  std::string digits;
  for (const char c : text) {
    if (absl::ascii_isdigit(c)) digits += c;
  }
  if (!international || digits.empty()) return digits;
  const absl::string_view number = digits;
  const absl::string_view country_first = trimmed[0] == '+' ? number : number.substr(2);
  return country_first.empty() ? "" : absl::StrCat("+", country_first);
}

bool IsE164(absl::string_view phone) {
  if (phone.size() < 8 || phone.size() > 16 || phone[0] != '+' || phone[1] == '0') return false;
  for (const char c : phone.substr(1)) {
    if (!absl::ascii_isdigit(c)) return false;
  }
  return true;
}

}  // namespace tandem
