#include <absl/strings/match.h>

#include <algorithm>
#include <compare>

#include "platform/rpc/filter.h"

namespace tandem::rpc {
namespace {

using google::protobuf::Message;
using Match = Comparison::Match;
using Op = Comparison::Op;

std::strong_ordering Order(const SqlValue& a, const SqlValue& b) {
  if (const int64_t* number = std::get_if<int64_t>(&a)) return *number <=> std::get<int64_t>(b);
  // std::string compares as unsigned bytes, as the databases do.
  return std::get<std::string>(a).compare(std::get<std::string>(b)) <=> 0;
}

bool MatchesOne(const Comparison& comparison, const SqlValue& value) {
  if (comparison.match != Match::kExact) {
    const auto& text = std::get<std::string>(value);
    const auto& part = std::get<std::string>(comparison.value);
    switch (comparison.match) {
      case Match::kPrefix:
        return absl::StartsWith(text, part);
      case Match::kSuffix:
        return absl::EndsWith(text, part);
      default:
        return absl::StrContains(text, part);
    }
  }
  const std::strong_ordering order = Order(value, comparison.value);
  switch (comparison.op) {
    case Op::kEq:
    case Op::kNe:
      return order == 0;
    case Op::kLt:
      return order < 0;
    case Op::kLe:
      return order <= 0;
    case Op::kGt:
      return order > 0;
    case Op::kGe:
      return order >= 0;
  }
  return false;
}

bool MatchesNode(const FilterNode& node, const Message& message) {
  const auto passes = [&message](const FilterNode& child) { return MatchesNode(child, message); };
  switch (node.kind) {
    case FilterNode::Kind::kAnd:
      return std::ranges::all_of(node.children, passes);
    case FilterNode::Kind::kOr:
      return std::ranges::any_of(node.children, passes);
    case FilterNode::Kind::kNot:
      return !passes(node.children.front());
    case FilterNode::Kind::kComparison:
      break;
  }
  const Comparison& comparison = node.comparison;
  const bool negated = comparison.op == Op::kNe;
  if (comparison.match == Match::kPresent) return IsPresent(comparison.field, message) != negated;
  const bool any =
      std::ranges::any_of(ReadField(comparison.field, message),
                          [&](const SqlValue& value) { return MatchesOne(comparison, value); });
  return any != negated;
}

}  // namespace

bool Matches(const Filter& filter, const Message& message) {
  return MatchesNode(filter.root, message);
}

}  // namespace tandem::rpc
