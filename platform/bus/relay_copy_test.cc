#include "platform/bus/relay_copy.h"

#include <algorithm>
#include <map>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tandem::bus {
namespace {

// A journal, a broker that answers at once and a database, all in memory, on a clock that is set.
class FakePorts final : public RelayPorts, public store::JournalReader {
 public:
  void Commit(int events, int lane = 0) {
    for (; events > 0; --events) {
      store::JournalRow& row = rows_.emplace_back();
      row.position = static_cast<int64_t>(rows_.size());
      row.lane = lane;
      lanes_[lane] = row.position;
    }
  }

  absl::Time now = absl::UnixEpoch();
  bool answers = true;
  std::vector<PartitionEnd> ends = std::vector<PartitionEnd>(1);
  std::vector<int64_t> refilled;
  int leads_for = 1'000'000;  // looks
  int reads = 0, moves = 0;
  RelayCursor cursor;

  absl::Time Now() override { return now; }
  absl::Status KeepLeading() override {
    return leads_for-- > 0 ? absl::OkStatus() : absl::CancelledError("stopping");
  }
  absl::StatusOr<RelayCursor> ReadCursor() override { return cursor; }
  absl::StatusOr<bool> MoveCursor(int64_t from, const RelayCursor& to) override {
    ++moves;
    if (cursor.position != from) return false;
    cursor = to;
    return true;
  }
  store::JournalReader& journal() override { return *this; }
  absl::StatusOr<int> PartitionsOf(const std::string&) override {
    return static_cast<int>(ends.size());
  }
  absl::StatusOr<std::vector<PartitionEnd>> EndsOf(const std::string&, int) override {
    return ends;
  }
  absl::StatusOr<bool> Send(const Envelope& event, bool refill) override {
    const int partition = event.lane() % static_cast<int>(ends.size());
    marks_["tandem.order.order.v1"][partition] = {++records_, event.position()};
    if (refill) refilled.push_back(event.position());
    if (!refill) sent_ = event.position();
    return true;
  }
  absl::Status Poll(int) override {
    if (answers) acknowledged_ = sent_;
    return absl::OkStatus();
  }
  int64_t acknowledged() override { return acknowledged_; }
  RelayMarks& marks() override { return marks_; }
  size_t in_flight() override { return static_cast<size_t>(sent_ - acknowledged_); }
  void Saved(int64_t) override {}
  void Sent(bool) override {}

  absl::StatusOr<std::vector<store::JournalRow>> Read(const store::JournalQuery& query) override {
    ++reads;
    const int64_t end = std::min(*Head(), query.after_position + query.limit);
    return std::vector<store::JournalRow>(rows_.begin() + query.after_position,
                                          rows_.begin() + end);
  }
  absl::StatusOr<int64_t> Head() override { return static_cast<int64_t>(rows_.size()); }
  absl::StatusOr<std::vector<store::LaneHeadRow>> LaneHeads() override {
    std::vector<store::LaneHeadRow> heads;
    for (const auto& [lane, position] : lanes_) {
      heads.push_back({"tandem.order.order.v1", lane, position});
    }
    return heads;
  }
  absl::StatusOr<bool> WaitBeyond(int64_t position, absl::Duration) override {
    return *Head() > position;
  }
  const std::string& incarnation() const override { return name_; }
  const std::string& source() const override { return name_; }

 private:
  std::vector<store::JournalRow> rows_;
  std::map<int, int64_t> lanes_;
  int64_t sent_ = 0, acknowledged_ = 0, records_ = 0;
  RelayMarks marks_;
  const std::string name_ = "fake";
};

class ARelayCopy : public testing::Test {
 protected:
  void SetUp() override { EXPECT_TRUE(copy_.Refill().ok()); }

