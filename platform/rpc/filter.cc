#include "platform/rpc/filter.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/time/time.h>

#include <utility>

#include "platform/base/date.h"
#include "platform/base/fixed.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/base/text.h"
#include "platform/rpc/filter_parse.h"

namespace tandem::rpc {
namespace {

using google::protobuf::Descriptor;
using internal::Comparator;
using internal::FilterError;
using internal::Literal;

absl::Status Mismatch(const Literal& literal, const FieldPath& field, absl::string_view wants) {
  return FilterError("FILTER_TYPE_MISMATCH", literal.position,
                     absl::StrCat("'", field.path, "' is compared with ", wants));
}

// RFC 3339 to the microsecond. absl::ParseTime is more lenient ("2026-1-1", spaces, "infinite"), so
// the shape is checked first.
std::optional<int64_t> ParseTimestamp(absl::string_view text) {
  static constexpr absl::string_view kShape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() <= kShape.size()) return std::nullopt;
  for (size_t i = 0; i < kShape.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == 'd' ? !digit : text[i] != kShape[i]) return std::nullopt;
  }
  absl::Time time;
  std::string error;
  if (text.back() == ' ' || !absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return std::nullopt;
  }
  const int64_t micros = absl::ToUnixMicros(time);
  if (absl::FromUnixMicros(micros) != time) return std::nullopt;
  return micros;
}

// The literal as a value of the field's kind. For bools and enums the name alone is legal.
absl::StatusOr<SqlValue> ValueFor(const FieldPath& field, const Literal& literal) {
  const std::string& text = literal.text;
  switch (field.kind) {
    case ColumnKind::kText:
      return SqlValue(text);
    case ColumnKind::kInt: {
      int64_t value = 0;
      if (!absl::SimpleAtoi(text, &value)) return Mismatch(literal, field, "a whole number");
      return SqlValue(value);
    }
    case ColumnKind::kBool:
      if (text != "true" && text != "false") return Mismatch(literal, field, "true or false");
      return SqlValue(int64_t{text == "true"});
    case ColumnKind::kEnum: {
      const auto* type = field.fields.back()->enum_type();
      const auto* value = type->FindValueByName(text);
      if (value == nullptr) {
        return Mismatch(literal, field, absl::StrCat("the name of a value of ", type->name()));
      }
      return SqlValue(int64_t{value->number()});
    }
    case ColumnKind::kMicros: {
      const absl::StatusOr<int64_t> micros = ParseMicros(text);
      if (!micros.ok()) return Mismatch(literal, field, "a number of at most six decimals");
      return SqlValue(*micros);
    }
    case ColumnKind::kTimeMicros: {
      const std::optional<int64_t> micros = ParseTimestamp(text);
      if (!micros) return Mismatch(literal, field, "a time like \"2026-01-31T08:00:00Z\"");
      return SqlValue(*micros);
    }
    case ColumnKind::kDateDays: {
      const absl::StatusOr<int32_t> days = ParseDate(text);
      if (!days.ok()) return Mismatch(literal, field, "a date like 2026-01-31");
      return SqlValue(int64_t{*days});
    }
  }
  return absl::InternalError("a column kind that is not in the list");
}

Comparison::Op OpOf(Comparator comparator) {
  switch (comparator) {
    case Comparator::kEq:
    case Comparator::kHas:
      return Comparison::Op::kEq;
    case Comparator::kNe:
      return Comparison::Op::kNe;
    case Comparator::kLt:
      return Comparison::Op::kLt;
    case Comparator::kLe:
      return Comparison::Op::kLe;
    case Comparator::kGt:
      return Comparison::Op::kGt;
    case Comparator::kGe:
      return Comparison::Op::kGe;
  }
  return Comparison::Op::kEq;
}

absl::StatusOr<Comparison::Match> MatchFor(const FieldPath& field, Comparator comparator,
                                           const Literal& literal) {
  using Match = Comparison::Match;
  const bool star = literal.star_front || literal.star_back || literal.star_inner;
  const bool text = field.kind == ColumnKind::kText && !field.presence_only;
  const bool equality = comparator == Comparator::kEq || comparator == Comparator::kNe ||
                        comparator == Comparator::kHas;
  if (literal.any() && equality && (text || comparator == Comparator::kHas)) return Match::kPresent;
  const auto refuse = [&](absl::string_view message) {
    return FilterError("FILTER_NOT_SUPPORTED", literal.position, message);
  };
  if (field.presence_only) {
    return refuse(absl::StrCat("'", field.path,
                               "' has no value to compare; ask for a field of it, "
                               "or whether it is set with '",
                               field.path, ":*'"));
  }
  if (field.repeated && comparator != Comparator::kHas) {
    return refuse(absl::StrCat("'", field.path, "' is repeated; only ':' applies to its items"));
  }
  if (!equality && (field.kind == ColumnKind::kBool || field.kind == ColumnKind::kEnum)) {
    return refuse(absl::StrCat("the values of '", field.path, "' have no order"));
  }
  if (star && !text) return Mismatch(literal, field, "a value; only text knows wildcards");
  if (star && !equality) return refuse("wildcards have no order; use = != or :");
  if (literal.star_inner) return refuse("a wildcard stands first or last in a text");
  if (literal.star_front && literal.star_back) return Match::kContains;
  if (literal.star_front) return Match::kSuffix;
  if (literal.star_back) return Match::kPrefix;
  const bool contains = text && comparator == Comparator::kHas && !field.repeated;
  return contains ? Match::kContains : Match::kExact;
}

absl::StatusOr<FilterNode> Typed(const Descriptor& type, absl::string_view path, size_t position,
                                 Comparator comparator, const Literal& literal) {
  ResolvedField resolved = ResolveField(type, path);
  if (!resolved.field) {
    return FilterError(resolved.unknown ? "FILTER_FIELD_UNKNOWN" : "FILTER_NOT_SUPPORTED", position,
                       resolved.problem);
  }
  FilterNode node;
  node.kind = FilterNode::Kind::kComparison;
  Comparison& out = node.comparison;
  out.field = *std::move(resolved.field);
  out.op = OpOf(comparator);
  TANDEM_ASSIGN_OR_RETURN(out.match, MatchFor(out.field, comparator, literal));
  if (out.match != Comparison::Match::kPresent) {
    TANDEM_ASSIGN_OR_RETURN(out.value, ValueFor(out.field, literal));
  }
  return node;
}

}  // namespace

absl::StatusOr<Filter> ParseFilter(absl::string_view text, const Descriptor& type) {
  if (text.size() > kFilterMaxBytes) {
    return InvalidField("filter", "FILTER_TOO_LONG",
                        absl::StrCat("the filter has ", text.size(), " bytes; at most ",
                                     kFilterMaxBytes, " are allowed"));
  }
  // What PostgreSQL could not store it cannot compare either.
  if (const size_t nul = text.find('\0'); nul != absl::string_view::npos) {
    return FilterError("FILTER_SYNTAX", nul, "a NUL character");
  }
  if (!Utf8Length(text)) return FilterError("FILTER_SYNTAX", 0, "the filter is not valid UTF-8");
  return internal::Parse(text, [&type](absl::string_view path, size_t position,
                                       Comparator comparator, const Literal& literal) {
    return Typed(type, path, position, comparator, literal);
  });
}

}  // namespace tandem::rpc
