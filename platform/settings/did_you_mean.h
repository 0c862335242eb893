// The name someone may have meant.
#pragma once

#include <absl/strings/string_view.h>

#include <optional>
#include <string>
#include <vector>

namespace tandem::settings {

// The nearest of `names` by edits (insert, drop, replace, swap of neighbours), if at most a third
// of the typed name, and 4, had to change; the first of equals.
std::optional<std::string> DidYouMean(absl::string_view typed,
                                      const std::vector<std::string>& names);

}  // namespace tandem::settings
