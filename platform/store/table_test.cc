#include "platform/store/table.h"

#include <google/protobuf/util/message_differencer.h>

#include <limits>

#include "platform/store/columns.h"
#include "platform/store/store_fixture.h"

namespace tandem::store {
namespace {

using google::protobuf::util::MessageDifferencer;
using testing::HasSubstr;

Thing FullThing(const std::string& id) {
  Thing thing;
  thing.set_id(id);
  thing.mutable_create_time()->set_seconds(-5);
  thing.mutable_create_time()->set_nanos(999'999'000);
  thing.set_name("größe ✓");
  thing.set_nickname("");
  thing.set_active(true);
  thing.set_small(std::numeric_limits<int32_t>::min());
  thing.set_large(std::numeric_limits<int64_t>::max());
  thing.set_count(std::numeric_limits<uint32_t>::max());
  thing.set_bits(std::numeric_limits<uint64_t>::max());
  thing.set_color(storetest::v1::COLOR_BLUE);
  thing.set_blob(std::string("\0\xff", 2));
  thing.mutable_balance()->set_currency_code("EUR");
  thing.mutable_balance()->set_units(-12);
  thing.mutable_balance()->set_nanos(-345'678'000);
  thing.mutable_rate()->set_value("0.19");
  thing.mutable_stock()->mutable_value()->set_value("-1.5");
  thing.mutable_stock()->set_unit("KGM");
  thing.mutable_due()->set_year(2024);
  thing.mutable_due()->set_month(2);
  thing.mutable_due()->set_day(29);
  thing.mutable_home()->set_city("Bonn");
  thing.mutable_home()->add_lines("Am Markt 1");
  thing.mutable_home()->add_lines("Hinterhaus");
  thing.mutable_desk()->set_text("desk");
  thing.mutable_desk()->add_numbers(7);
  thing.add_tags("b");
  thing.add_tags("a");
  thing.add_tags("");
  for (int i = 0; i < 40; ++i) {
    auto* part = thing.add_parts();
    part->set_sku(absl::StrCat("sku", i));
    part->mutable_quantity()->mutable_value()->set_value(absl::StrCat(i));
    part->mutable_quantity()->set_unit("C62");
    if (i % 2 == 0) part->mutable_price()->set_units(i);
    if (i % 3 == 0) {
      part->mutable_from()->set_city("Köln");
      part->mutable_from()->add_lines(absl::StrCat("line ", i));
    }
    if (i % 5 == 0) part->add_notes("note");
    if (i == 1) part->set_rank(0);
  }
  (*thing.mutable_labels())["k1"] = "v1";
  (*thing.mutable_labels())["k0"] = "";
  auto* fee = thing.add_fees();
  fee->set_units(3);
  fee->set_currency_code("USD");
  thing.mutable_packed_mark()->set_text("p");
  thing.mutable_packed_mark()->add_numbers(1);
  thing.add_packed_marks()->set_text("q");
  thing.add_packed_marks();
  thing.set_order("select");
  thing.set_shelf_id("s1");
  thing.add_colors(storetest::v1::COLOR_RED);
  thing.add_colors(storetest::v1::COLOR_UNSPECIFIED);
  return thing;
}

class Tables : public StoreTest {
 protected:
  void ExpectStored(Thing thing) {
    auto stored = ReadThing(thing.id());
    ASSERT_NE(stored, nullptr);
    EXPECT_FALSE(stored->etag().empty());
    *thing.mutable_create_time() = stored->create_time();
    *thing.mutable_update_time() = stored->update_time();
    thing.set_etag(stored->etag());
    MessageDifferencer differencer;
    std::string difference;
    differencer.ReportDifferencesToString(&difference);
    EXPECT_TRUE(differencer.Compare(thing, *stored)) << difference;
  }
};

TEST_P(Tables, KeepEveryKindOfField) {
  auto writer = StartWriter(*database_);
  const Thing full = FullThing("full");
  EXPECT_OK(writer->Call(MakeThing(full)));
  ExpectStored(full);
  EXPECT_EQ(ReadThing("full")->create_time().seconds(), -5);
  EXPECT_EQ(ReadThing("full")->create_time().nanos(), 999'999'000);
}

TEST_P(Tables, KeepAnEmptyEntityEmpty) {
  auto writer = StartWriter(*database_);
  Thing empty;
  empty.set_id("empty");
  EXPECT_OK(writer->Call(MakeThing(empty)));
  ExpectStored(empty);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM things WHERE nickname IS NULL AND name = '' AND "
                  "balance_micros IS NULL AND home_present IS NULL AND home_city IS NULL"),
            1);
}

