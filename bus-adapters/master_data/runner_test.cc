// The runner between systems in memory, over both databases.
#include "bus-adapters/master_data/runner.h"

#include <gmock/gmock.h>

#include "absl/strings/str_format.h"
#include "bus-adapters/master_data/fake_system.h"
#include "bus-adapters/master_data/store.h"
#include "bus-adapters/master_data/sync_reads.h"
#include "platform/base/clock.h"
#include "platform/store/drivers_fixture.h"
#include "platform/store/journal.h"
#include "platform/store/migrations.h"
#include "tests/support/wait.h"

namespace tandem::master_data {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class RunnerTest : public store::DriversTest {
 protected:
  RunnerTest() : schema_(SyncTables()), crm_("crm"), erp_("erp"), shop_("shop") {
    for (const auto* scripts : {&store::PlatformMigrations(), &SyncMigrations()}) {
      absl::Status status = store::Migrate(*database_, *scripts);
      TANDEM_CHECK(status.ok(), status.ToString());
    }
    TANDEM_CHECK(store::InitialiseJournal(*database_).ok(), "the journal");
    store::WriterOptions options;
    options.source = "/tandem/sync_test";
    auto writer = store::Writer::Start(*database_, schema_, clock_, options);
    TANDEM_CHECK(writer.ok(), writer.status().ToString());
    writer_ = *std::move(writer);
    reader_ = store::Reader::Open(*database_, schema_, 4);
  }

  // `name` and `parent` are the CRM's, `price` the ERP's, `phone` is shared; `number` identifies.
  EntityRules Rules(bool founding) const {
    std::vector<SystemRules> systems;
    for (const std::string& name : systems_) {
      SystemRules& system = systems.emplace_back();
      system.name = name;
      system.id_prefix = name + "_";
    }
    std::vector<GroupRule> groups = {
        Existence("crm"),      Owned("number", "crm"),          Owned("name", "crm"),
        Owned("price", "erp"), Shared("phone", {"crm", "erp"}), Parent("parent", "crm")};
    if (founding) {
      for (GroupRule& rule : groups) rule.first = rule.decides == Decides::kOwner;
    }
    auto rules = EntityRules::Create("thing", systems, groups, {"number"});
    TANDEM_CHECK(rules.ok(), rules.status().ToString());
    return *std::move(rules);
  }

  void Start() {
    Make();
    runner_->Start();
  }
  void Make() {
    if (entity_ == nullptr) {
      entity_ = std::make_unique<Entity>(Entity{Rules(false), Rules(true), gives_ids_});
    }
    std::vector<std::unique_ptr<Connector>> connectors;
    connectors.push_back(crm_.Connect());
    connectors.push_back(erp_.Connect());
    if (systems_.size() > 2) connectors.push_back(shop_.Connect());
    RunnerOptions options;
    if (calls_max_ > 0) options.calls_max = calls_max_;
    options.poll = absl::Milliseconds(20);
    options.retry_max_ms = 50;
    runner_ = std::make_unique<Runner>("sync_test", *entity_, std::move(connectors), *writer_,
                                       *reader_, options);
  }
  void Stop() { runner_.reset(); }

  // As an event's consumer would.
  absl::Status Show(const std::string& system, const v1::State& seen) {
    store::Command command;
    command.method = "show";
    command.decide = [&](Context& context, State& state) -> absl::StatusOr<std::string> {
      absl::StatusOr<bool> changed = Arrive(*entity_, system, seen, context, state);
      if (!changed.ok()) return changed.status();
      return std::string();
    };
    absl::Status status = writer_->Call(std::move(command)).status();
    if (runner_ != nullptr) runner_->Wake();
    return status;
  }

