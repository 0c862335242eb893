#include "platform/store/committer.h"

#include <algorithm>
#include <random>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "platform/base/fault.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/base/thread_name.h"

namespace tandem::store {
namespace {

// Conflicts that come of waiting for a lock take seconds each: others wait behind this batch.
constexpr absl::Duration kConflictPatience = absl::Seconds(10);
// A request id or version that another replica took: loading again sees it. More often than this
// in a row, and it is not a race.
constexpr int kGuardTries = 3;
// Batches; a try that fails costs what it decided.
constexpr int kTrustPauseMax = 64;

uint64_t Random64() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  return random();
}

int64_t NewLockKey() { return static_cast<int64_t>(Random64() >> 2); }

// PostgreSQL's 23505 and SQLite's UNIQUE, PRIMARYKEY and ROWID.
bool IsUniqueViolation(const absl::Status& status) {
  for (absl::string_view mark : {"error 23505", "error 2067", "error 1555", "error 2579"}) {
    if (absl::StrContains(status.message(), mark)) return true;
  }
  return false;
}

// What a command is told that alone, twice, met a constraint.
absl::Status ConstraintAnswer(const Failed& failed) {
  const std::string constraint = ErrorOf(failed.status).constraint;
  const absl::string_view message = failed.status.message();
  absl::Status status;
  if (failed.failure == Failure::kBug) {  // a value that cannot be kept, or a defect
    if (ReasonOf(failed.status) != "STORE_DEFECT") return failed.status;
    status = Refuse(absl::StatusCode::kInternal, "STORE_DEFECT", message);
  } else if (failed.part == Failed::Part::kLoad) {
    status = Refuse(absl::StatusCode::kInvalidArgument, "STORE_VALUE_INVALID", message);
  } else if (failed.part == Failed::Part::kGuard) {
    status = Refuse(absl::StatusCode::kAborted, "STORE_CONFLICT", message);
  } else if (IsUniqueViolation(failed.status)) {
    status = Refuse(absl::StatusCode::kAlreadyExists, "STORE_UNIQUE_VIOLATION",
                    absl::StrCat("something else has this key already (", constraint, ")"));
  } else {
    status = Refuse(absl::StatusCode::kInternal, "STORE_CONSTRAINT",
                    absl::StrCat("the database refused the change: ", message));
  }
  if (!constraint.empty()) AddMetadata(&status, "constraint", constraint);
  return status;
}

}  // namespace

Committer::Committer(Database& database, std::unique_ptr<Connection> connection,
                     const Schema& schema, const WriterOptions& options, Calls calls)
    : database_(database),
      schema_(schema),
      options_(options),
      calls_(std::move(calls)),
      connection_(std::move(connection)),
      lock_key_(NewLockKey()),
      thread_([this] { CommitBehind(); }) {}

Committer::~Committer() {
  {
    absl::MutexLock lock(&mutex_);
    ended_ = true;
  }
  thread_.join();
}

WriterStats Committer::stats() const {
  absl::MutexLock lock(&mutex_);
  return stats_;
}

std::unique_ptr<UnitOfWork> Committer::NewUnit() {
  return std::make_unique<UnitOfWork>(database_, *connection_, schema_, options_, memory_);
}

void Committer::Run(std::vector<Item*> items) {
  Batch batch{nullptr, std::move(items)};
  do {
    const bool from_memory = MayTrust();
    const bool connected = !from_memory || !Busy();
    if (connected) (void)Settle();
    if (from_memory) batch = RunFromMemory(std::move(batch.items), connected);
    if (!from_memory || batch.unit != nullptr) return RunInTurn(std::move(batch));
  } while (!batch.items.empty());
}

Committer::Batch Committer::RunFromMemory(std::vector<Item*> items, bool connected) {
  Batch batch{NewUnit(), std::move(items)};
  UnitOfWork& unit = *batch.unit;
  absl::StatusOr<bool> decided = false;
  if (!connected || Open(unit)) decided = unit.DecideFromMemory(batch.items, connected);
  // Or it was decided over what did not come about.
  if (!Settle()) return {NewUnit(), std::move(batch.items)};
  if (!decided.ok() || !*decided) return batch;

  std::vector<Item*> rest(batch.items.begin() + static_cast<std::ptrdiff_t>(unit.taken()),
                          batch.items.end());
  batch.items.resize(unit.taken());
  unit.Remember();
  if (calls_.others_wait()) {
    absl::MutexLock lock(&mutex_);
    behind_ = std::move(batch);
    busy_ = true;
  } else if (!Finish(batch)) {
    unit.Forget();
    RunInTurn(std::move(batch));
  }
  return {nullptr, std::move(rest)};
}

// On either thread. On an error the batch is as it was.
bool Committer::Finish(Batch& batch) {
  if (!Open(*batch.unit) || !batch.unit->Commit().ok()) return false;
  Done(std::move(batch.unit), batch.items);
  return true;
}

