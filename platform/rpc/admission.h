// Bounds by time what waits for a writer or for the readers of a service, so that a crowd costs
// those who are served little. A number would not do: 2,000 waiting are nothing where 10,000 are
// served in a second, and a jam where it is 100.
//
// A call is let in while few wait, or while its wait is going to be short: neither has whoever
// waited longest waited too long, nor are there more than were served in that time when many
// waited, nor more than the queues behind hold. Beyond, it is refused at once: RESOURCE_EXHAUSTED
// OVERLOADED, with a RetryInfo. So the wait stays at the target however large the crowd is, and is
// gone when the crowd is. A call that would be reached only after its own deadline is refused too:
// work for nobody.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace tandem::rpc {

// Time that no one sets.
using Instant = std::chrono::steady_clock::time_point;
Instant SteadyNow();

// How long a call may take at all: until its deadline, 60 s at most; 10 s where it has none.
inline constexpr absl::Duration kTimeAllowedDefault = absl::Seconds(10);
inline constexpr absl::Duration kTimeAllowedMax = absl::Seconds(60);
absl::Duration TimeAllowed(std::chrono::system_clock::time_point deadline,
                           std::chrono::system_clock::time_point now);

// DEADLINE_EXCEEDED DEADLINE_PASSED where the time is up: what nobody waits for is not begun.
absl::Status CheckTime(Instant until, Instant now);

// RESOURCE_EXHAUSTED OVERLOADED, with a RetryInfo of so long, at least 100 ms and at most 5 s.
absl::Status Overloaded(absl::Duration retry_after);

struct AdmissionOptions {
  absl::Duration wait_max = absl::Seconds(1);
  size_t always = 512;  // so many may wait, however long it takes
  size_t most = 8'192;  // and no more, however short: the queues behind hold 10,000
  std::function<Instant()> now = SteadyNow;
};

class Admission {
 public:
  using Ticket = uint64_t;

  explicit Admission(AdmissionOptions options = {});

  // Lets a call with so much time left in. With a patience of 2, the others may have waited twice
  // as long: for what goes on with work that was begun, before new work.
  absl::StatusOr<Ticket> Enter(absl::Duration left, int patience = 1);
  // Once for each ticket: the call is reached, or answered. What was not done for it, for example
  // because its time was up, says nothing of how much can be done.
  void Leave(Ticket ticket, bool served = true);

  size_t waiting() const;

 private:
  struct Entry {
    Instant since;
    bool gone;
  };

  void Observe(Instant now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Duration WaitOf(Instant now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const AdmissionOptions options_;
  mutable absl::Mutex mutex_;
  std::deque<Entry> entries_ ABSL_GUARDED_BY(mutex_);  // by ticket; the first is not gone
  Ticket first_ ABSL_GUARDED_BY(mutex_) = 1;           // of entries_
  size_t waiting_ ABSL_GUARDED_BY(mutex_) = 0;

  // How fast calls leave while many wait: what can be served, which nobody knows while few do.
  Instant observed_ ABSL_GUARDED_BY(mutex_){};
  absl::Duration busy_ ABSL_GUARDED_BY(mutex_);  // of the present window
  int64_t left_ ABSL_GUARDED_BY(mutex_) = 0;     // in it
  absl::Duration each_ ABSL_GUARDED_BY(mutex_);  // between two that leave; 0: not known
};

}  // namespace tandem::rpc
