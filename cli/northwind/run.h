// Import, replay and report, one after the other.
#pragma once

#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "cli/northwind/channel.h"

namespace tandem::northwind {

// The folder of the sample company: as given, else beside the checkout or the installed program.
std::string DefaultDir();

// Whether every figure of the report agrees.
absl::StatusOr<bool> Run(const std::string& dir, const ChannelTo& channel, std::ostream& out);

}  // namespace tandem::northwind
