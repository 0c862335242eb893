// gRPC before 1.54 stops accepting for good when it runs out of descriptors, and looks well to
// those who are connected. The process notices, says so and ends; whoever keeps it running starts
// it again.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <memory>
#include <vector>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "tests/battery/calls.h"
#include "tests/battery/http2.h"
#include "tests/battery/served.h"

namespace tandem::test {
namespace {

constexpr char kHealth[] = "/grpc.health.v1.Health/Check";
constexpr char kList[] = "/tandem.customer.v1.CustomerService/ListCustomers";

TEST(Flood, OfIdleConnectionsEndsAProcessThatRunsOutOfDescriptorsAndItServesAgain) {
  rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  Served served({.part = "customer", .before = {"bash", "-c", "ulimit -n 256; exec \"$@\"", "-"}});
  {
    Calls calls(served.address(), 1);
    ASSERT_TRUE(calls.Call(kHealth, "").status.ok());
  }
  const absl::Time start = absl::Now();
  {
    std::vector<std::unique_ptr<RawConnection>> idle;
    for (int i = 0; i < 600; ++i) {
      idle.push_back(std::make_unique<RawConnection>(served.address()));
      ASSERT_TRUE(idle.back()->open());
    }
    // They go as soon as the process has had to do with more than it can have.
    ASSERT_TRUE(served.process().WaitForLine("Too many open files", absl::Seconds(60)).ok());
  }
  const auto end = served.process().Wait(absl::Seconds(60));
  ASSERT_TRUE(end.has_value()) << "neither serves nor ends: " << served.process().Output();
  EXPECT_EQ(end->signal, SIGABRT);
  EXPECT_TRUE(absl::StrContains(served.process().Output(), "no longer accepts connections"))
      << served.process().Output();
  served.Restart();
  const absl::Duration took = absl::Now() - start;
  Calls calls(served.address(), 1);
  EXPECT_TRUE(calls.Call(kHealth, "").status.ok());
  EXPECT_TRUE(calls.Call(kList, "").status.ok());
  std::cout << "served again " << took << " after the flood began\n";
}

}  // namespace
}  // namespace tandem::test
