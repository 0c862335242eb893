// Batches that are decided while the one before is committed: what becomes of the second whatever
// becomes of the first.
#include "absl/synchronization/notification.h"
#include "platform/store/faulty_database.h"
#include "platform/store/store_fixture.h"

namespace tandem::store {
namespace {

using absl::StatusCode;
using When = FaultyDatabase::When;

constexpr absl::Duration kPatience = absl::Seconds(20);

class WriterBehind : public StoreTest {
 protected:
  WriterBehind() {
    EXPECT_OK(writer_->Call(MakeThing("a")));
    EXPECT_OK(writer_->Call(AddToKnown("a", 10)));  // is remembered now
    before_ = writer_->stats();
  }

  // Answers with what both are told, when the second was decided before the first was committed,
  // and that was `fate` once, at `when`.
  std::vector<absl::StatusOr<std::string>> Overlap(Command first, Command second, When when,
                                                   absl::Status fate) {
    absl::Notification second_waits, second_decided;
    Answers answers;
    first.decide = [&, decide = first.decide](Context& context, State& state) {
      EXPECT_TRUE(second_waits.WaitForNotificationWithTimeout(kPatience));
      return decide(context, state);
    };
    second.decide = [&, decide = second.decide](Context& context, State& state) {
      auto outcome = decide(context, state);
      if (!second_decided.HasBeenNotified()) second_decided.Notify();
      return outcome;
    };
    faulty_.Set([&, once = true](When now, Connection*) mutable {
      if (now != when || !std::exchange(once, false)) return absl::OkStatus();
      EXPECT_TRUE(second_decided.WaitForNotificationWithTimeout(kPatience));
      EXPECT_EQ(answers.open(), 2) << "nobody is answered before";
      return fate;
    });
    answers.Submit(*writer_, std::move(first));
    answers.Submit(*writer_, std::move(second));
    second_waits.Notify();
    const std::vector<absl::StatusOr<std::string>> outcomes = answers.Wait();
    faulty_.Set(nullptr);
    return outcomes;
  }

  std::unique_ptr<Writer> Start(size_t batch_max) {
    WriterOptions options;
    options.batch_max = batch_max;
    options.unknown_patience = absl::Milliseconds(500);
    return StartWriter(faulty_, options, RememberingSchema());
  }

  int64_t trusted() const { return writer_->stats().trusted - before_.trusted; }

  FaultyDatabase faulty_{*database_};
  std::unique_ptr<Writer> writer_ = Start(1);
  WriterStats before_;
};

TEST_P(WriterBehind, TheSecondIsDecidedOverWhatTheFirstWillLeave) {
  const auto told = Overlap(AddToKnown("a", 1), AddToKnown("a", 2), When::kBeforeCommit, {});
  EXPECT_EQ(*told[0], "11");
  EXPECT_EQ(*told[1], "13");
  EXPECT_EQ(Large("a"), 13);
  EXPECT_EQ(trusted(), 2);
}

TEST_P(WriterBehind, WhatWasDecidedOverACommitThatFailedIsDecidedAgain) {
  int64_t large = 10;
  for (const Failure failure :
       {Failure::kConflict, Failure::kUnavailable, Failure::kCommitUnknown}) {
    const auto told = Overlap(AddToKnown("a", 1), AddToKnown("a", 2), When::kBeforeCommit,
                              MakeError(failure, "as the test wants it"));
    EXPECT_EQ(*told[0], absl::StrCat(large + 1));
    EXPECT_EQ(*told[1], absl::StrCat(large + 3));
    large += 3;
  }
  EXPECT_EQ(Large("a"), large);
  EXPECT_EQ(Events(), 2 + 6);
}

TEST_P(WriterBehind, ACommitWithoutAnswerThatHeldIsFoundBeforeTheNextIsDecidedAgain) {
  const auto told = Overlap(AddToKnown("a", 1), AddToKnown("a", 2), When::kAfterCommit,
                            MakeError(Failure::kCommitUnknown, "as the test wants it"));
  EXPECT_EQ(*told[0], "11");
  EXPECT_EQ(*told[1], "13");
  EXPECT_EQ(Large("a"), 13);
  EXPECT_EQ(Events(), 2 + 2);
}

TEST_P(WriterBehind, WhatTheFirstWasRefusedTheSecondDoesNotRestOn) {
  const absl::Status full = MakeError(Failure::kFull, "as the test wants it");
  auto told = Overlap(AddToKnown("a", 5), AddToKnown("a", -12), When::kBeforeCommit, full);
  EXPECT_THAT(told[0], RefusedWith(StatusCode::kResourceExhausted, "STORE_FULL"));
  EXPECT_THAT(told[1], RefusedWith(StatusCode::kFailedPrecondition, "THING_TOO_SMALL"));
  // And is not refused for.
  told = Overlap(AddToKnown("a", -10), AddToKnown("a", -1), When::kBeforeCommit, full);
  EXPECT_THAT(told[0], RefusedWith(StatusCode::kResourceExhausted, "STORE_FULL"));
  EXPECT_EQ(*told[1], "9");
  EXPECT_EQ(Large("a"), 9);
}

TEST_P(WriterBehind, ARequestThatIsRepeatedWhileItIsCommittedHasOneEffect) {
  const auto add = [] { return WithId(AddToKnown("a", 5), "five"); };
  const auto told = Overlap(add(), add(), When::kBeforeCommit, {});
  EXPECT_EQ(*told[0], "15");
  EXPECT_EQ(*told[1], "15");
  EXPECT_EQ(Large("a"), 15);
  EXPECT_EQ(writer_->stats().replayed, 1);
}

TEST_P(WriterBehind, WhatIsNotRememberedIsReadBehindTheCommitBefore) {
  faulty_.Set([](When when, Connection*) {
    if (when == When::kBeforeCommit) absl::SleepFor(absl::Milliseconds(20));
    return absl::OkStatus();
  });
  Answers answers;
  for (int i = 0; i < 5; ++i) {
    answers.Submit(*writer_, AddToKnown("a", 1));
    answers.Submit(*writer_, AddTo("a", 1));  // says nothing before
  }
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(*answers.Wait()[static_cast<size_t>(i)], absl::StrCat(11 + i));
  }
}

TEST_P(WriterBehind, AWriterThatStopsAnswersWhatItCommitsBehind) {
  for (int i = 0; i < 20; ++i) {
    Answers answers;
    for (int k = 0; k < 20; ++k) answers.Submit(*writer_, AddToKnown("a", 1));
    writer_ = Start(2);
    (void)answers.Wait();
    const int64_t large = Large("a");
    EXPECT_EQ(*writer_->Call(AddToKnown("a", -large + 10)), "10");
    EXPECT_EQ(large, 10 + answers.ok());
  }
}

INSTANTIATE_TEST_SUITE_P(Both, WriterBehind, testing::Values("sqlite", "postgresql"), DriverName);

}  // namespace
}  // namespace tandem::store