  // As the subscription to a system does with the events at hand.
  void Tell(const std::string& system, const std::vector<v1::State>& states) {
    std::vector<bus::Envelope> events;
    for (const v1::State& state : states) {
      bus::Envelope& event = events.emplace_back();
      event.set_id(state.change_id());
      event.set_subject(state.foreign_id());
      event.set_payload(state.SerializeAsString());
    }
    std::vector<const bus::Envelope*> batch;
    for (const bus::Envelope& event : events) batch.push_back(&event);
    for (const bus::LocalConsumer& consumer : runner_->Consumers()) {
      if (consumer.source != absl::StrCat("/fake/", system)) continue;
      consumer.prepare(batch);
      std::vector<store::Command> commands;
      for (const bus::Envelope& event : events) {
        store::Command& command = commands.emplace_back();
        command.method = "tell";
        command.hints = [&](Wanted& wanted) { consumer.hints(event, wanted); };
        command.decide = [&](Context& context, State& state) -> absl::StatusOr<std::string> {
          absl::Status status = consumer.apply(event, context, state);
          if (!status.ok()) return status;
          return std::string();
        };
      }
      for (const auto& answer : writer_->CallGroup(std::move(commands))) {
        EXPECT_TRUE(answer.ok()) << answer.status();
      }
      consumer.committed();
    }
  }
  static std::string Numbered(const std::string& system, int number) {
    return absl::StrFormat("%s_01h%023d", system, number);
  }

  template <class Answer, class Request>
  absl::StatusOr<Answer> Do(absl::StatusOr<Answer> (*decide)(const Entity&, const Request&,
                                                             Context&, State&),
                            const Request& request) {
    store::Command command;
    command.method = "do";
    command.decide = [&](Context& context, State& state) -> absl::StatusOr<std::string> {
      absl::StatusOr<Answer> answer = decide(*entity_, request, context, state);
      if (!answer.ok()) return answer.status();
      return answer->SerializeAsString();
    };
    auto text = writer_->Call(std::move(command));
    if (!text.ok()) return text.status();
    Answer answer;
    answer.ParseFromString(*text);
    runner_->Wake();
    return answer;
  }

  v1::SyncRecord Record(const std::string& copy) {
    v1::GetRecordResponse answer;
    const absl::Status status = ReadRecord(entity_->rules, copy, *reader_, &answer);
    return status.ok() ? answer.record() : v1::SyncRecord();
  }
  v1::SyncLink Link(const std::string& copy, const std::string& system) {
    const v1::SyncRecord record = Record(copy);
    for (const v1::SyncLink& link : record.links()) {
      if (link.system() == system) return link;
    }
    return {};
  }
  bool InStep(const std::string& copy) { return Record(copy).in_step(); }
  template <class T>
  std::vector<T> All() {
    store::ListQuery query;
    query.limit = 1000;
    auto rows = reader_->List(T::descriptor(), query);
    TANDEM_CHECK(rows.ok(), rows.status().ToString());
    std::vector<T> out;
    for (const auto& row : *rows) out.push_back(static_cast<const T&>(*row));
    return out;
  }

