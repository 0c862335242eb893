// What a writer promises, on both databases.
#include <set>
#include <thread>

#include "platform/store/store_fixture.h"
#include "tests/support/wait.h"

namespace tandem::store {
namespace {

using absl::StatusCode;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

class Writers : public StoreTest {
 protected:
  std::unique_ptr<Writer> Start(WriterOptions options = {}) {
    return StartWriter(*database_, std::move(options));
  }

  // Every entity's versions rise by one, and positions have no gap.
  void ExpectJournalInOrder() {
    std::map<std::string, int64_t> versions;
    int64_t position = 0;
    for (const JournalRow& row : ReadAll(*OpenJournal(*database_))) {
      EXPECT_EQ(row.position, ++position);
      EXPECT_EQ(row.entity_version, ++versions[row.aggregateid]) << row.aggregateid;
    }
  }
};

TEST_P(Writers, AnAcknowledgedCommandIsThereAfterReopening) {
  {
    auto writer = Start();
    EXPECT_OK(writer->Call(MakeThing("a")));
    EXPECT_OK(writer->Call(AddTo("a", 5)));
  }
  database_.Close();
  database_.Open();
  EXPECT_EQ(Large("a"), 5);
  EXPECT_EQ(Events(), 2);
  auto writer = Start();
  EXPECT_THAT(writer->Call(AddTo("a", 1)),
              testing::Property(&absl::StatusOr<std::string>::ok, true));
  EXPECT_EQ(Large("a"), 6);
  ExpectJournalInOrder();
}

TEST_P(Writers, ARefusedCommandChangesNothing) {
  auto writer = Start();
  EXPECT_OK(writer->Call(MakeThing("a")));
  EXPECT_THAT(writer->Call(AddTo("a", -1)),
              RefusedWith(StatusCode::kFailedPrecondition, "THING_TOO_SMALL"));
  // Also when it had changed and told something before it was refused.
  EXPECT_FALSE(writer
                   ->Call(Do([](Context& context, State& state) -> absl::StatusOr<std::string> {
                     Thing* thing = state.Edit<Thing>("a");
                     if (thing == nullptr) return absl::NotFoundError("a");
                     thing->set_large(99);
                     state.Emit<Thing>(context, "a", Changed(99));
                     Tally tally;
                     tally.set_name("t");
                     if (state.Find<Tally>("t") == nullptr) state.Insert(tally);
                     return absl::FailedPreconditionError("no");
                   }))
                   .ok());
  EXPECT_EQ(Large("a"), 0);
  EXPECT_EQ(Events(), 1);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM tallies"), 0);
  EXPECT_EQ(writer->stats().commits, 1);
  EXPECT_EQ(writer->stats().refused, 2);
}

TEST_P(Writers, ARefusalTouchesNoOtherOfItsBatch) {
  auto writer = Start();
  std::vector<Command> commands;
  for (int i = 0; i < 20; ++i) commands.push_back(MakeThing(absl::StrCat("t", i % 19)));
  commands.push_back(AddTo("t3", -1));
  commands.push_back(AddTo("t3", 4));
  commands.push_back(AddTo("t3", -1));
  const auto outcomes = writer->CallGroup(std::move(commands));
  for (size_t i = 0; i < 19; ++i) EXPECT_OK(outcomes[i]);
  EXPECT_THAT(outcomes[19], RefusedWith(StatusCode::kAlreadyExists, "THING_EXISTS"));
  EXPECT_THAT(outcomes[20], RefusedWith(StatusCode::kFailedPrecondition, "THING_TOO_SMALL"));
  EXPECT_EQ(*outcomes[21], "4");
  EXPECT_EQ(*outcomes[22], "3");
  EXPECT_EQ(writer->stats().commits, 1) << "one transaction";
  EXPECT_EQ(Large("t3"), 3);
  ExpectJournalInOrder();
}

TEST_P(Writers, CommandsOnOneRowCompose) {
  auto writer = Start();
  EXPECT_OK(writer->Call(MakeThing("a")));
  Answers answers;
  for (int i = 0; i < 1000; ++i) answers.Submit(*writer, AddTo("a", 1));
  std::set<std::string> seen;
  for (const auto& answer : answers.Wait()) {
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_TRUE(seen.insert(*answer).second);
  }
  EXPECT_EQ(Large("a"), 1000);
  EXPECT_EQ(Count("SELECT version FROM things"), 1001);
  ExpectJournalInOrder();
}

TEST_P(Writers, ARetriedRequestHasOneEffectAndTheSameAnswer) {
  {
    auto writer = Start();
    EXPECT_OK(writer->Call(MakeThing("a")));
    EXPECT_EQ(*writer->Call(WithId(AddTo("a", 1), "r1")), "1");
    EXPECT_EQ(*writer->Call(AddTo("a", 1)), "2");
    EXPECT_EQ(*writer->Call(WithId(AddTo("a", 1), "r1")), "1");
    EXPECT_EQ(writer->stats().replayed, 1);
  }
  auto writer = Start();
  EXPECT_EQ(*writer->Call(WithId(AddTo("a", 1), "r1")), "1");
  EXPECT_EQ(Large("a"), 2);
  EXPECT_EQ(Count("SELECT position FROM requests WHERE request_id = 'r1'"), 2);
  // Within one batch, too, and among many.
  std::vector<Command> commands;
  for (int i = 0; i < 40; ++i) {
    commands.push_back(WithId(AddTo("a", 1), absl::StrCat("s", i % 20)));
  }
  const auto outcomes = writer->CallGroup(std::move(commands));
  for (size_t i = 0; i < 20; ++i) EXPECT_EQ(*outcomes[i], *outcomes[i + 20]);
  EXPECT_EQ(Large("a"), 22);
}

TEST_P(Writers, ACommandThatWasDoneAlreadyKeepsItsAnswer) {
  auto writer = Start();
  const auto nothing = [] {
    return Do([](Context&, State&) -> absl::StatusOr<std::string> { return std::string("done"); });
  };
  EXPECT_EQ(*writer->Call(nothing()), "done");
  EXPECT_EQ(writer->stats().commits, 0) << "nothing changed, nothing committed";
  EXPECT_EQ(*writer->Call(WithId(nothing(), "r")), "done");
  EXPECT_EQ(writer->stats().commits, 1);
  EXPECT_EQ(Count("SELECT position FROM requests"), 0);
}

TEST_P(Writers, AnAnswerIsKeptWithThePositionOfItsEvent) {
  auto writer = StartWriter(*database_);
  int64_t events = 0;
  for (const int size : {1, 2, 3, 4, 7, 8, 9, 16, 17}) {
    std::vector<Command> commands;
    for (int i = 0; i < size; ++i) {
      const std::string id = absl::StrCat("t", size, "/", i);
      commands.push_back(WithId(MakeThing(id), id));
    }
    for (const auto& outcome : writer->CallGroup(std::move(commands))) EXPECT_OK(outcome);
    events += size;
    EXPECT_EQ(Count("SELECT position FROM journal_head"), events);
  }
  EXPECT_EQ(Count("SELECT MAX(position) FROM journal"), events);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM journal j JOIN requests r ON r.request_id = j.aggregateid "
                  "AND r.position = j.position AND r.hash = 'same' AND j.entity_version = 1"),
            events);
}

