// The `filter` of list methods: the language of AIP-160, parsed and typed against the resource's
// descriptor, so that whatever is accepted can be evaluated.
//
//   state = ORDER_STATE_PLACED AND total > 100.00 AND NOT ship_to.country_code = "DE"
//   name = "Nord*" OR name = "*wind"      prefix, suffix (and "*x*"); case matters
//   place_time >= "2026-01-31T00:00:00Z"  a Timestamp; a Date is written 2026-01-31
//   total.currency_code = EUR             Money, Decimal and Quantity compare as numbers
//   customer:"wind"                       text contains; on other types `:` is `=`
//   lines.product_id:prd_01h...           any item of a repeated field, which knows `:` only
//   close_date:*                          is set (without presence: not 0, not empty)
//   state:(PLACED OR CONFIRMED)           the same comparison with several values
//
// As AIP-160 has it, OR binds closer than a sequence ("a b" means both) and a sequence closer than
// AND; `-x` is `NOT x`; words stand without quotes where they hold none of ( ) , < > = ! " ' and no
// space. In quotes, \\ \" \' \n \t are escapes, and \* is an asterisk that is no wildcard.
//
// Logic is two-valued: a comparison with an absent field is false, `!=` is the negation of `=`, so
// `NOT` always selects exactly the rest.
//
// Refused, all INVALID_ARGUMENT about the field `filter`: FILTER_TOO_LONG, FILTER_TOO_DEEP,
// FILTER_TOO_MANY_TERMS, FILTER_SYNTAX, FILTER_FIELD_UNKNOWN, FILTER_TYPE_MISMATCH and
// FILTER_NOT_SUPPORTED (functions by name, bare words, map entries, wildcards inside a word). All
// but FILTER_TOO_LONG carry the metadata `position`, the byte of the text, from 1.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstddef>
#include <string>
#include <vector>

#include "platform/rpc/field_path.h"

namespace tandem::rpc {

// A filter is typed by a person or made by a client; 2 KiB hold every one we can think of, and keep
// the SQL text and its parameters small.
inline constexpr size_t kFilterMaxBytes = 2048;
// Parentheses in parentheses: bounds the recursion of parser, evaluator and the database's planner.
inline constexpr int kFilterMaxDepth = 16;
// Comparisons: each is evaluated per row, and one SQL parameter.
inline constexpr int kFilterMaxTerms = 64;

struct Comparison {
  enum class Op { kEq, kNe, kLt, kLe, kGt, kGe };
  // How a text is matched; all other kinds are kExact or kPresent. Only kExact is ordered.
  enum class Match { kExact, kPrefix, kSuffix, kContains, kPresent };
  FieldPath field;
  Op op = Op::kEq;
  Match match = Match::kExact;
  SqlValue value;
};

struct FilterNode {
  enum class Kind { kAnd, kOr, kNot, kComparison };
  Kind kind = Kind::kAnd;
  std::vector<FilterNode> children;  // kAnd, kOr: any number; kNot: one
  Comparison comparison;             // kComparison
};

// A parsed filter. An empty one is a kAnd of nothing, which everything matches.
struct Filter {
  FilterNode root;
  int terms = 0;
};

absl::StatusOr<Filter> ParseFilter(absl::string_view text,
                                   const google::protobuf::Descriptor& type);

// Whether the message passes: what the SQL of the filter must agree with, and the filter of
// streams, where there is no SQL.
bool Matches(const Filter& filter, const google::protobuf::Message& message);

}  // namespace tandem::rpc
