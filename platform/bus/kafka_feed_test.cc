// The Kafka feed with a real broker.
#include "platform/bus/kafka_feed.h"

#include <set>

#include "platform/bus/kafka_fixture.h"

namespace tandem::bus {
namespace {

using testing::IsEmpty;

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
  // A busy broker may refuse a partition that it has announced and not opened yet; the relay then
  // begins again from its cursor, once.
  EXPECT_LE(bus.relay().status().rebuilt, 1);
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

}  // namespace
}  // namespace tandem::bus
