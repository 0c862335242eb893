// What text from outside must be before it is stored or compared.
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>

#include <cstddef>
#include <optional>

namespace tandem {

// The number of code points; none if the bytes are not well-formed UTF-8 (overlong forms,
// surrogates and what is beyond U+10FFFF are not).
std::optional<size_t> Utf8Length(absl::string_view bytes);

// INVALID_ARGUMENT naming `field`: TEXT_NOT_UTF8; TEXT_TOO_LONG above `max` code points;
// TEXT_CONTROL_CHARACTER for a control character other than tab and newline.
absl::Status CheckText(absl::string_view value, size_t max, absl::string_view field);
// The same, and TEXT_MISSING for an empty text or one of white space only.
absl::Status CheckRequiredText(absl::string_view value, size_t max, absl::string_view field);

}  // namespace tandem
