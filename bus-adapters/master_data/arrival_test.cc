// Rules 0 to 4: what a state that arrives means.
#include "bus-adapters/master_data/step_test_engine.h"

namespace tandem::master_data {
namespace {

Engine::Options Third() {
  Engine::Options options;
  options.third_system = true;
  return options;
}

TEST(AStateArrives, FoundsTheRecord) {
  Engine engine;
  const Outcome& outcome = engine.Arrives("crm", 1, {{"name", "Ada"}, {"phone", "1"}});
  EXPECT_EQ(outcome.agreed.size(), 3u);
  EXPECT_EQ(engine.Agreed("name"), "Ada");
  EXPECT_TRUE(Exists(engine.record()));
  EXPECT_EQ(engine.record().revision(), 3);
  EXPECT_EQ(outcome.agreed[1].group().change_id(), "crm_1@1");
}

TEST(AStateArrives, IsReadFirstWhereItIsTheFirstEventOfItsCopy) {
  Engine engine;
  auto event = [](int version, const Values& values) {
    v1::State state = Engine::State("crm_1", version, values);
    state.set_source(v1::SOURCE_EVENT);
    return StateArrived{"crm", state};
  };
  const Outcome& first = engine.Give(event(1, {{"number", "C-1"}, {"name", "Old"}}));
  EXPECT_TRUE(first.agreed.empty());
  ASSERT_EQ(first.calls.size(), 1u);
  EXPECT_EQ(first.calls[0].kind, v1::CALL_KIND_READ);
  EXPECT_EQ(engine.Agreed("number"), "C-1") << "found by it until then";
  engine.Give(event(3, {{"number", "C-2"}, {"name", "Ada"}}));
  const Outcome& read = engine.Reads("crm", 3, {{"number", "C-2"}, {"name", "Ada"}});
  ASSERT_EQ(read.agreed.size(), 3u);
  EXPECT_EQ(read.agreed[1].group().change_id(), "crm_1@3");
  EXPECT_EQ(engine.Agreed("name"), "Ada");
  EXPECT_EQ(engine.Agreed("number"), "C-2");
  ASSERT_EQ(read.calls.size(), 1u);
  EXPECT_EQ(read.calls[0].kind, v1::CALL_KIND_MATCH);
  EXPECT_TRUE(read.refused.empty());
}

TEST(AStateArrives, FoundsNothingWhereItsCopyIsGoneWhenItIsRead) {
  Engine engine;
  v1::State state = Engine::State("crm_1", 1, {{"number", "C-1"}, {"name", "Ada"}});
  state.set_source(v1::SOURCE_EVENT);
  engine.Give(StateArrived{"crm", state});
  engine.ReadsNothing("crm");  // the event may have come after that
  const Outcome& read = engine.ReadsNothing("crm");
  EXPECT_TRUE(read.agreed.empty());
  EXPECT_TRUE(read.calls.empty());
  EXPECT_FALSE(Exists(engine.record()));
}

TEST(AStateArrives, IsIgnoredWhenNotNewerThanTheVersionSeen) {
  Engine engine;
  engine.LinkAll({{"name", "Ada"}});
  engine.Arrives("crm", 3, {{"number", "C-1"}, {"name", "Eve"}});
  engine.Answers("erp", PushOutcome::kOk, 2, {{"number", "C-1"}, {"name", "Eve"}});
  const Outcome& late = engine.Arrives("crm", 2, {{"number", "C-1"}, {"name", "Bob"}});
  EXPECT_TRUE(late.agreed.empty());
  EXPECT_EQ(engine.Agreed("name"), "Eve");
}

TEST(AStateArrives, OnlyPromptsAReadWhereVersionsCannotBeOrdered) {
  Engine::Options options;
  options.erp_ordered = false;
  Engine engine(options);
  engine.LinkAll({{"phone", "1"}});
  const Outcome& event = engine.Arrives("erp", 7, {{"number", "C-1"}, {"phone", "old"}});
  EXPECT_TRUE(event.agreed.empty());
  ASSERT_EQ(event.calls.size(), 1u);
  EXPECT_EQ(event.calls[0].kind, v1::CALL_KIND_READ);
  engine.Reads("erp", 8, {{"number", "C-1"}, {"phone", "2"}});
  EXPECT_EQ(engine.Agreed("phone"), "2");
}

TEST(AStateArrives, IsReadAgainWhenPromptedDuringTheRead) {
  Engine::Options options;
  options.erp_ordered = false;
  Engine engine(options);
  engine.LinkAll({{"phone", "1"}});
  engine.Arrives("erp", 7, {});
  engine.Arrives("erp", 8, {});
  const Outcome& outcome = engine.Reads("erp", 7, {{"number", "C-1"}, {"phone", "2"}});
  ASSERT_FALSE(outcome.calls.empty());
  EXPECT_EQ(outcome.calls.back().kind, v1::CALL_KIND_READ);
}

TEST(AStateArrives, IsNoChangeWhereItEqualsWhatWasShown) {
  Engine engine;
  engine.LinkAll({{"name", "Ada"}, {"phone", "1"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"name", "Ada"}, {"phone", "2"}});
  // erp has not written the phone yet; its user touches something else and shows the old phone.
  const Outcome& outcome = engine.Answers("erp", PushOutcome::kMismatch, 2,
                                          {{"number", "C-1"}, {"name", "Ada"}, {"phone", "1"}});
  EXPECT_TRUE(outcome.agreed.empty());
  EXPECT_TRUE(outcome.refused.empty());
  EXPECT_EQ(engine.Pushed("erp"), "phone=2");
}

TEST(AStateArrives, IsReadWhereItTellsNoVersion) {
  Engine engine;
  engine.LinkAll({{"phone", "1"}});
  v1::State state = Engine::State(engine.IdOf("erp"), 1, {{"number", "C-1"}, {"phone", "2"}});
  state.clear_version();
  const Outcome& outcome = engine.Give(StateArrived{"erp", state});
  EXPECT_TRUE(outcome.agreed.empty());
  ASSERT_EQ(outcome.calls.size(), 1u);
  EXPECT_EQ(outcome.calls[0].kind, v1::CALL_KIND_READ);
}

TEST(AStateArrives, AgreesWhereItEqualsTheAgreedValue) {
  Engine engine;
  engine.LinkAll({{"phone", "1"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"phone", "2"}});
  const int64_t revision = engine.record().revision();
  const Outcome& outcome =
      engine.Answers("erp", PushOutcome::kMismatch, 2, {{"number", "C-1"}, {"phone", "0-2~2"}});
  EXPECT_TRUE(outcome.agreed.empty());
  EXPECT_TRUE(outcome.refused.empty());
  EXPECT_EQ(engine.record().revision(), revision);
  EXPECT_EQ(engine.Settled("erp", "phone"), engine.Revision("phone"));
  EXPECT_FALSE(engine.Pushing("erp"));
  EXPECT_FALSE(engine.Pushing("crm"));
}

TEST(AStateArrives, LeavesWhatIsNotListedWhereItIs) {
  Engine engine(Third());
  engine.LinkAll({});
  const Outcome& outcome =
      engine.Arrives("wms", 2, {{"number", "C-1"}, {"colour", "red"}, {"bin", "7"}});
  EXPECT_TRUE(outcome.agreed.empty());
  EXPECT_TRUE(outcome.refused.empty());
  EXPECT_EQ(engine.Agreed("colour"), "-");
}

TEST(AnOwnedGroup, IsRefusedFromAnotherOnceItsOwnersCopyIsSeen) {
  Engine engine;
  const Outcome& founding = engine.Arrives("crm", 1, {{"number", "C-1"}, {"credit", "much"}});
  EXPECT_TRUE(founding.refused.empty());
  EXPECT_FALSE(engine.Pushing("crm")) << "its owner may say the same";
  engine.Give(MatchAnswered{"erp", engine.Link("erp").call().number(), {}, {}});
  EXPECT_FALSE(engine.Pushing("crm"));
  const Outcome& seen =
      engine.Answers("erp", PushOutcome::kOk, 1, {{"number", "C-1"}, {"credit", "500"}});
  ASSERT_EQ(seen.refused.size(), 1u);
  EXPECT_EQ(seen.refused[0].system(), "crm");
  EXPECT_EQ(seen.refused[0].refused().common(), "much");
  EXPECT_EQ(seen.refused[0].agreed().common(), "500");
  EXPECT_EQ(seen.refused[0].change_id(), "crm_1@1");
  EXPECT_EQ(engine.Pushed("crm"), "credit=500");
}

TEST(AnOwnedGroup, IsAgreedWhereItsOwnersCopyIsFoundToShowTheSame) {
  Engine engine;
  engine.Arrives("crm", 1, {{"number", "C-1"}, {"credit", "500"}});
  const Outcome& found =
      engine.Give(MatchAnswered{"erp",
                                engine.Link("erp").call().number(),
                                {Engine::State("erp_9", 4, {{"number", "C-1"}, {"credit", "500"}})},
                                {}});
  EXPECT_TRUE(found.refused.empty());
  EXPECT_TRUE(found.calls.empty());
  EXPECT_EQ(engine.Settled("crm", "credit"), engine.Revision("credit"));
}

TEST(AnOwnedGroup, IsRefusedFromAnotherAtOnceWhereNoCopyOfItsOwnerIsToCome) {
  Engine::Options options;
  options.hold_backs = {{"erp", "status", {"P"}, false}};
  Engine engine(options);
  const Outcome& outcome =
      engine.Arrives("crm", 1, {{"number", "C-1"}, {"credit", "much"}, {"status", "P"}});
  ASSERT_EQ(outcome.refused.size(), 1u);
  EXPECT_EQ(outcome.refused[0].change_id(), "crm_1@1");
  EXPECT_EQ(engine.Pushed("crm"), "credit=-");
}

TEST(AnOwnedGroup, IsAcceptedFromItsOwnerAndSentOn) {
  Engine engine;
  engine.LinkAll({{"name", "Ada"}});
  const Outcome& outcome = engine.Arrives("crm", 2, {{"number", "C-1"}, {"name", "Eve"}});
  ASSERT_EQ(outcome.agreed.size(), 1u);
  EXPECT_EQ(outcome.agreed[0].group().decided_by(), v1::DECIDED_BY_OWNER);
  EXPECT_EQ(engine.Pushed("erp"), "name=Eve");
}

TEST(AnOwnedGroup, RefusesAnotherSideKeepsItAndGoesBack) {
  Engine engine;
  engine.LinkAll({{"name", "Ada"}});
  const Outcome& outcome = engine.Arrives("erp", 2, {{"number", "C-1"}, {"name", "Bob"}});
  ASSERT_EQ(outcome.refused.size(), 1u);
  EXPECT_EQ(outcome.refused[0].because(), v1::REFUSED_BECAUSE_NOT_OWNER);
  EXPECT_EQ(outcome.refused[0].old().common(), "Ada");
  EXPECT_EQ(outcome.refused[0].refused().common(), "Bob");
  EXPECT_EQ(outcome.refused[0].agreed().common(), "Ada");
  EXPECT_EQ(outcome.refused[0].system(), "erp");
  EXPECT_GT(outcome.refused[0].time_micros(), 0);
  EXPECT_EQ(engine.Settled("erp", "name"), kSettledNone);
  EXPECT_EQ(engine.Pushed("erp"), "name=Ada");
}

TEST(AnOwnedGroup, IsClearedAgainWhereItsOwnerGaveNone) {
  Engine engine;
  engine.LinkAll({});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"credit", "unlimited"}});
  EXPECT_EQ(engine.Agreed("credit"), "-");
  EXPECT_EQ(engine.Pushed("crm"), "credit=-");
}