TEST_P(Writers, AnotherRequestUnderTheSameIdIsRefused) {
  auto writer = Start();
  EXPECT_OK(writer->Call(MakeThing("a")));
  EXPECT_OK(writer->Call(WithId(AddTo("a", 1), "r", "hash 1")));
  EXPECT_THAT(writer->Call(WithId(AddTo("a", 1), "r", "hash 2")),
              RefusedWith(StatusCode::kAlreadyExists, "REQUEST_ID_REUSED"));
  Command other_method = WithId(AddTo("a", 1), "r", "hash 1");
  other_method.method = "tandem.storetest.v1/Else";
  EXPECT_THAT(writer->Call(std::move(other_method)),
              RefusedWith(StatusCode::kAlreadyExists, "REQUEST_ID_REUSED"));
  std::vector<Command> batch;
  batch.push_back(WithId(AddTo("a", 1), "q", "hash 1"));
  batch.push_back(WithId(AddTo("a", 1), "q", "hash 2"));
  const auto outcomes = writer->CallGroup(std::move(batch));
  EXPECT_OK(outcomes[0]);
  EXPECT_THAT(outcomes[1], RefusedWith(StatusCode::kAlreadyExists, "REQUEST_ID_REUSED"));
  EXPECT_EQ(Large("a"), 2);
}

