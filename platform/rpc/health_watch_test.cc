#include "platform/rpc/health_watch.h"

#include <gtest/gtest.h>

#include <atomic>

#include "platform/base/status.h"
#include "tests/support/wait.h"

namespace tandem::rpc {
namespace {

// Answers, or does not.
class FakeDatabase final : public store::Database {
 public:
  class Link final : public store::Connection {
   public:
    explicit Link(const std::atomic<bool>& away) : away_(away) {}
    absl::Status Begin() override { return absl::OkStatus(); }
    absl::StatusOr<std::vector<store::Result>> Run(absl::Span<const store::Query>) override {
      if (away_) return store::MakeError(store::Failure::kUnavailable, "away");
      return std::vector<store::Result>(1);
    }
    absl::StatusOr<std::vector<store::Result>> Commit(absl::Span<const store::Query> q) override {
      return Run(q);
    }
    void Rollback() override {}
    absl::Status RunScript(absl::string_view) override { return absl::OkStatus(); }
    absl::StatusOr<bool> TryLock(int64_t) override { return true; }
    absl::StatusOr<bool> WaitNotified(absl::string_view, absl::Duration) override { return false; }

   private:
    const std::atomic<bool>& away_;
  };

  absl::StatusOr<std::unique_ptr<store::Connection>> Connect(store::Purpose) override {
    if (away) return store::MakeError(store::Failure::kUnavailable, "away");
    return std::make_unique<Link>(away);
  }
  void AddNotify(absl::string_view, std::vector<store::Query>*) override {}
  void AfterCommit(absl::string_view) override {}
  absl::string_view dialect() const override { return "sqlite"; }

  std::atomic<bool> away{false};
};

TEST(HealthWatch, TellsWhenADatabaseGoesAndWhenItIsBack) {
  FakeDatabase one, two;
  std::atomic<int> gone{0}, back{0};
  HealthWatch watch(
      {&one, &two}, [&](bool serving) { ++(serving ? back : gone); }, absl::Milliseconds(1));
  two.away = true;
  ASSERT_TRUE(test::WaitFor([&] { return gone == 1; }));
  EXPECT_EQ(back, 0);
  two.away = false;
  ASSERT_TRUE(test::WaitFor([&] { return back == 1; }));
  one.away = true;
  ASSERT_TRUE(test::WaitFor([&] { return gone == 2; }));
  EXPECT_EQ(back, 1);
}

}  // namespace
}  // namespace tandem::rpc
