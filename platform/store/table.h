// How a message type is kept in tables, found once by reflection.
//
// A table `orders` for message Order has a column per singular field, named as the field:
//   string -> TEXT; bytes -> BYTEA; bool, ints, enums -> BIGINT;
//   google.type.Money f -> f_micros BIGINT, f_currency TEXT;
//   google.type.Decimal f -> f_micros BIGINT;
//   tandem.type.v1.Quantity f -> f_micros BIGINT, f_unit TEXT;
//   google.protobuf.Timestamp f -> f_micros BIGINT;  google.type.Date f -> f_days BIGINT since
//   1970; any other message f -> its own columns, prefixed f_, and f_present BIGINT.
// A message that is absent has NULL in its columns. The field `etag` has no column; the column
// `version` BIGINT NOT NULL holds the entity's version. The key is the first field.
// A repeated field f is a child table `<table>_<f>` (that of a singular message m:
// `<table>_<m>_<f>`) with the columns parent TEXT, n BIGINT from 0 without a gap, and the element's
// own (a scalar's is `value`, an amount's `value_micros` and `value_currency`; a map's are `key`,
// `value`), primary key (parent, n). Repeated fields inside repeated ones, and fields marked
// `(tandem.options.v1.packed) = true`, are one BYTEA column: the message serialised (a repeated
// field's: a message with that field alone). In a table with `texts_in_row` a repeated string is
// one TEXT column, '["a","b"]'. A singular scalar has NULL only where the field has presence
// (`optional`, in a oneof) and is unset; else '' and 0. Versions begin at 1, also in rows that a
// migration makes. A key is given to one entity once: an erased one must not come back under its
// key if it has events. DdlOf prints all that, for writing a migration and for the test that holds
// the two together.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "platform/base/state.h"
#include "platform/store/database.h"

namespace tandem::store {

// A set of entities that is loaded as a whole. `ids_sql` is a SELECT of keys with one parameter $1,
// for example "SELECT parent FROM demands_lines WHERE product_id = $1 AND backordered_micros > 0".
// It must depend on the rows of this table and its children alone: those are what the lock keeps.
// A command that relies on the set being whole also looks up, for change, a row that everyone does
// who adds to the set (the product's stock): its lock is what keeps others' new members out.
struct SetSpec {
  std::string name;
  std::string ids_sql;
  // Only for hints, and of any tables: the ids are read without a lock, before the batch locks its
  // rows. So a row can be locked in its order that the request does not name ("the account of this
  // order"). Nobody may rely on what was found.
  bool ahead = false;
};

// A field that names a row of another table (or is empty).
struct Reference {
  std::string field;
  const google::protobuf::Descriptor* to;
};

// What of a table stays in memory, so that little is asked of the database.
enum class Remembered {
  kNot,
  // That a key has no row, by the writer: for what each command asks for and is nearly never there.
  kAbsence,
  // Rows, by the writer: while one is of the version that is known, its key and version are all
  // that is asked for with the lock, or checked by the commit. Not for tables whose rows are erased
  // and come again under their keys, nor for what is changed by anyone but writers.
  kByWriter,
  // And by readers, as they are sent: for what is read again and again.
  kByAll,
};

struct TableSpec {
  const google::protobuf::Descriptor* type;
  std::string table;
  std::vector<SetSpec> sets;
  // Lower is locked first. Tables that arbitrate (stock, accounts) come before what hangs on them.
  int lock_order = 100;
  Remembered remembered = Remembered::kNot;
  // Of a remembered row: what a command that names it will most likely look up as well. It is
  // loaded with it, which saves a round trip.
  std::vector<Reference> references = {};
  // Repeated texts (an address's lines) are a TEXT column of the row, a JSON array, and no child
  // tables: rows and statements fewer for what is never asked for line by line.
  bool texts_in_row = false;

  bool writer_remembers_rows() const {
    return remembered == Remembered::kByWriter || remembered == Remembered::kByAll;
  }
  bool readers_remember() const { return remembered == Remembered::kByAll; }
};

// The tables of one service.
class Schema {
 public:
  explicit Schema(std::vector<TableSpec> tables);
  ~Schema();
  const TableSpec* Find(const google::protobuf::Descriptor* type) const;
  const class TableMap& MapOf(const google::protobuf::Descriptor* type) const;
  const std::vector<TableSpec>& tables() const;

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

// CREATE TABLE statements for the specs, as a migration would have them.
std::string DdlOf(const Schema& schema);

// Compares the schema's tables and columns with the database's; the first difference as an error
// (FAILED_PRECONDITION SCHEMA_DIFFERS). Outside a transaction.
absl::Status CheckTables(Connection& connection, const Schema& schema);

}  // namespace tandem::store