  SystemClock clock_;
  store::Schema schema_;
  std::unique_ptr<store::Writer> writer_;
  std::unique_ptr<store::Reader> reader_;
  std::vector<std::string> systems_ = {"crm", "erp"};
  std::vector<std::string> gives_ids_;
  int calls_max_ = 0;
  FakeSystem crm_, erp_, shop_;
  std::unique_ptr<Entity> entity_;
  std::unique_ptr<Runner> runner_;
};

constexpr char kCrm1[] = "crm_01h00000000000000000000001";
constexpr char kErp1[] = "erp_01h00000000000000000000001";
constexpr char kCrm2[] = "crm_01h00000000000000000000002";
constexpr char kErp2[] = "erp_01h00000000000000000000002";

TEST_P(RunnerTest, ANewRecordIsCreatedElsewhereUnderTheSameName) {
  Start();
  ASSERT_TRUE(Show("crm", crm_.Write(kCrm1, {{"number", "1"}, {"name", "A"}})).ok());
  ASSERT_TRUE(test::WaitFor([&] { return InStep(kCrm1); })) << Record(kCrm1).DebugString();
  EXPECT_EQ(erp_.Read(kErp1).groups, (FakeSystem::Groups{{"name", "A"}, {"number", "1"}}));
  EXPECT_EQ(erp_.writes(), 1);
  EXPECT_EQ(crm_.writes(), 0);
  EXPECT_THAT(All<v1::CallUnderWay>(), IsEmpty());
}

TEST_P(RunnerTest, AnEditGoesOverOnceAndItsEchoIsNone) {
  Start();
  ASSERT_TRUE(Show("crm", crm_.Write(kCrm1, {{"name", "A"}})).ok());
  ASSERT_TRUE(test::WaitFor([&] { return InStep(kCrm1); }));
  const v1::State edited = crm_.Write(kCrm1, {{"name", "B"}});
  ASSERT_TRUE(Show("crm", edited).ok());
  ASSERT_TRUE(test::WaitFor([&] { return erp_.Read(kErp1).groups.at("name") == "B"; }));
  ASSERT_TRUE(Show("crm", edited).ok());  // twice
  ASSERT_TRUE(Show("erp", erp_.Write(kErp1, {})).ok());
  ASSERT_TRUE(test::WaitFor([&] { return InStep(kCrm1); }));
  EXPECT_EQ(erp_.writes(), 2);
  EXPECT_EQ(crm_.writes(), 0);
}

TEST_P(RunnerTest, AWriteOfAnothersFieldIsUndoneAndKept) {
  Start();
  ASSERT_TRUE(Show("crm", crm_.Write(kCrm1, {{"name", "A"}})).ok());
  ASSERT_TRUE(test::WaitFor([&] { return InStep(kCrm1); }));
  ASSERT_TRUE(Show("erp", erp_.Write(kErp1, {{"name", "X"}})).ok());
  ASSERT_TRUE(test::WaitFor([&] { return erp_.Read(kErp1).groups.at("name") == "A"; }));
  const auto refused = All<v1::RefusedWrite>();
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].old_value(), "A");
  EXPECT_EQ(refused[0].refused_value(), "X");
  EXPECT_EQ(refused[0].agreed_value(), "A");
  EXPECT_EQ(refused[0].foreign_id(), kErp1);
  EXPECT_EQ(refused[0].because(), v1::REFUSED_BECAUSE_NOT_OWNER);
}

TEST_P(RunnerTest, ALostAnswerIsAskedForAgainWithTheSameRequest) {
  Start();
  erp_.LoseAnswers(2);
  ASSERT_TRUE(Show("crm", crm_.Write(kCrm1, {{"name", "A"}})).ok());
  ASSERT_TRUE(test::WaitFor([&] { return InStep(kCrm1); })) << Record(kCrm1).DebugString();
  EXPECT_EQ(erp_.writes(), 1);
  EXPECT_EQ(erp_.seeds().size(), 1u);
}

TEST_P(RunnerTest, WhatACrashLeftUnderWayIsCalledAgainWithTheSameRequest) {
  Start();
  erp_.Away(true);
  ASSERT_TRUE(Show("crm", crm_.Write(kCrm1, {{"name", "A"}})).ok());
  ASSERT_TRUE(test::WaitFor([&] { return !runner_->LastError("erp").empty(); }));
  Stop();
  ASSERT_EQ(All<v1::CallUnderWay>().size(), 1u);
  const std::string seed = All<v1::CallUnderWay>()[0].push().request_seed();
  erp_.Away(false);
  Start();
  ASSERT_TRUE(test::WaitFor([&] { return InStep(kCrm1); }));
  EXPECT_THAT(erp_.seeds(), ElementsAre(seed));
  EXPECT_EQ(erp_.writes(), 1);
}

TEST_P(RunnerTest, ASystemThatNormalisesIsAtRest) {
  erp_.UpperCase();
  Start();
  ASSERT_TRUE(Show("crm", crm_.Write(kCrm1, {{"name", "anna"}})).ok());
  ASSERT_TRUE(test::WaitFor([&] { return InStep(kCrm1); }));
  ASSERT_TRUE(Show("erp", erp_.Write(kErp1, {})).ok());
  EXPECT_EQ(erp_.Read(kErp1).groups.at("name"), "ANNA");
  EXPECT_EQ(erp_.writes(), 1);
  EXPECT_EQ(crm_.writes(), 0);
  EXPECT_THAT(All<v1::RefusedWrite>(), IsEmpty());
}

