// The widgets of a test in an SQLite database in memory, and random ones with awkward values.
#pragma once

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <map>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "platform/rpc/field_path.h"
#include "tandem/rpctest/v1/widget.pb.h"

namespace tandem::rpc {

using rpctest::v1::Widget;
using Random = std::mt19937_64;

inline std::optional<ColumnRef> WidgetColumn(absl::string_view path) {
  using enum ColumnKind;
  static const auto* const kColumns = new std::map<std::string, ColumnRef>{
      {"id", {"id", kText, false}},
      {"name", {"name", kText, false}},
      {"note", {"note", kText}},
      {"count", {"count", kInt, false}},
      {"rank", {"rank", kInt}},
      {"active", {"active", kBool, false}},
      {"color", {"color", kEnum, false}},
      {"create_time", {"create_micros", kTimeMicros}},
      {"due", {"due_days", kDateDays}},
      {"total", {"total_micros", kMicros}},
      {"total.currency_code", {"total_currency", kText}},
      {"rate", {"rate_micros", kMicros}},
      {"quantity", {"quantity_micros", kMicros}},
      {"quantity.unit", {"quantity_unit", kText}},
      {"place.city", {"city", kText}},
      {"parts.sku",
       {"p.sku", kText, false,
        "EXISTS (SELECT 1 FROM parts p WHERE p.widget = widgets.id AND {})"}},
      {"parts.price",
       {"p.price", kMicros, true,
        "EXISTS (SELECT 1 FROM parts p WHERE p.widget = widgets.id AND {})"}},
      {"parts",
       {"p.widget", kText, false,
        "EXISTS (SELECT 1 FROM parts p WHERE p.widget = widgets.id AND {})"}},
  };
  const auto found = kColumns->find(std::string(path));
  if (found == kColumns->end()) return std::nullopt;
  return found->second;
}

template <typename T, size_t n>
const T& Pick(const T (&items)[n], Random* random) {
  return items[(*random)() % n];
}

inline constexpr const char* kTexts[] = {"",
                                         "a",
                                         "A",
                                         "ab",
                                         "aB",
                                         "b%",
                                         "a_b",
                                         "!a",
                                         "a!",
                                         "*a",
                                         "a*",
                                         "a'b",
                                         "a\"b",
                                         "\\a",
                                         "\xC3\xB6",
                                         "\xC3\xB6"
                                         "a",
                                         "a\xC3\xB6",
                                         "\xF0\x9F\x98\x80",
                                         "b a"};

inline Widget RandomWidget(int number, Random* random) {
  const auto maybe = [random] { return (*random)() % 3 != 0; };
  const auto small = [random] { return static_cast<int>((*random)() % 5) - 2; };
  Widget w;
  w.set_id(absl::StrCat("w", number));
  w.set_name(Pick(kTexts, random));
  if (maybe()) w.set_note(Pick(kTexts, random));
  w.set_count(small());
  if (maybe()) w.set_rank(small());
  w.set_active(maybe());
  w.set_color(static_cast<rpctest::v1::Color>((*random)() % 3));
  if (maybe()) {
    w.mutable_create_time()->set_seconds(small());
    w.mutable_create_time()->set_nanos(maybe() ? 0 : 1000);
  }
  if (maybe()) {
    w.mutable_due()->set_year(2026);
    w.mutable_due()->set_month(1);
    w.mutable_due()->set_day(3 + small());
  }
  if (maybe()) {
    w.mutable_total()->set_units(small());
    w.mutable_total()->set_currency_code(maybe() ? "EUR" : "USD");
  }
  if (maybe()) w.mutable_rate()->set_value(absl::StrCat("0.", 3 + small()));
  if (maybe()) {
    w.mutable_quantity()->mutable_value()->set_value(absl::StrCat(small()));
    w.mutable_quantity()->set_unit(maybe() ? "C62" : "KGM");
  }
  if (maybe()) w.mutable_place()->set_city(Pick(kTexts, random));
  for (int n = (*random)() % 3; n > 0; --n) {
    auto* part = w.add_parts();
    part->set_sku(Pick(kTexts, random));
    if (maybe()) part->mutable_price()->set_units(small());
  }
  return w;
}

class WidgetTable {
 public:
  WidgetTable() {
    EXPECT_EQ(sqlite3_open(":memory:", &db_), SQLITE_OK);
    Run("PRAGMA case_sensitive_like = ON", {});
    Run("CREATE TABLE widgets (id TEXT PRIMARY KEY, name TEXT NOT NULL, note TEXT,"
        " count BIGINT NOT NULL, rank BIGINT, active BIGINT NOT NULL, color BIGINT NOT NULL,"
        " create_micros BIGINT, due_days BIGINT, total_micros BIGINT, total_currency TEXT,"
        " rate_micros BIGINT, quantity_micros BIGINT, quantity_unit TEXT, city TEXT)",
        {});
    Run("CREATE TABLE parts (widget TEXT NOT NULL, sku TEXT NOT NULL, price BIGINT)", {});
  }
  ~WidgetTable() { sqlite3_close(db_); }
  WidgetTable(const WidgetTable&) = delete;
  WidgetTable& operator=(const WidgetTable&) = delete;

