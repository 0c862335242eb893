#include "platform/store/text_list.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace tandem::store {
namespace {

// The characters that have a short escape, and what stands behind the backslash for each.
constexpr absl::string_view kPlain = "\"\\\b\f\n\r\t";
constexpr absl::string_view kShort = "\"\\bfnrt";

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20; }

// The character of an escape, behind its backslash, which is taken off `json`.
bool TakeEscaped(absl::string_view* json, char* out) {
  if (json->empty()) return false;
  const size_t at = kShort.find(json->front());
  if (at != absl::string_view::npos) {
    *out = kPlain[at];
    json->remove_prefix(1);
    return true;
  }
  if (!absl::ConsumePrefix(json, "u00") || json->size() < 2) return false;
  for (const char c : json->substr(0, 2)) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return false;
  }
  *out = absl::HexStringToBytes(json->substr(0, 2))[0];
  json->remove_prefix(2);
  return IsControl(*out) && *out != '\0';
}

bool TakeText(absl::string_view* json, std::string* out) {
  if (!absl::ConsumePrefix(json, "\"")) return false;
  while (!json->empty()) {
    const char c = json->front();
    json->remove_prefix(1);
    if (c == '"') return true;
    if (IsControl(c)) return false;
    out->push_back(c);
    if (c == '\\' && !TakeEscaped(json, &out->back())) return false;
  }
  return false;
}

}  // namespace

void AppendJsonText(absl::string_view text, std::string* out) {
  out->push_back('"');
  for (const char c : text) {
    if (!IsControl(c) && c != '"' && c != '\\') {
      out->push_back(c);
    } else if (const size_t at = kPlain.find(c); at != absl::string_view::npos) {
      *out += {'\\', kShort[at]};
    } else {
      absl::StrAppend(out, "\\u", absl::Hex(static_cast<int>(c), absl::kZeroPad4));
    }
  }
  out->push_back('"');
}

bool ParseTextList(absl::string_view json, std::vector<std::string>* out) {
  out->clear();
  if (!absl::ConsumePrefix(&json, "[") || !absl::ConsumeSuffix(&json, "]")) return false;
  while (!json.empty()) {
    if (!out->empty() && !absl::ConsumePrefix(&json, ",")) return false;
    if (!TakeText(&json, &out->emplace_back())) return false;
  }
  return true;
}

}  // namespace tandem::store
