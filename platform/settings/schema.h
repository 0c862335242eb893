// The settings of a process, declared once each (name, sentence, default, bounds) and resolved once
// at start from, the first that has it: command line, environment, file, default. A name nobody
// declared and a value out of bounds stop the start, with all that is wrong in one message; nothing
// is corrected or ignored. There is no global: a Schema is built, resolved, and gone.
//
//   struct OrderSettings {
//     explicit OrderSettings(settings::Schema& schema)
//         : batch_max(schema.Int("order.batch_max", "Commands in one commit.", 256, 1, 4096)) {}
//     settings::Key<int64_t> batch_max;
//   };
//   settings::Schema schema;
//   OrderSettings order(schema);
//   absl::StatusOr<settings::Values> values = schema.Resolve(settings::ProcessSources(argc, argv));
//   int64_t batch_max = values->Get(order.batch_max);
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "platform/settings/sources.h"
#include "platform/settings/value.h"

namespace tandem::settings {

// Names one setting of one schema, with its type.
template <typename T>
struct Key {
  size_t index = 0;
};

// Resolved settings; a value type, cheap enough to copy, and needs no Schema any more.
class Values {
 public:
  template <typename T>
  const T& Get(Key<T> key) const {
    return std::get<T>(values_.at(key.index));
  }
  template <typename T>
  const T& operator[](Key<T> key) const {
    return Get(key);
  }

  Action action() const { return action_; }
  // Every setting with its value and where it came from, as YAML; secrets as ***.
  std::string Print() const;

 private:
  friend class Schema;
  std::vector<Declaration> declarations_;
  std::vector<Value> values_;
  std::vector<std::string> origins_;
  Action action_ = Action::kRun;
};

class Schema {
 public:
  // Declaring a setting again, word for word, gives its key again, so that parts share settings
  // ("storage.dir"); declaring it differently is a bug, as is a default out of bounds.
  Key<bool> Bool(absl::string_view name, absl::string_view sentence, bool default_value);
  Key<int64_t> Int(absl::string_view name, absl::string_view sentence, int64_t default_value,
                   int64_t min, int64_t max);
  Key<int64_t> DurationMs(absl::string_view name, absl::string_view sentence,
                          int64_t default_value_ms, int64_t min_ms, int64_t max_ms);
  Key<std::string> String(absl::string_view name, absl::string_view sentence,
                          absl::string_view default_value);
  Key<std::string> Enum(absl::string_view name, absl::string_view sentence,
                        absl::string_view default_value, std::vector<std::string> choices);
  Key<std::vector<std::string>> List(absl::string_view name, absl::string_view sentence,
                                     std::vector<std::string> default_value);
  // Text that is never printed, and that TANDEM_<NAME>_FILE may name a file of; one line break at
  // the file's end is not part of it.
  Key<std::string> Secret(absl::string_view name, absl::string_view sentence);

  // Names other processes declare: in the environment and in a shared file they are passed over.
  void AlsoKnown(const std::vector<std::string>& names);
  void AlsoKnown(const Schema& other) { AlsoKnown(other.Names()); }
  std::vector<std::string> Names() const;

  // Everything wrong at once: INVALID_ARGUMENT with one line and one field violation each
  // (SETTING_UNKNOWN, SETTING_INVALID, SETTING_OUT_OF_RANGE, SETTING_TWICE,
  // SETTING_FILE_UNREADABLE, SETTING_FILE_INVALID, SETTING_ARGUMENT_INVALID). The file is --config,
  // else TANDEM_CONFIG. Environment names that begin with TANDEM_TEST_ are the tests'.
  absl::StatusOr<Values> Resolve(const Sources& sources) const;

  // A page with a table per group of names (the part before the first dot).
  std::string ReferenceMarkdown() const;

 private:
  template <typename T>
  Key<T> Declare(Declaration declaration);

  std::vector<Declaration> declarations_;
  std::map<std::string, size_t> by_name_;
  std::set<std::string> also_known_;
};

}  // namespace tandem::settings
