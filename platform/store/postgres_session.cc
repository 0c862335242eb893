#include "platform/store/postgres_session.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "platform/base/check.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"

namespace tandem::store {
namespace {

// Defaults that a connection string may override. TCP notices a peer that is gone within seconds,
// on both sides (see kSettings); writers go to the server that takes writes.
struct Default {
  const char* keyword;
  const char* value;
};
constexpr Default kDefaults[] = {
    {"application_name", "tandem"}, {"connect_timeout", "5"},     {"keepalives", "1"},
    {"keepalives_idle", "5"},       {"keepalives_interval", "1"}, {"keepalives_count", "3"},
    {"tcp_user_timeout", "5000"},
};

// The times in order: a lock is given up before its statement, a statement before its call
// (postgres.cc), so that the server still answers why.
constexpr char kSettings[] =
    "SELECT current_setting('fsync'), current_setting('full_page_writes'),"
    " current_setting('synchronous_commit'), current_setting('server_encoding'),"
    " set_config('lock_timeout', '4s', false), set_config('statement_timeout', '10s', false),"
    " set_config('idle_in_transaction_session_timeout', '10s', false),"
    " set_config('client_connection_check_interval', '2s', false),"
    " set_config('tcp_keepalives_idle', '5', false),"
    " set_config('tcp_keepalives_interval', '1', false),"
    " set_config('tcp_keepalives_count', '3', false),"
    " set_config('tcp_user_timeout', '5s', false), set_config('jit', 'off', false)";
// A statement that was prepared on an empty table would scan it for as long as it lives.
constexpr char kWriterSettings[] =
    ", set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', false),"
    " set_config('enable_mergejoin', 'off', false),"
    " set_config('default_transaction_isolation', 'read committed', false)";
constexpr char kReaderSettings[] =
    ", set_config('default_transaction_isolation', 'repeatable read', false),"
    " set_config('default_transaction_read_only', 'on', false)";
constexpr absl::Duration kSetUpPatience = absl::Seconds(5);

absl::string_view Field(const PGresult* result, int field) {
  const char* text = PQresultErrorField(result, field);
  return text == nullptr ? absl::string_view() : text;
}

Failure FailureOf(absl::string_view state, bool stale_plan) {
  const auto in = [state](absl::string_view prefix) { return absl::StartsWith(state, prefix); };
  if (stale_plan || in("40") || state == "55P03") return Failure::kConflict;
  // 54: a key too long for an index, for example; the statement's data is at fault there as well.
  if (in("22") || in("23") || in("54")) return Failure::kConstraint;
  if (in("53")) return Failure::kFull;
  // 57014 is our statement_timeout; 58 the server's disk; 26 a server that forgot our statements.
  if (in("08") || in("57") || in("58") || in("26")) return Failure::kUnavailable;
  return Failure::kBug;
}

// A violated constraint's name; for NOT NULL, which has none, the table and column.
std::string ConstraintIn(const PGresult* result) {
  const absl::string_view name = Field(result, PG_DIAG_CONSTRAINT_NAME);
  if (!name.empty()) return std::string(name);
  const absl::string_view column = Field(result, PG_DIAG_COLUMN_NAME);
  if (column.empty()) return "";
  return absl::StrCat(Field(result, PG_DIAG_TABLE_NAME), ".", column);
}

}  // namespace

PostgresFault FaultOf(const PGresult* result, int index) {
  PostgresFault fault;
  const absl::string_view state = Field(result, PG_DIAG_SQLSTATE);
  if (state.empty()) {  // made by libpq itself: the connection broke
    fault.status = MakeError(Failure::kUnavailable, "the connection to PostgreSQL broke", index);
    fault.fatal = true;
    return fault;
  }
  fault.fatal = Field(result, PG_DIAG_SEVERITY_NONLOCALIZED) != "ERROR";
  fault.stale_plan =
      state == "0A000" && Field(result, PG_DIAG_SOURCE_FUNCTION) == "RevalidateCachedQuery";
  const Failure failure = fault.fatal ? Failure::kUnavailable : FailureOf(state, fault.stale_plan);
  std::string message = absl::StrCat("PostgreSQL error ", state);
  // Messages of class 22 quote the value at fault.
  if (!absl::StartsWith(state, "22")) {
    absl::StrAppend(&message, ": ", Field(result, PG_DIAG_MESSAGE_PRIMARY));
  }
  fault.status = MakeError(failure, message, index,
                           failure == Failure::kConstraint ? ConstraintIn(result) : "");
  return fault;
}

absl::StatusOr<std::unique_ptr<PostgresSession>> PostgresSession::Open(const std::string& conninfo,
                                                                       Purpose purpose) {
  std::vector<const char*> keywords, values;
  for (const Default& entry : kDefaults) {
    keywords.push_back(entry.keyword);
    values.push_back(entry.value);
  }
  if (purpose == Purpose::kWrite) {
    keywords.push_back("target_session_attrs");
    values.push_back("read-write");
  }
  keywords.insert(keywords.end(), {"dbname", "client_encoding", nullptr});
  values.insert(values.end(), {conninfo.c_str(), "UTF8", nullptr});
  std::unique_ptr<PostgresSession> session(
      new PostgresSession(PQconnectdbParams(keywords.data(), values.data(), /*expand_dbname=*/1)));
  PGconn* connection = session->connection_.get();
  if (connection == nullptr) return MakeError(Failure::kFull, "out of memory");
  if (PQstatus(connection) != CONNECTION_OK) {
    return MakeError(Failure::kUnavailable, absl::StripAsciiWhitespace(PQerrorMessage(connection)));
  }
  // Notices are nobody's business, but for the farewell of a server that ends an idle session.
  const auto receive = [](void* lost, const PGresult* notice) {
    if (Field(notice, PG_DIAG_SEVERITY_NONLOCALIZED) == "FATAL") *static_cast<bool*>(lost) = true;
  };
  PQsetNoticeReceiver(connection, receive, &session->lost_);
  if (PQsetnonblocking(connection, 1) != 0 || PQenterPipelineMode(connection) != 1) {
    return MakeError(Failure::kUnavailable, "the connection to PostgreSQL broke");
  }
  TANDEM_RETURN_IF_ERROR(session->SetUp(purpose));
  return session;
}

absl::Status PostgresSession::SetUp(Purpose purpose) {
  const absl::Time deadline = absl::Now() + kSetUpPatience;
  const std::string sql =
      absl::StrCat(kSettings, purpose == Purpose::kWrite ? kWriterSettings : kReaderSettings);
  if (PQsendQueryParams(connection_.get(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0) !=
      1) {
    return Lose("cannot send");
  }
  TANDEM_RETURN_IF_ERROR(SendSync());
  TANDEM_ASSIGN_OR_RETURN(const PostgresResult result, Receive(deadline));
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) return FaultOf(result.get(), -1).status;
  TANDEM_RETURN_IF_ERROR(ReceiveSync(deadline));
  for (int i = 0; i < 3; ++i) {
    if (absl::string_view(PQgetvalue(result.get(), 0, i)) != "off") continue;
    constexpr absl::string_view kNames[] = {"fsync", "full_page_writes", "synchronous_commit"};
    return Refuse(
        absl::StatusCode::kFailedPrecondition, "STORE_NOT_DURABLE",
        absl::StrCat("PostgreSQL runs with ", kNames[i], " = off and may lose what it committed"));
  }
  if (absl::string_view(PQgetvalue(result.get(), 0, 3)) != "UTF8") {
    return Refuse(absl::StatusCode::kFailedPrecondition, "STORE_NOT_UTF8",
                  "the PostgreSQL database's encoding is not UTF8");
  }
  return absl::OkStatus();
}

absl::Status PostgresSession::Lose(absl::string_view why) {
  lost_ = true;
  const absl::string_view said = absl::StripAsciiWhitespace(PQerrorMessage(connection_.get()));
  return MakeError(Failure::kUnavailable,
                   absl::StrCat("PostgreSQL: ", why, said.empty() ? "" : ": ", said));
}

bool PostgresSession::Alive() {
  // What came unasked (a farewell, notifications) is read first, the end of the stream after it.
  // In a pipeline libpq leaves it unread until the next answer.
  for (int i = 0; i < 8 && !lost_; ++i) {
    pollfd poll{PQsocket(connection_.get()), POLLIN, 0};
    if (::poll(&poll, 1, 0) <= 0) break;
    if (PQexitPipelineMode(connection_.get()) != 1 || PQconsumeInput(connection_.get()) != 1) {
      lost_ = true;
      break;
    }
    PQisBusy(connection_.get());  // parses what was read
    if (PQenterPipelineMode(connection_.get()) != 1) lost_ = true;
  }
  if (PQstatus(connection_.get()) != CONNECTION_OK) lost_ = true;
  return !lost_;
}

bool PostgresSession::InTransaction() const {
  return PQtransactionStatus(connection_.get()) != PQTRANS_IDLE;
}

absl::StatusOr<bool> PostgresSession::Pump(absl::Time deadline) {
  const int unsent = PQflush(connection_.get());
  if (unsent < 0) return Lose("cannot send");
  pollfd poll{PQsocket(connection_.get()), static_cast<short>(unsent ? POLLIN | POLLOUT : POLLIN),
              0};
  const absl::Duration left =
      std::clamp(deadline - absl::Now(), absl::ZeroDuration(), absl::Minutes(1));
  // Rounded up: the last part of a millisecond is waited for, not spun through.
  const int count =
      ::poll(&poll, 1, static_cast<int>(absl::ToInt64Milliseconds(left + absl::Milliseconds(1))));
  if (count < 0 && errno != EINTR) return Lose("cannot wait");
  if (count <= 0) return absl::Now() < deadline;
  if ((poll.revents & ~POLLOUT) != 0 && PQconsumeInput(connection_.get()) != 1) {
    return Lose("the connection broke");
  }
  return true;
}

absl::Status PostgresSession::Flush(absl::Time deadline) {
  queued_ = 0;
  while (PQflush(connection_.get()) == 1) {
    TANDEM_ASSIGN_OR_RETURN(const bool in_time, Pump(deadline));
    if (!in_time) return Lose("no answer in time");
  }
  return absl::OkStatus();
}

absl::StatusOr<PostgresResult> PostgresSession::Next(absl::Time deadline) {
  while (PQisBusy(connection_.get())) {
    TANDEM_ASSIGN_OR_RETURN(const bool in_time, Pump(deadline));
    if (!in_time) return Lose("no answer in time");
  }
  return PostgresResult(PQgetResult(connection_.get()));
}

absl::StatusOr<PostgresResult> PostgresSession::Receive(absl::Time deadline) {
  TANDEM_ASSIGN_OR_RETURN(PostgresResult result, Next(deadline));
  if (result == nullptr) return Lose("an answer is missing");
  if (PQresultStatus(result.get()) == PGRES_FATAL_ERROR && FaultOf(result.get(), -1).fatal) {
    lost_ = true;  // its NULL may never come
    return result;
  }
  TANDEM_ASSIGN_OR_RETURN(const PostgresResult end, Next(deadline));
  if (end != nullptr) return Lose("an answer is not what was asked for");
  return result;
}

absl::Status PostgresSession::ReceiveSync(absl::Time deadline) {
  TANDEM_ASSIGN_OR_RETURN(const PostgresResult result, Next(deadline));
  if (PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC) return absl::OkStatus();
  return Lose("an answer is not what was asked for");
}

absl::Status PostgresSession::SendSync() {
  return PQpipelineSync(connection_.get()) == 1 ? absl::OkStatus() : Lose("cannot send");
}

absl::Status PostgresSession::Push() {
  return PQflush(connection_.get()) < 0 ? Lose("cannot send") : absl::OkStatus();
}

bool PostgresSession::Knows(absl::Span<const Query> queries) const {
  return std::all_of(queries.begin(), queries.end(),
                     [this](const Query& query) { return prepared_.contains(query.sql); });
}

absl::Status PostgresSession::Send(const Statement& statement, const PostgresParameters& parameters,
                                   absl::Time deadline) {
  if (PQsendQueryPrepared(connection_.get(), statement.name.c_str(), parameters.count(),
                          parameters.pointers(), parameters.lengths(), parameters.formats(),
                          /*resultFormat=*/1) != 1) {
    return Lose("cannot send");
  }
  for (int i = 0; i < parameters.count(); ++i) {
    queued_ += static_cast<size_t>(parameters.lengths()[i]);
  }
  return queued_ > kQueuedMax ? Flush(deadline) : absl::OkStatus();
}

absl::Status PostgresSession::Prepare(absl::Span<const Query> queries, absl::Time deadline,
                                      Statements* statements) {
  statements->clear();
  statements->reserve(queries.size());
  for (const Query& query : queries) {
    auto it = prepared_.find(query.sql);
    if (it == prepared_.end()) {
      TANDEM_RETURN_IF_ERROR(PrepareNew(queries, deadline));
      it = prepared_.find(query.sql);
    }
    statements->push_back(&it->second);
  }
  return absl::OkStatus();
}

absl::Status PostgresSession::PrepareNew(absl::Span<const Query> queries, absl::Time deadline) {
  struct Wanted {
    std::string sql, name;
    int index;
  };
  std::vector<Wanted> wanted;
  for (size_t i = 0; i < queries.size(); ++i) {
    const absl::string_view sql = queries[i].sql;
    if (prepared_.contains(sql)) continue;
    const auto same = [sql](const Wanted& other) { return other.sql == sql; };
    if (std::any_of(wanted.begin(), wanted.end(), same)) continue;
    wanted.push_back({std::string(sql), absl::StrCat("t", ++names_), static_cast<int>(i)});
  }
  for (const Wanted& statement : wanted) {
    const char* name = statement.name.c_str();
    if (PQsendPrepare(connection_.get(), name, statement.sql.c_str(), 0, nullptr) != 1 ||
        PQsendDescribePrepared(connection_.get(), name) != 1) {
      return Lose("cannot send");
    }
  }
  TANDEM_RETURN_IF_ERROR(SendSync());
  absl::Status first;
  for (Wanted& statement : wanted) {
    for (const bool described : {false, true}) {
      TANDEM_ASSIGN_OR_RETURN(const PostgresResult result, Receive(deadline));
      const ExecStatusType status = PQresultStatus(result.get());
      if (status == PGRES_PIPELINE_ABORTED) continue;
      if (status != PGRES_COMMAND_OK) {
        const PostgresFault fault = FaultOf(result.get(), statement.index);
        if (fault.fatal) return fault.status;
        first.Update(fault.status);
      } else if (described) {
        Statement prepared{statement.name, {}};
        for (int i = 0; i < PQnparams(result.get()); ++i) {
          prepared.types.push_back(PQparamtype(result.get(), i));
        }
        prepared_.emplace(std::move(statement.sql), std::move(prepared));
      }
    }
  }
  TANDEM_RETURN_IF_ERROR(ReceiveSync(deadline));
  return first;
}

absl::Status PostgresSession::ForgetPrepared(absl::Time deadline) {
  prepared_.clear();
  return RunScript("DEALLOCATE ALL", deadline);
}

absl::Status PostgresSession::RunScript(const std::string& script, absl::Time deadline) {
  // A text of several statements goes by the simple protocol, which a pipeline has not.
  if (PQexitPipelineMode(connection_.get()) != 1 ||
      PQsendQuery(connection_.get(), script.c_str()) != 1) {
    return Lose("cannot send");
  }
  absl::Status first;
  while (true) {
    TANDEM_ASSIGN_OR_RETURN(const PostgresResult result, Next(deadline));
    if (result == nullptr) break;
    if (PQresultStatus(result.get()) != PGRES_FATAL_ERROR) continue;
    const PostgresFault fault = FaultOf(result.get(), -1);
    first.Update(fault.status);
    if (fault.fatal) {
      lost_ = true;
      return first;
    }
  }
  if (PQenterPipelineMode(connection_.get()) != 1) return Lose("the connection broke");
  return first;
}

absl::Status PostgresSession::WaitNotified(std::set<std::string>* channels, absl::Time deadline) {
  bool in_time = true;
  while (true) {
    while (PGnotify* notify = PQnotifies(connection_.get())) {
      channels->insert(notify->relname);
      PQfreemem(notify);
    }
    if (!channels->empty() || !in_time) return absl::OkStatus();
    TANDEM_ASSIGN_OR_RETURN(in_time, Pump(deadline));
  }
}

}  // namespace tandem::store