TEST(AFirstGroup, TakesTheFirstFromAnySideAndNoSecond) {
  Engine engine;
  engine.LinkAll({});
  const Outcome& first = engine.Arrives("crm", 2, {{"number", "C-1"}, {"tax_ids/DE", "DE1"}});
  ASSERT_EQ(first.agreed.size(), 1u);
  EXPECT_EQ(first.agreed[0].group().decided_by(), v1::DECIDED_BY_FIRST);
  engine.Answers("erp", PushOutcome::kOk, 2, {{"number", "C-1"}, {"tax_ids/DE", "DE1"}});
  const Outcome& second = engine.Arrives("crm", 3, {{"number", "C-1"}, {"tax_ids/DE", "DE2"}});
  EXPECT_TRUE(second.agreed.empty());
  EXPECT_EQ(engine.Agreed("tax_ids/DE"), "DE1");
}

TEST(AFirstGroup, GivesWayToItsOwnerAndIsKept) {
  Engine engine;
  engine.LinkAll({});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"tax_ids/DE", "DE1"}});
  const Outcome& owner =
      engine.Answers("erp", PushOutcome::kMismatch, 2, {{"number", "C-1"}, {"tax_ids/DE", "DE9"}});
  EXPECT_EQ(engine.Agreed("tax_ids/DE"), "DE9");
  ASSERT_EQ(owner.refused.size(), 1u);
  EXPECT_EQ(owner.refused[0].refused().common(), "DE1");
  EXPECT_EQ(owner.refused[0].because(), v1::REFUSED_BECAUSE_OVERRULED);
  EXPECT_EQ(engine.Pushed("crm"), "tax_ids/DE=DE9");
}

