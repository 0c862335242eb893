#include "platform/bus/relay.h"

#include <algorithm>
#include <map>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "platform/base/fault.h"
#include "platform/base/hash.h"
#include "platform/base/retry.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/bus/envelope.h"
#include "platform/bus/relay_ends.h"
#include "platform/bus/relay_producer.h"
#include "platform/store/journal.h"

namespace tandem::bus {
namespace {

constexpr absl::Duration kKeepLeading = absl::Seconds(1);
constexpr absl::Duration kSaveEvery = absl::Milliseconds(200);
constexpr int64_t kBackoffBaseMs = 50;
constexpr int64_t kBackoffMaxMs = 2'000;

constexpr absl::string_view kAddCursor =
    "INSERT INTO relay_cursor (id, position) VALUES (1, 0) ON CONFLICT (id) DO NOTHING";
constexpr absl::string_view kReadCursor = "SELECT position FROM relay_cursor WHERE id = 1";
constexpr absl::string_view kMoveCursor =
    "UPDATE relay_cursor SET position = $1 WHERE id = 1 AND position = $2";
// A process that is stopped keeps its connections: PostgreSQL ends the session of a leader that has
// not been heard of for so long, and with it the lock.
constexpr absl::string_view kEndWhenIdle =
    "SELECT set_config('idle_session_timeout', '10s', false)";

class RelayThread final : public Relay {
 public:
  RelayThread(store::Database& database, RelayOptions options)
      : database_(database),
        options_(std::move(options)),
        lock_key_(static_cast<int64_t>(StableHash64(absl::StrCat("relay ", options_.source)))),
        thread_([this] { Run(); }) {}

  ~RelayThread() override {
    stopping_.Notify();
    thread_.join();
  }

  RelayStatus status() const override {
    absl::MutexLock lock(&mutex_);
    return status_;
  }

 private:
  void Run() {
    Backoff backoff(kBackoffBaseMs, kBackoffMaxMs,
                    static_cast<uint64_t>(absl::ToUnixNanos(absl::Now())));
    while (!stopping_.HasBeenNotified()) {
      absl::StatusOr<bool> first = TakeLead();
      absl::Duration pause = kKeepLeading;  // another one leads
      if (!first.ok() || *first) {
        const int64_t before = status().position;
        absl::Status ended = first.ok() ? Lead() : first.status();
        if (stopping_.HasBeenNotified()) return;
        if (status().position > before) backoff.Reset();
        pause = absl::Milliseconds(backoff.NextMs());
        absl::MutexLock lock(&mutex_);
        status_.last_error = ended.ToString();
      }
      stopping_.WaitForNotificationWithTimeout(pause);
    }
  }

  // The lock lives as long as the connection: after any error of it, a new one competes again.
  absl::StatusOr<bool> TakeLead() {
    if (leading_connection_ == nullptr) {
      TANDEM_ASSIGN_OR_RETURN(leading_connection_, database_.Connect(store::Purpose::kWrite));
      // The one place that asks which database it is: only there does somebody else's kernel keep a
      // lock for a process that stands still.
      if (database_.dialect() == "postgresql") {
        TANDEM_RETURN_IF_ERROR(OnLeading({kEndWhenIdle, {}}).status());
      }
    }
    absl::StatusOr<bool> mine = leading_connection_->TryLock(lock_key_);
    if (!mine.ok()) leading_connection_ = nullptr;
    next_keep_ = absl::Now() + kKeepLeading;
    absl::MutexLock lock(&mutex_);
    status_.leading = mine.ok() && *mine;
    return mine;
  }

  absl::StatusOr<store::Result> OnLeading(const store::Query& query) {
    absl::StatusOr<std::vector<store::Result>> results = leading_connection_->Run({&query, 1});
    if (results.ok()) return std::move((*results)[0]);
    // Whoever leads now goes on from the cursor, wherever this left it.
    leading_connection_ = nullptr;
    absl::MutexLock lock(&mutex_);
    status_.leading = false;
    return results.status();
  }

  // Every second, also while waiting for the broker: says that this one is alive, and learns
  // whether it still leads.
  absl::Status KeepLeading() {
    if (stopping_.HasBeenNotified()) return absl::CancelledError("stopping");
    if (absl::Now() < next_keep_) return absl::OkStatus();
    TANDEM_ASSIGN_OR_RETURN(const bool mine, TakeLead());
    return mine ? absl::OkStatus() : absl::AbortedError("another relay leads");
  }

