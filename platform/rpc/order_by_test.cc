#include "platform/rpc/order_by.h"

#include <absl/strings/str_join.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "platform/base/status.h"
#include "platform/rpc/testdata/widget_table.h"

namespace tandem::rpc {
namespace {

absl::StatusOr<OrderBy> Parse(absl::string_view text) {
  return OrderBy::Parse(text, *Widget::descriptor(), WidgetColumn);
}

TEST(OrderBy, IsTotalByTheId) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "id"},
      {"  ", "id"},
      {"name", "name, id"},
      {"name asc", "name, id"},
      {" name   desc ", "name DESC, id DESC"},
      {"name desc,count", "name DESC, count, id"},
      {"id desc, name", "id DESC"},
      {"name, id desc", "name, id DESC"},
      {"note", "COALESCE(note, ''), id"},
      {"total desc", "COALESCE(total_micros, -9223372036854775807) DESC, id DESC"},
      {"quantity.value", "COALESCE(quantity_micros, -9223372036854775807), id"},
  };
  for (const auto& [text, sql] : cases) {
    const auto order = Parse(text);
    ASSERT_TRUE(order.ok()) << text << ": " << order.status();
    EXPECT_EQ(order->Sql(), sql) << text;
  }
  EXPECT_EQ(Parse("name  desc")->Canonical(), Parse(" name desc ")->Canonical());
  EXPECT_NE(Parse("name desc")->Canonical(), Parse("name")->Canonical());
}

TEST(OrderBy, RefusesWhatHasNoOrder) {
  const std::pair<std::string, const char*> cases[] = {
      {"name,", "ORDER_BY_SYNTAX"},
      {",name", "ORDER_BY_SYNTAX"},
      {"name down", "ORDER_BY_SYNTAX"},
      {"name desc desc", "ORDER_BY_SYNTAX"},
      {"name;drop", "ORDER_BY_SYNTAX"},
      {"nam", "ORDER_BY_FIELD_UNKNOWN"},
      {"place.town", "ORDER_BY_FIELD_UNKNOWN"},
      {"name, name desc", "ORDER_BY_FIELD_TWICE"},
      {"quantity, quantity.value", "ORDER_BY_FIELD_TWICE"},
      {"parts.sku", "ORDER_BY_NOT_SUPPORTED"},
      {"place", "ORDER_BY_NOT_SUPPORTED"},
      {"weight", "ORDER_BY_NOT_SUPPORTED"},
      {"sku", "ORDER_BY_NOT_SUPPORTED"},  // it has no column
      {std::string(kOrderByMaxBytes + 1, ' '), "ORDER_BY_TOO_LONG"},
  };
  for (const auto& [text, reason] : cases) {
    const absl::Status status = Parse(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_EQ(ReasonOf(status), reason) << text << ": " << status;
    EXPECT_EQ(FieldOf(status), "order_by") << text;
  }
  const auto wrong = [](absl::string_view) { return ColumnRef{"x", ColumnKind::kInt}; };
  EXPECT_EQ(ReasonOf(OrderBy::Parse("name", *Widget::descriptor(), wrong).status()),
            "ORDER_BY_COLUMN_MISMATCH");
}

TEST(OrderBy, LimitsHoldAtTheirEdges) {
  const std::vector<std::string> fields = {"name",  "note", "count", "rank", "active",
                                           "color", "due",  "total", "rate"};
  const auto order = [&fields](int n) {
    return absl::StrJoin(fields.begin(), fields.begin() + n, ",");
  };
  EXPECT_TRUE(Parse(order(kOrderByMaxFields - 1)).ok());
  EXPECT_TRUE(Parse(order(kOrderByMaxFields)).ok());
  EXPECT_EQ(ReasonOf(Parse(order(kOrderByMaxFields + 1)).status()), "ORDER_BY_TOO_MANY_FIELDS");
  EXPECT_TRUE(Parse(std::string(kOrderByMaxBytes, ' ')).ok());
  EXPECT_TRUE(Parse(std::string(kOrderByMaxBytes - 1, ' ')).ok());
}

TEST(After, ComparesRowsInOneDirectionAndSpellsMixedOnesOut) {
  const std::vector<SqlValue> cursor = {SqlValue(std::string("a")), SqlValue(int64_t{1}),
                                        SqlValue(std::string("w1"))};
  const auto same = Parse("name, count")->After(cursor, 3);
  ASSERT_TRUE(same.ok());
  EXPECT_EQ(same->text, "(name, count, id) > ($3, $4, $5)");
  EXPECT_EQ(same->next, 6);
  EXPECT_EQ(same->values, cursor);
  EXPECT_EQ(Parse("name desc, count desc")->After(cursor)->text,
            "(name, count, id) < ($1, $2, $3)");
  EXPECT_EQ(Parse("name desc, count")->After(cursor)->text,
            "(name < $1 OR (name = $1 AND count > $2) OR (name = $1 AND count = $2 AND id > $3))");
}

TEST(After, RefusesACursorOfAnotherOrder) {
  const auto order = Parse("name");
  for (const std::vector<SqlValue>& cursor : std::vector<std::vector<SqlValue>>{
           {}, {SqlValue(std::string("a"))}, {SqlValue(int64_t{1}), SqlValue(std::string("w1"))}}) {
    EXPECT_EQ(ReasonOf(order->After(cursor).status()), "PAGE_TOKEN_INVALID");
  }
}

TEST(After, PagesThroughEveryRowOnceInTheOrderOfTheWhole) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  Random random(seed);
  WidgetTable table;
  std::map<std::string, Widget> widgets;
  for (int i = 0; i < 40; ++i) {
    const Widget widget = RandomWidget(i, &random);
    widgets[widget.id()] = widget;
    table.Insert(widget);
  }
  std::vector<std::string> fields = {"name",   "note",       "count",       "rank",
                                     "active", "color",      "create_time", "due",
                                     "total",  "place.city", "id"};
  for (int round = 0; round < 200; ++round) {
    std::ranges::shuffle(fields, random);
    std::string text;
    for (size_t n = 0; n < random() % 4; ++n) {
      absl::StrAppend(&text, text.empty() ? "" : ",", fields[n], random() % 2 ? " desc" : "");
    }
    const auto order = Parse(text);
    ASSERT_TRUE(order.ok()) << text << ": " << order.status();

    std::vector<std::string> expected;
    for (const auto& [id, widget] : widgets) expected.push_back(id);
    std::ranges::sort(expected, [&](const std::string& a, const std::string& b) {
      const auto left = order->CursorOf(widgets[a]), right = order->CursorOf(widgets[b]);
      for (size_t i = 0; i < left.size(); ++i) {
        if (left[i] != right[i]) return (left[i] < right[i]) != order->terms()[i].descending;
      }
      return false;
    });

    std::vector<std::string> paged;
    FilterSql after{.text = "1 = 1", .values = {}, .next = 1};
    for (;;) {
      const auto page = table.Ids(absl::StrCat("SELECT id FROM widgets WHERE ", after.text,
                                               " ORDER BY ", order->Sql(), " LIMIT 7"),
                                  after.values);
      paged.insert(paged.end(), page.begin(), page.end());
      if (page.size() < 7) break;
      const auto next = order->After(order->CursorOf(widgets[page.back()]));
      ASSERT_TRUE(next.ok()) << next.status();
      after = *next;
    }
    ASSERT_EQ(paged, expected) << text;
  }
}

}  // namespace
}  // namespace tandem::rpc
