// Gets a batch of commands committed, whatever fails on the way (DESIGN section 4, "When a batch
// fails"): runs units of work on one connection, again after conflicts, apart after constraint
// violations, and finds out what became of a commit that got no answer. Used by one thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/base/retry.h"
#include "platform/store/database.h"
#include "platform/store/row_memory.h"
#include "platform/store/unit_of_work.h"
#include "platform/store/writer.h"

namespace tandem::store {

class Committer {
 public:
  using Answer = std::function<void(absl::Span<Item* const>)>;
  using Retire = std::function<void(std::unique_ptr<UnitOfWork>)>;

  // `answer` gets each item once, when its outcome stands, and for good; `retire`, before, what is
  // left of the work: many messages, which may as well be freed by someone else.
  Committer(Database& database, std::unique_ptr<Connection> connection, const Schema& schema,
            const WriterOptions& options, Answer answer, Retire retire);

  // In order; every item is answered when it returns.
  void Run(std::vector<Item*> items);
  // From another thread: give up what waits for the database.
  void Stop() { stopping_ = true; }
  WriterStats stats() const;

 private:
  struct Tries {  // of the same items
    int conflicts = 0, reconnects = 0, guards = 0, uniques = 0;
    absl::Time first_conflict = absl::InfiniteFuture();
  };

  absl::Status Open();
  absl::Status Try(UnitOfWork& unit, absl::Span<Item* const> items);
  // True when `items` are to be run again as they are; false when they have been answered.
  bool Again(const UnitOfWork& unit, std::vector<Item*>& items, Tries& tries, Backoff& backoff);
  bool AgainAfterConflict(Tries& tries, Backoff& backoff);
  bool AgainAfterConstraint(const Failed& failed, std::vector<Item*>& items, Tries& tries,
                            Backoff& backoff);
  bool AgainAfterUnknown(const UnitOfWork& unit, std::vector<Item*>& items, Tries& tries);
  absl::StatusOr<bool> WasCommitted(const UnitOfWork& unit);
  void Split(const std::vector<size_t>& blamed, const std::vector<Item*>& items);
  void Settle(std::vector<Item*>& items, size_t count);
  void RefuseAll(std::vector<Item*>& items, const absl::Status& why);
  void Pause(Backoff& backoff);
  bool MayTrust();
  bool Distrusted(const UnitOfWork& unit);

  Database& database_;
  const std::unique_ptr<Connection> connection_;
  const Schema& schema_;
  const WriterOptions options_;
  const Answer answer_;
  const Retire retire_;
  std::atomic<bool> stopping_ = false;

  RowMemory memory_;  // of the database that the connection leads to
  // After a batch that could not be decided from memory, so many are not tried so; and after
  // another twice as many.
  int trust_again_in_ = 0, trust_pause_ = 0;

  // A session lock by which the next connection knows that this one is gone for good.
  int64_t lock_key_;
  bool locked_ = false;

  mutable absl::Mutex mutex_;
  WriterStats stats_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tandem::store