TEST_P(RunnerTest, ARefusedPushStopsNothingElseAndCanBeRetried) {
  Start();
  ASSERT_TRUE(Show("crm", crm_.Write(kCrm1, {{"name", "A"}})).ok());
  ASSERT_TRUE(test::WaitFor([&] { return InStep(kCrm1); }));
  erp_.Refuse("BAD");
  ASSERT_TRUE(Show("crm", crm_.Write(kCrm1, {{"name", "BAD"}})).ok());
  ASSERT_TRUE(test::WaitFor([&] { return Record(kCrm1).refused_pushes() == 1; }));
  EXPECT_THAT(Link(kCrm1, "erp").refused_groups(), ElementsAre("name"));
  EXPECT_EQ(Link(kCrm1, "erp").refused_reason(), "FAKE_VALUE_REFUSED");
  EXPECT_FALSE(InStep(kCrm1));
  // The other way goes on.
  ASSERT_TRUE(Show("erp", erp_.Write(kErp1, {{"price", "7"}})).ok());
  ASSERT_TRUE(test::WaitFor([&] { return crm_.Read(kCrm1).groups.count("price") == 1; }));
  erp_.Refuse("");
  v1::RetryPushRequest retry;
  retry.set_record_id(Record(kCrm1).id());
  retry.set_system("erp");
  ASSERT_TRUE(Do(&RetryPush, retry).ok());
  EXPECT_TRUE(test::WaitFor([&] { return InStep(kCrm1); })) << Record(kCrm1).DebugString();
  EXPECT_EQ(erp_.Read(kErp1).groups.at("name"), "BAD");
}

TEST_P(RunnerTest, AnAbsentSystemHoldsUpNoOther) {
  systems_ = {"crm", "erp", "shop"};
  shop_.Away(true);
  Start();
  ASSERT_TRUE(Show("crm", crm_.Write(kCrm1, {{"number", "1"}, {"name", "A"}})).ok());
  EXPECT_TRUE(test::WaitFor([&] { return Link(kCrm1, "erp").state() == v1::LINK_STATE_LINKED; }));
  EXPECT_FALSE(InStep(kCrm1));
  shop_.Away(false);
  EXPECT_TRUE(test::WaitFor([&] { return InStep(kCrm1); }));
  EXPECT_EQ(shop_.Read("shop_01h00000000000000000000001").groups.at("name"), "A");
}

TEST_P(RunnerTest, ACopyWithTheSameIdentifierIsLinkedNotMadeAgain) {
  Start();
  erp_.Write("old-1", {{"number", "1"}, {"name", "A"}, {"price", "5"}});
  ASSERT_TRUE(Show("crm", crm_.Write(kCrm1, {{"number", "1"}, {"name", "A"}})).ok());
  ASSERT_TRUE(test::WaitFor([&] { return InStep(kCrm1); })) << Record(kCrm1).DebugString();
  EXPECT_THAT(erp_.Ids(), ElementsAre("old-1"));
  EXPECT_EQ(crm_.Read(kCrm1).groups.at("price"), "5");
  EXPECT_EQ(erp_.writes(), 0);
}

TEST_P(RunnerTest, SeveralThatFitAreForAPersonToChoose) {
  Start();
  erp_.Write("old-1", {{"number", "1"}, {"name", "A"}});
  erp_.Write("old-2", {{"number", "1"}, {"name", "A"}});
  ASSERT_TRUE(Show("crm", crm_.Write(kCrm1, {{"number", "1"}, {"name", "A"}})).ok());
  ASSERT_TRUE(test::WaitFor([&] { return Record(kCrm1).open_conflicts() == 1; }));
  const auto conflicts = All<v1::SyncConflict>();
  ASSERT_EQ(conflicts.size(), 1u);
  EXPECT_THAT(conflicts[0].candidates(), ElementsAre("old-1", "old-2"));
  v1::ResolveConflictRequest resolve;
  resolve.set_id(conflicts[0].id());
  resolve.set_choice(v1::CONFLICT_CHOICE_LINK_CANDIDATE);
  resolve.set_candidate("old-2");
  auto resolved = Do(&ResolveConflict, resolve);
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  EXPECT_FALSE(resolved->open());
  ASSERT_TRUE(test::WaitFor([&] { return InStep(kCrm1); })) << Record(kCrm1).DebugString();
  EXPECT_EQ(Link(kCrm1, "erp").foreign_id(), "old-2");
  EXPECT_EQ(erp_.writes(), 0);
}