TEST_P(Tables, ChangeEveryFieldBothWays) {
  auto writer = StartWriter(*database_);
  const Thing full = FullThing("t");
  Thing empty;
  empty.set_id("t");
  EXPECT_OK(writer->Call(MakeThing(full)));
  EXPECT_OK(writer->Call(EditThing("t", [&](Thing& thing) { thing = empty; })));
  ExpectStored(empty);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM things_parts"), 0);
  EXPECT_OK(writer->Call(EditThing("t", [&](Thing& thing) { thing = full; })));
  ExpectStored(full);
}

TEST_P(Tables, EraseTheChildrenToo) {
  auto writer = StartWriter(*database_);
  EXPECT_OK(writer->Call(MakeThing(FullThing("t"))));
  EXPECT_OK(writer->Call(MakeThing(FullThing("u"))));
  EXPECT_OK(writer->Call(Do([](Context& context, State& state) -> absl::StatusOr<std::string> {
    if (state.Find<Thing>("t") == nullptr) return absl::NotFoundError("t");
    state.Erase<Thing>("t");
    ThingEvent gone;
    gone.mutable_gone();
    state.Emit<Thing>(context, "t", gone);
    return std::string();
  })));
  EXPECT_EQ(ReadThing("t"), nullptr);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM things_parts WHERE parent = 't'"), 0);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM things_home_lines WHERE parent = 't'"), 0);
  ExpectStored(FullThing("u"));
}

TEST_P(Tables, ManyRowsAtOnceAreThoseOfOneByOne) {
  auto writer = StartWriter(*database_);
  for (const int count : {1, 3, 4, 15, 16, 17, 50}) {
    std::vector<Command> commands;
    for (int i = 0; i < count; ++i) {
      commands.push_back(MakeThing(FullThing(absl::StrCat("n", count, "/", i))));
    }
    for (const auto& outcome : writer->CallGroup(std::move(commands))) EXPECT_OK(outcome);
    auto reader = Reader::Open(*database_, TestSchema());
    std::vector<std::string> ids{"absent"};
    for (int i = 0; i < count; ++i) ids.push_back(absl::StrCat("n", count, "/", i));
    ids.push_back(ids[1]);
    auto rows = reader->Get(Thing::descriptor(), ids);
    ASSERT_TRUE(rows.ok()) << rows.status();
    ASSERT_EQ(rows->size(), ids.size());
    EXPECT_EQ((*rows)[0], nullptr);
    for (size_t i = 1; i < ids.size(); ++i) {
      const auto& thing = static_cast<const Thing&>(*(*rows)[i]);
      EXPECT_EQ(thing.id(), ids[i]);
      EXPECT_EQ(thing.parts_size(), 40);
      EXPECT_EQ(thing.parts(39).sku(), "sku39");
    }
  }
}

TEST_P(Tables, ListAPageWithItsChildren) {
  auto writer = StartWriter(*database_);
  for (int i = 0; i < 30; ++i) {
    Thing thing;
    thing.set_id(absl::StrCat("t", absl::Dec(i, absl::kZeroPad2)));
    thing.set_large(i % 3);
    thing.add_tags(thing.id());
    EXPECT_OK(writer->Call(MakeThing(thing)));
  }
  auto reader = Reader::Open(*database_, TestSchema());
  ListQuery query;
  query.where = "large = $1 AND id > $2";
  query.params = {int64_t{1}, std::string("t04")};
  query.order_by = "large, id DESC";
  query.limit = 3;
  auto page = reader->List(Thing::descriptor(), query);
  ASSERT_TRUE(page.ok()) << page.status();
  std::vector<std::string> ids;
  for (const auto& row : *page) {
    const auto& thing = static_cast<const Thing&>(*row);
    ids.push_back(thing.id());
    EXPECT_THAT(thing.tags(), testing::ElementsAre(thing.id()));
    EXPECT_EQ(thing.etag(), "\"1\"");
  }
  EXPECT_THAT(ids, testing::ElementsAre("t28", "t25", "t22"));
  auto all = reader->List(Tally::descriptor(), ListQuery());
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_TRUE(all->empty());
}

