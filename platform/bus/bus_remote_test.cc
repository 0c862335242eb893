// What every bus promises, one list of cases for all of them: a consumer whose effect is elsewhere.
#include <map>
#include <set>

#include "platform/bus/bus_conformance.h"

namespace tandem::bus {
namespace {

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

INSTANTIATE_TEST_SUITE_P(Buses, BusRemote, testing::ValuesIn(kSetups), NameOf);

}  // namespace
}  // namespace tandem::bus
