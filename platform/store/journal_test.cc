#include "platform/store/journal.h"

#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "absl/time/clock.h"
#include "platform/base/id.h"
#include "platform/store/store_fixture.h"

namespace tandem::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Command FillBox(absl::string_view id, absl::string_view shelf) {
  return Do([id = std::string(id), shelf = std::string(shelf)](
                Context& context, State& state) -> absl::StatusOr<std::string> {
    if (state.Edit<Box>(id) == nullptr) {
      Box box;
      box.set_id(id);
      box.set_shelf_id(shelf);
      state.Insert(box);
    }
    BoxEvent event;
    event.mutable_filled();
    state.Emit<Box>(context, id, event);
    return std::string();
  });
}

class Journals : public StoreTest {
 protected:
  // Things and boxes in turn, over many lanes.
  void Fill(int count) {
    auto writer = StartWriter(*database_);
    std::vector<Command> commands;
    for (int i = 0; i < count; ++i) {
      commands.push_back(i % 3 == 0 ? FillBox(absl::StrCat("b", i % 7), absl::StrCat("s", i % 7))
                         : i < 30   ? MakeThing(absl::StrCat("t", i))
                                    : AddTo(absl::StrCat("t", i % 3 + i % 20 / 3 * 3), 1));
    }
    for (const auto& outcome : writer->CallGroup(std::move(commands))) EXPECT_OK(outcome);
  }

  // The chain of each lane, from the whole journal.
  static std::map<int64_t, int64_t> Chain(const std::vector<JournalRow>& all) {
    std::map<int64_t, int64_t> previous;
    std::map<std::pair<std::string, int>, int64_t> last;
    for (const JournalRow& row : all) {
      int64_t& lane = last[{row.topic, row.lane}];
      previous[row.position] = lane;
      lane = row.position;
    }
    return previous;
  }
};

