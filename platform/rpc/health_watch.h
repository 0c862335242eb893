// Whether a process can do its work: its databases answer, migrated as it needs them. Asked every
// second, on connections and a thread of its own; `told` hears each change, the first time when a
// database does not answer. A broker that is away changes nothing: what is committed meanwhile is
// told later.
#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "platform/store/database.h"

namespace tandem::rpc {

class HealthWatch {
 public:
  // The databases outlive it.
  HealthWatch(std::vector<store::Database*> databases, std::function<void(bool serving)> told,
              absl::Duration interval = absl::Seconds(1));
  ~HealthWatch();

 private:
  struct Watched {
    store::Database* database;
    std::unique_ptr<store::Connection> connection;
  };

  static absl::Status Ask(Watched& watched);
  void Run();

  std::vector<Watched> watched_;
  const std::function<void(bool)> told_;
  const absl::Duration interval_;
  absl::Notification stopping_;
  std::thread thread_;
};

}  // namespace tandem::rpc
