// The tables of platform/store and platform/bus in every service's database. A released text is
// never edited: a change is a new number.
#include "platform/store/migrations.h"

namespace tandem::store {
namespace {

// The head's one row is written with every commit: a page with room keeps it in its place
// (PostgreSQL's heap-only updates). The unique constraint is what finds another replica's change of
// an entity; the index is for reading one lane and for its previous position.
constexpr absl::string_view kCreateJournal = R"SQL(
CREATE TABLE journal_head (
  id BIGINT PRIMARY KEY CHECK (id = 1),
  position BIGINT NOT NULL,
  incarnation TEXT NOT NULL
) WITH (fillfactor = 10);

CREATE TABLE journal (
  position BIGINT PRIMARY KEY,
  id TEXT NOT NULL,
  topic TEXT NOT NULL,
  lane BIGINT NOT NULL,
  aggregatetype TEXT NOT NULL,
  aggregateid TEXT NOT NULL,
  entity_version BIGINT NOT NULL,
  type TEXT NOT NULL,
  event_message TEXT NOT NULL,
  routing_key TEXT NOT NULL,
  actor TEXT NOT NULL,
  cause TEXT NOT NULL,
  correlation TEXT NOT NULL,
  request_id TEXT NOT NULL,
  traceparent TEXT NOT NULL,
  time_micros BIGINT NOT NULL,
  payload BYTEA NOT NULL,
  UNIQUE (aggregateid, entity_version)
);

CREATE INDEX journal_lanes ON journal (topic, lane, position);
)SQL";

constexpr absl::string_view kCreateRequests = R"SQL(
CREATE TABLE requests (
  request_id TEXT PRIMARY KEY,
  method TEXT NOT NULL,
  hash TEXT NOT NULL,
  position BIGINT NOT NULL,
  answer BYTEA NOT NULL
);
)SQL";

constexpr absl::string_view kCreateCursors = R"SQL(
CREATE TABLE cursors (
  id TEXT PRIMARY KEY,
  position BIGINT NOT NULL,
  incarnation TEXT NOT NULL,
  version BIGINT NOT NULL
);

CREATE TABLE relay_cursor (
  id BIGINT PRIMARY KEY,
  position BIGINT NOT NULL
);
)SQL";

constexpr absl::string_view kCreateQuarantine = R"SQL(
CREATE TABLE quarantined_keys (
  id TEXT PRIMARY KEY,
  reader TEXT NOT NULL,
  key TEXT NOT NULL,
  reason TEXT NOT NULL,
  message TEXT NOT NULL,
  code BIGINT NOT NULL,
  event_count BIGINT NOT NULL,
  next_number BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  create_time_micros BIGINT,
  version BIGINT NOT NULL
);

CREATE TABLE quarantined_events (
  id TEXT PRIMARY KEY,
  quarantined_key_id TEXT NOT NULL,
  number BIGINT NOT NULL,
  event_id TEXT NOT NULL,
  event_type TEXT NOT NULL,
  source TEXT NOT NULL,
  position BIGINT NOT NULL,
  envelope BYTEA NOT NULL,
  version BIGINT NOT NULL
);

CREATE INDEX quarantined_events_keys ON quarantined_events (quarantined_key_id, id);
)SQL";

constexpr absl::string_view kCreateCounters = R"SQL(
CREATE TABLE counters (
  name TEXT PRIMARY KEY,
  value BIGINT NOT NULL,
  version BIGINT NOT NULL
);
)SQL";

constexpr absl::string_view kCreateSettings = R"SQL(
CREATE TABLE process_settings (
  name TEXT PRIMARY KEY,
  value BYTEA NOT NULL
);
)SQL";

constexpr absl::string_view kAddRelayMarks = R"SQL(
ALTER TABLE relay_cursor ADD COLUMN marks TEXT NOT NULL DEFAULT '';
)SQL";

}  // namespace

const std::vector<Migration>& PlatformMigrations() {
  static const auto* migrations = new std::vector<Migration>{
      {1, "create_journal", kCreateJournal},   {2, "create_requests", kCreateRequests},
      {3, "create_cursors", kCreateCursors},   {4, "create_quarantine", kCreateQuarantine},
      {5, "create_counters", kCreateCounters}, {6, "create_settings", kCreateSettings},
      {7, "add_relay_marks", kAddRelayMarks},
  };
  return *migrations;
}

}  // namespace tandem::store
