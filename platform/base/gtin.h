// GTINs: the GS1 article numbers of 8, 12, 13 and 14 digits.
#pragma once

#include <absl/strings/string_view.h>

namespace tandem {

// Digits only, one of the four lengths, and the check digit right.
bool IsValidGtin(absl::string_view gtin);

}  // namespace tandem
