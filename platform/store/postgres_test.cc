// What the PostgreSQL driver alone promises: it knows what a lost connection left behind.
#include <atomic>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "platform/store/drivers_fixture.h"
#include "tests/support/cut_proxy.h"
#include "tests/support/wait.h"

namespace tandem::store {
namespace {

constexpr absl::string_view kCreate = "CREATE TABLE things (id BIGINT PRIMARY KEY, n BIGINT);";
constexpr absl::string_view kInsert = "INSERT INTO things (id, n) VALUES ($1, $2)";
constexpr absl::string_view kUpdate = "UPDATE things SET n = n + 1 WHERE id = $1";
constexpr absl::string_view kCount = "SELECT COUNT(*) FROM things WHERE id = $1";

class Postgres : public testing::Test {
 protected:
  Postgres() { RunScript(*direct_, kCreate); }

  absl::Status InsertInTwoCalls(Connection& connection, int64_t id) {
    if (absl::Status begun = connection.Begin(); !begun.ok()) return begun;
    const Query first{kInsert, {Int(id), Int(1)}};
    const Query second{kInsert, {Int(-id), Int(1)}};
    if (auto run = connection.Run({&first, 1}); !run.ok()) return run.status();
    return connection.Commit({&second, 1}).status();
  }
  int64_t CountOf(int64_t id) { return Number(*direct_, kCount, {Int(id)}); }
  int64_t Backend(Connection& connection) { return Number(connection, "SELECT pg_backend_pid()"); }
  void Terminate(int64_t backend) {
    EXPECT_EQ(Number(*direct_, "SELECT pg_terminate_backend($1)", {Int(backend)}), 1);
    EXPECT_TRUE(test::WaitFor([&] {
      return Number(*direct_, "SELECT COUNT(*) FROM pg_stat_activity WHERE pid = $1",
                    {Int(backend)}) == 0;
    }));
  }

