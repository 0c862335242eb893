// What every bus promises, one list of cases for all of them.
#include <algorithm>
#include <random>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "platform/base/status.h"
#include "platform/bus/bus_fixture.h"
#include "platform/store/journal.h"

namespace tandem::bus {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

struct Setup {
  const char* name;
  bool kafka;
  Engine engine;
};

const std::vector<std::string> kBoth = {kBoxTopic, kThingTopic};

class BusConformance : public testing::TestWithParam<Setup> {
 protected:
  BusConformance() {
    if (GetParam().kafka) {
      bus_ = std::make_unique<KafkaBus>(source_);
    } else {
      bus_ = MakeJournalBus(source_);
    }
  }

  // A runner of the counting reader, of two topics, with faults on its way. A call is a restart:
  // what was in the memory of the one before is gone.
  Runner& Restart(Refusal refuse = nullptr, RunnerOptions options = QuickOptions()) {
    return RestartFor(CountingConsumer(ledger_, topics_, std::move(refuse)), options);
  }
  template <class Consumer>
  Runner& RestartFor(Consumer consumer, RunnerOptions options = QuickOptions()) {
    runner_ = nullptr;
    runner_ = std::make_unique<Runner>(
        std::move(consumer), WithFaults(bus_->MakeFeed("ledger", topics_), faults_, may_lose_),
        ledger_.writer(), ledger_.rows(), options);
    return *runner_;
  }

  // All that was emitted has been counted, once each and in order.
  void ExpectAll() {
    EXPECT_TRUE(StepUntil(*runner_, [&] { return ledger_.HasAll(source_, topics_); }))
        << runner_->status().stopped << runner_->status().last_error;
    ExpectOnce();
  }
  void ExpectOnce() { EXPECT_THAT(ledger_.turns(), IsEmpty()); }

  Quarantine MakeQuarantine() {
    return Quarantine("ledger", ledger_.writer(), ledger_.rows(), {runner_.get()});
  }
  int Waiting(const std::string& key) {
    const auto parked = MakeQuarantine().Get(absl::StrCat("ledger|", key));
    return parked.ok() ? parked->event_count() : 0;
  }

