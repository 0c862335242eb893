// Calendar dates as days since 1970-01-01 (proleptic Gregorian calendar, years 1 to 9999). Dates
// that decide come in a command; nothing here reads a clock or knows a time zone.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <string>

#include "google/type/date.pb.h"

namespace tandem {

// 0001-01-01 and 9999-12-31.
inline constexpr int32_t kMinDate = -719162;
inline constexpr int32_t kMaxDate = 2932896;

// Whole dates only: a missing year, month or day, or a day its month does not have, is
// INVALID_ARGUMENT, DATE_INVALID, naming `field`.
absl::StatusOr<int32_t> DateFromProto(const google::type::Date& date, absl::string_view field);
google::type::Date DateToProto(int32_t days);
absl::StatusOr<int32_t> DateOf(int year, int month, int day, absl::string_view field = "");

// 'YYYY-MM-DD', exactly.
absl::StatusOr<int32_t> ParseDate(absl::string_view text, absl::string_view field = "");
std::string FormatDate(int32_t days);

// OUT_OF_RANGE, DATE_OUT_OF_RANGE outside the years 1 to 9999.
absl::StatusOr<int32_t> AddDays(int32_t days, int32_t count);

// The UTC day of a time in microseconds since 1970.
int32_t DateOfMicros(int64_t unix_micros);
// The first microsecond of that day, UTC.
int64_t MicrosOfDate(int32_t days);

// ISO 8601: weeks start on Monday, week 1 holds the year's first Thursday.
struct IsoWeek {
  int year = 0;
  int week = 0;
  friend bool operator==(const IsoWeek&, const IsoWeek&) = default;
};
IsoWeek IsoWeekOf(int32_t days);
// 'YYYY-Www' of the week the day is in.
std::string FormatIsoWeek(int32_t days);
// The Monday of 'YYYY-Www'; DATE_INVALID for what is no week, or one that begins before year 1.
absl::StatusOr<int32_t> ParseIsoWeek(absl::string_view text, absl::string_view field = "");
// 1 Monday … 7 Sunday.
int IsoWeekday(int32_t days);

}  // namespace tandem
