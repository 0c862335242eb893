#include "platform/rpc/get_rounds.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "google/protobuf/wrappers.pb.h"
#include "platform/base/status.h"
#include "tests/support/wait.h"

namespace tandem::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Message;
using google::protobuf::StringValue;
using Messages = std::vector<std::unique_ptr<Message>>;
using Found = std::vector<store::SharedBytes>;

// Knows every id that is not empty; answers when it is let.
class FakeReader final : public store::Reader {
 public:
  absl::StatusOr<Messages> Get(const Descriptor*, const std::vector<std::string>&) override {
    return Messages();
  }
  absl::StatusOr<Found> GetBytes(const Descriptor*, const std::vector<std::string>& ids) override {
    absl::MutexLock lock(&mutex_);
    rounds_.push_back(ids.size());
    mutex_.Await(absl::Condition(&open_));
    if (away) return Refuse(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE", "away");
    Found rows;
    for (const std::string& id : ids) {
      rows.push_back(id.empty() ? nullptr : std::make_shared<const std::string>(id));
    }
    return rows;
  }
  absl::StatusOr<Messages> List(const Descriptor*, const store::ListQuery&) override {
    return Messages();
  }
  absl::StatusOr<Found> ListBytes(const Descriptor*, const store::ListQuery&) override {
    return Found();
  }
  const store::Schema& schema() const override { return schema_; }
  absl::StatusOr<store::Result> Select(const store::Query&) override { return store::Result(); }

  void Open() {
    absl::MutexLock lock(&mutex_);
    open_ = true;
  }
  std::vector<size_t> rounds() {
    absl::MutexLock lock(&mutex_);
    return rounds_;
  }
  std::atomic<bool> away = false;

 private:
  absl::Mutex mutex_;
  bool open_ = false;
  std::vector<size_t> rounds_;
  store::Schema schema_{{}};
};

class Rounds : public ::testing::Test {
 protected:
  ~Rounds() override { pool_ = nullptr; }
  void Ask(const std::string& id, Instant until = SteadyNow() + std::chrono::hours(1)) {
    ++asked_;
    const absl::Status queued =
        rounds_.Queue(StringValue::descriptor(), {id, until, [this, id](GetRounds::Found found) {
                                                    if (found.ok() && *found != nullptr) {
                                                      EXPECT_EQ(**found, id);
                                                    }
                                                    absent_ += found.ok() && *found == nullptr;
                                                    refused_ += !found.ok();
                                                    ++answered_;
                                                  }});
    ASSERT_TRUE(queued.ok()) << queued;
  }
  bool AllAnswered() {
    return test::WaitFor([&] { return answered_ == asked_; });
  }

  FakeReader reader_;
  std::unique_ptr<WorkPool> pool_ = std::make_unique<WorkPool>(2);
  GetRounds rounds_{reader_, *pool_};
  std::atomic<int> asked_ = 0, answered_ = 0, absent_ = 0, refused_ = 0;
};

TEST_F(Rounds, ThoseWhoComeMeanwhileAreReadTogether) {
  Ask("first");
  ASSERT_TRUE(test::WaitFor([&] { return reader_.rounds().size() == 1; }));
  Ask("second");
  ASSERT_TRUE(test::WaitFor([&] { return reader_.rounds().size() == 2; }));
  for (int i = 0; i < 100; ++i) Ask(absl::StrCat(i / 2));  // some twice
  Ask("");
  reader_.Open();
  EXPECT_TRUE(AllAnswered());
  EXPECT_EQ(absent_, 1);
  EXPECT_EQ(refused_, 0);
  EXPECT_LE(reader_.rounds().size(), 4u);
}

TEST_F(Rounds, AFailureIsEverybodysAndPasses) {
  reader_.Open();
  reader_.away = true;
  Ask("one");
  EXPECT_TRUE(AllAnswered());
  EXPECT_EQ(refused_, 1);
  reader_.away = false;
  Ask("one");
  EXPECT_TRUE(AllAnswered());
  EXPECT_EQ(refused_, 1);
}

TEST_F(Rounds, WhoseTimeIsUpIsNotReadFor) {
  reader_.Open();
  Ask("late", SteadyNow() - std::chrono::seconds(1));
  EXPECT_TRUE(AllAnswered());
  EXPECT_EQ(refused_, 1);
  EXPECT_TRUE(reader_.rounds().empty());
}

}  // namespace
}  // namespace tandem::rpc
