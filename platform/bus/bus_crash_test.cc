// What every bus promises, one list of cases for all of them: crashes, restarts, and errors that
// may pass.
#include "platform/bus/bus_conformance.h"

namespace tandem::bus {
namespace {

using testing::HasSubstr;

class BusCrash : public BusConformance {};

// --- Crashes

// Between each two steps: the runner's memory is lost there, again and again.
TEST_P(BusCrash, ACrashBetweenAnyTwoStepsLosesAndRepeatsNothing) {
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

TEST_P(BusCrash, ARestartedReaderGoesOnWithoutRepeatingEffects) {
  source_.Spread(50);
  Restart();
  ExpectAll();
  source_.Spread(50);
  Restart();
  ExpectAll();
  EXPECT_EQ(runner_->status().applied, 50);
}

TEST_P(BusCrash, ALostHintCostsRepeatsOnly) {
  source_.Spread(50);
  Restart();
  ExpectAll();
  ledger_.Execute("DELETE FROM cursors WHERE id LIKE '%|*'");
  source_.Spread(20);
  Restart();
  ExpectAll();
  EXPECT_EQ(runner_->status().applied, 20);
}

TEST_P(BusCrash, AWriterThatGoesAwayHoldsAndLosesNothing) {
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

TEST_P(BusCrash, ATransientErrorHoldsItsLaneAndOthersGoOn) {
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

TEST_P(BusCrash, AHeldLaneIsBoundedInMemoryAndReadAgain) {
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

TEST_P(BusCrash, AHeldLaneSurvivesARestart) {
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

// Kafka's hint is its broker's; a journal's is our own.
class JournalBus : public BusConformance {};
TEST_P(JournalBus, AHintThatIsTooFarLosesNothing) {
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

INSTANTIATE_TEST_SUITE_P(Buses, JournalBus, testing::Values(kSetups[0], kSetups[2]), NameOf);
INSTANTIATE_TEST_SUITE_P(Buses, BusCrash, testing::ValuesIn(kSetups), NameOf);

}  // namespace
}  // namespace tandem::bus
