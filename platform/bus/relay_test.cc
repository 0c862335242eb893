// The relay and the Kafka feed with a real broker: what a broker, a network and other replicas do.
#include "platform/bus/relay.h"

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "platform/bus/bus_fixture.h"
#include "platform/bus/envelope.h"
#include "platform/bus/kafka_client.h"
#include "platform/bus/kafka_feed.h"
#include "platform/store/journal.h"
#include "tests/support/cut_proxy.h"
#include "tests/support/free_port.h"

namespace tandem::bus {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const std::vector<std::string> kTopics = {kBoxTopic, kThingTopic};

// A topic as it lies in Kafka: partition after partition, each in its order.
struct Stored {
  int partition;
  std::string key, value, headers;
  int64_t position;
};
std::vector<Stored> ReadTopic(test::KafkaBroker& broker, const std::string& topic) {
  auto client = OpenKafka(RD_KAFKA_CONSUMER, broker.bootstrap(),
                          {{"group.id", "reads-all"},
                           {"enable.partition.eof", "true"},
                           {"auto.offset.reset", "earliest"}});
  EXPECT_TRUE(client.ok());
  rd_kafka_poll_set_consumer(client->get());
  std::vector<Stored> all;
  const auto topics = TopicsOf(client->get(), nullptr, 10'000);
  if (!topics.ok() || !topics->contains(topic)) return all;
  const int partitions = topics->at(topic);
  const KafkaList list(rd_kafka_topic_partition_list_new(partitions));
  for (int p = 0; p < partitions; ++p) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), p)->offset =
        RD_KAFKA_OFFSET_BEGINNING;
  }
  rd_kafka_assign(client->get(), list.get());
  const absl::Time deadline = absl::Now() + test::kPatience;
  for (int open = partitions; open > 0 && absl::Now() < deadline;) {
    const KafkaMessage record(rd_kafka_consumer_poll(client->get(), 100));
    if (record == nullptr) continue;
    if (record->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) --open;
    if (record->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    Stored one{record->partition, std::string(static_cast<char*>(record->key), record->key_len),
               std::string(static_cast<char*>(record->payload), record->len), "", 0};
    Headers headers;
    rd_kafka_headers_t* raw = nullptr;
    rd_kafka_message_headers(record.get(), &raw);
    const char* name;
    const void* value;
    size_t size;
    for (size_t i = 0; rd_kafka_header_get_all(raw, i, &name, &value, &size) == 0; ++i) {
      headers.emplace_back(name, std::string(static_cast<const char*>(value), size));
      absl::StrAppend(&one.headers, name, "=", headers.back().second, "\n");
    }
    const auto event = FromRecord(headers, "any", one.key, one.value);
    EXPECT_TRUE(event.ok()) << event.status();
    if (event.ok()) one.position = event->position();
    all.push_back(std::move(one));
  }
  return all;
}

// Every position of the topic is there; copies are alike; each key's first copies come in order.
void ExpectWhole(const std::vector<Stored>& all, size_t events) {
  std::map<int64_t, const Stored*> first;
  std::map<std::string, int64_t> last;
  for (const Stored& one : all) {
    auto [it, fresh] = first.emplace(one.position, &one);
    if (!fresh) {
      EXPECT_EQ(it->second->headers, one.headers);
      EXPECT_EQ(it->second->value, one.value);
      EXPECT_EQ(it->second->key, one.key);
      continue;
    }
    EXPECT_LT(last[one.key], one.position);
    last[one.key] = one.position;
  }
  EXPECT_EQ(first.size(), events);
}

struct KafkaReader {
  KafkaReader(KafkaBus& bus, Ledger& ledger)
      : runner(CountingConsumer(ledger, kTopics), bus.MakeFeed("ledger", kTopics), ledger.writer(),
               ledger.rows(), QuickOptions()) {}
  Runner runner;
};

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

TEST(KafkaFeed, TwoRunnersOfAGroupShareTheWork) {
  Source source;
  Ledger ledger(Engine::kPostgres);
  KafkaBus bus(source);
  source.Spread(100);
  ASSERT_TRUE(bus.RelayIsAt(100));
  auto one = std::make_unique<KafkaReader>(bus, ledger);
  one->runner.Start();
  EXPECT_TRUE(test::WaitFor([&] { return ledger.HasAll(source, kTopics); }));
  // The second joins, then the first goes, while events come: every partition changes hands.
  Ledger replica(ledger.store());
  KafkaReader two(bus, replica);
  two.runner.Start();
  for (int i = 0; i < 20; ++i) source.Spread(40);
  one = nullptr;
  for (int i = 0; i < 5; ++i) source.Spread(40);
  EXPECT_TRUE(test::WaitFor([&] { return ledger.HasAll(source, kTopics); }))
      << two.runner.status().last_error;
  EXPECT_THAT(ledger.turns(), IsEmpty());
  EXPECT_THAT(replica.turns(), IsEmpty());
}

