// `tandem order trace ORDER`: every step of one order across services, with times and causes.
#pragma once

#include "cli/arguments.h"

namespace tandem::cli {

int TraceOrder(const Arguments& arguments);

}  // namespace tandem::cli
