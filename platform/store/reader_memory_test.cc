// What a reader remembers is never told in place of what is stored: whoever writes, in this process
// or another, and whatever becomes of the server.
#include <atomic>
#include <thread>

#include "platform/store/faulty_database.h"
#include "platform/store/store_fixture.h"

namespace tandem::store {
namespace {

const Schema& Remembering() {
  static const auto* schema = new Schema({
      {Thing::descriptor(), "things", {}, 50, Remembered::kByAll},
      {Box::descriptor(), "boxes", {}, 10},
      {Tally::descriptor(), "tallies", {}, 100},
  });
  return *schema;
}

// Adds one to `large`, and as many tags as that: the row and its children tell their version.
Command Grow(absl::string_view id, absl::string_view shelf = "s") {
  return EditThing(id, [shelf = std::string(shelf)](Thing& thing) {
    thing.set_large(thing.large() + 1);
    thing.add_tags(absl::StrCat(thing.large()));
    thing.set_shelf_id(shelf);
  });
}

// That the row, its children and its version belong together.
Thing Checked(const SharedBytes& bytes) {
  Thing thing;
  EXPECT_TRUE(bytes != nullptr && thing.ParseFromString(*bytes));
  EXPECT_EQ(thing.etag(), absl::StrCat("\"", thing.large() + 1, "\""));
  EXPECT_EQ(thing.tags_size(), thing.large());
  return thing;
}

class ReaderMemory : public StoreTest {
 protected:
  ReaderMemory() {
    counted_.Set([this](FaultyDatabase::When when, Connection*) {
      runs_ += when == FaultyDatabase::When::kRun;
      return absl::OkStatus();
    });
  }

  std::unique_ptr<Writer> Start(Database& database) {
    WriterOptions options;
    options.source = std::string(kSource);
    auto writer = Writer::Start(database, Remembering(), clock_, std::move(options));
    TANDEM_CHECK(writer.ok(), writer.status().ToString());
    return *std::move(writer);
  }
  std::unique_ptr<Reader> Open() { return Reader::Open(counted_, Remembering()); }
  SharedBytes Get(Reader& reader, const std::string& id) {
    auto found = reader.GetBytes(Thing::descriptor(), {id});
    TANDEM_CHECK(found.ok(), found.status().ToString());
    return (*found)[0];
  }
  std::vector<SharedBytes> List(Reader& reader, absl::string_view shelf) {
    ListQuery query;
    query.where = "shelf_id = $1";
    query.params = {std::string(shelf)};
    auto page = reader.ListBytes(Thing::descriptor(), query);
    TANDEM_CHECK(page.ok(), page.status().ToString());
    return *std::move(page);
  }
  int RunsOf(const std::function<void()>& read) {
    const int before = runs_;
    read();
    return runs_ - before;
  }

