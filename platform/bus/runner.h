// Runs one subscription: takes events from a feed and has each one's effect happen exactly once
// (DESIGN section 4, "Subscribers are exactly once by a chain").
//
// Per lane it keeps one position (Cursor), moved in the transaction of the effect. An event at or
// below it is dropped; one whose previous position is not the cursor's waits until the gap is
// filled from the source. An event that is refused for good puts its key into quarantine, and later
// events of the key are appended behind it; errors that may pass hold their lane alone, which is
// tried again, backing off. A journal of another incarnation, or one that is behind what was seen
// of it, stops the subscription with a message that says so.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "platform/base/retry.h"
#include "platform/bus/feed.h"
#include "platform/bus/subscription.h"
#include "platform/store/reader.h"
#include "platform/store/table.h"
#include "platform/store/writer.h"

namespace tandem::bus {

// The tables that a reader's database needs beside its own: cursors and quarantine.
std::vector<store::TableSpec> SubscriptionTables();

struct RunnerOptions {
  // Events tried together, and about how many bytes they have: the service's own commands wait
  // behind them, and what a large event causes takes long.
  int batch_max = 512;
  size_t batch_bytes_max = 512 << 10;
  int64_t retry_base_ms = 50;
  int64_t retry_max_ms = 5'000;
  absl::Duration poll = absl::Seconds(1);
  absl::Duration head_check = absl::Seconds(60);
  // After a few events it rests for as long as they took, at most so long: on a busy machine what
  // comes meanwhile is taken together, which costs less, and nobody notices where little comes.
  absl::Duration rest_max = absl::Milliseconds(20);
  int held_max = 64;  // events of a held lane kept in memory; those behind are read again
  std::function<absl::Time()> now = [] { return absl::Now(); };  // a simulator's own
};

struct RunnerStatus {
  std::string reader, source;
  int64_t applied = 0, dropped = 0, parked = 0, retries = 0, filled = 0;
  int held = 0;         // lanes that wait to be tried again
  std::string stopped;  // why it stopped for good; empty while it runs
  std::string
      last_error;  // the last error that is being retried; empty when the last try went well
};

class Runner {
 public:
  Runner(LocalConsumer consumer, std::unique_ptr<Feed> feed, store::Writer& writer,
         store::Reader& reader, RunnerOptions options = {});
  Runner(RemoteConsumer consumer, std::unique_ptr<Feed> feed, store::Writer& writer,
         store::Reader& reader, RunnerOptions options = {});
  ~Runner();

  void Start();        // a thread that runs until Stop
  void RequestStop();  // does not wait: for stopping many at once
  void Stop();
  // One step in the caller's thread, for tests and simulators: takes what the feed has and tries
  // all that is due, each once. True when there was something. An error is to be tried again,
  // except SUBSCRIPTION_STOPPED.
  absl::StatusOr<bool> Step(absl::Duration timeout);

  RunnerStatus status() const;
  const std::string& reader() const { return reader_name_; }
  const std::string& source() const { return source_; }

  // The effect of one event in quarantine, for the quarantine of the whole reader.
  bool Reads(const Envelope& event) const;
  absl::Status ApplyLocal(const Envelope& event, Context& context, State& state) const;
  absl::Status HandleRemote(const Envelope& event) const;
  void Committed() const;  // something that was applied here
  bool local() const { return static_cast<bool>(local_.apply); }

 private:
  struct Pending {
    Envelope event;
    std::string key;
    bool park = false;
    absl::Status why;     // of the parking
    bool called = false;  // in this try, by a remote consumer
  };
  // A lane with something to do; the others are not kept.
  struct Lane {
    Lane(const LaneId& named, std::string cursor, Backoff again)
        : id(named), cursor_id(std::move(cursor)), backoff(again) {}
    const LaneId id;
    const std::string cursor_id;         // of its row
    std::map<int64_t, Pending> waiting;  // by position
    bool behind = false;                 // the source has more of it than waits here
    bool filled = false;                 // from the source, and has not got on since
    bool held = false;                   // until `due`
    absl::Time due = absl::InfinitePast();
    Backoff backoff;
  };
  struct Try {
    Lane* lane;
    Pending* pending;
    absl::Status outcome;
  };

  void Run();
  absl::Duration Rest() const;  // behind what was tried last
  absl::Status Begin();
  absl::Status CheckHeads(int64_t looked_at);
  absl::Status CheckIncarnations(const FeedBatch& batch);
  void Receive(FeedBatch batch);
  Lane& LaneFor(const LaneId& id);
  absl::Duration UntilDue(absl::Duration at_most) const;

  std::vector<Try> Due();
  void Prepare(const std::vector<Try>& tries);
  void Call(std::vector<Try>& tries);
  void Commit(std::vector<Try>& tries);
  store::Command CommandFor(Pending& pending, const Lane& lane) const;
  store::Command LookedAtCommand() const;
  absl::Status TakeOutcomes(const std::vector<Try>& tries);
  void FillLane(Lane& lane);
  void Hold(Lane& lane, const absl::Status& why);
  void Update(const std::function<void(RunnerStatus&)>& change);

  const LocalConsumer local_;
  const RemoteConsumer remote_;
  const std::string reader_name_, source_;
  const std::string method_;  // of its commands
  const std::unique_ptr<Feed> feed_;
  store::Writer& writer_;
  store::Reader& reader_;
  const RunnerOptions options_;

  bool begun_ = false;
  std::string incarnation_;      // of the source
  std::set<std::string> stale_;  // other incarnations in the topics: of histories long gone
  std::map<LaneId, Lane> lanes_;
  size_t waiting_ = 0;    // events, in all lanes
  bool crowded_ = false;  // the last step left some, or tried nearly as many as it may
  int64_t looked_at_ = 0, saved_looked_at_ = 0;
  bool unsettled_ = false;  // the feed does not know yet that all it gave is settled
  absl::Time next_save_, next_head_check_;
  absl::Time received_;  // what is tried
  absl::Time watched_until_ = absl::InfinitePast();
  // The lanes that were behind at the last comparison with the source: where they stood.
  std::map<LaneId, int64_t> were_behind_;

  absl::Notification stopping_;
  std::thread thread_;
  mutable absl::Mutex mutex_;
  RunnerStatus status_;
};

}  // namespace tandem::bus
