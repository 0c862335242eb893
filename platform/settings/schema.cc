#include "platform/settings/schema.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "platform/base/check.h"
#include "platform/base/status.h"
#include "platform/settings/did_you_mean.h"

namespace tandem::settings {
namespace {

constexpr char kFileSuffix[] = "_FILE";
constexpr char kConfigVariable[] = "TANDEM_CONFIG";

// One resolution: collects values and everything that is wrong.
class Resolution {
 public:
  Resolution(const std::vector<Declaration>& declarations,
             const std::map<std::string, size_t>& by_name, const std::set<std::string>& also_known,
             const Sources& sources)
      : declarations_(declarations),
        by_name_(by_name),
        also_known_(also_known),
        sources_(sources),
        origins_(declarations.size(), "default") {
    for (const Declaration& each : declarations) values_.push_back(each.default_value);
  }

  // Weakest first: what comes later replaces what was there.
  void Resolve() {
    const absl::StatusOr<Arguments> arguments = ReadArguments(sources_.args);
    if (!arguments.ok()) return Problem(arguments.status());
    action_ = arguments->action;
    if (action_ == Action::kHelp) return;
    const auto config = sources_.environment.find(kConfigVariable);
    if (arguments->config.has_value()) {
      FromFile(*arguments->config);
    } else if (config != sources_.environment.end()) {
      FromFile(config->second);
    }
    FromEnvironment();
    for (const auto& [name, text] : arguments->settings) {
      const auto found = by_name_.find(name);
      if (found == by_name_.end()) {
        Unknown("command line", name, name, Known(""));
      } else {
        Set(found->second, text, "command line");
      }
    }
  }

  absl::Status status() const {
    if (problems_.empty()) return absl::OkStatus();
    const absl::Status& first = problems_.front();
    absl::Status all =
        Refuse(absl::StatusCode::kInvalidArgument, ReasonOf(first),
               absl::StrJoin(problems_, "\n", [](std::string* out, const auto& each) {
                 absl::StrAppend(out, std::string(each.message()));
               }));
    for (const absl::Status& each : problems_)
      AddFieldViolation(&all, FieldOf(each), each.message());
    return all;
  }

  std::vector<Value> values() { return std::move(values_); }
  std::vector<std::string> origins() { return std::move(origins_); }
  Action action() const { return action_; }

 private:
  void Problem(absl::Status status) { problems_.push_back(std::move(status)); }
  void Problem(absl::string_view name, absl::string_view reason, absl::string_view origin,
               absl::string_view message) {
    Problem(InvalidField(name, reason, absl::StrCat(name, " (", origin, "): ", message)));
  }

  void Unknown(absl::string_view origin, absl::string_view name, absl::string_view typed,
               const std::vector<std::string>& known) {
    const std::optional<std::string> hint = DidYouMean(typed, known);
    Problem(name, "SETTING_UNKNOWN", origin,
            absl::StrCat("there is no such setting",
                         hint.has_value() ? absl::StrCat("; did you mean ", *hint, "?") : ""));
  }

  // Names as they are typed in the environment, or in the other places.
  std::vector<std::string> Known(absl::string_view prefix) const {
    std::vector<std::string> names;
    for (const Declaration& each : declarations_) {
      names.push_back(prefix.empty() ? each.name : EnvironmentName(each.name));
      if (each.secret && !prefix.empty()) names.push_back(names.back() + kFileSuffix);
    }
    return names;
  }

  void Set(size_t index, absl::string_view text, const std::string& origin) {
    Keep(index, ParseValue(declarations_[index], text), origin);
  }

  void Keep(size_t index, absl::StatusOr<Value> value, const std::string& origin) {
    if (!value.ok()) {
      return Problem(declarations_[index].name, ReasonOf(value.status()), origin,
                     value.status().message());
    }
    values_[index] = *std::move(value);
    origins_[index] = origin;
  }

  void FromFile(const std::string& path) {
    const absl::StatusOr<std::string> text = sources_.read_file(path);
    if (!text.ok()) return Problem(text.status());
    const absl::StatusOr<std::map<std::string, FileValue>> entries = ReadYaml(*text);
    if (!entries.ok()) {
      return Problem(InvalidField(FieldOf(entries.status()), ReasonOf(entries.status()),
                                  absl::StrCat(path, ": ", entries.status().message())));
    }
    for (const auto& [name, value] : *entries) {
      const auto found = by_name_.find(name);
      if (found == by_name_.end()) {
        if (also_known_.count(name) == 0) Unknown(path, name, name, Known(""));
        continue;
      }
      const auto* list = std::get_if<std::vector<std::string>>(&value);
      if (list == nullptr) {
        Set(found->second, std::get<std::string>(value), path);
      } else if (declarations_[found->second].kind == Kind::kList) {
        Keep(found->second, Value(*list), path);
      } else {
        Problem(name, "SETTING_INVALID", path, "it is not a list");
      }
    }
  }

  void FromEnvironment() {
    std::map<std::string, size_t> direct;
    std::map<std::string, size_t> through_file;
    for (size_t i = 0; i < declarations_.size(); ++i) {
      const std::string name = EnvironmentName(declarations_[i].name);
      direct.emplace(name, i);
      if (declarations_[i].secret) through_file.emplace(name + kFileSuffix, i);
    }
    std::set<std::string> others;
    for (const std::string& name : also_known_) {
      others.insert(EnvironmentName(name));
      others.insert(EnvironmentName(name) + kFileSuffix);
    }
    for (const auto& [name, text] : sources_.environment) {
      if (!absl::StartsWith(name, "TANDEM_") || absl::StartsWith(name, "TANDEM_TEST_") ||
          name == kConfigVariable) {
        continue;
      }
      const std::string origin = absl::StrCat("environment ", name);
      if (const auto found = direct.find(name); found != direct.end()) {
        Set(found->second, text, origin);
      } else if (const auto file = through_file.find(name); file != through_file.end()) {
        FromSecretFile(file->second, text, name);
      } else if (others.count(name) == 0) {
        Unknown("environment", name, name, Known("TANDEM_"));
      }
    }
  }

