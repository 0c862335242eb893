// The PostgreSQL driver: one round trip a call, BEGIN with the first and COMMIT with the last.
#include <libpq-fe.h>

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "platform/base/check.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/store/database.h"
#include "platform/store/postgres_door.h"
#include "platform/store/postgres_session.h"
#include "platform/store/postgres_values.h"
#include "platform/store/sql_text.h"

namespace tandem::store {
namespace {

// After so long without its answer a call gives its connection up. Longer than the server's own
// limits (postgres_session.cc): a server that is there answers before.
constexpr absl::Duration kCallPatience = absl::Seconds(15);
constexpr absl::Duration kScriptPatience = absl::Minutes(10);

// What a transaction begins and ends with; their statements are known by these places.
const Query kEnds[] = {{"BEGIN", {}}, {"COMMIT", {}}, {"ROLLBACK", {}}};
constexpr absl::string_view kTryLock = "SELECT pg_try_advisory_lock($1)";
constexpr absl::string_view kNotify = "SELECT pg_notify($1, '')";

int64_t Affected(PGresult* result) {
  const absl::string_view tag = PQcmdStatus(result);
  int64_t count = 0;
  if (!absl::StartsWith(tag, "SELECT") && !absl::SimpleAtoi(PQcmdTuples(result), &count)) return 0;
  return count;
}

absl::StatusOr<Result> Decode(PGresult* result, int index) {
  Result out;
  const int rows = PQntuples(result), columns = PQnfields(result);
  out.rows.resize(static_cast<size_t>(rows));
  for (int row = 0; row < rows; ++row) {
    Row& values = out.rows[static_cast<size_t>(row)];
    values.reserve(static_cast<size_t>(columns));
    for (int column = 0; column < columns; ++column) {
      TANDEM_ASSIGN_OR_RETURN(Value value, PostgresValue(result, row, column, index));
      values.push_back(std::move(value));
    }
  }
  out.affected = Affected(result);
  return out;
}

class PostgresConnection final : public Connection {
 public:
  explicit PostgresConnection(std::shared_ptr<PostgresDoor> door) : door_(std::move(door)) {}

