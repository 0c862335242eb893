#include "platform/rpc/filter.h"

#include <absl/strings/str_cat.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "platform/base/status.h"
#include "tandem/rpctest/v1/widget.pb.h"

namespace tandem::rpc {
namespace {

using rpctest::v1::Widget;

Widget Sample() {
  Widget widget;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"pb(
        id: "wid_1"
        name: "Northwind Traders"
        count: 7
        active: true
        color: COLOR_RED
        create_time { seconds: 1769846400 nanos: 500000000 }
        due { year: 2026 month: 1 day: 31 }
        total { currency_code: "EUR" units: 100 nanos: 500000000 }
        rate { value: "0.19" }
        quantity {
          value { value: "12.5" }
          unit: "KGM"
        }
        place {
          city: "K\303\266ln"
          since { year: 2020 month: 2 day: 29 }
        }
        parts {
          sku: "A-1"
          price { currency_code: "EUR" units: 3 }
        }
        parts { sku: "B*2" }
        tags: "red"
        tags: "hot"
        person: "ann"
        big: 18446744073709551615
        names { key: "en" value: "x" })pb",
      &widget));
  return widget;
}

absl::StatusOr<bool> Eval(absl::string_view text, const Widget& widget) {
  const auto filter = ParseFilter(text, *Widget::descriptor());
  if (!filter.ok()) return filter.status();
  return Matches(*filter, widget);
}

struct Case {
  const char* filter;
  bool matches;
};

TEST(Filter, SelectsWhatItSays) {
  const Case cases[] = {
      {"", true},
      {"   ", true},
      // Text.
      {"name = \"Northwind Traders\"", true},
      {"name = 'Northwind Traders'", true},
      {"name = \"northwind traders\"", false},
      {"name != \"x\"", true},
      {"name=\"North*\"", true},
      {"name = North*", true},
      {"name = \"*Traders\"", true},
      {"name = \"*wind*\"", true},
      {"name = \"*Wind*\"", false},
      {"name != \"*wind*\"", false},
      {"name:\"wind\"", true},
      {"name:wind", true},
      {"name:\"Nor*\"", true},
      {"name:\"wind*\"", false},
      {"name = \"Northwind Traders\\*\"", false},
      {"name < \"Nz\" AND name > \"Na\"", true},
      {"name <= \"A\"", false},
      {"place.city = \"K\xC3\xB6ln\"", true},
      // Numbers.
      {"count = 7", true},
      {"count > -8", true},
      {"count >= 7 count <= 7", true},
      {"count < 7", false},
      {"count:7", true},
      {"active = true", true},
      {"active != true", false},
      {"color = COLOR_RED", true},
      {"color != COLOR_BLUE", true},
      {"color:(COLOR_BLUE OR COLOR_RED)", true},
      {"color = (COLOR_BLUE OR COLOR_UNSPECIFIED)", false},
      {"count = (1 OR -7 OR 7)", true},
      {"count = (NOT 7)", false},
      {"total > 100.00", true},
      {"total = 100.5", true},
      {"total <= -100.5", false},
      {"total.currency_code = EUR", true},
      {"rate = 0.19", true},
      {"rate.value < 0.190001", true},
      {"quantity >= 12.5", true},
      {"quantity.value = 12.500", true},
      {"quantity.unit = \"KGM\"", true},
      // Times and dates.
      {"create_time = \"2026-01-31T08:00:00.5Z\"", true},
      {"create_time = \"2026-01-31T09:00:00.5+01:00\"", true},
      {"create_time > 2026-01-31T08:00:00Z", true},
      {"create_time < \"2026-01-31T08:00:00.500001Z\"", true},
      {"due = 2026-01-31", true},
      {"due > \"2026-01-30\"", true},
      {"place.since = 2020-02-29", true},
      // Absent fields.
      {"rank = 0", false},
      {"rank != 0", true},
      {"rank > -1", false},
      {"NOT rank > -1", true},
      {"inner.name = x", false},
      {"inner.name != x", true},
      {"inner.total:*", false},
      {"big > 0", false},
      // Presence.
      {"total:*", true},
      {"place:*", true},
      {"inner:*", false},
      {"note:*", false},
      {"note = \"*\"", false},
      {"note != *", true},
      {"name:*", true},
      {"sku:*", false},
      {"rank:*", false},
      {"person:*", true},
      {"team:*", false},
      {"names:*", true},
      {"places:*", false},
      {"parts:*", true},
      {"inner.parts:*", false},
      // Items of repeated fields.
      {"parts.sku:A-1", true},
      {"parts.sku:A", false},
      {"parts.sku:\"A*\"", true},
      {"parts.sku:\"B\\*2\"", true},
      {"parts.sku:\"*\\*2\"", true},
      {"parts.price:3", true},
      {"parts.price.currency_code:EUR", true},
      {"NOT parts.sku:C", true},
      {"tags:hot", true},
      {"tags:ho", false},
      // Logic: OR binds closer than a sequence, a sequence closer than AND.
      {"count = 1 OR count = 7", true},
      {"count = 1 OR count = 7 AND active = false", false},
      {"count = 7 AND active = false OR active = true", true},
      {"active = false count = 1 OR count = 7", false},
      {"count = 1 AND active = false OR active = true", false},
      {"(count = 1 AND active = false) OR active = true", true},
      {"NOT count = 1", true},
      {"-count = 7", false},
      {"-(count = 7 AND active = false)", true},
      {"NOT (count = 7 OR active = false)", false},
      {"NOT(NOT count = 7)", true},
      {"count=7 AND(active=true)", true},
      {"  ( count = 7 ) ", true},
  };
  const Widget widget = Sample();
  for (const Case& c : cases) {
    const auto result = Eval(c.filter, widget);
    ASSERT_TRUE(result.ok()) << c.filter << ": " << result.status();
    EXPECT_EQ(*result, c.matches) << c.filter;
  }
}

