#include "platform/bus/relay_journal.h"

#include <array>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "platform/base/status_macros.h"
#include "platform/base/thread_name.h"

namespace tandem::bus {
namespace {

using store::JournalQuery;
using store::JournalReader;
using store::JournalRow;
using store::Value;

constexpr absl::string_view kPage =
    "SELECT position, id, topic, lane, aggregateid, entity_version, type, event_message, "
    "routing_key, traceparent, time_micros, payload FROM journal WHERE position > $1 "
    "ORDER BY position LIMIT $2";
constexpr absl::string_view kLaneHeadUpTo =
    "SELECT MAX(position) FROM journal WHERE topic = $1 AND lane = $2 AND position <= $3";

int64_t NumberOf(const Value& value) {
  const auto* number = std::get_if<int64_t>(&value);
  return number == nullptr ? 0 : *number;
}

std::string TextOf(Value& value) {
  auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? std::string() : std::move(*text);
}

class RelayJournal final : public JournalReader {
 public:
  RelayJournal(std::unique_ptr<JournalReader> whole, std::unique_ptr<store::Connection> connection)
      : whole_(std::move(whole)),
        connection_(std::move(connection)),
        thread_([this] { ReadAhead(); }) {}
  ~RelayJournal() override {
    {
      absl::MutexLock lock(&mutex_);
      stopping_ = true;
    }
    thread_.join();
  }

  absl::StatusOr<std::vector<JournalRow>> Read(const JournalQuery& query) override {
    if (!query.topic.empty() || !query.types.empty() || !query.subject.empty()) {
      return whole_->Read(query);
    }
    absl::StatusOr<std::vector<JournalRow>> rows = NextPage(query.after_position, query.limit);
    if (!rows.ok()) return rows;
    TANDEM_RETURN_IF_ERROR(Chain(query.after_position, &*rows));
    return rows;
  }
  absl::StatusOr<int64_t> Head() override { return whole_->Head(); }
  absl::StatusOr<std::vector<store::LaneHeadRow>> LaneHeads() override {
    return whole_->LaneHeads();
  }
  absl::StatusOr<bool> WaitBeyond(int64_t position, absl::Duration timeout) override {
    return whole_->WaitBeyond(position, timeout);
  }
  const std::string& incarnation() const override { return whole_->incarnation(); }
  const std::string& source() const override { return whole_->source(); }

 private:
  // A page that is being read, or was.
  struct Page {
    int64_t after = 0;
    int limit = 0;
    std::optional<absl::StatusOr<std::vector<JournalRow>>> rows;
  };

  // The page that was read ahead, if it is this one. Behind a full page there is more.
  absl::StatusOr<std::vector<JournalRow>> NextPage(int64_t after, int limit) {
    absl::StatusOr<std::vector<JournalRow>> rows = std::vector<JournalRow>();
    bool had = false;
    {
      absl::MutexLock lock(&mutex_);
      if (ahead_.has_value()) {
        auto read = [this]()
                        ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return ahead_->rows.has_value(); };
        mutex_.Await(absl::Condition(&read));
        had = ahead_->after == after && ahead_->limit == limit && ahead_->rows->ok();
        if (had) rows = *std::move(ahead_->rows);
        ahead_.reset();
      }
    }
    // Nobody else uses the connection now.
    if (!had) rows = Query(after, limit);
    if (rows.ok() && rows->size() == static_cast<size_t>(limit)) {
      absl::MutexLock lock(&mutex_);
      ahead_ = Page{rows->back().position, limit, std::nullopt};
    }
    return rows;
  }

  void ReadAhead() {
    NameThread("relay pages");
    for (;;) {
      Page page;
      {
        absl::MutexLock lock(&mutex_);
        auto asked = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
          return stopping_ || (ahead_.has_value() && !ahead_->rows.has_value());
        };
        mutex_.Await(absl::Condition(&asked));
        if (stopping_) return;
        page.after = ahead_->after;
        page.limit = ahead_->limit;
      }
      absl::StatusOr<std::vector<JournalRow>> rows = Query(page.after, page.limit);
      absl::MutexLock lock(&mutex_);
      ahead_->rows = std::move(rows);
    }
  }

