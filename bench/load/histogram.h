// Latencies in buckets less than 1 % wide, from a microsecond to days, in constant memory.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace tandem::bench {

class Histogram {
 public:
  void Add(int64_t micros);
  void Add(const Histogram& other);
  int64_t count() const { return count_; }
  // The smallest bucket's middle that holds the given share (0 to 1) of the values; 0 when empty.
  double Micros(double share) const;
  // {"count":…,"mean_us":…,"p50_us":…,"p90_us":…,"p99_us":…,"p999_us":…,"max_us":…}
  std::string Json() const;

 private:
  static constexpr int kBits = 7;  // 128 buckets for each power of two
  static constexpr int kBuckets = (44 - kBits) << kBits;
  std::array<int64_t, kBuckets> buckets_{};
  int64_t count_ = 0, sum_ = 0, max_ = 0;
};

}  // namespace tandem::bench
