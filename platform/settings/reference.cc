// What settings print about themselves: the reference page and the resolved values.
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>

#include "platform/settings/schema.h"

namespace tandem::settings {
namespace {

std::string Cell(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"|", "\\|"}, {"\n", " "}});
}

// A double-quoted YAML scalar.
std::string Quoted(absl::string_view text) {
  return absl::StrCat(
      "\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}}), "\"");
}

}  // namespace

std::string Schema::ReferenceMarkdown() const {
  std::string out =
      "# Settings\n\n"
      "From, the first that has it: the command line (`--name=value` or `--set name=value`), the\n"
      "environment, the YAML file of `--config` or `TANDEM_CONFIG` (nested or dotted names), the\n"
      "default. An unknown name or a value out of bounds stops the start. A secret's variable "
      "with\n"
      "`_FILE` behind it names a file that holds it. `--print-settings` shows what is in force.\n";
  std::string group;
  for (const auto& [name, index] : by_name_) {
    const Declaration& declaration = declarations_[index];
    const std::string own = name.substr(0, name.find('.'));
    if (own != group) {
      group = own;
      absl::StrAppend(&out, "\n## ", group,
                      "\n\n| setting | what it does | values | default | environment |\n"
                      "|---|---|---|---|---|\n");
    }
    const std::string shown = FormatValue(declaration, declaration.default_value);
    absl::StrAppend(&out, "| `", name, "` | ", Cell(declaration.sentence), " | ",
                    Cell(TypeText(declaration)), " | ",
                    shown.empty() ? "none" : absl::StrCat("`", Cell(shown), "`"), " | `",
                    EnvironmentName(name), "` |\n");
  }
  return out;
}

std::string Values::Print() const {
  std::map<std::string, size_t> by_name;
  for (size_t i = 0; i < declarations_.size(); ++i) by_name.emplace(declarations_[i].name, i);
  std::string out;
  for (const auto& [name, i] : by_name) {
    const Declaration& declaration = declarations_[i];
    absl::StrAppend(&out, name, ": ");
    if (const auto* items = std::get_if<std::vector<std::string>>(&values_[i])) {
      std::string list;
      for (const std::string& item : *items) {
        absl::StrAppend(&list, list.empty() ? "" : ", ", Quoted(item));
      }
      absl::StrAppend(&out, "[", list, "]");
    } else if (declaration.kind == Kind::kString) {
      absl::StrAppend(&out, Quoted(FormatValue(declaration, values_[i])));
    } else {
      absl::StrAppend(&out, FormatValue(declaration, values_[i]));
    }
    absl::StrAppend(&out, "  # ", origins_[i], "\n");
  }
  return out;
}

}  // namespace tandem::settings