  // BEGIN itself goes with the first queries.
  absl::Status Begin() override {
    if (state_ != State::kIdle) return MakeError(Failure::kBug, "a transaction is open already");
    TANDEM_RETURN_IF_ERROR(Ensure());
    state_ = State::kBegun;
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<Result>> Run(absl::Span<const Query> queries) override {
    if (state_ == State::kIdle) TANDEM_RETURN_IF_ERROR(Ensure());
    return Execute(queries, /*commit=*/false);
  }

  absl::StatusOr<std::vector<Result>> Commit(absl::Span<const Query> queries) override {
    if (state_ == State::kIdle) return MakeError(Failure::kBug, "no transaction is open");
    return Execute(queries, /*commit=*/true);
  }

  absl::StatusOr<bool> Ahead(absl::Span<const Query> queries) override {
    if (state_ == State::kDead) return Dead();
    if (state_ == State::kIdle) return false;
    absl::Status sent = SendAhead(queries, absl::Now() + kCallPatience);
    if (!sent.ok()) return Fail(std::move(sent));
    return true;
  }

  void Rollback() override {
    if (session_ != nullptr && Outstanding() > 0) {
      (void)GiveUp(Outstanding(), absl::OkStatus(), absl::Now() + kCallPatience);
      if (session_->lost()) Drop();
    }
    ForgetAhead();
    if (session_ != nullptr && session_->InTransaction() && !SendRollback().ok()) Drop();
    state_ = State::kIdle;
  }

  absl::Status RunScript(absl::string_view script) override {
    if (state_ == State::kDead) return Dead();
    if (state_ == State::kIdle) TANDEM_RETURN_IF_ERROR(Ensure());
    std::string text = PostgresScript(script);
    // Building an index takes its time. What waits for its lock makes everybody else wait, so that
    // limit stays.
    if (state_ != State::kIdle) text = absl::StrCat("SET LOCAL statement_timeout = 0;", text);
    if (state_ == State::kBegun) text = absl::StrCat("BEGIN;", text);
    absl::Status status = session_->RunScript(text, absl::Now() + kScriptPatience);
    if (state_ != State::kIdle) state_ = status.ok() ? State::kOpen : State::kDead;
    return status.ok() ? status : Fail(std::move(status));
  }

  absl::StatusOr<bool> TryLock(int64_t key) override {
    const Query query{kTryLock, {key}};
    TANDEM_ASSIGN_OR_RETURN(const std::vector<Result> results, Run({&query, 1}));
    const bool locked = std::get<int64_t>(results[0].rows[0][0]) != 0;
    has_locks_ = has_locks_ || locked;
    return locked;
  }

  absl::StatusOr<bool> WaitNotified(absl::string_view channel, absl::Duration timeout) override {
    if (state_ != State::kIdle) return MakeError(Failure::kBug, "waiting inside a transaction");
    const absl::Time deadline = absl::Now() + timeout;
    TANDEM_RETURN_IF_ERROR(Ensure());
    const std::string name(channel);
    if (!listening_.contains(name)) {
      const std::string quoted = absl::StrReplaceAll(name, {{"\"", "\"\""}});
      absl::Status status =
          session_->RunScript(absl::StrCat("LISTEN \"", quoted, "\""), absl::Now() + kCallPatience);
      if (!status.ok()) return Fail(std::move(status));
      listening_.insert(name);
      return true;
    }
    while (notified_.erase(name) == 0) {
      std::set<std::string> heard;
      absl::Status status = session_->WaitNotified(&heard, deadline);
      if (!status.ok()) return Fail(std::move(status));
      if (heard.empty()) return false;
      notified_.merge(heard);
    }
    return true;
  }

  int64_t session() const override { return sessions_; }

  // A session that is there; a lost one is opened again, except where nobody knows yet that its
  // locks went with it.
  absl::Status Ensure() {
    if (session_ != nullptr && !session_->Alive()) Drop();
    if (session_ == nullptr) {
      if (std::exchange(has_locks_, false)) {
        return MakeError(Failure::kUnavailable, "the connection that held a lock was lost");
      }
      TANDEM_ASSIGN_OR_RETURN(session_, door_->Enter());
      ++sessions_;
    }
    if (stale_ || session_->prepared() > PostgresSession::kPreparedMax) {
      absl::Status status = session_->ForgetPrepared(absl::Now() + kCallPatience);
      if (!status.ok()) return Fail(std::move(status));
      stale_ = false;
    }
    return absl::OkStatus();
  }

 private:
  using Statements = PostgresSession::Statements;

  // kBegun: the server does not know yet. kDead: it failed, and waits for Rollback.
  enum class State { kIdle, kBegun, kOpen, kDead };

  static absl::Status Dead() {
    return MakeError(Failure::kBug, "the transaction failed before and is to be rolled back");
  }

  // Answers to what was sent ahead, BEGIN counted, that are still to come.
  size_t Outstanding() const { return ahead_ + (begun_ahead_ ? 1 : 0); }

  void ForgetAhead() {
    begun_ahead_ = false;
    ahead_ = 0;
    early_.clear();
  }

  void Drop() {
    session_ = nullptr;
    ForgetAhead();
    listening_.clear();
    notified_.clear();
  }

  // After an error that is about to be told.
  absl::Status Fail(absl::Status status) {
    if (state_ != State::kIdle) state_ = State::kDead;
    if (session_ != nullptr && session_->lost()) {
      Drop();
      has_locks_ = false;
    }
    return status;
  }

  // What is known when the connection broke: without an error before it, a commit may have held.
  absl::Status Broken(absl::Status status, bool commits) {
    if (!commits) return status;
    return MakeError(Failure::kCommitUnknown,
                     absl::StrCat("a commit got no answer: ", status.message()));
  }

  absl::Status SendRollback() {
    const absl::Time deadline = absl::Now() + kCallPatience;
    Statements statements;
    TANDEM_RETURN_IF_ERROR(session_->Prepare({&kEnds[2], 1}, deadline, &statements));
    TANDEM_RETURN_IF_ERROR(session_->Send(*statements[0], {}, deadline));
    TANDEM_RETURN_IF_ERROR(session_->SendSync());
    TANDEM_ASSIGN_OR_RETURN(const PostgresResult result, session_->Receive(deadline));
    TANDEM_RETURN_IF_ERROR(session_->ReceiveSync(deadline));
    return session_->InTransaction() ? MakeError(Failure::kBug, "ROLLBACK did not")
                                     : absl::OkStatus();
  }

  absl::StatusOr<std::vector<Result>> Execute(absl::Span<const Query> queries, bool commit) {
    if (state_ == State::kDead) return Dead();
    const absl::Time deadline = absl::Now() + kCallPatience;
    absl::StatusOr<std::vector<Result>> results = Exchange(queries, commit, deadline);
    if (!results.ok()) return Fail(results.status());
    if (state_ != State::kIdle) state_ = commit ? State::kIdle : State::kOpen;
    if (session_->lost()) Drop();  // after it said COMMIT
    return results;
  }

  absl::StatusOr<std::vector<Result>> Exchange(absl::Span<const Query> queries, bool commit,
                                               absl::Time deadline) {
    Statements ends, statements;
    if (!session_->Knows(queries)) TANDEM_RETURN_IF_ERROR(Collect(deadline));
    if (state_ != State::kIdle) TANDEM_RETURN_IF_ERROR(session_->Prepare(kEnds, deadline, &ends));
    TANDEM_RETURN_IF_ERROR(session_->Prepare(queries, deadline, &statements));
    // Without a transaction the sync commits, so all parameters are right before anything is sent.
    for (size_t i = 0; state_ == State::kIdle && i < queries.size(); ++i) {
      TANDEM_RETURN_IF_ERROR(Encode(queries[i], *statements[i], i));
    }
    const bool begins = state_ == State::kBegun;
    const bool commits = commit || (state_ == State::kIdle && door_->purpose() == Purpose::kWrite);
    // A NOTIFY goes behind the COMMIT: in it, one lock of the whole cluster would be held until the
    // commit is on disk, and the services would commit one after the other.
    const bool notifies = commit && !queries.empty() && queries.back().sql == kNotify;
    const size_t inside = queries.size() - (notifies ? 1 : 0);
    absl::Status sent = begins ? session_->Send(*ends[0], {}, deadline) : absl::OkStatus();
    // The server works on the first while the others are made ready.
    for (size_t i = 0; i < inside && sent.ok(); ++i) {
      absl::Status encoded = Encode(queries[i], *statements[i], early_.size() + ahead_ + i);
      if (!encoded.ok()) {
        return GiveUp(Outstanding() + i + (begins ? 1 : 0), std::move(encoded), deadline);
      }
      sent = session_->Send(*statements[i], parameters_, deadline);
    }
    if (sent.ok() && commit) sent = session_->Send(*ends[1], {}, deadline);
    if (sent.ok() && notifies) {
      TANDEM_CHECK(Encode(queries[inside], *statements[inside], 0).ok(),
                   "a channel's name is a text");
      sent = session_->Send(*statements[inside], parameters_, deadline);
    }
    if (sent.ok()) sent = session_->SendSync();
    if (!sent.ok()) return Broken(std::move(sent), commits);
    if (begins) state_ = State::kOpen;
    return ReceiveAll(ahead_ + inside, begins, commit, commits, notifies, deadline);
  }

  absl::Status Encode(const Query& query, const PostgresSession::Statement& statement,
                      size_t index) {
    return parameters_.Encode(query.params, statement.types, static_cast<int>(index));
  }

  absl::Status SendAhead(absl::Span<const Query> queries, absl::Time deadline) {
    if (!session_->Knows(queries)) TANDEM_RETURN_IF_ERROR(Collect(deadline));
    Statements ends, statements;
    if (state_ == State::kBegun) {
      TANDEM_RETURN_IF_ERROR(session_->Prepare(kEnds, deadline, &ends));
    }
    TANDEM_RETURN_IF_ERROR(session_->Prepare(queries, deadline, &statements));
    if (state_ == State::kBegun) {
      TANDEM_RETURN_IF_ERROR(session_->Send(*ends[0], {}, deadline));
      begun_ahead_ = true;
      state_ = State::kOpen;
    }
    for (size_t i = 0; i < queries.size(); ++i) {
      absl::Status encoded = Encode(queries[i], *statements[i], early_.size() + ahead_);
      if (!encoded.ok()) return GiveUp(Outstanding(), std::move(encoded), deadline);
      TANDEM_RETURN_IF_ERROR(session_->Send(*statements[i], parameters_, deadline));
      ++ahead_;
    }
    return session_->Push();
  }

  // The results of what was sent ahead, before something else is asked of the server.
  absl::Status Collect(absl::Time deadline) {
    if (Outstanding() == 0) return absl::OkStatus();
    TANDEM_RETURN_IF_ERROR(session_->SendSync());
    TANDEM_ASSIGN_OR_RETURN(early_, ReceiveAll(ahead_, /*begins=*/false, /*commit=*/false,
                                               /*commits=*/false, /*notifies=*/false, deadline));
    return absl::OkStatus();
  }

  // Ends a conversation of which so many statements have been sent, in a transaction that is to be
  // rolled back; answers why.
  absl::Status GiveUp(size_t statements, absl::Status why, absl::Time deadline) {
    begun_ahead_ = false;
    ahead_ = 0;
    absl::Status ended = session_->SendSync();
    for (size_t i = 0; i < statements && ended.ok() && !session_->lost(); ++i) {
      ended = session_->Receive(deadline).status();
    }
    if (ended.ok() && !session_->lost()) ended = session_->ReceiveSync(deadline);
    return why;
  }

  absl::StatusOr<std::vector<Result>> ReceiveAll(size_t queries, bool begins, bool commit,
                                                 bool commits, bool notifies, absl::Time deadline) {
    std::vector<Result> results = std::exchange(early_, {});
    const int base = static_cast<int>(results.size());
    results.reserve(results.size() + queries);
    ahead_ = 0;
    begins = std::exchange(begun_ahead_, false) || begins;
    absl::Status first;  // the error that the transaction died of
    const size_t answers = queries + (begins ? 1 : 0) + (commit ? 1 : 0);
    for (size_t i = 0; i < answers; ++i) {
      const int index = begins ? static_cast<int>(i) - 1 : static_cast<int>(i);
      const bool is_query = index >= 0 && index < static_cast<int>(queries);
      absl::StatusOr<PostgresResult> result = session_->Receive(deadline);
      if (!result.ok()) return first.ok() ? Broken(result.status(), commits) : first;
      const ExecStatusType status = PQresultStatus(result->get());
      if (status == PGRES_PIPELINE_ABORTED) continue;
      if (status == PGRES_FATAL_ERROR) {
        const bool was_known = !first.ok();
        PostgresFault fault = FaultOf(result->get(), is_query ? base + index : -1);
        stale_ = stale_ || fault.stale_plan;
        if (!was_known) first = std::move(fault.status);
        if (!fault.fatal) continue;
        // Told at COMMIT's place, or by libpq at any: the commit may have held.
        const bool at_commit = commit && i + 1 == answers;
        const bool silent = PQresultErrorField(result->get(), PG_DIAG_SQLSTATE) == nullptr;
        return !was_known && (at_commit || silent) ? Broken(std::move(first), commits) : first;
      }
      if (!is_query) {
        if (index >= 0 && first.ok() && absl::string_view(PQcmdStatus(result->get())) != "COMMIT") {
          first = MakeError(Failure::kConflict, "PostgreSQL rolled the transaction back");
        }
        continue;
      }
      absl::StatusOr<Result> decoded = Decode(result->get(), base + index);
      if (decoded.ok()) {
        results.push_back(*std::move(decoded));
      } else if (first.ok()) {
        first = decoded.status();
      }
    }
    if (notifies) {  // whatever became of it, the commit holds
      const absl::StatusOr<PostgresResult> told = session_->Receive(deadline);
      if (!told.ok() || session_->lost()) {
        if (!first.ok()) return first;
        return results;
      }
    }
    absl::Status sync = session_->ReceiveSync(deadline);
    if (!first.ok()) return first;
    if (!sync.ok() && !commit) return Broken(std::move(sync), commits);
    return results;
  }

  const std::shared_ptr<PostgresDoor> door_;
  std::unique_ptr<PostgresSession> session_;
  PostgresParameters parameters_;  // of the statement at hand
  bool begun_ahead_ = false;       // BEGIN was sent and not answered yet
  size_t ahead_ = 0;               // statements that were sent and not answered yet
  std::vector<Result> early_;      // of such, which are not told yet
  State state_ = State::kIdle;
  int64_t sessions_ = 0;    // that were opened
  bool has_locks_ = false;  // that the caller believes in
  bool stale_ = false;      // prepared statements are older than their tables
  std::set<std::string> listening_, notified_;
};

class PostgresDatabase final : public Database {
 public:
  explicit PostgresDatabase(const std::string& conninfo)
      : writers_(std::make_shared<PostgresDoor>(conninfo, Purpose::kWrite)),
        readers_(std::make_shared<PostgresDoor>(conninfo, Purpose::kRead)) {}

  absl::StatusOr<std::unique_ptr<Connection>> Connect(Purpose purpose) override {
    auto connection =
        std::make_unique<PostgresConnection>(purpose == Purpose::kWrite ? writers_ : readers_);
    TANDEM_RETURN_IF_ERROR(connection->Ensure());
    return connection;
  }

  void AddNotify(absl::string_view channel, std::vector<Query>* queries) override {
    queries->push_back({kNotify, {std::string(channel)}});
  }
  void AfterCommit(absl::string_view) override {}
  absl::string_view dialect() const override { return "postgresql"; }

 private:
  const std::shared_ptr<PostgresDoor> writers_, readers_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Database>> OpenPostgres(const std::string& conninfo) {
  PQconninfoOption* options = PQconninfoParse(conninfo.c_str(), nullptr);
  if (options == nullptr) {  // libpq's message would quote it, and with it a password
    return Refuse(absl::StatusCode::kInvalidArgument, "STORE_CONNECTION_STRING_INVALID",
                  "the PostgreSQL connection string is not one");
  }
  PQconninfoFree(options);
  return std::make_unique<PostgresDatabase>(conninfo);
}

}  // namespace tandem::store
