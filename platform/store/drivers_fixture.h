// What the tests of the database port share: a fresh database of either driver, and short words
// for the calls that they make over and over.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "platform/base/check.h"
#include "platform/base/status.h"
#include "platform/store/database.h"
#include "tests/support/postgres_server.h"
#include "tests/support/temp_dir.h"

namespace tandem::store {

// An empty database of the driver that the test is run for.
class EmptyDatabase {
 public:
  explicit EmptyDatabase(absl::string_view driver) {
    if (driver == "postgresql") {
      server_ = std::make_unique<test::TestDatabase>();
    } else {
      dir_ = std::make_unique<test::TempDir>();
    }
    Open();
  }

  Database& operator*() { return *database_; }
  Database* operator->() { return database_.get(); }
  void Close() { database_.reset(); }
  void Open() {
    auto database = TryOpen();
    TANDEM_CHECK(database.ok(), database.status().ToString());
    database_ = *std::move(database);
  }
  // A second one of the same, as another process would open it.
  absl::StatusOr<std::unique_ptr<Database>> TryOpen() const {
    return dir_ == nullptr ? OpenPostgres(server_->Dsn()) : OpenSqlite(path());
  }

  const test::TestDatabase& server() const { return *server_; }  // PostgreSQL's
  std::string path() const { return dir_->File("test.db"); }     // SQLite's

 private:
  std::unique_ptr<test::TestDatabase> server_;
  std::unique_ptr<test::TempDir> dir_;
  std::unique_ptr<Database> database_;
};

inline std::unique_ptr<Connection> Connect(Database& database, Purpose purpose = Purpose::kWrite) {
  auto connection = database.Connect(purpose);
  TANDEM_CHECK(connection.ok(), connection.status().ToString());
  return *std::move(connection);
}

// Runs in a transaction of its own; ends the test's process where it fails.
inline void RunScript(Connection& connection, absl::string_view script) {
  absl::Status status = connection.Begin();
  if (status.ok()) status = connection.RunScript(script);
  if (status.ok()) status = connection.Commit({}).status();
  TANDEM_CHECK(status.ok(), status.ToString());
}

inline absl::StatusOr<Result> RunOne(Connection& connection, absl::string_view sql,
                                     std::vector<Value> params = {}) {
  const Query query{sql, std::move(params)};
  auto results = connection.Run({&query, 1});
  if (!results.ok()) return results.status();
  return std::move((*results)[0]);
}

// The rows; ends the test's process where there are none to be had.
inline std::vector<Row> Rows(Connection& connection, absl::string_view sql,
                             std::vector<Value> params = {}) {
  auto result = RunOne(connection, sql, std::move(params));
  TANDEM_CHECK(result.ok(), result.status().ToString());
  return std::move(result->rows);
}

inline int64_t Number(Connection& connection, absl::string_view sql,
                      std::vector<Value> params = {}) {
  return std::get<int64_t>(Rows(connection, sql, std::move(params)).at(0).at(0));
}

inline Value Text(absl::string_view text) { return std::string(text); }
inline Value Int(int64_t number) { return number; }

inline const char* NameOf(Failure failure) {
  constexpr const char* kNames[] = {"kConstraint",    "kConflict", "kUnavailable",
                                    "kCommitUnknown", "kFull",     "kBug"};
  return kNames[static_cast<int>(failure)];
}

#define EXPECT_OK(expr)                                                \
  do {                                                                 \
    const absl::Status expected_ok_ = ::tandem::store::StatusOf(expr); \
    EXPECT_TRUE(expected_ok_.ok()) << expected_ok_;                    \
  } while (false)
#define EXPECT_FAILURE(expr, expected)                                              \
  do {                                                                              \
    const absl::Status status_ = ::tandem::store::StatusOf(expr);                   \
    EXPECT_FALSE(status_.ok());                                                     \
    if (!status_.ok()) {                                                            \
      EXPECT_EQ(::tandem::store::NameOf(::tandem::store::ErrorOf(status_).failure), \
                std::string(::tandem::store::NameOf(expected)))                     \
          << status_;                                                               \
    }                                                                               \
  } while (false)

inline absl::Status StatusOf(absl::Status status) { return status; }
template <typename T>
absl::Status StatusOf(const absl::StatusOr<T>& value) {
  return value.status();
}

// Tests that both drivers must pass.
class DriversTest : public testing::TestWithParam<const char*> {
 protected:
  bool is_postgres() const { return absl::string_view(GetParam()) == "postgresql"; }
  EmptyDatabase database_{GetParam()};
};

inline std::string DriverName(const testing::TestParamInfo<const char*>& info) {
  return info.param;
}

}  // namespace tandem::store
