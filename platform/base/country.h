// The countries of ISO 3166-1: alpha-2 codes in upper case and English short names.
#pragma once

#include <absl/strings/string_view.h>

#include <optional>

namespace tandem {

bool IsKnownCountry(absl::string_view alpha2);
// The English name people use: "Germany", "United Kingdom".
std::optional<absl::string_view> CountryName(absl::string_view alpha2);
// By English name or common short form ("USA", "UK"), whatever its case.
std::optional<absl::string_view> CountryByName(absl::string_view name);

}  // namespace tandem
