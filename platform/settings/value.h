// One setting: what it may be, and its value as text and as a type.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace tandem::settings {

// An integer and a duration (in milliseconds) are both int64_t; an enumeration is its word.
using Value = std::variant<bool, int64_t, std::string, std::vector<std::string>>;

enum class Kind { kBool, kInt, kDurationMs, kString, kEnum, kList };

struct Declaration {
  std::string name = {};      // dotted, lower snake case: "bus.retry_delay_ms"
  std::string sentence = {};  // what it does, for the reference
  Kind kind = Kind::kString;
  Value default_value = {};
  int64_t min = 0;  // kInt, kDurationMs
  int64_t max = 0;
  std::vector<std::string> choices = {};  // kEnum
  bool secret = false;                    // never printed; may come from a file

  friend bool operator==(const Declaration&, const Declaration&) = default;
};

// The value a text stands for: bool true/false, yes/no, on/off, 1/0; integer decimal; duration a
// number with ms, s, m, h or d ("250ms"), bare milliseconds too; list comma-separated. Refused with
// what was expected: SETTING_INVALID, SETTING_OUT_OF_RANGE; a secret is not repeated in the
// message.
absl::StatusOr<Value> ParseValue(const Declaration& declaration, absl::string_view text);
// Bounds and choices; ParseValue calls it.
absl::Status CheckValue(const Declaration& declaration, const Value& value);

// A text that parses to the value; "***" for a secret that is set.
std::string FormatValue(const Declaration& declaration, const Value& value);
// For people: "integer, 0 to 65535", "one of sqlite, postgresql".
std::string TypeText(const Declaration& declaration);

// "TANDEM_BUS_RETRY_DELAY_MS" for "bus.retry_delay_ms".
std::string EnvironmentName(absl::string_view setting_name);

}  // namespace tandem::settings
