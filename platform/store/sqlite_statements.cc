#include "platform/store/sqlite_statements.h"

#include <cerrno>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "platform/base/status_macros.h"
#include "platform/base/text.h"
#include "platform/store/sql_text.h"

namespace tandem::store {
namespace {

Failure FailureOf(sqlite3* db, int code) {
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
      return Failure::kConstraint;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return Failure::kConflict;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return Failure::kFull;
    case SQLITE_IOERR:
      // A file that cannot grow is told as FULL where it is written, and so where it is mapped.
      return sqlite3_system_errno(db) == ENOSPC ? Failure::kFull : Failure::kUnavailable;
    case SQLITE_CANTOPEN:
    case SQLITE_INTERRUPT:
    case SQLITE_PERM:
      return Failure::kUnavailable;
    case SQLITE_READONLY:  // the plain code is a write on a connection for reading
      return code == SQLITE_READONLY ? Failure::kBug : Failure::kUnavailable;
    default:
      return Failure::kBug;
  }
}

// SQLite names a constraint in its message only: "UNIQUE constraint failed: t.a, t.b".
absl::string_view ConstraintIn(absl::string_view message) {
  constexpr absl::string_view kMark = " constraint failed: ";
  const size_t at = message.find(kMark);
  return at == absl::string_view::npos ? message : message.substr(at + kMark.size());
}

}  // namespace

absl::Status SqliteError(sqlite3* db, int statement) {
  const int code = sqlite3_extended_errcode(db);
  const Failure failure = FailureOf(db, code);
  const absl::string_view message = sqlite3_errmsg(db);
  return MakeError(failure, absl::StrCat("SQLite error ", code, ": ", message), statement,
                   failure == Failure::kConstraint ? ConstraintIn(message) : "");
}

absl::StatusOr<const SqliteStatements::Prepared*> SqliteStatements::Prepare(absl::string_view sql,
                                                                            int index) {
  if (auto it = prepared_.find(sql); it != prepared_.end()) return &it->second;
  if (prepared_.size() >= kMax) prepared_.clear();
  TANDEM_ASSIGN_OR_RETURN(const std::string text, SqliteStatement(sql));
  sqlite3_stmt* statement = nullptr;
  const char* tail = nullptr;
  if (sqlite3_prepare_v3(db_, text.data(), static_cast<int>(text.size()), SQLITE_PREPARE_PERSISTENT,
                         &statement, &tail) != SQLITE_OK) {
    return SqliteError(db_, index);
  }
  Prepared prepared;
  prepared.statement.reset(statement);
  const absl::string_view rest(tail, static_cast<size_t>(text.data() + text.size() - tail));
  if (statement == nullptr || !absl::StripAsciiWhitespace(rest).empty()) {
    return MakeError(Failure::kBug, "a query must be one statement", index);
  }
  prepared.parameters = sqlite3_bind_parameter_count(statement);
  prepared.columns = sqlite3_column_count(statement);
  prepared.reads_only = sqlite3_stmt_readonly(statement) != 0;
  return &prepared_.emplace(std::string(sql), std::move(prepared)).first->second;
}

absl::Status SqliteStatements::Bind(const Prepared& prepared, const Query& query, int index) {
  if (prepared.parameters != static_cast<int>(query.params.size())) {
    return MakeError(Failure::kBug,
                     absl::StrCat("a statement has ", prepared.parameters, " parameters and got ",
                                  query.params.size()),
                     index);
  }
  sqlite3_stmt* statement = prepared.statement.get();
  for (int i = 0; i < prepared.parameters; ++i) {
    const Value& value = query.params[static_cast<size_t>(i)];
    int code = SQLITE_OK;
    if (const auto* number = std::get_if<int64_t>(&value)) {
      code = sqlite3_bind_int64(statement, i + 1, *number);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      // PostgreSQL refuses both; a text that one database takes and the other does not is no text.
      if (std::memchr(text->data(), 0, text->size()) != nullptr || !Utf8Length(*text).has_value()) {
        return MakeError(Failure::kConstraint, "a text is not UTF-8 or has a zero byte", index);
      }
      code = sqlite3_bind_text64(statement, i + 1, text->data(), text->size(), SQLITE_STATIC,
                                 SQLITE_UTF8);
    } else if (const auto* bytes = std::get_if<Bytes>(&value)) {
      code = sqlite3_bind_blob64(statement, i + 1, bytes->data.data(), bytes->data.size(),
                                 SQLITE_STATIC);
    } else {
      code = sqlite3_bind_null(statement, i + 1);
    }
    if (code != SQLITE_OK) return SqliteError(db_, index);
  }
  return absl::OkStatus();
}

absl::Status SqliteStatements::ReadRow(const Prepared& prepared, int index, Row* row) {
  sqlite3_stmt* statement = prepared.statement.get();
  row->reserve(static_cast<size_t>(prepared.columns));
  for (int i = 0; i < prepared.columns; ++i) {
    switch (sqlite3_column_type(statement, i)) {
      case SQLITE_INTEGER:
        row->emplace_back(int64_t{sqlite3_column_int64(statement, i)});
        break;
      case SQLITE_TEXT: {
        const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
        row->emplace_back(
            std::string(data, static_cast<size_t>(sqlite3_column_bytes(statement, i))));
        break;
      }
      case SQLITE_BLOB: {
        const auto* data = static_cast<const char*>(sqlite3_column_blob(statement, i));
        const auto size = static_cast<size_t>(sqlite3_column_bytes(statement, i));
        row->emplace_back(Bytes{size == 0 ? std::string() : std::string(data, size)});
        break;
      }
      case SQLITE_NULL:
        row->emplace_back();
        break;
      default:
        return MakeError(Failure::kBug, "a column holds a floating-point number", index);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Result> SqliteStatements::Run(const Query& query, int index) {
  TANDEM_ASSIGN_OR_RETURN(const Prepared* prepared, Prepare(query.sql, index));
  sqlite3_stmt* statement = prepared->statement.get();
  absl::Status status = Bind(*prepared, query, index);
  Result result;
  while (status.ok()) {
    const int code = sqlite3_step(statement);
    if (code == SQLITE_DONE) break;
    if (code == SQLITE_ROW) {
      status = ReadRow(*prepared, index, &result.rows.emplace_back());
    } else {
      status = SqliteError(db_, index);
    }
  }
  if (status.ok() && !prepared->reads_only) result.affected = sqlite3_changes64(db_);
  sqlite3_reset(statement);
  if (!status.ok()) return status;
  return result;
}

}  // namespace tandem::store
