#include "platform/rpc/order_by.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <utility>

#include "platform/base/status.h"
#include "platform/base/status_macros.h"

namespace tandem::rpc {
namespace {

absl::Status OrderError(absl::string_view reason, absl::string_view message) {
  return InvalidField("order_by", reason, absl::StrCat("order_by: ", message));
}

bool IsPath(absl::string_view text) {
  return std::ranges::all_of(text,
                             [](char c) { return absl::ascii_isalnum(c) || c == '_' || c == '.'; });
}

absl::StatusOr<OrderTerm> MakeTerm(absl::string_view path, bool descending,
                                   const google::protobuf::Descriptor& type,
                                   const ColumnMapper& columns) {
  ResolvedField resolved = ResolveField(type, path);
  if (!resolved.field) {
    return OrderError(resolved.unknown ? "ORDER_BY_FIELD_UNKNOWN" : "ORDER_BY_NOT_SUPPORTED",
                      resolved.problem);
  }
  OrderTerm term;
  term.field = *std::move(resolved.field);
  term.descending = descending;
  if (term.field.repeated || term.field.presence_only) {
    return OrderError("ORDER_BY_NOT_SUPPORTED", absl::StrCat("'", path, "' has no order"));
  }
  const std::optional<ColumnRef> column = columns(term.field.path);
  if (!column) {
    return OrderError("ORDER_BY_NOT_SUPPORTED",
                      absl::StrCat("ordering by '", path, "' is not supported"));
  }
  if (column->kind != term.field.kind) {
    return Refuse(absl::StatusCode::kInternal, "ORDER_BY_COLUMN_MISMATCH",
                  absl::StrCat("the column for '", path, "' does not fit the field"));
  }
  term.nullable = column->nullable;
  term.sql = column->sql;
  if (column->nullable) {
    const bool text = column->kind == ColumnKind::kText;
    term.sql = absl::StrCat("COALESCE(", column->sql, ", ",
                            text ? "''" : absl::StrCat(kAbsentNumber), ")");
  }
  return term;
}

// "path", "path asc" or "path desc".
absl::StatusOr<std::pair<absl::string_view, bool>> SplitTerm(absl::string_view part) {
  const std::vector<absl::string_view> words =
      absl::StrSplit(part, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  const auto refuse = [] {
    return OrderError("ORDER_BY_SYNTAX", "wants fields with an optional 'desc', between commas");
  };
  if (words.empty() || words.size() > 2 || !IsPath(words[0])) return refuse();
  if (words.size() == 2 && words[1] != "desc" && words[1] != "asc") return refuse();
  return std::pair(words[0], words.size() == 2 && words[1] == "desc");
}

}  // namespace

absl::StatusOr<OrderBy> OrderBy::Parse(absl::string_view text,
                                       const google::protobuf::Descriptor& type,
                                       const ColumnMapper& columns, absl::string_view id) {
  if (text.size() > kOrderByMaxBytes) {
    return OrderError("ORDER_BY_TOO_LONG",
                      absl::StrCat("at most ", kOrderByMaxBytes, " bytes are allowed"));
  }
  OrderBy out;
  bool has_id = false;
  std::vector<absl::string_view> parts;
  if (!absl::StripAsciiWhitespace(text).empty()) parts = absl::StrSplit(text, ',');
  if (parts.size() > kOrderByMaxFields) {
    return OrderError("ORDER_BY_TOO_MANY_FIELDS",
                      absl::StrCat("at most ", kOrderByMaxFields, " fields are allowed"));
  }
  std::vector<std::string> seen;
  for (const absl::string_view part : parts) {
    TANDEM_ASSIGN_OR_RETURN(const auto split, SplitTerm(part));
    TANDEM_ASSIGN_OR_RETURN(OrderTerm term, MakeTerm(split.first, split.second, type, columns));
    if (std::ranges::find(seen, term.field.path) != seen.end()) {
      return OrderError("ORDER_BY_FIELD_TWICE", absl::StrCat("'", term.field.path, "' twice"));
    }
    seen.push_back(term.field.path);
    if (has_id) continue;
    has_id = term.field.path == id;
    out.terms_.push_back(std::move(term));
  }
  if (!has_id) {
    const bool descending = !out.terms_.empty() && out.terms_.back().descending;
    TANDEM_ASSIGN_OR_RETURN(OrderTerm term, MakeTerm(id, descending, type, columns));
    out.terms_.push_back(std::move(term));
  }
  return out;
}

std::string OrderBy::Sql() const {
  std::string text;
  for (const OrderTerm& term : terms_) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", term.sql, term.descending ? " DESC" : "");
  }
  return text;
}

std::string OrderBy::Canonical() const {
  std::string text;
  for (const OrderTerm& term : terms_) {
    absl::StrAppend(&text, term.field.path, term.descending ? " desc," : ",");
  }
  return text;
}

absl::StatusOr<FilterSql> OrderBy::After(const std::vector<SqlValue>& cursor, int first) const {
  bool fits = cursor.size() == terms_.size();
  for (size_t i = 0; fits && i < cursor.size(); ++i) {
    fits = std::holds_alternative<std::string>(cursor[i]) ==
           (terms_[i].field.kind == ColumnKind::kText);
  }
  if (!fits) {
    return InvalidField("page_token", "PAGE_TOKEN_INVALID", "the page token fits another order");
  }
  FilterSql out;
  out.values = cursor;
  out.next = first + static_cast<int>(cursor.size());
  const auto sign = [this](size_t i) { return terms_[i].descending ? " < " : " > "; };
  const bool uniform = std::ranges::all_of(
      terms_, [this](const OrderTerm& t) { return t.descending == terms_[0].descending; });
  if (uniform) {
    // A comparison of rows: the databases walk the index from here, which they do not with OR.
    std::string columns, parameters;
    for (size_t i = 0; i < terms_.size(); ++i) {
      absl::StrAppend(&columns, i == 0 ? "" : ", ", terms_[i].sql);
      absl::StrAppend(&parameters, i == 0 ? "$" : ", $", first + i);
    }
    out.text = absl::StrCat("(", columns, ")", sign(0), "(", parameters, ")");
    return out;
  }
  // (a > $1 OR (a = $1 AND b < $2) OR (a = $1 AND b = $2 AND id > $3))
  std::string equal;
  for (size_t i = 0; i < terms_.size(); ++i) {
    const std::string parameter = absl::StrCat("$", first + i);
    absl::StrAppend(&out.text, i == 0 ? "(" : " OR (", equal, terms_[i].sql, sign(i), parameter,
                    i == 0 ? "" : ")");
    absl::StrAppend(&equal, terms_[i].sql, " = ", parameter, " AND ");
  }
  out.text += ")";
  return out;
}

std::vector<SqlValue> OrderBy::CursorOf(const google::protobuf::Message& message) const {
  std::vector<SqlValue> out;
  for (const OrderTerm& term : terms_) {
    std::vector<SqlValue> values = ReadField(term.field, message);
    if (!values.empty()) {
      out.push_back(std::move(values.front()));
    } else if (term.field.kind == ColumnKind::kText) {
      out.emplace_back(std::string());
    } else {
      out.emplace_back(term.nullable ? kAbsentNumber : int64_t{0});
    }
  }
  return out;
}

}  // namespace tandem::rpc
