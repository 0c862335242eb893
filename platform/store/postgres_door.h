// What all connections for one purpose to one database know of its server: whether it lets anybody
// in. While it does not, one of them at a time tries, and later each time; the others are told at once what the
// last one was told. Otherwise every thread of every process would knock without a pause, and a
// server that recovers would spend its time on turning them away. Thread-safe. Private to the
// PostgreSQL driver.
#pragma once

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "platform/base/retry.h"
#include "platform/store/database.h"
#include "platform/store/postgres_session.h"

namespace tandem::store {

class PostgresDoor {
 public:
  // The pauses between two attempts while nobody gets in.
  static constexpr int64_t kPauseMinMs = 10, kPauseMaxMs = 250;

  PostgresDoor(std::string conninfo, Purpose purpose);

  // As PostgresSession::Open; during a pause the failure before it.
  absl::StatusOr<std::unique_ptr<PostgresSession>> Enter();
  Purpose purpose() const { return purpose_; }

 private:
  // OK: try. An attempt that takes long does not keep the next one from being made.
  absl::Status Ask();
  void Tell(const absl::Status& status);

  const std::string conninfo_;
  const Purpose purpose_;
  absl::Mutex mutex_;
  Backoff backoff_ ABSL_GUARDED_BY(mutex_);
  absl::Status last_ ABSL_GUARDED_BY(mutex_);  // OK while the server lets us in
  absl::Time next_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace tandem::store
