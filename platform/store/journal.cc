#include "platform/store/journal.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "platform/base/hash.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"

namespace tandem::store {
namespace {

// Beside being woken: a wake-up can be lost with a connection.
constexpr absl::Duration kTick = absl::Seconds(1);
constexpr size_t kTypesMax = 100;  // in one query

constexpr absl::string_view kHead = "SELECT position, incarnation FROM journal_head WHERE id = 1";
constexpr absl::string_view kTopicBehind = "SELECT MIN(topic) FROM journal WHERE topic > $1";
constexpr absl::string_view kLaneHead =
    "SELECT MAX(position) FROM journal WHERE topic = $1 AND lane = $2";
constexpr absl::string_view kLaneHeadUpTo =
    "SELECT MAX(position) FROM journal WHERE topic = $1 AND lane = $2 AND position <= $3";
constexpr absl::string_view kColumns =
    "SELECT j.position, j.id, j.topic, j.lane, j.aggregatetype, j.aggregateid, j.entity_version, "
    "j.type, j.event_message, j.routing_key, j.actor, j.cause, j.correlation, j.request_id, "
    "j.traceparent, j.time_micros, j.payload";
// Only where rows between are left out; the lanes' index answers it.
constexpr absl::string_view kPreviousColumn =
    ", (SELECT MAX(p.position) FROM journal p WHERE p.topic = j.topic AND p.lane = j.lane AND "
    "p.position < j.position)";

int64_t NumberOf(const Value& value) {
  const auto* number = std::get_if<int64_t>(&value);
  return number == nullptr ? 0 : *number;  // MAX of nothing is NULL
}

std::string TextOf(Value& value) {
  auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? std::string() : std::move(*text);
}

JournalRow RowOf(Row& row) {
  JournalRow out;
  out.position = NumberOf(row[0]);
  out.id = TextOf(row[1]);
  out.topic = TextOf(row[2]);
  out.lane = static_cast<int>(NumberOf(row[3]));
  out.aggregatetype = TextOf(row[4]);
  out.aggregateid = TextOf(row[5]);
  out.entity_version = NumberOf(row[6]);
  out.type = TextOf(row[7]);
  out.event_message = TextOf(row[8]);
  out.routing_key = TextOf(row[9]);
  out.actor = TextOf(row[10]);
  out.cause = TextOf(row[11]);
  out.correlation = TextOf(row[12]);
  out.request_id = TextOf(row[13]);
  out.traceparent = TextOf(row[14]);
  out.time_micros = NumberOf(row[15]);
  if (auto* payload = std::get_if<Bytes>(&row[16])) out.payload = std::move(payload->data);
  if (row.size() > 17) out.lane_previous = NumberOf(row[17]);
  return out;
}

class TableJournalReader final : public JournalReader {
 public:
  TableJournalReader(std::string source, std::unique_ptr<Connection> reading,
                     std::unique_ptr<Connection> waiting)
      : source_(std::move(source)), reading_(std::move(reading)), waiting_(std::move(waiting)) {}

