#include "platform/rpc/admission.h"

#include <gtest/gtest.h>

#include <deque>

#include "platform/base/status.h"

namespace tandem::rpc {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

constexpr absl::Duration kLong = absl::Seconds(10);

class AdmissionTest : public testing::Test {
 protected:
  void Pass(int64_t ms) { now_ += milliseconds(ms); }
  AdmissionOptions Options(size_t always) {
    AdmissionOptions options;
    options.always = always;
    options.now = [this] { return now_; };
    return options;
  }
  Instant now_{std::chrono::hours(1)};
};

TEST_F(AdmissionTest, LetsInWhileNobodyHasWaitedTooLong) {
  Admission admission(Options(2));
  for (int i = 0; i < 5'000; ++i) ASSERT_TRUE(admission.Enter(kLong).ok()) << i;
  Pass(1'000);
  EXPECT_TRUE(admission.Enter(kLong).ok()) << "at the limit";
  Pass(1);
  const auto refused = admission.Enter(kLong);
  ASSERT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(refused.status()), "OVERLOADED");
  EXPECT_EQ(RetryDelayMsOf(refused.status()), 1'001);
  EXPECT_EQ(admission.waiting(), 5'001u);
}

TEST_F(AdmissionTest, LetsAFewInHoweverLongItTakes) {
  Admission admission(Options(3));
  ASSERT_TRUE(admission.Enter(kLong).ok());
  Pass(5'000);
  EXPECT_TRUE(admission.Enter(kLong).ok());
  EXPECT_TRUE(admission.Enter(kLong).ok());
  EXPECT_FALSE(admission.Enter(kLong).ok());
}

TEST_F(AdmissionTest, LetsNoMoreInThanTheQueuesHold) {
  Admission admission(Options(2));
  for (int i = 0; i < 8'192; ++i) ASSERT_TRUE(admission.Enter(kLong).ok()) << i;
  EXPECT_EQ(ReasonOf(admission.Enter(kLong, 2).status()), "OVERLOADED");
  admission.Leave(1);
  EXPECT_TRUE(admission.Enter(kLong).ok());
}

TEST_F(AdmissionTest, GoesOnWithBegunWorkBeforeNewWork) {
  Admission admission(Options(0));
  ASSERT_TRUE(admission.Enter(kLong).ok());
  Pass(1'500);
  EXPECT_FALSE(admission.Enter(kLong).ok());
  EXPECT_TRUE(admission.Enter(kLong, 2).ok());
  Pass(501);
  EXPECT_FALSE(admission.Enter(kLong, 2).ok());
}

TEST_F(AdmissionTest, RefusesWhoWouldBeReachedTooLate) {
  Admission admission(Options(512));
  ASSERT_TRUE(admission.Enter(kLong).ok());
  Pass(300);
  EXPECT_TRUE(admission.Enter(absl::Milliseconds(300)).ok());
  EXPECT_FALSE(admission.Enter(absl::Milliseconds(299)).ok());
}

TEST_F(AdmissionTest, TheNextInLineCountsWhenTheFirstHasLeft) {
  Admission admission(Options(0));
  const auto first = admission.Enter(kLong);
  Pass(800);
  const auto second = admission.Enter(kLong);
  const auto third = admission.Enter(kLong);
  Pass(800);
  EXPECT_FALSE(admission.Enter(kLong).ok());
  admission.Leave(*second);  // out of turn
  EXPECT_FALSE(admission.Enter(kLong).ok());
  admission.Leave(*first);
  EXPECT_TRUE(admission.Enter(kLong).ok()) << "the third has waited 800 ms";
  admission.Leave(*third);
  EXPECT_EQ(admission.waiting(), 1u);
}

// A server of 100 calls a second, asked 1,000 times a second for a minute and then 50 times, each
// with two seconds to live.
TEST_F(AdmissionTest, AtTenTimesTheLoadTheServerIsBusyAndRecovers) {
  Admission admission(Options(16));
  struct Call {
    Admission::Ticket ticket;
    Instant until;
  };
  std::deque<Call> queue;
  int64_t good = 0, late = 0, shed = 0, good_after = 0, shed_after = 0;
  for (int64_t ms = 0; ms < 80'000; ++ms) {
    const bool recovered = ms >= 62'000;
    if (ms < 60'000 || ms % 20 == 0) {
      const auto ticket = admission.Enter(absl::Seconds(2));
      if (ticket.ok()) {
        queue.push_back({*ticket, now_ + milliseconds(2'000)});
      } else {
        ++(recovered ? shed_after : shed);
      }
    }
    for (bool served = false; ms % 10 == 0 && !served && !queue.empty(); queue.pop_front()) {
      served = CheckTime(queue.front().until, now_).ok();
      ++(!served ? late : recovered ? good_after : good);
      admission.Leave(queue.front().ticket, served);
    }
    Pass(1);
  }
  EXPECT_GE(good, 6'100) << "of the 6,200 that it can do";
  EXPECT_LE(late, 600) << "let in before it was known how slow it is";
  EXPECT_GT(shed, 50'000);
  EXPECT_EQ(shed_after, 0) << "two seconds after the crowd nobody is refused";
  EXPECT_GE(good_after, 850);
  EXPECT_LE(queue.size(), 1u);
}

// What was slow once is not slow for good.
TEST_F(AdmissionTest, ForgetsAStall) {
  Admission admission(Options(64));
  std::deque<Admission::Ticket> queue;
  const auto serve = [&](int calls) {
    for (; calls > 0 && !queue.empty(); --calls, queue.pop_front()) admission.Leave(queue.front());
  };
  for (int i = 0; i < 100; ++i) queue.push_back(*admission.Enter(kLong));
  Pass(4'000);
  serve(10);  // 10 in four seconds: another would wait for half a minute
  EXPECT_FALSE(admission.Enter(kLong).ok());
  serve(100);
  for (int ms = 0; ms < 2'000; ++ms) {  // one a millisecond
    while (queue.size() < 200) {
      const auto ticket = admission.Enter(kLong);
      if (!ticket.ok()) break;
      queue.push_back(*ticket);
    }
    Pass(1);
    serve(1);
  }
  EXPECT_GE(queue.size(), 199u);
}

TEST(TimeAllowed, IsTheDeadlinesUpToAMinuteAndTenSecondsWithout) {
  const system_clock::time_point now{std::chrono::hours(500'000)};
  EXPECT_EQ(TimeAllowed(now + milliseconds(59'999), now), absl::Milliseconds(59'999));
  EXPECT_EQ(TimeAllowed(now + milliseconds(60'000), now), absl::Seconds(60));
  EXPECT_EQ(TimeAllowed(now + milliseconds(60'001), now), absl::Seconds(60));
  EXPECT_EQ(TimeAllowed(system_clock::time_point::max(), now), absl::Seconds(10));
}

TEST(CheckTime, RefusesFromTheDeadlineOn) {
  const Instant until{milliseconds(1'000)};
  EXPECT_TRUE(CheckTime(until, until - milliseconds(1)).ok());
  for (const int past : {0, 1}) {
    const absl::Status status = CheckTime(until, until + milliseconds(past));
    EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
    EXPECT_EQ(ReasonOf(status), "DEADLINE_PASSED");
  }
}

}  // namespace
}  // namespace tandem::rpc
