// One program for libFuzzer; TANDEM_FUZZ_TARGET in the environment says which target.
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "google/protobuf/stubs/logging.h"
#include "platform/base/check.h"
#include "tests/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const tandem::fuzz::Target* const target = [] {
    google::protobuf::SetLogHandler(nullptr);  // it tells of each text that is no UTF-8
    const char* name = std::getenv("TANDEM_FUZZ_TARGET");
    for (const tandem::fuzz::Target& known : tandem::fuzz::Targets()) {
      if (name != nullptr && std::strcmp(name, known.name) == 0) return &known;
    }
    TANDEM_CHECK(false, "TANDEM_FUZZ_TARGET names no target");
  }();
  target->run(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
