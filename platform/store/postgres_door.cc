#include "platform/store/postgres_door.h"

#include <random>
#include <utility>

#include "absl/time/clock.h"

namespace tandem::store {

PostgresDoor::PostgresDoor(std::string conninfo, Purpose purpose)
    : conninfo_(std::move(conninfo)),
      purpose_(purpose),
      backoff_(kPauseMinMs, kPauseMaxMs, std::random_device()()) {}

absl::StatusOr<std::unique_ptr<PostgresSession>> PostgresDoor::Enter() {
  if (absl::Status closed = Ask(); !closed.ok()) return closed;
  absl::StatusOr<std::unique_ptr<PostgresSession>> session =
      PostgresSession::Open(conninfo_, purpose_);
  Tell(session.status());
  return session;
}

absl::Status PostgresDoor::Ask() {
  absl::MutexLock lock(&mutex_);
  if (last_.ok()) return absl::OkStatus();
  const absl::Time now = absl::Now();
  if (now < next_) return last_;
  next_ = now + absl::Milliseconds(backoff_.NextMs());
  return absl::OkStatus();
}

void PostgresDoor::Tell(const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  if (status.ok()) {
    backoff_.Reset();
  } else if (last_.ok()) {  // the first to be turned away; the others' pauses began as they tried
    next_ = absl::Now() + absl::Milliseconds(backoff_.NextMs());
  }
  last_ = status;
}

}  // namespace tandem::store
