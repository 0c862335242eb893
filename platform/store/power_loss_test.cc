// The power fails at every write, truncation, sync and removal of a workload: each time the
// database opens again, is whole, and holds every command that was acknowledged, none by half.
//
//   TANDEM_TEST_POWER_LOSS_CUTS=10000   the long form
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <set>

#include "absl/strings/numbers.h"
#include "platform/store/power_loss_vfs.h"
#include "platform/store/store_fixture.h"

namespace tandem::store {
namespace {

constexpr int kThings = 8;
constexpr int kGroupMax = 12;
constexpr int64_t kMade = kThings;  // events before the workload

int64_t CutsWanted() {
  const char* text = std::getenv("TANDEM_TEST_POWER_LOSS_CUTS");
  int64_t wanted = 0;
  return text != nullptr && absl::SimpleAtoi(text, &wanted) ? wanted : 2'500;
}

std::string ThingId(int64_t n) { return absl::StrCat("t", n % kThings); }
int64_t From(int64_t n) { return n * 7 % kThings; }
int64_t To(int64_t n) { return (n * 7 + 1 + n % (kThings - 1)) % kThings; }
int64_t Sum(int64_t n) { return 1 + n * 31 % 97; }

// Takes from one thing and gives to another: two rows and two events, together or not at all.
Command Transfer(int64_t n) {
  Command command = Do([n](Context& context, State& state) -> absl::StatusOr<std::string> {
    Thing* from = state.Edit<Thing>(ThingId(From(n)));
    Thing* to = state.Edit<Thing>(ThingId(To(n)));
    if (from == nullptr || to == nullptr) return absl::NotFoundError("a thing");
    from->set_large(from->large() - Sum(n));
    to->set_large(to->large() + Sum(n));
    state.Emit<Thing>(context, from->id(), Changed(-Sum(n)));
    state.Emit<Thing>(context, to->id(), Changed(Sum(n)));
    return absl::StrCat(n);
  });
  return WithId(std::move(command), absl::StrCat("r", n));
}

class PowerLoss : public testing::Test {
 protected:
  PowerLoss() {
    std::filesystem::create_directories(live());
    auto database = OpenSqlite(live() + "/test.db");
    TANDEM_CHECK(database.ok(), database.status().ToString());
    MigrateForTest(**database);
    auto writer = StartWriter(**database);
    for (int n = 0; n < kThings; ++n) EXPECT_OK(writer->Call(MakeThing(ThingId(n))));
  }
  std::string live() const { return dir_.File("live"); }

  // Commands in groups and checkpoints, until there were so many cuts or something is wrong.
  void Work(PowerLossVfs& vfs) {
    vfs_ = &vfs;
    auto database = OpenSqlite(live() + "/test.db");
    TANDEM_CHECK(database.ok(), database.status().ToString());
    {
      auto writer = StartWriter(**database);
      const auto other = Connect(**database);
      for (int round = 0; cuts_ < wanted_ && wrong_.empty(); ++round) {
        std::vector<Command> group;
        group_ = 1 + round * 5 % kGroupMax;
        for (int64_t n = acked_; n < acked_ + group_; ++n) group.push_back(Transfer(n));
        for (const auto& outcome : writer->CallGroup(std::move(group))) EXPECT_OK(outcome);
        acked_ += group_;
        group_ = 0;
        if (round % 6 != 5) continue;
        constexpr absl::string_view kWays[] = {"PRAGMA wal_checkpoint(PASSIVE)",
                                               "PRAGMA wal_checkpoint(RESTART)",
                                               "PRAGMA wal_checkpoint(TRUNCATE)"};
        EXPECT_OK(RunOne(*other, kWays[round / 6 % 3]));
      }
    }
    database->reset();  // the last connection checkpoints and removes its log
    vfs_ = nullptr;
  }

  void AtCut() {
    if (vfs_ == nullptr || !wrong_.empty()) return;
    const int64_t cut = ++cuts_;
    const std::string after = dir_.File("after");
    std::filesystem::remove_all(after);
    std::filesystem::create_directories(after);
    // Every third without anything that was not synced, the others with some of it.
    vfs_->Fail(after, cut % 3 == 0 ? 0 : static_cast<uint64_t>(cut));
    const std::string what = Check(after + "/test.db");
    if (!what.empty()) wrong_ = absl::StrCat("cut ", cut, ": ", what);
  }

  // What is wrong with the database; empty where nothing is.
  std::string Check(const std::string& path) {
    const int64_t acked = acked_, group = group_;
    auto database = OpenSqlite(path);
    if (!database.ok()) return database.status().ToString();
    auto connection = (*database)->Connect(Purpose::kRead);
    if (!connection.ok()) return connection.status().ToString();
    const auto whole = RunOne(**connection, "PRAGMA integrity_check");
    if (!whole.ok()) return whole.status().ToString();
    if (whole->rows.at(0).at(0) != Text("ok")) return "it is not whole";
    const int64_t kept = Number(**connection, "SELECT COUNT(*) FROM requests");
    if (kept < acked) return absl::StrCat(acked, " were acknowledged, and ", kept, " are there");
    if (kept != acked && kept != acked + group) {
      return absl::StrCat(kept - acked, " of a group of ", group, " are there");
    }
    std::vector<int64_t> expected(kThings, 0);
    for (int64_t n = 0; n < kept; ++n) {
      expected[static_cast<size_t>(From(n))] -= Sum(n);
      expected[static_cast<size_t>(To(n))] += Sum(n);
    }
    const auto things = Rows(**connection, "SELECT id, large FROM things ORDER BY id");
    if (things.size() != kThings) return "things are missing";
    for (size_t n = 0; n < kThings; ++n) {
      if (things[n][1] != Value(expected[n])) return absl::StrCat("thing ", n, " is wrong");
    }
    const Row ends = Rows(**connection,
                          "SELECT COUNT(*), MIN(position), MAX(position), (SELECT position FROM "
                          "journal_head) FROM journal")[0];
    const Value last = Int(kMade + 2 * kept);
    if (ends != Row{last, Int(1), last, last}) return "the journal has another length";
    if (Number(**connection,
               "SELECT COUNT(*) FROM (SELECT aggregateid FROM journal GROUP BY aggregateid HAVING "
               "COUNT(*) <> MAX(entity_version))") != 0) {
      return "an entity's versions have a gap";
    }
    return "";
  }

  test::TempDir dir_;
  PowerLossVfs* vfs_ = nullptr;
  int64_t wanted_ = CutsWanted();
  std::atomic<int64_t> cuts_{0}, acked_{0}, group_{0};
  std::string wrong_;
};

TEST_F(PowerLoss, LosesNothingThatWasAcknowledged) {
  {
    PowerLossVfs vfs(live(), [this] { AtCut(); });
    Work(vfs);
  }
  EXPECT_EQ(wrong_, "");
  EXPECT_GE(cuts_, wanted_);
  EXPECT_GT(acked_, 100);
  EXPECT_EQ(Check(live() + "/test.db"), "");
  std::cout << cuts_ << " cuts, " << acked_ << " commands\n";
}

// The test has teeth: on a disk that only says that it has synced, acknowledged commands are lost.
TEST_F(PowerLoss, IsNoticedOnADiskThatLies) {
  {
    PowerLossVfs vfs(live(), [this] { AtCut(); });
    vfs.Lie();
    Work(vfs);
  }
  EXPECT_NE(wrong_, "");
}

}  // namespace
}  // namespace tandem::store