  // Copies until something fails; never OK.
  absl::Status Lead() {
    TANDEM_FAILPOINT_RETURN("relay.after_lead");
    TANDEM_RETURN_IF_ERROR(OnLeading({kAddCursor, {}}).status());
    TANDEM_ASSIGN_OR_RETURN(const store::Result cursor, OnLeading({kReadCursor, {}}));
    saved_ = std::get<int64_t>(cursor.rows[0][0]);
    SetPosition();
    TANDEM_ASSIGN_OR_RETURN(journal_, store::JournalReader::Open(database_, options_.source));
    TANDEM_ASSIGN_OR_RETURN(producer_, RelayProducer::Open(options_, saved_));
    absl::Status ended = Refill();
    if (ended.ok()) {
      SetHealthy();
      ended = Copy();
    }
    if (!stopping_.HasBeenNotified()) {
      absl::MutexLock lock(&mutex_);
      status_.rebuilt++;
    } else if (leading_connection_ != nullptr) {
      // What was answered for needs no second copy after a restart.
      (void)producer_->Poll(0);
      (void)Save();
    }
    producer_ = nullptr;
    journal_ = nullptr;
    return ended;
  }

  absl::Status Copy() {
    int64_t sent = saved_;
    absl::Time next_save = absl::InfinitePast();
    while (true) {
      TANDEM_RETURN_IF_ERROR(KeepLeading());
      TANDEM_FAILPOINT_RETURN("relay.before_read");
      store::JournalQuery query;
      query.after_position = sent;
      query.limit = options_.page_max;
      // While librdkafka's threads send the page before.
      TANDEM_ASSIGN_OR_RETURN(const std::vector<store::JournalRow> rows, journal_->Read(query));
      for (const store::JournalRow& row : rows) {
        if (row.position != sent + 1) {
          return Refuse(absl::StatusCode::kDataLoss, "RELAY_JOURNAL_GAP",
                        absl::StrCat("the journal has no position ", sent + 1));
        }
        if (TANDEM_PLANTED("relay_skips_event") && row.position % 97 == 0) {
          sent = row.position;
          continue;
        }
        TANDEM_RETURN_IF_ERROR(
            Send(EnvelopeOf(row, options_.source, journal_->incarnation()), /*refill=*/false));
        sent = row.position;
      }
      if (!rows.empty()) TANDEM_FAILPOINT_RETURN("relay.after_send");
      const bool idle = rows.empty() && producer_->in_flight() == 0;
      TANDEM_RETURN_IF_ERROR(producer_->Poll(rows.empty() && !idle ? 20 : 0));
      if (producer_->acknowledged() > saved_ && (idle || absl::Now() >= next_save)) {
        TANDEM_RETURN_IF_ERROR(Save());
        next_save = absl::Now() + kSaveEvery;
      }
      if (idle) TANDEM_RETURN_IF_ERROR(journal_->WaitBeyond(sent, options_.poll).status());
    }
  }

  absl::Status Send(const Envelope& event, bool refill) {
    while (true) {
      TANDEM_ASSIGN_OR_RETURN(const bool taken, producer_->Send(event, refill));
      if (taken) break;
      TANDEM_RETURN_IF_ERROR(producer_->Poll(100));
      TANDEM_RETURN_IF_ERROR(KeepLeading());
    }
    absl::MutexLock lock(&mutex_);
    status_.sent++;
    status_.refilled += refill ? 1 : 0;
    return absl::OkStatus();
  }

  // By compare-and-set: when it was moved by another, this one leads no more.
  absl::Status Save() {
    const int64_t position = producer_->acknowledged();
    if (position == saved_) return absl::OkStatus();
    TANDEM_FAILPOINT_RETURN("relay.after_ack");
    TANDEM_ASSIGN_OR_RETURN(const store::Result moved,
                            OnLeading({kMoveCursor, {position, saved_}}));
    if (moved.affected != 1) {
      return Refuse(absl::StatusCode::kAborted, "RELAY_CURSOR_MOVED",
                    "another relay has moved the cursor");
    }
    saved_ = position;
    SetPosition();
    TANDEM_FAILPOINT_RETURN("relay.after_save");
    return absl::OkStatus();
  }

