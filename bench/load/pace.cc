#include "bench/load/pace.h"

#include <algorithm>
#include <limits>

namespace tandem::bench {
namespace {

constexpr int64_t kMilli = 1'000'000;
constexpr int64_t kOpenMax = 100'000;  // under way in an open loop: beyond, the server is lost

}  // namespace

Pace::Pace(const Flags& flags)
    : in_flight_(static_cast<int64_t>(flags.Number("in-flight", 1))),
      count_(static_cast<int64_t>(
          flags.Number("count", static_cast<double>(std::numeric_limits<int32_t>::max())))),
      rate_(flags.Number("rate", 0)),
      length_(static_cast<int64_t>(flags.Number("seconds", 86'400) * 1e9)) {}

void Pace::Next() {
  const int64_t now = NowNanos();
  if (now >= begin_ + length_) return;
  const int64_t i = began_.fetch_add(1);
  if (i >= count_) {
    began_.fetch_sub(1);
    return;
  }
  start_(i, now);
}

void Pace::Run(const std::function<void(int64_t, int64_t)>& start) {
  start_ = start;
  begin_ = NowNanos();
  end_ = begin_ + length_;
  TellBegin();
  if (rate_ > 0) {
    for (int64_t i = 0; i < count_; ++i) {
      const int64_t intended = begin_ + static_cast<int64_t>(static_cast<double>(i) / rate_ * 1e9);
      if (intended >= end_) break;
      while (began_ - done_ >= kOpenMax && NowNanos() < end_) SleepUntil(NowNanos() + kMilli);
      SleepUntil(intended);
      ++began_;
      start_(i, intended);
    }
    if (began_ >= count_) Drain(600);
  } else {
    for (int64_t i = 0; i < in_flight_; ++i) Next();
    while (NowNanos() < end_ && done_ < count_) {
      SleepUntil(std::min(end_.load(), NowNanos() + kMilli));
    }
  }
  if (const int64_t now = NowNanos(); now < end_) {
    end_ = now;
  } else if (rate_ > 0) {
    SleepUntil(end_);
  }
  TellEnd();
}

void Pace::Done() {
  ++done_;
  if (rate_ == 0) Next();
}

int64_t Pace::Drain(double seconds) {
  const int64_t until = NowNanos() + static_cast<int64_t>(seconds * 1e9);
  while (done_ < began_ && NowNanos() < until) SleepUntil(NowNanos() + kMilli);
  return began_ - done_;
}

}  // namespace tandem::bench
