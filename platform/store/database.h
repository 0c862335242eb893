// The database port: what Tandem asks of PostgreSQL and SQLite, and nothing more.
//
// The same SQL text runs on both: parameters are $1, $2 …; types are BIGINT, TEXT and BYTEA/BLOB;
// upserts, RETURNING, keyset comparisons, LIMIT, CASE, COALESCE. No arrays, no JSON, no timestamps,
// no `::`. What differs is in the drivers: `FOR UPDATE` (SQLite's driver drops it: a transaction
// there is the only writer), waking, and the words of a migration (`BYTEA` is rewritten to BLOB).
//
// A Connection is used by one thread at a time. Errors carry a StoreError (see ErrorOf).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace tandem::store {

struct Bytes {
  std::string data;
  friend bool operator==(const Bytes&, const Bytes&) = default;
};
using Value =
    std::variant<std::monostate, int64_t, std::string, Bytes>;  // NULL, BIGINT, TEXT, BYTEA
using Row = std::vector<Value>;

struct Result {
  std::vector<Row> rows;
  int64_t affected = 0;  // rows an INSERT, UPDATE or DELETE changed
};

// One statement with its parameters. Drivers prepare a text once per connection and keep a copy of
// it; it is the text that they know it by.
struct Query {
  absl::string_view sql;
  std::vector<Value> params;
};

// Why a statement or commit failed; decides what the unit of work does (DESIGN section 4).
enum class Failure {
  kConstraint,     // SQLSTATE 22, 23; SQLITE_CONSTRAINT: the statement's own data is at fault
  kConflict,       // SQLSTATE 40, 55P03; SQLITE_BUSY: run the transaction again
  kUnavailable,    // the connection or the server is gone; nothing of this transaction holds
  kCommitUnknown,  // COMMIT was sent and no answer came
  kFull,           // disk full, out of memory, too many connections
  kBug,            // anything else: a statement that does not parse, a wrong type
};
struct StoreError {
  Failure failure = Failure::kBug;
  int statement = -1;      // index in the span that was run, where one is to blame
  std::string constraint;  // its name, or the table and columns, where known
};
// In the order above: FAILED_PRECONDITION STORE_CONSTRAINT, ABORTED STORE_CONFLICT, UNAVAILABLE
// STORE_UNAVAILABLE and STORE_COMMIT_UNKNOWN, RESOURCE_EXHAUSTED STORE_FULL, INTERNAL STORE_DEFECT.
// The rest of a StoreError is in the ErrorInfo's metadata. Messages never quote values.
absl::Status MakeError(Failure failure, absl::string_view message, int statement = -1,
                       absl::string_view constraint = "");
StoreError ErrorOf(const absl::Status& status);

class Connection {
 public:
  virtual ~Connection() = default;

  // Opens a transaction; a connection that was lost is opened again first. A write transaction in
  // SQLite is IMMEDIATE.
  virtual absl::Status Begin() = 0;

  // Runs the queries in order in the open transaction (or, without one, in one of their own), in
  // one round trip. After an error the transaction is dead: Rollback.
  virtual absl::StatusOr<std::vector<Result>> Run(absl::Span<const Query> queries) = 0;

  // Gives queries that the Run or Commit which follows in this transaction begins with, so that the
  // database does them meanwhile: there, their results come first, and its statements are counted
  // from theirs on. False where nothing was done, and they are to be given then.
  virtual absl::StatusOr<bool> Ahead(absl::Span<const Query> queries) {
    (void)queries;
    return false;
  }

  // Runs the queries and commits, in one round trip. OK only when the database said COMMIT.
  // kCommitUnknown when it cannot be known.
  virtual absl::StatusOr<std::vector<Result>> Commit(absl::Span<const Query> queries) = 0;

  // Ends the transaction without effect; never fails (a dead connection has no transaction).
  virtual void Rollback() = 0;

  // Runs a text of several statements, for migrations, in the open transaction.
  virtual absl::Status RunScript(absl::string_view script) = 0;

  // Takes a lock that lives as long as this connection, or says false at once when another holds
  // it; true again for who holds it. A kUnavailable or kCommitUnknown of this connection ends the
  // lock; nothing runs on the connection that replaces it before one of them was answered.
  virtual absl::StatusOr<bool> TryLock(int64_t key) = 0;

  // Waits until `channel` was notified since the last call, or the time is up; true when notified,
  // and at once on the first call and after the connection was lost, when nobody knows. Not in a
  // transaction. One NOTIFY a commit: a writer adds it to its last queries (AddNotify).
  virtual absl::StatusOr<bool> WaitNotified(absl::string_view channel, absl::Duration timeout) = 0;

  // Changes when a lost connection was opened again. The server that answers then may be another,
  // without the last commits of the one before: nothing that was read earlier holds.
  virtual int64_t session() const { return 0; }
};

// A connection for reading refuses to write, and a transaction on it (a span of queries run without
// one, too) sees one snapshot. One for writing is READ COMMITTED in PostgreSQL.
enum class Purpose { kWrite, kRead };

// A database: where connections come from, which it must outlive. Safe to use from any thread.
class Database {
 public:
  virtual ~Database() = default;
  virtual absl::StatusOr<std::unique_ptr<Connection>> Connect(Purpose purpose) = 0;
  // Wakes everyone who waits for `channel` here; in PostgreSQL, adds the NOTIFY to `queries`, which
  // is sent behind their COMMIT; in SQLite the wake-up happens after the commit, by `AfterCommit`.
  virtual void AddNotify(absl::string_view channel, std::vector<Query>* queries) = 0;
  virtual void AfterCommit(absl::string_view channel) = 0;
  // "postgresql" or "sqlite", for what cannot be one text or one way: how many writers there may
  // be, how a leader is found.
  virtual absl::string_view dialect() const = 0;
};

// One SQLite file; creates it, not its directory. FAILED_PRECONDITION STORE_IN_USE when it is open
// already, in another process or this one (its lock file). Its migrations' tables are STRICT, with
// the column types INTEGER, TEXT and BLOB.
// Sets WAL, synchronous=FULL, foreign_keys, busy_timeout, case_sensitive_like and
// wal_autocheckpoint=10000, and refuses to go on where one did not take.
absl::StatusOr<std::unique_ptr<Database>> OpenSqlite(const std::string& path);

// A PostgreSQL database by libpq connection string. Connections set lock_timeout,
// idle_in_transaction_session_timeout, TCP timeouts, enable_seqscan=off (writers) and jit=off, and
// refuse a server with fsync, full_page_writes or synchronous_commit off (FAILED_PRECONDITION
// STORE_NOT_DURABLE). Nothing is connected here: a server that is away is Connect's to tell. TEXT
// columns of migrations compare by bytes (COLLATE "C"), as in SQLite.
absl::StatusOr<std::unique_ptr<Database>> OpenPostgres(const std::string& conninfo);

}  // namespace tandem::store
