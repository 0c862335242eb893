// Existence is a group with an owner; a delete against a concurrent change is asked about.
#include "bus-adapters/master_data/step_test_engine.h"

namespace tandem::master_data {
namespace {

TEST(ADelete, OfTheOwnerDeletesTheOtherCopies) {
  Engine engine;
  engine.LinkAll({{"name", "Ada"}});
  engine.Vanishes("crm", 2);
  EXPECT_FALSE(Exists(engine.record()));
  EXPECT_EQ(engine.Push("erp").kind(), v1::PUSH_KIND_DELETE);
  EXPECT_EQ(engine.Push("erp").condition().token(), "v1");
  engine.Answers("erp", PushOutcome::kOk);
  EXPECT_EQ(engine.Link("erp").state(), v1::LINK_STATE_DELETED);
  EXPECT_EQ(engine.Settled("erp", "existence"), engine.Revision("existence"));
  EXPECT_TRUE(engine.Give(Tick{}).calls.empty());
}

TEST(ADelete, KeepsWhatTheCopyShowedThatItsOwnerHadNotSeen) {
  Engine engine;
  engine.Arrives("crm", 1, {{"number", "C-1"}, {"credit", "much"}});
  const Outcome& outcome = engine.Vanishes("crm", 2);
  ASSERT_EQ(outcome.refused.size(), 1u);
  EXPECT_EQ(outcome.refused[0].group(), "credit");
  EXPECT_EQ(outcome.refused[0].refused().common(), "much");
}

TEST(ADelete, OfACopyThatIsGoneIsDone) {
  Engine engine;
  engine.LinkAll({});
  engine.Vanishes("crm", 2);
  engine.Answers("erp", PushOutcome::kNotFound);
  EXPECT_EQ(engine.Link("erp").state(), v1::LINK_STATE_DELETED);
  EXPECT_TRUE(engine.Give(Tick{}).calls.empty());
}

// A parent that its child made known is read before it is there, shown, and then the read answers.
TEST(ACopy, ShownWhileAReadFoundNothingIsReadAgain) {
  Engine engine;
  engine.Give(LinkFound{"crm", "crm_1"});
  ASSERT_EQ(engine.Link("crm").call().kind(), v1::CALL_KIND_READ);
  const int64_t first = engine.Link("crm").call().number();
  engine.Arrives("crm", 1, {{"name", "Ada"}});
  engine.ReadsNothing("crm");
  EXPECT_TRUE(Exists(engine.record()));
  ASSERT_EQ(engine.Link("crm").call().kind(), v1::CALL_KIND_READ);
  EXPECT_NE(engine.Link("crm").call().number(), first);
  engine.Reads("crm", 1, {{"name", "Ada"}});
  EXPECT_EQ(engine.Agreed("name"), "Ada");
  EXPECT_TRUE(engine.Pushing("erp"));
}

TEST(ACopy, ShownWhileAReadFoundNothingMayBeGone) {
  Engine engine;
  engine.Give(LinkFound{"crm", "crm_1"});
  engine.Arrives("crm", 1, {{"name", "Ada"}});
  engine.ReadsNothing("crm");
  engine.ReadsNothing("crm");
  EXPECT_FALSE(Exists(engine.record()));
}

TEST(ADelete, OfAnotherSideIsRefusedAndTheCopyCreatedAgainUnderANewId) {
  Engine engine;
  engine.LinkAll({{"name", "Ada"}});
  const std::string old = engine.IdOf("erp");
  const Outcome& outcome = engine.Vanishes("erp", 2);
  ASSERT_EQ(outcome.refused.size(), 1u);
  EXPECT_EQ(outcome.refused[0].group(), "existence");
  EXPECT_EQ(engine.Push("erp").kind(), v1::PUSH_KIND_CREATE);
  EXPECT_EQ(engine.Pushed("erp"), "existence= name=Ada number=C-1");
  EXPECT_NE(engine.IdOf("erp"), old);
  // What still comes of the old copy is nothing new.
  EXPECT_TRUE(
      engine.Give(StateArrived{"erp", Engine::State(old, 9, {{"name", "x"}})}).refused.empty());
}

TEST(ADelete, IsSeenWhenAPushFindsNoCopy) {
  Engine engine;
  engine.LinkAll({{"name", "Ada"}});
  engine.Arrives("crm", 2, {{"number", "C-1"}, {"name", "Eve"}});
  const Outcome& outcome = engine.Answers("erp", PushOutcome::kNotFound);
  ASSERT_EQ(outcome.refused.size(), 1u);
  EXPECT_EQ(engine.Pushed("erp"), "existence= name=Eve number=C-1");
}

TEST(ADelete, WhoseVersionNobodyToldMakesLaterStatesPrompts) {
  Engine engine;
  engine.LinkAll({{"phone", "1"}});
  engine.Vanishes("crm", 2);
  engine.Answers("erp", PushOutcome::kNotFound);
  // An event from before the deletion, late.
  const Outcome& outcome = engine.Arrives("erp", 2, {{"number", "C-1"}, {"phone", "2"}});
  EXPECT_TRUE(outcome.agreed.empty());
  EXPECT_TRUE(outcome.refused.empty());
  ASSERT_EQ(outcome.calls.size(), 1u);
  EXPECT_EQ(outcome.calls[0].kind, v1::CALL_KIND_READ);
  EXPECT_TRUE(engine.ReadsNothing("erp").calls.empty());
}

// crm deletes while erp's phone is on its way to it.
void DeleteUnseen(Engine* engine) {
  engine->LinkAll({{"phone", "1"}});
  engine->Arrives("erp", 2, {{"number", "C-1"}, {"phone", "2"}});
  engine->Answers("crm", PushOutcome::kNotFound);
}

TEST(ADeleteAgainstAChange, AsksAPersonAndTheRecordStays) {
  Engine engine;
  DeleteUnseen(&engine);
  ASSERT_EQ(engine.record().conflicts_size(), 1);
  EXPECT_EQ(engine.record().conflicts(0).kind(), v1::CONFLICT_KIND_DELETE_VERSUS_CHANGE);
  EXPECT_TRUE(Exists(engine.record()));
  EXPECT_FALSE(engine.Link("crm").has_call());
  EXPECT_FALSE(engine.Link("erp").has_call());
}

TEST(ADeleteAgainstAChange, IsCarriedOutWhenAPersonSaysSo) {
  Engine engine;
  DeleteUnseen(&engine);
  engine.Give(PersonDecided{1, Choice::kTakeProposed, "", "ann"});
  EXPECT_FALSE(Exists(engine.record()));
  EXPECT_EQ(engine.Push("erp").kind(), v1::PUSH_KIND_DELETE);
}

TEST(ADeleteAgainstAChange, IsUndoneWhenAPersonSaysSo) {
  Engine engine;
  DeleteUnseen(&engine);
  const Outcome& outcome = engine.Give(PersonDecided{1, Choice::kKeepAgreed, "", "ann"});
  EXPECT_EQ(outcome.refused.size(), 1u);
  EXPECT_EQ(engine.Push("crm").kind(), v1::PUSH_KIND_CREATE);
  EXPECT_EQ(engine.Pushed("crm"), "existence= number=C-1 phone=2");
}

TEST(AChangeAgainstADelete, AsksAPersonAndTheCopyStays) {
  Engine engine;
  engine.LinkAll({{"phone", "1"}});
  engine.Vanishes("crm", 2);
  const Outcome& outcome =
      engine.Answers("erp", PushOutcome::kMismatch, 2, {{"number", "C-1"}, {"phone", "2"}});
  ASSERT_EQ(outcome.raised.size(), 1u);
  EXPECT_EQ(outcome.raised[0].kind(), v1::CONFLICT_KIND_DELETE_VERSUS_CHANGE);
  EXPECT_FALSE(engine.Link("erp").has_call());
  engine.Give(PersonDecided{1, Choice::kTakeProposed, "", "ann"});
  EXPECT_TRUE(Exists(engine.record()));
  EXPECT_EQ(engine.Pushed("crm"), "existence= number=C-1 phone=2");
}

TEST(AChangeAgainstADelete, IsDeletedWhenAPersonSaysSo) {
  Engine engine;
  engine.LinkAll({{"phone", "1"}});
  engine.Vanishes("crm", 2);
  engine.Answers("erp", PushOutcome::kMismatch, 2, {{"number", "C-1"}, {"phone", "2"}});
  engine.Give(PersonDecided{1, Choice::kKeepAgreed, "", "ann"});
  EXPECT_EQ(engine.Push("erp").kind(), v1::PUSH_KIND_DELETE);
  EXPECT_EQ(engine.Push("erp").condition().token(), "v2");
}

TEST(Rules, AreRefusedWhereTheyContradictThemselves) {
  SystemRules crm;
  crm.name = "crm";
  const auto code = [&crm](std::vector<GroupRule> groups, std::vector<std::string> identifiers) {
    return EntityRules::Create("x", {crm}, std::move(groups), std::move(identifiers))
        .status()
        .code();
  };
  EXPECT_EQ(code({Existence("crm"), Owned("a", "crm")}, {"a"}), absl::StatusCode::kOk);
  EXPECT_EQ(code({Owned("a", "crm")}, {}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code({Existence("erp")}, {}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code({Existence("crm"), Owned("a", "crm"), Shared("a", {})}, {}),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code({Existence("crm")}, {"a"}), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tandem::master_data