// The same entity in a table whose repeated texts are columns of its row.
class TextsInRow : public StoreTest {
 protected:
  TextsInRow()
      : schema_({{Thing::descriptor(),
                  "notes",
                  {},
                  100,
                  Remembered::kNot,
                  {},
                  /*texts_in_row=*/true}}) {
    auto connection = Connect(*database_);
    RunScript(*connection, DdlOf(schema_));
    WriterOptions options;
    options.source = std::string(kSource);
    auto writer = Writer::Start(*database_, schema_, clock_, options);
    TANDEM_CHECK(writer.ok(), writer.status().ToString());
    writer_ = *std::move(writer);
  }
  absl::StatusOr<std::unique_ptr<Thing>> Read() {
    return Reader::Open(*database_, schema_)->GetOne<Thing>("t");
  }
  // In the database, as others see it.
  std::string Column(const std::string& name) {
    auto connection = Connect(*database_);
    auto result = RunOne(*connection, absl::StrCat("SELECT ", name, " FROM notes WHERE id = 't'"));
    TANDEM_CHECK(result.ok(), result.status().ToString());
    const auto* text = std::get_if<std::string>(&result->rows[0][0]);
    return text == nullptr ? "NULL" : *text;
  }

  SystemClock clock_;
  const Schema schema_;
  std::unique_ptr<Writer> writer_;
};

TEST_P(TextsInRow, AreKeptAsAJsonArray) {
  auto connection = Connect(*database_);
  EXPECT_OK(CheckTables(*connection, schema_));
  const Thing full = FullThing("t");
  EXPECT_OK(writer_->Call(MakeThing(full)));
  EXPECT_EQ(Column("home_lines"), R"(["Am Markt 1","Hinterhaus"])");
  EXPECT_EQ(Column("tags"), R"(["b","a",""])");
  auto stored = Read();
  ASSERT_TRUE(stored.ok() && *stored != nullptr) << stored.status();
  EXPECT_THAT((*stored)->home().lines(), testing::ElementsAre("Am Markt 1", "Hinterhaus"));
  EXPECT_THAT((*stored)->tags(), testing::ElementsAre("b", "a", ""));
  EXPECT_EQ((*stored)->parts_size(), full.parts_size());
}

TEST_P(TextsInRow, ChangeWithTheirRow) {
  Thing thing;
  thing.set_id("t");
  EXPECT_OK(writer_->Call(MakeThing(thing)));
  EXPECT_EQ(Column("home_lines"), "NULL");
  EXPECT_EQ(Column("tags"), "[]");
  const std::vector<std::string> odd{"a \"b\" \\c", "x\ny\tz", "\x01", "", "größe", "],["};
  for (const auto& texts : std::vector<std::vector<std::string>>{odd, {"one"}, {}}) {
    EXPECT_OK(writer_->Call(EditThing("t", [&](Thing& edited) {
      edited.mutable_home()->clear_lines();
      edited.clear_tags();
      for (const std::string& text : texts) {
        edited.mutable_home()->add_lines(text);
        edited.add_tags(text);
      }
    })));
    auto stored = Read();
    ASSERT_TRUE(stored.ok() && *stored != nullptr) << stored.status();
    EXPECT_TRUE((*stored)->has_home());
    EXPECT_THAT((*stored)->home().lines(), testing::ElementsAreArray(texts));
    EXPECT_THAT((*stored)->tags(), testing::ElementsAreArray(texts));
  }
  EXPECT_EQ(Column("home_lines"), "[]");
}

TEST_P(TextsInRow, WithAZeroByteAreRefused) {
  Thing thing;
  thing.set_id("t");
  thing.add_tags(std::string("a\0b", 3));
  EXPECT_THAT(writer_->Call(MakeThing(thing)),
              RefusedWith(absl::StatusCode::kInvalidArgument, "STORE_VALUE_INVALID"));
}

TEST_P(TextsInRow, AreCorruptWhereTheyAreNoList) {
  Thing thing;
  thing.set_id("t");
  EXPECT_OK(writer_->Call(MakeThing(thing)));
  Sql("UPDATE notes SET tags = 'x' WHERE id = 't'");
  EXPECT_THAT(Read(), RefusedWith(absl::StatusCode::kInternal, "STORE_VALUE_CORRUPT"));
}

