// Units of measure: the common codes of UN/ECE Recommendation 20 and of its package codes (21).
#pragma once

#include <absl/strings/string_view.h>

#include <optional>

namespace tandem {

bool IsKnownUnit(absl::string_view code);
std::optional<absl::string_view> UnitName(absl::string_view code);

}  // namespace tandem