  absl::StatusOr<std::vector<store::Result>> Run(const std::vector<store::Query>& queries) {
    absl::StatusOr<std::vector<store::Result>> results = connection_->Run(queries);
    if (!results.ok()) {  // a lost connection is opened once more
      const store::Failure failure = store::ErrorOf(results.status()).failure;
      if (failure == store::Failure::kUnavailable || failure == store::Failure::kConflict) {
        results = connection_->Run(queries);
      }
    }
    return results;
  }

  absl::StatusOr<std::vector<JournalRow>> Query(int64_t after, int limit) {
    TANDEM_ASSIGN_OR_RETURN(std::vector<store::Result> results,
                            Run({{kPage, {after, int64_t{limit}}}}));
    std::vector<JournalRow> rows;
    rows.reserve(results[0].rows.size());
    for (store::Row& row : results[0].rows) {
      JournalRow& out = rows.emplace_back();
      out.position = NumberOf(row[0]);
      out.id = TextOf(row[1]);
      out.topic = TextOf(row[2]);
      out.lane = static_cast<int>(NumberOf(row[3]));
      out.aggregateid = TextOf(row[4]);
      out.entity_version = NumberOf(row[5]);
      out.type = TextOf(row[6]);
      out.event_message = TextOf(row[7]);
      out.routing_key = TextOf(row[8]);
      out.traceparent = TextOf(row[9]);
      out.time_micros = NumberOf(row[10]);
      if (auto* payload = std::get_if<store::Bytes>(&row[11])) {
        out.payload = std::move(payload->data);
      }
    }
    return rows;
  }

  // Fills in lane_previous: going forward, only lanes that appear for the first time are asked for.
  absl::Status Chain(int64_t after, std::vector<JournalRow>* rows) {
    if (up_to_ != after) last_.clear();
    up_to_ = after;
    const bool ask = after > 0;
    for (JournalRow& row : *rows) {
      auto lanes = last_.find(row.topic);
      if (lanes == last_.end()) {
        lanes = last_.try_emplace(row.topic).first;
        lanes->second.fill(ask ? kUnknown : 0);
      }
      if (row.lane < 0 || row.lane >= store::kLanes) {
        return absl::DataLossError("a row of the journal has no lane");
      }
      int64_t& last = lanes->second[static_cast<size_t>(row.lane)];
      if (last == kUnknown) {
        // With all lanes of the topic that are not known yet, in one round trip.
        TANDEM_RETURN_IF_ERROR(AskLanes(row.topic, after, &lanes->second));
      }
      row.lane_previous = last;
      last = up_to_ = row.position;
    }
    return absl::OkStatus();
  }

  using Lanes = std::array<int64_t, store::kLanes>;
  static constexpr int64_t kUnknown = -1;

  absl::Status AskLanes(const std::string& topic, int64_t after, Lanes* lanes) {
    // The connection may be reading ahead: the answer comes from there first.
    absl::MutexLock lock(&mutex_);
    auto free = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return !ahead_.has_value() || ahead_->rows.has_value();
    };
    mutex_.Await(absl::Condition(&free));
    std::vector<store::Query> queries;
    std::vector<size_t> asked;
    for (size_t lane = 0; lane < lanes->size(); ++lane) {
      if ((*lanes)[lane] != kUnknown) continue;
      asked.push_back(lane);
      queries.push_back({kLaneHeadUpTo, {topic, static_cast<int64_t>(lane), after}});
    }
    TANDEM_ASSIGN_OR_RETURN(const std::vector<store::Result> results, Run(queries));
    for (size_t i = 0; i < asked.size(); ++i) {
      (*lanes)[asked[i]] = NumberOf(results[i].rows[0][0]);
    }
    return absl::OkStatus();
  }

  const std::unique_ptr<JournalReader> whole_;
  // Used by the thread while a page is asked for and not read, else by the caller.
  const std::unique_ptr<store::Connection> connection_;
  // The last position of each lane up to `up_to_`; of the caller alone.
  absl::flat_hash_map<std::string, Lanes> last_;
  int64_t up_to_ = -1;
  absl::Mutex mutex_;
  std::optional<Page> ahead_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<JournalReader>> OpenRelayJournal(store::Database& database,
                                                                const std::string& source) {
  TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<JournalReader> whole,
                          JournalReader::Open(database, source));
  TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<store::Connection> connection,
                          database.Connect(store::Purpose::kRead));
  return std::unique_ptr<JournalReader>(
      std::make_unique<RelayJournal>(std::move(whole), std::move(connection)));
}

}  // namespace tandem::bus
