// What the tests of rows, writers and journals share: a migrated database of either driver, and
// commands that are quickly written.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "platform/base/clock.h"
#include "platform/base/status.h"
#include "platform/store/drivers_fixture.h"
#include "platform/store/journal.h"
#include "platform/store/migrations.h"
#include "platform/store/reader.h"
#include "platform/store/writer.h"
#include "tandem/storetest/v1/thing.pb.h"

namespace tandem::store {

using storetest::v1::Box;
using storetest::v1::BoxEvent;
using storetest::v1::Tally;
using storetest::v1::Thing;
using storetest::v1::ThingEvent;

inline constexpr absl::string_view kSource = "/tandem/storetest";

inline const Schema& TestSchema() {
  static const auto* schema = new Schema({
      {Thing::descriptor(),
       "things",
       {{"on_shelf", "SELECT id FROM things WHERE shelf_id = $1"}},
       50},
      {Box::descriptor(),
       "boxes",
       {{"of_thing", "SELECT shelf_id FROM things WHERE id = $1", /*ahead=*/true}},
       10},
      {Tally::descriptor(), "tallies", {}, 100},
  });
  return *schema;
}

inline const std::vector<Migration>& TestMigrations() {
  static const auto* migrations = [] {
    const Schema printed({{Thing::descriptor(), "things", {}}, {Box::descriptor(), "boxes", {}}});
    static auto* text = new std::string(DdlOf(printed));
    absl::StrAppend(text, R"SQL(
CREATE INDEX things_shelf ON things (shelf_id);
CREATE TABLE tallies (
  name TEXT PRIMARY KEY,
  value BIGINT NOT NULL,
  code TEXT NOT NULL,
  version BIGINT NOT NULL,
  CONSTRAINT tallies_are_small CHECK (value <= 1000)
);
CREATE UNIQUE INDEX tallies_code ON tallies (code) WHERE code <> '';
)SQL");
    return new std::vector<Migration>{{100, "create_things", *text}};
  }();
  return *migrations;
}

// The same, in which a writer remembers things and boxes.
inline const Schema& RememberingSchema() {
  static const auto* schema = new Schema({
      {Thing::descriptor(),
       "things",
       {},
       50,
       Remembered::kByAll,
       {{"shelf_id", Box::descriptor()}}},
      {Box::descriptor(), "boxes", {}, 10, Remembered::kByAll},
      {Tally::descriptor(), "tallies", {}, 100},
  });
  return *schema;
}

inline void MigrateForTest(Database& database) {
  for (const auto* migrations : {&PlatformMigrations(), &TestMigrations()}) {
    const absl::Status status = Migrate(database, *migrations);
    TANDEM_CHECK(status.ok(), status.ToString());
  }
  const absl::Status status = InitialiseJournal(database);
  TANDEM_CHECK(status.ok(), status.ToString());
}

inline std::unique_ptr<Writer> StartWriter(Database& database, WriterOptions options = {},
                                           const Schema& schema = TestSchema()) {
  static const auto* clock = new SystemClock();
  options.source = std::string(kSource);
  auto writer = Writer::Start(database, schema, *clock, std::move(options));
  TANDEM_CHECK(writer.ok(), writer.status().ToString());
  return *std::move(writer);
}

inline std::unique_ptr<JournalReader> OpenJournal(Database& database) {
  auto journal = JournalReader::Open(database, std::string(kSource));
  TANDEM_CHECK(journal.ok(), journal.status().ToString());
  return *std::move(journal);
}

// Reads the whole journal.
inline std::vector<JournalRow> ReadAll(JournalReader& journal, int page = kJournalPageMax) {
  std::vector<JournalRow> all;
  for (;;) {
    JournalQuery query;
    query.after_position = all.empty() ? 0 : all.back().position;
    query.limit = page;
    auto rows = journal.Read(query);
    TANDEM_CHECK(rows.ok(), rows.status().ToString());
    for (JournalRow& row : *rows) all.push_back(std::move(row));
    if (static_cast<int>(rows->size()) < page) return all;
  }
}

// --- Commands

inline ThingEvent Changed(int64_t by) {
  ThingEvent event;
  event.mutable_changed_by()->set_by(by);
  return event;
}

// Decides over one thing.
using Change = std::function<absl::StatusOr<std::string>(Context&, State&)>;

inline Command Do(Change decide) {
  Command command;
  command.method = "tandem.storetest.v1/Do";
  command.decide = std::move(decide);
  return command;
}

inline Command WithId(Command command, absl::string_view request_id,
                      absl::string_view hash = "same") {
  command.context.request_id = std::string(request_id);
  command.request_hash = std::string(hash);
  return command;
}

inline Command MakeThing(Thing thing) {
  return Do(
      [thing = std::move(thing)](Context& context, State& state) -> absl::StatusOr<std::string> {
        if (state.Find<Thing>(thing.id()) != nullptr) {
          return Refuse(absl::StatusCode::kAlreadyExists, "THING_EXISTS", thing.id());
        }
        state.Insert(thing);
        ThingEvent event;
        event.mutable_made();
        state.Emit<Thing>(context, thing.id(), event);
        return std::string("made");
      });
}

inline Command MakeThing(absl::string_view id) {
  Thing thing;
  thing.set_id(std::string(id));
  return MakeThing(thing);
}

inline Command EditThing(absl::string_view id, std::function<void(Thing&)> edit) {
  return Do([id = std::string(id), edit = std::move(edit)](
                Context& context, State& state) -> absl::StatusOr<std::string> {
    Thing* thing = state.Edit<Thing>(id);
    if (thing == nullptr) return Refuse(absl::StatusCode::kNotFound, "THING_NOT_FOUND", id);
    edit(*thing);
    state.Emit<Thing>(context, id, Changed(0));
    return std::string("edited");
  });
}

// Adds to `large`, which may not go below zero; answers with what it is then.
inline Command AddTo(absl::string_view id, int64_t by) {
  return Do(
      [id = std::string(id), by](Context& context, State& state) -> absl::StatusOr<std::string> {
        Thing* thing = state.Edit<Thing>(id);
        if (thing == nullptr) return Refuse(absl::StatusCode::kNotFound, "THING_NOT_FOUND", id);
        if (thing->large() + by < 0) {
          return Refuse(absl::StatusCode::kFailedPrecondition, "THING_TOO_SMALL", id);
        }
        thing->set_large(thing->large() + by);
        state.Emit<Thing>(context, id, Changed(by));
        return absl::StrCat(thing->large());
      });
}

// The same, said before to want that thing: it may be decided from memory.
inline Command AddToKnown(absl::string_view id, int64_t by) {
  Command command = AddTo(id, by);
  command.hints = [id = std::string(id)](Wanted& wanted) { wanted.Row<Thing>(id); };
  return command;
}

// Sets a tally; looks up its name, not its code.
inline Command SetTally(absl::string_view name, int64_t value, absl::string_view code = "") {
  return Do([name = std::string(name), value, code = std::string(code)](
                Context&, State& state) -> absl::StatusOr<std::string> {
    Tally* tally = state.Edit<Tally>(name);
    if (tally == nullptr) {
      Tally fresh;
      fresh.set_name(name);
      tally = state.Insert(std::move(fresh));
    }
    tally->set_value(value);
    tally->set_code(code);
    state.Touch<Tally>(name);
    return std::string("set");
  });
}

// --- Waiting for answers

// Submits without waiting; the answers by index.
class Answers {
 public:
  ~Answers() { Wait(); }
  void Submit(Writer& writer, Command command) {
    Hook(&command);
    writer.Submit(std::move(command));
  }
  void Hook(Command* command) {
    absl::MutexLock lock(&mutex_);
    const size_t index = answers_.size();
    answers_.push_back(absl::UnknownError("not answered"));
    ++open_;
    command->done = [this, index](absl::StatusOr<std::string> answer) {
      absl::MutexLock done_lock(&mutex_);
      EXPECT_EQ(answers_[index].status().message(), "not answered") << "answered twice";
      answers_[index] = std::move(answer);
      --open_;
    };
  }
  const std::vector<absl::StatusOr<std::string>>& Wait() {
    absl::MutexLock lock(&mutex_);
    const bool answered =
        mutex_.AwaitWithTimeout(absl::Condition(
                                    +[](int* open) { return *open == 0; }, &open_),
                                absl::Seconds(60));
    TANDEM_CHECK(answered, "a command was never answered");
    return answers_;
  }
  int open() {
    absl::MutexLock lock(&mutex_);
    return open_;
  }
  int ok() {
    int count = 0;
    for (const auto& answer : Wait()) count += answer.ok();
    return count;
  }

