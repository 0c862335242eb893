// The engine under its simulation. MASTER_DATA_SEED starts elsewhere; a failing seed is printed and
// replays exactly: master_data_simulator --seed N --trace.
#include <gtest/gtest.h>

#include <cstdlib>

#include "bus-adapters/master_data/simulator.h"

namespace tandem::master_data {
namespace {

constexpr int kSeeds = 100000;
constexpr int kSeedsToNotice = 20000;  // most are within a few
constexpr int kMaxFailuresShown = 5;

uint64_t FirstSeed() {
  const char* seed = std::getenv("MASTER_DATA_SEED");
  return seed == nullptr ? 1 : std::strtoull(seed, nullptr, 10);
}

TEST(TheSimulation, ConvergesFromEverySeed) {
  SimulationOptions options;
  options.seed = FirstSeed();
  int failures = 0;
  int64_t writes = 0;
  int64_t conflicts = 0;
  int64_t crashes = 0;
  SimulationResult sum;
  int64_t two_normalise = 0;
  int64_t databases_lost = 0;
  for (int i = 0; i < kSeeds && failures < kMaxFailuresShown; ++i, ++options.seed) {
    const SimulationResult result = Simulate(options);
    writes += result.writes;
    conflicts += result.conflicts;
    crashes += result.crashes;
    sum.lost_requests += result.lost_requests;
    sum.lost_answers += result.lost_answers;
    sum.doubled += result.doubled;
    sum.late_events += result.late_events;
    sum.late_reads += result.late_reads;
    two_normalise += result.two_normalise ? 1 : 0;
    databases_lost += result.database_lost ? 1 : 0;
    if (result.violations.empty()) continue;
    ++failures;
    ADD_FAILURE() << "seed " << options.seed << ": " << result.violations[0];
  }
  // It exercised what it is for.
  EXPECT_GT(writes, kSeeds);
  EXPECT_GT(conflicts, kSeeds / 10);
  EXPECT_GT(crashes, kSeeds / 20);
  EXPECT_GT(sum.lost_requests, kSeeds / 10);
  EXPECT_GT(sum.lost_answers, kSeeds / 10);
  EXPECT_GT(sum.doubled, kSeeds);
  EXPECT_GT(sum.late_events, kSeeds);
  EXPECT_GT(sum.late_reads, kSeeds / 20);
  EXPECT_GT(two_normalise, kSeeds / 4);
  EXPECT_GT(databases_lost, kSeeds / 20);
}

TEST(TheSimulation, ReplaysASeedExactly) {
  SimulationOptions options;
  options.seed = FirstSeed() + 17;
  options.trace = true;
  const SimulationResult once = Simulate(options);
  EXPECT_FALSE(once.trace.empty());
  EXPECT_EQ(once.trace, Simulate(options).trace);
}

class ARuleLeftOut : public testing::TestWithParam<Fault> {};

TEST_P(ARuleLeftOut, IsNoticed) {
  SimulationOptions options;
  options.fault = GetParam();
  for (options.seed = 1; options.seed <= kSeedsToNotice; ++options.seed) {
    if (!Simulate(options).violations.empty()) return;
  }
  FAIL() << "fault " << static_cast<int>(GetParam()) << " goes unnoticed";
}

INSTANTIATE_TEST_SUITE_P(All, ARuleLeftOut, testing::ValuesIn(kAllFaults));

}  // namespace
}  // namespace tandem::master_data