  absl::Status Begin() {
    TANDEM_ASSIGN_OR_RETURN(const std::vector<Result> results, Run({{kHead, {}}}));
    if (results[0].rows.empty()) {
      return Refuse(absl::StatusCode::kFailedPrecondition, "JOURNAL_NOT_INITIALISED",
                    "the journal has no head");
    }
    incarnation_ = std::get<std::string>(results[0].rows[0][1]);
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<JournalRow>> Read(const JournalQuery& query) override {
    if (query.types.size() > kTypesMax) {
      return Refuse(absl::StatusCode::kInvalidArgument, "JOURNAL_TOO_MANY_TYPES",
                    absl::StrCat("at most ", kTypesMax, " event types"));
    }
    absl::MutexLock lock(&mutex_);
    // With every row of a lane in the page, the page itself says which was the previous.
    const bool whole = query.types.empty() && query.subject.empty();
    std::vector<Value> params;
    const std::string sql = TextFor(query, whole, &params);
    TANDEM_ASSIGN_OR_RETURN(std::vector<Result> results, Run({{sql, std::move(params)}}));
    std::vector<JournalRow> rows;
    rows.reserve(results[0].rows.size());
    for (Row& row : results[0].rows) rows.push_back(RowOf(row));
    if (whole) TANDEM_RETURN_IF_ERROR(Chain(query, &rows));
    return rows;
  }

  absl::StatusOr<int64_t> Head() override {
    absl::MutexLock lock(&mutex_);
    TANDEM_ASSIGN_OR_RETURN(const std::vector<Result> results, Run({{kHead, {}}}));
    if (results[0].rows.empty()) return int64_t{0};
    return NumberOf(results[0].rows[0][0]);
  }

  // By the index alone: topic after topic, then each of its lanes' last.
  absl::StatusOr<std::vector<LaneHeadRow>> LaneHeads() override {
    absl::MutexLock lock(&mutex_);
    std::vector<LaneHeadRow> heads;
    std::string topic;
    for (;;) {
      TANDEM_ASSIGN_OR_RETURN(std::vector<Result> next, Run({{kTopicBehind, {topic}}}));
      topic = next[0].rows.empty() ? "" : TextOf(next[0].rows[0][0]);
      if (topic.empty()) return heads;
      std::vector<Query> queries;
      for (int lane = 0; lane < kLanes; ++lane) {
        queries.push_back({kLaneHead, {topic, int64_t{lane}}});
      }
      TANDEM_ASSIGN_OR_RETURN(const std::vector<Result> lanes, Run(std::move(queries)));
      for (int lane = 0; lane < kLanes; ++lane) {
        const int64_t position = NumberOf(lanes[static_cast<size_t>(lane)].rows[0][0]);
        if (position > 0) heads.push_back({topic, lane, position});
      }
    }
  }

  // One listens, for all who wait; the head is read when something was heard, and now and then.
  absl::StatusOr<bool> WaitBeyond(int64_t position, absl::Duration timeout) override {
    const absl::Time deadline = absl::Now() + timeout;
    absl::MutexLock lock(&waiting_mutex_);
    for (;;) {
      auto turn = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(waiting_mutex_) {
        return seen_ > position || !listening_;
      };
      if (!waiting_mutex_.AwaitWithDeadline(absl::Condition(&turn), deadline)) return false;
      if (seen_ > position) return true;
      const absl::Time look_by = looked_ + kTick;
      listening_ = true;
      waiting_mutex_.Unlock();
      const absl::Duration left = std::min(deadline, look_by) - absl::Now();
      absl::StatusOr<bool> news =
          waiting_->WaitNotified(source_, std::max(left, absl::ZeroDuration()));
      const absl::Time now = absl::Now();
      const bool look = news.ok() && (*news || now >= look_by);
      absl::StatusOr<int64_t> head = int64_t{0};
      if (look) head = Head();
      waiting_mutex_.Lock();
      listening_ = false;
      TANDEM_RETURN_IF_ERROR(news.status());
      TANDEM_RETURN_IF_ERROR(head.status());
      if (look) {
        seen_ = *head;
        looked_ = now;
      }
      if (seen_ > position) return true;
      if (now >= deadline) return false;
    }
  }

  const std::string& incarnation() const override { return incarnation_; }
  const std::string& source() const override { return source_; }

 private:
  using Lane = std::pair<std::string, int>;
  // The last position of each lane up to `up_to`, as far as known.
  struct Known {
    int64_t up_to = -1;
    std::map<Lane, int64_t> last;
  };

  // A lost connection is opened once more: nothing is changed by reading again.
  absl::StatusOr<std::vector<Result>> Run(std::vector<Query> queries) {
    absl::StatusOr<std::vector<Result>> results = reading_->Run(queries);
    if (!results.ok()) {
      const Failure failure = ErrorOf(results.status()).failure;
      if (failure == Failure::kUnavailable || failure == Failure::kConflict) {
        results = reading_->Run(queries);
      }
    }
    return results;
  }

  static std::string TextFor(const JournalQuery& query, bool whole, std::vector<Value>* params) {
    std::string sql = absl::StrCat(kColumns, whole ? "" : kPreviousColumn,
                                   " FROM journal j WHERE j.position > $1");
    params->emplace_back(query.after_position);
    auto add = [&](absl::string_view text, Value value) {
      params->push_back(std::move(value));
      absl::StrAppend(&sql, text, params->size());
    };
    if (!query.topic.empty()) add(" AND j.topic = $", query.topic);
    if (!query.topic.empty() && query.lane >= 0) add(" AND j.lane = $", int64_t{query.lane});
    if (!query.subject.empty()) add(" AND j.aggregateid = $", query.subject);
    for (size_t i = 0; i < query.types.size(); ++i) {
      add(i == 0 ? " AND j.type IN ($" : ", $", query.types[i]);
    }
    if (!query.types.empty()) absl::StrAppend(&sql, ")");
    add(" ORDER BY j.position LIMIT $", int64_t{std::clamp(query.limit, 1, kJournalPageMax)});
    return sql;
  }

  // Fills in lane_previous. What was read last is remembered, so that going forward asks only for
  // lanes that appear for the first time.
  absl::Status Chain(const JournalQuery& query, std::vector<JournalRow>* rows) {
    Known& known = known_[{query.topic, query.topic.empty() ? -1 : query.lane}];
    if (known.up_to != query.after_position) known = {query.after_position, {}};
    std::vector<Lane> unknown;
    std::vector<Query> queries;
    std::set<Lane> asked;
    for (const JournalRow& row : *rows) {
      const Lane lane{row.topic, row.lane};
      if (known.last.contains(lane) || !asked.insert(lane).second) continue;
      unknown.push_back(lane);
      queries.push_back({kLaneHeadUpTo, {row.topic, int64_t{row.lane}, query.after_position}});
    }
    if (!queries.empty() && query.after_position > 0) {
      TANDEM_ASSIGN_OR_RETURN(const std::vector<Result> results, Run(std::move(queries)));
      for (size_t i = 0; i < unknown.size(); ++i) {
        known.last[unknown[i]] = NumberOf(results[i].rows[0][0]);
      }
    }
    for (JournalRow& row : *rows) {
      int64_t& last = known.last[{row.topic, row.lane}];
      row.lane_previous = last;
      last = known.up_to = row.position;
    }
    return absl::OkStatus();
  }

  const std::string source_;
  absl::Mutex mutex_;  // guards reading_ and known_
  const std::unique_ptr<Connection> reading_;
  std::map<Lane, Known> known_;  // by the topic and lane that were asked for
  absl::Mutex waiting_mutex_;
  const std::unique_ptr<Connection> waiting_;  // of the one who listens
  bool listening_ ABSL_GUARDED_BY(waiting_mutex_) = false;
  int64_t seen_ ABSL_GUARDED_BY(waiting_mutex_) = 0;                       // the head, as read last
  absl::Time looked_ ABSL_GUARDED_BY(waiting_mutex_) = absl::InfinitePast();  // when
  std::string incarnation_;
};

}  // namespace

int LaneOf(absl::string_view routing_key) {
  return static_cast<int>(StableHash64(routing_key) % kLanes);
}

absl::StatusOr<std::unique_ptr<JournalReader>> JournalReader::Open(Database& database,
                                                                   std::string source) {
  TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<Connection> reading, database.Connect(Purpose::kRead));
  TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<Connection> waiting, database.Connect(Purpose::kRead));
  auto reader = std::make_unique<TableJournalReader>(std::move(source), std::move(reading),
                                                     std::move(waiting));
  TANDEM_RETURN_IF_ERROR(reader->Begin());
  return reader;
}

}  // namespace tandem::store
