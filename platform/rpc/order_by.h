// The `order_by` of list methods (AIP-132: "total desc, place_time"), made total by the resource's
// id, and the SQL that reads the next page behind a row (keyset paging: rows that come and go
// between two pages shift nothing).
//
// The id takes the direction of the last field named, so that an index on (field, id) serves both
// directions. What stands behind the id in `order_by` orders nothing and is dropped. An absent
// value comes first, as the least one: text as '', numbers, times and dates as kAbsentNumber.
//
// Refused, INVALID_ARGUMENT about `order_by`: ORDER_BY_TOO_LONG, ORDER_BY_SYNTAX,
// ORDER_BY_TOO_MANY_FIELDS, ORDER_BY_FIELD_UNKNOWN, ORDER_BY_FIELD_TWICE, ORDER_BY_NOT_SUPPORTED.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "platform/rpc/field_path.h"
#include "platform/rpc/filter_sql.h"

namespace tandem::rpc {

// The keyset condition grows with the square of the fields, the page token with each.
inline constexpr int kOrderByMaxFields = 8;
// Eight paths of sixty bytes; more is no order but an attack.
inline constexpr size_t kOrderByMaxBytes = 512;
// Stands for NULL in orders by number. Not the least int64: PostgreSQL reads that as a numeric.
inline constexpr int64_t kAbsentNumber = -std::numeric_limits<int64_t>::max();

struct OrderTerm {
  FieldPath field;
  std::string sql;  // the column; where it may be NULL, COALESCE(column, least value)
  bool nullable = false;
  bool descending = false;
};

class OrderBy {
 public:
  // `id` is the path of the resource's unique field; `columns` must know it.
  static absl::StatusOr<OrderBy> Parse(absl::string_view text,
                                       const google::protobuf::Descriptor& type,
                                       const ColumnMapper& columns, absl::string_view id = "id");

  const std::vector<OrderTerm>& terms() const { return terms_; }

  // What stands behind ORDER BY.
  std::string Sql() const;
  // The condition "behind the row with these values": one for each term, of its kind.
  // PAGE_TOKEN_INVALID if they are not, which a token of another query's shape would bring.
  absl::StatusOr<FilterSql> After(const std::vector<SqlValue>& cursor, int first = 1) const;
  // The values of a row, from its message: the last row's go into the page token.
  std::vector<SqlValue> CursorOf(const google::protobuf::Message& message) const;
  // The same text for orders that are the same; goes into the query hash of page tokens.
  std::string Canonical() const;

 private:
  std::vector<OrderTerm> terms_;
};

}  // namespace tandem::rpc
