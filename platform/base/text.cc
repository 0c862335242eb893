#include "platform/base/text.h"

#include <absl/strings/str_cat.h>

#include <cstdint>

#include "platform/base/status.h"
#include "platform/base/status_macros.h"

namespace tandem {
namespace {

constexpr uint32_t kMalformed = 0xffffffff;

// The code point at the front of `rest`, which it is taken from.
uint32_t TakeCodePoint(absl::string_view* rest) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>((*rest)[i]); };
  const unsigned char first = at(0);
  size_t length = 1;
  uint32_t value = first;
  uint32_t least = 0;
  if (first >= 0xf0 && first < 0xf8) {
    length = 4, value = first & 0x07, least = 0x10000;
  } else if (first >= 0xe0 && first < 0xf0) {
    length = 3, value = first & 0x0f, least = 0x800;
  } else if (first >= 0xc0 && first < 0xe0) {
    length = 2, value = first & 0x1f, least = 0x80;
  } else if (first >= 0x80) {
    return kMalformed;
  }
  if (rest->size() < length) return kMalformed;
  for (size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return kMalformed;
    value = value << 6 | (at(i) & 0x3f);
  }
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < least || value > 0x10ffff || surrogate) return kMalformed;
  rest->remove_prefix(length);
  return value;
}

bool IsForbiddenControl(uint32_t c) {
  return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c <= 0x9f);
}

}  // namespace

std::optional<size_t> Utf8Length(absl::string_view bytes) {
  size_t length = 0;
  for (; !bytes.empty(); ++length) {
    if (TakeCodePoint(&bytes) == kMalformed) return std::nullopt;
  }
  return length;
}

absl::Status CheckText(absl::string_view value, size_t max, absl::string_view field) {
  size_t length = 0;
  bool control = false;
  for (absl::string_view rest = value; !rest.empty(); ++length) {
    const uint32_t c = TakeCodePoint(&rest);
    if (c == kMalformed) return InvalidField(field, "TEXT_NOT_UTF8", "the text is not UTF-8");
    control = control || IsForbiddenControl(c);
  }
  if (control) {
    return InvalidField(field, "TEXT_CONTROL_CHARACTER",
                        "the text holds a control character other than tab and newline");
  }
  if (length > max) {
    absl::Status status =
        InvalidField(field, "TEXT_TOO_LONG",
                     absl::StrCat("the text has ", length, " characters, at most ", max));
    AddMetadata(&status, "max", absl::StrCat(max));
    return status;
  }
  return absl::OkStatus();
}

absl::Status CheckRequiredText(absl::string_view value, size_t max, absl::string_view field) {
  if (value.find_first_not_of(" \t\n") == absl::string_view::npos) {
    return InvalidField(field, "TEXT_MISSING", "a text is needed here");
  }
  return CheckText(value, max, field);
}

}  // namespace tandem