struct Refusal {
  const char* filter;
  const char* reason;
  int position;  // from 1
};

TEST(Filter, RefusesAndSaysWhere) {
  const Refusal cases[] = {
      {"count", "FILTER_NOT_SUPPORTED", 1},
      {"\"some words\"", "FILTER_NOT_SUPPORTED", 1},
      {"count = 1 OR wind", "FILTER_NOT_SUPPORTED", 14},
      {"-wind", "FILTER_NOT_SUPPORTED", 2},
      {"regex(name, 'x')", "FILTER_NOT_SUPPORTED", 1},
      {"create_time > now()", "FILTER_NOT_SUPPORTED", 15},
      {"name = \"a*b\"", "FILTER_NOT_SUPPORTED", 8},
      {"name < \"a*\"", "FILTER_NOT_SUPPORTED", 8},
      {"active > false", "FILTER_NOT_SUPPORTED", 10},
      {"color < COLOR_RED", "FILTER_NOT_SUPPORTED", 9},
      {"place = x", "FILTER_NOT_SUPPORTED", 9},
      {"parts.sku = A", "FILTER_NOT_SUPPORTED", 13},
      {"names.en = x", "FILTER_NOT_SUPPORTED", 1},
      {"total.units = 1", "FILTER_NOT_SUPPORTED", 1},
      {"create_time.seconds = 1", "FILTER_NOT_SUPPORTED", 1},
      {"weight = 1", "FILTER_NOT_SUPPORTED", 1},
      {"photo = x", "FILTER_NOT_SUPPORTED", 1},
      {"colour = 1", "FILTER_FIELD_UNKNOWN", 1},
      {"place.town = x", "FILTER_FIELD_UNKNOWN", 1},
      {"name.x = 1", "FILTER_FIELD_UNKNOWN", 1},
      {"total.cents = 1", "FILTER_FIELD_UNKNOWN", 1},
      {"count = 1 AND 42 = 1", "FILTER_FIELD_UNKNOWN", 15},
      {"count = seven", "FILTER_TYPE_MISMATCH", 9},
      {"count = 1.5", "FILTER_TYPE_MISMATCH", 9},
      {"count = 9223372036854775808", "FILTER_TYPE_MISMATCH", 9},
      {"count = *", "FILTER_TYPE_MISMATCH", 9},
      {"active = yes", "FILTER_TYPE_MISMATCH", 10},
      {"color = RED", "FILTER_TYPE_MISMATCH", 9},
      {"color = COLOR_*", "FILTER_TYPE_MISMATCH", 9},
      {"total > 1e3", "FILTER_TYPE_MISMATCH", 9},
      {"total > 0.0000001", "FILTER_TYPE_MISMATCH", 9},
      {"due = 2026-02-30", "FILTER_TYPE_MISMATCH", 7},
      {"create_time = 2026-01-31", "FILTER_TYPE_MISMATCH", 15},
      {"create_time = \"2026-01-31T08:00:00\"", "FILTER_TYPE_MISMATCH", 15},
      {"create_time = \"2026-01-31T08:00:00.1234567Z\"", "FILTER_TYPE_MISMATCH", 15},
      {"create_time = infinite-future", "FILTER_TYPE_MISMATCH", 15},
      {"(count = 1", "FILTER_SYNTAX", 11},
      {"count = 1)", "FILTER_SYNTAX", 10},
      {"()", "FILTER_SYNTAX", 2},
      {"count =", "FILTER_SYNTAX", 8},
      {"count = AND", "FILTER_SYNTAX", 9},
      {"= 1", "FILTER_SYNTAX", 1},
      {"count == 1", "FILTER_SYNTAX", 8},
      {"count ! 1", "FILTER_SYNTAX", 7},
      {"count, name", "FILTER_SYNTAX", 6},
      {"a..b = 1", "FILTER_SYNTAX", 2},
      {"count = 1 AND", "FILTER_SYNTAX", 14},
      {"AND count = 1", "FILTER_SYNTAX", 1},
      {"count = 1 AND AND count = 1", "FILTER_SYNTAX", 15},
      {"NOT NOT count = 1", "FILTER_SYNTAX", 5},
      {"- count = 1", "FILTER_SYNTAX", 2},
      {"name = \"x", "FILTER_SYNTAX", 10},
      {"name = \"x\\q\"", "FILTER_SYNTAX", 11},
      {"name = \"x\"y", "FILTER_SYNTAX", 11},
      {"name = x\\y", "FILTER_SYNTAX", 9},
      {"(count=1)(count=2)", "FILTER_SYNTAX", 10},
      {"name = \"\xff\"", "FILTER_SYNTAX", 1},
  };
  for (const Refusal& c : cases) {
    const absl::Status status = ParseFilter(c.filter, *Widget::descriptor()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.filter;
    EXPECT_EQ(ReasonOf(status), c.reason) << c.filter << ": " << status;
    EXPECT_EQ(FieldOf(status), "filter") << c.filter;
    EXPECT_EQ(MetadataOf(status)["position"], absl::StrCat(c.position)) << c.filter;
  }
}

TEST(Filter, RefusesANulCharacter) {
  EXPECT_EQ(
      ReasonOf(ParseFilter(absl::string_view("name = \"\0\"", 10), *Widget::descriptor()).status()),
      "FILTER_SYNTAX");
}

TEST(Filter, NamesTheFunctionItRefuses) {
  const absl::Status status = ParseFilter("regex(name)", *Widget::descriptor()).status();
  EXPECT_NE(status.message().find("'regex'"), absl::string_view::npos);
}

std::string ReasonFor(const std::string& text) {
  return ReasonOf(ParseFilter(text, *Widget::descriptor()).status());
}

TEST(FilterLimits, HoldAtTheirEdges) {
  const auto long_filter = [](size_t size) {
    const std::string head = "name = ";
    return head + std::string(size - head.size(), 'x');
  };
  EXPECT_EQ(ReasonFor(long_filter(kFilterMaxBytes - 1)), "");
  EXPECT_EQ(ReasonFor(long_filter(kFilterMaxBytes)), "");
  EXPECT_EQ(ReasonFor(long_filter(kFilterMaxBytes + 1)), "FILTER_TOO_LONG");

  const auto deep = [](int depth) {
    return std::string(depth, '(') + "count = 1" + std::string(depth, ')');
  };
  EXPECT_EQ(ReasonFor(deep(kFilterMaxDepth - 1)), "");
  EXPECT_EQ(ReasonFor(deep(kFilterMaxDepth)), "");
  EXPECT_EQ(ReasonFor(deep(kFilterMaxDepth + 1)), "FILTER_TOO_DEEP");
  // Groups beside one another are not deep.
  EXPECT_EQ(ReasonFor(deep(kFilterMaxDepth) + " AND " + deep(kFilterMaxDepth)), "");

  const auto many = [](int terms) {
    std::string text = "count=0";
    for (int i = 1; i < terms; ++i) absl::StrAppend(&text, " OR count=", i);
    return text;
  };
  EXPECT_EQ(ReasonFor(many(kFilterMaxTerms - 1)), "");
  EXPECT_EQ(ReasonFor(many(kFilterMaxTerms)), "");
  EXPECT_EQ(ReasonFor(many(kFilterMaxTerms + 1)), "FILTER_TOO_MANY_TERMS");
  EXPECT_EQ(ParseFilter(many(kFilterMaxTerms), *Widget::descriptor())->terms, kFilterMaxTerms);

  const auto path = [](int segments) {
    std::string text;
    for (int i = 1; i < segments; ++i) text += "inner.";
    return text + "count = 1";
  };
  EXPECT_EQ(ReasonFor(path(kFieldPathMaxSegments - 1)), "");
  EXPECT_EQ(ReasonFor(path(kFieldPathMaxSegments)), "");
  EXPECT_EQ(ReasonFor(path(kFieldPathMaxSegments + 1)), "FILTER_FIELD_UNKNOWN");
}

// Any text is either refused for a known reason or can be evaluated.
TEST(Filter, SurvivesAnyText) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937_64 random(seed);
  const char* const pieces[] = {"count", "name",      "=",        "!=",   "<",     ":",    "(",
                                ")",     " ",         "AND",      "OR",   "NOT",   "-",    "*",
                                "\"",    "'",         "\\",       "7",    "parts", ".sku", ".",
                                ",",     "COLOR_RED", "\xC3\xB6", "\xff", "f("};
  const Widget widget = Sample();
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (int n = random() % 12; n > 0; --n) {
      text += pieces[random() % std::size(pieces)];
      if (random() % 2) text += ' ';
    }
    const auto filter = ParseFilter(text, *Widget::descriptor());
    if (filter.ok()) {
      Matches(*filter, widget);
    } else {
      ASSERT_TRUE(ReasonOf(filter.status()).starts_with("FILTER_")) << text;
    }
  }
}

}  // namespace
}  // namespace tandem::rpc
