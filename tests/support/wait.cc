#include "tests/support/wait.h"

#include "absl/time/clock.h"

namespace tandem::test {

bool WaitFor(const std::function<bool()>& fact, absl::Duration within) {
  constexpr absl::Duration kBetween = absl::Milliseconds(5);
  const absl::Time deadline = absl::Now() + within;
  while (!fact()) {
    if (absl::Now() >= deadline) return false;
    absl::SleepFor(kBetween);
  }
  return true;
}

}  // namespace tandem::test
