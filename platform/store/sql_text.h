// The few words in which the two databases' SQL differs, rewritten by their drivers so that every
// other file has one text. String literals, quoted names and comments are left as they are.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tandem::store {

// A statement for SQLite: `$n` becomes `?n` (SQLite numbers `$n` by first appearance), `FOR UPDATE
// [OF t]` goes, BYTEA is BLOB. `::`, which SQLite would read as part of a parameter's name, is
// refused.
absl::StatusOr<std::string> SqliteStatement(absl::string_view sql);

// A migration for SQLite: BYTEA is BLOB; BIGINT is INTEGER, so that a BIGINT key is the row's own
// address; `WITH (fillfactor = …)` goes; tables are STRICT, so that a column holds its type and
// arithmetic beyond 64 bits is an error, as in PostgreSQL, and not a floating-point number.
std::string SqliteScript(absl::string_view script);

// A migration for PostgreSQL: the TEXT columns of tables compare by bytes (COLLATE "C"), as
// SQLite's do, whatever the database was created with: the same order everywhere, LIKE served by
// indexes, and no index broken by a new libc's collation.
std::string PostgresScript(absl::string_view script);

}  // namespace tandem::store
