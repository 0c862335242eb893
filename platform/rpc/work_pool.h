// A few threads for work that waits, so that gRPC's own never do. A full queue refuses.
#pragma once

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace tandem::rpc {

class WorkPool {
 public:
  explicit WorkPool(int threads, size_t queue_max = 10'000);
  ~WorkPool();  // finishes what is queued

  // RESOURCE_EXHAUSTED WORK_QUEUE_FULL, UNAVAILABLE SERVER_STOPPING.
  absl::Status Queue(std::function<void()> work);

 private:
  void Run();

  const size_t queue_max_;
  absl::Mutex mutex_;
  std::deque<std::function<void()>> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace tandem::rpc
