// The currencies of ISO 4217 and how many decimals their minor unit has. Current codes, and those
// withdrawn since 2020, since documents still bear them; not metals, test codes or "no currency".
#pragma once

#include <absl/strings/string_view.h>

#include <optional>

namespace tandem {

// None for what is not a currency code in upper case.
std::optional<int> CurrencyExponent(absl::string_view code);
bool IsKnownCurrency(absl::string_view code);

}  // namespace tandem
