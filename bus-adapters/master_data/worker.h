// The calls to one system, in batches, on a thread of their own, and its reconciliation, page by
// page. Calls are found as rows; the answers of one batch are committed while the next one is made.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "bus-adapters/master_data/runner_parts.h"
#include "platform/base/retry.h"

namespace tandem::master_data {

class Worker {
 public:
  Worker(const RunnerParts& parts, Connector& connector);

  void Start();
  void Stop();  // behind the answers that are on their way to the database
  void Wake(bool committed);
  const std::string& system() const { return system_; }
  // Waits until none of these copies is being written, or its answer taken, by this process: what
  // is told of them then is known already, where otherwise the record would have to keep it until
  // the answer. For a moment only: it saves a write, and is no rule.
  void AwaitWrites(const std::vector<std::string>& copies);
  std::string last_error() const;

 private:
  // What a round came to.
  struct Round {
    bool did = false;     // something was done: look again at once
    absl::Status failed;  // something is to be tried again, later
  };

  void Run();
  Round PerformCalls();
  void Push(const std::vector<const v1::CallUnderWay*>& calls,
            std::vector<store::Command>* commands, Round* round);
  void LookUp(const std::vector<const v1::CallUnderWay*>& calls,
              std::vector<store::Command>* commands, Round* round);
  void Answer(std::vector<store::Command> commands, std::vector<std::string> names,
              std::vector<std::string> copies);
  void AwaitAnswers();
  Round ReconcilePage();

  store::Command CommandOf(
      absl::string_view what,
      std::function<absl::StatusOr<std::string>(Context&, State&)> decide) const;
  store::Command AnswerOf(const v1::CallUnderWay& call, What what) const;
  store::Command AgainOf(const v1::CallUnderWay& call) const;

  const RunnerParts& parts_;
  Connector& connector_;
  const std::string system_;
  Backoff backoff_;
  std::thread thread_;
  mutable absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool early_ ABSL_GUARDED_BY(mutex_) = false;  // woken, maybe before the commit
  std::string last_error_ ABSL_GUARDED_BY(mutex_);
  // Calls that were made, whose answers are not committed yet; how many batches they are of; what
  // became of those whose answer was not taken.
  std::set<std::string> answering_ ABSL_GUARDED_BY(mutex_);
  int committing_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_set<std::string> writing_ ABSL_GUARDED_BY(mutex_);
  absl::Status answers_failed_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tandem::master_data
