// What the database port promises: every driver must pass all of it.
#include <limits>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "platform/store/drivers_fixture.h"
#include "tests/support/wait.h"

namespace tandem::store {
namespace {

constexpr absl::string_view kTables = R"SQL(
CREATE TABLE things (id TEXT PRIMARY KEY, n BIGINT, data BYTEA) WITH (fillfactor = 50);
CREATE TABLE accounts (
  id BIGINT PRIMARY KEY,
  owner TEXT NOT NULL,
  micros BIGINT NOT NULL,
  CONSTRAINT accounts_not_overdrawn CHECK (micros >= 0),
  UNIQUE (owner, micros)
);
CREATE TABLE moves (
  n BIGINT PRIMARY KEY,
  account BIGINT NOT NULL REFERENCES accounts (id)
);
)SQL";
constexpr absl::string_view kInsertThing = "INSERT INTO things (id, n, data) VALUES ($1, $2, $3)";
constexpr absl::string_view kInsertAccount =
    "INSERT INTO accounts (id, owner, micros) VALUES ($1, $2, $3)";
constexpr absl::string_view kCountThings = "SELECT COUNT(*) FROM things";

class Drivers : public DriversTest {
 protected:
  Drivers() : connection_(Connect(*database_)) { RunScript(*connection_, kTables); }

  // Adds things t00000, t00001 …, with n = 0, 1 …
  void AddThings(int count) {
    EXPECT_OK(connection_->Begin());
    std::vector<Query> inserts;
    for (int i = 0; i < count; ++i) {
      inserts.push_back({kInsertThing, {Text(Name(i)), Int(i), Value()}});
    }
    EXPECT_OK(connection_->Commit(inserts));
  }
  static std::string Name(int i) { return absl::StrCat("t", absl::Dec(i, absl::kZeroPad5)); }

  int64_t CountThings() { return Number(*connection_, kCountThings); }

  std::unique_ptr<Connection> connection_;
};

TEST_P(Drivers, KeepEveryValueAsItWas) {
  std::string megabyte(1 << 20, '\0');
  for (size_t i = 0; i < megabyte.size(); ++i) megabyte[i] = static_cast<char>(i * 31);
  const std::vector<Row> rows = {
      {Text("a"), Value(), Value()},
      {Text("b"), Int(std::numeric_limits<int64_t>::min()), Bytes{""}},
      {Text("c"), Int(std::numeric_limits<int64_t>::max()), Bytes{megabyte}},
      {Text("d"), Int(0), Bytes{std::string("\0\xff", 2)}},
      {Text("e"), Int(-1), Bytes{"'"}},
      {Text(""), Int(1), Value()},
      {Text("größe ✓ 😀 ' \" \\ $1 %"), Int(2), Value()},
  };
  for (const Row& row : rows) EXPECT_OK(RunOne(*connection_, kInsertThing, row));
  for (const Row& row : rows) {
    EXPECT_EQ(Rows(*connection_, "SELECT id, n, data FROM things WHERE id = $1", {row[0]}),
              std::vector<Row>{row});
  }
}

TEST_P(Drivers, TakeParametersInAnyOrderAndMoreThanOnce) {
  EXPECT_OK(RunOne(*connection_, "INSERT INTO things (n, id, data) VALUES ($3, $1, $2)",
                   {Text("x"), Bytes{"d"}, Int(7)}));
  EXPECT_EQ(Number(*connection_,
                   "SELECT n FROM things WHERE n = $2 AND id = $1 AND n + $2 = 14 AND id <> '$2'",
                   {Text("x"), Int(7)}),
            7);
}

TEST_P(Drivers, UpsertChangesTheRowThatIsThere) {
  constexpr absl::string_view kUpsert =
      "INSERT INTO things (id, n) VALUES ($1, $2)"
      " ON CONFLICT (id) DO UPDATE SET n = things.n + excluded.n";
  for (const int64_t n : {3, 4}) {
    const auto result = RunOne(*connection_, kUpsert, {Text("x"), Int(n)});
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->affected, 1);
  }
  const auto nothing =
      RunOne(*connection_, "INSERT INTO things (id, n) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
             {Text("x"), Int(1)});
  ASSERT_TRUE(nothing.ok());
  EXPECT_EQ(nothing->affected, 0);
  EXPECT_EQ(Number(*connection_, "SELECT n FROM things"), 7);
}

