// How long to wait before trying again: doubling from `base_ms` to `max_ms`, half of each delay
// random, so that those who failed together do not come back together.
#pragma once

#include <cstdint>

namespace tandem {

class Backoff {
 public:
  // 1 ≤ base_ms ≤ max_ms (what is outside is brought inside). The same seed gives the same delays.
  Backoff(int64_t base_ms, int64_t max_ms, uint64_t seed);

  // The n-th delay d is base × 2^(n−1), at most max; the answer lies in [d − d/2, d].
  int64_t NextMs();
  // After a success: start from the base again.
  void Reset() { ceiling_ms_ = base_ms_; }

 private:
  int64_t base_ms_;
  int64_t max_ms_;
  int64_t ceiling_ms_;
  uint64_t state_;
};

}  // namespace tandem
