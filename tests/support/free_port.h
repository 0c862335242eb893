// A loopback port that was free a moment ago. Who listens on it may find it taken by then and asks
// for another; servers that can listen on port 0 do that instead.
#pragma once

#include <cstdint>

namespace tandem::test {

uint16_t FreePort();

// Whether anybody accepts connections there.
bool Listens(uint16_t port);

}  // namespace tandem::test
