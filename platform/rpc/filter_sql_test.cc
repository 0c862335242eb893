#include "platform/rpc/filter_sql.h"

#include <absl/strings/str_replace.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "platform/base/status.h"
#include "platform/rpc/testdata/widget_table.h"

namespace tandem::rpc {
namespace {

FilterSql SqlOf(absl::string_view text, int first = 1) {
  const auto filter = ParseFilter(text, *Widget::descriptor());
  EXPECT_TRUE(filter.ok()) << text << ": " << filter.status();
  const auto sql = ToSql(*filter, WidgetColumn, first);
  EXPECT_TRUE(sql.ok()) << text << ": " << sql.status();
  return sql.value_or(FilterSql{});
}

struct Case {
  const char* filter;
  const char* sql;
};

TEST(FilterSql, IsTheSameTextForBothDatabases) {
  const Case cases[] = {
      {"", "1 = 1"},
      {"name = a", "name = $1"},
      {"NOT name = a", "name <> $1"},
      {"note != a", "(note IS NULL OR note <> $1)"},
      {"NOT note != a", "note = $1"},
      {"total > 1 AND NOT total >= 5",
       "(total_micros > $1 AND (total_micros IS NULL OR "
       "total_micros < $2))"},
      {"-(count = 1 OR rank = 2)", "(count <> $1 AND (rank IS NULL OR rank <> $2))"},
      {"name = \"\xC3\xB6"
       "a*\"",
       "substr(name, 1, 2) = $1"},
      {"name != \"*a\"", "name NOT LIKE $1 ESCAPE '!'"},
      {"place.city:a", "city LIKE $1 ESCAPE '!'"},
      {"due:*", "due_days IS NOT NULL"},
      {"name:*", "name <> ''"},
      {"-count:*", "count = 0"},
      {"-place.city:*", "(city IS NULL OR city = '')"},
      {"-parts.sku:a",
       "NOT EXISTS (SELECT 1 FROM parts p WHERE p.widget = widgets.id AND p.sku = $1)"},
  };
  for (const Case& c : cases) EXPECT_EQ(SqlOf(c.filter).text, c.sql) << c.filter;
}

TEST(FilterSql, NumbersParametersFromTheFirstAndKeepsValuesOutOfTheText) {
  const FilterSql sql = SqlOf("name = \"'; DROP TABLE x\" OR count = 3 OR name:\"50%_!\"", 4);
  EXPECT_EQ(sql.text, "(name = $4 OR count = $5 OR name LIKE $6 ESCAPE '!')");
  EXPECT_EQ(sql.next, 7);
  EXPECT_EQ(sql.values,
            (std::vector<SqlValue>{SqlValue(std::string("'; DROP TABLE x")), SqlValue(int64_t{3}),
                                   SqlValue(std::string("%50!%!_!!%"))}));
}

TEST(FilterSql, RefusesAFieldWithoutAColumn) {
  const auto filter = ParseFilter("sku = a", *Widget::descriptor());
  const absl::Status status = ToSql(*filter, WidgetColumn).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), "FILTER_NOT_SUPPORTED");
}

TEST(FilterSql, RefusesAColumnOfAnotherKind) {
  const auto filter = ParseFilter("count = 1", *Widget::descriptor());
  const auto text = [](absl::string_view) { return ColumnRef{.sql = "count"}; };
  EXPECT_EQ(ReasonOf(ToSql(*filter, text).status()), "FILTER_COLUMN_MISMATCH");
  const auto child = [](absl::string_view) {
    return ColumnRef{.sql = "c", .kind = ColumnKind::kInt, .within = "EXISTS ({})"};
  };
  EXPECT_EQ(ReasonOf(ToSql(*filter, child).status()), "FILTER_COLUMN_MISMATCH");
}

std::string Quote(absl::string_view text, absl::string_view before = "",
                  absl::string_view after = "") {
  return absl::StrCat("\"", before,
                      absl::StrReplaceAll(text, {{"\"", "\\\""}, {"\\", "\\\\"}, {"*", "\\*"}}),
                      after, "\"");
}

