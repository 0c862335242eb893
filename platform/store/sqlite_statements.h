// One SQLite connection's statements: prepared once, run many times. Private to the SQLite driver.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/store/database.h"

namespace tandem::store {

struct CloseSqlite {
  void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using SqliteHandle = std::unique_ptr<sqlite3, CloseSqlite>;

// The last error of `db` as a StoreError; `statement` is the index of the query to blame.
absl::Status SqliteError(sqlite3* db, int statement = -1);

class SqliteStatements {
 public:
  // Beyond so many texts (lists make one per filter) all are forgotten and prepared again.
  static constexpr size_t kMax = 1'000;

  explicit SqliteStatements(sqlite3* db) : db_(db) {}

  // Runs one query to its end; `index` is for the error.
  absl::StatusOr<Result> Run(const Query& query, int index);

 private:
  struct Prepared {
    std::unique_ptr<sqlite3_stmt, CloseSqlite> statement;
    int parameters = 0;
    int columns = 0;
    bool reads_only = false;
  };

  absl::StatusOr<const Prepared*> Prepare(absl::string_view sql, int index);
  absl::Status Bind(const Prepared& prepared, const Query& query, int index);
  absl::Status ReadRow(const Prepared& prepared, int index, Row* row);

  sqlite3* const db_;
  absl::flat_hash_map<std::string, Prepared> prepared_;
};

}  // namespace tandem::store
