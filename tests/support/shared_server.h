// How a test finds the servers of its run: the ctest fixtures' state folder, or the environment.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tandem::test {

// host:port of `postgres` or `kafka`: $TANDEM_TEST_POSTGRES, $TANDEM_TEST_KAFKA, else what the
// fixture wrote under $TANDEM_TEST_SERVERS; empty where the test has to start its own.
std::string SharedServerAddress(absl::string_view server);

absl::Status PortOf(absl::string_view address, uint16_t& port);

// A file of this folder, wherever the checkout is.
std::string SupportFile(absl::string_view name);

// Without its server no test can say anything.
[[noreturn]] void Fail(absl::string_view what, const absl::Status& why);

}  // namespace tandem::test