TEST(ASharedGroup, IsAcceptedFromAnySideThatSawTheAgreedValue) {
  Engine engine;
  engine.LinkAll({{"phone", "1"}});
  const Outcome& outcome = engine.Arrives("erp", 2, {{"number", "C-1"}, {"phone", "2"}});
  ASSERT_EQ(outcome.agreed.size(), 1u);
  EXPECT_EQ(outcome.agreed[0].group().decided_by(), v1::DECIDED_BY_SHARED);
  EXPECT_EQ(engine.Pushed("crm"), "phone=2");
}

TEST(ASharedGroup, WrittenAtOnceStaysThePreferredSidesAndTheLoserIsKept) {
  Engine engine;
  engine.LinkAll({{"phone", "1"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"phone", "crm"}});
  const Outcome& outcome =
      engine.Answers("erp", PushOutcome::kMismatch, 2, {{"number", "C-1"}, {"phone", "erp"}});
  EXPECT_EQ(engine.Agreed("phone"), "crm");
  ASSERT_EQ(outcome.refused.size(), 1u);
  EXPECT_EQ(outcome.refused[0].because(), v1::REFUSED_BECAUSE_NOT_PREFERRED);
  EXPECT_EQ(outcome.refused[0].refused().common(), "erp");
  EXPECT_EQ(engine.Pushed("erp"), "phone=crm");
}

