#include "platform/bus/relay.h"

#include <algorithm>
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
#include "platform/base/thread_name.h"
#include "platform/bus/relay_copy.h"
#include "platform/bus/relay_ends.h"
#include "platform/bus/relay_journal.h"
#include "platform/bus/relay_producer.h"
#include "platform/store/journal.h"

namespace tandem::bus {
namespace {

constexpr absl::Duration kKeepLeading = absl::Seconds(1);
constexpr int64_t kBackoffBaseMs = 50;
constexpr int64_t kBackoffMaxMs = 2'000;

constexpr absl::string_view kAddCursor =
    "INSERT INTO relay_cursor (id, position, marks) VALUES (1, 0, '') ON CONFLICT (id) DO NOTHING";
constexpr absl::string_view kReadCursor = "SELECT position, marks FROM relay_cursor WHERE id = 1";
constexpr absl::string_view kMoveCursor =
    "UPDATE relay_cursor SET position = $1, marks = $2 WHERE id = 1 AND position = $3";
// A process that is stopped keeps its connections: PostgreSQL ends the session of a leader that has
// not been heard of for so long, and with it the lock.
constexpr absl::string_view kEndWhenIdle =
    "SELECT set_config('idle_session_timeout', '10s', false)";

class RelayThread final : public Relay, private RelayPorts {
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
    NameThread("relay");
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

  // Copies until something fails; never OK.
  absl::Status Lead() {
    TANDEM_FAILPOINT_RETURN("relay.after_lead");
    TANDEM_RETURN_IF_ERROR(OnLeading({kAddCursor, {}}).status());
    TANDEM_ASSIGN_OR_RETURN(saved_, ReadCursor());
    Saved(saved_.position);
    TANDEM_ASSIGN_OR_RETURN(journal_, OpenRelayJournal(database_, options_.source));
    TANDEM_ASSIGN_OR_RETURN(producer_, RelayProducer::Open(options_, saved_));
    RelayCopy copy(*this, options_.source, options_.page_max, saved_);
    absl::Status ended = copy.Refill();
    if (ended.ok()) {
      SetHealthy();
      ended = Copy(copy);
    }
    if (!stopping_.HasBeenNotified()) {
      absl::MutexLock lock(&mutex_);
      status_.rebuilt++;
    } else if (leading_connection_ != nullptr) {
      // What was answered for needs no second copy after a restart.
      (void)producer_->Poll(0);
      (void)copy.Save();
    }
    producer_ = nullptr;
    journal_ = nullptr;
    return ended;
  }

  absl::Status Copy(RelayCopy& copy) {
    while (true) {
      TANDEM_ASSIGN_OR_RETURN(const bool idle, copy.Step());
      if (!idle) continue;
      const absl::Duration most = std::min(options_.poll, copy.UntilSave());
      TANDEM_RETURN_IF_ERROR(journal_->WaitBeyond(copy.sent(), most).status());
    }
  }

  // --- As RelayCopy sees it

  absl::Time Now() override { return absl::Now(); }
  // Every second, also while waiting for the broker: says that this one is alive, and learns
  // whether it still leads.
  absl::Status KeepLeading() override {
    if (stopping_.HasBeenNotified()) return absl::CancelledError("stopping");
    if (absl::Now() < next_keep_) return absl::OkStatus();
    TANDEM_ASSIGN_OR_RETURN(const bool mine, TakeLead());
    return mine ? absl::OkStatus() : absl::AbortedError("another relay leads");
  }
  absl::StatusOr<RelayCursor> ReadCursor() override {
    TANDEM_ASSIGN_OR_RETURN(const store::Result cursor, OnLeading({kReadCursor, {}}));
    const store::Row& row = cursor.rows[0];
    return RelayCursor{std::get<int64_t>(row[0]), MarksIn(std::get<std::string>(row[1]))};
  }
  absl::StatusOr<bool> MoveCursor(int64_t from, const RelayCursor& to) override {
    TANDEM_ASSIGN_OR_RETURN(const store::Result moved,
                            OnLeading({kMoveCursor, {to.position, TextOf(to.marks), from}}));
    return moved.affected == 1;
  }
  store::JournalReader& journal() override { return *journal_; }
  absl::StatusOr<int> PartitionsOf(const std::string& topic) override {
    return producer_->PartitionsOf(topic);
  }
  absl::StatusOr<std::vector<PartitionEnd>> EndsOf(const std::string& topic,
                                                   int partitions) override {
    return bus::EndsOf(options_.brokers, absl::StrCat(options_.topic_prefix, topic), partitions,
                       journal_->incarnation(), saved_.marks[topic]);
  }
  absl::StatusOr<bool> Send(const Envelope& event, bool refill) override {
    return producer_->Send(event, refill);
  }
  absl::Status Poll(int timeout_ms) override { return producer_->Poll(timeout_ms); }
  int64_t acknowledged() override { return producer_->acknowledged(); }
  RelayMarks& marks() override { return producer_->marks(); }
  size_t in_flight() override { return producer_->in_flight(); }
  void Sent(bool refill) override {
    absl::MutexLock lock(&mutex_);
    status_.sent++;
    status_.refilled += refill ? 1 : 0;
  }
  void Saved(int64_t position) override {
    absl::MutexLock lock(&mutex_);
    status_.position = position;
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
  RelayCursor saved_;  // as it was when this one began to lead
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
