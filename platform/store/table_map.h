// One entity type in its tables: the columns, and the text of every statement that reads or writes
// them. Made once with the Schema; immutable.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "platform/store/columns.h"
#include "platform/store/table.h"

namespace tandem::store {

// A statement costs much more than a row in it: so there is one for each of these numbers of rows,
// and a batch is written and looked up in few of them.
inline constexpr std::array<size_t, 6> kSizes = {1, 2, 4, 8, 16, 64};

// The versions of so many keys of a table or fewer are asked for together with other tables'.
inline constexpr size_t kFewKeys = 8;

// How many of `rest` rows (1 or more) the next statement writes: as many as one is for.
size_t NextRows(size_t rest);
// How many keys the next statement that looks up `rest` keys has; beyond `rest` the last is
// repeated, which costs less than another statement.
size_t NextKeys(size_t rest);

// One statement for each size.
class BySize {
 public:
  BySize() = default;
  explicit BySize(const std::function<std::string(size_t rows)>& text);
  const std::string& For(size_t rows) const;  // one of kSizes

 private:
  std::array<std::string, kSizes.size()> texts_;
};

class TableMap {
 public:
  // A child table: parent, n (from 0, without a gap) and the element's columns.
  struct Child {
    RepeatedField repeated;
    std::string table;
    Columns columns;
    BySize select;                  // parent, n, columns; by parents, in order of parent and n
    std::vector<std::string> sets;  // the same for the parents of a set
    BySize insert;
    BySize upsert;
    std::string erase_from;  // those of parent $1 from n = $2
  };

  explicit TableMap(const TableSpec& spec);

  const TableSpec& spec() const { return spec_; }
  const Columns& columns() const { return columns_; }
  const std::vector<Child>& children() const { return children_; }
  const std::string& key() const { return columns_.list()[0].name; }
  // The spec's references: where the key is, and whose it is.
  const std::vector<
      std::pair<const google::protobuf::FieldDescriptor*, const google::protobuf::Descriptor*>>&
  references() const {
    return references_;
  }
  int SetIndex(absl::string_view name) const;  // -1 when there is none of that name
  // Key and version by keys, locked in the order of the keys; parameters from `first` on.
  std::string LockVersions(size_t first, size_t keys) const;

  // Columns in order, then version.
  BySize select;                      // by keys
  BySize lock;                        // the same, locked
  BySize lock_versions;               // key and version by keys, locked: LockVersions
  std::vector<std::string> set_ids;   // as the spec has it
  std::vector<std::string> set_rows;  // locked
  std::string list_head;              // SELECT columns, version FROM table
  BySize insert;
  BySize update;  // columns, new version, key, old version; those with another version stay
  // The same as a query that fails, dividing by zero, where a row had another version. PostgreSQL.
  BySize update_or_fail;
  std::string erase;  // key, old version

 private:
  std::string Update(size_t rows) const;

  TableSpec spec_;
  std::vector<RepeatedField> repeated_;
  Columns columns_;
  std::vector<Child> children_;
  std::vector<
      std::pair<const google::protobuf::FieldDescriptor*, const google::protobuf::Descriptor*>>
      references_;
};

// The owner message of a repeated field within an entity; null where one on the way is absent.
const google::protobuf::Message* OwnerOf(const RepeatedField& repeated,
                                         const google::protobuf::Message& entity);
google::protobuf::Message* MutableOwnerOf(const RepeatedField& repeated,
                                          google::protobuf::Message* entity);

// The encoded elements of a child table of an entity, by n.
absl::StatusOr<std::vector<std::vector<Value>>> EncodeChildren(
    const TableMap::Child& child, const google::protobuf::Message& entity);

}  // namespace tandem::store
