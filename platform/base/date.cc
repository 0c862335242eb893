#include "platform/base/date.h"

#include <absl/strings/str_format.h>

#include <chrono>

#include "platform/base/status.h"
#include "platform/base/status_macros.h"

namespace tandem {
namespace {

constexpr int64_t kMicrosPerDay = 86'400'000'000;

absl::Status Invalid(absl::string_view field, absl::string_view message) {
  return InvalidField(field, "DATE_INVALID", message);
}

std::chrono::year_month_day Civil(int32_t days) {
  return std::chrono::sys_days(std::chrono::days(days));
}

// The number in text[at, at + length), or -1 where there is anything but digits.
int Digits(absl::string_view text, size_t at, size_t length) {
  int value = 0;
  for (const char c : text.substr(at, length)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

int32_t MondayOfWeek1(int year) {
  // 4 January is always in week 1.
  const int32_t fourth = static_cast<int32_t>(
      std::chrono::sys_days(std::chrono::year(year) / 1 / 4).time_since_epoch().count());
  return fourth - (IsoWeekday(fourth) - 1);
}

}  // namespace

absl::StatusOr<int32_t> DateOf(int year, int month, int day, absl::string_view field) {
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31) {
    return Invalid(field, "a date has a year (1 to 9999), a month and a day");
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return Invalid(field, "the month does not have this day");
  return static_cast<int32_t>(std::chrono::sys_days(date).time_since_epoch().count());
}

absl::StatusOr<int32_t> DateFromProto(const google::type::Date& date, absl::string_view field) {
  return DateOf(date.year(), date.month(), date.day(), field);
}

google::type::Date DateToProto(int32_t days) {
  const auto civil = Civil(days);
  google::type::Date out;
  out.set_year(static_cast<int>(civil.year()));
  out.set_month(static_cast<int>(static_cast<unsigned>(civil.month())));
  out.set_day(static_cast<int>(static_cast<unsigned>(civil.day())));
  return out;
}

absl::StatusOr<int32_t> ParseDate(absl::string_view text, absl::string_view field) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') {
    return Invalid(field, "a date is written YYYY-MM-DD");
  }
  return DateOf(Digits(text, 0, 4), Digits(text, 5, 2), Digits(text, 8, 2), field);
}

std::string FormatDate(int32_t days) {
  const auto civil = Civil(days);
  return absl::StrFormat("%04d-%02d-%02d", static_cast<int>(civil.year()),
                         static_cast<unsigned>(civil.month()), static_cast<unsigned>(civil.day()));
}

absl::StatusOr<int32_t> AddDays(int32_t days, int32_t count) {
  const int64_t sum = int64_t{days} + count;
  if (sum < kMinDate || sum > kMaxDate) {
    return Refuse(absl::StatusCode::kOutOfRange, "DATE_OUT_OF_RANGE",
                  "a date lies in the years 1 to 9999");
  }
  return static_cast<int32_t>(sum);
}

int32_t DateOfMicros(int64_t unix_micros) {
  const int64_t days = unix_micros / kMicrosPerDay;
  return static_cast<int32_t>(unix_micros % kMicrosPerDay < 0 ? days - 1 : days);
}

int64_t MicrosOfDate(int32_t days) { return days * kMicrosPerDay; }

int IsoWeekday(int32_t days) {
  // 1970-01-01 was a Thursday.
  const int since_monday = static_cast<int>((int64_t{days} + 3) % 7);
  return (since_monday < 0 ? since_monday + 7 : since_monday) + 1;
}

IsoWeek IsoWeekOf(int32_t days) {
  // A week belongs to the year of its Thursday.
  const int year = static_cast<int>(Civil(days + 4 - IsoWeekday(days)).year());
  return {year, (days - MondayOfWeek1(year)) / 7 + 1};
}

std::string FormatIsoWeek(int32_t days) {
  const IsoWeek week = IsoWeekOf(days);
  return absl::StrFormat("%04d-W%02d", week.year, week.week);
}

absl::StatusOr<int32_t> ParseIsoWeek(absl::string_view text, absl::string_view field) {
  if (text.size() != 8 || text[4] != '-' || text[5] != 'W') {
    return Invalid(field, "a week is written YYYY-Www");
  }
  const IsoWeek week{Digits(text, 0, 4), Digits(text, 6, 2)};
  if (week.year < 1 || week.week < 1 || week.week > 53)
    return Invalid(field, "there is no such week");
  const int32_t monday = MondayOfWeek1(week.year) + (week.week - 1) * 7;
  if (monday < kMinDate || IsoWeekOf(monday) != week) {
    return Invalid(field, "the year does not have this week");
  }
  return monday;
}

}  // namespace tandem