 private:
  absl::Mutex mutex_;
  std::vector<absl::StatusOr<std::string>> answers_ ABSL_GUARDED_BY(mutex_);
  int open_ ABSL_GUARDED_BY(mutex_) = 0;
};

MATCHER_P2(RefusedWith, code, reason, "") {
  if (arg.status().code() == code && ReasonOf(arg.status()) == reason) return true;
  *result_listener << arg.status();
  return false;
}

// Tests with a migrated database, for both drivers.
class StoreTest : public DriversTest {
 protected:
  StoreTest() { MigrateForTest(*database_); }

  // By SQL, on a connection of its own.
  int64_t Count(absl::string_view sql, std::vector<Value> params = {}) {
    return Number(*Connect(*database_, Purpose::kRead), sql, std::move(params));
  }
  int64_t Large(absl::string_view id) {
    return Count("SELECT large FROM things WHERE id = $1", {std::string(id)});
  }
  int64_t Events() { return Count("SELECT COUNT(*) FROM journal"); }
  void Sql(absl::string_view sql, std::vector<Value> params = {}) {
    auto connection = Connect(*database_);
    EXPECT_OK(RunOne(*connection, sql, std::move(params)));
  }
  std::unique_ptr<Thing> ReadThing(const std::string& id) {
    auto thing = Reader::Open(*database_, TestSchema())->GetOne<Thing>(id);
    TANDEM_CHECK(thing.ok(), thing.status().ToString());
    return *std::move(thing);
  }
};

}  // namespace tandem::store
