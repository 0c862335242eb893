// The simulation's only source of chance: a seed, or a tape of what was drawn before. A tape may be
// cut and thinned out: where it has nothing, or kCalm, nothing befalls anybody.
#pragma once

#include <cstdint>
#include <vector>

namespace tandem::master_data {

class SimulationRandom {
 public:
  using Tape = std::vector<uint64_t>;
  static constexpr uint64_t kCalm = ~uint64_t{0};

  // With `tape`, chance is what stands there; with `record`, what is drawn is put there.
  explicit SimulationRandom(uint64_t seed, const Tape* tape = nullptr, Tape* record = nullptr)
      : state_(seed * 0x9E3779B97F4A7C15ULL + 1), tape_(tape), record_(record) {}

  uint64_t Next() {
    const uint64_t drawn = Draw();
    return drawn == kCalm ? 0 : drawn;
  }
  // 0 to n - 1.
  int Below(int n) { return static_cast<int>(Next() % static_cast<uint64_t>(n)); }
  bool Percent(int p) {
    const uint64_t drawn = Draw();
    return drawn == kCalm ? p >= 100 : static_cast<int>(drawn % 100) < p;
  }

 private:
  uint64_t Draw() {
    if (tape_ != nullptr) return at_ < tape_->size() ? (*tape_)[at_++] : kCalm;
    uint64_t drawn = SplitMix();
    if (drawn == kCalm) drawn = 0;
    if (record_ != nullptr) record_->push_back(drawn);
    return drawn;
  }
  uint64_t SplitMix() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

  uint64_t state_;
  const Tape* tape_;
  Tape* record_;
  size_t at_ = 0;
};

}  // namespace tandem::master_data
