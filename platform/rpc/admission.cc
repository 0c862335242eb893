#include "platform/rpc/admission.h"

#include <algorithm>
#include <utility>

#include "platform/base/check.h"
#include "platform/base/status.h"

namespace tandem::rpc {
namespace {

// What RetryInfo asks for: what waits now is done by then.
constexpr absl::Duration kRetryMin = absl::Milliseconds(100);
constexpr absl::Duration kRetryMax = absl::Seconds(5);

// So many waiting keep the server busy, in full batches.
constexpr size_t kBusy = 64;
constexpr absl::Duration kWindow = absl::Milliseconds(250);

}  // namespace

absl::Status Overloaded(absl::Duration retry_after) {
  absl::Status status = Refuse(absl::StatusCode::kResourceExhausted, "OVERLOADED",
                               "more is asked than can be answered in time");
  SetRetryDelay(&status, absl::ToInt64Milliseconds(std::clamp(retry_after, kRetryMin, kRetryMax)));
  return status;
}

Instant SteadyNow() { return std::chrono::steady_clock::now(); }

absl::Duration TimeAllowed(std::chrono::system_clock::time_point deadline,
                           std::chrono::system_clock::time_point now) {
  if (deadline == std::chrono::system_clock::time_point::max()) return kTimeAllowedDefault;
  return std::min(absl::FromChrono(deadline - now), kTimeAllowedMax);
}

absl::Status CheckTime(Instant until, Instant now) {
  if (now < until) return absl::OkStatus();
  return Refuse(absl::StatusCode::kDeadlineExceeded, "DEADLINE_PASSED",
                "the call's time was up before its turn came");
}

Admission::Admission(AdmissionOptions options) : options_(std::move(options)) {}

absl::StatusOr<Admission::Ticket> Admission::Enter(absl::Duration left, int patience) {
  const Instant now = options_.now();
  absl::MutexLock lock(&mutex_);
  Observe(now);
  const absl::Duration wait = WaitOf(now);
  if (wait > left || waiting_ >= options_.most ||
      (waiting_ >= options_.always && wait > options_.wait_max * patience)) {
    return Overloaded(wait);
  }
  entries_.push_back({now, false});
  ++waiting_;
  return first_ + entries_.size() - 1;
}

void Admission::Leave(Ticket ticket, bool served) {
  const Instant now = options_.now();
  absl::MutexLock lock(&mutex_);
  Observe(now);
  if (served && waiting_ >= kBusy) ++left_;
  const size_t index = ticket - first_;
  TANDEM_CHECK(index < entries_.size() && !entries_[index].gone, "a ticket leaves once");
  entries_[index].gone = true;
  --waiting_;
  while (!entries_.empty() && entries_.front().gone) {
    entries_.pop_front();
    ++first_;
  }
}

// The time since the last look counts if the server was busy in it. A window is long enough and has
// seen enough leave, so that a batch whose calls leave together does not stand for itself alone.
// What is faster than was thought is believed at once, what is slower by half: a stall is no pace.
void Admission::Observe(Instant now) {
  if (waiting_ >= kBusy) busy_ += absl::FromChrono(now - observed_);
  observed_ = now;
  if (busy_ < kWindow || left_ < static_cast<int64_t>(kBusy)) return;
  const absl::Duration each = busy_ / left_;
  each_ = each_ == absl::ZeroDuration() ? each : std::min(each, (each_ + each) / 2);
  busy_ = absl::ZeroDuration();
  left_ = 0;
}

// How long somebody who comes now will wait, as far as is known.
absl::Duration Admission::WaitOf(Instant now) const {
  if (entries_.empty()) return absl::ZeroDuration();
  return std::max(absl::FromChrono(now - entries_.front().since),
                  each_ * static_cast<int64_t>(waiting_));
}

size_t Admission::waiting() const {
  absl::MutexLock lock(&mutex_);
  return waiting_;
}

}  // namespace tandem::rpc
