#include "platform/base/clock.h"

#include <gtest/gtest.h>

namespace tandem {
namespace {

TEST(FakeClock, StandsStillUntilMoved) {
  FakeClock clock(5);
  EXPECT_EQ(clock.NowMicros(), 5);
  clock.Advance(10);
  EXPECT_EQ(clock.NowMicros(), 15);
  clock.Set(3);
  EXPECT_EQ(clock.NowMicros(), 3);
}

TEST(SystemClock, CountsMicrosecondsSince1970) {
  constexpr int64_t k2024 = 1'704'067'200'000'000;
  constexpr int64_t k2200 = 7'258'118'400'000'000;
  EXPECT_GT(SystemClock().NowMicros(), k2024);
  EXPECT_LT(SystemClock().NowMicros(), k2200);
}

}  // namespace
}  // namespace tandem
