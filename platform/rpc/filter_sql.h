// A filter as an SQL condition, the same text for PostgreSQL and SQLite: no casts, arrays or ILIKE.
// It selects exactly the rows whose messages pass Matches, given columns as field_path.h says,
// bytes compared as bytes (collation "C"), and on SQLite `PRAGMA case_sensitive_like = ON`.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "platform/rpc/field_path.h"
#include "platform/rpc/filter.h"

namespace tandem::rpc {

struct FilterSql {
  // A whole condition that stands behind AND as it is; "1 = 1" for the empty filter. Values of
  // requests are never in it, only their lengths.
  std::string text;
  // The values of $first, $first + 1, ...
  std::vector<SqlValue> values;
  // The number of the next free parameter.
  int next = 0;
};

// FILTER_NOT_SUPPORTED where `columns` has none for a field. INTERNAL where it gives a column of
// another kind than the field's: a defect of the service.
absl::StatusOr<FilterSql> ToSql(const Filter& filter, const ColumnMapper& columns, int first = 1);

}  // namespace tandem::rpc
