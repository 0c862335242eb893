// The company's figures, read back through the public APIs of the services that own them, beside
// what the files say. A figure that differs is marked, and the report then does not agree.
#pragma once

#include <ostream>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/northwind/company.h"
#include "cli/northwind/parts.h"

namespace tandem::northwind {

struct Timing {
  absl::Duration import;
  absl::Duration replay;
};

// Prints it; whether every figure agrees.
absl::StatusOr<bool> Report(const Company& company, Parts& parts, const Timing& timing,
                            std::ostream& out);

}  // namespace tandem::northwind