TEST_P(Writers, ARefusalIsNotRemembered) {
  auto writer = Start();
  EXPECT_OK(writer->Call(MakeThing("a")));
  EXPECT_FALSE(writer->Call(WithId(AddTo("a", -1), "r")).ok());
  EXPECT_OK(writer->Call(AddTo("a", 1)));
  EXPECT_EQ(*writer->Call(WithId(AddTo("a", -1), "r")), "0");
}

TEST_P(Writers, TwoReplicasOnOneRowLoseNoUpdate) {
  auto first = Start();
  auto second = Start();
  EXPECT_OK(first->Call(MakeThing("a")));
  Answers answers;
  for (int i = 0; i < 300; ++i) answers.Submit(i % 2 == 0 ? *first : *second, AddTo("a", 1));
  for (const auto& answer : answers.Wait()) EXPECT_OK(answer);
  EXPECT_EQ(Large("a"), 300);
  ExpectJournalInOrder();
}

TEST_P(Writers, TwoReplicasOnOneNewKeyMakeItOnce) {
  auto first = Start();
  auto second = Start();
  for (int i = 0; i < 20; ++i) {
    Answers answers;
    answers.Submit(*first, MakeThing(absl::StrCat("t", i)));
    answers.Submit(*second, MakeThing(absl::StrCat("t", i)));
    EXPECT_EQ(answers.ok(), 1);
    for (const auto& answer : answers.Wait()) {
      if (answer.ok()) continue;
      EXPECT_THAT(answer, RefusedWith(StatusCode::kAlreadyExists, "THING_EXISTS"));
    }
  }
  ExpectJournalInOrder();
}

TEST_P(Writers, TwoReplicasWithOneRequestIdHaveOneEffect) {
  auto first = Start();
  auto second = Start();
  EXPECT_OK(first->Call(MakeThing("a")));
  EXPECT_OK(first->Call(MakeThing("b")));
  for (int i = 0; i < 20; ++i) {
    Answers answers;
    answers.Submit(*first, WithId(AddTo("a", 1), absl::StrCat("r", i)));
    answers.Submit(*second, WithId(AddTo("a", 1), absl::StrCat("r", i)));
    EXPECT_THAT(
        answers.Wait(),
        Each(testing::Truly([&](const auto& a) { return a.ok() && *a == absl::StrCat(i + 1); })));
  }
  EXPECT_EQ(Large("a"), 20);
}

TEST_P(Writers, ANaturalKeyThatDecideDidNotLookUpIsRefusedByTheDatabase) {
  auto writer = Start();
  EXPECT_OK(writer->Call(SetTally("x", 1, "code")));
  std::vector<Command> commands;
  for (int i = 0; i < 40; ++i) {
    commands.push_back(SetTally(absl::StrCat("t", i), i, i == 21 ? "code" : absl::StrCat("c", i)));
  }
  const auto outcomes = writer->CallGroup(std::move(commands));
  for (size_t i = 0; i < 40; ++i) {
    if (i == 21) {
      EXPECT_THAT(outcomes[i], RefusedWith(StatusCode::kAlreadyExists, "STORE_UNIQUE_VIOLATION"));
      EXPECT_THAT(MetadataOf(outcomes[i].status())["constraint"], HasSubstr("code"));
    } else {
      EXPECT_OK(outcomes[i]);
    }
  }
  EXPECT_EQ(Count("SELECT COUNT(*) FROM tallies"), 40);
}