  // Sends again what the topics lack up to the cursor, in the journal's order.
  absl::Status Refill() {
    TANDEM_ASSIGN_OR_RETURN(const std::vector<store::LaneHeadRow> lanes, journal_->LaneHeads());
    std::map<std::string, std::vector<PartitionEnd>> ends;
    for (const store::LaneHeadRow& row : lanes) {
      if (ends.contains(row.topic)) continue;
      TANDEM_RETURN_IF_ERROR(KeepLeading());
      TANDEM_ASSIGN_OR_RETURN(const int partitions, producer_->PartitionsOf(row.topic));
      TANDEM_ASSIGN_OR_RETURN(
          ends[row.topic], EndsOf(options_.brokers, absl::StrCat(options_.topic_prefix, row.topic),
                                  partitions, journal_->incarnation()));
    }
    // After the topics' ends: another relay may have been sending until now.
    TANDEM_ASSIGN_OR_RETURN(const int64_t head, journal_->Head());
    for (auto& [topic, partitions] : ends) {
      std::vector<bool> short_of(partitions.size(), false);
      int64_t from = saved_;
      for (size_t p = 0; p < partitions.size(); ++p) {
        const PartitionEnd& end = partitions[p];
        if (end.position > head) {
          return Refuse(
              absl::StatusCode::kDataLoss, "RELAY_JOURNAL_BEHIND",
              absl::StrCat("the topic ", topic, " has position ", end.position,
                           ", but the journal ends at ", head, ": the database went back in time"));
        }
        if (end.expired || end.position >= saved_) continue;
        for (const store::LaneHeadRow& row : lanes) {
          if (row.topic == topic && static_cast<size_t>(row.lane) % partitions.size() == p &&
              row.position > end.position) {
            short_of[p] = true;
          }
        }
        if (short_of[p]) from = std::min(from, end.position);
      }
      TANDEM_RETURN_IF_ERROR(RefillTopic(topic, partitions, short_of, from));
    }
    while (producer_->in_flight() > 0) {
      TANDEM_RETURN_IF_ERROR(producer_->Poll(100));
      TANDEM_RETURN_IF_ERROR(KeepLeading());
    }
    return absl::OkStatus();
  }

  absl::Status RefillTopic(const std::string& topic, const std::vector<PartitionEnd>& ends,
                           const std::vector<bool>& short_of, int64_t from) {
    while (from < saved_) {
      store::JournalQuery query;
      query.after_position = from;
      query.topic = topic;
      query.limit = options_.page_max;
      TANDEM_ASSIGN_OR_RETURN(const std::vector<store::JournalRow> rows, journal_->Read(query));
      if (rows.empty()) return absl::OkStatus();
      for (const store::JournalRow& row : rows) {
        from = row.position;
        if (from > saved_) return absl::OkStatus();
        const size_t p = static_cast<size_t>(row.lane) % ends.size();
        if (!short_of[p] || from <= ends[p].position) continue;
        TANDEM_FAILPOINT_RETURN("relay.while_refilling");
        TANDEM_RETURN_IF_ERROR(
            Send(EnvelopeOf(row, options_.source, journal_->incarnation()), /*refill=*/true));
      }
      TANDEM_RETURN_IF_ERROR(producer_->Poll(0));
      TANDEM_RETURN_IF_ERROR(KeepLeading());
    }
    return absl::OkStatus();
  }

  void SetPosition() {
    absl::MutexLock lock(&mutex_);
    status_.position = saved_;
  }
  void SetHealthy() {
    absl::MutexLock lock(&mutex_);
    status_.last_error.clear();
  }

  store::Database& database_;
  const RelayOptions options_;
  const int64_t lock_key_;
  std::unique_ptr<store::Connection> leading_connection_;
  std::unique_ptr<store::JournalReader> journal_;
  std::unique_ptr<RelayProducer> producer_;
  int64_t saved_ = 0;
  absl::Time next_keep_;
  absl::Notification stopping_;
  mutable absl::Mutex mutex_;
  RelayStatus status_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Relay>> Relay::Start(store::Database& database,
                                                    RelayOptions options) {
  if (options.brokers.empty() || options.source.empty()) {
    return Refuse(absl::StatusCode::kInvalidArgument, "KAFKA_SETTING_INVALID",
                  "a relay needs brokers and a source");
  }
  return std::unique_ptr<Relay>(std::make_unique<RelayThread>(database, std::move(options)));
}

}  // namespace tandem::bus