TEST_P(Journals, TellWhatHappened) {
  auto writer = StartWriter(*database_);
  Command command = WithId(FillBox("b", "shelf"), "request");
  command.context.now_micros = 1'700'000'000'000'001;
  command.context.ids = IdSource(command.context.now_micros, 1, 2);
  command.context.actor = "anna";
  command.context.cause_event_id = "evt_cause";
  command.context.correlation_id = "evt_first";
  command.context.traceparent = "00-trace";
  EXPECT_OK(writer->Call(std::move(command)));
  const std::vector<JournalRow> rows = ReadAll(*OpenJournal(*database_));
  ASSERT_EQ(rows.size(), 1u);
  const JournalRow& row = rows[0];
  EXPECT_EQ(row.position, 1);
  EXPECT_TRUE(IsId(row.id, "evt_"));
  EXPECT_EQ(row.topic, "tandem.storetest.box.v1");
  EXPECT_EQ(row.aggregatetype, "box");
  EXPECT_EQ(row.aggregateid, "b");
  EXPECT_EQ(row.entity_version, 1);
  EXPECT_EQ(row.type, "tandem.storetest.v1.BoxFilled");
  EXPECT_EQ(row.event_message, "tandem.storetest.v1.BoxEvent");
  EXPECT_EQ(row.routing_key, "shelf");
  EXPECT_EQ(row.lane, LaneOf("shelf"));
  EXPECT_EQ(row.lane_previous, 0);
  EXPECT_EQ(row.actor, "anna");
  EXPECT_EQ(row.cause, "evt_cause");
  EXPECT_EQ(row.correlation, "evt_first");
  EXPECT_EQ(row.request_id, "request");
  EXPECT_EQ(row.traceparent, "00-trace");
  EXPECT_EQ(row.time_micros, 1'700'000'000'000'001);
  BoxEvent event;
  ASSERT_TRUE(event.ParseFromString(row.payload));
  EXPECT_EQ(event.meta().id(), row.id);
  EXPECT_EQ(event.box().shelf_id(), "shelf");
  EXPECT_EQ(event.box().id(), "b");
}

TEST(Lanes, AreForGood) {
  EXPECT_EQ(LaneOf(""), 38);
  EXPECT_EQ(LaneOf("ord_01hzy3v7k8qj5e2m9n4p6r8s0t"), 4);
  std::set<int> lanes;
  for (int i = 0; i < 2000; ++i) lanes.insert(LaneOf(absl::StrCat("key", i)));
  EXPECT_EQ(lanes.size(), 64u);
}

TEST_P(Journals, AreReadInPagesOfAnySize) {
  Fill(200);
  auto journal = OpenJournal(*database_);
  const std::vector<JournalRow> all = ReadAll(*journal);
  ASSERT_EQ(all.size(), 200u);
  const std::map<int64_t, int64_t> chain = Chain(all);
  for (const int page : {1, 7, 64, 199, 200, 1000}) {
    const std::vector<JournalRow> rows = ReadAll(*journal, page);
    ASSERT_EQ(rows.size(), 200u) << page;
    for (size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(rows[i].position, static_cast<int64_t>(i) + 1);
      EXPECT_EQ(rows[i].lane_previous, chain.at(rows[i].position)) << "page " << page;
      EXPECT_EQ(rows[i].payload, all[i].payload);
    }
  }
}

TEST_P(Journals, ALanesPreviousIsTheSameHoweverItIsRead) {
  Fill(200);
  const std::vector<JournalRow> all = ReadAll(*OpenJournal(*database_));
  const std::map<int64_t, int64_t> chain = Chain(all);
  auto journal = OpenJournal(*database_);
  std::vector<JournalQuery> queries(6);
  queries[0].after_position = 150;  // from the middle
  queries[1].topic = "tandem.storetest.thing.v1";
  queries[2].topic = "tandem.storetest.box.v1";
  queries[2].lane = LaneOf("s3");
  queries[2].limit = 2;
  queries[3].types = {"tandem.storetest.v1.ThingMade", "tandem.storetest.v1.BoxFilled"};
  queries[4].subject = "t1";
  queries[5].topic = "tandem.storetest.thing.v1";
  queries[5].types = {"tandem.storetest.v1.ThingChanged"};
  queries[5].after_position = 77;
  for (const JournalQuery& query : queries) {
    for (int again = 0; again < 2; ++again) {
      const auto rows = journal->Read(query);
      ASSERT_TRUE(rows.ok()) << rows.status();
      EXPECT_FALSE(rows->empty());
      int64_t position = query.after_position;
      for (const JournalRow& row : *rows) {
        EXPECT_GT(row.position, position);
        position = row.position;
        EXPECT_EQ(row.lane_previous, chain.at(row.position));
        EXPECT_TRUE(query.topic.empty() || row.topic == query.topic);
        EXPECT_TRUE(query.lane < 0 || row.lane == query.lane);
        EXPECT_TRUE(query.subject.empty() || row.aggregateid == query.subject);
        EXPECT_THAT(query.types, testing::AnyOf(IsEmpty(), testing::Contains(row.type)));
      }
    }
  }
  // Going forward, then back, then forward again.
  for (const int64_t after : {0, 20, 10, 40, 0}) {
    JournalQuery query;
    query.after_position = after;
    query.limit = 20;
    const auto rows = journal->Read(query);
    ASSERT_TRUE(rows.ok()) << rows.status();
    for (const JournalRow& row : *rows) EXPECT_EQ(row.lane_previous, chain.at(row.position));
  }
}

TEST_P(Journals, TellTheHeadOfEachLane) {
  auto journal = OpenJournal(*database_);
  EXPECT_EQ(*journal->Head(), 0);
  EXPECT_THAT(*journal->LaneHeads(), IsEmpty());
  Fill(100);
  std::map<std::pair<std::string, int>, int64_t> expected, heads;
  for (const JournalRow& row : ReadAll(*journal)) expected[{row.topic, row.lane}] = row.position;
  const std::vector<LaneHeadRow> lane_heads = *journal->LaneHeads();
  for (const LaneHeadRow& row : lane_heads) heads[{row.topic, row.lane}] = row.position;
  EXPECT_EQ(heads, expected);
  EXPECT_EQ(*journal->Head(), 100);
}

TEST_P(Journals, KeepTheirIncarnation) {
  const std::string incarnation = OpenJournal(*database_)->incarnation();
  EXPECT_FALSE(incarnation.empty());
  database_.Close();
  database_.Open();
  EXPECT_OK(InitialiseJournal(*database_));
  EXPECT_EQ(OpenJournal(*database_)->incarnation(), incarnation);
}

TEST_P(Journals, WakeWhoWaits) {
  auto writer = StartWriter(*database_);
  auto journal = OpenJournal(*database_);
  EXPECT_FALSE(*journal->WaitBeyond(0, absl::Milliseconds(50)));
  for (int i = 0; i < 20; ++i) {
    absl::Duration woken_after;
    std::thread waiter([&] {
      EXPECT_TRUE(*journal->WaitBeyond(i, absl::Seconds(30)));
      const auto rows = ReadAll(*journal);
      EXPECT_EQ(rows.size(), static_cast<size_t>(i) + 1);
    });
    EXPECT_OK(writer->Call(MakeThing(absl::StrCat("t", i))));
    waiter.join();
  }
  EXPECT_TRUE(*journal->WaitBeyond(5, absl::ZeroDuration()));
}

TEST_P(Journals, WhoeverIsBehindDoesNotWaitForThoseThatAreNot) {
  auto writer = StartWriter(*database_);
  auto journal = OpenJournal(*database_);
  std::thread waits([&] { EXPECT_TRUE(*journal->WaitBeyond(3, absl::Seconds(60))); });
  for (int i = 0; i < 4; ++i) {
    EXPECT_OK(writer->Call(MakeThing(absl::StrCat("t", i))));
    EXPECT_TRUE(*journal->WaitBeyond(i, absl::Seconds(60)));
  }
  waits.join();
  EXPECT_FALSE(*journal->WaitBeyond(4, absl::Milliseconds(20)));
}

TEST_P(Journals, AReaderMissesNothingOfManyWriters) {
  constexpr int kWriters = 3, kEach = 400;
  std::vector<std::unique_ptr<Writer>> writers;
  for (int w = 0; w < kWriters; ++w) writers.push_back(StartWriter(*database_));
  for (int i = 0; i < 10; ++i) EXPECT_OK(writers[0]->Call(MakeThing(absl::StrCat("t", i))));
  auto journal = OpenJournal(*database_);
  std::vector<JournalRow> seen;
  std::thread reader([&] {
    while (seen.size() < 10 + kWriters * kEach) {
      JournalQuery query;
      query.after_position = seen.empty() ? 0 : seen.back().position;
      query.limit = 50;
      auto rows = journal->Read(query);
      ASSERT_TRUE(rows.ok()) << rows.status();
      for (JournalRow& row : *rows) seen.push_back(std::move(row));
      const bool more =
          !rows->empty() || *journal->WaitBeyond(query.after_position, absl::Seconds(30));
      ASSERT_TRUE(more);
    }
  });
  Answers answers;
  for (int i = 0; i < kEach; ++i) {
    for (int w = 0; w < kWriters; ++w) {
      answers.Submit(*writers[static_cast<size_t>(w)], AddTo(absl::StrCat("t", i % 10), 1));
    }
  }
  EXPECT_EQ(answers.ok(), kWriters * kEach);
  reader.join();
  std::map<std::string, int64_t> versions;
  const std::map<int64_t, int64_t> chain = Chain(seen);
  for (size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].position, static_cast<int64_t>(i) + 1);
    EXPECT_EQ(seen[i].entity_version, ++versions[seen[i].aggregateid]);
    EXPECT_EQ(seen[i].lane_previous, chain.at(seen[i].position));
  }
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(versions[absl::StrCat("t", i)], 1 + kWriters * kEach / 10);
  }
}

INSTANTIATE_TEST_SUITE_P(Both, Journals, testing::Values("sqlite", "postgresql"), DriverName);

}  // namespace
}  // namespace tandem::store
