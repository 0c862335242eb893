#include "platform/rpc/filter_parse.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>

#include <utility>

#include "platform/base/status.h"
#include "platform/base/status_macros.h"

namespace tandem::rpc::internal {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsWord(char c) { return absl::ascii_isalnum(c) || c == '_'; }

// Ends an argument without quotes.
bool EndsPlain(char c) {
  return IsSpace(c) || absl::string_view("()\"',<>=!").find(c) != absl::string_view::npos;
}

class Parser {
 public:
  Parser(absl::string_view text, const MakeComparison& make) : text_(text), make_(make) {}

  absl::StatusOr<Filter> Run() {
    Filter filter;
    SkipSpace();
    if (!AtEnd()) {
      TANDEM_ASSIGN_OR_RETURN(filter.root, Expression());
      if (!AtEnd()) return Syntax("nothing is open that ')' could close");
    }
    filter.terms = terms_;
    return filter;
  }

 private:
  // Where the values of `path op (a OR b)` belong.
  struct Target {
    absl::string_view path;
    size_t position;
    Comparator comparator;
  };

  bool AtEnd() const { return at_ >= text_.size(); }
  char Peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void SkipSpace() {
    while (!AtEnd() && IsSpace(Peek())) ++at_;
  }
  absl::Status Syntax(absl::string_view message) const {
    return FilterError("FILTER_SYNTAX", at_, message);
  }

  // Whether the keyword stands here as a whole word.
  bool At(absl::string_view keyword) const {
    return text_.substr(at_, keyword.size()) == keyword && !IsWord(Peek(keyword.size()));
  }
  bool Take(absl::string_view keyword) {
    if (!At(keyword)) return false;
    at_ += keyword.size();
    SkipSpace();
    return true;
  }

  static FilterNode Join(FilterNode::Kind kind, std::vector<FilterNode> nodes) {
    if (nodes.size() == 1) return std::move(nodes.front());
    FilterNode node;
    node.kind = kind;
    node.children = std::move(nodes);
    return node;
  }

  // Each of these is entered at its first character and leaves the spaces behind it skipped.
  absl::StatusOr<FilterNode> Expression() {
    std::vector<FilterNode> parts;
    do {
      TANDEM_ASSIGN_OR_RETURN(FilterNode part, Sequence());
      parts.push_back(std::move(part));
    } while (Take("AND"));
    return Join(FilterNode::Kind::kAnd, std::move(parts));
  }

  absl::StatusOr<FilterNode> Sequence() {
    std::vector<FilterNode> parts;
    do {
      TANDEM_ASSIGN_OR_RETURN(FilterNode part, Factor());
      parts.push_back(std::move(part));
    } while (!AtEnd() && Peek() != ')' && !At("AND"));
    return Join(FilterNode::Kind::kAnd, std::move(parts));
  }

  absl::StatusOr<FilterNode> Factor() {
    std::vector<FilterNode> parts;
    do {
      TANDEM_ASSIGN_OR_RETURN(FilterNode part, Term());
      parts.push_back(std::move(part));
    } while (Take("OR"));
    return Join(FilterNode::Kind::kOr, std::move(parts));
  }

  absl::StatusOr<FilterNode> Term() {
    bool negated = Take("NOT");
    // In a list of values, "-5" is a number; elsewhere a minus is NOT.
    if (!negated && target_ == nullptr && Peek() == '-') {
      ++at_;
      negated = true;
      if (AtEnd() || IsSpace(Peek())) return Syntax("'-' must stand before what it negates");
    }
    TANDEM_ASSIGN_OR_RETURN(FilterNode node, Simple());
    if (!negated) return node;
    FilterNode negation;
    negation.kind = FilterNode::Kind::kNot;
    negation.children.push_back(std::move(node));
    return negation;
  }

  absl::StatusOr<FilterNode> Simple() {
    if (AtEnd()) return Syntax("the filter ends where a comparison should stand");
    if (Peek() == '(') return Group();
    if (At("AND") || At("OR") || At("NOT")) {
      return Syntax("a keyword stands where a comparison should");
    }
    return target_ != nullptr ? Value(*target_) : Restriction();
  }

  absl::StatusOr<FilterNode> Group() {
    if (++depth_ > kFilterMaxDepth) {
      return FilterError("FILTER_TOO_DEEP", at_,
                         absl::StrCat("more than ", kFilterMaxDepth, " parentheses are open"));
    }
    ++at_;
    SkipSpace();
    TANDEM_ASSIGN_OR_RETURN(FilterNode node, Expression());
    if (Peek() != ')') return Syntax("')' is missing");
    ++at_;
    --depth_;
    TANDEM_RETURN_IF_ERROR(EndOfItem());
    return node;
  }

