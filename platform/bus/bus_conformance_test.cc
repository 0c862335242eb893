// What every bus promises, one list of cases for all of them: delivery, and what happens on the
// way.
#include "platform/bus/bus_conformance.h"

#include <algorithm>
#include <atomic>
#include <random>

#include "absl/time/clock.h"

namespace tandem::bus {
namespace {

using testing::HasSubstr;

// --- Delivery

TEST_P(BusConformance, DeliversEverythingInOrderPerKey) {
  source_.Spread(200);
  source_.Things("thing", 30);
  Restart();
  ExpectAll();
  EXPECT_EQ(runner_->status().applied, 230);
}

TEST_P(BusConformance, DeliversWhatIsCommittedWhileItRuns) {
  Restart(nullptr, QuickOptions()).Start();
  for (int i = 0; i < 10; ++i) source_.Boxes(absl::StrCat("shelf", i % 3), 5);
  EXPECT_TRUE(test::WaitFor([&] { return ledger_.HasAll(source_, topics_); }));
  ExpectOnce();
}

TEST_P(BusConformance, ReadsOnlyItsOwnTopics) {
  topics_ = {kThingTopic};
  source_.Boxes("a", 5);
  source_.Things("a", 5);
  source_.Boxes("a", 5);
  Restart();
  ExpectAll();
  EXPECT_EQ(ledger_.CountOf(kBoxTopic, "a"), 0);
}

TEST_P(BusConformance, ATopicThatComesLaterIsRead) {
  source_.Boxes("a", 3);
  Restart();
  EXPECT_TRUE(StepUntil(*runner_, [&] { return ledger_.CountOf(kBoxTopic, "a") == 3; }));
  source_.Things("b", 3);
  ExpectAll();
}

TEST_P(BusConformance, ManyEventsOfOneLaneKeepTheirOrder) {
  source_.Boxes("one", 3000);
  Restart();
  ExpectAll();
}

TEST_P(BusConformance, TenThousandEvents) {
  source_.Spread(10'000);
  Restart();
  ExpectAll();
  EXPECT_EQ(runner_->status().applied, 10'000);
}

TEST_P(BusConformance, AReaderThatRestsTakesTogetherWhatCameMeanwhile) {
  std::atomic<int> commits{0};
  LocalConsumer consumer = CountingConsumer(ledger_, topics_);
  consumer.committed = [&] { ++commits; };
  consumer.rest = absl::Milliseconds(300);
  RestartFor(std::move(consumer)).Start();
  for (int i = 0; i < 60; ++i) {
    source_.Boxes("a", 1);
    absl::SleepFor(absl::Milliseconds(10));
  }
  EXPECT_TRUE(test::WaitFor([&] { return runner_->status().applied == 60; }));
  runner_->Stop();
  EXPECT_GT(commits, 0);
  EXPECT_LT(commits, 30);
  ExpectOnce();
}

// And does not rest while more wait: it would for two seconds behind each.
TEST_P(BusConformance, AReaderTakesOnlySoManyBytesAtATime) {
  std::atomic<int> commits{0};
  LocalConsumer consumer = CountingConsumer(ledger_, topics_);
  consumer.committed = [&] { ++commits; };
  consumer.rest = absl::Seconds(2);
  RunnerOptions options = QuickOptions();
  options.batch_bytes_max = 1;
  source_.Boxes("a", 40);
  RestartFor(std::move(consumer), options).Start();
  EXPECT_TRUE(test::WaitFor([&] { return runner_->status().applied == 40; }, absl::Seconds(40)));
  runner_->Stop();
  EXPECT_EQ(commits, 40);
  ExpectOnce();
}

TEST_P(BusConformance, AnEmptyPayloadIsDelivered) {
  std::vector<Envelope> seen;
  faults_->on_batch = [&](FeedBatch& batch) {
    for (Envelope& event : batch.events) event.clear_payload();
  };
  source_.Boxes("a", 2);
  LocalConsumer consumer = CountingConsumer(ledger_, topics_);
  consumer.apply = [&](const Envelope& event, Context&, State& state) {
    if (state.missing().empty()) seen.push_back(event);
    return absl::OkStatus();
  };
  RestartFor(std::move(consumer));
  EXPECT_TRUE(StepUntil(*runner_, [&] { return runner_->status().applied == 2; }));
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].payload(), "");
}

TEST_P(BusConformance, AnUnknownEventTypeIsTheConsumersToPassOver) {
  faults_->on_batch = [](FeedBatch& batch) {
    for (Envelope& event : batch.events) {
      if (event.position() == 2) event.set_type("tandem.storetest.v1.BoxOfTheFuture");
    }
  };
  source_.Boxes("a", 3);
  std::vector<std::string> types;
  LocalConsumer consumer = CountingConsumer(ledger_, topics_);
  consumer.apply = [&](const Envelope& event, Context&, State& state) {
    if (state.missing().empty()) types.push_back(event.type());
    return absl::OkStatus();
  };
  RestartFor(std::move(consumer));
  EXPECT_TRUE(StepUntil(*runner_, [&] { return runner_->status().applied == 3; }));
  EXPECT_THAT(types, testing::Contains("tandem.storetest.v1.BoxOfTheFuture"));
}

TEST_P(BusConformance, AnEventCarriesItsCause) {
  source_.Boxes("a", 1);
  std::string cause, id;
  LocalConsumer consumer = CountingConsumer(ledger_, topics_);
  consumer.apply = [&](const Envelope& event, Context& context, State&) {
    cause = context.cause_event_id;
    id = event.id();
    return absl::OkStatus();
  };
  RestartFor(std::move(consumer));
  EXPECT_TRUE(StepUntil(*runner_, [&] { return runner_->status().applied == 1; }));
  EXPECT_EQ(cause, id);
  EXPECT_NE(id, "");
}

TEST_P(BusConformance, TheEnvelopeIsTheJournals) {
  source_.Boxes("a", 3);
  auto feed = source_.MakeFeed();
  ASSERT_TRUE(feed->Start(0).ok());
  const auto expected = feed->Next(10, absl::Seconds(1));
  ASSERT_TRUE(expected.ok());
  std::vector<Envelope> seen;
  faults_->on_batch = [&](FeedBatch& batch) {
    seen.insert(seen.end(), batch.events.begin(), batch.events.end());
  };
  Restart();
  ExpectAll();
  ASSERT_EQ(seen.size(), expected->events.size());
  for (size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].SerializeAsString(), expected->events[i].SerializeAsString()) << i;
  }
}

