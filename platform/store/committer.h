// Gets a batch of commands committed, whatever fails on the way (DESIGN section 4, "When a batch
// fails"): runs units of work on one connection, again after conflicts, apart after constraint
// violations, and finds out what became of a commit that got no answer. Used by one thread.
//
// While others wait, a batch that memory could decide is committed behind that thread's back, by a
// thread of the committer's own, and the next is decided meanwhile, over what the one before will
// leave. It is committed only when that one holds; otherwise it is thrown away and decided again.
// So the commits of a writer stand in the order of their batches, and nobody is answered before
// what the answer rests on is durable.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
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
  struct Calls {  // from either thread
    // Gets each item once, when its outcome stands, and for good.
    std::function<void(absl::Span<Item* const>)> answer;
    // Before, what is left of the work: many messages, which may as well be freed by someone else.
    std::function<void(std::unique_ptr<UnitOfWork>)> retire;
    // Whether anybody waits for the next batch: then Run is called with it.
    std::function<bool()> others_wait;
  };
  Committer(Database& database, std::unique_ptr<Connection> connection, const Schema& schema,
            const WriterOptions& options, Calls calls);
  ~Committer();  // after Settle

  // In order; every item is answered when it returns, or will be when it is committed behind.
  void Run(std::vector<Item*> items);
  // Waits for what is committed behind; false where that failed: then it has been tried again.
  bool Settle();
  // From another thread: give up what waits for the database.
  void Stop() { stopping_ = true; }
  WriterStats stats() const;

 private:
  struct Tries {  // of the same items
    int conflicts = 0, reconnects = 0, guards = 0, uniques = 0;
    absl::Time first_conflict = absl::InfiniteFuture();
  };

  struct Batch {
    std::unique_ptr<UnitOfWork> unit;
    std::vector<Item*> items;  // the unit's
  };

  std::unique_ptr<UnitOfWork> NewUnit();
  // Where the connection is ours, it is `connected`. Answers with those who are left: to be run in
  // turn where there is a unit, which began with them, or failed.
  Batch RunFromMemory(std::vector<Item*> items, bool connected);
  void RunInTurn(Batch batch);
  bool Finish(Batch& batch);
  void Done(std::unique_ptr<UnitOfWork> unit, std::vector<Item*>& items);
  void CommitBehind();
  bool Busy() const;

  absl::Status Open();
  bool Open(UnitOfWork& unit);  // which fails with it
  void Rollback();
  // True when `items` are to be run again as they are; false when they have been answered.
  bool Again(const UnitOfWork& unit, std::vector<Item*>& items, Tries& tries, Backoff& backoff);
  bool AgainAfterConflict(Tries& tries, Backoff& backoff);
  bool AgainAfterConstraint(const Failed& failed, std::vector<Item*>& items, Tries& tries,
                            Backoff& backoff);
  bool AgainAfterUnknown(const UnitOfWork& unit, std::vector<Item*>& items, Tries& tries);
  absl::StatusOr<bool> WasCommitted(const UnitOfWork& unit);
  void Split(const std::vector<size_t>& blamed, const std::vector<Item*>& items);
  void Answer(std::vector<Item*>& items, size_t count);
  void RefuseAll(std::vector<Item*>& items, const absl::Status& why);
  void Pause(Backoff& backoff);
  bool MayTrust();
  bool Distrusted(const UnitOfWork& unit);

  Database& database_;
  const Schema& schema_;
  const WriterOptions options_;
  const Calls calls_;
  std::atomic<bool> stopping_ = false;

  RowMemory memory_;  // of the database that the connection leads to; not for the thread behind
  // After a batch that could not be decided from memory, so many are not tried so; and after
  // another twice as many.
  int trust_again_in_ = 0, trust_pause_ = 0;

  // The thread behind has these while it commits.
  const std::unique_ptr<Connection> connection_;
  bool open_ = false;  // a transaction is
  // A session lock by which the next connection knows that this one is gone for good.
  int64_t lock_key_;
  bool locked_ = false;

  mutable absl::Mutex mutex_;
  WriterStats stats_ ABSL_GUARDED_BY(mutex_);
  Batch behind_ ABSL_GUARDED_BY(mutex_);  // given to the thread behind; or came back, and failed
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace tandem::store