  absl::StatusOr<FilterNode> Restriction() {
    const size_t start = at_;
    if (Peek() == '"' || Peek() == '\'') return Bare(start);
    while (IsWord(Peek()) || (Peek() == '.' && at_ > start && IsWord(Peek(1)))) ++at_;
    const absl::string_view path = text_.substr(start, at_ - start);
    if (path.empty()) return Syntax("a field name should stand here");
    if (Peek() == '(') return Function(path, start);
    const size_t end = at_;
    SkipSpace();
    Target target{path, start, Comparator::kEq};
    if (!TakeComparator(&target.comparator)) {
      const bool next_term = at_ > end && (IsWord(Peek()) || Peek() == '-' || Peek() == '(' ||
                                           Peek() == '"' || Peek() == '\'');
      if (AtEnd() || Peek() == ')' || next_term) return Bare(start);
      return Syntax("a comparison should stand here: = != < <= > >= or :");
    }
    SkipSpace();
    if (Peek() != '(') return Value(target);
    const Target* outer = std::exchange(target_, &target);
    absl::StatusOr<FilterNode> values = Group();
    target_ = outer;
    return values;
  }

  bool TakeComparator(Comparator* out) {
    static constexpr std::pair<absl::string_view, Comparator> kComparators[] = {
        {"!=", Comparator::kNe}, {"<=", Comparator::kLe}, {">=", Comparator::kGe},
        {"=", Comparator::kEq},  {"<", Comparator::kLt},  {">", Comparator::kGt},
        {":", Comparator::kHas}};
    for (const auto& [sign, comparator] : kComparators) {
      if (text_.substr(at_, sign.size()) != sign) continue;
      at_ += sign.size();
      *out = comparator;
      return true;
    }
    return false;
  }

  absl::StatusOr<FilterNode> Value(const Target& target) {
    TANDEM_ASSIGN_OR_RETURN(const Literal literal, Argument());
    if (++terms_ > kFilterMaxTerms) {
      return FilterError("FILTER_TOO_MANY_TERMS", literal.position,
                         absl::StrCat("more than ", kFilterMaxTerms, " comparisons"));
    }
    return make_(target.path, target.position, target.comparator, literal);
  }

  absl::StatusOr<Literal> Argument() {
    Literal literal;
    literal.position = at_;
    std::vector<size_t> stars;  // where asterisks stand that are wildcards
    const char quote = Peek();
    if (quote == '"' || quote == '\'') {
      ++at_;
      TANDEM_RETURN_IF_ERROR(Quoted(quote, &literal.text, &stars));
    } else {
      if (At("AND") || At("OR") || At("NOT")) return Syntax("a keyword as a value needs quotes");
      for (; !AtEnd() && !EndsPlain(Peek()); ++at_) {
        if (Peek() == '\\') return Syntax("a value with a backslash needs quotes");
        if (Peek() == '*') stars.push_back(literal.text.size());
        literal.text += Peek();
      }
      if (literal.text.empty()) return Syntax("a value should stand here");
      if (Peek() == '(') return Function(literal.text, literal.position);
    }
    TANDEM_RETURN_IF_ERROR(EndOfItem());
    if (!stars.empty() && stars.back() + 1 == literal.text.size()) {
      literal.star_back = true;
      literal.text.pop_back();
      stars.pop_back();
      // A lone asterisk is open at both ends.
      if (literal.text.empty()) literal.star_front = true;
    }
    if (!stars.empty() && stars.front() == 0) {
      literal.star_front = true;
      literal.text.erase(0, 1);
      stars.erase(stars.begin());
    }
    literal.star_inner = !stars.empty();
    return literal;
  }

  absl::Status Quoted(char quote, std::string* text, std::vector<size_t>* stars) {
    for (;; ++at_) {
      if (AtEnd()) return Syntax("the closing quote is missing");
      char c = Peek();
      if (c == quote) {
        ++at_;
        return absl::OkStatus();
      }
      if (c == '*') stars->push_back(text->size());
      if (c == '\\') {
        ++at_;
        c = Peek();
        if (c == 'n') {
          c = '\n';
        } else if (c == 't') {
          c = '\t';
        } else if (AtEnd() || absl::string_view("\\\"'*").find(c) == absl::string_view::npos) {
          return Syntax("an unknown escape; there are \\\\ \\\" \\' \\* \\n \\t");
        }
      }
      *text += c;
    }
  }

  // Behind a value or group only a space, ')' or the end may stand.
  absl::Status EndOfItem() {
    if (!AtEnd() && !IsSpace(Peek()) && Peek() != ')') {
      return Syntax("a space is missing between two terms");
    }
    SkipSpace();
    return absl::OkStatus();
  }

  absl::Status Bare(size_t position) const {
    return FilterError("FILTER_NOT_SUPPORTED", position,
                       "a word without a comparison: searching in all fields is not supported");
  }
  absl::Status Function(absl::string_view name, size_t position) const {
    return FilterError("FILTER_NOT_SUPPORTED", position,
                       absl::StrCat("the function '", name.substr(0, 80), "' is not supported"));
  }

  const absl::string_view text_;
  const MakeComparison& make_;
  size_t at_ = 0;
  int depth_ = 0;
  int terms_ = 0;
  const Target* target_ = nullptr;
};

}  // namespace

absl::Status FilterError(absl::string_view reason, size_t position, absl::string_view message) {
  absl::Status status = InvalidField(
      "filter", reason, absl::StrCat("filter, position ", position + 1, ": ", message));
  AddMetadata(&status, "position", absl::StrCat(position + 1));
  return status;
}

absl::StatusOr<Filter> Parse(absl::string_view text, const MakeComparison& make) {
  return Parser(text, make).Run();
}

}  // namespace tandem::rpc::internal
