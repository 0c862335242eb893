// What a main does first: settings, or what was asked for instead of a run.
#pragma once

#include <optional>
#include <ostream>

#include "platform/settings/schema.h"

namespace tandem::settings {

// `values` is none when the process is done: --help and --print-settings have printed to `out`
// (exit code 0), an error to `err` (exit code 2).
struct Started {
  std::optional<Values> values;
  int exit_code = 0;
};
Started Start(const Schema& schema, const Sources& sources, std::ostream& out, std::ostream& err);
// With the process's own arguments, environment and streams.
Started Start(const Schema& schema, int argc, const char* const* argv);

}  // namespace tandem::settings
