// Units of measure: the common codes of UN/ECE Recommendation 20, and the package codes of 21
// ("XBX"; "BX" too, as older editions had them). The usual ones, not all 2,000.
#pragma once

#include <absl/strings/string_view.h>

#include <optional>

namespace tandem {

bool IsKnownUnit(absl::string_view code);
std::optional<absl::string_view> UnitName(absl::string_view code);

}  // namespace tandem
