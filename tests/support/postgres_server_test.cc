#include "tests/support/postgres_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>

namespace tandem::test {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

std::string Answer(const TestDatabase& database, const std::string& sql) {
  const absl::StatusOr<std::string> answer = database.Query(sql);
  EXPECT_TRUE(answer.ok()) << sql << ": " << answer.status();
  return answer.value_or("");
}

TEST(TestDatabase, IsNamedAfterItsTestAndDurableAsInProduction) {
  const TestDatabase database;
  EXPECT_THAT(database.name(), MatchesRegex("testdatabase_isnamedafteritstestanddurab_.*"));
  EXPECT_EQ(Answer(database, "SHOW fsync"), "on");
  EXPECT_EQ(Answer(database, "SHOW data_checksums"), "on");
  EXPECT_EQ(Answer(database, "SHOW lc_collate"), "C");
  EXPECT_EQ(Answer(database, "SELECT current_database()"), database.name());
}

TEST(TestDatabase, SharesNothingWithAnother) {
  const TestDatabase one;
  const TestDatabase other;
  Answer(one, "CREATE TABLE t (a int)");
  EXPECT_EQ(Answer(other, "SELECT count(*) FROM pg_class WHERE relname = 't'"), "0");
}

TEST(TestDatabase, IsDroppedWithTheObject) {
  std::string name;
  {
    const TestDatabase database;
    name = database.name();
  }
  const TestDatabase other;
  EXPECT_EQ(Answer(other, "SELECT count(*) FROM pg_database WHERE datname = '" + name + "'"), "0");
}

TEST(PostgresServer, KeepsWhatWasCommittedThroughACrash) {
  const auto server = PostgresServer::Start();
  ASSERT_TRUE(server.ok()) << server.status();
  const TestDatabase database(**server);
  Answer(database, "CREATE TABLE t AS SELECT 42 AS a");
  (*server)->Crash();
  EXPECT_FALSE(database.Query("SELECT 1").ok());
  ASSERT_TRUE((*server)->Restart().ok());
  EXPECT_EQ(Answer(database, "SELECT a FROM t"), "42");
  EXPECT_THAT((*server)->Output(), HasSubstr("was interrupted"));
  (*server)->Kill();
  ASSERT_TRUE((*server)->Restart().ok());
  EXPECT_EQ(Answer(database, "SELECT a FROM t"), "42");
  EXPECT_THAT((*server)->Output(), HasSubstr("was interrupted"));
}

TEST(PostgresServer, StandsStillWhilePausedAndGoesOn) {
  const auto server = PostgresServer::Start();
  ASSERT_TRUE(server.ok()) << server.status();
  const TestDatabase database(**server);
  (*server)->Pause(true);
  auto answer = std::async(std::launch::async, [&] { return Answer(database, "SELECT 1"); });
  EXPECT_EQ(answer.wait_for(std::chrono::milliseconds(200)), std::future_status::timeout);
  (*server)->Pause(false);
  EXPECT_EQ(answer.get(), "1");
}

}  // namespace
}  // namespace tandem::test
