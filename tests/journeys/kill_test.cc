// kill -9 at moments spread over the whole import, started again each time on the same data: at the
// end it is the company that nothing disturbed, to the cent and to the last resource.
//
// TANDEM_TEST_KILLS says how many (10 here; 50 in the long form), TANDEM_TEST_SEED chooses the
// moments. A moment is a number of events in the journals, so that they are spread over the work
// and not over the time; each line printed shows what the process was doing when it was killed.
#include <gtest/gtest.h>

#include <csignal>
#include <iostream>
#include <random>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "tests/journeys/company.h"
#include "tests/journeys/progress.h"
#include "tests/support/temp_dir.h"

namespace tandem::test {
namespace {

constexpr uint64_t kKills = 10;
// The last moment leaves work to do: a kill must not meet a finished import.
constexpr double kFirst = 0.001;
constexpr double kLast = 0.985;
// Every so many kills the process is killed once more while it comes up again.
constexpr uint64_t kOnceMoreEvery = 5;
constexpr double kUpFirst = 0.1, kUpLast = 1;  // seconds after its start

// True when the signal is what ended it: it was running until then.
bool KillNow(Process& process) {
  process.Kill();
  return process.Wait()->signal == SIGKILL;
}

TEST(KilledAtRandom, EndsAsTheUndisturbedCompany) {
  const uint64_t seed = FromEnvironment("TANDEM_TEST_SEED", std::random_device()());
  const uint64_t kills = FromEnvironment("TANDEM_TEST_KILLS", kKills);
  std::cout << "TANDEM_TEST_SEED=" << seed << " TANDEM_TEST_KILLS=" << kills << std::endl;
  const Undisturbed& undisturbed = UndisturbedCompany();
  ASSERT_TRUE(undisturbed.exit.ok()) << undisturbed.output;
  const int64_t all = ReportIn(undisturbed.output).events;

  std::mt19937_64 random(seed);
  const std::vector<double> moments = Spread(kills, kFirst, kLast, random);
  std::uniform_real_distribution<double> coming_up(kUpFirst, kUpLast);
  TempDir dir;
  const std::string data = dir.File("killed");
  const absl::Time start = absl::Now();
  for (uint64_t i = 0; i < kills; ++i) {
    auto life = Process::Start(UpOnce(data));
    ASSERT_TRUE(life.ok()) << life.status();
    const auto address = (*life)->WaitUntilReady("tandem", kJourneyPatience);
    ASSERT_TRUE(address.ok()) << address.status();
    std::map<std::string, std::string> addresses;
    for (const char* part : kParts) addresses[part] = *address;
    Progress progress(addresses, absl::Milliseconds(20));
    const auto moment = static_cast<int64_t>(moments[i] * static_cast<double>(all));
    ASSERT_TRUE(WaitFor([&] { return progress.Events() >= moment || !(*life)->Running(); },
                        kJourneyPatience))
        << "at " << progress.Events() << " of " << all << "\n"
        << (*life)->Output();
    const int64_t at = progress.Events();
    const std::string doing = progress.LastEvents();
    ASSERT_TRUE(KillNow(**life)) << "it ended before kill " << i + 1 << "\n" << (*life)->Output();
    ASSERT_LT(at, all);
    ASSERT_FALSE(absl::StrContains((*life)->Output(), "read back")) << (*life)->Output();
    std::cout << "kill " << i + 1 << " after " << absl::Now() - start << ", at " << at << " of "
              << all << " events: " << doing << std::endl;
    if ((i + 1) % kOnceMoreEvery != 0) continue;
    auto again = Process::Start(UpOnce(data));
    ASSERT_TRUE(again.ok()) << again.status();
    const absl::Duration lived = absl::Seconds(coming_up(random));
    ASSERT_FALSE((*again)->Wait(lived).has_value()) << (*again)->Output();
    ASSERT_TRUE(KillNow(**again)) << (*again)->Output();
    std::cout << "  and " << lived << " after its start, while it came up again" << std::endl;
  }
  const absl::Time last_start = absl::Now();
  const auto last = RunToEnd(UpOnce(data), kJourneyPatience);
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_TRUE(last->exit.ok()) << last->output;
  const Report report = ReportIn(last->output);
  std::cout << "the last start took " << absl::Now() - last_start << ", all " << absl::Now() - start
            << " (undisturbed: " << undisturbed.took << "), " << report.events << " events"
            << std::endl;
  EXPECT_EQ(report.lines, ReportIn(undisturbed.output).lines);
  ExpectSame(DigestOf(data), DigestOf(undisturbed.data_dir));
}

}  // namespace
}  // namespace tandem::test