  SystemClock clock_;
  FaultyDatabase counted_{*database_};
  std::atomic<int> runs_ = 0;
};

TEST_P(ReaderMemory, OfWhatIsKnownOnlyTheVersionIsRead) {
  auto writer = Start(*database_);
  auto reader = Open();
  for (const char* id : {"a", "b", "c"}) EXPECT_OK(writer->Call(MakeThing(id)));
  EXPECT_OK(writer->Call(Grow("a")));
  EXPECT_EQ(Checked(Get(*reader, "a")).large(), 1);
  // By nobody's writer and without a version: so it is seen where the answer is from.
  Sql("UPDATE things SET name = 'other' WHERE id = 'a'");
  EXPECT_EQ(RunsOf([&] { EXPECT_EQ(Checked(Get(*reader, "a")).name(), ""); }), 1);
  EXPECT_EQ(
      RunsOf([&] {
        auto found = reader->GetBytes(Thing::descriptor(), {"c", "a", "absent", "b", "a", "c"});
        ASSERT_TRUE(found.ok()) << found.status();
        EXPECT_EQ(Checked((*found)[0]).id(), "c");
        EXPECT_EQ(Checked((*found)[1]).id(), "a");
        EXPECT_EQ((*found)[2], nullptr);
        EXPECT_EQ(Checked((*found)[3]).id(), "b");
        EXPECT_EQ((*found)[4], (*found)[1]);
        EXPECT_EQ((*found)[5], (*found)[0]);
      }),
      1);
  EXPECT_OK(writer->Call(Grow("a")));
  EXPECT_EQ(RunsOf([&] { EXPECT_EQ(Checked(Get(*reader, "a")).large(), 2); }), 2);
  EXPECT_EQ(RunsOf([&] { EXPECT_EQ(Checked(Get(*reader, "a")).large(), 2); }), 1);
}

TEST_P(ReaderMemory, APageHasWhatItsConditionSays) {
  auto writer = Start(*database_);
  auto reader = Open();
  for (int i = 0; i < 20; ++i) EXPECT_OK(writer->Call(MakeThing(absl::StrCat("t", 10 + i))));
  for (int i = 0; i < 20; i += 2) EXPECT_OK(writer->Call(Grow(absl::StrCat("t", 10 + i))));
  EXPECT_EQ(RunsOf([&] { EXPECT_EQ(List(*reader, "s").size(), 10u); }), 2);
  EXPECT_EQ(RunsOf([&] { EXPECT_EQ(List(*reader, "s").size(), 10u); }), 1);
  EXPECT_OK(writer->Call(Grow("t12", "elsewhere")));
  EXPECT_OK(writer->Call(Grow("t14")));
  const std::vector<SharedBytes> page = List(*reader, "s");
  ASSERT_EQ(page.size(), 9u);
  EXPECT_EQ(Checked(page[0]).id(), "t10");
  EXPECT_EQ(Checked(page[1]).id(), "t14");
  EXPECT_EQ(Checked(page[1]).large(), 2);
}

TEST_P(ReaderMemory, WhatIsErasedIsGone) {
  auto writer = Start(*database_);
  auto reader = Open();
  EXPECT_OK(writer->Call(MakeThing("a")));
  EXPECT_NE(Get(*reader, "a"), nullptr);
  EXPECT_OK(writer->Call(Do([](Context& context, State& state) -> absl::StatusOr<std::string> {
    if (state.Find<Thing>("a") == nullptr) return absl::NotFoundError("a");
    state.Erase<Thing>("a");
    ThingEvent gone;
    gone.mutable_gone();
    state.Emit<Thing>(context, "a", gone);
    return std::string();
  })));
  EXPECT_EQ(Get(*reader, "a"), nullptr);
  EXPECT_EQ(Get(*reader, "a"), nullptr);
}

// Two processes on one database; SQLite has one.
TEST_P(ReaderMemory, NobodySeesLessThanWhatWasAcknowledged) {
  std::unique_ptr<Database> second;
  if (is_postgres()) {
    auto opened = database_.TryOpen();
    ASSERT_TRUE(opened.ok()) << opened.status();
    second = *std::move(opened);
  }
  Database& other = second == nullptr ? *database_ : *second;
  std::unique_ptr<Writer> writers[] = {Start(*database_), Start(other)};
  std::unique_ptr<Reader> readers[] = {Reader::Open(*database_, Remembering()),
                                       Reader::Open(other, Remembering())};
  constexpr int kThings = 3, kThreads = 4, kEach = 40;
  const auto id = [](int i) { return absl::StrCat("t", i % kThings); };
  for (int i = 0; i < kThings; ++i) {
    EXPECT_OK(writers[0]->Call(MakeThing(id(i))));
    EXPECT_OK(writers[0]->Call(Grow(id(i))));
  }
  std::atomic<int64_t> acknowledged[kThings] = {1, 1, 1};
  std::atomic<int> working = kThreads;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const int thing = (t + i) % kThings;
        const auto answer = writers[t % 2]->Call(Grow(id(thing), i % 2 == 0 ? "even" : "odd"));
        if (!answer.ok()) {
          EXPECT_EQ(answer.status().code(), absl::StatusCode::kAborted) << answer.status();
          continue;
        }
        ++acknowledged[thing];
        const int64_t least = acknowledged[thing];
        for (auto& reader : readers) {
          EXPECT_GE(Checked(Get(*reader, id(thing))).large(), least);
        }
      }
      --working;
    });
  }
  for (auto& reader : readers) {
    threads.emplace_back([&] {
      int64_t seen[kThings] = {};
      while (working > 0) {
        for (int i = 0; i < kThings; ++i) {
          const int64_t large = Checked(Get(*reader, id(i))).large();
          EXPECT_GE(large, seen[i]);
          seen[i] = large;
        }
        for (const char* shelf : {"even", "odd"}) {
          for (const SharedBytes& bytes : List(*reader, shelf)) {
            EXPECT_EQ(Checked(bytes).shelf_id(), shelf);
          }
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// The one that takes over may lack the last commits, and give their versions to others.
TEST_P(ReaderMemory, NothingIsRememberedFromALostServer) {
  if (!is_postgres()) GTEST_SKIP() << "SQLite's connections are not lost";
  auto writer = Start(*database_);
  auto reader = Open();
  EXPECT_OK(writer->Call(MakeThing("a")));
  EXPECT_OK(writer->Call(Grow("a")));
  EXPECT_EQ(Checked(Get(*reader, "a")).name(), "");
  Sql("UPDATE things SET name = 'of another history' WHERE id = 'a'");
  EXPECT_EQ(Checked(Get(*reader, "a")).name(), "");
  Sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
      "WHERE datname = current_database() AND pid <> pg_backend_pid()");
  EXPECT_EQ(Checked(Get(*reader, "a")).name(), "of another history");
}

INSTANTIATE_TEST_SUITE_P(Drivers, ReaderMemory, testing::Values("postgresql", "sqlite"),
                         DriverName);

}  // namespace
}  // namespace tandem::store