TEST_P(Writers, AUniqueValueChangesHandsInOneCommand) {
  auto writer = Start();
  EXPECT_OK(writer->Call(SetTally("a", 1, "code")));
  EXPECT_OK(writer->Call(Do([](Context&, State& state) -> absl::StatusOr<std::string> {
    Tally fresh;
    fresh.set_name("b");
    fresh.set_code("code");
    if (state.Find<Tally>("a") == nullptr || state.Find<Tally>("b") != nullptr)
      return std::string();
    state.Erase<Tally>("a");
    state.Insert(fresh);
    return std::string();
  })));
  EXPECT_EQ(Count("SELECT COUNT(*) FROM tallies WHERE name = 'b'"), 1);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM tallies"), 1);
}

TEST_P(Writers, AViolatedConstraintIsolatesItsCommand) {
  auto writer = Start();
  Answers answers;
  for (int i = 0; i < 200; ++i) {
    answers.Submit(*writer, SetTally(absl::StrCat("t", i), i % 50 == 7 ? 5000 : i));
  }
  const auto& outcomes = answers.Wait();
  for (size_t i = 0; i < outcomes.size(); ++i) {
    if (i % 50 == 7) {
      EXPECT_THAT(outcomes[i], RefusedWith(StatusCode::kInternal, "STORE_CONSTRAINT"));
      EXPECT_THAT(outcomes[i].status().ToString(), HasSubstr("tallies_are_small"));
    } else {
      EXPECT_OK(outcomes[i]);
    }
  }
  EXPECT_EQ(Count("SELECT COUNT(*) FROM tallies"), 196);
}

TEST_P(Writers, ValidateOnlyDecidesAndChangesNothing) {
  auto writer = Start();
  Command make = MakeThing("a");
  make.validate_only = true;
  EXPECT_EQ(*writer->Call(std::move(make)), "made");
  EXPECT_EQ(Events(), 0);
  std::vector<Command> commands;
  commands.push_back(MakeThing("a"));
  commands.push_back(WithId(AddTo("a", 3), "r"));
  commands[1].validate_only = true;
  commands.push_back(AddTo("a", 1));
  commands.push_back(MakeThing("a"));
  commands[3].validate_only = true;
  const auto outcomes = writer->CallGroup(std::move(commands));
  EXPECT_EQ(*outcomes[1], "3");
  EXPECT_EQ(*outcomes[2], "1");
  EXPECT_THAT(outcomes[3], RefusedWith(StatusCode::kAlreadyExists, "THING_EXISTS"));
  EXPECT_EQ(Count("SELECT COUNT(*) FROM requests"), 0);
  EXPECT_EQ(*writer->Call(WithId(AddTo("a", 3), "r")), "4");
}

// Walks from thing to thing by their names.
Command Walk(absl::string_view from) {
  return Do([from = std::string(from)](Context&, State& state) -> absl::StatusOr<std::string> {
    std::string at = from;
    for (const Thing* thing = state.Find<Thing>(at); thing != nullptr && !thing->name().empty();
         thing = state.Find<Thing>(at)) {
      at = thing->name();
    }
    return at;
  });
}