  void FromSecretFile(size_t index, const std::string& path, const std::string& variable) {
    const Declaration& declaration = declarations_[index];
    const std::string origin = absl::StrCat("environment ", variable);
    if (sources_.environment.count(EnvironmentName(declaration.name)) > 0) {
      return Problem(declaration.name, "SETTING_TWICE", origin,
                     absl::StrCat(EnvironmentName(declaration.name), " is set as well"));
    }
    absl::StatusOr<std::string> text = sources_.read_file(path);
    if (!text.ok()) {
      return Problem(declaration.name, ReasonOf(text.status()), origin, text.status().message());
    }
    if (absl::EndsWith(*text, "\n")) text->pop_back();
    if (absl::EndsWith(*text, "\r")) text->pop_back();
    Set(index, *text, origin);
  }

  const std::vector<Declaration>& declarations_;
  const std::map<std::string, size_t>& by_name_;
  const std::set<std::string>& also_known_;
  const Sources& sources_;
  std::vector<Value> values_;
  std::vector<std::string> origins_;
  std::vector<absl::Status> problems_;
  Action action_ = Action::kRun;
};

bool IsName(absl::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  });
}

}  // namespace

template <typename T>
Key<T> Schema::Declare(Declaration declaration) {
  const auto known = by_name_.find(declaration.name);
  if (known != by_name_.end()) {
    TANDEM_CHECK(declarations_[known->second] == declaration,
                 absl::StrCat(declaration.name, " is declared twice, differently"));
    return {known->second};
  }
  TANDEM_CHECK(IsName(declaration.name), absl::StrCat("'", declaration.name, "' is no name"));
  TANDEM_CHECK(CheckValue(declaration, declaration.default_value).ok(),
               absl::StrCat(declaration.name, ": its default is out of bounds"));
  for (const Declaration& each : declarations_) {
    TANDEM_CHECK(EnvironmentName(each.name) != EnvironmentName(declaration.name),
                 absl::StrCat(each.name, " and ", declaration.name, " are one in the environment"));
  }
  const size_t index = declarations_.size();
  by_name_.emplace(declaration.name, index);
  declarations_.push_back(std::move(declaration));
  return {index};
}

Key<bool> Schema::Bool(absl::string_view name, absl::string_view sentence, bool default_value) {
  return Declare<bool>({.name = std::string(name),
                        .sentence = std::string(sentence),
                        .kind = Kind::kBool,
                        .default_value = default_value});
}

Key<int64_t> Schema::Int(absl::string_view name, absl::string_view sentence, int64_t default_value,
                         int64_t min, int64_t max) {
  return Declare<int64_t>({.name = std::string(name),
                           .sentence = std::string(sentence),
                           .kind = Kind::kInt,
                           .default_value = default_value,
                           .min = min,
                           .max = max});
}

Key<int64_t> Schema::DurationMs(absl::string_view name, absl::string_view sentence,
                                int64_t default_value_ms, int64_t min_ms, int64_t max_ms) {
  return Declare<int64_t>({.name = std::string(name),
                           .sentence = std::string(sentence),
                           .kind = Kind::kDurationMs,
                           .default_value = default_value_ms,
                           .min = min_ms,
                           .max = max_ms});
}

Key<std::string> Schema::String(absl::string_view name, absl::string_view sentence,
                                absl::string_view default_value) {
  return Declare<std::string>({.name = std::string(name),
                               .sentence = std::string(sentence),
                               .kind = Kind::kString,
                               .default_value = std::string(default_value)});
}

Key<std::string> Schema::Enum(absl::string_view name, absl::string_view sentence,
                              absl::string_view default_value, std::vector<std::string> choices) {
  return Declare<std::string>({.name = std::string(name),
                               .sentence = std::string(sentence),
                               .kind = Kind::kEnum,
                               .default_value = std::string(default_value),
                               .choices = std::move(choices)});
}

Key<std::vector<std::string>> Schema::List(absl::string_view name, absl::string_view sentence,
                                           std::vector<std::string> default_value) {
  return Declare<std::vector<std::string>>({.name = std::string(name),
                                            .sentence = std::string(sentence),
                                            .kind = Kind::kList,
                                            .default_value = std::move(default_value)});
}

Key<std::string> Schema::Secret(absl::string_view name, absl::string_view sentence) {
  return Declare<std::string>({.name = std::string(name),
                               .sentence = std::string(sentence),
                               .kind = Kind::kString,
                               .default_value = std::string(),
                               .secret = true});
}

void Schema::AlsoKnown(const std::vector<std::string>& names) {
  also_known_.insert(names.begin(), names.end());
}

std::vector<std::string> Schema::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, index] : by_name_) names.push_back(name);
  return names;
}

absl::StatusOr<Values> Schema::Resolve(const Sources& sources) const {
  Resolution resolution(declarations_, by_name_, also_known_, sources);
  resolution.Resolve();
  if (absl::Status status = resolution.status(); !status.ok()) return status;
  Values values;
  values.declarations_ = declarations_;
  values.values_ = resolution.values();
  values.origins_ = resolution.origins();
  values.action_ = resolution.action();
  return values;
}

}  // namespace tandem::settings