  FakePorts ports_;
  RelayCopy copy_{ports_, "/tandem/order", /*page_max=*/10, RelayCursor()};
};

TEST_F(ARelayCopy, SavesTheFirstAtOnceAndThenAFewTimesASecond) {
  for (int i = 0; i < 1'000; ++i) {
    ports_.Commit(1);
    EXPECT_TRUE(copy_.Step().ok());
    ports_.now += absl::Milliseconds(1);
  }
  EXPECT_EQ(copy_.sent(), 1'000);
  EXPECT_EQ(ports_.moves, 5);
}

TEST_F(ARelayCopy, SavesTheLastWhenItIsTime) {
  ports_.Commit(1);
  EXPECT_TRUE(copy_.Step().ok());
  ports_.Commit(1);
  EXPECT_TRUE(copy_.Step().ok());
  EXPECT_EQ(ports_.cursor.position, 1);
  const absl::Duration until = copy_.UntilSave();
  EXPECT_GT(until, absl::ZeroDuration());
  EXPECT_LT(until, absl::Seconds(1));
  ports_.now += until;
  EXPECT_TRUE(*copy_.Step()) << "there is nothing to copy";
  EXPECT_EQ(ports_.cursor.position, 2);
  EXPECT_EQ(copy_.UntilSave(), absl::InfiniteDuration());
}

TEST_F(ARelayCopy, ReadsTheJournalWhenItHasGotOnAndNotWhileItWaitsForTheBroker) {
  ports_.answers = false;
  ports_.Commit(3);
  EXPECT_FALSE(*copy_.Step());
  EXPECT_EQ(ports_.reads, 1);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(*copy_.Step());
  EXPECT_EQ(ports_.reads, 1);
  ports_.Commit(1);
  EXPECT_FALSE(*copy_.Step());
  EXPECT_EQ(ports_.reads, 2);
  EXPECT_EQ(copy_.sent(), 4);
}

TEST_F(ARelayCopy, SavesNothingWhenItIsStoppedBeforeTheTopicsHaveAllAgain) {
  ports_.Commit(25);
  while (!*copy_.Step()) continue;
  ports_.now += absl::Seconds(1);
  EXPECT_TRUE(copy_.Step().ok());
  EXPECT_EQ(ports_.cursor.position, 25);
  ports_.ends[0].cut = true;
  for (int looks = 1; looks < 4; ++looks) {
    RelayCopy next(ports_, "/tandem/order", /*page_max=*/10, ports_.cursor);
    const RelayCursor before = ports_.cursor;
    ports_.leads_for = looks;
    EXPECT_FALSE(next.Refill().ok());
    EXPECT_TRUE(next.Save().ok()) << "as a process does that is stopped";
    EXPECT_EQ(ports_.cursor.marks, before.marks) << looks;
  }
  ports_.leads_for = 100;
  RelayCopy last(ports_, "/tandem/order", /*page_max=*/10, ports_.cursor);
  EXPECT_TRUE(last.Refill().ok());
  EXPECT_EQ(ports_.cursor.marks, ports_.marks());
}

// Two partitions, of which the second loses its log, and a third is added before anyone looks.
TEST_F(ARelayCopy, SendsAllOfATopicAgainWhereLanesMayHaveMoved) {
  ports_.ends.resize(2);
  for (int lane = 0; lane < 6; ++lane) ports_.Commit(1, lane);
  while (!*copy_.Step()) continue;
  ports_.now += absl::Seconds(1);
  EXPECT_TRUE(copy_.Step().ok());
  ASSERT_EQ(ports_.cursor.position, 6);
  ports_.ends = {{.position = 5, .marked = true}, {.cut = true}, {}};
  RelayCopy next(ports_, "/tandem/order", /*page_max=*/10, ports_.cursor);
  EXPECT_TRUE(next.Refill().ok());
  for (const int64_t of_the_second : {2, 4, 6}) {
    EXPECT_THAT(ports_.refilled, testing::Contains(of_the_second));
  }
}

TEST_F(ARelayCopy, ReadsOnBehindAFullPage) {
  ports_.Commit(25);
  while (!*copy_.Step()) continue;
  EXPECT_EQ(ports_.reads, 3);
  EXPECT_EQ(copy_.sent(), 25);
}

}  // namespace
}  // namespace tandem::bus
