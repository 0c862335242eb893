// What is known of the events that are about to be applied: each one's state, made once, though its
// command may run several times; and where many are of copies that are new here, as on a first
// load, what those would be asked for one by one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "bus-adapters/master_data/runner_parts.h"
#include "bus-adapters/master_data/worker.h"
#include "platform/bus/subscription.h"

namespace tandem::master_data {

class Sight {
 public:
  struct Seen {
    v1::State state;
    std::string record_id;  // of a copy that is known already
    LookedUp known;
  };

  Sight(const RunnerParts& parts, Connector& connector, Worker& worker)
      : parts_(parts), connector_(connector), worker_(worker) {}

  void LookAt(absl::Span<const bus::Envelope* const> events);  // the subscription's thread alone
  std::shared_ptr<const Seen> Of(const bus::Envelope& event) const;  // null: not looked at

 private:
  using ByEvent = absl::flat_hash_map<std::string, std::shared_ptr<Seen>>;

  absl::Status LookUp(const std::vector<Seen*>& first);
  absl::Status Match(const std::vector<Seen*>& fresh);
  std::vector<v1::GroupValue> IdentifiersIn(const v1::State& state) const;

  const RunnerParts& parts_;
  Connector& connector_;
  Worker& worker_;
  absl::Time not_before_ = absl::InfinitePast();
  mutable absl::Mutex mutex_;
  std::shared_ptr<const ByEvent> by_event_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tandem::master_data
