// Where a subscription's events come from: a journal read in this process, or Kafka with the
// source's event stream to fill gaps from. A feed may repeat, re-order across lanes and skip; the
// runner's cursors make up for it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "platform/bus/subscription.h"

namespace tandem::bus {

struct LaneId {
  std::string topic;
  int lane = 0;
  friend bool operator<(const LaneId& a, const LaneId& b) {
    return std::tie(a.topic, a.lane) < std::tie(b.topic, b.lane);
  }
  friend bool operator==(const LaneId&, const LaneId&) = default;
};

struct SourceHeads {
  std::string incarnation;
  int64_t head = 0;
  std::map<LaneId, int64_t> lanes;
};

struct FeedBatch {
  std::vector<Envelope> events;
  // How far the source was looked at, where the feed reads by position; 0 where it does not.
  int64_t looked_at = 0;
};

class Feed {
 public:
  virtual ~Feed() = default;
  // Begins, at the latest, behind `looked_at` (a hint of an earlier run; 0: from the start).
  virtual absl::Status Start(int64_t looked_at) = 0;
  // What comes next, at most `max` events; empty when nothing came within `timeout`. What is given
  // is the caller's: it is not given again before the next Start.
  virtual absl::StatusOr<FeedBatch> Next(int max, absl::Duration timeout) = 0;
  // Everything that Next gave so far is settled for good: a hint where to begin may move.
  virtual void Settled() = 0;
  // The events of a lane behind `after`, at most `max`, straight from the source.
  virtual absl::StatusOr<std::vector<Envelope>> Fill(const LaneId& lane, int64_t after,
                                                     int max) = 0;
  virtual absl::StatusOr<SourceHeads> Heads() = 0;
  // Whether lanes should be compared with the source's heads now and then: a feed that can lose.
  virtual bool may_lose() const = 0;
};

}  // namespace tandem::bus
