// What a writer does not ask the database for: rows it remembers, and keys it has just made.
#include <atomic>

#include "platform/store/faulty_database.h"
#include "platform/store/store_fixture.h"

namespace tandem::store {
namespace {

using absl::StatusCode;

class WriterMemory : public StoreTest {
 protected:
  WriterMemory() {
    counted_.Set([this](FaultyDatabase::When when, Connection*) {
      runs_ += when == FaultyDatabase::When::kRun;
      return absl::OkStatus();
    });
  }

  std::unique_ptr<Writer> Start() { return StartWriter(counted_, {}, RememberingSchema()); }

  // The round trips of a command before its commit.
  int RunsOf(Writer& writer, Command command) {
    const int before = runs_;
    const auto answer = writer.Call(std::move(command));
    EXPECT_TRUE(answer.ok()) << answer.status();
    return runs_ - before;
  }

  FaultyDatabase counted_{*database_};
  std::atomic<int> runs_ = 0;
};

Command MakeBox(absl::string_view id) {
  return Do([id = std::string(id)](Context& context, State& state) -> absl::StatusOr<std::string> {
    if (state.Find<Box>(id) != nullptr) {
      return Refuse(StatusCode::kAlreadyExists, "BOX_EXISTS", id);
    }
    Box box;
    box.set_id(id);
    state.Insert(std::move(box));
    BoxEvent event;
    event.mutable_filled();
    state.Emit<Box>(context, id, event);
    return std::string();
  });
}

// Changes a thing and the box that it names; only the thing is known before.
Command Fill(absl::string_view thing_id) {
  Command command = Do(
      [id = std::string(thing_id)](Context& context, State& state) -> absl::StatusOr<std::string> {
        Thing* thing = state.Edit<Thing>(id);
        if (thing == nullptr) return Refuse(StatusCode::kNotFound, "THING_NOT_FOUND", id);
        Box* box = state.Edit<Box>(thing->shelf_id());
        if (box == nullptr)
          return Refuse(StatusCode::kNotFound, "BOX_NOT_FOUND", thing->shelf_id());
        thing->set_large(thing->large() + 1);
        thing->add_tags(absl::StrCat(thing->large()));
        box->set_content(box->content() + 1);
        BoxEvent event;
        event.mutable_filled();
        state.Emit<Thing>(context, id, Changed(1));
        state.Emit<Box>(context, box->id(), event);
        return absl::StrCat(thing->large(), "/", thing->tags_size(), "/", box->content());
      });
  command.hints = [id = std::string(thing_id)](Wanted& wanted) { wanted.Row<Thing>(id); };
  return command;
}

Thing OnShelf(absl::string_view id, absl::string_view shelf) {
  Thing thing;
  thing.set_id(std::string(id));
  thing.set_shelf_id(std::string(shelf));
  return thing;
}

TEST_P(WriterMemory, WhatARememberedRowRefersToIsLoadedWithIt) {
  auto first = Start();
  EXPECT_OK(first->Call(MakeBox("s")));
  EXPECT_OK(first->Call(MakeThing(OnShelf("a", "s"))));
  auto second = Start();
  EXPECT_EQ(RunsOf(*second, Fill("a")), 2) << "the box was found through the thing";
  EXPECT_EQ(RunsOf(*second, Fill("a")), is_postgres() ? 0 : 1);
  EXPECT_EQ(*second->Call(Fill("a")), "3/3/3");
  EXPECT_EQ(second->stats().trusted, 2);
}

// What was decided from memory is decided again where another has changed it, also where it would
// have been refused.
TEST_P(WriterMemory, NobodyIsToldWhatWasDecidedFromMemoryThatIsOutOfDate) {
  auto first = Start();
  auto second = Start();
  const auto add = [](int64_t by) { return AddToKnown("a", by); };
  EXPECT_OK(first->Call(MakeThing("a")));
  EXPECT_EQ(*second->Call(add(1)), "1");
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(*first->Call(add(10)), "11");
    EXPECT_EQ(*second->Call(add(-10)), "1") << "for all it remembers there are too few";
    EXPECT_EQ(*first->Call(add(-1)), "0");
    EXPECT_THAT(second->Call(add(-1)),
                RefusedWith(StatusCode::kFailedPrecondition, "THING_TOO_SMALL"));
    EXPECT_EQ(*second->Call(add(1)), "1");
  }
  EXPECT_EQ(Count("SELECT large FROM things WHERE id = 'a'"), 1);
}

TEST_P(WriterMemory, WhatWasAnsweredBeforeIsNotDecidedFromMemory) {
  auto first = Start();
  auto second = Start();
  const auto add = [](int64_t by, absl::string_view request_id) {
    return WithId(AddToKnown("a", by), request_id, absl::StrCat(by));
  };
  EXPECT_OK(first->Call(MakeThing("a")));
  for (Writer* writer : {first.get(), second.get()}) {
    EXPECT_EQ(*writer->Call(add(5, "five")), "5");
    EXPECT_EQ(*writer->Call(add(5, "five")), "5");
  }
  EXPECT_EQ(*second->Call(add(-5, "back")), "0");
  // It would be refused now, and so would the first.
  EXPECT_EQ(*second->Call(add(-5, "back")), "0");
  EXPECT_EQ(*first->Call(add(-5, "back")), "0");
  EXPECT_THAT(second->Call(add(4, "five")),
              RefusedWith(StatusCode::kAlreadyExists, "REQUEST_ID_REUSED"));
  EXPECT_EQ(Count("SELECT large FROM things WHERE id = 'a'"), 0);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM requests"), 2);
}

TEST_P(WriterMemory, OneRepeatedRequestLeavesTheOthersOfItsBatchAlone) {
  auto writer = Start();
  std::vector<Command> makes;
  for (int i = 0; i < 100; ++i) makes.push_back(MakeThing(absl::StrCat("t", i)));
  for (const auto& outcome : writer->CallGroup(std::move(makes))) EXPECT_OK(outcome);
  const auto add = [](int i) {
    return WithId(AddToKnown(absl::StrCat("t", i), 1), absl::StrCat("r", i));
  };
  EXPECT_EQ(*writer->Call(add(50)), "1");
  std::vector<Command> adds;
  for (int i = 0; i < 100; ++i) adds.push_back(add(i));
  for (const auto& outcome : writer->CallGroup(std::move(adds))) EXPECT_EQ(*outcome, "1");
  EXPECT_EQ(Count("SELECT SUM(large) FROM things"), 100);
  EXPECT_EQ(writer->stats().replayed, 1);
}

// A commit that changes nothing is none: what was found has to be looked at by a reading.
TEST_P(WriterMemory, WhatIsOnlyReadIsAsTheDatabaseHasIt) {
  auto first = Start();
  auto second = Start();
  const auto look = [] {
    Command command = Do([](Context&, State& state) -> absl::StatusOr<std::string> {
      return absl::StrCat(state.Find<Thing>("a")->large());
    });
    command.hints = [](Wanted& wanted) { wanted.Row<Thing>("a"); };
    return command;
  };
  EXPECT_OK(first->Call(MakeThing("a")));
  EXPECT_EQ(*second->Call(look()), "0");
  EXPECT_OK(first->Call(AddTo("a", 7)));
  EXPECT_EQ(*second->Call(look()), "7");
}

TEST_P(WriterMemory, ARowThatAnotherWriterChangedIsReadAgain) {
  auto first = Start();
  auto second = Start();
  EXPECT_OK(first->Call(MakeBox("s")));
  EXPECT_OK(first->Call(MakeBox("t")));
  EXPECT_OK(first->Call(MakeThing(OnShelf("a", "s"))));
  for (int i = 1; i <= 20; ++i) {
    EXPECT_EQ(*(i % 2 == 0 ? first : second)->Call(Fill("a")), absl::StrCat(i, "/", i, "/", i));
  }
  // Also when it refers to something else now.
  EXPECT_OK(first->Call(EditThing("a", [](Thing& thing) { thing.set_shelf_id("t"); })));
  EXPECT_EQ(*second->Call(Fill("a")), "21/21/1");
  EXPECT_EQ(Count("SELECT content FROM boxes WHERE id = 's'"), 20);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM things_tags"), 21);
}

// In PostgreSQL the update itself fails where its row has changed.
TEST_P(WriterMemory, AChangeWithoutAnEventTakesNoRoundTripOfItsOwn) {
  auto writer = Start();
  EXPECT_OK(writer->Call(SetTally("t", 1)));
  EXPECT_EQ(RunsOf(*writer, SetTally("t", 2)), database_->dialect() == "sqlite" ? 2 : 1);
  EXPECT_EQ(Count("SELECT value FROM tallies WHERE name = 't' AND version = 2"), 2);
}

TEST_P(WriterMemory, ARowThatIsGoneIsAbsent) {
  auto first = Start();
  auto second = Start();
  EXPECT_OK(first->Call(MakeBox("s")));
  EXPECT_OK(first->Call(MakeThing(OnShelf("a", "s"))));
  EXPECT_OK(second->Call(Fill("a")));
  EXPECT_OK(first->Call(Do([](Context&, State& state) -> absl::StatusOr<std::string> {
    state.Erase<Thing>("a");
    return std::string();
  })));
  EXPECT_THAT(second->Call(Fill("a")), RefusedWith(StatusCode::kNotFound, "THING_NOT_FOUND"));
  EXPECT_THAT(first->Call(Fill("a")), RefusedWith(StatusCode::kNotFound, "THING_NOT_FOUND"));
}

// Things are remembered, and that nothing is tallied.
const Schema& FreeSchema() {
  static const auto* schema = new Schema({
      {Thing::descriptor(), "things", {}, 50, Remembered::kByWriter},
      {Tally::descriptor(), "tallies", {}, 40, Remembered::kAbsence},
  });
  return *schema;
}

// Adds one to a thing while there is no tally of its name.
Command AddWhileFree(absl::string_view id) {
  Command command =
      Do([id = std::string(id)](Context& context, State& state) -> absl::StatusOr<std::string> {
        if (state.Find<Tally>(id) != nullptr) {
          return Refuse(StatusCode::kFailedPrecondition, "THING_TALLIED", id);
        }
        Thing* thing = state.Edit<Thing>(id);
        if (thing == nullptr) return Refuse(StatusCode::kNotFound, "THING_NOT_FOUND", id);
        thing->set_large(thing->large() + 1);
        state.Emit<Thing>(context, id, Changed(1));
        return absl::StrCat(thing->large());
      });
  command.hints = [id = std::string(id)](Wanted& wanted) {
    wanted.Row<Thing>(id);
    wanted.Row<Tally>(id);
  };
  return command;
}

Command EraseTally(absl::string_view name) {
  return Do([name = std::string(name)](Context&, State& state) -> absl::StatusOr<std::string> {
    state.Erase<Tally>(name);
    return std::string();
  });
}

TEST_P(WriterMemory, ThatAKeyHasNoRowIsRememberedAndLookedAtByTheCommit) {
  auto first = StartWriter(counted_, {}, FreeSchema());
  auto second = StartWriter(counted_, {}, FreeSchema());
  const auto tallied = RefusedWith(StatusCode::kFailedPrecondition, "THING_TALLIED");
  EXPECT_OK(first->Call(MakeThing("a")));
  EXPECT_EQ(*second->Call(AddWhileFree("a")), "1");
  EXPECT_EQ(RunsOf(*second, AddWhileFree("a")), is_postgres() ? 0 : 1);
  EXPECT_EQ(second->stats().trusted, 1);
  for (int i = 0; i < 3; ++i) {
    EXPECT_OK(first->Call(SetTally("a", 1)));
    EXPECT_THAT(second->Call(AddWhileFree("a")), tallied);
    EXPECT_THAT(second->Call(AddWhileFree("a")), tallied);
    EXPECT_OK(first->Call(EraseTally("a")));
    EXPECT_EQ(*second->Call(AddWhileFree("a")), absl::StrCat(2 * i + 3));
    EXPECT_EQ(*second->Call(AddWhileFree("a")), absl::StrCat(2 * i + 4));
  }
  EXPECT_OK(second->Call(SetTally("a", 1)));
  EXPECT_THAT(second->Call(AddWhileFree("a")), tallied) << "its own";
  EXPECT_OK(second->Call(EraseTally("a")));
  EXPECT_EQ(*second->Call(AddWhileFree("a")), "9");
}

TEST_P(WriterMemory, OfManyKeysWithoutARowOneThatHasOneNowIsFound) {
  auto first = StartWriter(counted_, {}, FreeSchema());
  auto second = StartWriter(counted_, {}, FreeSchema());
  const auto add_all = [&] {
    std::vector<Command> commands;
    for (int i = 0; i < 100; ++i) commands.push_back(AddWhileFree(absl::StrCat("t", i)));
    return second->CallGroup(std::move(commands));
  };
  for (int i = 0; i < 100; ++i) EXPECT_OK(first->Call(MakeThing(absl::StrCat("t", i))));
  for (int round = 1; round <= 2; ++round) {
    for (const auto& outcome : add_all()) EXPECT_EQ(*outcome, absl::StrCat(round));
  }
  EXPECT_EQ(second->stats().trusted, 1);
  EXPECT_OK(first->Call(SetTally("t70", 1)));
  const auto outcomes = add_all();
  for (size_t i = 0; i < 100; ++i) {
    if (i == 70) continue;
    EXPECT_EQ(*outcomes[i], "3");
  }
  EXPECT_THAT(outcomes[70], RefusedWith(StatusCode::kFailedPrecondition, "THING_TALLIED"));
  EXPECT_EQ(Count("SELECT SUM(large) FROM things"), 299);
}

TEST_P(WriterMemory, SomeRememberedAndSomeNotAreOneBatch) {
  auto first = Start();
  auto second = Start();
  EXPECT_OK(first->Call(MakeBox("s")));
  for (int i = 0; i < 60; ++i)
    EXPECT_OK(first->Call(MakeThing(OnShelf(absl::StrCat("t", i), "s"))));
  for (int i = 0; i < 60; i += 3) EXPECT_OK(second->Call(Fill(absl::StrCat("t", i))));
  EXPECT_OK(first->Call(Fill("t3")));  // what second remembers is out of date
  std::vector<Command> commands;
  for (int i = 0; i < 60; ++i) commands.push_back(Fill(absl::StrCat("t", i)));
  commands.push_back(Fill("nobody"));
  const auto outcomes = second->CallGroup(std::move(commands));
  for (int i = 0; i < 60; ++i) {
    const int times = i % 3 != 0 ? 1 : i == 3 ? 3 : 2;
    EXPECT_EQ(*outcomes[static_cast<size_t>(i)], absl::StrCat(times, "/", times, "/", 22 + i));
  }
  EXPECT_THAT(outcomes[60], RefusedWith(StatusCode::kNotFound, "THING_NOT_FOUND"));
}

TEST_P(WriterMemory, AKeyThatWasJustMadeIsNotLookedUp) {
  auto writer = Start();
  const auto make = [] {
    return Do([](Context& context, State& state) -> absl::StatusOr<std::string> {
      Thing thing;
      thing.set_id(context.ids.Next("thg_"));
      const std::string id = thing.id();
      if (state.Find<Thing>(id) != nullptr) return absl::AlreadyExistsError(id);
      state.Insert(std::move(thing));
      ThingEvent event;
      event.mutable_made();
      state.Emit<Thing>(context, id, event);
      return id;
    });
  };
  EXPECT_OK(writer->Call(make()));
  EXPECT_EQ(RunsOf(*writer, make()), 0);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM things WHERE version = 1"), 2);
  // A context that somebody gives may be one that was given before.
  Command given = make();
  given.context.now_micros = 1'000'000;
  given.context.ids = IdSource(1'000'000, 1, 1);
  EXPECT_EQ(RunsOf(*writer, given), 1);
  EXPECT_EQ(writer->Call(given).status().code(), StatusCode::kAlreadyExists);
}

// The first rows are with the database already when the last commands of the batch change them.
TEST_P(WriterMemory, WhatABatchMadeItMayChangeAndTakeOut) {
  auto writer = Start();
  EXPECT_OK(writer->Call(MakeBox("s")));
  for (const int size : {40, 200}) {
    const auto id = [size](int i) { return absl::StrCat("t", size, "/", i); };
    std::vector<Command> commands;
    for (int i = 0; i < size; ++i) {
      Thing thing = OnShelf(id(i), "s");
      thing.add_tags("first");
      commands.push_back(MakeThing(thing));
    }
    for (int i = 0; i < size; i += 2) commands.push_back(Fill(id(i)));
    commands.push_back(Do([gone = id(1)](Context&, State& state) -> absl::StatusOr<std::string> {
      state.Erase<Thing>(gone);
      return std::string();
    }));
    commands.push_back(MakeThing(id(0)));  // is there
    commands.push_back(AddTo(id(2), 5));
    const auto outcomes = writer->CallGroup(std::move(commands));
    const auto n = static_cast<size_t>(size);
    for (size_t i = 0; i < n + n / 2 + 1; ++i) EXPECT_OK(outcomes[i]);
    EXPECT_THAT(outcomes[n + n / 2 + 1], RefusedWith(StatusCode::kAlreadyExists, "THING_EXISTS"));
    EXPECT_EQ(*outcomes[n + n / 2 + 2], "6");
    const std::string of = absl::StrCat("'t", size, "/%'");
    EXPECT_EQ(Count(absl::StrCat("SELECT COUNT(*) FROM things WHERE id LIKE ", of)), size - 1);
    EXPECT_EQ(Count(absl::StrCat("SELECT COUNT(*) FROM things_tags WHERE parent LIKE ", of)),
              size - 1 + size / 2);
    EXPECT_EQ(ReadThing(id(0))->etag(), "\"2\"");
    EXPECT_EQ(ReadThing(id(2))->large(), 6);
    EXPECT_EQ(ReadThing(id(3))->tags_size(), 1);
  }
  EXPECT_EQ(writer->stats().commits, 3);
  EXPECT_EQ(writer->stats().split, 0);
}

INSTANTIATE_TEST_SUITE_P(Both, WriterMemory, testing::Values("sqlite", "postgresql"), DriverName);

}  // namespace
}  // namespace tandem::store
