#include "platform/settings/value.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/str_split.h>

#include <algorithm>

#include "platform/base/status.h"
#include "platform/base/status_macros.h"

namespace tandem::settings {
namespace {

struct DurationUnit {
  absl::string_view suffix;
  int64_t ms;
};
// Largest first; "ms" stands before "s" and "m" when read, which end in the same letters.
constexpr DurationUnit kUnits[] = {
    {"d", 86'400'000}, {"h", 3'600'000}, {"ms", 1}, {"m", 60'000}, {"s", 1'000}};

std::string FormatDuration(int64_t ms) {
  int64_t best = 1;
  absl::string_view suffix = "ms";
  for (const DurationUnit& unit : kUnits) {
    if (ms != 0 && ms % unit.ms == 0 && unit.ms > best) best = unit.ms, suffix = unit.suffix;
  }
  return absl::StrCat(ms / best, suffix);
}

absl::Status Invalid(const Declaration& declaration, absl::string_view text) {
  return InvalidField(declaration.name, "SETTING_INVALID",
                      declaration.secret ? "the value is not what it should be"
                                         : absl::StrCat("'", text, "' is not a value of it (",
                                                        TypeText(declaration), ")"));
}

bool ParseBool(absl::string_view text, bool* value) {
  for (const absl::string_view word : {"true", "yes", "on", "1"}) {
    if (absl::EqualsIgnoreCase(text, word)) return *value = true, true;
  }
  for (const absl::string_view word : {"false", "no", "off", "0"}) {
    if (absl::EqualsIgnoreCase(text, word)) return *value = false, true;
  }
  return false;
}

bool ParseInt(absl::string_view text, int64_t* value) {
  // SimpleAtoi skips white space; a value with any is a mistake.
  return !text.empty() && !absl::ascii_isspace(text.front()) && !absl::ascii_isspace(text.back()) &&
         absl::SimpleAtoi(text, value);
}

bool ParseDuration(absl::string_view text, int64_t* value) {
  for (const DurationUnit& unit : kUnits) {
    if (!absl::EndsWith(text, unit.suffix)) continue;
    text.remove_suffix(unit.suffix.size());
    return ParseInt(text, value) && !__builtin_mul_overflow(*value, unit.ms, value);
  }
  return ParseInt(text, value);
}

std::vector<std::string> ParseList(absl::string_view text) {
  std::vector<std::string> items;
  for (const absl::string_view item : absl::StrSplit(text, ',')) {
    const absl::string_view stripped = absl::StripAsciiWhitespace(item);
    if (!stripped.empty()) items.emplace_back(stripped);
  }
  return items;
}

}  // namespace

absl::StatusOr<Value> ParseValue(const Declaration& declaration, absl::string_view text) {
  Value value;
  bool flag = false;
  int64_t number = 0;
  switch (declaration.kind) {
    case Kind::kBool:
      if (!ParseBool(text, &flag)) return Invalid(declaration, text);
      value = flag;
      break;
    case Kind::kInt:
      if (!ParseInt(text, &number)) return Invalid(declaration, text);
      value = number;
      break;
    case Kind::kDurationMs:
      if (!ParseDuration(text, &number)) return Invalid(declaration, text);
      value = number;
      break;
    case Kind::kString:
    case Kind::kEnum:
      value = std::string(text);
      break;
    case Kind::kList:
      value = ParseList(text);
      break;
  }
  TANDEM_RETURN_IF_ERROR(CheckValue(declaration, value));
  return value;
}

absl::Status CheckValue(const Declaration& declaration, const Value& value) {
  if (declaration.kind == Kind::kInt || declaration.kind == Kind::kDurationMs) {
    const int64_t number = std::get<int64_t>(value);
    if (number < declaration.min || number > declaration.max) {
      return InvalidField(declaration.name, "SETTING_OUT_OF_RANGE",
                          absl::StrCat(FormatValue(declaration, value), " is out of bounds (",
                                       TypeText(declaration), ")"));
    }
  }
  if (declaration.kind == Kind::kEnum &&
      std::find(declaration.choices.begin(), declaration.choices.end(),
                std::get<std::string>(value)) == declaration.choices.end()) {
    return Invalid(declaration, std::get<std::string>(value));
  }
  return absl::OkStatus();
}

std::string FormatValue(const Declaration& declaration, const Value& value) {
  switch (declaration.kind) {
    case Kind::kBool:
      return std::get<bool>(value) ? "true" : "false";
    case Kind::kInt:
      return absl::StrCat(std::get<int64_t>(value));
    case Kind::kDurationMs:
      return FormatDuration(std::get<int64_t>(value));
    case Kind::kString:
    case Kind::kEnum: {
      const auto& text = std::get<std::string>(value);
      return declaration.secret && !text.empty() ? "***" : text;
    }
    case Kind::kList:
      return absl::StrJoin(std::get<std::vector<std::string>>(value), ",");
  }
  return "";
}

std::string TypeText(const Declaration& declaration) {
  switch (declaration.kind) {
    case Kind::kBool:
      return "true or false";
    case Kind::kInt:
      return absl::StrCat("integer, ", declaration.min, " to ", declaration.max);
    case Kind::kDurationMs:
      return absl::StrCat("duration, ", FormatDuration(declaration.min), " to ",
                          FormatDuration(declaration.max));
    case Kind::kString:
      return declaration.secret ? "secret text" : "text";
    case Kind::kEnum:
      return absl::StrCat("one of ", absl::StrJoin(declaration.choices, ", "));
    case Kind::kList:
      return "list of text";
  }
  return "";
}

std::string EnvironmentName(absl::string_view setting_name) {
  return absl::StrCat("TANDEM_", absl::AsciiStrToUpper(
                                     absl::StrReplaceAll(setting_name, {{".", "_"}, {"-", "_"}})));
}

}  // namespace tandem::settings
