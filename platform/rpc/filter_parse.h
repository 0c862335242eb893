// The inside of ParseFilter: from the text to comparisons that are not typed yet, which a callback
// turns into nodes one by one. Knows the grammar and the limits, no descriptor.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <functional>
#include <string>

#include "platform/rpc/filter.h"

namespace tandem::rpc::internal {

enum class Comparator { kEq, kNe, kLt, kLe, kGt, kGe, kHas };

// An argument as written, without quotes and escapes.
struct Literal {
  std::string text;         // without leading and trailing wildcards
  bool star_front = false;  // wildcards: asterisks that no backslash made plain
  bool star_back = false;
  bool star_inner = false;
  size_t position = 0;
  bool any() const { return text.empty() && star_front; }
};

// The path, where it stands, the comparator and the argument.
using MakeComparison = std::function<absl::StatusOr<FilterNode>(
    absl::string_view path, size_t position, Comparator comparator, const Literal& literal)>;

absl::StatusOr<Filter> Parse(absl::string_view text, const MakeComparison& make);

// An INVALID_ARGUMENT about `filter`, at a byte (from 0) of its text.
absl::Status FilterError(absl::string_view reason, size_t position, absl::string_view message);

}  // namespace tandem::rpc::internal
