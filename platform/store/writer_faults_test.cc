// What a writer does when the database fails it, with faults put between the two.
#include <random>

#include "absl/strings/match.h"
#include "platform/store/faulty_database.h"
#include "platform/store/store_fixture.h"

namespace tandem::store {
namespace {

using absl::StatusCode;

using When = FaultyDatabase::When;

class WriterFaults : public StoreTest {
 protected:
  // The fault happens `times` times.
  void FailAt(When at, Failure failure, int times) {
    faulty_.Set([at, failure, times](When when, Connection*) mutable {
      if (when != at || times-- <= 0) return absl::OkStatus();
      return MakeError(failure, "as the test wants it");
    });
  }
  std::unique_ptr<Writer> Start(WriterOptions options = {}, const Schema& schema = TestSchema()) {
    options.unknown_patience = absl::Milliseconds(200);
    return StartWriter(faulty_, std::move(options), schema);
  }
  void TryUnderAnyFaults(std::unique_ptr<Writer> writer);

  FaultyDatabase faulty_{*database_};
};

TEST_P(WriterFaults, AConflictIsTriedAgain) {
  auto writer = Start();
  EXPECT_OK(writer->Call(MakeThing("a")));
  for (const When when : {When::kBegin, When::kRun, When::kBeforeCommit}) {
    FailAt(when, Failure::kConflict, 3);
    EXPECT_OK(writer->Call(AddTo("a", 1)));
  }
  EXPECT_EQ(Large("a"), 3);
  EXPECT_EQ(writer->stats().conflicts, 9);
}

TEST_P(WriterFaults, AConflictThatDoesNotEndIsTold) {
  WriterOptions options;
  options.conflict_retries_max = 3;
  auto writer = Start(options);
  FailAt(When::kBeforeCommit, Failure::kConflict, 4);
  EXPECT_THAT(writer->Call(MakeThing("a")), RefusedWith(StatusCode::kAborted, "STORE_CONFLICT"));
  EXPECT_OK(writer->Call(MakeThing("a")));
}

TEST_P(WriterFaults, ALostConnectionIsTriedOnceMoreAndThenTold) {
  auto writer = Start();
  for (const When when : {When::kBegin, When::kRun, When::kBeforeCommit}) {
    const std::string id = absl::StrCat("t", static_cast<int>(when));
    FailAt(when, Failure::kUnavailable, 2);
    std::vector<Command> commands;
    commands.push_back(MakeThing(id));
    commands.push_back(MakeThing(id));
    for (const auto& outcome : writer->CallGroup(std::move(commands))) {
      EXPECT_THAT(outcome, RefusedWith(StatusCode::kUnavailable, "STORE_UNAVAILABLE"));
    }
    FailAt(when, Failure::kUnavailable, 1);
    EXPECT_OK(writer->Call(MakeThing(id)));
  }
  EXPECT_EQ(Count("SELECT COUNT(*) FROM things"), 3);
}

TEST_P(WriterFaults, WhatFailsWhileRowsAreWrittenAheadIsTriedAgainAsAWhole) {
  auto writer = Start();
  int failures = 0;
  for (const Failure failure : {Failure::kUnavailable, Failure::kConflict}) {
    faulty_.Set([&](When when, Connection*) {
      if (when != When::kAhead || failures > 0) return absl::OkStatus();
      ++failures;
      return MakeError(failure, "as the test wants it");
    });
    std::vector<Command> commands;
    for (int i = 0; i < 200; ++i) {
      commands.push_back(MakeThing(absl::StrCat("t", static_cast<int>(failure), "-", i)));
    }
    for (const auto& outcome : writer->CallGroup(std::move(commands))) EXPECT_OK(outcome);
    // Where a transaction has but one writer there is nothing to gain, and none is written ahead.
    EXPECT_EQ(failures, database_->dialect() == "sqlite" ? 0 : 1);
    failures = 0;
  }
  EXPECT_EQ(Count("SELECT COUNT(*) FROM things"), 400);
}

TEST_P(WriterFaults, ADatabaseThatCannotBeWorkedWithIsNobodysFault) {
  auto writer = Start();
  int asked = 0;
  faulty_.Set([&](When, Connection*) {
    ++asked;
    return Refuse(StatusCode::kFailedPrecondition, "STORE_NOT_DURABLE", "fsync is off");
  });
  for (const auto& outcome : writer->CallGroup(std::vector<Command>(50, MakeThing("a")))) {
    EXPECT_THAT(outcome, RefusedWith(StatusCode::kUnavailable, "STORE_UNAVAILABLE"));
  }
  EXPECT_EQ(asked, 2);
}

TEST_P(WriterFaults, ADiskThatIsFullIsToldAndPasses) {
  auto writer = Start();
  FailAt(When::kBeforeCommit, Failure::kFull, 1);
  EXPECT_THAT(writer->Call(MakeThing("a")),
              RefusedWith(StatusCode::kResourceExhausted, "STORE_FULL"));
  EXPECT_OK(writer->Call(MakeThing("a")));
  if (is_postgres()) return;
  // A real one.
  const auto limit = [](Connection* connection, const char* pragma) {
    EXPECT_OK(RunOne(*connection, pragma));
    return absl::OkStatus();
  };
  faulty_.Set([&](When when, Connection* connection) {
    return when == When::kBegin ? limit(connection, "PRAGMA max_page_count = 1") : absl::OkStatus();
  });
  Thing large;
  large.set_id("large");
  large.set_blob(std::string(1 << 20, 'x'));
  EXPECT_THAT(writer->Call(MakeThing(large)),
              RefusedWith(StatusCode::kResourceExhausted, "STORE_FULL"));
  faulty_.Set([&](When when, Connection* connection) {
    return when == When::kBegin ? limit(connection, "PRAGMA max_page_count = 100000")
                                : absl::OkStatus();
  });
  EXPECT_OK(writer->Call(MakeThing(large)));
}

TEST_P(WriterFaults, ACommitWithoutAnswerThatHeldIsAnswered) {
  auto writer = Start();
  EXPECT_OK(writer->Call(MakeThing("a")));
  FailAt(When::kAfterCommit, Failure::kCommitUnknown, 1);
  std::vector<Command> commands;
  commands.push_back(AddTo("a", 1));
  commands.push_back(AddTo("a", -5));
  commands.push_back(WithId(AddTo("a", 2), "r"));
  const auto outcomes = writer->CallGroup(std::move(commands));
  EXPECT_EQ(*outcomes[0], "1");
  EXPECT_THAT(outcomes[1], RefusedWith(StatusCode::kFailedPrecondition, "THING_TOO_SMALL"));
  EXPECT_EQ(*outcomes[2], "3");
  EXPECT_EQ(Large("a"), 3);
  EXPECT_EQ(writer->stats().commits, 2);
  // Known by its request alone.
  FailAt(When::kAfterCommit, Failure::kCommitUnknown, 1);
  EXPECT_OK(writer->Call(WithId(SetTally("t", 1), "q")));
  EXPECT_EQ(Count("SELECT version FROM tallies"), 1);
}

TEST_P(WriterFaults, ACommitWithoutAnswerThatDidNotHoldIsRunAgain) {
  auto writer = Start();
  EXPECT_OK(writer->Call(MakeThing("a")));
  FailAt(When::kBeforeCommit, Failure::kCommitUnknown, 1);
  EXPECT_EQ(*writer->Call(AddTo("a", 1)), "1");
  EXPECT_EQ(Large("a"), 1);
  FailAt(When::kBeforeCommit, Failure::kCommitUnknown, 2);
  EXPECT_THAT(writer->Call(AddTo("a", 1)),
              RefusedWith(StatusCode::kUnavailable, "STORE_COMMIT_UNKNOWN"));
  EXPECT_EQ(Large("a"), 1);
}

TEST_P(WriterFaults, ACommitWithoutAnswerWhileTheDatabaseStaysAwayIsTold) {
  auto writer = Start();
  EXPECT_OK(writer->Call(MakeThing("a")));
  bool committed = false;
  faulty_.Set([&](When when, Connection*) {
    committed |= when == When::kAfterCommit;
    if (when == When::kAfterCommit) return MakeError(Failure::kCommitUnknown, "cut");
    return committed ? MakeError(Failure::kUnavailable, "away") : absl::OkStatus();
  });
  EXPECT_THAT(writer->Call(WithId(AddTo("a", 1), "r")),
              RefusedWith(StatusCode::kUnavailable, "STORE_COMMIT_UNKNOWN"));
  faulty_.Set(nullptr);
  EXPECT_EQ(*writer->Call(WithId(AddTo("a", 1), "r")), "1") << "the same request id makes it safe";
  EXPECT_EQ(Large("a"), 1);
}

TEST_P(WriterFaults, ACommitThatLeftNothingToKnowItByIsTold) {
  auto writer = Start();
  FailAt(When::kAfterCommit, Failure::kCommitUnknown, 1);
  EXPECT_THAT(writer->Call(SetTally("t", 1)),
              RefusedWith(StatusCode::kUnavailable, "STORE_COMMIT_UNKNOWN"));
  EXPECT_OK(writer->Call(SetTally("t", 2)));
}

// Whatever fails, and wherever: repeated under its request id, each command has one effect.
void WriterFaults::TryUnderAnyFaults(std::unique_ptr<Writer> writer) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 5; ++i) EXPECT_OK(writer->Call(MakeThing(absl::StrCat("t", i))));
  faulty_.Set([&random](When when, Connection*) {
    if (when == When::kConnect || random() % 8 != 0) return absl::OkStatus();
    constexpr Failure kBefore[] = {Failure::kConflict, Failure::kUnavailable, Failure::kFull};
    constexpr Failure kCommit[] = {Failure::kConflict, Failure::kUnavailable,
                                   Failure::kCommitUnknown};
    if (when == When::kAfterCommit) return MakeError(Failure::kCommitUnknown, "by chance");
    return MakeError((when == When::kBeforeCommit ? kCommit : kBefore)[random() % 3], "by chance");
  });
  constexpr int kRequests = 300;
  std::vector<std::string> answers(kRequests);
  int left = kRequests;
  for (int round = 0; left > 0; ++round) {
    ASSERT_LT(round, 100);
    Answers tries;
    std::vector<size_t> tried;
    for (size_t i = 0; i < kRequests; ++i) {
      if (!answers[i].empty()) continue;
      tried.push_back(i);
      tries.Submit(*writer, WithId(AddToKnown(absl::StrCat("t", i % 5), 1), absl::StrCat("r", i)));
    }
    const auto& outcomes = tries.Wait();
    for (size_t k = 0; k < tried.size(); ++k) {
      if (outcomes[k].ok()) {
        answers[tried[k]] = *outcomes[k];
        --left;
      } else {
        EXPECT_EQ(DispositionOf(outcomes[k].status()), Disposition::kRetry) << outcomes[k].status();
      }
    }
  }
  faulty_.Set(nullptr);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Large(absl::StrCat("t", i)), kRequests / 5);
  for (size_t i = 0; i < kRequests; ++i) {
    EXPECT_EQ(*writer->Call(WithId(AddTo(absl::StrCat("t", i % 5), 1), absl::StrCat("r", i))),
              answers[i]);
  }
  EXPECT_EQ(Events(), kRequests + 5);
}

TEST_P(WriterFaults, UnderAnyFaultsEachRequestHasOneEffect) { TryUnderAnyFaults(Start()); }

TEST_P(WriterFaults, UnderAnyFaultsSoItHasWhereOneBatchIsDecidedWhileAnotherIsCommitted) {
  WriterOptions options;
  options.batch_max = 10;
  TryUnderAnyFaults(Start(options, RememberingSchema()));
}

INSTANTIATE_TEST_SUITE_P(Both, WriterFaults, testing::Values("sqlite", "postgresql"), DriverName);

}  // namespace
}  // namespace tandem::store
