// What SQLite alone promises: durability, one process per file, and recovery of what was killed.
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "platform/store/drivers_fixture.h"

namespace tandem::store {
namespace {

class Sqlite : public testing::Test {
 protected:
  EmptyDatabase database_{"sqlite"};
};

constexpr absl::string_view kCreate = "CREATE TABLE things (id BIGINT PRIMARY KEY, data BYTEA);";
constexpr absl::string_view kInsert = "INSERT INTO things (id, data) VALUES ($1, $2)";
constexpr absl::string_view kCount = "SELECT COUNT(*) FROM things";

TEST_F(Sqlite, IsSetToLoseNothing) {
  for (const Purpose purpose : {Purpose::kWrite, Purpose::kRead}) {
    const auto connection = Connect(*database_, purpose);
    EXPECT_EQ(Rows(*connection, "PRAGMA journal_mode")[0][0], Text("wal"));
    EXPECT_EQ(Number(*connection, "PRAGMA synchronous"), 2);
    EXPECT_EQ(Number(*connection, "PRAGMA foreign_keys"), 1);
    EXPECT_EQ(Number(*connection, "PRAGMA wal_autocheckpoint"), 10'000);
    EXPECT_GT(Number(*connection, "PRAGMA busy_timeout"), 0);
  }
}

TEST_F(Sqlite, FilesAreTheirOwnersAlone) {
  const auto connection = Connect(*database_);
  RunScript(*connection, kCreate);
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
    struct stat info {};
    ASSERT_EQ(stat(absl::StrCat(database_.path(), suffix).c_str(), &info), 0) << suffix;
    EXPECT_EQ(info.st_mode & 0777, 0600u) << suffix;
  }
}

TEST_F(Sqlite, SecondProcessIsRefusedWithTheDirectorysName) {
  const auto second = database_.TryOpen();
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(second.status()), "STORE_IN_USE");
  const std::string directory = database_.path().substr(0, database_.path().rfind('/'));
  EXPECT_NE(second.status().message().find(directory), absl::string_view::npos);
  database_.Close();
  EXPECT_OK(database_.TryOpen());
}

TEST_F(Sqlite, FileThatIsNoDatabaseIsRefused) {
  database_.Close();
  ASSERT_EQ(truncate(database_.path().c_str(), 0), 0);
  FILE* file = fopen(database_.path().c_str(), "w");
  fputs(std::string(8'192, 'x').c_str(), file);
  fclose(file);
  EXPECT_FALSE(database_.TryOpen().ok());
  EXPECT_FALSE(OpenSqlite("/nonexistent/directory/x.db").ok());
}

TEST_F(Sqlite, CastsOfPostgresqlAreRefused) {
  const auto connection = Connect(*database_);
  EXPECT_FAILURE(RunOne(*connection, "SELECT $1::bigint", {Int(1)}), Failure::kBug);
}

TEST_F(Sqlite, ColumnsHoldTheirTypes) {
  const auto connection = Connect(*database_);
  RunScript(*connection, kCreate);
  EXPECT_FAILURE(RunOne(*connection, kInsert, {Int(1), Text("no bytes")}), Failure::kConstraint);
}

TEST_F(Sqlite, FullDiskIsToldAndPasses) {
  const auto connection = Connect(*database_);
  RunScript(*connection, kCreate);
  EXPECT_OK(RunOne(*connection, kInsert, {Int(1), Bytes{"small"}}));
  EXPECT_OK(RunOne(*connection, "PRAGMA max_page_count = 20"));
  EXPECT_OK(connection->Begin());
  const std::vector<Query> large = {{kInsert, {Int(2), Bytes{"small"}}},
                                    {kInsert, {Int(3), Bytes{std::string(1 << 20, 'x')}}}};
  const auto result = connection->Commit(large);
  EXPECT_FAILURE(result, Failure::kFull);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kResourceExhausted);
  connection->Rollback();
  EXPECT_EQ(Number(*connection, kCount), 1) << "reads go on, and nothing of it holds";
  EXPECT_OK(RunOne(*connection, "PRAGMA max_page_count = 100000"));
  EXPECT_OK(connection->Begin());
  EXPECT_OK(connection->Commit(large));
  EXPECT_EQ(Number(*connection, kCount), 3);
}

// A child process works through a transaction and is killed after its n-th step, for every n.
TEST_F(Sqlite, TransactionKilledAtAnyStatementLeavesNothing) {
  constexpr int kStatements = 3;
  RunScript(*Connect(*database_), kCreate);
  for (int n = 0; n <= kStatements + 2; ++n) {
    database_.Close();
    const pid_t child = fork();
    if (child == 0) {
      int left = n;
      const auto step = [&left] {
        if (left-- == 0) kill(getpid(), SIGKILL);
      };
      const auto database = database_.TryOpen();
      const auto connection = Connect(**database);
      step();
      if (!connection->Begin().ok()) _exit(1);
      step();
      for (int i = 0; i < kStatements; ++i) {
        if (!RunOne(*connection, kInsert, {Int(i), Bytes{"x"}}).ok()) _exit(1);
        step();
      }
      if (!connection->Commit({}).ok()) _exit(1);
      kill(getpid(), SIGKILL);
    }
    int end = 0;
    ASSERT_EQ(waitpid(child, &end, 0), child);
    ASSERT_TRUE(WIFSIGNALED(end)) << n;
    database_.Open();
    const bool committed = n == kStatements + 2;
    EXPECT_EQ(Number(*Connect(*database_), kCount), committed ? kStatements : 0) << n;
  }
}

}  // namespace
}  // namespace tandem::store
