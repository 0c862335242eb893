#include "platform/store/table.h"

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "platform/base/check.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/store/table_map.h"

namespace tandem::store {

using google::protobuf::Descriptor;

struct Schema::Rep {
  std::vector<TableSpec> tables;
  absl::flat_hash_map<const Descriptor*, std::unique_ptr<TableMap>> maps;
};

Schema::Schema(std::vector<TableSpec> tables) : rep_(std::make_unique<Rep>()) {
  rep_->tables = std::move(tables);
  for (const TableSpec& spec : rep_->tables) {
    auto [it, fresh] = rep_->maps.emplace(spec.type, std::make_unique<TableMap>(spec));
    TANDEM_CHECK(fresh, absl::StrCat(spec.type->full_name(), " has two tables"));
  }
}

Schema::~Schema() = default;

const TableSpec* Schema::Find(const Descriptor* type) const {
  auto it = rep_->maps.find(type);
  return it == rep_->maps.end() ? nullptr : &it->second->spec();
}

const TableMap& Schema::MapOf(const Descriptor* type) const {
  auto it = rep_->maps.find(type);
  TANDEM_CHECK(it != rep_->maps.end(), absl::StrCat(type->full_name(), " has no table"));
  return *it->second;
}

const std::vector<TableSpec>& Schema::tables() const { return rep_->tables; }

namespace {

// Every table a schema needs, with its columns in order.
struct Wish {
  std::string table;
  std::vector<Columns::Column> columns;
  std::string primary_key;
  std::string parent;  // of a child table
};

std::vector<Wish> WishesOf(const Schema& schema) {
  std::vector<Wish> wishes;
  for (const TableSpec& spec : schema.tables()) {
    const TableMap& map = schema.MapOf(spec.type);
    Wish wish{spec.table, map.columns().list(), map.key(), ""};
    wish.columns.push_back({"version", "BIGINT"});
    wishes.push_back(std::move(wish));
    for (const TableMap::Child& child : map.children()) {
      Wish elements{child.table, {{"parent", "TEXT"}, {"n", "BIGINT"}}, "parent, n", spec.table};
      for (const Columns::Column& column : child.columns.list()) elements.columns.push_back(column);
      wishes.push_back(std::move(elements));
    }
  }
  return wishes;
}

bool IsWordOfSql(absl::string_view name) {
  constexpr absl::string_view kWords[] = {
      "all",     "and",   "as",     "asc",   "between", "by",         "case",   "check", "column",
      "default", "desc",  "do",     "else",  "end",     "for",        "from",   "grant", "group",
      "in",      "index", "into",   "is",    "join",    "like",       "limit",  "not",   "null",
      "offset",  "on",    "or",     "order", "primary", "references", "select", "table", "then",
      "to",      "union", "unique", "user",  "using",   "when",       "where",  "with"};
  for (absl::string_view word : kWords) {
    if (word == name) return true;
  }
  return false;
}

std::string NameInDdl(absl::string_view name) {
  return IsWordOfSql(name) ? absl::StrCat("\"", name, "\"") : std::string(name);
}

// What a type is called in the catalogue of either database.
bool SameType(absl::string_view wished, absl::string_view found) {
  if (wished == "BIGINT") {
    return absl::EqualsIgnoreCase(found, "bigint") || absl::EqualsIgnoreCase(found, "integer");
  }
  if (wished == "BYTEA") {
    return absl::EqualsIgnoreCase(found, "bytea") || absl::EqualsIgnoreCase(found, "blob");
  }
  return absl::EqualsIgnoreCase(found, "text");
}

absl::Status Differs(absl::string_view table, absl::string_view what) {
  return Refuse(absl::StatusCode::kFailedPrecondition, "SCHEMA_DIFFERS",
                absl::StrCat("table ", table, ": ", what));
}

}  // namespace

std::string DdlOf(const Schema& schema) {
  std::string out;
  for (const Wish& wish : WishesOf(schema)) {
    absl::StrAppend(&out, out.empty() ? "" : "\n", "CREATE TABLE ", wish.table, " (\n");
    for (const Columns::Column& column : wish.columns) {
      absl::StrAppend(&out, "  ", NameInDdl(column.name), " ", column.type);
      if (column.name == wish.primary_key) absl::StrAppend(&out, " PRIMARY KEY");
      if (column.name == "version" && wish.parent.empty()) absl::StrAppend(&out, " NOT NULL");
      if (!wish.parent.empty() && (column.name == "parent" || column.name == "n")) {
        absl::StrAppend(&out, " NOT NULL");
      }
      if (&column != &wish.columns.back() || !wish.parent.empty()) absl::StrAppend(&out, ",");
      absl::StrAppend(&out, "\n");
    }
    if (!wish.parent.empty()) absl::StrAppend(&out, "  PRIMARY KEY (", wish.primary_key, ")\n");
    absl::StrAppend(&out, ");\n");
  }
  return out;
}

absl::Status CheckTables(Connection& connection, const Schema& schema) {
  constexpr absl::string_view kInSqlite = "SELECT name, type FROM pragma_table_info($1)";
  constexpr absl::string_view kInPostgres =
      "SELECT CAST(column_name AS TEXT), CAST(data_type AS TEXT) FROM information_schema.columns "
      "WHERE CAST(table_schema AS TEXT) = current_schema() AND CAST(table_name AS TEXT) = $1";
  const Query probe{"SELECT sqlite_version()", {}};
  const bool sqlite = connection.Run({&probe, 1}).ok();
  for (const Wish& wish : WishesOf(schema)) {
    const Query query{sqlite ? kInSqlite : kInPostgres, {wish.table}};
    TANDEM_ASSIGN_OR_RETURN(const std::vector<Result> results, connection.Run({&query, 1}));
    std::map<std::string, std::string> found;
    for (const Row& row : results[0].rows) {
      found[std::get<std::string>(row[0])] = std::get<std::string>(row[1]);
    }
    if (found.empty()) return Differs(wish.table, "is not there");
    for (const Columns::Column& column : wish.columns) {
      auto it = found.find(column.name);
      if (it == found.end()) return Differs(wish.table, absl::StrCat("lacks ", column.name));
      if (!SameType(column.type, it->second)) {
        return Differs(wish.table,
                       absl::StrCat(column.name, " is ", it->second, ", wanted ", column.type));
      }
      found.erase(it);
    }
    if (!found.empty()) {
      return Differs(wish.table, absl::StrCat("has ", found.begin()->first, ", which no field is"));
    }
  }
  return absl::OkStatus();
}

}  // namespace tandem::store