// --- Repeats, turns and losses on the way

TEST_P(BusConformance, RepeatsHaveNoEffect) {
  faults_->on_batch = [](FeedBatch& batch) {
    const std::vector<Envelope> once = batch.events;
    for (int i = 0; i < 3; ++i) {
      batch.events.insert(batch.events.end(), once.begin(), once.end());
    }
  };
  source_.Spread(100);
  Restart();
  ExpectAll();
  EXPECT_EQ(runner_->status().applied, 100);
  EXPECT_GT(runner_->status().dropped, 0);
}

TEST_P(BusConformance, ASuffixSentAgainHasNoEffect) {
  std::vector<Envelope> all;
  faults_->on_batch = [&](FeedBatch& batch) {
    all.insert(all.end(), batch.events.begin(), batch.events.end());
    if (!batch.events.empty()) {
      batch.events.insert(batch.events.end(), all.begin() + static_cast<int64_t>(all.size() / 2),
                          all.end());
    }
  };
  Restart();
  for (int i = 0; i < 5; ++i) {
    source_.Boxes("a", 10);
    ExpectAll();
  }
  EXPECT_EQ(runner_->status().applied, 50);
}

TEST_P(BusConformance, EventsThatComeInAnotherOrderAreSetRight) {
  faults_->on_batch = [](FeedBatch& batch) {
    std::shuffle(batch.events.begin(), batch.events.end(), std::mt19937(7));
  };
  source_.Spread(300);
  source_.Boxes("a", 50);
  Restart();
  ExpectAll();
}

TEST_P(BusConformance, AnEventLostOnTheWayIsFilledInFromTheSource) {
  may_lose_ = true;
  faults_->on_batch = [](FeedBatch& batch) {
    std::erase_if(batch.events, [](const Envelope& event) { return event.position() % 10 == 3; });
  };
  source_.Boxes("a", 25);
  Restart();
  ExpectAll();
  EXPECT_GT(runner_->status().filled, 0);
}

TEST_P(BusConformance, ALostTailIsFoundByComparingWithTheSource) {
  may_lose_ = true;
  faults_->on_batch = [](FeedBatch& batch) {
    std::erase_if(batch.events, [](const Envelope& event) { return event.position() > 5; });
  };
  source_.Boxes("a", 12);
  Restart(nullptr, LookingOften());
  ExpectAll();
}

