// Telephone numbers as they are compared: two spellings of one number have one normal form.
#pragma once

#include <absl/strings/string_view.h>

#include <string>

namespace tandem {

// Digits with an optional leading '+': "+44 (0)20 7946-0958" and "0044 20 79460958" are both
// "+442079460958". A number without country code keeps its digits; nothing is guessed. Empty if
// there is no digit.
std::string NormalisePhone(absl::string_view phone);
// E.164: '+', then 7 to 15 digits, the first not 0, once normalised.
bool IsE164(absl::string_view phone);

}  // namespace tandem
