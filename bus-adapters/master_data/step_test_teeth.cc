// The tests of the engine, tested: each rule that is left out must fail some test of this binary.
#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "bus-adapters/master_data/step_test_engine.h"

namespace tandem::master_data {
namespace {

TEST(EveryRule, IsHeldByATest) {
  if (std::getenv("MASTER_DATA_FAULT") != nullptr) GTEST_SKIP() << "one of the runs below";
  const auto passes = [](Fault fault) {
    const std::string command =
        absl::StrCat("MASTER_DATA_FAULT=", static_cast<int>(fault), " /proc/", getpid(),
                     "/exe --gtest_brief=1 >/dev/null 2>&1");
    return std::system(command.c_str()) == 0;
  };
  EXPECT_TRUE(passes(Fault::kNone));
  for (const Fault fault : kAllFaults) {
    if (fault == Fault::kUnknownIdsDoNotWait) continue;  // the caller's; the simulation holds it
    EXPECT_FALSE(passes(fault)) << "left out unnoticed: " << static_cast<int>(fault);
  }
}

}  // namespace
}  // namespace tandem::master_data
