// When calls begin. Closed loop: so many at a time, the next one when one is done. Open loop: so
// many a second, whatever is under way, each at its own moment; latency counts from that moment,
// also when the generator or the server was late (no coordinated omission).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "bench/load/caller.h"
#include "bench/load/modes.h"

namespace tandem::bench {

class Pace {
 public:
  explicit Pace(const Flags& flags);

  // Begins calls until the time is up; `start(i, intended)` begins the i-th, meant for the moment
  // `intended` (NowNanos). Closed loop: returns at once at the end of the time, with calls still
  // under way. At most `count` calls where that is given.
  void Run(const std::function<void(int64_t i, int64_t intended)>& start);
  // One is done; in a closed loop the next one begins, on this thread.
  void Done();
  // Waits until all are done, at most so long; how many are not.
  int64_t Drain(double seconds);

  int64_t began() const { return began_; }
  int64_t done() const { return done_; }
  double seconds() const { return static_cast<double>(end_ - begin_) / 1e9; }
  // Whether a moment lies in what is measured.
  bool Within(int64_t nanos) const { return nanos <= end_; }
  int64_t begin_nanos() const { return begin_; }

 private:
  void Next();
  const int64_t in_flight_, count_;
  const double rate_;
  const int64_t length_;
  std::function<void(int64_t, int64_t)> start_;
  int64_t begin_ = 0;
  std::atomic<int64_t> end_{0}, began_{0}, done_{0};
};

}  // namespace tandem::bench