  Source source_{GetParam().engine};
  Ledger ledger_{GetParam().engine};
  std::vector<std::string> topics_ = kBoth;
  bool may_lose_ = false;
  std::shared_ptr<Faults> faults_ = std::make_shared<Faults>();
  std::unique_ptr<Bus> bus_;
  std::unique_ptr<Runner> runner_;
};

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

// --- Crashes

// Between each two steps: the runner's memory is lost there, again and again.
TEST_P(BusConformance, ACrashBetweenAnyTwoStepsLosesAndRepeatsNothing) {
  enum Point { kAfterNext, kInTheEffect, kBeforeSettled, kAfterSettled, kPoints };
  may_lose_ = true;
  for (int round = 0; round < 2 * kPoints; ++round) {
    const int point = round % kPoints;
    source_.Spread(15);
    bool fail = point == kInTheEffect;
    faults_->swallow_settled = point == kBeforeSettled;
    faults_->on_batch = [&](FeedBatch& batch) {
      if (point == kAfterNext) batch.events.clear();  // taken, and gone with the process
      if (point == kAfterNext) batch.looked_at = 0;
    };
    int64_t tried = 0;
    Restart(
        [&](const Envelope& event) {
          // Every other lane fails: the transaction has some effects and not others.
          if (fail && event.lane() % 2 == 0) {
            ++tried;
            return absl::UnavailableError("crashing");
          }
          return absl::OkStatus();
        },
        LookingOften());
    EXPECT_TRUE(StepUntil(*runner_, [&] {
      return tried > 0 || runner_->status().applied > 0 || faults_->settled > 0 ||
             (point == kAfterNext && faults_->nexts > 0);
    }));
    faults_->nexts = faults_->settled = 0;
  }
  *faults_ = Faults();
  Restart(nullptr, LookingOften());
  ExpectAll();
}

TEST_P(BusConformance, ARestartedReaderGoesOnWithoutRepeatingEffects) {
  source_.Spread(50);
  Restart();
  ExpectAll();
  source_.Spread(50);
  Restart();
  ExpectAll();
  EXPECT_EQ(runner_->status().applied, 50);
}

TEST_P(BusConformance, ALostHintCostsRepeatsOnly) {
  source_.Spread(50);
  Restart();
  ExpectAll();
  ledger_.Execute("DELETE FROM cursors WHERE id LIKE '%|*'");
  source_.Spread(20);
  Restart();
  ExpectAll();
  EXPECT_EQ(runner_->status().applied, 20);
}

TEST_P(BusConformance, AHintThatIsTooFarLosesNothing) {
  if (bus_->is_kafka()) GTEST_SKIP() << "Kafka's hint is a broker's";
  source_.Boxes("a", 10);
  source_.Boxes("b", 10);
  Restart();
  ExpectAll();
  runner_ = nullptr;
  source_.Boxes("a", 5);
  ledger_.Execute("UPDATE cursors SET position = 25 WHERE id LIKE '%|*'");
  Restart();
  ExpectAll();
}

TEST_P(BusConformance, AWriterThatGoesAwayHoldsAndLosesNothing) {
  source_.Spread(30);
  Restart();
  ExpectAll();
  source_.Spread(30);
  runner_ = nullptr;
  ledger_.RestartWriter();
  Restart();
  ExpectAll();
}

// --- Errors that may pass

TEST_P(BusConformance, ATransientErrorHoldsItsLaneAndOthersGoOn) {
  bool away = true;
  int tries = 0;
  Restart([&](const Envelope& event) {
    if (away && event.routing_key() == "a") {
      ++tries;
      return absl::UnavailableError("not now");
    }
    return absl::OkStatus();
  });
  source_.Boxes("a", 5);
  source_.Boxes("b", 5);
  EXPECT_TRUE(StepUntil(*runner_, [&] { return ledger_.CountOf(kBoxTopic, "b") == 5; }));
  // Also what comes later, while the lane is held.
  source_.Boxes("b", 5);
  source_.Boxes("a", 5);
  source_.Boxes("b", 5);
  EXPECT_TRUE(StepUntil(*runner_, [&] { return ledger_.CountOf(kBoxTopic, "b") == 15; }));
  EXPECT_TRUE(StepUntil(*runner_, [&] { return tries >= 3; }));
  EXPECT_EQ(ledger_.CountOf(kBoxTopic, "a"), 0);
  EXPECT_THAT(runner_->status().last_error, HasSubstr("not now"));
  EXPECT_EQ(Waiting("a"), 0);
  away = false;
  ExpectAll();
  // It was the last to be tried: nothing is wrong any more.
  EXPECT_TRUE(StepUntil(*runner_, [&] { return runner_->status().last_error.empty(); }));
}

TEST_P(BusConformance, AHeldLaneIsBoundedInMemoryAndReadAgain) {
  bool away = true;
  RunnerOptions options = QuickOptions();
  options.held_max = 10;
  options.retry_base_ms = 20;
  Restart(
      [&](const Envelope&) { return away ? absl::UnavailableError("not now") : absl::OkStatus(); },
      options);
  source_.Boxes("a", 1);
  EXPECT_TRUE(StepUntil(*runner_, [&] { return runner_->status().held == 1; }));
  const int64_t nexts = faults_->nexts;
  source_.Boxes("a", 2000);
  EXPECT_TRUE(StepUntil(*runner_, [&] { return faults_->nexts > nexts + 20; }));
  away = false;
  ExpectAll();
  EXPECT_EQ(runner_->status().applied, 2001);
}

TEST_P(BusConformance, AHeldLaneSurvivesARestart) {
  bool away = true;
  const Refusal refuse = [&](const Envelope& event) {
    return away && event.routing_key() == "a" ? absl::UnavailableError("not now")
                                              : absl::OkStatus();
  };
  Restart(refuse);
  source_.Boxes("a", 3);
  source_.Boxes("b", 3);
  EXPECT_TRUE(StepUntil(*runner_, [&] { return ledger_.CountOf(kBoxTopic, "b") == 3; }));
  Restart(refuse);
  source_.Boxes("b", 3);
  EXPECT_TRUE(StepUntil(*runner_, [&] { return ledger_.CountOf(kBoxTopic, "b") == 6; }));
  away = false;
  Restart(refuse);
  ExpectAll();
}

// --- Quarantine

// Refuses for good while `sick` holds the key.
Refusal Refusing(const std::shared_ptr<std::set<std::string>>& sick) {
  return [sick](const Envelope& event) {
    return sick->contains(event.routing_key())
               ? Refuse(absl::StatusCode::kFailedPrecondition, "BOX_IS_SICK", "no use")
               : absl::OkStatus();
  };
}

class BusQuarantine : public BusConformance {
 protected:
  std::shared_ptr<std::set<std::string>> sick_ =
      std::make_shared<std::set<std::string>>(std::set<std::string>{"a"});
};

TEST_P(BusQuarantine, ARefusedEventParksItsKeyOnly) {
  source_.Boxes("a", 3);
  source_.Spread(40);
  Restart(Refusing(sick_));
  EXPECT_TRUE(StepUntil(
      *runner_, [&] { return runner_->status().applied == 40 && runner_->status().parked == 3; }));
  const auto parked = MakeQuarantine().Get("ledger|a");
  ASSERT_TRUE(parked.ok());
  EXPECT_EQ(parked->reason(), "BOX_IS_SICK");
  EXPECT_EQ(parked->event_count(), 3);
  EXPECT_EQ(ledger_.CountOf(kBoxTopic, "a"), 0);
  ExpectOnce();
}

TEST_P(BusQuarantine, LaterEventsOfTheKeyWaitAlsoFromAnotherTopic) {
  source_.Boxes("a", 1);
  source_.Things("a", 2);  // the same key, on another topic's lane
  source_.Boxes("a", 1);
  auto only_boxes = [](const Envelope& event) {
    return event.topic() == kBoxTopic
               ? Refuse(absl::StatusCode::kFailedPrecondition, "BOX_IS_SICK", "no use")
               : absl::OkStatus();
  };
  Restart(only_boxes);
  EXPECT_TRUE(StepUntil(*runner_,
                        [&] { return runner_->status().parked + runner_->status().applied == 4; }));
  // On Kafka the topics may come one after the other; on the journal all stand behind the first.
  if (!bus_->is_kafka()) {
    EXPECT_EQ(runner_->status().parked, 4);
  }
  source_.Things("a", 2);
  EXPECT_TRUE(StepUntil(*runner_,
                        [&] { return runner_->status().parked + runner_->status().applied == 6; }));
  EXPECT_GE(runner_->status().parked, 4);
  ExpectOnce();
}

TEST_P(BusQuarantine, ARetryDrainsTheKeyInOrder) {
  source_.Boxes("a", 5);
  Restart(Refusing(sick_));
  EXPECT_TRUE(StepUntil(*runner_, [&] { return runner_->status().parked == 5; }));
  sick_->clear();
  source_.Boxes("a", 2);  // behind the others still
  EXPECT_TRUE(StepUntil(*runner_, [&] { return runner_->status().parked == 7; }));
  Quarantine quarantine = MakeQuarantine();
  const auto applied = quarantine.Retry("ledger|a", false);
  ASSERT_TRUE(applied.ok());
  EXPECT_EQ(*applied, 7);
  EXPECT_EQ(quarantine.Get("ledger|a").status().code(), absl::StatusCode::kNotFound);
  source_.Boxes("a", 2);  // flows again
  ExpectAll();
}

TEST_P(BusQuarantine, ARetryThatIsRefusedAgainKeepsTheKey) {
  source_.Boxes("a", 3);
  Restart(Refusing(sick_));
  EXPECT_TRUE(StepUntil(*runner_, [&] { return runner_->status().parked == 3; }));
  Quarantine quarantine = MakeQuarantine();
  const int attempts = quarantine.Get("ledger|a")->attempts();
  EXPECT_EQ(*quarantine.Retry("ledger|a", false), 0);
  EXPECT_EQ(quarantine.Get("ledger|a")->attempts(), attempts + 1);
  EXPECT_EQ(Waiting("a"), 3);
}

TEST_P(BusQuarantine, ASkipDropsTheFirstOnly) {
  source_.Boxes("a", 3);
  Restart([](const Envelope& event) {
    return NumberIn(event) == 1 ? Refuse(absl::StatusCode::kInvalidArgument, "BOX_IS_SICK", "")
                                : absl::OkStatus();
  });
  EXPECT_TRUE(StepUntil(*runner_, [&] { return runner_->status().parked == 3; }));
  EXPECT_EQ(*MakeQuarantine().Retry("ledger|a", true), 2);
  EXPECT_EQ(ledger_.CountOf(kBoxTopic, "a"), 3);
  EXPECT_EQ(Waiting("a"), 0);
  EXPECT_THAT(ledger_.turns(), testing::ElementsAre(HasSubstr("2 after 0")));
}

TEST_P(BusQuarantine, AParkedKeySurvivesARestart) {
  source_.Boxes("a", 2);
  Restart(Refusing(sick_));
  EXPECT_TRUE(StepUntil(*runner_, [&] { return runner_->status().parked == 2; }));
  sick_->clear();
  source_.Boxes("a", 2);
  source_.Boxes("b", 2);
  Restart(Refusing(sick_));
  EXPECT_TRUE(StepUntil(*runner_, [&] { return Waiting("a") == 4; }));
  EXPECT_EQ(*MakeQuarantine().Retry("ledger|a", false), 4);
  ExpectAll();
}

TEST_P(BusQuarantine, ListsByKeyAndSaysWhatWaits) {
  *sick_ = {"a", "c"};
  for (const char* key : {"c", "a", "b"}) source_.Boxes(key, 2);
  Restart(Refusing(sick_));
  EXPECT_TRUE(StepUntil(*runner_, [&] { return runner_->status().parked == 4; }));
  Quarantine quarantine = MakeQuarantine();
  const auto keys = quarantine.List("", 10);
  ASSERT_TRUE(keys.ok());
  ASSERT_EQ(keys->size(), 2u);
  EXPECT_EQ((*keys)[0].key(), "a");
  EXPECT_EQ(quarantine.List((*keys)[0].id(), 10)->size(), 1u);
  EXPECT_EQ(quarantine.List("", 1)->size(), 1u);
  const auto events = quarantine.Events("ledger|a", 10);
  ASSERT_EQ(events->size(), 2u);
  EXPECT_LT((*events)[0].position(), (*events)[1].position());
  EXPECT_EQ((*events)[0].event_type(), "tandem.storetest.v1.BoxFilled");
  EXPECT_EQ(quarantine.Retry("ledger|zzz", false).status().code(), absl::StatusCode::kNotFound);
}

TEST_P(BusQuarantine, APayloadThatCannotBeReadParksItsKey) {
  faults_->on_batch = [](FeedBatch& batch) {
    for (Envelope& event : batch.events) {
      if (event.routing_key() == "a") event.set_payload("\xff\xff\xff");
    }
  };
  source_.Boxes("a", 1);
  source_.Boxes("b", 3);
  Restart([](const Envelope& event) {
    return NumberIn(event) < 0 ? absl::InvalidArgumentError("EVENT_MALFORMED") : absl::OkStatus();
  });
  EXPECT_TRUE(StepUntil(*runner_, [&] {
    return runner_->status().parked == 1 && ledger_.CountOf(kBoxTopic, "b") == 3;
  }));
}

TEST_P(BusQuarantine, EventsArrivingDuringARetryKeepTheirOrder) {
  source_.Boxes("a", 200);
  Restart(Refusing(sick_));
  EXPECT_TRUE(StepUntil(*runner_, [&] { return runner_->status().parked == 200; }));
  sick_->clear();
  Quarantine quarantine = MakeQuarantine();
  std::thread retrying([&] {
    while (quarantine.Get("ledger|a").ok()) (void)quarantine.Retry("ledger|a", false);
  });
  for (int i = 0; i < 20; ++i) {
    source_.Boxes("a", 5);
    (void)runner_->Step(absl::Milliseconds(5));
  }
  retrying.join();
  EXPECT_TRUE(StepUntil(*runner_, [&] {
    if (quarantine.Get("ledger|a").ok()) (void)quarantine.Retry("ledger|a", false);
    return ledger_.HasAll(source_, topics_);
  }));
  ExpectOnce();
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

// --- A consumer whose effect is elsewhere

class BusRemote : public BusConformance {
 protected:
  // Does what another service does: has one effect per request id, counts those in order.
  RemoteConsumer Consumer() {
    RemoteConsumer consumer;
    consumer.reader = "ledger";
    consumer.source = kSourceName;
    consumer.topics = topics_;
    consumer.key = [](const Envelope& event) { return event.routing_key(); };
    consumer.handle = [this](absl::Span<const Envelope* const> events) {
      std::vector<absl::Status> answers;
      std::set<std::string> failed;
      for (const Envelope* event : events) {
        ++calls_;
        absl::Status answer = failed.contains(event->routing_key())
                                  ? absl::AbortedError("behind another")
                              : refuse_ ? refuse_(*event)
                                        : absl::OkStatus();
        if (!answer.ok()) failed.insert(event->routing_key());
        if (answer.ok() && done_.insert(event->id()).second) {
          effects_[event->routing_key()].push_back(NumberIn(*event));
        }
        answers.push_back(answer);
      }
      return answers;
    };
    return consumer;
  }

  void ExpectEffects(const std::string& key, int count) {
    EXPECT_TRUE(StepUntil(*runner_, [&] {
      return static_cast<int>(effects_[key].size()) >= count;
    })) << key;
    std::vector<int64_t> expected;
    for (int i = 1; i <= count; ++i) expected.push_back(i);
    EXPECT_EQ(effects_[key], expected) << key;
  }

  int calls_ = 0;
  Refusal refuse_;
  std::set<std::string> done_;  // as request ids
  std::map<std::string, std::vector<int64_t>> effects_;
};

TEST_P(BusRemote, HandlesEachEventOnceInOrder) {
  source_.Boxes("a", 20);
  source_.Boxes("b", 20);
  RestartFor(Consumer());
  ExpectEffects("a", 20);
  ExpectEffects("b", 20);
  EXPECT_EQ(calls_, 40);
}

TEST_P(BusRemote, ACrashBetweenCallAndCursorRepeatsTheCallOnly) {
  source_.Boxes("a", 10);
  RemoteConsumer crashing = Consumer();
  crashing.handle = [inner = crashing.handle](absl::Span<const Envelope* const> events) {
    (void)inner(events);  // the effect is made, and the answer is lost
    return std::vector<absl::Status>(events.size(), absl::UnavailableError("lost"));
  };
  RestartFor(std::move(crashing));
  EXPECT_TRUE(StepUntil(*runner_, [&] { return calls_ >= 10; }));
  RestartFor(Consumer());
  EXPECT_TRUE(StepUntil(*runner_, [&] { return runner_->status().applied == 10; }));
  ExpectEffects("a", 10);
}

TEST_P(BusRemote, DoesNotCallForWhatWasSettledBefore) {
  source_.Boxes("a", 10);
  RestartFor(Consumer());
  EXPECT_TRUE(StepUntil(*runner_, [&] { return runner_->status().applied == 10; }));
  faults_->on_batch = [&](FeedBatch& batch) {
    const std::vector<Envelope> once = batch.events;
    batch.events.insert(batch.events.end(), once.begin(), once.end());
  };
  ledger_.Execute("DELETE FROM cursors WHERE id LIKE '%|*'");
  RestartFor(Consumer());
  source_.Boxes("a", 1);
  ExpectEffects("a", 11);
  EXPECT_EQ(calls_, 11);
}

TEST_P(BusRemote, ATransientErrorHoldsAndOthersGoOn) {
  bool away = true;
  refuse_ = [&](const Envelope& event) {
    return away && event.routing_key() == "a" ? absl::UnavailableError("away") : absl::OkStatus();
  };
  source_.Boxes("a", 3);
  source_.Boxes("b", 3);
  RestartFor(Consumer());
  ExpectEffects("b", 3);
  source_.Boxes("b", 3);
  ExpectEffects("b", 6);
  EXPECT_TRUE(effects_["a"].empty());
  away = false;
  ExpectEffects("a", 3);
}

TEST_P(BusRemote, AParkedKeyMakesNoCallsUntilItIsRetried) {
  bool sick = true;
  refuse_ = [&](const Envelope& event) {
    return sick && event.routing_key() == "a" ? absl::NotFoundError("no such order")
                                              : absl::OkStatus();
  };
  source_.Boxes("a", 3);
  source_.Boxes("b", 3);
  RestartFor(Consumer());
  EXPECT_TRUE(StepUntil(*runner_, [&] { return Waiting("a") == 3; }));
  ExpectEffects("b", 3);
  const int calls = calls_;
  source_.Boxes("a", 2);
  EXPECT_TRUE(StepUntil(*runner_, [&] { return Waiting("a") == 5; }));
  EXPECT_EQ(calls_, calls);
  sick = false;
  EXPECT_EQ(*MakeQuarantine().Retry("ledger|a", false), 5);
  ExpectEffects("a", 5);
  source_.Boxes("a", 1);
  ExpectEffects("a", 6);
}

constexpr Setup kSetups[] = {
    {"Journal", false, Engine::kSqlite},
    {"Kafka", true, Engine::kSqlite},
    {"JournalOnPostgres", false, Engine::kPostgres},
    {"KafkaOnPostgres", true, Engine::kPostgres},
};
std::string NameOf(const testing::TestParamInfo<Setup>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(Buses, BusConformance, testing::ValuesIn(kSetups), NameOf);
INSTANTIATE_TEST_SUITE_P(Buses, BusQuarantine, testing::ValuesIn(kSetups), NameOf);
INSTANTIATE_TEST_SUITE_P(Buses, BusRemote, testing::ValuesIn(kSetups), NameOf);

}  // namespace
}  // namespace tandem::bus