  test::TestDatabase server_;
  std::unique_ptr<Database> database_ = *OpenPostgres(server_.Dsn());
  std::unique_ptr<Connection> direct_ = Connect(*database_);
};

TEST_F(Postgres, WhatIsGivenAheadBeginsTheTransaction) {
  const auto insert = [](int64_t id) { return Query{kInsert, {Int(id), Int(1)}}; };
  const auto ahead = [&](int64_t id) {
    EXPECT_OK(direct_->Begin());
    const Query first = insert(id), second = insert(-id);
    EXPECT_TRUE(*direct_->Ahead({&first, 1}));
    EXPECT_TRUE(*direct_->Ahead({&second, 1}));
  };
  for (int64_t id = 1; id <= 2; ++id) {  // at first the statements are not known
    ahead(id);
    const Query last{kCount, {Int(id)}};
    const auto results = direct_->Commit({&last, 1});
    ASSERT_TRUE(results.ok()) << results.status();
    ASSERT_EQ(results->size(), 3u);
    EXPECT_EQ((*results)[0].affected, 1);
    EXPECT_EQ(std::get<int64_t>((*results)[2].rows[0][0]), 1);
  }
  ahead(3);
  direct_->Rollback();
  EXPECT_EQ(CountOf(3) + CountOf(-3), 0);
  ahead(2);
  const Query last{kCount, {Int(2)}};
  const auto refused = direct_->Commit({&last, 1});
  EXPECT_EQ(ErrorOf(refused.status()).failure, Failure::kConstraint);
  EXPECT_EQ(ErrorOf(refused.status()).statement, 0);
  direct_->Rollback();
  ahead(4);
  EXPECT_OK(direct_->Commit({}));
  EXPECT_EQ(CountOf(4) + CountOf(-4), 2);
}

TEST_F(Postgres, SessionsAreSetUp) {
  const auto setting = [](Connection& connection, absl::string_view name) {
    return std::get<std::string>(
        Rows(connection, "SELECT current_setting($1)", {Text(name)})[0][0]);
  };
  const auto reader = Connect(*database_, Purpose::kRead);
  for (Connection* connection : {direct_.get(), reader.get()}) {
    EXPECT_EQ(setting(*connection, "lock_timeout"), "4s");
    EXPECT_EQ(setting(*connection, "statement_timeout"), "10s");
    EXPECT_EQ(setting(*connection, "idle_in_transaction_session_timeout"), "10s");
    EXPECT_EQ(setting(*connection, "tcp_user_timeout"), "5000");
    EXPECT_EQ(setting(*connection, "tcp_keepalives_idle"), "5");
    EXPECT_EQ(setting(*connection, "jit"), "off");
    EXPECT_EQ(setting(*connection, "application_name"), "tandem");
    EXPECT_EQ(setting(*connection, "client_encoding"), "UTF8");
  }
  EXPECT_EQ(setting(*direct_, "enable_seqscan"), "off");
  EXPECT_EQ(setting(*reader, "enable_seqscan"), "on");
  EXPECT_EQ(setting(*direct_, "transaction_isolation"), "read committed");
}

TEST_F(Postgres, ServerThatMayLoseCommitsIsRefused) {
  const auto lazy = OpenPostgres(server_.Dsn() + " options='-c synchronous_commit=off'");
  ASSERT_TRUE(lazy.ok());
  EXPECT_EQ(ReasonOf((*lazy)->Connect(Purpose::kWrite).status()), "STORE_NOT_DURABLE");

  auto server = test::PostgresServer::Start();
  ASSERT_TRUE(server.ok()) << server.status();
  test::TestDatabase unsafe(**server);
  const auto database = OpenPostgres(unsafe.Dsn());
  EXPECT_OK((*database)->Connect(Purpose::kWrite));
  for (const std::string name : {"fsync", "full_page_writes"}) {
    EXPECT_OK(unsafe.Query(absl::StrCat("ALTER SYSTEM SET ", name, " = off")));
    EXPECT_OK(unsafe.Query("SELECT pg_reload_conf()"));
    EXPECT_TRUE(test::WaitFor([&] {
      return ReasonOf((*database)->Connect(Purpose::kRead).status()) == "STORE_NOT_DURABLE";
    })) << name;
    EXPECT_OK(unsafe.Query(absl::StrCat("ALTER SYSTEM RESET ", name)));
    EXPECT_OK(unsafe.Query("SELECT pg_reload_conf()"));
    EXPECT_TRUE(test::WaitFor([&] { return (*database)->Connect(Purpose::kRead).ok(); })) << name;
  }
}

TEST_F(Postgres, ConnectionStringIsNotEchoed) {
  const auto database = OpenPostgres("host=x password=secret nonsense");
  ASSERT_FALSE(database.ok());
  EXPECT_EQ(database.status().message().find("secret"), absl::string_view::npos);
}

// The connection is lost at every message of a transaction in turn: before the server has it, and
// after, when it acts on it and nobody hears of it.
TEST_F(Postgres, ConnectionLostAtAnyMessageIsNeverAFalseAnswer) {
  test::CutProxy proxy(server_.server().port(), test::CutProxy::Framing::kPostgres);
  const auto database = OpenPostgres(server_.Dsn(proxy.port()));
  const auto connection = Connect(**database);
  int64_t id = 1;
  ASSERT_TRUE(InsertInTwoCalls(*connection, id).ok());  // everything is prepared now
  const int64_t before = proxy.client_messages();
  ASSERT_TRUE(InsertInTwoCalls(*connection, ++id).ok());
  const int64_t messages = proxy.client_messages() - before;
  ASSERT_GT(messages, 5);
  int unknown = 0, unknown_and_there = 0;
  for (int64_t n = 1; n <= messages; ++n) {
    for (const bool heard : {false, true}) {
      // Connected and prepared, so that messages count from BEGIN.
      ASSERT_TRUE(InsertInTwoCalls(*connection, ++id).ok());
      proxy.OnMessage(heard ? test::CutProxy::AfterClientMessage(n)
                            : test::CutProxy::BeforeClientMessage(n));
      const absl::Status status = InsertInTwoCalls(*connection, ++id);
      EXPECT_TRUE(proxy.Triggered()) << n;
      connection->Rollback();
      EXPECT_FALSE(status.ok()) << n;
      const Failure failure = ErrorOf(status).failure;
      EXPECT_TRUE(failure == Failure::kUnavailable || failure == Failure::kCommitUnknown) << status;
      // Whoever asks afterwards waits until the server has noticed: the row's lock tells.
      EXPECT_TRUE(test::WaitFor([&] {
        return Number(*direct_,
                      "SELECT COUNT(*) FROM pg_stat_activity WHERE datname ="
                      " current_database() AND backend_type = 'client backend'") == 1;
      }));
      const int64_t there = CountOf(id);
      EXPECT_EQ(there, CountOf(-id)) << "all or nothing";
      EXPECT_TRUE(failure == Failure::kCommitUnknown || there == 0) << n << heard;
      unknown += failure == Failure::kCommitUnknown;
      unknown_and_there += failure == Failure::kCommitUnknown && there == 1;
    }
  }
  EXPECT_GT(unknown, unknown_and_there);
  EXPECT_GE(unknown_and_there, 1);
}

TEST_F(Postgres, AnswerToCommitLostIsUnknown) {
  test::CutProxy proxy(server_.server().port(), test::CutProxy::Framing::kPostgres);
  const auto database = OpenPostgres(server_.Dsn(proxy.port()));
  const auto connection = Connect(**database);
  ASSERT_TRUE(InsertInTwoCalls(*connection, 1).ok());
  ASSERT_TRUE(connection->Begin().ok());
  ASSERT_TRUE(RunOne(*connection, kInsert, {Int(2), Int(1)}).ok());
  proxy.OnMessage(test::CutProxy::BeforeServerMessage(1));
  EXPECT_FAILURE(connection->Commit({}), Failure::kCommitUnknown);
  EXPECT_TRUE(test::WaitFor([&] { return CountOf(2) == 1; }));
  connection->Rollback();
  EXPECT_OK(InsertInTwoCalls(*connection, 3));
}

TEST_F(Postgres, ServerThatFallsSilentIsGivenUp) {
  test::CutProxy proxy(server_.server().port(), test::CutProxy::Framing::kPostgres);
  const auto database = OpenPostgres(server_.Dsn(proxy.port()));
  const auto connection = Connect(**database);
  ASSERT_TRUE(InsertInTwoCalls(*connection, 1).ok());
  proxy.BlackHole();
  const absl::Time start = absl::Now();
  EXPECT_FAILURE(InsertInTwoCalls(*connection, 2), Failure::kUnavailable);
  EXPECT_LT(absl::Now() - start, absl::Seconds(20));
  connection->Rollback();
  proxy.Resume();
  EXPECT_OK(InsertInTwoCalls(*connection, 3));
  EXPECT_EQ(CountOf(2), 0);
}

// A server that recovers has better to do than to turn away whoever knocks.
TEST_F(Postgres, ServerThatLetsNobodyInIsAskedNowAndThen) {
  test::CutProxy proxy(server_.server().port(), test::CutProxy::Framing::kPostgres);
  const auto database = OpenPostgres(server_.Dsn(proxy.port()));
  constexpr int kThreads = 8;
  std::vector<std::unique_ptr<Connection>> connections;
  for (int i = 0; i < kThreads; ++i) {
    connections.push_back(Connect(**database, i % 2 == 0 ? Purpose::kRead : Purpose::kWrite));
  }
  proxy.Refuse(true);
  proxy.Cut();
  const int before = proxy.accepted();
  const absl::Time until = absl::Now() + absl::Seconds(2);
  std::atomic<int> asked{0};
  std::vector<std::thread> threads;
  for (auto& connection : connections) {
    threads.emplace_back([&] {
      while (absl::Now() < until) {
        const auto result = RunOne(*connection, "SELECT 1", {});
        EXPECT_FAILURE(result.status(), Failure::kUnavailable);
        ++asked;
        absl::SleepFor(absl::Milliseconds(1));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  // Two purposes, each after 10, 20, … 250 ms, half of it random; each thread's first try apart.
  EXPECT_LE(proxy.accepted() - before, kThreads + 2 * 24) << asked << " were asked for";
  EXPECT_GE(proxy.accepted() - before, 2 * 5);
  proxy.Refuse(false);
  const absl::Time back = absl::Now();
  for (auto& connection : connections) {
    EXPECT_TRUE(test::WaitFor([&] { return RunOne(*connection, "SELECT 1", {}).ok(); }));
  }
  EXPECT_LT(absl::Now() - back, absl::Seconds(2));
}

TEST_F(Postgres, TerminatedBackendLosesItsTransactionOnly) {
  const auto connection = Connect(*database_);
  ASSERT_TRUE(InsertInTwoCalls(*connection, 1).ok());
  for (const bool with_statement : {false, true}) {
    ASSERT_TRUE(connection->Begin().ok());
    const int64_t backend = Backend(*connection);
    if (with_statement) {
      EXPECT_OK(RunOne(*connection, kInsert, {Int(2), Int(1)}));
    }
    Terminate(backend);
    const Query insert{kInsert, {Int(3), Int(1)}};
    const absl::Status status = connection->Commit({&insert, 1}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
    connection->Rollback();
    EXPECT_EQ(CountOf(2) + CountOf(3), 0);
  }
  EXPECT_OK(InsertInTwoCalls(*connection, 4));
}

TEST_F(Postgres, ConnectionLostWhileIdleIsOpenedAgainUnnoticed) {
  const auto connection = Connect(*database_);
  ASSERT_TRUE(InsertInTwoCalls(*connection, 1).ok());
  Terminate(Backend(*connection));
  EXPECT_OK(InsertInTwoCalls(*connection, 2));
  Terminate(Backend(*connection));
  EXPECT_EQ(Number(*connection, kCount, {Int(2)}), 1);
}

TEST_F(Postgres, LockLostWithItsConnectionIsTold) {
  const auto connection = Connect(*database_);
  ASSERT_TRUE(*connection->TryLock(7));
  Terminate(Backend(*connection));
  EXPECT_TRUE(*direct_->TryLock(7));
  EXPECT_FAILURE(connection->Begin(), Failure::kUnavailable);
  EXPECT_OK(InsertInTwoCalls(*connection, 1));
  EXPECT_FALSE(*connection->TryLock(7));
}

TEST_F(Postgres, WaiterThatLostItsConnectionLooksForItself) {
  const auto waiter = Connect(*database_, Purpose::kRead);
  EXPECT_TRUE(*waiter->WaitNotified("journal", absl::ZeroDuration()));
  EXPECT_FALSE(*waiter->WaitNotified("journal", absl::ZeroDuration()));
  Terminate(Backend(*waiter));
  EXPECT_TRUE(*waiter->WaitNotified("journal", absl::ZeroDuration()));
}

TEST_F(Postgres, RolledBackNotificationWakesNobody) {
  const auto waiter = Connect(*database_, Purpose::kRead);
  EXPECT_TRUE(*waiter->WaitNotified("journal", absl::ZeroDuration()));
  std::vector<Query> queries;
  database_->AddNotify("journal", &queries);
  EXPECT_OK(direct_->Begin());
  EXPECT_OK(direct_->Run(queries));
  direct_->Rollback();
  EXPECT_FALSE(*waiter->WaitNotified("journal", absl::Milliseconds(50)));
}

TEST_F(Postgres, CrashedServerIsUnavailableUntilItIsBack) {
  auto server = test::PostgresServer::Start();
  ASSERT_TRUE(server.ok()) << server.status();
  test::TestDatabase crashing(**server);
  const auto database = OpenPostgres(crashing.Dsn());
  const auto connection = Connect(**database);
  RunScript(*connection, kCreate);
  ASSERT_TRUE(InsertInTwoCalls(*connection, 1).ok());
  ASSERT_TRUE(connection->Begin().ok());
  ASSERT_TRUE(RunOne(*connection, kInsert, {Int(2), Int(1)}).ok());
  (*server)->Crash();
  EXPECT_EQ(connection->Commit({}).status().code(), absl::StatusCode::kUnavailable);
  connection->Rollback();
  EXPECT_FAILURE(connection->Begin(), Failure::kUnavailable);
  EXPECT_FAILURE((*database)->Connect(Purpose::kRead), Failure::kUnavailable);
  EXPECT_OK((*server)->Restart());
  EXPECT_TRUE(test::WaitFor([&] { return InsertInTwoCalls(*connection, 3).ok(); }));
  EXPECT_EQ(Number(*connection, kCount, {Int(1)}), 1);
  EXPECT_EQ(Number(*connection, kCount, {Int(2)}), 0);
}

TEST_F(Postgres, DeadlockIsAConflict) {
  EXPECT_OK(InsertInTwoCalls(*direct_, 1));
  const auto other = Connect(*database_);
  EXPECT_OK(direct_->Begin());
  EXPECT_OK(other->Begin());
  EXPECT_OK(RunOne(*direct_, kUpdate, {Int(1)}));
  EXPECT_OK(RunOne(*other, kUpdate, {Int(-1)}));
  absl::Status there;
  std::thread thread([&] { there = RunOne(*other, kUpdate, {Int(1)}).status(); });
  const absl::Status here = RunOne(*direct_, kUpdate, {Int(-1)}).status();
  thread.join();
  EXPECT_NE(here.ok(), there.ok()) << here << there;
  EXPECT_FAILURE(here.ok() ? there : here, Failure::kConflict);
}

TEST_F(Postgres, SerializationFailureIsAConflictAlsoAtCommit) {
  EXPECT_OK(RunOne(*direct_,
                   "SELECT set_config('default_transaction_isolation', 'serializable',"
                   " false)"));
  const auto other = Connect(*database_);
  EXPECT_OK(RunOne(*other,
                   "SELECT set_config('default_transaction_isolation', 'serializable',"
                   " false)"));
  // Each reads what the other writes.
  EXPECT_OK(direct_->Begin());
  EXPECT_OK(other->Begin());
  EXPECT_OK(RunOne(*direct_, "SELECT COUNT(*) FROM things"));
  EXPECT_OK(RunOne(*other, "SELECT COUNT(*) FROM things"));
  EXPECT_OK(RunOne(*direct_, kInsert, {Int(1), Int(1)}));
  EXPECT_OK(RunOne(*other, kInsert, {Int(2), Int(1)}));
  EXPECT_OK(direct_->Commit({}));
  EXPECT_FAILURE(other->Commit({}), Failure::kConflict);
  other->Rollback();
  EXPECT_OK(other->Begin());
  EXPECT_OK(other->Commit({}));
}

TEST_F(Postgres, DeferredConstraintFailsAtCommit) {
  RunScript(*direct_,
            "ALTER TABLE things ADD CONSTRAINT things_parent FOREIGN KEY (n)"
            " REFERENCES things (id) DEFERRABLE INITIALLY DEFERRED;");
  EXPECT_OK(direct_->Begin());
  const Query orphan{kInsert, {Int(1), Int(99)}};
  const auto result = direct_->Commit({&orphan, 1});
  EXPECT_FAILURE(result, Failure::kConstraint);
  EXPECT_EQ(ErrorOf(result.status()).constraint, "things_parent");
  direct_->Rollback();
  EXPECT_EQ(CountOf(1), 0);
}

TEST_F(Postgres, StatementsOutliveAChangeOfTheirTables) {
  const auto connection = Connect(*database_);
  constexpr absl::string_view kAll = "SELECT * FROM things";
  EXPECT_OK(RunOne(*connection, kAll));
  RunScript(*direct_, "ALTER TABLE things ADD COLUMN more TEXT;");
  EXPECT_FAILURE(RunOne(*connection, kAll), Failure::kConflict);
  EXPECT_OK(RunOne(*connection, kAll));
}

TEST_F(Postgres, SmallerAndLargerNumbersAreConverted) {
  const auto row =
      Rows(*direct_,
           "SELECT CAST($1 AS INTEGER), CAST($2 AS SMALLINT), CAST($3 AS NUMERIC),"
           " CAST($4 AS BOOLEAN), CAST($5 AS NUMERIC), CAST($6 AS NUMERIC)",
           {Int(-5), Int(7), Int(-1234567890123456789), Int(1), Int(0), Int(50000)})[0];
  EXPECT_EQ(row, (Row{Int(-5), Int(7), Int(-1234567890123456789), Int(1), Int(0), Int(50000)}));
  EXPECT_FAILURE(RunOne(*direct_, "SELECT CAST($1 AS INTEGER)", {Int(1ll << 40)}),
                 Failure::kConstraint);
  EXPECT_FAILURE(RunOne(*direct_, "SELECT 0.5"), Failure::kBug);
  EXPECT_FAILURE(RunOne(*direct_, kInsert, {Text("1"), Int(1)}), Failure::kBug);
}

}  // namespace
}  // namespace tandem::store
