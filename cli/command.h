// `tandem`'s commands but for start and up: every method of the services, made from the
// descriptors, and what spans services (trace, events, quarantine, sync, import).
#pragma once

namespace tandem::cli {

// Exit codes: 0 done, 1 error, 2 usage, 3 not found, 4 conflict, 5 denied, 6 unavailable.
int RunCommand(int argc, char** argv);

}  // namespace tandem::cli
