// A list of texts as one text: a JSON array of strings, as tables with `texts_in_row` keep it.
// Written in one way only: no spaces, and escaped is what JSON must have escaped.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace tandem::store {

// Appends `text` as a JSON string.
void AppendJsonText(absl::string_view text, std::string* out);

// The list in `json`; false where it is not an array of strings in the form written here (any of
// JSON's short escapes is understood; of \u, what no short one stands for: control characters).
bool ParseTextList(absl::string_view json, std::vector<std::string>* out);

}  // namespace tandem::store
