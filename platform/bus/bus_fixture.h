// What the tests of the bus share: a source whose commands emit numbered events, a reader that
// keeps count of them in its own database and notices every repeat, loss and turn, a feed that does
// what networks and brokers do, and both buses behind one face.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "platform/bus/feed.h"
#include "platform/bus/kafka_feed.h"
#include "platform/bus/quarantine.h"
#include "platform/bus/relay.h"
#include "platform/bus/runner.h"
#include "platform/store/database.h"
#include "platform/store/reader.h"
#include "platform/store/writer.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/postgres_server.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait.h"

namespace tandem::bus {

inline constexpr char kSourceName[] = "/tandem/source";
inline constexpr char kBoxTopic[] = "tandem.storetest.box.v1";
inline constexpr char kThingTopic[] = "tandem.storetest.thing.v1";

enum class Engine { kSqlite, kPostgres };

// A migrated database of a test, gone with it.
class TestStore {
 public:
  TestStore(Engine engine, const store::Schema& schema);
  store::Database& database() { return *database_; }
  // Another handle on the same database, as another process has it; PostgreSQL only.
  std::unique_ptr<store::Database> OpenAgain() const;

 private:
  const Engine engine_;
  std::unique_ptr<test::TempDir> dir_;
  std::unique_ptr<test::TestDatabase> server_;
  std::unique_ptr<store::Database> database_;
};

// Emits events whose entity counts: the n-th event of a key says n.
class Source {
 public:
  explicit Source(Engine engine = Engine::kSqlite);

  void Boxes(absl::string_view shelf, int count);   // on kBoxTopic, key `shelf`
  void Things(absl::string_view thing, int count);  // on kThingTopic, key `thing`
  void Spread(int count);                           // boxes on twenty shelves in turn
  std::unique_ptr<Feed> MakeFeed();                 // of its journal
  std::string Incarnation();
  store::Database& database() { return store_.database(); }
  TestStore& store() { return store_; }
  // How many events each key has, by topic and key.
  const std::map<std::pair<std::string, std::string>, int64_t>& sent() const { return sent_; }
  int64_t total() const;

 private:
  std::vector<store::Command> Commands(const char* topic, absl::string_view key, int count);
  void Run(std::vector<store::Command> commands);

  TestStore store_;
  std::unique_ptr<store::Writer> writer_;
  std::map<std::pair<std::string, std::string>, int64_t> sent_;
};

// A reader's database, with what it counted.
class Ledger {
 public:
  explicit Ledger(Engine engine = Engine::kSqlite);
  explicit Ledger(const TestStore& another);  // a replica of it, in PostgreSQL

  // Counts the event in its key's tally; a wrong number is noted.
  absl::Status Count(const Envelope& event, State& state);
  // Everything that the source emitted on those topics was counted once and in order.
  bool HasAll(const Source& source, const std::vector<std::string>& topics);
  int64_t CountOf(const std::string& topic, const std::string& key);
  std::vector<std::string> turns() const;  // what came out of order, or twice
  void Execute(const std::string& sql);    // behind everybody's back

  store::Writer& writer() { return *writer_; }
  store::Reader& rows() { return *rows_; }
  TestStore& store() { return *store_; }
  void RestartWriter();

 private:
  std::unique_ptr<TestStore> store_;  // null in a replica
  std::unique_ptr<store::Database> replica_;
  store::Database& database_;
  std::unique_ptr<store::Writer> writer_;
  std::unique_ptr<store::Reader> rows_;
  mutable absl::Mutex mutex_;
  std::vector<std::string> turns_;
};

// What may be done to a feed's events on their way; shared, since a runner owns its feed.
struct Faults {
  std::function<void(FeedBatch&)> on_batch;  // repeat, lose, turn round
  bool swallow_settled = false;
  bool source_away = false;  // Fill and Heads fail
  int fills = 0, heads = 0, nexts = 0, settled = 0;
};
std::unique_ptr<Feed> WithFaults(std::unique_ptr<Feed> feed, std::shared_ptr<Faults> faults,
                                 bool may_lose);

// A bus from one source to any number of runners.
class Bus {
 public:
  virtual ~Bus() = default;
  virtual std::unique_ptr<Feed> MakeFeed(const std::string& group,
                                         const std::vector<std::string>& topics) = 0;
  virtual bool is_kafka() const = 0;
};
std::unique_ptr<Bus> MakeJournalBus(Source& source);
// Topics of its own on the broker, and a relay.
class KafkaBus : public Bus {
 public:
  explicit KafkaBus(Source& source, test::KafkaBroker& broker = test::KafkaBroker::Shared());
  std::unique_ptr<Feed> MakeFeed(const std::string& group,
                                 const std::vector<std::string>& topics) override;
  bool is_kafka() const override { return true; }
  KafkaFeedOptions feed_options(const std::string& group, const std::vector<std::string>& topics);
  RelayOptions relay_options() const;
  void StartRelay();
  void StopRelay() { relay_ = nullptr; }
  Relay& relay() { return *relay_; }
  bool RelayIsAt(int64_t position);  // waits
  const std::string& prefix() const { return prefix_; }

 private:
  Source& source_;
  test::KafkaBroker& broker_;
  std::string prefix_;
  std::unique_ptr<Relay> relay_;
};

// A consumer that counts in `ledger`, after asking `refuse` (may be null) about the event.
using Refusal = std::function<absl::Status(const Envelope&)>;
LocalConsumer CountingConsumer(Ledger& ledger, std::vector<std::string> topics,
                               Refusal refuse = nullptr);

// Tries again soon. Compares with the source once in a test's life, or all the time: what Kafka
// does not bring comes from there.
RunnerOptions QuickOptions();
RunnerOptions LookingOften();

// Steps until `fact` holds; false when it does not in time, or the runner stopped.
bool StepUntil(Runner& runner, const std::function<bool()>& fact,
               absl::Duration within = test::kPatience);

// The number in an event's entity.
int64_t NumberIn(const Envelope& event);

}  // namespace tandem::bus
