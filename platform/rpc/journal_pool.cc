#include "platform/rpc/journal_pool.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/rpc/admission.h"

namespace tandem::rpc {
namespace {

constexpr absl::Duration kRetryAfter = absl::Milliseconds(200);

// Whether the reader that met this error is as good as before.
bool IsWhole(const absl::Status& status) {
  return status.ok() || status.code() == absl::StatusCode::kInvalidArgument ||
         status.code() == absl::StatusCode::kFailedPrecondition ||
         status.code() == absl::StatusCode::kOutOfRange;
}

}  // namespace

JournalPool::JournalPool(Open open, int readers, absl::Duration max_age)
    : open_(std::move(open)), max_age_(max_age), free_(std::max(readers, 1)) {}

absl::Status JournalPool::With(absl::Time deadline,
                               const std::function<absl::Status(store::JournalReader&)>& work) {
  Reader reader;
  {
    absl::MutexLock lock(&mutex_);
    const auto has_free = +[](int* free) { return *free > 0; };
    if (!mutex_.AwaitWithDeadline(absl::Condition(has_free, &free_), deadline)) {
      return Overloaded(kRetryAfter);
    }
    --free_;
    if (!idle_.empty()) {
      reader = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  absl::Status status;
  const absl::Time now = absl::Now();
  if (reader.journal == nullptr || now - reader.opened > max_age_) {
    reader.journal = nullptr;  // its connections first
    absl::StatusOr<std::unique_ptr<store::JournalReader>> opened = open_();
    status = opened.status();
    if (opened.ok()) reader = {*std::move(opened), now};
  }
  if (reader.journal != nullptr) status = work(*reader.journal);
  if (!IsWhole(status)) reader.journal = nullptr;
  absl::MutexLock lock(&mutex_);
  ++free_;
  if (reader.journal != nullptr) idle_.push_back(std::move(reader));
  return status;
}

absl::StatusOr<bool> JournalPool::WaitBeyond(int64_t position, absl::Duration timeout) {
  std::shared_ptr<store::JournalReader> tail;
  {
    absl::MutexLock lock(&tail_mutex_);
    const absl::Time now = absl::Now();
    if (tail_ == nullptr || now - tail_opened_ > max_age_) {
      // While it is opened others wait: they need it too.
      TANDEM_ASSIGN_OR_RETURN(tail_, open_());
      tail_opened_ = now;
    }
    tail = tail_;
  }
  absl::StatusOr<bool> beyond = tail->WaitBeyond(position, timeout);
  if (!beyond.ok()) {
    absl::MutexLock lock(&tail_mutex_);
    if (tail_ == tail) tail_ = nullptr;
  }
  return beyond;
}

}  // namespace tandem::rpc