TEST_P(BusConformance, ALaneWhoseEventsAreAllLostIsFound) {
  may_lose_ = true;
  faults_->on_batch = [](FeedBatch& batch) { batch.events.clear(); };
  source_.Spread(60);
  Restart(nullptr, LookingOften());
  ExpectAll();
  EXPECT_EQ(runner_->status().filled, 60);
}

TEST_P(BusConformance, WhileTheBusHasNothingItsEventsComeFromTheSourceEveryFewSeconds) {
  may_lose_ = true;
  faults_->on_batch = [](FeedBatch& batch) { batch.events.clear(); };
  auto now = std::make_shared<absl::Time>(absl::Now());
  RunnerOptions options = QuickOptions();
  options.head_check = absl::Seconds(60);
  options.now = [now] { return *now; };
  Restart(nullptr, options);
  for (int boxes = 1; boxes <= 4; ++boxes) {
    source_.Boxes("a", 1);
    const absl::Time since = *now;
    EXPECT_TRUE(StepUntil(*runner_, [&] {
      *now += absl::Seconds(1);
      return ledger_.CountOf(kBoxTopic, "a") == boxes;
    }));
    // The first time it is not known yet that the bus has lost something.
    EXPECT_LE(*now - since, absl::Seconds(boxes == 1 ? 70 : 20)) << boxes;
  }
}

TEST_P(BusConformance, AGapWaitsWhileTheSourceIsAway) {
  may_lose_ = true;
  faults_->on_batch = [](FeedBatch& batch) {
    std::erase_if(batch.events, [](const Envelope& event) { return event.position() == 2; });
  };
  source_.Boxes("a", 1);
  Restart();
  ExpectAll();
  faults_->source_away = true;
  source_.Boxes("a", 3);
  source_.Boxes("other", 4);
  EXPECT_TRUE(StepUntil(*runner_, [&] {
    return ledger_.CountOf(kBoxTopic, "other") == 4 && runner_->status().held == 1;
  }));
  EXPECT_EQ(ledger_.CountOf(kBoxTopic, "a"), 1);
  EXPECT_THAT(runner_->status().last_error, HasSubstr("the source is away"));
  faults_->source_away = false;
  ExpectAll();
}

// --- A source that is not what it was

TEST_P(BusConformance, AnotherIncarnationStopsTheSubscription) {
  source_.Boxes("a", 3);
  Restart();
  ExpectAll();
  ledger_.Execute("UPDATE cursors SET incarnation = 'of-another-life'");
  Restart().Start();
  EXPECT_TRUE(test::WaitFor([&] { return !runner_->status().stopped.empty(); }));
  EXPECT_THAT(runner_->status().stopped, HasSubstr("its database was replaced"));
}

TEST_P(BusConformance, ASourceThatIsBehindStopsTheSubscription) {
  source_.Boxes("a", 3);
  Restart();
  ExpectAll();
  ledger_.Execute("UPDATE cursors SET position = 1000");
  Restart().Start();
  EXPECT_TRUE(test::WaitFor([&] { return !runner_->status().stopped.empty(); }));
  EXPECT_THAT(runner_->status().stopped, HasSubstr("went back in time"));
}

TEST_P(BusConformance, EventsOfAHistoryLongGoneArePassedOver) {
  faults_->on_batch = [](FeedBatch& batch) {
    std::vector<Envelope> old = batch.events;
    for (Envelope& event : old) event.set_incarnation("of-another-life");
    batch.events.insert(batch.events.begin(), old.begin(), old.end());
  };
  source_.Spread(30);
  Restart();
  ExpectAll();
  EXPECT_EQ(runner_->status().applied, 30);
}

TEST_P(BusConformance, AForgedChainIsSetRightByTheSource) {
  faults_->on_batch = [](FeedBatch& batch) {
    for (Envelope& event : batch.events) {
      if (event.position() % 5 == 0) event.set_previous_position(event.position() - 1);
    }
  };
  source_.Spread(60);
  source_.Boxes("a", 20);
  Restart();
  ExpectAll();
}

INSTANTIATE_TEST_SUITE_P(Buses, BusConformance, testing::ValuesIn(kSetups), NameOf);

}  // namespace
}  // namespace tandem::bus
