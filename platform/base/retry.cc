#include "platform/base/retry.h"

#include <algorithm>

namespace tandem {
namespace {

// SplitMix64: small, seedable, good enough to spread delays.
uint64_t NextRandom(uint64_t* state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

Backoff::Backoff(int64_t base_ms, int64_t max_ms, uint64_t seed)
    : base_ms_(std::max<int64_t>(base_ms, 1)),
      max_ms_(std::max(max_ms, base_ms_)),
      ceiling_ms_(base_ms_),
      state_(seed) {}

int64_t Backoff::NextMs() {
  const int64_t delay = ceiling_ms_;
  ceiling_ms_ = ceiling_ms_ > max_ms_ / 2 ? max_ms_ : ceiling_ms_ * 2;
  const int64_t random_part = delay / 2;
  const uint64_t random = NextRandom(&state_) % static_cast<uint64_t>(random_part + 1);
  return delay - random_part + static_cast<int64_t>(random);
}

}  // namespace tandem