// Answers those of the items whose outcome stands.
void Committer::Done(std::unique_ptr<UnitOfWork> unit, std::vector<Item*>& items) {
  open_ = false;
  if (unit->trusting()) trust_pause_ = 0;
  if (unit->committed()) {
    absl::MutexLock lock(&mutex_);
    ++stats_.commits;
    stats_.trusted += unit->trusting();
  }
  const size_t taken = unit->taken();
  calls_.retire(std::move(unit));
  Answer(items, taken);
}

void Committer::CommitBehind() {
  NameThread("committer");
  absl::MutexLock lock(&mutex_);
  for (;;) {
    mutex_.Await(absl::Condition(
        +[](Committer* self) {
          self->mutex_.AssertReaderHeld();
          return self->busy_ || self->ended_;
        },
        this));
    if (!busy_) return;
    Batch batch = std::move(behind_);
    mutex_.Unlock();
    const bool done = Finish(batch);
    mutex_.Lock();
    if (!done) behind_ = std::move(batch);
    busy_ = false;
  }
}

bool Committer::Busy() const {
  absl::MutexLock lock(&mutex_);
  return busy_;
}

bool Committer::Settle() {
  Batch failed;
  {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](bool* busy) { return !*busy; }, &busy_));
    failed = std::exchange(behind_, Batch());
  }
  if (failed.unit == nullptr) return true;
  failed.unit->Forget();
  RunInTurn(std::move(failed));
  return false;
}

// Asks the database first. The unit that came with them may have failed already.
void Committer::RunInTurn(Batch batch) {
  std::vector<Item*>& items = batch.items;
  Tries tries;
  Backoff backoff(2, 250, Random64());
  while (!items.empty()) {
    auto unit = batch.unit == nullptr ? NewUnit() : std::move(batch.unit);
    if (unit->failed().status.ok() && Open(*unit) && unit->Run(items).ok()) {
      unit->Remember();
      Done(std::move(unit), items);
      tries = Tries();
      backoff.Reset();
    } else if (Distrusted(*unit)) {
      Rollback();
    } else if (!Again(*unit, items, tries, backoff)) {
      return;
    }
  }
}

bool Committer::MayTrust() {
  if (trust_again_in_ == 0) return true;
  --trust_again_in_;
  return false;
}

// Whether the same may go well where the database is asked first.
bool Committer::Distrusted(const UnitOfWork& unit) {
  const Failure failure = unit.failed().failure;
  // A request id may be taken, and its command have been answered before.
  const bool by_chance = failure == Failure::kConstraint || failure == Failure::kBug;
  if (!unit.distrusted() && !(unit.trusting() && by_chance)) return false;
  trust_pause_ = std::min(std::max(1, 2 * trust_pause_), kTrustPauseMax);
  trust_again_in_ = trust_pause_;
  return true;
}

// An open transaction on a connection that holds our lock.
absl::Status Committer::Open() {
  if (open_) return absl::OkStatus();
  TANDEM_RETURN_IF_ERROR(connection_->Begin());
  open_ = true;
  if (locked_) return absl::OkStatus();
  TANDEM_ASSIGN_OR_RETURN(locked_, connection_->TryLock(lock_key_));
  while (!locked_) {  // by chance, or a connection of ours that is not gone yet
    lock_key_ = NewLockKey();
    TANDEM_ASSIGN_OR_RETURN(locked_, connection_->TryLock(lock_key_));
  }
  return absl::OkStatus();
}

void Committer::Rollback() {
  connection_->Rollback();
  open_ = false;
}

bool Committer::Open(UnitOfWork& unit) {
  const absl::Status opened = Open();
  if (!opened.ok()) unit.FailToBegin(opened);
  return opened.ok();
}

void Committer::Answer(std::vector<Item*>& items, size_t count) {
  {
    absl::MutexLock lock(&mutex_);
    stats_.commands += static_cast<int64_t>(count);
    for (size_t i = 0; i < count; ++i) {
      stats_.refused += items[i]->how == Item::How::kRefused;
      stats_.replayed += items[i]->how == Item::How::kReplayed;
    }
  }
  calls_.answer(absl::MakeSpan(items).first(count));
  items.erase(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(count));
}

void Committer::RefuseAll(std::vector<Item*>& items, const absl::Status& why) {
  for (Item* item : items) {
    item->how = Item::How::kRefused;
    item->outcome = why;
  }
  Answer(items, items.size());
}

void Committer::Pause(Backoff& backoff) { absl::SleepFor(absl::Milliseconds(backoff.NextMs())); }

