#include "platform/settings/sources.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <iterator>

#include "platform/base/status.h"
#include "platform/base/status_macros.h"

namespace tandem::settings {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;
constexpr int kMaxDepth = 16;

absl::Status BadArgument(absl::string_view message) {
  return InvalidField("", "SETTING_ARGUMENT_INVALID", message);
}

absl::Status BadFile(absl::string_view name, absl::string_view message) {
  return InvalidField(name, "SETTING_FILE_INVALID",
                      absl::StrCat(name, name.empty() ? "" : ": ", message));
}

absl::Status Flatten(const YAML::Node& node, const std::string& name, int depth,
                     std::map<std::string, FileValue>* out) {
  if (depth > kMaxDepth) return BadFile(name, "nested too deeply");
  if (node.IsMap()) {
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) return BadFile(name, "a name is not text");
      const std::string& key = entry.first.Scalar();
      TANDEM_RETURN_IF_ERROR(
          Flatten(entry.second, name.empty() ? key : absl::StrCat(name, ".", key), depth + 1, out));
    }
    return absl::OkStatus();
  }
  FileValue value;
  if (node.IsScalar()) {
    value = node.Scalar();
  } else if (node.IsSequence()) {
    std::vector<std::string> items;
    for (const auto& item : node) {
      if (!item.IsScalar()) return BadFile(name, "an item of the list is not text");
      items.push_back(item.Scalar());
    }
    value = std::move(items);
  } else {
    return BadFile(name, "has no value");
  }
  if (!out->emplace(name, std::move(value)).second) return BadFile(name, "stands there twice");
  return absl::OkStatus();
}

// The name and value of "name=value", the value "true" where there is none and it may be left out.
absl::StatusOr<std::pair<std::string, std::string>> Assignment(absl::string_view text,
                                                               bool value_needed) {
  const size_t equals = text.find('=');
  const absl::string_view name = text.substr(0, equals);
  if (name.empty() || (equals == text.npos && value_needed)) {
    return BadArgument(absl::StrCat("'", text, "' is not name=value"));
  }
  return std::pair(std::string(name), equals == text.npos ? std::string("true")
                                                          : std::string(text.substr(equals + 1)));
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content(kMaxFileBytes + 1, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (file.bad() || (!file.eof() && file.fail()) || !file.is_open()) {
    return InvalidField("", "SETTING_FILE_UNREADABLE", absl::StrCat(path, ": cannot be read"));
  }
  content.resize(static_cast<size_t>(file.gcount()));
  if (content.size() > kMaxFileBytes) {
    return InvalidField("", "SETTING_FILE_UNREADABLE", absl::StrCat(path, ": larger than 1 MiB"));
  }
  return content;
}

Sources ProcessSources(int argc, const char* const* argv) {
  Sources sources;
  if (argc > 1) sources.args.assign(argv + 1, argv + argc);
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const absl::string_view text = *entry;
    const size_t equals = text.find('=');
    if (equals == text.npos) continue;
    sources.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  sources.read_file = ReadFile;
  return sources;
}

absl::StatusOr<Arguments> ReadArguments(const std::vector<std::string>& args) {
  Arguments out;
  for (size_t i = 0; i < args.size(); ++i) {
    const absl::string_view arg = args[i];
    if (arg == "--help") {
      out.action = Action::kHelp;
    } else if (arg == "--print-settings") {
      out.action = Action::kPrint;
    } else if (arg == "--config" || arg == "--set") {
      if (++i == args.size()) return BadArgument(absl::StrCat(arg, " needs a value after it"));
      if (arg == "--config") {
        out.config = args[i];
        continue;
      }
      TANDEM_ASSIGN_OR_RETURN(auto assignment, Assignment(args[i], /*value_needed=*/true));
      out.settings.push_back(std::move(assignment));
    } else if (absl::StartsWith(arg, "--config=")) {
      out.config = std::string(arg.substr(arg.find('=') + 1));
    } else if (absl::StartsWith(arg, "--set=")) {
      TANDEM_ASSIGN_OR_RETURN(auto assignment,
                              Assignment(arg.substr(arg.find('=') + 1), /*value_needed=*/true));
      out.settings.push_back(std::move(assignment));
    } else if (absl::StartsWith(arg, "--")) {
      TANDEM_ASSIGN_OR_RETURN(auto assignment, Assignment(arg.substr(2), /*value_needed=*/false));
      out.settings.push_back(std::move(assignment));
    } else {
      return BadArgument(absl::StrCat("'", arg, "' is not understood; settings are --name=value"));
    }
  }
  return out;
}

absl::StatusOr<std::map<std::string, FileValue>> ReadYaml(absl::string_view text) {
  std::map<std::string, FileValue> out;
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    if (root.IsNull()) return out;  // an empty file
    if (!root.IsMap()) return BadFile("", "the file is not a mapping of names to values");
    TANDEM_RETURN_IF_ERROR(Flatten(root, "", 0, &out));
  } catch (const YAML::Exception& error) {
    return BadFile("", absl::StrCat("line ", error.mark.line + 1, ": ", error.msg));
  }
  return out;
}

}  // namespace tandem::settings