INSTANTIATE_TEST_SUITE_P(Both, TextsInRow, testing::Values("sqlite", "postgresql"), DriverName);

TEST_P(Tables, AValueThatNoColumnCanKeepIsRefusedAlone) {
  auto writer = StartWriter(*database_);
  Thing decimal, text, nanos, good;
  decimal.set_id("decimal");
  decimal.mutable_rate()->set_value("1e3");
  text.set_id("text");
  text.set_name(std::string("a\0b", 3));
  nanos.set_id("nanos");
  nanos.mutable_balance()->set_nanos(1);
  good.set_id("good");
  std::vector<Command> commands;
  for (const Thing& thing : {decimal, text, good, nanos}) commands.push_back(MakeThing(thing));
  const auto outcomes = writer->CallGroup(std::move(commands));
  for (const int bad : {0, 1, 3}) {
    EXPECT_THAT(outcomes[static_cast<size_t>(bad)],
                RefusedWith(absl::StatusCode::kInvalidArgument, "STORE_VALUE_INVALID"));
  }
  EXPECT_OK(outcomes[2]);
  EXPECT_EQ(Events(), 1);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM things"), 1);
}

TEST_P(Tables, AreCheckedAgainstTheDatabase) {
  auto connection = Connect(*database_);
  EXPECT_OK(CheckTables(*connection, TestSchema()));
  const Schema elsewhere({{Tally::descriptor(), "counts", {}}});
  EXPECT_THAT(CheckTables(*connection, elsewhere).message(), HasSubstr("counts: is not there"));
  const Schema wrong({{Box::descriptor(), "tallies", {}}});
  EXPECT_THAT(CheckTables(*connection, wrong).message(), HasSubstr("lacks id"));
  const Schema more({{Tally::descriptor(), "counters", {}}});
  EXPECT_THAT(CheckTables(*connection, more).message(), HasSubstr("lacks code"));
  RunScript(*connection, "ALTER TABLE boxes ADD COLUMN stray TEXT;");
  EXPECT_THAT(CheckTables(*connection, TestSchema()).message(), HasSubstr("has stray"));
}

INSTANTIATE_TEST_SUITE_P(Both, Tables, testing::Values("sqlite", "postgresql"), DriverName);

TEST(Ddl, IsWhatAMigrationWouldSay) {
  const Schema schema({{Box::descriptor(), "boxes", {}}});
  EXPECT_EQ(DdlOf(schema),
            "CREATE TABLE boxes (\n"
            "  id TEXT PRIMARY KEY,\n"
            "  shelf_id TEXT,\n"
            "  content BIGINT,\n"
            "  version BIGINT NOT NULL\n"
            ");\n");
  const std::string things = DdlOf(Schema({{Thing::descriptor(), "things", {}}}));
  EXPECT_THAT(things, HasSubstr("  \"order\" TEXT,\n"));
  EXPECT_THAT(things, HasSubstr("  home_present BIGINT,\n  home_city TEXT,\n"));
  EXPECT_THAT(things, HasSubstr("CREATE TABLE things_home_lines (\n"
                                "  parent TEXT NOT NULL,\n"
                                "  n BIGINT NOT NULL,\n"
                                "  value TEXT,\n"
                                "  PRIMARY KEY (parent, n)\n"));
  EXPECT_THAT(things, HasSubstr("CREATE TABLE things_labels (\n"
                                "  parent TEXT NOT NULL,\n"
                                "  n BIGINT NOT NULL,\n"
                                "  key TEXT,\n"
                                "  value TEXT,\n"));
  EXPECT_THAT(things, HasSubstr("  from_lines BYTEA,\n"));
  EXPECT_THAT(things, HasSubstr("  packed_marks BYTEA,\n"));
  const std::string in_row = DdlOf(Schema(
      {{Thing::descriptor(), "things", {}, 100, Remembered::kNot, {}, /*texts_in_row=*/true}}));
  EXPECT_THAT(in_row, HasSubstr("  home_present BIGINT,\n  home_lines TEXT,\n"));
  EXPECT_THAT(in_row, HasSubstr("  tags TEXT,\n"));
  EXPECT_THAT(in_row, HasSubstr("  from_lines BYTEA,\n"));
  EXPECT_THAT(in_row, HasSubstr("CREATE TABLE things_labels (\n"));
}

}  // namespace
}  // namespace tandem::store
