#include "platform/base/date.h"

#include <gtest/gtest.h>

#include <utility>

#include "platform/base/status.h"

namespace tandem {
namespace {

google::type::Date Proto(int year, int month, int day) {
  google::type::Date date;
  date.set_year(year);
  date.set_month(month);
  date.set_day(day);
  return date;
}

TEST(Date, CountsDaysSince1970) {
  const std::pair<const char*, int32_t> cases[] = {
      {"1970-01-01", 0},     {"1969-12-31", -1},       {"2000-02-29", 11016},
      {"2024-12-31", 20088}, {"0001-01-01", kMinDate}, {"9999-12-31", kMaxDate}};
  for (const auto& [text, days] : cases) {
    EXPECT_EQ(*ParseDate(text), days) << text;
    EXPECT_EQ(FormatDate(days), text);
    EXPECT_EQ(*DateFromProto(DateToProto(days), "date"), days);
  }
}

TEST(Date, RefusesWhatIsNoWholeDate) {
  for (const auto& date : {Proto(0, 1, 1), Proto(2024, 0, 1), Proto(2024, 1, 0), Proto(2023, 2, 29),
                           Proto(1900, 2, 29), Proto(2024, 4, 31), Proto(2024, 13, 1),
                           Proto(10000, 1, 1), Proto(-1, 1, 1), Proto(2024, 1, 257)}) {
    const auto days = DateFromProto(date, "order.order_date");
    EXPECT_EQ(ReasonOf(days.status()), "DATE_INVALID") << date.ShortDebugString();
    EXPECT_EQ(FieldOf(days.status()), "order.order_date");
  }
  for (const char* text : {"", "2024-1-1", "2024/01/01", "2024-01-0a", "+024-01-01", "2024-02-30",
                           "2024-01-01 ", "20240101"}) {
    EXPECT_EQ(ReasonOf(ParseDate(text).status()), "DATE_INVALID") << text;
  }
}

TEST(Date, DoesNotLeaveItsYears) {
  EXPECT_EQ(FormatDate(*AddDays(*ParseDate("2014-05-06"), 30)), "2014-06-05");
  EXPECT_EQ(ReasonOf(AddDays(kMaxDate, 1).status()), "DATE_OUT_OF_RANGE");
  EXPECT_EQ(ReasonOf(AddDays(kMinDate, -1).status()), "DATE_OUT_OF_RANGE");
}

TEST(Date, IsTheUtcDayOfATime) {
  EXPECT_EQ(DateOfMicros(0), 0);
  EXPECT_EQ(DateOfMicros(86'399'999'999), 0);
  EXPECT_EQ(DateOfMicros(-1), -1);
  EXPECT_EQ(DateOfMicros(-86'400'000'000), -1);
  EXPECT_EQ(DateOfMicros(MicrosOfDate(20088)), 20088);
}

TEST(IsoWeek, BelongsToTheYearOfItsThursday) {
  const std::pair<const char*, const char*> cases[] = {
      {"2005-01-01", "2004-W53"}, {"2005-01-02", "2004-W53"}, {"2005-01-03", "2005-W01"},
      {"2007-12-31", "2008-W01"}, {"2008-12-29", "2009-W01"}, {"2009-12-31", "2009-W53"},
      {"2010-01-03", "2009-W53"}, {"2014-05-06", "2014-W19"}, {"1970-01-01", "1970-W01"},
      {"1969-12-28", "1969-W52"}};
  for (const auto& [date, week] : cases) EXPECT_EQ(FormatIsoWeek(*ParseDate(date)), week) << date;
}

TEST(IsoWeek, StartsOnMondayForEveryDayOfACentury) {
  for (int32_t day = *ParseDate("1950-01-01"); day < *ParseDate("2050-01-01"); ++day) {
    const int32_t monday = *ParseIsoWeek(FormatIsoWeek(day));
    ASSERT_EQ(monday, day - (IsoWeekday(day) - 1)) << FormatDate(day);
  }
  EXPECT_EQ(IsoWeekday(*ParseDate("2024-01-01")), 1);
  EXPECT_EQ(IsoWeekday(*ParseDate("1967-01-01")), 7);
}

TEST(IsoWeek, RefusesAWeekThatIsNot) {
  for (const char* text :
       {"", "2024-W00", "2024-W53", "2024-W54", "2024W01", "2024-w01", "0000-W01"}) {
    EXPECT_EQ(ReasonOf(ParseIsoWeek(text).status()), "DATE_INVALID") << text;
  }
  EXPECT_EQ(FormatDate(*ParseIsoWeek("2020-W53")), "2020-12-28");
}

}  // namespace
}  // namespace tandem
