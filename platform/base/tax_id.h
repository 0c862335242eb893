// Tax ids: what can be told about one without asking an office. The check digits of the VAT numbers
// of AT, BE, DE, ES, FR, GB, IT and NL; for every other country and scheme only that it is
// well-formed: 2 to 32 letters, digits and " -./", with a digit among them.
#pragma once

#include <absl/strings/string_view.h>

#include <string>

namespace tandem {

// `country` is ISO 3166-1 alpha-2, `scheme` what kind of number it is ("VAT" or "EU_VAT" for VAT
// numbers), `value` with or without the country's prefix, in any of the usual spellings.
bool IsValidTaxId(absl::string_view country, absl::string_view scheme, absl::string_view value);
// Upper case without separators, as two spellings of one id are compared; the country's VAT prefix
// dropped for VAT schemes.
std::string NormaliseTaxId(absl::string_view country, absl::string_view scheme,
                           absl::string_view value);

}  // namespace tandem