TEST(KafkaFeed, PartitionsThatAreAddedChangeNothing) {
  Source source;
  Ledger ledger;
  KafkaBus bus(source);
  source.Spread(100);
  ASSERT_TRUE(bus.RelayIsAt(100));
  KafkaReader reader(bus, ledger);
  EXPECT_TRUE(StepUntil(reader.runner, [&] { return ledger.HasAll(source, kTopics); }));
  auto admin = OpenKafka(RD_KAFKA_PRODUCER, test::KafkaBroker::Shared().bootstrap(), {});
  const std::string topic = bus.prefix() + kBoxTopic;
  char words[256];
  rd_kafka_NewPartitions_t* more =
      rd_kafka_NewPartitions_new(topic.c_str(), 7, words, sizeof(words));
  const KafkaQueue queue(rd_kafka_queue_new(admin->get()));
  rd_kafka_CreatePartitions(admin->get(), &more, 1, nullptr, queue.get());
  const KafkaEvent done(rd_kafka_queue_poll(queue.get(), 10'000));
  rd_kafka_NewPartitions_destroy(more);
  ASSERT_NE(done, nullptr);
  std::set<int> partitions;
  EXPECT_TRUE(StepUntil(reader.runner, [&] {
    source.Spread(40);
    partitions.clear();
    for (const Stored& one : ReadTopic(test::KafkaBroker::Shared(), topic)) {
      partitions.insert(one.partition);
    }
    return partitions.size() > 3;
  }));
  EXPECT_TRUE(StepUntil(reader.runner, [&] { return ledger.HasAll(source, kTopics); }));
  EXPECT_THAT(ledger.turns(), IsEmpty());
  EXPECT_EQ(bus.relay().status().rebuilt, 0);
}

TEST(KafkaFeed, ReportsWhatItCannotPlaceAndReadsItFromTheSource) {
  Source source;
  Ledger ledger;
  KafkaBus bus(source);
  source.Boxes("a", 3);
  ASSERT_TRUE(bus.RelayIsAt(3));
  auto producer = OpenKafka(RD_KAFKA_PRODUCER, test::KafkaBroker::Shared().bootstrap(), {});
  const std::string topic = bus.prefix() + kBoxTopic;
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(
        rd_kafka_producev(producer->get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(i),
                          RD_KAFKA_V_VALUE(const_cast<char*>("junk"), 4), RD_KAFKA_V_END),
        RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  rd_kafka_flush(producer->get(), 10'000);
  source.Boxes("a", 3);
  std::vector<std::string> passed_over;
  KafkaFeedOptions options;
  options.brokers = test::KafkaBroker::Shared().bootstrap();
  options.group = bus.prefix() + "ledger";
  options.topics = kTopics;
  options.topic_prefix = bus.prefix();
  options.source = source.MakeFeed();
  options.passed_over = [&](const absl::Status& why) { passed_over.push_back(why.ToString()); };
  auto feed = MakeKafkaFeed(std::move(options));
  ASSERT_TRUE(feed.ok());
  Runner runner(CountingConsumer(ledger, kTopics), *std::move(feed), ledger.writer(), ledger.rows(),
                QuickOptions());
  EXPECT_TRUE(
      StepUntil(runner, [&] { return ledger.HasAll(source, kTopics) && passed_over.size() == 3; }));
  EXPECT_THAT(ledger.turns(), IsEmpty());
}

TEST(KafkaFeed, GoesOnWhileTheSourceIsAway) {
  Source source;
  Ledger ledger;
  KafkaBus bus(source);
  source.Spread(50);
  auto faults = std::make_shared<Faults>();
  for (int i = 0; i < 2; ++i) {
    Runner runner(CountingConsumer(ledger, kTopics),
                  WithFaults(bus.MakeFeed("ledger", kTopics), faults, false), ledger.writer(),
                  ledger.rows(), QuickOptions());
    EXPECT_TRUE(StepUntil(runner, [&] { return ledger.HasAll(source, kTopics); }));
    // The next one begins with the broker alone.
    faults->source_away = true;
    source.Spread(50);
  }
  EXPECT_THAT(ledger.turns(), IsEmpty());
}

TEST(KafkaFeed, AReaderThatKnowsNothingOfItsSourceWaitsForIt) {
  Source source;
  Ledger ledger;
  KafkaBus bus(source);
  source.Spread(50);
  auto faults = std::make_shared<Faults>();
  faults->source_away = true;
  Runner runner(CountingConsumer(ledger, kTopics),
                WithFaults(bus.MakeFeed("ledger", kTopics), faults, false), ledger.writer(),
                ledger.rows(), QuickOptions());
  EXPECT_EQ(runner.Step(absl::Milliseconds(10)).status().code(), absl::StatusCode::kUnavailable);
  faults->source_away = false;
  EXPECT_TRUE(StepUntil(runner, [&] { return ledger.HasAll(source, kTopics); }));
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

}  // namespace
}  // namespace tandem::bus
