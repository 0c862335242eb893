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

// How many members a group has, by the broker's word.
int MembersOf(const std::string& group) {
  auto client = OpenKafka(RD_KAFKA_PRODUCER, test::KafkaBroker::Shared().bootstrap(), {});
  const rd_kafka_group_list* groups = nullptr;
  if (rd_kafka_list_groups(client->get(), group.c_str(), &groups, 10'000) !=
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    return -1;
  }
  const int members = groups->group_cnt == 1 ? groups->groups[0].member_cnt : 0;
  rd_kafka_group_list_destroy(groups);
  return members;
}

TEST(KafkaFeed, AReaderThatWasKilledReadsOnWhenItIsBack) {
  Source source;
  Ledger ledger;
  KafkaBus bus(source);
  source.Spread(50);
  ASSERT_TRUE(bus.RelayIsAt(50));
  {  // Not missed by the broker for longer than any test waits.
    auto killed = OpenKafka(RD_KAFKA_CONSUMER, test::KafkaBroker::Shared().bootstrap(),
                            {{"group.id", bus.prefix() + "ledger"},
                             {"group.instance.id", "here"},
                             {"partition.assignment.strategy", "range"},
                             {"max.poll.interval.ms", "600000"},
                             {"session.timeout.ms", "600000"}});
    ASSERT_TRUE(killed.ok());
    const KafkaList list(rd_kafka_topic_partition_list_new(2));
    for (const std::string& topic : kTopics) {
      rd_kafka_topic_partition_list_add(list.get(), (bus.prefix() + topic).c_str(),
                                        RD_KAFKA_PARTITION_UA);
    }
    rd_kafka_subscribe(killed->get(), list.get());
    ASSERT_TRUE(test::WaitFor([&] {
      const KafkaMessage served(rd_kafka_consumer_poll(killed->get(), 100));
      rd_kafka_topic_partition_list_t* raw = nullptr;
      rd_kafka_assignment(killed->get(), &raw);
      return KafkaList(raw)->cnt > 0;
    }));
    rd_kafka_destroy_flags(killed->release(), RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }
  ASSERT_EQ(MembersOf(bus.prefix() + "ledger"), 1);
  KafkaFeedOptions options = bus.feed_options("ledger", kTopics);
  options.instance = "here";
  Runner runner(CountingConsumer(ledger, kTopics), *MakeKafkaFeed(std::move(options)),
                ledger.writer(), ledger.rows(), QuickOptions());
  source.Spread(50);
  EXPECT_TRUE(StepUntil(runner, [&] { return ledger.HasAll(source, kTopics); }));
}

TEST(KafkaFeed, AReaderThatEndsLeavesTheGroupAtOnce) {
  Source source;
  Ledger ledger;
  KafkaBus bus(source);
  source.Spread(50);
  KafkaFeedOptions options = bus.feed_options("ledger", kTopics);
  options.instance = "here";
  {
    Runner runner(CountingConsumer(ledger, kTopics), *MakeKafkaFeed(std::move(options)),
                  ledger.writer(), ledger.rows(), QuickOptions());
    EXPECT_TRUE(StepUntil(runner, [&] { return ledger.HasAll(source, kTopics); }));
    EXPECT_EQ(MembersOf(bus.prefix() + "ledger"), 1);
  }
  // Sooner than the broker would miss it.
  EXPECT_TRUE(
      test::WaitFor([&] { return MembersOf(bus.prefix() + "ledger") == 0; }, absl::Seconds(5)));
}

TEST(KafkaFeed, AReaderEndsSoonThoughItsBrokerStandsStill) {
  const std::unique_ptr<test::KafkaBroker> broker = *test::KafkaBroker::Start();
  Source source;
  KafkaBus bus(source, *broker);
  source.Spread(50);
  ASSERT_TRUE(bus.RelayIsAt(50));
  KafkaFeedOptions options = bus.feed_options("ledger", kTopics);
  options.instance = "here";
  std::unique_ptr<Feed> feed = *MakeKafkaFeed(std::move(options));
  ASSERT_TRUE(feed->Start(0).ok());
  size_t read = 0;
  ASSERT_TRUE(test::WaitFor([&] {
    const auto batch = feed->Next(100, absl::Milliseconds(100));
    read += batch.ok() ? batch->events.size() : 0;
    return read == 50;
  }));
  broker->Pause(true);
  feed->Settled();  // tells the broker how far it came, and will not be answered
  const absl::Time start = absl::Now();
  feed = nullptr;
  EXPECT_LT(absl::Now() - start, absl::Seconds(20));  // its requests wait for longer
  broker->Pause(false);
}

}  // namespace
}  // namespace tandem::bus
