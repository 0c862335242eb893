// What a server holds, as the outside sees it: to say that nothing changed, and who changed what.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "tests/battery/calls.h"

namespace tandem::test {

// The journals' ends, by source.
using Heads = std::map<std::string, int64_t>;
Heads HeadsOf(Calls& calls);
// Waits until nobody reacts to anything any more; false when that takes longer than a minute.
bool WaitUntilQuiet(Calls& calls);

// A hash of every page of each list, by method, and the journals' ends.
std::map<std::string, uint64_t> StateOf(Calls& calls);

// Who caused the events behind these positions.
std::set<std::string> ActorsSince(Calls& calls, const Heads& heads);

}  // namespace tandem::test