TEST_P(Writers, KeysFoundThroughLoadedRowsAreLoadedToo) {
  auto writer = Start();
  for (int i = 0; i < 30; ++i) {
    Thing thing;
    thing.set_id(absl::StrCat("t", i));
    if (i > 0) thing.set_name(absl::StrCat("t", i - 1));
    EXPECT_OK(writer->Call(MakeThing(thing)));
  }
  EXPECT_EQ(*writer->Call(Walk("t15")), "t0");
  EXPECT_THAT(writer->Call(Walk("t29")),
              RefusedWith(StatusCode::kInternal, "STORE_TOO_MANY_ROUNDS"));
  // Each has its own limit; what one loads the others have.
  std::vector<Command> commands;
  for (int i = 0; i < 30; ++i) commands.push_back(Walk(absl::StrCat("t", i)));
  EXPECT_THAT(writer->CallGroup(std::move(commands)),
              Each(testing::Truly([](const auto& a) { return a.ok() && *a == "t0"; })));
}

TEST_P(Writers, ASetIsLoadedWhole) {
  auto writer = Start();
  for (int i = 0; i < 40; ++i) {
    Thing thing;
    thing.set_id(absl::StrCat("t", absl::Dec(i, absl::kZeroPad2)));
    thing.set_shelf_id(i % 2 == 0 ? "even" : "odd");
    thing.set_large(1);
    thing.add_tags("x");
    thing.add_parts()->set_sku("y");
    EXPECT_OK(writer->Call(MakeThing(thing)));
  }
  const auto sum = [](absl::string_view shelf) {
    return Do([shelf = std::string(shelf)](Context&, State& state) -> absl::StatusOr<std::string> {
      state.Load<Thing>("on_shelf", shelf);
      int64_t sum = 0;
      for (const Thing* thing : state.All<Thing>()) {
        if (thing->shelf_id() != shelf) continue;
        sum += thing->large() + 100 * thing->tags_size() + 10000 * thing->parts_size();
      }
      return absl::StrCat(sum);
    });
  };
  EXPECT_EQ(*writer->Call(sum("even")), "202020");
  EXPECT_EQ(*writer->Call(sum("none")), "0");
  std::vector<Command> commands;
  commands.push_back(AddTo("t00", 5));
  commands.push_back(sum("even"));
  commands.push_back(sum("odd"));
  const auto outcomes = writer->CallGroup(std::move(commands));
  EXPECT_EQ(*outcomes[1], "202025") << "with what the batch changed before";
  EXPECT_EQ(*outcomes[2], "202020");
}

TEST_P(Writers, OnlyChangedChildrenAreWritten) {
  auto writer = Start();
  Thing thing;
  thing.set_id("a");
  for (int i = 0; i < 20; ++i) thing.add_parts()->set_sku(absl::StrCat("s", i));
  EXPECT_OK(writer->Call(MakeThing(thing)));
  auto connection = Connect(*database_);
  if (is_postgres()) {
    RunScript(*connection,
              "CREATE TABLE written (n BIGINT);"
              "CREATE FUNCTION note() RETURNS trigger AS 'BEGIN INSERT INTO written VALUES "
              "(COALESCE(NEW.n, OLD.n)); RETURN NULL; END' LANGUAGE plpgsql;"
              "CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON things_parts FOR EACH ROW "
              "EXECUTE FUNCTION note();");
  } else {
    RunScript(*connection,
              "CREATE TABLE written (n BIGINT);"
              "CREATE TRIGGER note_i AFTER INSERT ON things_parts BEGIN INSERT INTO written VALUES "
              "(NEW.n); END;"
              "CREATE TRIGGER note_u AFTER UPDATE ON things_parts BEGIN INSERT INTO written VALUES "
              "(NEW.n); END;"
              "CREATE TRIGGER note_d AFTER DELETE ON things_parts BEGIN INSERT INTO written VALUES "
              "(OLD.n); END;");
  }
  EXPECT_OK(writer->Call(AddTo("a", 1)));
  EXPECT_EQ(Count("SELECT COUNT(*) FROM written"), 0);
  EXPECT_OK(writer->Call(EditThing("a", [](Thing& t) {
    t.mutable_parts(3)->set_sku("changed");
    t.mutable_parts()->RemoveLast();
    t.mutable_parts()->RemoveLast();
  })));
  std::vector<int64_t> written;
  for (const Row& row : Rows(*connection, "SELECT n FROM written ORDER BY n")) {
    written.push_back(std::get<int64_t>(row[0]));
  }
  EXPECT_THAT(written, ElementsAre(3, 18, 19));
  EXPECT_OK(writer->Call(EditThing("a", [](Thing& t) { t.add_parts()->set_sku("new"); })));
  EXPECT_EQ(Count("SELECT COUNT(*) FROM written"), 4);
  EXPECT_EQ(ReadThing("a")->parts_size(), 19);
}