TEST_P(RunnerTest, WhatASystemThatGivesIdsShowsWaitsForItsCreate) {
  erp_.GiveIds();
  gives_ids_ = {"erp"};
  Start();
  erp_.Away(true);
  ASSERT_TRUE(Show("crm", crm_.Write(kCrm1, {{"name", "A"}})).ok());
  ASSERT_TRUE(test::WaitFor([&] { return !All<v1::CallUnderWay>().empty(); }));
  const v1::State unknown = erp_.Write("erp-99", {{"name", "B"}});
  EXPECT_EQ(Show("erp", unknown).code(), absl::StatusCode::kAborted);
  erp_.Away(false);
  ASSERT_TRUE(test::WaitFor([&] { return InStep(kCrm1); }));
  EXPECT_EQ(Link(kCrm1, "erp").foreign_id(), "erp-1");
  EXPECT_TRUE(Show("erp", unknown).ok());
  EXPECT_NE(Record("erp-99").id(), Record(kCrm1).id());
}

TEST_P(RunnerTest, AChildWaitsForItsParentAndIsFreedWithIt) {
  Start();
  erp_.Away(true);
  ASSERT_TRUE(Show("crm", crm_.Write(kCrm2, {{"name", "child"}, {"parent", kCrm1}})).ok());
  ASSERT_TRUE(test::WaitFor([&] { return Link(kCrm2, "erp").waiting_for_size() == 1; }));
  EXPECT_EQ(Record(kCrm1).awaited_by(), 1) << "made known by its child";
  ASSERT_TRUE(Show("crm", crm_.Write(kCrm1, {{"name", "parent"}})).ok());
  erp_.Away(false);
  ASSERT_TRUE(test::WaitFor([&] { return InStep(kCrm2); })) << Record(kCrm2).DebugString();
  EXPECT_EQ(erp_.Read(kErp2).groups.at("parent"), kErp1);
  EXPECT_EQ(Record(kCrm1).awaited_by(), 0);
  EXPECT_THAT(All<v1::ParentWait>(), IsEmpty());
}

TEST_P(RunnerTest, ReconciliationFindsWhatNobodyTold) {
  Start();
  for (const char* id : {kCrm1, kCrm2}) {
    ASSERT_TRUE(Show("crm", crm_.Write(id, {{"name", "A"}})).ok());
    ASSERT_TRUE(test::WaitFor([&] { return InStep(id); }));
  }
  crm_.Write(kCrm2, {{"name", "B"}});
  ASSERT_TRUE(Do(&Reconcile, v1::ReconcileRequest()).ok());
  EXPECT_TRUE(test::WaitFor([&] { return erp_.Read(kErp2).groups.at("name") == "B"; }));
  v1::SyncStatus status;
  auto done = [&] {
    status.Clear();
    return ReadStatus(entity_->rules, *runner_, *reader_, &status).ok() &&
           !status.systems(0).reconciling() && !status.systems(1).reconciling();
  };
  ASSERT_TRUE(test::WaitFor(done));
  EXPECT_EQ(status.records(), 2);
  EXPECT_EQ(status.systems(0).records_read(), 2) << status.DebugString();
  EXPECT_EQ(status.systems(0).records_changed(), 1) << status.DebugString();
  EXPECT_EQ(status.systems(1).records_read(), 2) << status.DebugString();
}

TEST_P(RunnerTest, TheSameRefusedThreeTimesIsAPersonsToDecide) {
  Start();
  ASSERT_TRUE(Show("crm", crm_.Write(kCrm1, {{"name", "A"}})).ok());
  ASSERT_TRUE(test::WaitFor([&] { return InStep(kCrm1); }));
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(test::WaitFor([&] { return erp_.Read(kErp1).groups.at("name") == "A"; }));
    ASSERT_TRUE(test::WaitFor([&] { return InStep(kCrm1); }));
    ASSERT_TRUE(Show("erp", erp_.Write(kErp1, {{"name", "X"}})).ok());
  }
  ASSERT_TRUE(test::WaitFor([&] { return Record(kCrm1).open_conflicts() == 1; }));
  EXPECT_EQ(erp_.Read(kErp1).groups.at("name"), "X") << "pushed back no more";
  v1::ResolveConflictRequest resolve;
  resolve.set_id(All<v1::SyncConflict>().at(0).id());
  resolve.set_choice(v1::CONFLICT_CHOICE_TAKE_PROPOSED);
  ASSERT_TRUE(Do(&ResolveConflict, resolve).ok());
  EXPECT_TRUE(test::WaitFor([&] { return crm_.Read(kCrm1).groups.at("name") == "X"; }));
  EXPECT_TRUE(test::WaitFor([&] { return InStep(kCrm1); }));
}

