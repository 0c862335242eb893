// What PostgreSQL does to a writer that SQLite cannot: connections that break, replicas that wait
// for one another, transactions that stay open.
#include <atomic>
#include <thread>

#include "absl/strings/match.h"
#include "platform/store/store_fixture.h"
#include "tests/support/cut_proxy.h"
#include "tests/support/wait.h"

namespace tandem::store {
namespace {

using test::CutProxy;
using testing::ElementsAre;

class PostgresWriter : public StoreTest {
 protected:
  std::unique_ptr<Database> Through(CutProxy& proxy) {
    auto database = OpenPostgres(database_.server().Dsn(proxy.port()));
    TANDEM_CHECK(database.ok(), database.status().ToString());
    return *std::move(database);
  }

  // Repeats until it is accepted; says how often it was not known or not possible.
  static int Insist(Writer& writer, const std::function<Command()>& command) {
    for (int tries = 0;; ++tries) {
      const auto answer = writer.Call(command());
      if (answer.ok()) return tries;
      EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable) << answer.status();
      TANDEM_CHECK(tries < 50, answer.status().ToString());
      // While nobody gets in (postgres_door.h), each is told so at once.
      absl::SleepFor(absl::Milliseconds(10));
    }
  }
};

// Nobody can while the row is locked; a trigger can.
TEST_P(PostgresWriter, AnUpdateThatMeetsNoRowIsAConflict) {
  WriterOptions options;
  options.conflict_retries_max = 2;
  auto writer = StartWriter(*database_, options);
  EXPECT_OK(writer->Call(SetTally("t", 1)));
  RunScript(*Connect(*database_),
            "CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
            "CREATE TRIGGER skipped BEFORE UPDATE ON tallies FOR EACH ROW EXECUTE FUNCTION skip()");
  EXPECT_THAT(writer->Call(WithId(SetTally("t", 2), "r")),
              RefusedWith(absl::StatusCode::kAborted, "STORE_CONFLICT"));
  EXPECT_GT(writer->stats().conflicts, 2);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM requests"), 0);
  RunScript(*Connect(*database_), "DROP TRIGGER skipped ON tallies");
  EXPECT_OK(writer->Call(WithId(SetTally("t", 2), "r")));
  EXPECT_EQ(Count("SELECT value FROM tallies WHERE version = 2"), 2);
}

// Loses the connection at every message of the conversation, both ways, in turn.
TEST_P(PostgresWriter, AConnectionLostAtAnyMessageLosesAndDoublesNothing) {
  CutProxy proxy(database_.server().server().port(), CutProxy::Framing::kPostgres);
  auto database = Through(proxy);
  auto writer = StartWriter(*database);
  EXPECT_OK(writer->Call(MakeThing("a")));
  EXPECT_OK(writer->Call(WithId(AddTo("a", 1), "first")));
  proxy.OnMessage([](const CutProxy::Message&) { return CutProxy::Verdict::kPass; });
  EXPECT_OK(writer->Call(WithId(AddTo("a", 1), "second")));
  const int64_t messages = proxy.client_messages();
  ASSERT_GT(messages, 5);
  int64_t expected = 2, triggered = 0;
  for (int64_t n = 1; n <= messages; ++n) {
    for (const auto& rule : {CutProxy::BeforeClientMessage(n), CutProxy::AfterClientMessage(n),
                             CutProxy::BeforeServerMessage(n)}) {
      proxy.OnMessage(rule);
      const std::string id = absl::StrCat("r", ++expected);
      (void)Insist(*writer, [&] { return WithId(AddTo("a", 1), id); });
      triggered += proxy.Triggered();
      ASSERT_EQ(Large("a"), expected) << "after message " << n;
    }
  }
  EXPECT_GT(triggered, messages);
  EXPECT_EQ(Events(), expected + 1);
}

// The same for batches that are decided from memory and given to the server while they are.
TEST_P(PostgresWriter, AConnectionLostWhileMemoryIsTrustedLosesAndDoublesNothing) {
  static const auto* schema =
      new Schema({{Thing::descriptor(), "things", {}, 50, Remembered::kByAll}});
  constexpr int kThings = 70;
  CutProxy proxy(database_.server().server().port(), CutProxy::Framing::kPostgres);
  auto database = Through(proxy);
  static const auto* clock = new SystemClock();
  WriterOptions options;
  options.source = std::string(kSource);
  auto writer = *Writer::Start(*database, *schema, *clock, std::move(options));
  const auto add = [&](int round) {
    std::vector<Command> adds;
    for (int i = 0; i < kThings; ++i) {
      const std::string id = absl::StrCat("t", i);
      adds.push_back(WithId(AddTo(id, 1), absl::StrCat(id, "/", round)));
      adds.back().hints = [id](Wanted& wanted) { wanted.Row<Thing>(id); };
    }
    return writer->CallGroup(std::move(adds));
  };
  std::vector<Command> makes;
  for (int i = 0; i < kThings; ++i) makes.push_back(MakeThing(absl::StrCat("t", i)));
  for (const auto& made : writer->CallGroup(std::move(makes))) EXPECT_OK(made);
  for (const auto& outcome : add(1)) EXPECT_OK(outcome);
  proxy.OnMessage([](const CutProxy::Message&) { return CutProxy::Verdict::kPass; });
  const int64_t trusted = writer->stats().trusted;
  for (const auto& outcome : add(2)) EXPECT_OK(outcome);
  EXPECT_EQ(writer->stats().trusted, trusted + 1);
  const int64_t messages = proxy.client_messages();
  ASSERT_GT(messages, 5);
  int round = 2;
  for (int64_t n = 1; n <= messages; ++n) {
    for (const auto& rule : {CutProxy::BeforeClientMessage(n), CutProxy::AfterClientMessage(n),
                             CutProxy::BeforeServerMessage(n)}) {
      for (const auto& outcome : add(++round)) EXPECT_OK(outcome);  // trusts again
      proxy.OnMessage(rule);
      ++round;
      ASSERT_TRUE(test::WaitFor([&] {
        const auto outcomes = add(round);
        return std::all_of(outcomes.begin(), outcomes.end(),
                           [](const auto& outcome) { return outcome.ok(); });
      }));
      proxy.OnMessage([](const CutProxy::Message&) { return CutProxy::Verdict::kPass; });
      ASSERT_EQ(Count("SELECT SUM(large) FROM things"), round * kThings) << "after message " << n;
    }
  }
  EXPECT_EQ(Count("SELECT COUNT(*) FROM journal"), (round + 1) * kThings);
}

TEST_P(PostgresWriter, ACommitWhoseAnswerIsLostIsAnsweredAllTheSame) {
  CutProxy proxy(database_.server().server().port(), CutProxy::Framing::kPostgres);
  auto database = Through(proxy);
  auto writer = StartWriter(*database);
  EXPECT_OK(writer->Call(MakeThing("a")));
  for (int64_t i = 1; i <= 5; ++i) {
    proxy.OnMessage([](const CutProxy::Message& message) {
      return message.direction == CutProxy::Direction::kToClient && message.type == 'C' &&
                     message.bytes.find("COMMIT") != std::string_view::npos
                 ? CutProxy::Verdict::kCutBefore
                 : CutProxy::Verdict::kPass;
    });
    EXPECT_EQ(*writer->Call(AddTo("a", 1)), absl::StrCat(i)) << "and without a request id";
    EXPECT_TRUE(proxy.Triggered());
    EXPECT_EQ(Large("a"), i);
  }
}

TEST_P(PostgresWriter, BackendsThatAreTerminatedLoseAndDoubleNothing) {
  auto writer = StartWriter(*database_);
  EXPECT_OK(writer->Call(MakeThing("a")));
  constexpr int kCallers = 8, kEach = 30;
  std::atomic<int> answered = 0;
  std::thread killer([&] {
    while (answered < kCallers * kEach) {
      (void)database_.server().Query(
          "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = "
          "'tandem' AND datname = current_database()");
      // The next storm comes when something has got through this one.
      const int before = answered;
      EXPECT_TRUE(test::WaitFor([&] { return answered > before || answered == kCallers * kEach; }));
    }
  });
  std::vector<std::thread> callers;
  for (int c = 0; c < kCallers; ++c) {
    callers.emplace_back([&, c] {
      for (int i = 0; i < kEach; ++i) {
        (void)Insist(*writer, [&] { return WithId(AddTo("a", 1), absl::StrCat(c, "/", i)); });
        ++answered;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  killer.join();
  EXPECT_TRUE(test::WaitFor([&] { return writer->Call(AddTo("a", 0)).ok(); }));
  EXPECT_EQ(Large("a"), kCallers * kEach);
}

// A member that joins or leaves a set while its lock is waited for.
TEST_P(PostgresWriter, ASetIsWholeAlsoAfterWaitingForItsLocks) {
  auto writer = StartWriter(*database_);
  for (const char* id : {"leaves", "stays"}) {
    Thing thing;
    thing.set_id(id);
    thing.set_shelf_id("s");
    thing.add_tags("tag");
    EXPECT_OK(writer->Call(MakeThing(thing)));
  }
  auto other = Connect(*database_);
  EXPECT_OK(other->Begin());
  const std::vector<Query> changes = {
      {"UPDATE things SET shelf_id = 'elsewhere' WHERE id = 'leaves'", {}},
      {"INSERT INTO things (id, shelf_id, version) VALUES ('joins', 's', 1)", {}},
      {"INSERT INTO things_tags (parent, n, value) VALUES ('joins', 0, 'tag')", {}},
  };
  EXPECT_OK(other->Run(changes));
  Answers answers;
  std::vector<std::string> on_shelf, elsewhere;
  answers.Submit(*writer, Do([&](Context&, State& state) -> absl::StatusOr<std::string> {
    state.Load<Thing>("on_shelf", "s");
    on_shelf.clear();
    elsewhere.clear();
    for (const Thing* thing : state.All<Thing>()) {
      (thing->shelf_id() == "s" ? on_shelf : elsewhere).push_back(thing->id());
      EXPECT_EQ(thing->tags_size(), 1) << thing->id();
    }
    return std::string();
  }));
  EXPECT_TRUE(test::WaitFor([&] {
    return *database_.server().Query("SELECT COUNT(*) FROM pg_locks WHERE NOT granted") != "0";
  }));
  EXPECT_OK(other->Commit({}));
  EXPECT_EQ(answers.ok(), 1);
  EXPECT_THAT(on_shelf, ElementsAre("joins", "stays"));
  EXPECT_THAT(elsewhere, ElementsAre("leaves"));
}

// Two replicas change a box and the thing on it; one's commands name the box, the other's the
// thing.
TEST_P(PostgresWriter, WhatIsLookedForAheadIsLockedInItsOrder) {
  auto by_box = StartWriter(*database_);
  auto by_thing = StartWriter(*database_);
  const auto change = [](State& state, Context& context, Box* box,
                         Thing* thing) -> absl::StatusOr<std::string> {
    if (box == nullptr || thing == nullptr) return absl::NotFoundError("not loaded yet");
    box->set_content(box->content() + 1);
    thing->set_large(thing->large() + 1);
    BoxEvent event;
    event.mutable_filled();
    state.Emit<Box>(context, "s", event);
    state.Emit<Thing>(context, "a", Changed(1));
    return std::string();
  };
  Thing made;
  made.set_id("a");
  made.set_shelf_id("s");
  EXPECT_OK(by_box->Call(MakeThing(made)));
  EXPECT_OK(by_box->Call(Do([](Context& context, State& state) -> absl::StatusOr<std::string> {
    Box box;
    box.set_id("s");
    state.Find<Box>("s");
    state.Insert(std::move(box));
    BoxEvent event;
    event.mutable_filled();
    state.Emit<Box>(context, "s", event);
    return std::string();
  })));
  constexpr int kEach = 200;
  Answers answers;
  for (int i = 0; i < kEach; ++i) {
    Command box_first = Do([change](Context& context, State& state) {
      Box* box = state.Edit<Box>("s");
      return change(state, context, box, box == nullptr ? nullptr : state.Edit<Thing>("a"));
    });
    box_first.hints = [](Wanted& wanted) { wanted.Row<Box>("s"); };
    Command thing_first = Do([change](Context& context, State& state) {
      Thing* thing = state.Edit<Thing>("a");
      Box* box = thing == nullptr ? nullptr : state.Edit<Box>(thing->shelf_id());
      return change(state, context, box, thing);
    });
    thing_first.hints = [](Wanted& wanted) {
      wanted.Set<Box>("of_thing", "a");
      wanted.Row<Thing>("a");
    };
    answers.Submit(*by_box, std::move(box_first));
    answers.Submit(*by_thing, std::move(thing_first));
  }
  EXPECT_EQ(answers.ok(), 2 * kEach);
  EXPECT_EQ(Large("a"), 2 * kEach);
  EXPECT_EQ(by_box->stats().conflicts + by_thing->stats().conflicts, 0);
}

TEST_P(PostgresWriter, TransactionsThatStayOpenDelayNobodysEvents) {
  auto writer = StartWriter(*database_);
  EXPECT_OK(writer->Call(MakeThing("a")));
  EmptyDatabase neighbour("postgresql");
  MigrateForTest(*neighbour);
  // One has written here, one elsewhere in the cluster; both stay open throughout.
  auto here = Connect(*database_);
  auto there = Connect(*neighbour);
  for (Connection* connection : {here.get(), there.get()}) {
    EXPECT_OK(connection->Begin());
    EXPECT_OK(RunOne(*connection, "INSERT INTO boxes (id, version) VALUES ('b', 1)"));
    EXPECT_OK(RunOne(*connection, "SELECT id FROM journal_head"));
  }
  auto journal = OpenJournal(*database_);
  int64_t position = *journal->Head();
  for (int i = 0; i < 200; ++i) {
    EXPECT_OK(writer->Call(AddTo("a", 1)));
    JournalQuery query;
    query.after_position = position;
    const auto rows = journal->Read(query);
    ASSERT_TRUE(rows.ok()) << rows.status();
    ASSERT_EQ(rows->size(), 1u) << "at once";
    position = (*rows)[0].position;
  }
  here->Rollback();
  there->Rollback();
}

INSTANTIATE_TEST_SUITE_P(Server, PostgresWriter, testing::Values("postgresql"), DriverName);

}  // namespace
}  // namespace tandem::store