TEST(ASharedGroup, WrittenAtOnceBecomesThePreferredSidesAndTheLoserIsKept) {
  Engine engine;
  engine.LinkAll({{"phone", "1"}});
  engine.Arrives("erp", 2, {{"number", "C-1"}, {"phone", "erp"}});
  const Outcome& outcome =
      engine.Answers("crm", PushOutcome::kMismatch, 2, {{"number", "C-1"}, {"phone", "crm"}});
  EXPECT_EQ(engine.Agreed("phone"), "crm");
  ASSERT_EQ(outcome.agreed.size(), 1u);
  EXPECT_EQ(outcome.agreed[0].group().decided_by(), v1::DECIDED_BY_PREFERENCE);
  ASSERT_EQ(outcome.refused.size(), 1u);
  EXPECT_EQ(outcome.refused[0].system(), "erp");
  EXPECT_EQ(outcome.refused[0].because(), v1::REFUSED_BECAUSE_OVERRULED);
}

TEST(ASharedGroup, MustBeatEveryOriginSinceItsOwnRevision) {
  Engine engine(Third());  // phone: crm before wms before erp
  engine.LinkAll({{"phone", "1"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"phone", "crm"}});
  engine.Answers("erp", PushOutcome::kOk, 2, {{"number", "C-1"}, {"phone", "crm"}});
  engine.Arrives("erp", 3, {{"number", "C-1"}, {"phone", "erp"}});  // has seen crm's
  const Outcome& outcome =
      engine.Answers("wms", PushOutcome::kMismatch, 2, {{"number", "C-1"}, {"phone", "wms"}});
  EXPECT_EQ(engine.Agreed("phone"), "erp");  // wms beats erp, not crm, and saw neither
  ASSERT_EQ(outcome.refused.size(), 1u);
  EXPECT_EQ(outcome.refused[0].refused().common(), "wms");
}

