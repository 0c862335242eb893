// What every bus promises, one list of cases for all of them: quarantine.
#include <set>
#include <thread>

#include "platform/bus/bus_conformance.h"

namespace tandem::bus {
namespace {

using testing::HasSubstr;

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

// Decide accepts it, the database does not; then the rest of the batch is tried apart.
TEST_P(BusQuarantine, WhatTheDatabaseRefusesHasItsKeysEventsOfOtherTopicsBehindIt) {
  ledger_.Execute(absl::StrCat("CREATE UNIQUE INDEX one_of_each ON tallies (value) WHERE name <> '",
                               kThingTopic, "|a'"));
  source_.Boxes("b", 1);
  source_.Boxes("a", 1);
  source_.Things("a", 1);
  Restart();
  EXPECT_TRUE(StepUntil(*runner_,
                        [&] { return runner_->status().parked + runner_->status().applied == 3; }));
  // On Kafka lanes and topics may come in any order; on the journal the thing stands behind.
  const int64_t parked = runner_->status().parked;
  const bool a_first = ledger_.CountOf(kBoxTopic, "a") == 1;
  EXPECT_EQ(ledger_.CountOf(kBoxTopic, "b"), a_first ? 0 : 1);
  EXPECT_EQ(ledger_.CountOf(kThingTopic, "a"), a_first ? 1 : 2 - parked);
  if (!bus_->is_kafka()) {
    EXPECT_EQ(parked, 2);
  }
  ledger_.Execute("DROP INDEX one_of_each");
  auto retried = MakeQuarantine().Retry(a_first ? "ledger|b" : "ledger|a", false);
  ASSERT_TRUE(retried.ok()) << retried.status();
  EXPECT_EQ(*retried, parked);
  ExpectAll();
}

INSTANTIATE_TEST_SUITE_P(Buses, BusQuarantine, testing::ValuesIn(kSetups), NameOf);

}  // namespace
}  // namespace tandem::bus
