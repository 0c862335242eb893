#include "platform/store/sql_text.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "platform/store/database.h"

namespace tandem::store {
namespace {

enum class Kind { kSpace, kVerbatim, kWord, kParameter, kSymbol };

struct Token {
  Kind kind;
  absl::string_view text;
};

bool IsWordStart(char c) { return absl::ascii_isalpha(c) || c == '_'; }
bool IsWordPart(char c) { return absl::ascii_isalnum(c) || c == '_'; }

// The end of the token that starts at `from`, past its closing mark.
size_t EndOf(absl::string_view sql, size_t from, absl::string_view mark) {
  const size_t at = sql.find(mark, from);
  return at == absl::string_view::npos ? sql.size() : at + mark.size();
}

// Splits a text without losing a byte of it.
std::vector<Token> Tokens(absl::string_view sql) {
  std::vector<Token> out;
  for (size_t i = 0; i < sql.size();) {
    size_t end = i + 1;
    Kind kind = Kind::kSymbol;
    const char c = sql[i];
    if (c == '\'' || c == '"') {  // a doubled quote is two neighbours; together they lose nothing
      kind = Kind::kVerbatim;
      end = EndOf(sql, i + 1, sql.substr(i, 1));
    } else if (absl::StartsWith(sql.substr(i), "--")) {
      kind = Kind::kSpace;
      end = EndOf(sql, i, "\n");
    } else if (absl::StartsWith(sql.substr(i), "/*")) {
      kind = Kind::kSpace;
      end = EndOf(sql, i + 2, "*/");
    } else if (absl::ascii_isspace(c)) {
      kind = Kind::kSpace;
      while (end < sql.size() && absl::ascii_isspace(sql[end])) ++end;
    } else if (c == '$' && end < sql.size() && absl::ascii_isdigit(sql[end])) {
      kind = Kind::kParameter;
      while (end < sql.size() && absl::ascii_isdigit(sql[end])) ++end;
    } else if (IsWordStart(c)) {
      kind = Kind::kWord;
      while (end < sql.size() && IsWordPart(sql[end])) ++end;
    }
    out.push_back({kind, sql.substr(i, end - i)});
    i = end;
  }
  return out;
}

// A view of the tokens by what counts: spaces and comments skipped.
class Reader {
 public:
  explicit Reader(absl::string_view sql) : tokens_(Tokens(sql)) {}
  size_t size() const { return tokens_.size(); }
  const Token& operator[](size_t i) const { return tokens_[i]; }
  size_t Next(size_t i) const {
    for (++i; i < tokens_.size() && tokens_[i].kind == Kind::kSpace;) ++i;
    return i;
  }
  bool IsWord(size_t i, absl::string_view word) const {
    return i < tokens_.size() && tokens_[i].kind == Kind::kWord &&
           absl::EqualsIgnoreCase(tokens_[i].text, word);
  }
  bool IsSymbol(size_t i, absl::string_view symbol) const {
    return i < tokens_.size() && tokens_[i].kind == Kind::kSymbol && tokens_[i].text == symbol;
  }

 private:
  std::vector<Token> tokens_;
};

// Where a `WITH (fillfactor = …)` that begins at `i` ends, or `i` when none does.
size_t AfterStorageParameters(const Reader& sql, size_t i) {
  const size_t open = sql.Next(i);
  if (!sql.IsWord(i, "WITH") || !sql.IsSymbol(open, "(") ||
      !sql.IsWord(sql.Next(open), "fillfactor")) {
    return i;
  }
  size_t end = open;
  while (end < sql.size() && !sql.IsSymbol(end, ")")) ++end;
  return end + 1;
}

// Whether a TEXT after this word is a column's type, and not a column that is called text.
bool NamesAColumn(const Reader& sql, size_t previous) {
  if (previous >= sql.size()) return false;
  if (sql[previous].kind == Kind::kVerbatim) return sql[previous].text[0] == '"';
  if (sql[previous].kind != Kind::kWord) return false;
  for (absl::string_view word : {"ADD", "COLUMN", "DROP", "RENAME", "TO", "AS", "EXISTS"}) {
    if (sql.IsWord(previous, word)) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<std::string> SqliteStatement(absl::string_view text) {
  const Reader sql(text);
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < sql.size(); ++i) {
    if (sql[i].kind == Kind::kParameter) {
      absl::StrAppend(&out, "?", sql[i].text.substr(1));
    } else if (sql.IsSymbol(i, ":") && sql.IsSymbol(i + 1, ":")) {
      return MakeError(Failure::kBug, "a statement casts with `::`, which is PostgreSQL's alone");
    } else if (sql.IsWord(i, "FOR") && sql.IsWord(sql.Next(i), "UPDATE")) {
      i = sql.Next(i);
      if (sql.IsWord(sql.Next(i), "OF")) i = sql.Next(sql.Next(i));
    } else if (sql.IsWord(i, "BYTEA")) {  // CAST: the other name would make a number of it
      absl::StrAppend(&out, "BLOB");
    } else {
      absl::StrAppend(&out, sql[i].text);
    }
  }
  return out;
}

std::string SqliteScript(absl::string_view text) {
  const Reader sql(text);
  std::string out;
  bool at_start = true, table = false;
  size_t last = 0;  // the end in `out` of the statement so far
  const auto finish = [&] {
    if (table) out.insert(last, " STRICT");
    at_start = true;
    table = false;
  };
  for (size_t i = 0; i < sql.size(); ++i) {
    if (const size_t after = AfterStorageParameters(sql, i); after != i) {
      i = after - 1;
      continue;
    }
    if (sql.IsSymbol(i, ";")) finish();
    if (sql[i].kind == Kind::kSpace || sql.IsSymbol(i, ";")) {
      absl::StrAppend(&out, sql[i].text);
      continue;
    }
    if (at_start) table = sql.IsWord(i, "CREATE") && sql.IsWord(sql.Next(i), "TABLE");
    at_start = false;
    if (sql.IsWord(i, "BYTEA")) {
      out += "BLOB";
    } else if (sql.IsWord(i, "BIGINT")) {
      out += "INTEGER";
    } else {
      absl::StrAppend(&out, sql[i].text);
    }
    last = out.size();
  }
  finish();
  return out;
}

std::string PostgresScript(absl::string_view text) {
  const Reader sql(text);
  std::string out;
  bool at_start = true, table = false;
  size_t previous = sql.size();
  for (size_t i = 0; i < sql.size(); ++i) {
    absl::StrAppend(&out, sql[i].text);
    if (sql[i].kind == Kind::kSpace) continue;
    if (sql.IsSymbol(i, ";")) {
      at_start = true;
      continue;
    }
    if (at_start) {
      table =
          (sql.IsWord(i, "CREATE") || sql.IsWord(i, "ALTER")) && sql.IsWord(sql.Next(i), "TABLE");
    } else if (table && sql.IsWord(i, "TEXT") && NamesAColumn(sql, previous) &&
               !sql.IsWord(sql.Next(i), "COLLATE")) {
      out += " COLLATE \"C\"";
    }
    at_start = false;
    previous = i;
  }
  return out;
}

}  // namespace tandem::store
