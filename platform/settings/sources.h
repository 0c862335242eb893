// Where settings come from, as text: the command line, the environment, a YAML file. Reading is
// apart from meaning: nothing here knows which settings there are.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tandem::settings {

// What a process was started with. Passed in whole, so that a test needs no process.
struct Sources {
  std::vector<std::string> args;                   // without the program's name
  std::map<std::string, std::string> environment;  // all of it; TANDEM_* is looked at
  std::function<absl::StatusOr<std::string>(const std::string& path)> read_file;
};
Sources ProcessSources(int argc, const char* const* argv);

// A file's content, at most 1 MiB: SETTING_FILE_UNREADABLE.
absl::StatusOr<std::string> ReadFile(const std::string& path);

enum class Action { kRun, kHelp, kPrint };

// The command line: `--name=value`, `--name` (which means true), `--set name=value`,
// `--config FILE`, `--help`, `--print-settings`. Anything else: SETTING_ARGUMENT_INVALID.
struct Arguments {
  std::vector<std::pair<std::string, std::string>> settings;  // in order; the last of a name counts
  std::optional<std::string> config;
  Action action = Action::kRun;
};
absl::StatusOr<Arguments> ReadArguments(const std::vector<std::string>& args);

// A YAML mapping, nested or with dotted keys or both, as dotted names. A list stays one. A name
// given twice, a list of lists, an empty value or text that is no YAML: SETTING_FILE_INVALID.
using FileValue = std::variant<std::string, std::vector<std::string>>;
absl::StatusOr<std::map<std::string, FileValue>> ReadYaml(absl::string_view text);

}  // namespace tandem::settings
