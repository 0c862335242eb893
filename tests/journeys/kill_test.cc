// kill -9 at random moments of the whole company's life, started again each time: at the end it is
// the company that nothing disturbed, to the cent and to the last resource.
//
// TANDEM_TEST_SEED chooses the moments, TANDEM_TEST_KILLS how many in one company's life: a few, or
// most would meet one that is finished. The long form is many companies:
//   tandem_journeys_test --gtest_filter='Killed*' --gtest_repeat=500 --gtest_break_on_failure
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "tests/journeys/company.h"
#include "tests/support/temp_dir.h"

namespace tandem::test {
namespace {

constexpr int kKills = 6;
// Each life is at most this part of an undisturbed one, so that the kills are spread over all of
// it.
constexpr double kLongestLife = 0.4;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  uint64_t value = otherwise;
  if (const char* text = std::getenv(name)) (void)absl::SimpleAtoi(text, &value);
  return value;
}

TEST(KilledAtRandom, EndsAsTheUndisturbedCompany) {
  const uint64_t seed = FromEnvironment("TANDEM_TEST_SEED", std::random_device()());
  const uint64_t kills = FromEnvironment("TANDEM_TEST_KILLS", kKills);
  std::cout << "TANDEM_TEST_SEED=" << seed << " TANDEM_TEST_KILLS=" << kills << "\n";
  const Undisturbed& undisturbed = UndisturbedCompany();
  ASSERT_TRUE(undisturbed.exit.ok()) << undisturbed.output;

  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> part_of_life(0, kLongestLife);
  TempDir dir;
  const std::string data = dir.File("killed");
  uint64_t killed = 0;
  for (uint64_t i = 0; i < kills; ++i) {
    auto life = Process::Start(UpOnce(data));
    ASSERT_TRUE(life.ok()) << life.status();
    const auto end = (*life)->Wait(part_of_life(random) * undisturbed.took);
    // Ended by itself: then it had nothing left to do, and the next one is killed while it sees
    // that.
    if (end.has_value()) {
      ASSERT_TRUE(end->ok()) << (*life)->Output();
      continue;
    }
    (*life)->Kill();
    ++killed;
  }
  EXPECT_GT(killed, 0u);
  const auto last = RunToEnd(UpOnce(data), kJourneyPatience);
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_TRUE(last->exit.ok()) << last->output;
  EXPECT_EQ(ReportIn(last->output).lines, ReportIn(undisturbed.output).lines);

  const auto expected = DigestOf(undisturbed.data_dir);
  const auto got = DigestOf(data);
  for (const auto& [list, resources] : expected) {
    const std::vector<std::string>& mine = got.at(list);
    EXPECT_EQ(mine.size(), resources.size()) << list;
    for (size_t i = 0; i < std::min(mine.size(), resources.size()); ++i) {
      if (mine[i] == resources[i]) continue;
      ADD_FAILURE() << list << " differs, first in\n"
                    << mine[i] << "\nundisturbed:\n"
                    << resources[i];
      break;
    }
  }
}

}  // namespace
}  // namespace tandem::test
