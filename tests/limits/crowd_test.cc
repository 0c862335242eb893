// A crowd: ten and more times as many calls as a service can do. What it can do it does; the others
// are told so at once; and when the crowd has gone, all is as before. How much is done is measured
// and printed; it is judged where TANDEM_TEST_CROWD_SECONDS asks for a long run on a quiet machine.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "platform/base/status.h"
#include "tandem/opportunity/v1/opportunity_service.pb.h"
#include "tests/battery/calls.h"
#include "tests/battery/served.h"

namespace tandem::test {
namespace {

constexpr char kCreate[] = "/tandem.opportunity.v1.OpportunityService/CreateActivity";

struct Load {
  int64_t done = 0, shed = 0;
  double seconds = 0, done_ms = 0, shed_ms = 0;  // medians
  double per_second() const { return static_cast<double>(done) / seconds; }
};

double Median(std::vector<double>& values) {
  if (values.empty()) return 0;
  std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

// Keeps so many calls under way until the time is up; one that is refused is followed by another at
// once, which no client of good will does.
Load Press(const std::string& address, size_t in_flight, double seconds) {
  Calls calls(address, static_cast<int>(std::max<size_t>(1, in_flight / 600)), in_flight);
  opportunity::v1::CreateActivityRequest request;
  request.mutable_activity()->set_kind(static_cast<opportunity::v1::ActivityKind>(1));
  request.mutable_activity()->set_subject("A call");
  const std::string bytes = request.SerializeAsString();
  Load load;
  std::vector<double> done_ms, shed_ms;
  const absl::Time begin = absl::Now();
  const absl::Time end = begin + absl::Seconds(seconds);
  absl::Time last = begin;
  while (absl::Now() < end) {
    const absl::Time start = absl::Now();
    calls.Start(kCreate, bytes, {.timeout = absl::Seconds(10)}, [&, start](Answered answered) {
      const absl::Time now = absl::Now();
      const double took = absl::ToDoubleMilliseconds(now - start);
      if (answered.status.ok()) {
        ++load.done;
        last = now;
        done_ms.push_back(took);
        return;
      }
      ++load.shed;
      shed_ms.push_back(took);
      EXPECT_EQ(answered.status.code(), absl::StatusCode::kResourceExhausted) << answered.status;
      EXPECT_EQ(ReasonOf(answered.status), "OVERLOADED");
      EXPECT_TRUE(RetryDelayMsOf(answered.status).has_value());
    });
  }
  calls.Wait();
  load.seconds = absl::ToDoubleSeconds(std::max(last, end) - begin);
  load.done_ms = Median(done_ms);
  load.shed_ms = Median(shed_ms);
  std::cout << in_flight << " in flight: " << static_cast<int64_t>(load.per_second())
            << "/s done in " << load.done_ms << " ms, " << load.shed << " refused in "
            << load.shed_ms << " ms (medians)\n";
  return load;
}

TEST(Crowd, IsToldToComeBackWhileTheWorkGoesOn) {
  const char* text = std::getenv("TANDEM_TEST_CROWD_SECONDS");
  double seconds = 2;
  const bool judged = text != nullptr && absl::SimpleAtod(text, &seconds);
  Served served({.part = "opportunity"});
  Press(served.address(), 64, 1);  // warm
  double peak = 0;
  for (const size_t in_flight : {64, 512, 2'000}) {
    const Load load = Press(served.address(), in_flight, seconds);
    peak = std::max(peak, load.per_second());
    if (in_flight <= 512) {
      EXPECT_EQ(load.shed, 0) << in_flight << " are not too many";
    }
  }
  const Load crowd = Press(served.address(), 20'000, seconds * 2);
  EXPECT_GT(crowd.done, 0);
  const Load after = Press(served.address(), 64, seconds);
  EXPECT_EQ(after.shed, 0);
  EXPECT_TRUE(served.process().Running());
  std::cout << "of the peak of " << static_cast<int64_t>(peak) << "/s, "
            << static_cast<int64_t>(100 * crowd.per_second() / peak) << " % in the crowd\n";
  if (judged) {
    EXPECT_GE(crowd.per_second(), 0.8 * peak);
  }
}

}  // namespace
}  // namespace tandem::test
