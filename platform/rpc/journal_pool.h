// The readers of a journal that a process lends to whoever asks its event service: a few, so that a
// crowd of readers costs the database a few connections. A reader is given back when it is whole,
// and opened anew after an error, and after a while, so that nothing of an older database stays.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "platform/store/journal.h"

namespace tandem::rpc {

class JournalPool {
 public:
  using Open = std::function<absl::StatusOr<std::unique_ptr<store::JournalReader>>()>;

  // At most `readers` at a time, opened at need; `max_age` is how long one is used.
  explicit JournalPool(Open open, int readers = 3, absl::Duration max_age = absl::Seconds(30));

  // Runs `work` with a reader, for which it waits until `deadline`: RESOURCE_EXHAUSTED OVERLOADED
  // where none is free by then. `work` is run once; an error of it gives the reader up, except one
  // that says something of the request alone (INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE).
  absl::Status With(absl::Time deadline,
                    const std::function<absl::Status(store::JournalReader&)>& work);

  // Waits until something was committed after `position`, at most `timeout`. All who wait share one
  // reader, and what woke one is seen by the others.
  absl::StatusOr<bool> WaitBeyond(int64_t position, absl::Duration timeout);

 private:
  struct Reader {
    std::unique_ptr<store::JournalReader> journal;
    absl::Time opened;
  };

  const Open open_;
  const absl::Duration max_age_;
  absl::Mutex mutex_;
  int free_ ABSL_GUARDED_BY(mutex_);
  std::vector<Reader> idle_ ABSL_GUARDED_BY(mutex_);
  absl::Mutex tail_mutex_;
  std::shared_ptr<store::JournalReader> tail_ ABSL_GUARDED_BY(tail_mutex_);
  absl::Time tail_opened_ ABSL_GUARDED_BY(tail_mutex_);
};

}  // namespace tandem::rpc
