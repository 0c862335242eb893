// A field of a resource as filters and orders name it ("total", "ship_to.city"), typed against the
// message's descriptor, and the database column that stands for it. Both read the same values: what
// ReadField gives for a message is what the column holds for its row.
#pragma once

#include <absl/strings/string_view.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace tandem::rpc {

// How a value is stored and compared. Bools are 0 and 1, enums their numbers, Money, Decimal and
// Quantity micros, a Timestamp microseconds since 1970, a Date days since 1970; text is compared
// byte by byte, so a PostgreSQL database must have the collation "C".
enum class ColumnKind { kText, kInt, kBool, kEnum, kMicros, kTimeMicros, kDateDays };

// What a query parameter holds. A column of any kind but kText takes the integer.
using SqlValue = std::variant<int64_t, std::string>;

// The column for a field. `sql` is trusted text from the service's code, never from a request.
struct ColumnRef {
  std::string sql;
  ColumnKind kind = ColumnKind::kText;
  // Whether the column is NULL where the field is absent. If false, an absent field reads as 0 or
  // ''.
  bool nullable = true;
  // For a field below a repeated one: an EXISTS over the child table with "{}" where the condition
  // goes, as in "EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = o.id AND {})".
  std::string within = {};
};

// The column for a path in its normal form; none if the service does not filter or order by it.
using ColumnMapper = std::function<std::optional<ColumnRef>(absl::string_view path)>;

struct FieldPath {
  // The normal form: what was written, without the `.value` of a Decimal or Quantity.
  std::string path;
  // From the resource down to the field that holds the value.
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  ColumnKind kind = ColumnKind::kText;
  // A plain message or a map: it can be there or not (`:*`), and has no value to compare.
  bool presence_only = false;
  // A repeated field is on the way: it has any number of values.
  bool repeated = false;
  // Whether absent differs from 0 and "".
  bool has_presence = false;
};

// Longer paths than this name nothing in our resources; it bounds the walk through recursive types.
inline constexpr int kFieldPathMaxSegments = 16;

struct ResolvedField {
  std::optional<FieldPath> field;
  // Why there is none, for people; `unknown` tells a wrong name from a field of an unfit type.
  std::string problem;
  bool unknown = false;
};
ResolvedField ResolveField(const google::protobuf::Descriptor& type, absl::string_view path);

// The values at the path: none if absent, one, or many below a repeated field. A value that is
// malformed (a Date of 31 February) or does not fit counts as absent. Not for presence_only paths.
std::vector<SqlValue> ReadField(const FieldPath& field, const google::protobuf::Message& message);
// Whether something is there: a set field with presence, any other that is not 0 or empty.
bool IsPresent(const FieldPath& field, const google::protobuf::Message& message);

}  // namespace tandem::rpc
