// Language tags (BCP 47): whether one is well-formed, and its canonical upper and lower case. It
// knows the grammar (language, script, region, variants, extensions, private use), not the
// registry.
#pragma once

#include <absl/strings/string_view.h>

#include <string>

namespace tandem {

bool IsLanguageTag(absl::string_view tag);
// "EN-us" → "en-US", "zh-hant-tw" → "zh-Hant-TW": two spellings of one language are one key. The
// tag must be well-formed.
std::string CanonicalLanguageTag(absl::string_view tag);

}  // namespace tandem