std::string RandomTerm(Random* random) {
  const auto small = [random] { return static_cast<int>((*random)() % 5) - 2; };
  static constexpr const char* kEqual[] = {"=", "!=", ":"};
  static constexpr const char* kAll[] = {"=", "!=", ":", "<", "<=", ">", ">="};
  static constexpr const char* kTextFields[] = {"name", "note", "place.city"};
  switch ((*random)() % 13) {
    case 0:
    case 1: {  // with a wildcard
      const char* const before = (*random)() % 2 ? "*" : "";
      const char* const after = (*random)() % 2 ? "*" : "";
      return absl::StrCat(Pick(kTextFields, random), " ", Pick(kEqual, random), " ",
                          Quote(Pick(kTexts, random), before, after));
    }
    case 2:
    case 3:
      return absl::StrCat(Pick(kTextFields, random), Pick(kAll, random),
                          Quote(Pick(kTexts, random)));
    case 4:
      return absl::StrCat((*random)() % 2 ? "count " : "rank ", Pick(kAll, random), " ", small());
    case 5:
      return absl::StrCat("active ", Pick(kEqual, random), (*random)() % 2 ? " true" : " false");
    case 6:
      return absl::StrCat("color", Pick(kEqual, random), "(COLOR_RED OR COLOR_BLUE)");
    case 7:
      return absl::StrCat("create_time ", Pick(kAll, random), " \"1970-01-01T00:00:0",
                          (*random)() % 3, (*random)() % 2 ? "Z\"" : ".000001Z\"");
    case 8:
      return absl::StrCat("due", Pick(kAll, random), "2026-01-0", 3 + small());
    case 9: {
      static constexpr const char* kFields[] = {"total", "quantity", "rate"};
      return absl::StrCat(
          Pick(kFields, random), " ", Pick(kAll, random), " ",
          (*random)() % 2 ? absl::StrCat(small()) : absl::StrCat("0.", 3 + small()));
    }
    case 10:
      return (*random)() % 2 ? absl::StrCat("total.currency_code", Pick(kAll, random), "EUR")
                             : absl::StrCat("quantity.unit", Pick(kAll, random), "C62");
    case 11: {
      static constexpr const char* kFields[] = {"name",  "note",  "count",      "rank",
                                                "due",   "total", "place.city", "active",
                                                "color", "parts", "parts.sku",  "parts.price"};
      return absl::StrCat(Pick(kFields, random), ":*");
    }
    default:
      return (*random)() % 2 ? absl::StrCat("parts.sku:", Quote(Pick(kTexts, random)))
                             : absl::StrCat("parts.price:", small());
  }
}

std::string RandomFilter(Random* random, int depth) {
  std::string text;
  for (int n = 1 + (*random)() % 3; n > 0; --n) {
    if (!text.empty()) {
      static constexpr const char* kJoins[] = {" AND ", " OR ", " "};
      absl::StrAppend(&text, Pick(kJoins, random));
    }
    static constexpr const char* kNots[] = {"", "", "NOT ", "-"};
    absl::StrAppend(&text, Pick(kNots, random));
    if (depth > 0 && (*random)() % 2) {
      absl::StrAppend(&text, "(", RandomFilter(random, depth - 1), ")");
    } else {
      absl::StrAppend(&text, RandomTerm(random));
    }
  }
  return text;
}

TEST(FilterSql, SelectsOnSqliteWhatMatchesSelects) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  Random random(seed);
  WidgetTable table;
  std::vector<Widget> widgets;
  for (int i = 0; i < 60; ++i) {
    widgets.push_back(RandomWidget(i, &random));
    table.Insert(widgets.back());
  }
  int selective = 0;
  for (int round = 0; round < 4'000; ++round) {
    const std::string text = RandomFilter(&random, 2);
    const auto filter = ParseFilter(text, *Widget::descriptor());
    ASSERT_TRUE(filter.ok()) << text << ": " << filter.status();
    const auto sql = ToSql(*filter, WidgetColumn);
    ASSERT_TRUE(sql.ok()) << text << ": " << sql.status();
    std::set<std::string> expected;
    for (const Widget& widget : widgets) {
      if (Matches(*filter, widget)) expected.insert(widget.id());
    }
    const auto ids =
        table.Ids(absl::StrCat("SELECT id FROM widgets WHERE ", sql->text), sql->values);
    ASSERT_EQ(std::set<std::string>(ids.begin(), ids.end()), expected) << text << "\n" << sql->text;
    selective += !expected.empty() && expected.size() < widgets.size();
  }
  EXPECT_GT(selective, 1'000);  // otherwise the rounds prove little
}

}  // namespace
}  // namespace tandem::rpc
