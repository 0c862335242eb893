#include "platform/settings/start.h"

#include <iostream>

namespace tandem::settings {
namespace {

constexpr int kUsageError = 2;

}  // namespace

Started Start(const Schema& schema, const Sources& sources, std::ostream& out, std::ostream& err) {
  absl::StatusOr<Values> values = schema.Resolve(sources);
  if (!values.ok()) {
    err << values.status().message() << "\n";
    return {std::nullopt, kUsageError};
  }
  switch (values->action()) {
    case Action::kHelp:
      out << schema.ReferenceMarkdown();
      return {};
    case Action::kPrint:
      out << values->Print();
      return {};
    case Action::kRun:
      break;
  }
  return {*std::move(values), 0};
}

Started Start(const Schema& schema, int argc, const char* const* argv) {
  return Start(schema, ProcessSources(argc, argv), std::cout, std::cerr);
}

}  // namespace tandem::settings
