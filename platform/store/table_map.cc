#include "platform/store/table_map.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "platform/base/check.h"
#include "platform/base/status_macros.h"

namespace tandem::store {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Quoted, because a field may be named as a word of SQL is ("order", "user").
std::string Quoted(absl::string_view name) { return absl::StrCat("\"", name, "\""); }

std::string NamesOf(const Columns& columns) {
  return absl::StrJoin(columns.list(), ", ", [](std::string* out, const Columns::Column& column) {
    absl::StrAppend(out, Quoted(column.name));
  });
}

// "$1, $2, … $n", beginning anywhere.
std::string Parameters(size_t first, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) absl::StrAppend(&out, i == 0 ? "$" : ", $", first + i);
  return out;
}

std::string Tuples(size_t first, size_t rows, size_t width) {
  std::string out;
  for (size_t row = 0; row < rows; ++row) {
    absl::StrAppend(&out, row == 0 ? "(" : ", (", Parameters(first + row * width, width), ")");
  }
  return out;
}

BySize ByKeys(absl::string_view head, absl::string_view key, absl::string_view tail) {
  return BySize([&](size_t n) {
    return absl::StrCat(head, " WHERE ", key, " IN (", Parameters(1, n), ")", tail);
  });
}

BySize Inserts(absl::string_view table, absl::string_view names, size_t width,
               absl::string_view tail) {
  return BySize([&](size_t n) {
    return absl::StrCat("INSERT INTO ", table, " (", names, ") VALUES ", Tuples(1, n, width), tail);
  });
}

void CheckNames(absl::string_view table, const Columns& columns,
                std::initializer_list<absl::string_view> taken) {
  std::set<absl::string_view> names(taken);
  for (const Columns::Column& column : columns.list()) {
    TANDEM_CHECK(names.insert(column.name).second,
                 absl::StrCat("table ", table, " would have two columns ", column.name));
  }
}

TableMap::Child ChildOf(const TableSpec& spec, const RepeatedField& repeated) {
  TableMap::Child child{repeated,
                        absl::StrCat(spec.table, "_", repeated.name),
                        Columns::OfElement(repeated.field),
                        {},
                        {},
                        {},
                        {},
                        {}};
  CheckNames(child.table, child.columns, {"parent", "n"});
  const std::string names = absl::StrCat("\"parent\", \"n\"", child.columns.size() == 0 ? "" : ", ",
                                         NamesOf(child.columns));
  const std::string head = absl::StrCat("SELECT ", names, " FROM ", child.table);
  constexpr absl::string_view kOrder = " ORDER BY \"parent\", \"n\"";
  child.select = ByKeys(head, "\"parent\"", kOrder);
  for (const SetSpec& set : spec.sets) {
    child.sets.push_back(absl::StrCat(head, " WHERE \"parent\" IN (", set.ids_sql, ")", kOrder));
  }
  std::string replace;
  for (const Columns::Column& column : child.columns.list()) {
    absl::StrAppend(&replace, replace.empty() ? " DO UPDATE SET " : ", ", Quoted(column.name),
                    " = excluded.", Quoted(column.name));
  }
  if (replace.empty()) replace = " DO NOTHING";
  child.insert = Inserts(child.table, names, child.columns.size() + 2, "");
  child.upsert = Inserts(child.table, names, child.columns.size() + 2,
                         absl::StrCat(" ON CONFLICT (\"parent\", \"n\")", replace));
  child.erase_from =
      absl::StrCat("DELETE FROM ", child.table, " WHERE \"parent\" = $1 AND \"n\" >= $2");
  return child;
}

}  // namespace

size_t NextRows(size_t rest) {
  size_t rows = 1;
  for (const size_t size : kSizes) {
    if (size <= rest) rows = size;
  }
  return rows;
}

size_t NextKeys(size_t rest) {
  constexpr size_t kMost = kSizes.back(), kMany = kSizes[kSizes.size() - 2];
  if (rest >= kMost - kMany) return kMost;
  for (const size_t size : kSizes) {
    if (size >= rest || size == kMany) return size;
  }
  return kMost;
}

BySize::BySize(const std::function<std::string(size_t rows)>& text) {
  for (size_t i = 0; i < kSizes.size(); ++i) texts_[i] = text(kSizes[i]);
}

const std::string& BySize::For(size_t rows) const {
  size_t i = 0;
  while (kSizes[i] != rows) ++i;
  return texts_[i];
}

