// Rule 5 and the life of a push: what is due, answers of every kind, creation, parents, quarantine.
#include "bus-adapters/master_data/step_test_engine.h"

namespace tandem::master_data {
namespace {

Engine::Options Unlisted() {
  Engine::Options options;
  options.erp_request_ids = false;
  options.erp_uppers = true;
  return options;
}

TEST(APush, IsNotDueBecauseValuesDiffer) {
  Engine engine;
  engine.Arrives("crm", 1, {{"number", "C-1"}, {"name", "Ada"}});
  engine.Give(MatchAnswered{"erp", engine.Link("erp").call().number(), {}, {}});
  const Outcome& outcome =
      engine.Answers("erp", PushOutcome::kOk, 1, {{"number", "C-1"}, {"name", "ADA"}});
  EXPECT_TRUE(outcome.calls.empty());
  EXPECT_EQ(engine.Agreed("name"), "Ada");
  EXPECT_EQ(engine.Settled("erp", "name"), engine.Revision("name"));
}

TEST(APush, ShowsWhateverFormItsSystemGaveAndThatIsNoChange) {
  Engine engine;
  engine.LinkAll({{"phone", "1"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"phone", "ab"}});
  const Outcome& answer =
      engine.Answers("erp", PushOutcome::kOk, 2, {{"number", "C-1"}, {"phone", "AB"}});
  EXPECT_TRUE(answer.agreed.empty());
  const Outcome& event = engine.Arrives("erp", 3, {{"number", "C-1"}, {"phone", "AB"}});
  EXPECT_TRUE(event.agreed.empty());
  EXPECT_EQ(engine.Agreed("phone"), "ab");
}

TEST(APush, TellsOnWhatVersionItRests) {
  Engine engine;
  engine.LinkAll({{"name", "Ada"}});
  engine.Arrives("erp", 5, {{"number", "C-1"}, {"name", "Ada"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"name", "Eve"}});
  EXPECT_EQ(engine.Push("erp").condition().token(), "v5");
  EXPECT_EQ(engine.Push("erp").kind(), v1::PUSH_KIND_UPDATE);
}

TEST(APush, IsOneAtATimePerLinkAndWhatArrivesWaits) {
  Engine engine;
  engine.LinkAll({{"name", "Ada"}, {"phone", "1"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"name", "Eve"}, {"phone", "1"}});
  // Our own write as an event, before its answer, and a user's change after it.
  engine.Arrives("erp", 3, {{"number", "C-1"}, {"name", "EVE"}, {"phone", "2"}});
  const Outcome& early =
      engine.Arrives("erp", 2, {{"number", "C-1"}, {"name", "EVE"}, {"phone", "1"}});
  EXPECT_TRUE(early.agreed.empty());
  EXPECT_TRUE(early.refused.empty());
  const Outcome& answer = engine.Answers("erp", PushOutcome::kOk, 2,
                                         {{"number", "C-1"}, {"name", "EVE"}, {"phone", "1"}});
  EXPECT_TRUE(answer.refused.empty());
  EXPECT_EQ(engine.Agreed("name"), "Eve");
  EXPECT_EQ(engine.Agreed("phone"), "2");
}

TEST(APush, KeepsNoMoreThanItsMaximumWaiting) {
  Engine engine;
  engine.LinkAll({{"name", "Ada"}, {"phone", "1"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"name", "Eve"}, {"phone", "1"}});
  for (int i = 0; i < 2 * kMaxWaiting; ++i) {
    engine.Arrives("erp", 3 + i,
                   {{"number", "C-1"}, {"name", "Eve"}, {"phone", absl::StrCat("p", i)}});
  }
  EXPECT_EQ(engine.Link("erp").waiting_size(), kMaxWaiting);
  engine.Answers("erp", PushOutcome::kOk, 2, {{"number", "C-1"}, {"name", "Eve"}, {"phone", "1"}});
  EXPECT_EQ(engine.Agreed("phone"), absl::StrCat("p", 2 * kMaxWaiting - 1));
}

TEST(AVersionMismatch, IsAnArrivalAndThePushIsMadeAnew) {
  Engine engine;
  engine.LinkAll({{"name", "Ada"}, {"phone", "1"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"name", "Eve"}, {"phone", "1"}});
  const std::string seed = engine.Push("erp").request_seed();
  engine.Answers("erp", PushOutcome::kMismatch, 4,
                 {{"number", "C-1"}, {"name", "Ada"}, {"phone", "2"}});
  EXPECT_EQ(engine.Agreed("phone"), "2");
  EXPECT_EQ(engine.Pushed("erp"), "name=Eve");
  EXPECT_EQ(engine.Push("erp").condition().token(), "v4");
  EXPECT_NE(engine.Push("erp").request_seed(), seed);
}

TEST(AnUnknownOutcome, IsTheSameCallAgain) {
  Engine engine;
  engine.LinkAll({{"name", "Ada"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"name", "Eve"}});
  v1::PushIntent before = engine.Push("erp");
  const Outcome& outcome = engine.Answers("erp", PushOutcome::kUnknown);
  ASSERT_EQ(outcome.calls.size(), 1u);
  EXPECT_EQ(outcome.calls[0].push.request_seed(), before.request_seed());
  before.set_attempt(1);
  EXPECT_EQ(outcome.calls[0].push.SerializeAsString(), before.SerializeAsString());
}

TEST(AnUnknownOutcome, IsTheSameCallAfterACrash) {
  Engine engine;
  engine.LinkAll({{"name", "Ada"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"name", "Eve"}});
  const v1::PushIntent before = engine.Push("erp");
  const int64_t number = engine.Link("erp").call().number();
  const Outcome& outcome = engine.Give(Tick{});
  ASSERT_EQ(outcome.calls.size(), 1u);
  EXPECT_EQ(outcome.calls[0].number, number);
  EXPECT_EQ(outcome.calls[0].push.SerializeAsString(), before.SerializeAsString());
}

TEST(AnUnknownOutcome, IsLookedUpWithoutRequestIdsAndSentAgainIfNotWritten) {
  Engine engine(Unlisted());
  engine.LinkAll({{"name", "Ada"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"name", "Eve"}});
  const Outcome& lookup = engine.Answers("erp", PushOutcome::kUnknown);
  ASSERT_EQ(lookup.calls.size(), 1u);
  EXPECT_EQ(lookup.calls[0].kind, v1::CALL_KIND_READ);
  const Outcome& again = engine.Reads("erp", 1, {{"number", "C-1"}, {"name", "Ada"}});
  ASSERT_EQ(again.calls.size(), 1u);
  EXPECT_EQ(again.calls[0].kind, v1::CALL_KIND_PUSH);
  EXPECT_EQ(again.calls[0].push.condition().token(), "v1");
}

TEST(AnUnknownOutcome, FindsOurOwnWriteAndTheRestIsAChange) {
  Engine engine(Unlisted());
  engine.LinkAll({{"name", "Ada"}, {"phone", "1"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"name", "Eve"}, {"phone", "1"}});
  engine.Answers("erp", PushOutcome::kUnknown);
  const Outcome& outcome =
      engine.Reads("erp", 3, {{"number", "C-1"}, {"name", "EVE"}, {"phone", "2"}});
  EXPECT_TRUE(outcome.refused.empty());
  EXPECT_EQ(engine.Agreed("name"), "Eve");
  EXPECT_EQ(engine.Settled("erp", "name"), engine.Revision("name"));
  EXPECT_EQ(engine.Agreed("phone"), "2");
  EXPECT_FALSE(engine.Pushing("erp"));
}

TEST(AnUnknownOutcome, IsFoundInTheMismatchOfARepetitionWithoutRequestIds) {
  Engine engine(Unlisted());
  engine.LinkAll({{"name", "Ada"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"name", "Eve"}});
  const Outcome& outcome =
      engine.Answers("erp", PushOutcome::kMismatch, 2, {{"number", "C-1"}, {"name", "EVE"}});
  EXPECT_TRUE(outcome.refused.empty());
  EXPECT_FALSE(engine.Pushing("erp"));
}

TEST(AnUnknownOutcome, LooksAtWhatArrivedMeanwhileInItsOrder) {
  Engine engine(Unlisted());
  engine.LinkAll({{"phone", "1"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"phone", "two"}});
  engine.Answers("erp", PushOutcome::kUnknown);
  engine.Arrives("erp", 3, {{"number", "C-1"}, {"phone", "1"}});    // the user put the old one back
  engine.Arrives("erp", 2, {{"number", "C-1"}, {"phone", "TWO"}});  // over what we had written
  engine.Reads("erp", 3, {{"number", "C-1"}, {"phone", "1"}});
  EXPECT_EQ(engine.Agreed("phone"), "1");
  EXPECT_EQ(engine.Pushed("crm"), "phone=1");
}

TEST(AWriteWithoutItsState, IsReadBack) {
  Engine engine;
  engine.LinkAll({{"name", "Ada"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"name", "Eve"}});
  PushAnswered answer{"erp", engine.Link("erp").call().number(), PushOutcome::kOk, {}, {}, "", ""};
  answer.written.set_token("v2");
  const Outcome& read = engine.Give(answer);
  ASSERT_EQ(read.calls.size(), 1u);
  EXPECT_EQ(read.calls[0].kind, v1::CALL_KIND_READ);
  const Outcome& outcome = engine.Reads("erp", 2, {{"number", "C-1"}, {"name", "EVE"}});
  EXPECT_TRUE(outcome.refused.empty());
  EXPECT_EQ(engine.Settled("erp", "name"), engine.Revision("name"));
}

TEST(AWriteWithoutItsState, MayHaveBeenFollowedByAUsersChange) {
  Engine engine;
  engine.LinkAll({{"phone", "1"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"phone", "2"}});
  PushAnswered answer{"erp", engine.Link("erp").call().number(), PushOutcome::kOk, {}, {}, "", ""};
  answer.written.set_token("v2");
  engine.Give(answer);
  const Outcome& outcome = engine.Reads("erp", 3, {{"number", "C-1"}, {"phone", "3"}});
  EXPECT_EQ(engine.Agreed("phone"), "3");  // made on what we wrote, so not at the same time
  EXPECT_EQ(outcome.agreed[0].group().decided_by(), v1::DECIDED_BY_SHARED);
}

TEST(AnAnswer, ThatComesTwiceOrTooLateChangesNothing) {
  Engine engine;
  engine.LinkAll({{"name", "Ada"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"name", "Eve"}});
  PushAnswered answer{"erp", engine.Link("erp").call().number(), PushOutcome::kOk, {}, {}, "", ""};
  answer.state = Engine::State(engine.IdOf("erp"), 2, {{"number", "C-1"}, {"name", "Eve"}});
  engine.Give(answer);
  const std::string before = engine.record().SerializeAsString();
  EXPECT_TRUE(engine.Give(answer).calls.empty());
  EXPECT_EQ(engine.record().SerializeAsString(), before);
}

TEST(ARefusalForGood, StopsThatLinksPushAlone) {
  Engine::Options options;
  options.third_system = true;
  Engine engine(options);
  engine.LinkAll({{"name", "Ada"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"name", "Eve"}});
  engine.Answers("erp", PushOutcome::kRefused);
  EXPECT_EQ(engine.Link("erp").quarantine().reason(), "REASON");
  EXPECT_FALSE(engine.Pushing("erp"));
  engine.Answers("wms", PushOutcome::kOk, 2, {{"number", "C-1"}, {"name", "Eve"}});
  EXPECT_EQ(engine.Settled("wms", "name"), engine.Revision("name"));
  engine.Arrives("erp", 2, {{"number", "C-1"}, {"name", "Ada"}, {"phone", "7"}});
  EXPECT_EQ(engine.Agreed("phone"), "7");
  EXPECT_FALSE(engine.Pushing("erp"));
}

TEST(ARefusalForGood, IsTriedAgainByANewerRevisionWithAllThatIsDue) {
  Engine engine;
  engine.LinkAll({{"name", "Ada"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"name", "Eve"}});
  engine.Answers("erp", PushOutcome::kRefused);
  engine.Arrives("crm", 3, {{"number", "C-1"}, {"name", "Eve"}, {"phone", "7"}});
  EXPECT_EQ(engine.Pushed("erp"), "name=Eve phone=7");
  engine.Answers("erp", PushOutcome::kOk, 2, {{"number", "C-1"}, {"name", "Eve"}, {"phone", "7"}});
  EXPECT_FALSE(engine.Link("erp").has_quarantine());
}

TEST(ARefusalForGood, IsTriedAgainByAnOperator) {
  Engine engine;
  engine.LinkAll({{"name", "Ada"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"name", "Eve"}});
  engine.Answers("erp", PushOutcome::kRefused);
  engine.Give(PushRetried{"erp"});
  EXPECT_EQ(engine.Pushed("erp"), "name=Eve");
}

TEST(ARecordNewThere, IsLookedForBeforeItIsCreatedUnderAnIdWeChose) {
  Engine engine;
  const Outcome& outcome = engine.Arrives("crm", 1, {{"number", "C-1"}, {"name", "Ada"}});
  ASSERT_EQ(outcome.calls.size(), 1u);
  EXPECT_EQ(outcome.calls[0].kind, v1::CALL_KIND_MATCH);
  ASSERT_EQ(outcome.calls[0].identifiers.size(), 1u);
  EXPECT_EQ(outcome.calls[0].identifiers[0].value().common(), "C-1");
  engine.Give(MatchAnswered{"erp", engine.Link("erp").call().number(), {}, {}});
  EXPECT_EQ(engine.Push("erp").kind(), v1::PUSH_KIND_CREATE);
  EXPECT_EQ(engine.Push("erp").foreign_id(), "acc_fresh2");
  EXPECT_EQ(engine.Link("erp").foreign_id(), "acc_fresh2");
  EXPECT_EQ(engine.Pushed("erp"), "existence= name=Ada number=C-1");
}

TEST(ARecordNewThere, IsLinkedToTheCopyThatAStrongIdentifierFinds) {
  Engine engine;
  engine.Arrives("crm", 1, {{"number", "C-1"}, {"name", "Ada"}, {"phone", "1"}});
  const v1::State found =
      Engine::State("acc_old", 9, {{"number", "C-1"}, {"name", "ada"}, {"credit", "5"}});
  const Outcome& outcome =
      engine.Give(MatchAnswered{"erp", engine.Link("erp").call().number(), {found}, {}});
  EXPECT_EQ(engine.Link("erp").foreign_id(), "acc_old");
  EXPECT_EQ(engine.Agreed("credit"), "5");
  EXPECT_EQ(outcome.refused.size(), 1u);  // the name belongs to crm
  EXPECT_EQ(engine.Pushed("erp"), "name=Ada phone=1");
  EXPECT_EQ(engine.Pushed("crm"), "credit=5");
}

TEST(ARecordNewThere, IsNeverLinkedByAGuess) {
  Engine engine;
  engine.Arrives("crm", 1, {{"number", "C-1"}});
  const Outcome& outcome =
      engine.Give(MatchAnswered{"erp", engine.Link("erp").call().number(), {}, {"acc_like"}});
  ASSERT_EQ(outcome.raised.size(), 1u);
  EXPECT_EQ(outcome.raised[0].kind(), v1::CONFLICT_KIND_AMBIGUOUS_MATCH);
  EXPECT_TRUE(outcome.calls.empty());
  const Outcome& linked = engine.Give(PersonDecided{1, Choice::kLinkCandidate, "acc_like", "ann"});
  ASSERT_EQ(linked.calls.size(), 1u);
  EXPECT_EQ(linked.calls[0].kind, v1::CALL_KIND_READ);
  EXPECT_EQ(linked.calls[0].foreign_id, "acc_like");
}

TEST(ARecordNewThere, IsLinkedWhenItsCopyArrivesDuringTheSearch) {
  Engine engine;
  engine.Arrives("crm", 1, {{"number", "C-1"}});
  engine.Give(StateArrived{"erp", Engine::State("acc_own", 3, {{"number", "C-1"}})});
  EXPECT_EQ(engine.Link("erp").foreign_id(), "acc_own");
  EXPECT_EQ(engine.Link("erp").state(), v1::LINK_STATE_LINKED);
  EXPECT_FALSE(engine.Link("erp").has_call());
}

TEST(ARecordNewThere, IsNotSentWhileItIsHeldBack) {
  Engine::Options options;
  options.hold_backs = {{"erp", "status", {"PROSPECT"}, false}};
  Engine engine(options);
  EXPECT_TRUE(engine.Arrives("crm", 1, {{"number", "C-1"}, {"status", "PROSPECT"}}).calls.empty());
  EXPECT_EQ(engine.Link("erp").state(), v1::LINK_STATE_HELD_BACK);
  EXPECT_EQ(engine.Arrives("crm", 2, {{"number", "C-1"}, {"status", "CUSTOMER"}}).calls.size(), 1u);
}

TEST(ACreate, MakesStatesOfOtherIdsWait) {
  Engine::Options options;
  options.identifiers = false;
  Engine engine(options);
  engine.Arrives("crm", 1, {{"name", "Ada"}});
  ASSERT_TRUE(CreateUnderWay(engine.Link("erp")));
  EXPECT_EQ(RouteUnknownId(true), Route::kWait);
  EXPECT_EQ(RouteUnknownId(false), Route::kFindOrFound);
  engine.Give(StateArrived{"erp", Engine::State("77", 1, {{"name", "Ada"}})});
  EXPECT_EQ(engine.Link("erp").waiting_size(), 1);
  PushAnswered answer{"erp", engine.Link("erp").call().number(), PushOutcome::kOk, {}, {}, "77",
                      ""};
  answer.state = Engine::State("77", 1, {{"name", "Ada"}});
  const Outcome& outcome = engine.Give(answer);
  EXPECT_EQ(engine.Link("erp").foreign_id(), "77");
  EXPECT_TRUE(outcome.raised.empty());
  EXPECT_EQ(engine.Link("erp").former_ids_size(), 1);
}

TEST(ACreate, IsSentAgainWhereItIsNotFound) {
  Engine::Options options = Unlisted();
  options.identifiers = false;
  Engine engine(options);
  engine.Arrives("crm", 1, {{"name", "Ada"}});
  engine.Answers("erp", PushOutcome::kUnknown);
  const Outcome& outcome = engine.ReadsNothing("erp");
  ASSERT_EQ(outcome.calls.size(), 1u);
  EXPECT_EQ(outcome.calls[0].push.kind(), v1::PUSH_KIND_CREATE);
}

TEST(ACreate, TakesWhatTheSystemFilledInAsItsChange) {
  Engine engine;
  engine.Arrives("crm", 1, {{"number", "C-1"}});
  engine.Give(MatchAnswered{"erp", engine.Link("erp").call().number(), {}, {}});
  engine.Answers("erp", PushOutcome::kOk, 1, {{"number", "C-1"}, {"credit", "default"}});
  EXPECT_EQ(engine.Agreed("credit"), "default");
  EXPECT_EQ(engine.Pushed("crm"), "credit=default");
}

TEST(AChild, WaitsVisiblyUntilItsParentIsThere) {
  Engine engine;
  engine.Arrives("crm", 1, {{"number", "C-1"}, {"parent", "rec_9"}});
  const Outcome& outcome =
      engine.Give(MatchAnswered{"erp", engine.Link("erp").call().number(), {}, {}});
  EXPECT_TRUE(outcome.calls.empty());
  ASSERT_EQ(outcome.awaited.size(), 1u);
  EXPECT_EQ(outcome.awaited[0].parent, "rec_9");
  EXPECT_EQ(engine.Link("erp").waiting_for(0), "rec_9");
  EXPECT_TRUE(engine.Give(Tick{}).awaited.empty());
  engine.Give(ParentLinked{"erp", "rec_9"});
  EXPECT_EQ(engine.Push("erp").kind(), v1::PUSH_KIND_CREATE);
  EXPECT_EQ(engine.Link("erp").waiting_for_size(), 0);
}

TEST(AChild, ThatIsThereIsWrittenWithoutTheParentItWaitsFor) {
  Engine engine;
  engine.LinkAll({{"name", "Ada"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"name", "Eve"}, {"parent", "rec_9"}});
  EXPECT_EQ(engine.Pushed("erp"), "name=Eve");
}

}  // namespace
}  // namespace tandem::master_data
