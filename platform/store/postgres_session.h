// One session with a PostgreSQL server, always in libpq's pipeline mode and never blocking: what is
// sent is queued, what comes is awaited with a deadline. Private to the PostgreSQL driver.
//
// In a pipeline each statement yields its result and then a NULL, a sync yields a result alone.
// After an error the server skips everything up to the next sync.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/container/node_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/store/database.h"
#include "platform/store/postgres_values.h"

namespace tandem::store {

struct FreePostgres {
  void operator()(PGconn* connection) const { PQfinish(connection); }
  void operator()(PGresult* result) const { PQclear(result); }
};
using PostgresResult = std::unique_ptr<PGresult, FreePostgres>;

// What a result says went wrong. `fatal`: the server ended the session with it.
struct PostgresFault {
  absl::Status status;
  bool fatal = false;
  bool stale_plan = false;  // a statement was prepared before its tables were changed
};
PostgresFault FaultOf(const PGresult* result, int index);

class PostgresSession {
 public:
  // Beyond so many texts (lists make one per filter) all are forgotten and prepared again.
  static constexpr size_t kPreparedMax = 1'000;
  // Bytes that are queued before they are sent along the way.
  static constexpr size_t kQueuedMax = 256 << 10;

  // Connects, sets the session up, and refuses a server that may lose commits.
  static absl::StatusOr<std::unique_ptr<PostgresSession>> Open(const std::string& conninfo,
                                                               Purpose purpose);

  // Looks, without waiting, whether the server has hung up. Only while nothing is awaited.
  bool Alive();
  // Whether the server is in a transaction, a failed one too.
  bool InTransaction() const;

  // A text that the server knows, and the types of its parameters.
  struct Statement {
    std::string name;
    std::vector<Oid> types;
  };
  using Statements = std::vector<const Statement*>;

  // Makes all these texts known to the server, in one round trip, and none when they are; gives the
  // statement of each, good until ForgetPrepared. The status of `lost` tells whether the session is
  // of any use after an error.
  absl::Status Prepare(absl::Span<const Query> queries, absl::Time deadline,
                       Statements* statements);
  // Whether the server knows them all.
  bool Knows(absl::Span<const Query> queries) const;
  // Forgets every prepared statement; outside a transaction.
  absl::Status ForgetPrepared(absl::Time deadline);
  size_t prepared() const { return prepared_.size(); }

  // Queues a prepared statement; a sync, which makes the server answer.
  absl::Status Send(const Statement& statement, const PostgresParameters& parameters,
                    absl::Time deadline);
  absl::Status SendSync();
  // Sends what is queued, as far as that needs no waiting.
  absl::Status Push();
  // The next statement's result; the next sync's.
  absl::StatusOr<PostgresResult> Receive(absl::Time deadline);
  absl::Status ReceiveSync(absl::Time deadline);

  // Runs a text of several statements.
  absl::Status RunScript(const std::string& script, absl::Time deadline);

  // Adds the channels that were notified to `channels`; waits for the first until the deadline.
  absl::Status WaitNotified(std::set<std::string>* channels, absl::Time deadline);

  // After an error: whether the connection is gone, so that nothing more can be asked of it.
  bool lost() const { return lost_; }

 private:
  explicit PostgresSession(PGconn* connection) : connection_(connection) {}
  absl::Status SetUp(Purpose purpose);
  absl::Status Lose(absl::string_view why);
  absl::Status Flush(absl::Time deadline);
  // Sends what waits and reads what has come. False when the deadline came first.
  absl::StatusOr<bool> Pump(absl::Time deadline);
  absl::Status PrepareNew(absl::Span<const Query> queries, absl::Time deadline);
  absl::StatusOr<PostgresResult> Next(absl::Time deadline);

  const std::unique_ptr<PGconn, FreePostgres> connection_;
  absl::node_hash_map<std::string, Statement> prepared_;  // statements stay where they are
  int64_t names_ = 0;
  size_t queued_ = 0;
  bool lost_ = false;
};

}  // namespace tandem::store
