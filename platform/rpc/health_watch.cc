#include "platform/rpc/health_watch.h"

#include <cstdio>
#include <utility>

#include "absl/status/status.h"
#include "platform/base/thread_name.h"

namespace tandem::rpc {
namespace {

// What is there in every migrated database of ours.
constexpr absl::string_view kHead = "SELECT position FROM journal_head";

}  // namespace

HealthWatch::HealthWatch(std::vector<store::Database*> databases, std::function<void(bool)> told,
                         absl::Duration interval)
    : told_(std::move(told)), interval_(interval) {
  for (store::Database* database : databases) watched_.push_back({database, nullptr});
  thread_ = std::thread([this] { Run(); });
}

HealthWatch::~HealthWatch() {
  stopping_.Notify();
  thread_.join();
}

absl::Status HealthWatch::Ask(Watched& watched) {
  if (watched.connection == nullptr) {
    auto connection = watched.database->Connect(store::Purpose::kRead);
    if (!connection.ok()) return connection.status();
    watched.connection = *std::move(connection);
  }
  const store::Query head{kHead, {}};
  absl::Status status = watched.connection->Run({&head, 1}).status();
  if (!status.ok()) watched.connection.reset();
  return status;
}

void HealthWatch::Run() {
  NameThread("health watch");
  bool serving = true;
  while (!stopping_.WaitForNotificationWithTimeout(interval_)) {
    absl::Status status;
    for (Watched& watched : watched_) {
      absl::Status asked = Ask(watched);
      // A connection that broke while it was idle says so now; the next one may be well.
      if (!asked.ok()) asked = Ask(watched);
      status.Update(asked);
    }
    if (status.ok() == serving) continue;
    serving = status.ok();
    std::fprintf(stderr, serving ? "serving again: %s\n" : "not serving: %s\n",
                 serving ? "the database answers" : status.ToString().c_str());
    told_(serving);
  }
}

}  // namespace tandem::rpc