TEST_P(Writers, AFullQueueRefusesAtOnce) {
  WriterOptions options;
  options.queue_max = 10;
  options.batch_max = 1;
  auto writer = Start(options);
  absl::Notification go_on, deciding;
  Answers answers;
  answers.Submit(*writer, Do([&](Context&, State&) -> absl::StatusOr<std::string> {
    deciding.Notify();
    go_on.WaitForNotification();
    return std::string();
  }));
  deciding.WaitForNotification();
  for (int i = 0; i < 12; ++i) answers.Submit(*writer, MakeThing(absl::StrCat("t", i)));
  std::vector<Command> group(3, MakeThing("x"));
  for (const auto& outcome : writer->CallGroup(std::move(group))) {
    EXPECT_THAT(outcome, RefusedWith(StatusCode::kResourceExhausted, "WRITER_QUEUE_FULL"));
  }
  go_on.Notify();
  EXPECT_EQ(answers.ok(), 11);
  EXPECT_THAT(answers.Wait().back(),
              RefusedWith(StatusCode::kResourceExhausted, "WRITER_QUEUE_FULL"));
  EXPECT_EQ(Count("SELECT COUNT(*) FROM things"), 10);
}

TEST_P(Writers, WhatStillWaitsWhenAWriterStopsIsAnswered) {
  Answers answers;
  WriterOptions options;
  options.batch_max = 1;
  auto writer = Start(options);
  absl::Notification go_on, deciding;
  answers.Submit(*writer, Do([&](Context&, State&) -> absl::StatusOr<std::string> {
    deciding.Notify();
    go_on.WaitForNotification();
    return std::string();
  }));
  deciding.WaitForNotification();
  for (int i = 0; i < 50; ++i) answers.Submit(*writer, MakeThing(absl::StrCat("t", i)));
  std::thread stop([&] { writer = nullptr; });
  go_on.Notify();
  stop.join();
  const auto& outcomes = answers.Wait();
  EXPECT_EQ(Count("SELECT COUNT(*) FROM things"), answers.ok() - 1);
  EXPECT_THAT(outcomes.back(), RefusedWith(StatusCode::kUnavailable, "WRITER_CLOSING"));
}

