// Reads a service's journal: outbox, audit trail and history in one (DESIGN section 4).
//
// Positions are gapless and in the order of commits, so reading is `position > last`, in pages,
// again until a page is short. Safe from any thread; each reader has its own connections.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/store/database.h"

namespace tandem::store {

inline constexpr int kLanes = 64;  // of every topic, for good
inline constexpr int kJournalPageMax = 10'000;
int LaneOf(absl::string_view routing_key);

struct JournalRow {
  int64_t position = 0;
  std::string id;  // evt_…
  std::string topic;
  std::string aggregatetype;
  std::string aggregateid;
  int64_t entity_version = 0;
  std::string type;           // full name of the event type
  std::string event_message;  // full name of the event message in payload
  std::string routing_key;
  int lane = 0;
  int64_t lane_previous = 0;  // position of the lane's previous event of the topic, 0 for the first
  std::string actor, cause, correlation, request_id, traceparent;
  int64_t time_micros = 0;
  std::string payload;
};

struct JournalQuery {
  int64_t after_position = 0;
  int limit = kJournalPageMax;
  std::string topic;               // empty: all
  int lane = -1;                   // with topic: only this lane
  std::vector<std::string> types;  // empty: all
  std::string subject;             // empty: all
};

struct LaneHeadRow {
  std::string topic;
  int lane;
  int64_t position;
};

class JournalReader {
 public:
  static absl::StatusOr<std::unique_ptr<JournalReader>> Open(Database& database,
                                                             std::string source);
  virtual ~JournalReader() = default;
  virtual absl::StatusOr<std::vector<JournalRow>> Read(const JournalQuery& query) = 0;
  virtual absl::StatusOr<int64_t> Head() = 0;
  virtual absl::StatusOr<std::vector<LaneHeadRow>> LaneHeads() = 0;
  // Waits until something was committed after `position`, at most `timeout`; false on timeout.
  // As long as nothing is told it costs no query; many may wait at once.
  virtual absl::StatusOr<bool> WaitBeyond(int64_t position, absl::Duration timeout) = 0;
  virtual const std::string& incarnation() const = 0;  // made with the database, kept in it
  virtual const std::string& source() const = 0;
};

}  // namespace tandem::store