TEST(ASharedGroup, AsksAPersonWhereNoPreferenceRanksTheSides) {
  Engine engine;
  engine.LinkAll({{"note", "1"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"note", "crm"}});
  const Outcome& outcome =
      engine.Answers("erp", PushOutcome::kMismatch, 2, {{"number", "C-1"}, {"note", "erp"}});
  ASSERT_EQ(outcome.raised.size(), 1u);
  EXPECT_EQ(outcome.raised[0].kind(), v1::CONFLICT_KIND_CONCURRENT);
  EXPECT_EQ(engine.Agreed("note"), "crm");
  EXPECT_FALSE(engine.Pushing("erp"));
}

TEST(APerson, TakesTheProposedValue) {
  Engine engine;
  engine.LinkAll({{"note", "1"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"note", "crm"}});
  engine.Answers("erp", PushOutcome::kMismatch, 2, {{"number", "C-1"}, {"note", "erp"}});
  const Outcome& outcome = engine.Give(PersonDecided{1, Choice::kTakeProposed, "", "ann"});
  EXPECT_EQ(engine.Agreed("note"), "erp");
  ASSERT_EQ(outcome.refused.size(), 1u);
  EXPECT_EQ(outcome.refused[0].refused().common(), "crm");
  EXPECT_EQ(outcome.closed, std::vector<int64_t>{1});
  EXPECT_EQ(engine.Pushed("crm"), "note=erp");
  EXPECT_FALSE(engine.Pushing("erp"));
}

TEST(APerson, KeepsTheAgreedValueAndItGoesBack) {
  Engine engine;
  engine.LinkAll({{"note", "1"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"note", "crm"}});
  engine.Answers("erp", PushOutcome::kMismatch, 2, {{"number", "C-1"}, {"note", "erp"}});
  const Outcome& outcome = engine.Give(PersonDecided{1, Choice::kKeepAgreed, "", "ann"});
  ASSERT_EQ(outcome.refused.size(), 1u);
  EXPECT_EQ(outcome.refused[0].refused().common(), "erp");
  EXPECT_EQ(engine.Pushed("erp"), "note=crm");
}

TEST(AConflict, ClosesWhenItsSideComesToAgree) {
  Engine engine;
  engine.LinkAll({{"note", "1"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"note", "crm"}});
  engine.Answers("erp", PushOutcome::kMismatch, 2, {{"number", "C-1"}, {"note", "erp"}});
  const Outcome& outcome = engine.Arrives("erp", 3, {{"number", "C-1"}, {"note", "crm"}});
  EXPECT_EQ(outcome.closed, std::vector<int64_t>{1});
  ASSERT_EQ(outcome.refused.size(), 1u);
  EXPECT_EQ(outcome.refused[0].because(), v1::REFUSED_BECAUSE_REPLACED);
  EXPECT_EQ(engine.record().conflicts_size(), 0);
}

TEST(AConflict, ClosesWhenTheAgreedValueBecomesWhatWasProposed) {
  Engine engine;
  engine.LinkAll({{"note", "1"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"note", "crm"}});
  engine.Answers("erp", PushOutcome::kMismatch, 2, {{"number", "C-1"}, {"note", "erp"}});
  const Outcome& outcome = engine.Arrives("crm", 3, {{"number", "C-1"}, {"note", "erp"}});
  EXPECT_EQ(outcome.closed, std::vector<int64_t>{1});
  EXPECT_FALSE(engine.Pushing("erp"));
}

