// `tandem sync status|refused|conflicts|reconcile`: both synchronisation adapters at once.
#pragma once

#include "cli/arguments.h"

namespace tandem::cli {

int SyncCommand(const Arguments& arguments);

}  // namespace tandem::cli
