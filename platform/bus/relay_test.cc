// The relay with a real broker: what a broker, a network and other replicas do.
#include "platform/bus/relay.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_split.h"
#include "platform/bus/kafka_fixture.h"
#include "platform/bus/relay_producer.h"
#include "platform/store/journal.h"
#include "tests/support/cut_proxy.h"
#include "tests/support/free_port.h"

namespace tandem::bus {
namespace {

using testing::IsEmpty;

TEST(Relay, CopiesTheJournalInOrderPerKey) {
  Source source;
  source.Spread(500);
  source.Things("t", 20);
  KafkaBus bus(source);
  ASSERT_TRUE(bus.RelayIsAt(520)) << bus.relay().status().last_error;
  const auto boxes = ReadTopic(test::KafkaBroker::Shared(), bus.prefix() + kBoxTopic);
  EXPECT_EQ(boxes.size(), 500u);
  ExpectWhole(boxes, 500);
  ExpectWhole(ReadTopic(test::KafkaBroker::Shared(), bus.prefix() + kThingTopic), 20);
  for (const Stored& one : boxes) EXPECT_EQ(one.partition, store::LaneOf(one.key) % 3);
}

TEST(Relay, IsWokenByACommit) {
  Source source;
  KafkaBus bus(source);
  ASSERT_TRUE(test::WaitFor([&] { return bus.relay().status().leading; }));
  for (int i = 1; i <= 5; ++i) {
    source.Boxes("a", 1);
    ASSERT_TRUE(bus.RelayIsAt(i));
  }
}

// Between sending and saving the cursor: what the new one sends again is the same, byte for byte.
TEST(Relay, KilledBetweenSendAndCursorSendsTheSameAgain) {
  Source source;
  Ledger ledger;
  source.Spread(100);
  KafkaBus bus(source);
  ASSERT_TRUE(bus.RelayIsAt(100));
  bus.StopRelay();
  auto connection = source.database().Connect(store::Purpose::kWrite);
  ASSERT_TRUE(connection.ok());
  const store::Query back{"UPDATE relay_cursor SET position = 40", {}};
  ASSERT_TRUE((*connection)->Run({&back, 1}).ok());
  bus.StartRelay();
  ASSERT_TRUE(bus.RelayIsAt(100));
  const auto all = ReadTopic(test::KafkaBroker::Shared(), bus.prefix() + kBoxTopic);
  EXPECT_EQ(all.size(), 160u);
  ExpectWhole(all, 100);
  KafkaReader reader(bus, ledger);
  EXPECT_TRUE(StepUntil(reader.runner, [&] { return ledger.HasAll(source, kTopics); }));
  EXPECT_THAT(ledger.turns(), IsEmpty());
}

TEST(Relay, OneOfTwoLeads) {
  Source source(Engine::kPostgres);
  KafkaBus bus(source);
  ASSERT_TRUE(test::WaitFor([&] { return bus.relay().status().leading; }));
  auto other_database = source.store().OpenAgain();
  auto other = Relay::Start(*other_database, bus.relay_options());
  ASSERT_TRUE(other.ok());
  source.Spread(50);
  ASSERT_TRUE(bus.RelayIsAt(50));
  EXPECT_FALSE((*other)->status().leading);
  bus.StopRelay();
  source.Spread(50);
  EXPECT_TRUE(test::WaitFor([&] { return (*other)->status().position == 100; }));
  EXPECT_TRUE((*other)->status().leading);
  ExpectWhole(ReadTopic(test::KafkaBroker::Shared(), bus.prefix() + kBoxTopic), 100);
}

// As when a lock was lost unnoticed: both send, and each finds the cursor moved by the other.
TEST(Relay, TwoAtOnceCostRepeatsOnly) {
  Source source(Engine::kPostgres);
  Ledger ledger;
  KafkaBus bus(source);
  auto other_database = source.store().OpenAgain();
  RelayOptions options = bus.relay_options();
  source.Spread(10);
  ASSERT_TRUE(bus.RelayIsAt(10));
  for (int i = 0; i < 5; ++i) {
    auto other = Relay::Start(*other_database, options);
    ASSERT_TRUE(other.ok());
    // The leader's session is ended under it: the other takes over while the first still sends.
    source.Spread(200);
    auto killer = other_database->Connect(store::Purpose::kWrite);
    const store::Query kill{
        "SELECT count(pg_terminate_backend(l.pid)) FROM pg_locks l WHERE l.locktype = 'advisory' "
        "AND l.granted AND l.pid <> pg_backend_pid() AND l.database = "
        "(SELECT oid FROM pg_database WHERE datname = current_database())",
        {}};
    (void)(*killer)->Run({&kill, 1});
    const int64_t all = source.total();
    EXPECT_TRUE(test::WaitFor([&] {
      return std::max(bus.relay().status().position, (*other)->status().position) == all;
    })) << bus.relay().status().last_error
        << (*other)->status().last_error;
  }
  ExpectWhole(ReadTopic(test::KafkaBroker::Shared(), bus.prefix() + kBoxTopic),
              static_cast<size_t>(source.total()));
  KafkaReader reader(bus, ledger);
  EXPECT_TRUE(StepUntil(reader.runner, [&] { return ledger.HasAll(source, kTopics); }));
  EXPECT_THAT(ledger.turns(), IsEmpty());
}

// Transactions that stay open, in this database and beside it, hold nothing up and hide nothing.
TEST(Relay, LosesNothingToWritersThatHoldTransactionsOpen) {
  Source source(Engine::kPostgres);
  KafkaBus bus(source);
  auto other = source.store().OpenAgain();
  auto idle = other->Connect(store::Purpose::kWrite);
  ASSERT_TRUE((*idle)->Begin().ok());
  const store::Query touch{"INSERT INTO counters (name, value, version) VALUES ('x', 1, 1)", {}};
  ASSERT_TRUE((*idle)->Run({&touch, 1}).ok());
  source.Spread(100);
  EXPECT_TRUE(bus.RelayIsAt(100));
  (*idle)->Rollback();
  ExpectWhole(ReadTopic(test::KafkaBroker::Shared(), bus.prefix() + kBoxTopic), 100);
}

// --- A broker of one's own: killed, wiped, cut off

TEST(RelayAndBroker, ABrokerThatIsAwayDelaysAndLosesNothing) {
  auto broker = test::KafkaBroker::Start();
  ASSERT_TRUE(broker.ok());
  Source source;
  Ledger ledger;
  KafkaBus bus(source, **broker);
  KafkaReader reader(bus, ledger);
  source.Spread(50);
  ASSERT_TRUE(bus.RelayIsAt(50));
  (*broker)->Kill();
  source.Spread(50);
  ASSERT_TRUE((*broker)->Restart().ok());
  source.Spread(50);
  EXPECT_TRUE(bus.RelayIsAt(150)) << bus.relay().status().last_error;
  EXPECT_TRUE(StepUntil(reader.runner, [&] { return ledger.HasAll(source, kTopics); }));
  EXPECT_THAT(ledger.turns(), IsEmpty());
  ExpectWhole(ReadTopic(**broker, bus.prefix() + kBoxTopic), 150);
}

TEST(RelayAndBroker, AWipedTopicIsFilledAgain) {
  auto broker = test::KafkaBroker::Start();
  ASSERT_TRUE(broker.ok());
  Source source;
  KafkaBus bus(source, **broker);
  source.Spread(120);
  source.Things("t", 5);
  ASSERT_TRUE(bus.RelayIsAt(125));
  bus.StopRelay();
  (*broker)->Kill();
  (*broker)->Wipe();
  ASSERT_TRUE((*broker)->Restart().ok());
  bus.StartRelay();
  ASSERT_TRUE(test::WaitFor([&] { return bus.relay().status().refilled == 125; }))
      << bus.relay().status().last_error;
  source.Spread(10);
  ASSERT_TRUE(bus.RelayIsAt(135));
  ExpectWhole(ReadTopic(**broker, bus.prefix() + kBoxTopic), 130);
  ExpectWhole(ReadTopic(**broker, bus.prefix() + kThingTopic), 5);
  Ledger ledger;
  KafkaReader reader(bus, ledger);
  EXPECT_TRUE(StepUntil(reader.runner, [&] { return ledger.HasAll(source, kTopics); }));
  EXPECT_THAT(ledger.turns(), IsEmpty());
}

TEST(RelayAndBroker, AWipeUnderARunningRelayIsFilledAgain) {
  auto broker = test::KafkaBroker::Start();
  ASSERT_TRUE(broker.ok());
  Source source;
  KafkaBus bus(source, **broker);
  source.Spread(60);
  ASSERT_TRUE(bus.RelayIsAt(60));
  (*broker)->Kill();
  (*broker)->Wipe();
  ASSERT_TRUE((*broker)->Restart().ok());
  source.Spread(60);
  ASSERT_TRUE(
      test::WaitFor([&] { return bus.relay().status().position == 120; }, 3 * test::kPatience))
      << bus.relay().status().last_error;
  ExpectWhole(ReadTopic(**broker, bus.prefix() + kBoxTopic), 120);
}

// A log was lost, and a relay that was about to end wrote behind the loss and never heard of it:
// what stands last in each partition says nothing of what is before it.
TEST(RelayAndBroker, ALossBehindWhichWasWrittenIsFilledAgain) {
  auto broker = test::KafkaBroker::Start();
  ASSERT_TRUE(broker.ok());
  Source source;
  KafkaBus bus(source, **broker);
  source.Spread(120);
  ASSERT_TRUE(bus.RelayIsAt(120));
  bus.StopRelay();
  std::map<int, Stored> last;
  for (const Stored& one : ReadTopic(**broker, bus.prefix() + kBoxTopic)) last[one.partition] = one;
  ASSERT_EQ(last.size(), 3u);
  (*broker)->Kill();
  (*broker)->Wipe();
  ASSERT_TRUE((*broker)->Restart().ok());
  {
    auto ending = RelayProducer::Open(bus.relay_options(), RelayCursor());
    ASSERT_TRUE(ending.ok());
    for (const auto& [partition, one] : last) {
      Headers headers;
      for (const absl::string_view line : absl::StrSplit(one.headers, '\n', absl::SkipEmpty())) {
        const std::pair<std::string, std::string> named =
            absl::StrSplit(line, absl::MaxSplits('=', 1));
        headers.push_back(named);
      }
      const auto event = FromRecord(headers, kBoxTopic, one.key, one.value);
      ASSERT_TRUE(event.ok()) << event.status();
      ASSERT_TRUE(test::WaitFor([&] {
        const auto sent = (*ending)->Send(*event, /*refill=*/true);
        return sent.ok() && *sent;
      }));
    }
    ASSERT_TRUE(
        test::WaitFor([&] { return (*ending)->Poll(100).ok() && (*ending)->in_flight() == 0; }));
  }
  bus.StartRelay();
  ASSERT_TRUE(test::WaitFor([&] { return bus.relay().status().refilled == 120; }))
      << bus.relay().status().refilled << bus.relay().status().last_error;
  EXPECT_TRUE(ComesToHold(**broker, bus.prefix() + kBoxTopic, 120));
  // Found once: the next relay has nothing to send again.
  bus.StopRelay();
  bus.StartRelay();
  source.Spread(1);
  ASSERT_TRUE(bus.RelayIsAt(121)) << bus.relay().status().last_error;
  EXPECT_EQ(bus.relay().status().refilled, 0);
}

// Nothing is written that would show it: the relay looks by itself when the broker is back.
TEST(RelayAndBroker, AQuietTopicThatWasWipedIsFilledAgain) {
  auto broker = test::KafkaBroker::Start();
  ASSERT_TRUE(broker.ok());
  Source source;
  KafkaBus bus(source, **broker);
  source.Spread(60);
  ASSERT_TRUE(bus.RelayIsAt(60));
  (*broker)->Kill();
  (*broker)->Wipe();
  ASSERT_TRUE((*broker)->Restart().ok());
  ASSERT_TRUE(
      test::WaitFor([&] { return bus.relay().status().refilled == 60; }, 3 * test::kPatience))
      << bus.relay().status().last_error;
  EXPECT_TRUE(ComesToHold(**broker, bus.prefix() + kBoxTopic, 60));
  ExpectWhole(ReadTopic(**broker, bus.prefix() + kBoxTopic), 60);
}

TEST(RelayAndBroker, ATopicAheadOfTheJournalIsNotWrittenTo) {
  Source source;
  KafkaBus bus(source);
  source.Boxes("a", 10);
  ASSERT_TRUE(bus.RelayIsAt(10));
  bus.StopRelay();
  // The database of a day ago.
  auto connection = source.database().Connect(store::Purpose::kWrite);
  const store::Query back[] = {{"DELETE FROM journal WHERE position > 6", {}},
                               {"UPDATE journal_head SET position = 6", {}},
                               {"UPDATE relay_cursor SET position = 6", {}}};
  ASSERT_TRUE((*connection)->Run(back).ok());
  bus.StartRelay();
  EXPECT_TRUE(test::WaitFor([&] {
    return bus.relay().status().last_error.find("went back in time") != std::string::npos;
  }));
  EXPECT_EQ(bus.relay().status().sent, 0);
}

TEST(RelayAndBroker, CutConnectionsLoseNothing) {
  // Clients go where the broker tells them to: to the proxy.
  const uint16_t port = test::FreePort();
  test::CutProxy proxy(port);
  auto broker = test::KafkaBroker::Start(port, proxy.port());
  ASSERT_TRUE(broker.ok());
  Source source;
  Ledger ledger;
  KafkaBus bus(source, **broker);
  KafkaReader reader(bus, ledger);
  reader.runner.Start();
  for (int i = 0; i < 10; ++i) {
    source.Spread(40);
    const int64_t position = source.total() - 20;
    ASSERT_TRUE(test::WaitFor([&] { return bus.relay().status().position >= position; }))
        << bus.relay().status().last_error;
    proxy.Cut();
  }
  EXPECT_TRUE(bus.RelayIsAt(400));
  EXPECT_TRUE(test::WaitFor([&] { return ledger.HasAll(source, kTopics); }));
  EXPECT_THAT(ledger.turns(), IsEmpty());
  reader.runner.Stop();
  ExpectWhole(ReadTopic(**broker, bus.prefix() + kBoxTopic), 400);
}

// A broker that refuses the first batch for a partition it has just made, takes the second and
// counts the first as a duplicate when it comes again loses events (KAFKA-15591): so no second one
// is under way before the first is answered.
TEST(RelayAndBroker, HasOneBatchUnderWay) {
  const uint16_t port = test::FreePort();
  test::CutProxy proxy(port, test::CutProxy::Framing::kKafka);
  auto broker = test::KafkaBroker::Start(port, proxy.port());
  ASSERT_TRUE(broker.ok());
  const auto number = [](absl::string_view bytes, size_t at, size_t size) {
    int64_t value = 0;
    for (size_t i = at; i < at + size; ++i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
    return value;
  };
  struct Seen {
    absl::Mutex mutex;
    std::set<int64_t> under_way;  // produce requests that are not answered
    size_t most = 0, all = 0;
  };
  auto seen = std::make_shared<Seen>();
  proxy.OnMessage([seen, number](const test::CutProxy::Message& message) {
    constexpr int64_t kProduce = 0;
    // A request: length, api key, its version, correlation id; an answer: length, correlation id.
    absl::MutexLock lock(&seen->mutex);
    if (message.direction == test::CutProxy::Direction::kToClient) {
      seen->under_way.erase(number(message.bytes, 4, 4));
    } else if (number(message.bytes, 4, 2) == kProduce) {
      seen->under_way.insert(number(message.bytes, 8, 4));
      seen->most = std::max(seen->most, seen->under_way.size());
      ++seen->all;
    }
    return test::CutProxy::Verdict::kPass;
  });
  Source source;
  KafkaBus bus(source, **broker);
  bus.StopRelay();
  for (int i = 0; i < 10; ++i) source.Spread(400);
  bus.StartRelay();
  EXPECT_TRUE(bus.RelayIsAt(4'000)) << bus.relay().status().last_error;
  absl::MutexLock lock(&seen->mutex);
  EXPECT_EQ(seen->most, 1u);
  EXPECT_GT(seen->all, 3u) << "batches: the partitions have one each";
}

}  // namespace
}  // namespace tandem::bus