bool Committer::Again(const UnitOfWork& unit, std::vector<Item*>& items, Tries& tries,
                      Backoff& backoff) {
  const Failed failed = unit.failed();
  Rollback();
  // Behind a lost connection may be another database, or this one as it was once.
  if (failed.failure == Failure::kUnavailable || failed.failure == Failure::kCommitUnknown) {
    memory_.Clear();
  }
  switch (failed.failure) {
    case Failure::kConflict:
      if (AgainAfterConflict(tries, backoff)) return true;
      break;
    case Failure::kUnavailable:
      locked_ = false;
      // A connection that broke while it was idle says so now; the next one may be well.
      if (++tries.reconnects == 1 && !stopping_) return true;
      break;
    case Failure::kCommitUnknown:
      return AgainAfterUnknown(unit, items, tries);
    case Failure::kFull:
      break;
    case Failure::kConstraint:
    case Failure::kBug:
      return AgainAfterConstraint(failed, items, tries, backoff);
  }
  RefuseAll(items, failed.status);
  return false;
}

bool Committer::AgainAfterConflict(Tries& tries, Backoff& backoff) {
  {
    absl::MutexLock lock(&mutex_);
    ++stats_.conflicts;
  }
  const absl::Time now = absl::Now();
  tries.first_conflict = std::min(tries.first_conflict, now);
  if (stopping_ || ++tries.conflicts > options_.conflict_retries_max ||
      now - tries.first_conflict > kConflictPatience) {
    return false;
  }
  Pause(backoff);
  return true;
}

bool Committer::AgainAfterConstraint(const Failed& failed, std::vector<Item*>& items, Tries& tries,
                                     Backoff& backoff) {
  if (failed.part == Failed::Part::kGuard && ++tries.guards <= kGuardTries) {
    Pause(backoff);
    return true;
  }
  if (items.size() > 1) {
    Split(failed.blamed, items);
    items.clear();
    return false;
  }
  // What another has committed meanwhile under the key, Decide sees when it runs again.
  if (failed.part == Failed::Part::kRow && IsUniqueViolation(failed.status) &&
      ++tries.uniques == 1) {
    return true;
  }
  RefuseAll(items, ConstraintAnswer(failed));
  return false;
}

// Those before, the blamed (with what is between them), those behind: the order stays, which the
// events of one lane in a group rely on. Where nobody is named, or all are, halves.
void Committer::Split(const std::vector<size_t>& blamed, const std::vector<Item*>& items) {
  {
    absl::MutexLock lock(&mutex_);
    ++stats_.split;
  }
  TANDEM_FAILPOINT("store.before_split");
  size_t first = items.size() / 2;
  size_t last = items.size();
  if (!blamed.empty()) {
    const auto [low, high] = std::minmax_element(blamed.begin(), blamed.end());
    if (*high - *low + 1 < items.size()) {
      first = *low;
      last = *high + 1;
    }
  }
  const auto begin = items.begin();
  const auto at = [&](size_t i) { return begin + static_cast<std::ptrdiff_t>(i); };
  RunInTurn({nullptr, {begin, at(first)}});
  RunInTurn({nullptr, {at(first), at(last)}});
  RunInTurn({nullptr, {at(last), items.end()}});
}

bool Committer::AgainAfterUnknown(const UnitOfWork& unit, std::vector<Item*>& items, Tries& tries) {
  const absl::Status unknown = unit.failed().status;
  TANDEM_FAILPOINT("store.commit_unknown");
  absl::StatusOr<bool> committed = WasCommitted(unit);
  Rollback();
  if (TANDEM_PLANTED("unknown_is_committed")) committed = true;
  if (committed.ok() && *committed) {
    {
      absl::MutexLock lock(&mutex_);
      ++stats_.commits;
    }
    database_.AfterCommit(options_.source);
    Answer(items, unit.taken());
    tries = Tries();
    return true;  // those that did not fit
  }
  if (committed.ok() && ++tries.reconnects == 1 && !stopping_) return true;
  RefuseAll(items, unknown);
  return false;
}

// True and false are certain: the lock of the lost connection can be had only when its session, and
// with it whatever it was doing, has ended.
absl::StatusOr<bool> Committer::WasCommitted(const UnitOfWork& unit) {
  locked_ = false;
  Backoff backoff(5, 500, Random64());
  const absl::Time deadline = absl::Now() + options_.unknown_patience;
  absl::Status last = absl::DeadlineExceededError("the lost session did not end");
  while (absl::Now() < deadline && !stopping_) {
    Rollback();
    absl::Status begun = connection_->Begin();
    open_ = begun.ok();
    if (begun.ok()) {
      absl::StatusOr<bool> gone = connection_->TryLock(lock_key_);
      if (gone.ok() && *gone) {
        absl::StatusOr<bool> there = unit.IsThere(*connection_);
        if (there.ok() || absl::IsNotFound(there.status())) {
          locked_ = true;
          return there;
        }
        last = there.status();
      } else if (!gone.ok()) {
        last = gone.status();
      }
    } else {
      last = begun;
    }
    Pause(backoff);
  }
  return last;
}

}  // namespace tandem::store
