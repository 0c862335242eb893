#include "bench/load/histogram.h"

#include <algorithm>
#include <bit>
#include <cstdio>

namespace tandem::bench {

void Histogram::Add(int64_t micros) {
  const uint64_t value = static_cast<uint64_t>(std::max<int64_t>(micros, 0));
  // Values below 256 have a bucket each; above, the seven bits behind the first one count.
  const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - 1 - kBits);
  const uint64_t bucket = (static_cast<uint64_t>(shift) << kBits) + (value >> shift);
  ++buckets_[std::min<uint64_t>(bucket, kBuckets - 1)];
  ++count_;
  sum_ += static_cast<int64_t>(value);
  max_ = std::max(max_, static_cast<int64_t>(value));
}

void Histogram::Add(const Histogram& other) {
  for (int i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  max_ = std::max(max_, other.max_);
}

double Histogram::Micros(double share) const {
  const auto wanted =
      std::max<int64_t>(1, static_cast<int64_t>(share * static_cast<double>(count_) + 0.5));
  int64_t seen = 0;
  for (int i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen < wanted) continue;
    const int shift = i < 2 << kBits ? 0 : (i >> kBits) - 1;
    const int64_t low = static_cast<int64_t>(i - (shift << kBits)) << shift;
    return std::min(static_cast<double>(max_),
                    static_cast<double>(low) + (static_cast<double>(1LL << shift) - 1) / 2);
  }
  return 0;
}

std::string Histogram::Json() const {
  char text[256];
  std::snprintf(text, sizeof text,
                "{\"count\": %lld, \"mean_us\": %.1f, \"p50_us\": %.1f, \"p90_us\": %.1f, "
                "\"p99_us\": %.1f, \"p999_us\": %.1f, \"max_us\": %lld}",
                static_cast<long long>(count_),
                count_ == 0 ? 0.0 : static_cast<double>(sum_) / static_cast<double>(count_),
                Micros(0.5), Micros(0.9), Micros(0.99), Micros(0.999),
                static_cast<long long>(max_));
  return text;
}

}  // namespace tandem::bench
