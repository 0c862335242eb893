// Waiting for a fact, with a deadline: what tests do instead of sleeping.
#pragma once

#include <functional>

#include "absl/time/time.h"

namespace tandem::test {

// Long enough for a loaded machine; a fact that comes takes no longer for it.
inline constexpr absl::Duration kPatience = absl::Seconds(30);

// Asks every few milliseconds until `fact` is true; false when it is not by the deadline.
[[nodiscard]] bool WaitFor(const std::function<bool()>& fact, absl::Duration within = kPatience);

}  // namespace tandem::test