TEST_P(RunnerTest, ManyNewCopiesAreLookedUpTogether) {
  Make();
  erp_.Write("old-1", {{"number", "3"}, {"name", "n3"}, {"price", "5"}});
  std::vector<v1::State> told;
  for (int i = 1; i <= 20; ++i) {
    told.push_back(crm_.Write(Numbered("crm", i),
                              {{"number", absl::StrCat(i)}, {"name", absl::StrCat("n", i)}}));
  }
  crm_.Write(Numbered("crm", 7), {{"name", "edited since"}});
  Tell("crm", told);
  // Nothing is left to be asked: they are read and matched, and one was found there.
  int creates = 0;
  for (const v1::CallUnderWay& call : All<v1::CallUnderWay>()) {
    EXPECT_EQ(call.kind(), v1::CALL_KIND_PUSH) << call.DebugString();
    creates += call.push().kind() == v1::PUSH_KIND_CREATE ? 1 : 0;
  }
  EXPECT_EQ(creates, 19);
  EXPECT_EQ(Link(Numbered("crm", 3), "erp").foreign_id(), "old-1");
  runner_->Start();
  for (int i = 1; i <= 20; ++i) {
    ASSERT_TRUE(test::WaitFor([&] { return InStep(Numbered("crm", i)); })) << i;
  }
  EXPECT_EQ(erp_.Ids().size(), 20u);
  EXPECT_EQ(erp_.Read(Numbered("erp", 7)).groups.at("name"), "edited since");
  EXPECT_EQ(crm_.Read(Numbered("crm", 3)).groups.at("price"), "5");
  EXPECT_EQ(erp_.writes(), 19);
  Tell("crm", told);  // twice: known by now
  EXPECT_THAT(All<v1::CallUnderWay>(), IsEmpty());
  EXPECT_EQ(All<v1::SyncRecord>().size(), 20u);
}

TEST_P(RunnerTest, WhatCannotBeLookedUpTogetherIsAskedForLater) {
  Make();
  erp_.Away(true);
  std::vector<v1::State> told;
  for (int i = 1; i <= 20; ++i) {
    told.push_back(crm_.Write(Numbered("crm", i), {{"number", absl::StrCat(i)}, {"name", "A"}}));
  }
  Tell("crm", told);
  for (const v1::CallUnderWay& call : All<v1::CallUnderWay>()) {
    EXPECT_EQ(call.kind(), v1::CALL_KIND_MATCH) << call.DebugString();
  }
  erp_.Away(false);
  runner_->Start();
  for (int i = 1; i <= 20; ++i) {
    ASSERT_TRUE(test::WaitFor([&] { return InStep(Numbered("crm", i)); })) << i;
  }
  EXPECT_EQ(erp_.writes(), 20);
}

TEST_P(RunnerTest, MoreCallsThanAreMadeTogetherAreAllMadeOnce) {
  calls_max_ = 7;
  Make();
  std::vector<v1::State> told;
  for (int i = 1; i <= 100; ++i) {
    told.push_back(crm_.Write(Numbered("crm", i), {{"number", absl::StrCat(i)}, {"name", "A"}}));
  }
  Tell("crm", told);
  runner_->Start();
  for (int i = 1; i <= 100; ++i) {
    ASSERT_TRUE(test::WaitFor([&] { return InStep(Numbered("crm", i)); })) << i;
  }
  EXPECT_EQ(erp_.writes(), 100);
  EXPECT_EQ(erp_.seeds().size(), 100u);
  EXPECT_THAT(All<v1::CallUnderWay>(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Drivers, RunnerTest, testing::Values("sqlite", "postgresql"),
                         store::DriverName);

}  // namespace
}  // namespace tandem::master_data
