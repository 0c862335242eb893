// A text in an event's payload, found without parsing the rest: for hints, which are asked for each
// event before it is applied and may be wrong.
#pragma once

#include <initializer_list>

#include "absl/strings/string_view.h"

namespace tandem::bus {

// The text of the field that a path of field numbers leads to: messages, then a string. Empty where
// there is none, or the bytes are no message.
absl::string_view TextAt(absl::string_view message, std::initializer_list<int> path);

}  // namespace tandem::bus
