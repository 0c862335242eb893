// `tandem events tail`: events as they are committed, from one journal or from all.
#pragma once

#include "cli/arguments.h"

namespace tandem::cli {

// --source /tandem/order (default: all five), --after POSITION (default: from now on), --limit N,
// --type NAME, --subject ID; -o json prints the payload too.
int TailEvents(const Arguments& arguments);

}  // namespace tandem::cli