TEST_P(Drivers, ReturningGivesTheChangedRows) {
  AddThings(5);
  const auto result =
      RunOne(*connection_, "UPDATE things SET n = n + $1 WHERE n >= $2 RETURNING id, n",
             {Int(10), Int(3)});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->affected, 2);
  EXPECT_EQ(result->rows.size(), 2u);
  const auto erased = RunOne(*connection_, "DELETE FROM things WHERE n < $1", {Int(3)});
  ASSERT_TRUE(erased.ok());
  EXPECT_EQ(erased->affected, 3);
  const auto read = RunOne(*connection_, "SELECT id FROM things");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->affected, 0);
}

TEST_P(Drivers, KeysetPagesMeetEveryRowOnce) {
  AddThings(25);
  std::vector<std::string> met;
  std::string last;
  while (true) {
    const auto page =
        Rows(*connection_,
             "SELECT n / 5, id FROM things WHERE (n / 5, id) > ($1, $2)"
             " ORDER BY n / 5, id LIMIT $3",
             {Int(last.empty() ? -1 : std::stoi(last.substr(1)) / 5), Text(last), Int(7)});
    for (const Row& row : page) met.push_back(last = std::get<std::string>(row[1]));
    if (page.size() < 7) break;
  }
  ASSERT_EQ(met.size(), 25u);
  EXPECT_EQ(met.front(), Name(0));
  EXPECT_EQ(met.back(), Name(24));
}

TEST_P(Drivers, TextsSortByTheirBytes) {
  for (absl::string_view id : {"b", "B", "a", "_", "é", "Z", "10", "9", "a b", "ab"}) {
    EXPECT_OK(RunOne(*connection_, kInsertThing, {Text(id), Value(), Value()}));
  }
  std::vector<std::string> order;
  for (const Row& row : Rows(*connection_, "SELECT id FROM things ORDER BY id")) {
    order.push_back(std::get<std::string>(row[0]));
  }
  EXPECT_EQ(absl::StrJoin(order, "|"), "10|9|B|Z|_|a|a b|ab|b|é");
}

TEST_P(Drivers, LikeMindsTheCase) {
  for (absl::string_view id : {"Screw", "screw", "SCREW 5"}) {
    EXPECT_OK(RunOne(*connection_, kInsertThing, {Text(id), Value(), Value()}));
  }
  EXPECT_EQ(Number(*connection_, "SELECT COUNT(*) FROM things WHERE id LIKE $1", {Text("S%")}), 2);
}

