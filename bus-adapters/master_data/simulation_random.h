// The simulation's only source of chance.
#pragma once

#include <cstdint>

namespace tandem::master_data {

class SimulationRandom {
 public:
  explicit SimulationRandom(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL + 1) {}

  // SplitMix64.
  uint64_t Next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  // 0 to n - 1.
  int Below(int n) { return static_cast<int>(Next() % static_cast<uint64_t>(n)); }
  bool Percent(int p) { return Below(100) < p; }

 private:
  uint64_t state_;
};

}  // namespace tandem::master_data
