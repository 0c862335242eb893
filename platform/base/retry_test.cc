#include "platform/base/retry.h"

#include <gtest/gtest.h>

#include <limits>

namespace tandem {
namespace {

TEST(Backoff, DoublesUpToItsMaximumWithHalfOfItRandom) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Backoff backoff(100, 1000, seed);
    for (const int64_t ceiling : {100, 200, 400, 800, 1000, 1000, 1000}) {
      const int64_t delay = backoff.NextMs();
      EXPECT_GE(delay, ceiling / 2) << seed;
      EXPECT_LE(delay, ceiling) << seed;
    }
    backoff.Reset();
    EXPECT_LE(backoff.NextMs(), 100);
  }
}

TEST(Backoff, RepeatsForASeedAndDiffersBetweenSeeds) {
  Backoff a(1'000'000, 1'000'000, 1);
  Backoff b(1'000'000, 1'000'000, 1);
  Backoff c(1'000'000, 1'000'000, 2);
  const int64_t first = a.NextMs();
  EXPECT_EQ(first, b.NextMs());
  EXPECT_NE(first, c.NextMs());
}

TEST(Backoff, BringsItsBoundsIntoOrder) {
  Backoff backoff(0, -5, 1);
  EXPECT_EQ(backoff.NextMs(), 1);
  EXPECT_EQ(backoff.NextMs(), 1);
  Backoff endless(1, std::numeric_limits<int64_t>::max(), 1);
  for (int i = 0; i < 200; ++i) ASSERT_GT(endless.NextMs(), 0);
}

}  // namespace
}  // namespace tandem