TEST_P(Drivers, FiguresAreWholeNumbers) {
  AddThings(4);
  const auto rows = Rows(*connection_,
                         "SELECT SUM(n), SUM(-n * 1000000000000000), SUM(n - n), COUNT(*), MAX(n),"
                         " COALESCE(MIN(n), -1), CASE WHEN SUM(n) > $1 THEN 1 ELSE 0 END,"
                         " SUM(n) > $1 FROM things WHERE n < $2",
                         {Int(5), Int(4)});
  EXPECT_EQ(rows[0], (Row{Int(6), Int(-6'000'000'000'000'000), Int(0), Int(4), Int(3), Int(0),
                          Int(1), Int(1)}));
}

TEST_P(Drivers, RunAStatementOfSixteenRows) {
  std::vector<std::string> tuples, marks;
  std::vector<Value> values, keys;
  for (int i = 0; i < 16; ++i) {
    tuples.push_back(absl::StrCat("($", 3 * i + 1, ", $", 3 * i + 2, ", $", 3 * i + 3, ")"));
    marks.push_back(absl::StrCat("$", i + 1));
    values.insert(values.end(), {Text(Name(i)), Int(i), i % 2 == 0 ? Value(Bytes{"d"}) : Value()});
    keys.push_back(Text(Name(2 * i)));
  }
  const std::string insert =
      absl::StrCat("INSERT INTO things (id, n, data) VALUES ", absl::StrJoin(tuples, ","));
  const std::string load = absl::StrCat("SELECT id, n FROM things WHERE id IN (",
                                        absl::StrJoin(marks, ","), ") ORDER BY id FOR UPDATE");
  EXPECT_OK(connection_->Begin());
  const auto inserted = RunOne(*connection_, insert, values);
  ASSERT_TRUE(inserted.ok()) << inserted.status();
  EXPECT_EQ(inserted->affected, 16);
  EXPECT_EQ(Rows(*connection_, load, keys).size(), 8u);
  EXPECT_OK(connection_->Commit({}));
}

TEST_P(Drivers, ReadTenThousandRowsInOnePage) {
  AddThings(10'001);
  const auto page =
      Rows(*connection_, "SELECT id, n, data FROM things ORDER BY id LIMIT $1", {Int(10'000)});
  ASSERT_EQ(page.size(), 10'000u);
  EXPECT_EQ(page[9'999], (Row{Text(Name(9'999)), Int(9'999), Value()}));
}

// Both sides have more to say than the network holds: neither may wait for the other to listen.
TEST_P(Drivers, TakeManyLargeStatementsAtOnce) {
  std::vector<Query> queries;
  for (int i = 0; i < 100; ++i) {
    queries.push_back({kInsertThing, {Text(Name(i)), Int(i), Bytes{std::string(100'000, 'x')}}});
    queries.push_back({"SELECT data FROM things WHERE id = $1", {Text(Name(i / 2))}});
  }
  EXPECT_OK(connection_->Begin());
  const auto results = connection_->Commit(queries);
  ASSERT_TRUE(results.ok()) << results.status();
  ASSERT_EQ(results->size(), queries.size());
  EXPECT_EQ(std::get<Bytes>((*results)[199].rows.at(0).at(0)).data.size(), 100'000u);
}

TEST_P(Drivers, ForgetTextsBeyondTheirMaximum) {
  AddThings(1);
  for (int i = 0; i < 2'100; ++i) {
    const std::string sql = absl::StrCat("SELECT n + ", i, " FROM things");
    EXPECT_EQ(Number(*connection_, sql), i);
  }
  EXPECT_EQ(CountThings(), 1);
}

TEST_P(Drivers, SecondWriterOfARowWaitsAndLosesNothing) {
  EXPECT_OK(RunOne(*connection_, kInsertAccount, {Int(1), Text("ann"), Int(0)}));
  constexpr int kEach = 50;
  const auto add = [this] {
    const auto connection = Connect(*database_);
    for (int done = 0; done < kEach;) {
      ASSERT_TRUE(connection->Begin().ok());
      const int64_t now =
          Number(*connection, "SELECT micros FROM accounts WHERE id = $1 FOR UPDATE", {Int(1)});
      const Query update{"UPDATE accounts SET micros = $2 WHERE id = $1", {Int(1), Int(now + 1)}};
      const auto committed = connection->Commit({&update, 1});
      if (committed.ok()) {
        ++done;
      } else {
        EXPECT_FAILURE(committed, Failure::kConflict);
        connection->Rollback();
      }
    }
  };
  std::thread first(add), second(add);
  first.join();
  second.join();
  EXPECT_EQ(Number(*connection_, "SELECT micros FROM accounts"), 2 * kEach);
}

TEST_P(Drivers, WriterThatWaitsTooLongMeetsAConflict) {
  EXPECT_OK(RunOne(*connection_, kInsertAccount, {Int(1), Text("ann"), Int(0)}));
  constexpr absl::string_view kLock = "SELECT id FROM accounts WHERE id = 1 FOR UPDATE";
  EXPECT_OK(connection_->Begin());
  EXPECT_OK(RunOne(*connection_, kLock));
  const auto other = Connect(*database_);
  absl::Status begun = other->Begin();
  if (begun.ok()) begun = RunOne(*other, kLock).status();
  EXPECT_FAILURE(begun, Failure::kConflict);
  other->Rollback();
  EXPECT_OK(connection_->Commit({}));
  EXPECT_OK(other->Begin());
  EXPECT_OK(RunOne(*other, kLock));
  EXPECT_OK(other->Commit({}));
}

TEST_P(Drivers, ConstraintErrorsNameStatementAndConstraint) {
  EXPECT_OK(RunOne(*connection_, kInsertAccount, {Int(1), Text("ann"), Int(5)}));
  struct Case {
    Query query;
    absl::string_view postgres, sqlite;
  };
  const Case cases[] = {
      {{kInsertAccount, {Int(1), Text("bob"), Int(5)}}, "accounts_pkey", "accounts.id"},
      {{kInsertAccount, {Int(2), Text("ann"), Int(5)}},
       "accounts_owner_micros_key",
       "accounts.owner, accounts.micros"},
      {{kInsertAccount, {Int(2), Text("bob"), Int(-5)}},
       "accounts_not_overdrawn",
       "accounts_not_overdrawn"},
      {{kInsertAccount, {Int(2), Value(), Int(5)}}, "accounts.owner", "accounts.owner"},
      {{"INSERT INTO moves (n, account) VALUES ($1, $2)", {Int(1), Int(77)}},
       "moves_account_fkey",
       ""},
  };
  for (const Case& test : cases) {
    const std::vector<Query> queries = {
        {kInsertThing, {Text("before"), Int(1), Value()}},
        test.query,
        {kInsertThing, {Text("after"), Int(1), Value()}},
    };
    EXPECT_OK(connection_->Begin());
    const auto result = connection_->Commit(queries);
    EXPECT_FAILURE(result, Failure::kConstraint);
    EXPECT_EQ(ErrorOf(result.status()).statement, 1);
    const std::string constraint = ErrorOf(result.status()).constraint;
    if (is_postgres()) {
      EXPECT_EQ(constraint, test.postgres);
    } else if (!test.sqlite.empty()) {
      EXPECT_EQ(constraint, test.sqlite);
    }
    EXPECT_EQ(result.status().message().find("bob"), absl::string_view::npos);
    connection_->Rollback();
    EXPECT_EQ(CountThings(), 0);
  }
}

TEST_P(Drivers, NumbersBeyond64BitsAreTheDatasFault) {
  EXPECT_OK(RunOne(*connection_, kInsertThing,
                   {Text("x"), Int(std::numeric_limits<int64_t>::max()), Value()}));
  EXPECT_FAILURE(RunOne(*connection_, "UPDATE things SET n = n + $1 WHERE id = 'x'", {Int(1)}),
                 Failure::kConstraint);
  EXPECT_EQ(Number(*connection_, "SELECT n FROM things"), std::numeric_limits<int64_t>::max());
}

TEST_P(Drivers, TextsThatAreNoTextAreTheDatasFault) {
  for (const std::string& text : {std::string("a\0b", 3), std::string("\xc3\x28")}) {
    EXPECT_FAILURE(RunOne(*connection_, kInsertThing, {text, Int(1), Value()}),
                   Failure::kConstraint);
  }
  EXPECT_EQ(CountThings(), 0);
}

TEST_P(Drivers, WhatOnlyAProgrammerCanBreakIsABug) {
  EXPECT_FAILURE(RunOne(*connection_, "SELEC 1"), Failure::kBug);
  EXPECT_FAILURE(RunOne(*connection_, "SELECT n FROM nothing_there"), Failure::kBug);
  EXPECT_FAILURE(RunOne(*connection_, kInsertThing, {Text("x")}), Failure::kBug);
  EXPECT_FAILURE(RunOne(*connection_, "SELECT 1; SELECT 2"), Failure::kBug);
  EXPECT_FAILURE(connection_->Commit({}), Failure::kBug);
  EXPECT_OK(connection_->Begin());
  EXPECT_FAILURE(connection_->Begin(), Failure::kBug);
  connection_->Rollback();
  EXPECT_EQ(CountThings(), 0);
}

TEST_P(Drivers, AfterAnErrorTheTransactionIsDeadUntilRollback) {
  EXPECT_OK(connection_->Begin());
  EXPECT_OK(RunOne(*connection_, kInsertThing, {Text("x"), Int(1), Value()}));
  EXPECT_FAILURE(RunOne(*connection_, kInsertThing, {Text("x"), Int(1), Value()}),
                 Failure::kConstraint);
  EXPECT_FAILURE(RunOne(*connection_, kCountThings), Failure::kBug);
  EXPECT_FAILURE(connection_->Commit({}), Failure::kBug);
  connection_->Rollback();
  EXPECT_EQ(CountThings(), 0);
  EXPECT_OK(connection_->Begin());
  EXPECT_OK(RunOne(*connection_, kInsertThing, {Text("x"), Int(1), Value()}));
  EXPECT_OK(connection_->Commit({}));
  EXPECT_EQ(CountThings(), 1);
}

TEST_P(Drivers, WrongParameterLeavesNothingHalfDone) {
  EXPECT_OK(connection_->Begin());
  const std::vector<Query> queries = {{kInsertThing, {Text("x"), Int(1), Value()}},
                                      {kInsertThing, {Text("y")}}};
  const auto result = connection_->Commit(queries);
  EXPECT_FAILURE(result, Failure::kBug);
  EXPECT_EQ(ErrorOf(result.status()).statement, 1);
  connection_->Rollback();
  EXPECT_EQ(CountThings(), 0);
}

TEST_P(Drivers, QueriesWithoutATransactionHoldTogether) {
  const std::vector<Query> queries = {{kInsertThing, {Text("x"), Int(1), Value()}},
                                      {kInsertThing, {Text("x"), Int(2), Value()}}};
  const auto result = connection_->Run(queries);
  EXPECT_FAILURE(result, Failure::kConstraint);
  EXPECT_EQ(ErrorOf(result.status()).statement, 1);
  EXPECT_EQ(CountThings(), 0);
  EXPECT_OK(connection_->Run({}));
}

TEST_P(Drivers, UncommittedIsInvisibleAndGoesWithItsConnection) {
  const auto reader = Connect(*database_, Purpose::kRead);
  auto writer = Connect(*database_);
  EXPECT_OK(writer->Begin());
  EXPECT_OK(RunOne(*writer, kInsertThing, {Text("x"), Int(1), Value()}));
  EXPECT_EQ(Number(*writer, kCountThings), 1);
  EXPECT_EQ(Number(*reader, kCountThings), 0);
  writer.reset();
  EXPECT_OK(RunOne(*connection_, kInsertThing, {Text("x"), Int(2), Value()}));
  EXPECT_EQ(Number(*reader, "SELECT n FROM things"), 2);
}

TEST_P(Drivers, RollbackWithoutAStatementIsHarmless) {
  connection_->Rollback();
  EXPECT_OK(connection_->Begin());
  connection_->Rollback();
  EXPECT_OK(connection_->Begin());
  EXPECT_OK(connection_->Commit({}));
}

TEST_P(Drivers, ReadConnectionsRefuseToWrite) {
  const auto reader = Connect(*database_, Purpose::kRead);
  EXPECT_FAILURE(RunOne(*reader, kInsertThing, {Text("x"), Int(1), Value()}), Failure::kBug);
  EXPECT_EQ(Number(*reader, kCountThings), 0);
}

TEST_P(Drivers, ReadTransactionsSeeOneSnapshot) {
  const auto reader = Connect(*database_, Purpose::kRead);
  EXPECT_OK(reader->Begin());
  EXPECT_EQ(Number(*reader, kCountThings), 0);
  AddThings(1);
  EXPECT_EQ(Number(*reader, kCountThings), 0);
  EXPECT_OK(reader->Commit({}));
  EXPECT_EQ(Number(*reader, kCountThings), 1);
}

TEST_P(Drivers, CommitWakesWhoWaits) {
  const auto waiter = Connect(*database_, Purpose::kRead);
  const auto first = waiter->WaitNotified("journal", absl::ZeroDuration());
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(*first) << "what was before is unknown";
  EXPECT_FALSE(*waiter->WaitNotified("journal", absl::ZeroDuration()));

  const auto commit = [this](absl::string_view channel) {
    std::vector<Query> queries;
    database_->AddNotify(channel, &queries);
    EXPECT_OK(connection_->Begin());
    EXPECT_OK(connection_->Commit(queries));
    database_->AfterCommit(channel);
  };
  commit("else");
  EXPECT_FALSE(*waiter->WaitNotified("journal", absl::Milliseconds(50)));
  commit("journal");  // before the wait: not lost
  commit("journal");
  EXPECT_TRUE(*waiter->WaitNotified("journal", test::kPatience));
  bool more = true;  // PostgreSQL may tell of two commits apart
  for (int i = 0; i < 2 && more; ++i) {
    more = *waiter->WaitNotified("journal", absl::Milliseconds(50));
  }
  EXPECT_FALSE(more);
  std::thread writer([&] { commit("journal"); });  // during it
  EXPECT_TRUE(*waiter->WaitNotified("journal", test::kPatience));
  writer.join();
}

TEST_P(Drivers, LockIsHeldByOneUntilItDisconnects) {
  auto holder = Connect(*database_);
  EXPECT_TRUE(*holder->TryLock(5));
  EXPECT_TRUE(*holder->TryLock(5));
  EXPECT_FALSE(*connection_->TryLock(5));
  EXPECT_TRUE(*connection_->TryLock(6));
  // A transaction's end is not the lock's.
  EXPECT_OK(holder->Begin());
  holder->Rollback();
  EXPECT_FALSE(*connection_->TryLock(5));
  holder.reset();
  EXPECT_TRUE(test::WaitFor([&] { return *connection_->TryLock(5); }));
}

INSTANTIATE_TEST_SUITE_P(, Drivers, testing::Values("sqlite", "postgresql"), DriverName);

}  // namespace
}  // namespace tandem::store
