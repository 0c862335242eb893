#include "platform/rpc/journal_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "platform/base/status.h"

namespace tandem::rpc {
namespace {

// Empty; what waits is woken by nothing but its time.
class FakeJournal final : public store::JournalReader {
 public:
  absl::StatusOr<std::vector<store::JournalRow>> Read(const store::JournalQuery&) override {
    return std::vector<store::JournalRow>();
  }
  absl::StatusOr<int64_t> Head() override { return int64_t{0}; }
  absl::StatusOr<std::vector<store::LaneHeadRow>> LaneHeads() override {
    return std::vector<store::LaneHeadRow>();
  }
  absl::StatusOr<bool> WaitBeyond(int64_t, absl::Duration timeout) override {
    absl::SleepFor(timeout);
    return false;
  }
  const std::string& incarnation() const override { return name_; }
  const std::string& source() const override { return name_; }

 private:
  const std::string name_ = "fake";
};

class JournalPoolTest : public testing::Test {
 protected:
  std::unique_ptr<JournalPool> Pool(int readers, absl::Duration max_age = absl::Hours(1)) {
    return std::make_unique<JournalPool>(
        [this]() -> absl::StatusOr<std::unique_ptr<store::JournalReader>> {
          ++opened_;
          return std::make_unique<FakeJournal>();
        },
        readers, max_age);
  }
  static absl::Time Soon() { return absl::Now() + absl::Seconds(60); }

  std::atomic<int> opened_{0};
};

const auto kNothing = [](store::JournalReader&) { return absl::OkStatus(); };

TEST_F(JournalPoolTest, AReaderIsUsedAgain) {
  auto pool = Pool(2);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(pool->With(Soon(), kNothing).ok());
  EXPECT_EQ(opened_, 1);
}

TEST_F(JournalPoolTest, AReaderIsOpenedAnewAfterAnErrorAndAfterAWhile) {
  auto pool = Pool(2);
  auto fails = [](store::JournalReader&) { return absl::UnavailableError("away"); };
  EXPECT_FALSE(pool->With(Soon(), fails).ok());
  EXPECT_TRUE(pool->With(Soon(), kNothing).ok());
  EXPECT_EQ(opened_, 2);
  auto refuses = [](store::JournalReader&) { return absl::OutOfRangeError("not that far"); };
  EXPECT_FALSE(pool->With(Soon(), refuses).ok());
  EXPECT_TRUE(pool->With(Soon(), kNothing).ok());
  EXPECT_EQ(opened_, 2) << "what is wrong with a request is not the reader's fault";
  auto aging = Pool(2, absl::ZeroDuration());
  EXPECT_TRUE(aging->With(Soon(), kNothing).ok());
  EXPECT_TRUE(aging->With(Soon(), kNothing).ok());
  EXPECT_EQ(opened_, 4);
}

TEST_F(JournalPoolTest, ThoseBeyondTheReadersWaitAndAreToldWhenTheirTimeIsUp) {
  auto pool = Pool(1);
  absl::Notification taken, done;
  std::thread holder([&] {
    EXPECT_TRUE(pool->With(Soon(),
                           [&](store::JournalReader&) {
                             taken.Notify();
                             done.WaitForNotification();
                             return absl::OkStatus();
                           })
                    .ok());
  });
  taken.WaitForNotification();
  const absl::Status refused = pool->With(absl::Now() + absl::Milliseconds(10), kNothing);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(refused), "OVERLOADED");
  std::thread waits([&] { EXPECT_TRUE(pool->With(Soon(), kNothing).ok()); });
  done.Notify();
  waits.join();
  holder.join();
  EXPECT_EQ(opened_, 1);
}

TEST_F(JournalPoolTest, AllWhoWaitShareOneReader) {
  auto pool = Pool(1);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(*pool->WaitBeyond(7, absl::Milliseconds(1)));
  EXPECT_EQ(opened_, 1);
}

}  // namespace
}  // namespace tandem::rpc
