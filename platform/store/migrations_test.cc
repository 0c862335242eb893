#include "platform/store/migrations.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "absl/strings/str_cat.h"
#include "platform/store/drivers_fixture.h"

namespace tandem::store {
namespace {

const std::vector<Migration> kShop = {
    {100, "create_shops", "CREATE TABLE shops (id TEXT PRIMARY KEY, micros BIGINT NOT NULL);"},
    {101, "add_first_shop", "INSERT INTO shops (id, micros) VALUES ('first;', 1);"},
};

class Migrations : public DriversTest {
 protected:
  int64_t Ask(absl::string_view sql) {
    const auto connection = Connect(*database_, Purpose::kRead);
    return Number(*connection, sql);
  }
};

TEST_P(Migrations, AreAppliedOnceInOrder) {
  EXPECT_OK(Migrate(*database_, PlatformMigrations()));
  EXPECT_OK(Migrate(*database_, kShop));
  EXPECT_OK(Migrate(*database_, kShop));
  EXPECT_OK(Migrate(*database_, PlatformMigrations()));
  EXPECT_EQ(Ask("SELECT COUNT(*) FROM shops"), 1);
  EXPECT_EQ(Ask("SELECT COUNT(*) FROM schema_migrations"),
            static_cast<int64_t>(PlatformMigrations().size() + kShop.size()));
  EXPECT_GT(Ask("SELECT MIN(applied_micros) FROM schema_migrations"), 0);
}

TEST_P(Migrations, OfAnOlderProgramAreAdded) {
  EXPECT_OK(Migrate(*database_, {kShop[0]}));
  EXPECT_OK(Migrate(*database_, kShop));
  EXPECT_EQ(Ask("SELECT COUNT(*) FROM shops"), 1);
}

TEST_P(Migrations, OfANewerProgramAreRefused) {
  EXPECT_OK(Migrate(*database_, kShop));
  const absl::Status status = Migrate(*database_, {kShop[0]});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), "SCHEMA_NEWER_THAN_PROGRAM");
}

TEST_P(Migrations, ThatChangedAreRefused) {
  EXPECT_OK(Migrate(*database_, {kShop[0]}));
  std::vector<Migration> changed = kShop;
  changed[0].sql = "CREATE TABLE shops (id TEXT PRIMARY KEY, micros BIGINT);";
  const absl::Status status = Migrate(*database_, changed);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), "SCHEMA_MIGRATION_CHANGED");
  EXPECT_EQ(Ask("SELECT COUNT(*) FROM shops"), 0);
}

TEST_P(Migrations, ThatFailLeaveNothing) {
  std::vector<Migration> broken = kShop;
  broken[1].sql = "CREATE TABLE half (id TEXT); INSERT INTO nowhere (id) VALUES (1);";
  const absl::Status status = Migrate(*database_, broken);
  EXPECT_FAILURE(status, Failure::kBug);
  EXPECT_NE(status.message().find("add_first_shop"), absl::string_view::npos);
  EXPECT_EQ(Ask("SELECT COUNT(*) FROM schema_migrations"), 1);
  EXPECT_OK(Migrate(*database_, {kShop[0]}));
  const auto connection = Connect(*database_);
  EXPECT_FAILURE(RunOne(*connection, "SELECT id FROM half"), Failure::kBug);
}

// Processes, not threads: PostgreSQL's replicas race for the lock, SQLite's second is refused.
TEST_P(Migrations, RacedByProcessesAreAppliedOnce) {
  std::vector<Migration> many = kShop;
  std::vector<std::string> texts(20);
  for (int i = 0; i < 20; ++i) {
    texts[static_cast<size_t>(i)] = absl::StrCat("UPDATE shops SET micros = micros + 1");
    many.push_back({102 + i, "raise", texts[static_cast<size_t>(i)]});
  }
  database_.Close();
  std::array<pid_t, 3> children{};
  for (pid_t& child : children) {
    child = fork();
    if (child != 0) continue;
    const auto database = database_.TryOpen();
    absl::Status status = database.ok() ? Migrate(**database, many) : database.status();
    _exit(status.ok() || ReasonOf(status) == "STORE_IN_USE" ? 0 : 1);
  }
  for (const pid_t child : children) {
    int end = 0;
    ASSERT_EQ(waitpid(child, &end, 0), child);
    EXPECT_EQ(end, 0);
  }
  database_.Open();
  EXPECT_OK(Migrate(*database_, many));
  EXPECT_EQ(Ask("SELECT micros FROM shops"), 21);
}

TEST_P(Migrations, JournalHeadIsMadeOnceWithItsIncarnation) {
  EXPECT_OK(Migrate(*database_, PlatformMigrations()));
  EXPECT_OK(InitialiseJournal(*database_));
  const auto connection = Connect(*database_);
  const auto head = Rows(*connection, "SELECT position, incarnation FROM journal_head");
  ASSERT_EQ(head.size(), 1u);
  EXPECT_EQ(head[0][0], Int(0));
  EXPECT_EQ(std::get<std::string>(head[0][1]).size(), 32u);
  EXPECT_OK(InitialiseJournal(*database_));
  EXPECT_EQ(Rows(*connection, "SELECT position, incarnation FROM journal_head"), head);
}

TEST_P(Migrations, JournalTakesOneRowPerVersionOfAnEntity) {
  EXPECT_OK(Migrate(*database_, PlatformMigrations()));
  EXPECT_OK(InitialiseJournal(*database_));
  const auto connection = Connect(*database_);
  constexpr absl::string_view kAdvance = "UPDATE journal_head SET position = position + $1";
  constexpr absl::string_view kInsert =
      "INSERT INTO journal (position, id, topic, lane, aggregatetype, aggregateid, entity_version,"
      " type, event_message, routing_key, actor, cause, correlation, request_id, traceparent,"
      " time_micros, payload) VALUES ((SELECT position FROM journal_head) - $1, $2, 't', $3, "
      "'order',"
      " $4, $5, 'E', 'M', $4, '', '', '', '', '', $6, $7)";
  const auto insert = [&](int64_t version) {
    EXPECT_OK(connection->Begin());
    const std::vector<Query> queries = {
        {kAdvance, {Int(1)}},
        {kInsert,
         {Int(0), Text("evt_1"), Int(3), Text("ord_1"), Int(version), Int(1), Bytes{"p"}}}};
    absl::Status status = connection->Commit(queries).status();
    if (!status.ok()) connection->Rollback();
    return status;
  };
  EXPECT_OK(insert(1));
  EXPECT_OK(insert(2));
  const absl::Status twice = insert(2);
  EXPECT_FAILURE(twice, Failure::kConstraint);
  EXPECT_EQ(ErrorOf(twice).statement, 1);
  EXPECT_EQ(Number(*connection, "SELECT position FROM journal_head"), 2);
  EXPECT_EQ(Number(*connection, "SELECT MAX(position) FROM journal"), 2);
}

INSTANTIATE_TEST_SUITE_P(, Migrations, testing::Values("sqlite", "postgresql"), DriverName);

}  // namespace
}  // namespace tandem::store