TEST_P(Writers, ALargeBatchIsCutByItsBytes) {
  WriterOptions options;
  options.batch_bytes_max = 100'000;
  auto writer = Start(options);
  absl::Notification go_on;
  Answers answers;
  answers.Submit(*writer, Do([&](Context&, State&) -> absl::StatusOr<std::string> {
    go_on.WaitForNotification();
    return std::string();
  }));
  for (int i = 0; i < 20; ++i) {
    Thing thing;
    thing.set_id(absl::StrCat("t", i));
    thing.set_blob(std::string(30'000, 'x'));
    answers.Submit(*writer, MakeThing(thing));
  }
  go_on.Notify();
  EXPECT_EQ(answers.ok(), 21);
  EXPECT_GE(writer->stats().commits, 10);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM things"), 20);
}

TEST_P(Writers, AGroupLargerThanABatchIsOneTransaction) {
  WriterOptions options;
  options.batch_max = 100;
  auto writer = Start(options);
  std::vector<Command> commands;
  for (int i = 0; i < 1000; ++i) commands.push_back(MakeThing(absl::StrCat("t", i)));
  for (const auto& outcome : writer->CallGroup(std::move(commands))) EXPECT_OK(outcome);
  EXPECT_EQ(writer->stats().commits, 1);
  EXPECT_EQ(writer->stats().commands, 1000);
  ExpectJournalInOrder();
}

TEST_P(Writers, AKeyThatNoTextColumnCanHoldIsAbsent) {
  auto writer = Start();
  const std::string key("a\0b", 3);
  EXPECT_THAT(writer->Call(AddTo(key, 1)), RefusedWith(StatusCode::kNotFound, "THING_NOT_FOUND"));
  // No UTF-8: the database says no, to this one alone.
  std::vector<Command> commands;
  commands.push_back(MakeThing("a"));
  commands.push_back(AddTo("\xff", 1));
  commands.push_back(MakeThing("b"));
  const auto outcomes = writer->CallGroup(std::move(commands));
  EXPECT_OK(outcomes[0]);
  EXPECT_THAT(outcomes[1], RefusedWith(StatusCode::kInvalidArgument, "STORE_VALUE_INVALID"));
  EXPECT_OK(outcomes[2]);
}

TEST_P(Writers, HintsAndDecisionsMayDisagree) {
  auto writer = Start();
  EXPECT_OK(writer->Call(MakeThing("a")));
  Command command = AddTo("a", 1);
  command.hints = [](Wanted& wanted) {
    wanted.Row<Thing>("nobody");
    wanted.Row<Thing>("");
    wanted.Set<Thing>("on_shelf", "none");
    wanted.Row<Tally>("t");
  };
  EXPECT_EQ(*writer->Call(std::move(command)), "1");
}

TEST_P(Writers, TimeAndIdsComeWithTheCommand) {
  auto writer = Start();
  int runs = 0;
  std::set<std::string> ids;
  EXPECT_OK(writer->Call(Do([&](Context& context, State& state) -> absl::StatusOr<std::string> {
    ++runs;
    EXPECT_GT(context.now_micros, 0);
    ids.insert(context.ids.Next("thg_"));
    (void)state.Find<Thing>("x");
    return std::string();
  })));
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(ids.size(), 1u) << "the same each time it is run";
}

// Many callers, each with one command under way: what gRPC's clients look like to a writer.
TEST_P(Writers, CommitAnEighthOfAsManyTransactionsAsCommands) {
  auto writer = Start();
  constexpr int kInFlight = 512, kCommands = 4096;
  const auto committed = [&] {
    return is_postgres() ? Count(
                               "SELECT xact_commit FROM pg_stat_database WHERE datname = "
                               "current_database()")
                         : 0;
  };
  const int64_t before = committed();
  absl::Mutex mutex;
  int sent = 0, answered = 0;
  std::function<void()> send = [&] {
    int n;
    {
      absl::MutexLock lock(&mutex);
      if (sent == kCommands) return;
      n = sent++;
    }
    Command command = MakeThing(absl::StrCat("t", n));
    command.done = [&](absl::StatusOr<std::string> answer) {
      EXPECT_OK(answer);
      send();
      absl::MutexLock lock(&mutex);
      ++answered;
    };
    writer->Submit(std::move(command));
  };
  for (int i = 0; i < kInFlight; ++i) send();
  {
    absl::MutexLock lock(&mutex);
    const auto all = [&] { return answered == kCommands; };
    ASSERT_TRUE(mutex.AwaitWithTimeout(absl::Condition(&all), absl::Seconds(60)));
  }
  EXPECT_LE(writer->stats().commits * 8, kCommands);
  writer = nullptr;  // sends its last statistics
  if (is_postgres()) {
    EXPECT_TRUE(test::WaitFor([&] { return committed() > before; }));
    EXPECT_LE((committed() - before) * 8, kCommands);
  }
  ExpectJournalInOrder();
}

INSTANTIATE_TEST_SUITE_P(Both, Writers, testing::Values("sqlite", "postgresql"), DriverName);

}  // namespace
}  // namespace tandem::store
