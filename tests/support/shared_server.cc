#include "tests/support/shared_server.h"

#include <cstdlib>
#include <fstream>
#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace tandem::test {

std::string SharedServerAddress(absl::string_view server) {
  const std::string own = absl::StrCat("TANDEM_TEST_", absl::AsciiStrToUpper(server));
  if (const char* address = std::getenv(own.c_str())) return address;
  std::string address;
  if (const char* servers = std::getenv("TANDEM_TEST_SERVERS")) {
    std::ifstream file(absl::StrCat(servers, "/", server, "/address"));
    file >> address;
  }
  return address;
}

absl::Status PortOf(absl::string_view address, uint16_t& port) {
  int number = 0;
  if (!absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &number) || number < 1 ||
      number > 65535) {
    return absl::InvalidArgumentError(absl::StrCat("no port in \"", address, "\""));
  }
  port = static_cast<uint16_t>(number);
  return absl::OkStatus();
}

std::string SupportFile(absl::string_view name) {
  return absl::StrCat(TANDEM_SOURCE_DIR "/tests/support/", name);
}

void Fail(absl::string_view what, const absl::Status& why) {
  std::cerr << "The test has no " << what << ": " << why << std::endl;
  std::exit(EXIT_FAILURE);
}

}  // namespace tandem::test
