// `tandem quarantine list|show|retry|skip`: what the readers of all parts have put aside.
#pragma once

#include "cli/arguments.h"

namespace tandem::cli {

int QuarantineCommand(const Arguments& arguments);

}  // namespace tandem::cli