// erp writes the name, and writes it again whenever it was put back.
void Insist(Engine* engine, int times) {
  int version = 1;
  for (int i = 0; i < times; ++i) {
    engine->Arrives("erp", ++version, {{"number", "C-1"}, {"name", "Bob"}});
    if (!engine->Pushing("erp")) return;
    engine->Answers("erp", PushOutcome::kOk, ++version, {{"number", "C-1"}, {"name", "Ada"}});
  }
}

TEST(TheSameValueRefusedThreeTimes, BecomesAConflictAndIsPushedBackNoMore) {
  Engine engine;
  engine.LinkAll({{"name", "Ada"}});
  Insist(&engine, 3);
  ASSERT_EQ(engine.record().conflicts_size(), 1);
  EXPECT_EQ(engine.record().conflicts(0).kind(), v1::CONFLICT_KIND_REPEATED_REFUSAL);
  EXPECT_FALSE(engine.Pushing("erp"));
  EXPECT_EQ(engine.Agreed("name"), "Ada");
}

TEST(TheSameValueRefusedThreeTimes, IsAnotherMatterThanThreeValues) {
  Engine engine;
  engine.LinkAll({{"name", "Ada"}});
  for (int i = 0; i < 4; ++i) {
    engine.Arrives("erp", 2 + 2 * i, {{"number", "C-1"}, {"name", absl::StrCat("B", i)}});
    ASSERT_TRUE(engine.Pushing("erp"));
    engine.Answers("erp", PushOutcome::kOk, 3 + 2 * i, {{"number", "C-1"}, {"name", "Ada"}});
  }
  EXPECT_EQ(engine.record().conflicts_size(), 0);
}

TEST(TheSameValueRefusedThreeTimes, MayBeTakenByAPerson) {
  Engine engine;
  engine.LinkAll({{"name", "Ada"}});
  Insist(&engine, 3);
  engine.Give(PersonDecided{1, Choice::kTakeProposed, "", "ann"});
  EXPECT_EQ(engine.Agreed("name"), "Bob");
  EXPECT_EQ(engine.Pushed("crm"), "name=Bob");
  EXPECT_FALSE(engine.Pushing("erp"));
}

TEST(RowsOfAList, AreGroupsByTheirKey) {
  Engine engine;
  engine.LinkAll({{"addresses/a", "A1"}, {"addresses/b", "B1"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"addresses/a", "A2"}, {"addresses/b", "B1"}});
  const Outcome& outcome =
      engine.Answers("erp", PushOutcome::kMismatch, 2,
                     {{"number", "C-1"}, {"addresses/a", "A1"}, {"addresses/b", "B2"}});
  EXPECT_TRUE(outcome.refused.empty());
  EXPECT_EQ(engine.Agreed("addresses/a"), "A2");
  EXPECT_EQ(engine.Agreed("addresses/b"), "B2");
  EXPECT_EQ(engine.Pushed("erp"), "addresses/a=A2");
  EXPECT_EQ(engine.Pushed("crm"), "addresses/b=B2");
}

TEST(RowsOfAList, AreTakenAwayByBeingAbsent) {
  Engine engine;
  engine.LinkAll({{"addresses/a", "A1"}, {"addresses/b", "B1"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"addresses/b", "B1"}});
  EXPECT_EQ(engine.Pushed("erp"), "addresses/a=-");
}

TEST(ASecondCopyInASystem, AsksAPerson) {
  Engine engine;
  engine.LinkAll({});
  const Outcome& outcome =
      engine.Give(StateArrived{"erp", Engine::State("other", 1, {{"number", "C-1"}})});
  ASSERT_EQ(outcome.raised.size(), 1u);
  EXPECT_EQ(outcome.raised[0].kind(), v1::CONFLICT_KIND_DUPLICATE_COPY);
  EXPECT_EQ(outcome.raised[0].candidates(0), "other");
}

}  // namespace
}  // namespace tandem::master_data