TableMap::TableMap(const TableSpec& spec)
    : spec_(spec),
      columns_(Columns::OfMessage(spec.type, /*skip_etag=*/true, &repeated_, spec.texts_in_row)) {
  TANDEM_CHECK(columns_.size() > 0 && columns_.list()[0].name == spec.type->field(0)->name() &&
                   columns_.list()[0].type == "TEXT",
               absl::StrCat(spec.type->full_name(), ": the first field must be its text key"));
  CheckNames(spec.table, columns_, {"version"});
  const std::string names = absl::StrCat(NamesOf(columns_), ", \"version\"");
  const std::string key_name = Quoted(key());
  list_head = absl::StrCat("SELECT ", names, " FROM ", spec.table);
  const std::string order = absl::StrCat(" ORDER BY ", key_name);
  select = ByKeys(list_head, key_name, "");
  lock = ByKeys(list_head, key_name, absl::StrCat(order, " FOR UPDATE"));
  lock_versions = BySize([this](size_t n) { return LockVersions(1, n); });
  for (const SetSpec& set : spec.sets) {
    set_ids.push_back(set.ids_sql);
    set_rows.push_back(absl::StrCat(list_head, " WHERE ", key_name, " IN (", set.ids_sql, ")",
                                    order, " FOR UPDATE"));
  }
  const size_t width = columns_.size() + 1;
  insert = Inserts(spec.table, names, width, "");
  update = BySize([this](size_t n) { return Update(n); });
  update_or_fail = BySize([this](size_t n) {
    return absl::StrCat("WITH changed AS (", update.For(n), " RETURNING 1) SELECT 1 / (count(*) / ",
                        n, ") FROM changed");
  });
  erase =
      absl::StrCat("DELETE FROM ", spec.table, " WHERE ", key_name, " = $1 AND \"version\" = $2");
  for (const RepeatedField& repeated : repeated_) children_.push_back(ChildOf(spec_, repeated));
  for (const Reference& reference : spec.references) {
    const FieldDescriptor* field = spec.type->FindFieldByName(reference.field);
    TANDEM_CHECK(field != nullptr && !field->is_repeated() &&
                     field->type() == FieldDescriptor::TYPE_STRING && spec.writer_remembers_rows(),
                 absl::StrCat(spec.type->full_name(), ".", reference.field, " refers to nothing"));
    references_.emplace_back(field, reference.to);
  }
}

// Of many rows the first one says the types, which a list of values has not of itself.
std::string TableMap::Update(size_t rows) const {
  const size_t width = columns_.size() + 3;
  const auto value = [rows](size_t i) { return absl::StrCat(rows == 1 ? "$" : "v.column", i); };
  std::string out = absl::StrCat("UPDATE ", spec_.table, " SET ");
  for (size_t i = 0; i < columns_.size(); ++i) {
    absl::StrAppend(&out, Quoted(columns_.list()[i].name), " = ", value(i + 1), ", ");
  }
  absl::StrAppend(&out, "\"version\" = ", value(width - 2));
  if (rows > 1) {
    std::string first;
    for (size_t i = 0; i < width; ++i) {
      const absl::string_view type = i < columns_.size() ? columns_.list()[i].type
                                     : i == width - 2    ? columns_.list()[0].type
                                                         : "BIGINT";
      absl::StrAppend(&first, i == 0 ? "" : ", ", "CAST($", i + 1, " AS ", type, ")");
    }
    absl::StrAppend(&out, " FROM (VALUES (", first, "), ", Tuples(width + 1, rows - 1, width),
                    ") v");
  }
  absl::StrAppend(&out, " WHERE ", spec_.table, ".", Quoted(key()), " = ", value(width - 1),
                  " AND ", spec_.table, ".\"version\" = ", value(width));
  return out;
}

std::string TableMap::LockVersions(size_t first, size_t keys) const {
  const std::string name = Quoted(key());
  return absl::StrCat("SELECT ", name, ", \"version\" FROM ", spec_.table, " WHERE ", name, " IN (",
                      Parameters(first, keys), ") ORDER BY ", name, " FOR UPDATE");
}

int TableMap::SetIndex(absl::string_view name) const {
  for (size_t i = 0; i < spec_.sets.size(); ++i) {
    if (spec_.sets[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

const Message* OwnerOf(const RepeatedField& repeated, const Message& entity) {
  const Message* owner = &entity;
  for (const FieldDescriptor* step : repeated.path) {
    if (!owner->GetReflection()->HasField(*owner, step)) return nullptr;
    owner = &owner->GetReflection()->GetMessage(*owner, step);
  }
  return owner;
}

Message* MutableOwnerOf(const RepeatedField& repeated, Message* entity) {
  for (const FieldDescriptor* step : repeated.path) {
    entity = entity->GetReflection()->MutableMessage(entity, step);
  }
  return entity;
}

absl::StatusOr<std::vector<std::vector<Value>>> EncodeChildren(const TableMap::Child& child,
                                                               const Message& entity) {
  std::vector<std::vector<Value>> rows;
  const Message* owner = OwnerOf(child.repeated, entity);
  if (owner == nullptr) return rows;
  const FieldDescriptor* field = child.repeated.field;
  const int n = owner->GetReflection()->FieldSize(*owner, field);
  std::vector<int> order;
  if (field->is_map()) order = MapOrder(*owner, field);
  rows.resize(static_cast<size_t>(n));
  for (int i = 0; i < n; ++i) {
    rows[i].reserve(child.columns.size());
    TANDEM_RETURN_IF_ERROR(
        child.columns.EncodeElement(*owner, order.empty() ? i : order[i], &rows[i]));
  }
  return rows;
}

}  // namespace tandem::store