  void Insert(const Widget& widget) {
    Run("INSERT INTO widgets VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15)",
        {Read(widget, "id"), Read(widget, "name"), Read(widget, "note"), Read(widget, "count"),
         Read(widget, "rank"), Read(widget, "active"), Read(widget, "color"),
         Read(widget, "create_time"), Read(widget, "due"), Read(widget, "total"),
         Read(widget, "total.currency_code"), Read(widget, "rate"), Read(widget, "quantity"),
         Read(widget, "quantity.unit"), Read(widget, "place.city")});
    for (const auto& part : widget.parts()) {
      const auto price = ResolveField(*rpctest::v1::Part::descriptor(), "price");
      const std::vector<SqlValue> values = ReadField(*price.field, part);
      Run("INSERT INTO parts VALUES ($1,$2,$3)",
          {Cell(widget.id()), Cell(part.sku()), values.empty() ? Cell() : Of(values[0])});
    }
  }

  // The ids of the rows, in their order.
  std::vector<std::string> Ids(const std::string& sql, const std::vector<SqlValue>& values) {
    std::vector<Cell> cells;
    for (const SqlValue& value : values) cells.push_back(Of(value));
    return Run(sql, cells);
  }

 private:
  using Cell = std::variant<std::monostate, int64_t, std::string>;

  static Cell Of(const SqlValue& value) {
    return std::visit([](const auto& v) { return Cell(v); }, value);
  }
  static Cell Read(const Widget& widget, const char* path) {
    const std::vector<SqlValue> values =
        ReadField(*ResolveField(*Widget::descriptor(), path).field, widget);
    return values.empty() ? Cell() : Of(values[0]);
  }

  std::vector<std::string> Run(std::string sql, const std::vector<Cell>& cells) {
    // As the driver does: $n is a name to SQLite, ?n a number.
    for (char& c : sql) c = c == '$' ? '?' : c;
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr), SQLITE_OK)
        << sql << ": " << sqlite3_errmsg(db_);
    for (size_t i = 0; i < cells.size(); ++i) {
      const int at = static_cast<int>(i) + 1;
      if (const auto* number = std::get_if<int64_t>(&cells[i])) {
        sqlite3_bind_int64(statement, at, *number);
      } else if (const auto* text = std::get_if<std::string>(&cells[i])) {
        sqlite3_bind_text(statement, at, text->data(), static_cast<int>(text->size()),
                          SQLITE_TRANSIENT);
      }
    }
    std::vector<std::string> ids;
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
      ids.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(statement, 0)));
    }
    EXPECT_EQ(code, SQLITE_DONE) << sql << ": " << sqlite3_errmsg(db_);
    sqlite3_finalize(statement);
    return ids;
  }

  sqlite3* db_ = nullptr;
};

}  // namespace tandem::rpc
