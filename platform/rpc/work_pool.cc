#include "platform/rpc/work_pool.h"

#include "platform/base/status.h"
#include "platform/base/thread_name.h"

namespace tandem::rpc {

WorkPool::WorkPool(int threads, size_t queue_max) : queue_max_(queue_max) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

WorkPool::~WorkPool() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

absl::Status WorkPool::Queue(std::function<void()> work) {
  absl::MutexLock lock(&mutex_);
  if (stopping_) {
    return Refuse(absl::StatusCode::kUnavailable, "SERVER_STOPPING", "the server is stopping");
  }
  if (queue_.size() >= queue_max_) {
    return Refuse(absl::StatusCode::kResourceExhausted, "WORK_QUEUE_FULL",
                  "too many calls are waiting");
  }
  queue_.push_back(std::move(work));
  return absl::OkStatus();
}

void WorkPool::Run() {
  NameThread("work pool");
  const auto ready = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !queue_.empty();
  };
  while (true) {
    std::function<void()> next;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&ready));
      if (queue_.empty()) return;  // stopping, and everybody is answered
      next = std::move(queue_.front());
      queue_.pop_front();
    }
    next();
  }
}

}  // namespace tandem::rpc
