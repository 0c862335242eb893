#include "platform/rpc/filter_sql.h"

#include <absl/strings/str_cat.h>

#include <utility>

#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/base/text.h"

namespace tandem::rpc {
namespace {

using Match = Comparison::Match;
using Op = Comparison::Op;

absl::string_view Sign(Op op, bool negated) {
  switch (op) {
    case Op::kEq:
      return negated ? "<>" : "=";
    case Op::kNe:
      return negated ? "=" : "<>";
    case Op::kLt:
      return negated ? ">=" : "<";
    case Op::kLe:
      return negated ? ">" : "<=";
    case Op::kGt:
      return negated ? "<=" : ">";
    case Op::kGe:
      return negated ? "<" : ">=";
  }
  return "=";
}

std::string EscapeLike(absl::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '!') out += '!';
    out += c;
  }
  return out;
}

class Writer {
 public:
  Writer(const ColumnMapper& columns, int first, FilterSql* out)
      : columns_(columns), next_(first), out_(out) {}

  int next() const { return next_; }

  // NOT is pushed down to the comparisons: there it can be written so that NULL counts as false
  // both ways, and the databases can use an index for what is not negated.
  absl::StatusOr<std::string> Node(const FilterNode& node, bool negated) {
    if (node.kind == FilterNode::Kind::kComparison) return Condition(node.comparison, negated);
    if (node.kind == FilterNode::Kind::kNot) return Node(node.children.front(), !negated);
    const bool all = (node.kind == FilterNode::Kind::kAnd) != negated;
    if (node.children.empty()) return std::string(all ? "1 = 1" : "1 = 0");
    std::string text;
    for (const FilterNode& child : node.children) {
      TANDEM_ASSIGN_OR_RETURN(const std::string part, Node(child, negated));
      absl::StrAppend(&text, text.empty() ? "(" : all ? " AND " : " OR ", part);
    }
    return text + ")";
  }

 private:
  absl::StatusOr<std::string> Condition(const Comparison& comparison, bool negated) {
    const FieldPath& field = comparison.field;
    const std::optional<ColumnRef> column = columns_(field.path);
    if (!column) {
      return InvalidField("filter", "FILTER_NOT_SUPPORTED",
                          absl::StrCat("filtering by '", field.path, "' is not supported"));
    }
    if ((!field.presence_only && column->kind != field.kind) ||
        field.repeated == column->within.empty()) {
      return Refuse(absl::StatusCode::kInternal, "FILTER_COLUMN_MISMATCH",
                    absl::StrCat("the column for '", field.path, "' does not fit the field"));
    }
    if (comparison.op == Op::kNe) negated = !negated;
    if (column->within.empty()) return Test(comparison, *column, negated);
    const size_t hole = column->within.find("{}");
    if (hole == std::string::npos) {
      return Refuse(absl::StatusCode::kInternal, "FILTER_COLUMN_MISMATCH",
                    absl::StrCat("no place for the condition on '", field.path, "'"));
    }
    return absl::StrCat(negated ? "NOT " : "", column->within.substr(0, hole),
                        Test(comparison, *column, false), column->within.substr(hole + 2));
  }

  // The op is never kNe here: it has become `negated`.
  std::string Test(const Comparison& comparison, const ColumnRef& column, bool negated) {
    const std::string& sql = column.sql;
    if (comparison.match == Match::kPresent) return Presence(comparison.field, column, negated);
    std::string test;
    if (comparison.match == Match::kExact) {
      const Op op = comparison.op == Op::kNe ? Op::kEq : comparison.op;
      test = absl::StrCat(sql, " ", Sign(op, negated), " ", Parameter(comparison.value));
    } else {
      const auto& text = std::get<std::string>(comparison.value);
      if (comparison.match == Match::kPrefix) {
        // The length stands in the text: PostgreSQL could not tell the type of a parameter there.
        test = absl::StrCat("substr(", sql, ", 1, ", Utf8Length(text).value_or(0), ") ",
                            negated ? "<>" : "=", " ", Parameter(text));
      } else {
        const bool contains = comparison.match == Match::kContains;
        test = absl::StrCat(sql, negated ? " NOT LIKE " : " LIKE ",
                            Parameter(absl::StrCat("%", EscapeLike(text), contains ? "%" : "")),
                            " ESCAPE '!'");
      }
    }
    return negated && column.nullable ? absl::StrCat("(", sql, " IS NULL OR ", test, ")") : test;
  }

  static std::string Presence(const FieldPath& field, const ColumnRef& column, bool negated) {
    const std::string& sql = column.sql;
    // A row of a child table is an item, whatever it holds.
    const bool item = field.presence_only || field.fields.back()->is_repeated();
    if (item || (column.nullable && field.has_presence)) {
      return absl::StrCat(sql, negated ? " IS NULL" : " IS NOT NULL");
    }
    const std::string test =
        absl::StrCat(sql, negated ? " = " : " <> ", column.kind == ColumnKind::kText ? "''" : "0");
    return negated && column.nullable ? absl::StrCat("(", sql, " IS NULL OR ", test, ")") : test;
  }

  std::string Parameter(SqlValue value) {
    out_->values.push_back(std::move(value));
    return absl::StrCat("$", next_++);
  }

  const ColumnMapper& columns_;
  int next_;
  FilterSql* const out_;
};

}  // namespace

absl::StatusOr<FilterSql> ToSql(const Filter& filter, const ColumnMapper& columns, int first) {
  FilterSql out;
  Writer writer(columns, first, &out);
  TANDEM_ASSIGN_OR_RETURN(out.text, writer.Node(filter.root, false));
  out.next = writer.next();
  return out;
}

}  // namespace tandem::rpc
