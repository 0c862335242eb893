#include "platform/base/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tandem/storetest/v1/thing.pb.h"

namespace tandem {
namespace {

using storetest::v1::Box;
using storetest::v1::BoxEvent;
using storetest::v1::Tally;
using storetest::v1::Thing;
using storetest::v1::ThingEvent;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

Thing ThingOf(const std::string& id, int64_t large = 0) {
  Thing thing;
  thing.set_id(id);
  thing.set_large(large);
  return thing;
}

Context At(int64_t now_micros) {
  Context context;
  context.now_micros = now_micros;
  context.ids = IdSource(now_micros, 1, 2);
  context.actor = "anna";
  return context;
}

ThingEvent Changed(int64_t by) {
  ThingEvent event;
  event.mutable_changed_by()->set_by(by);
  return event;
}

std::vector<std::string> Ids(const std::vector<const Thing*>& things) {
  std::vector<std::string> ids;
  for (const Thing* thing : things) ids.push_back(thing->id());
  return ids;
}

TEST(State, NotesWhatNobodyLoaded) {
  State state;
  state.Begin();
  EXPECT_EQ(state.Find<Thing>("a"), nullptr);
  EXPECT_EQ(state.Edit<Tally>("t"), nullptr);
  state.Load<Thing>("on_shelf", "s");
  EXPECT_EQ(state.Find<Thing>(""), nullptr);
  EXPECT_EQ(state.missing().rows.size(), 2u);
  EXPECT_EQ(state.missing().sets.size(), 1u);
  state.Begin();
  EXPECT_TRUE(state.missing().empty());
}

TEST(State, WhatHasANewKeyNeedNotBeLoaded) {
  State state;
  state.Begin();
  state.InsertNew(ThingOf("a", 1));
  EXPECT_TRUE(state.missing().empty());
  state.Edit<Thing>("a")->set_large(2);
  state.Accept();
  EXPECT_EQ(state.Find<Thing>("a")->large(), 2);
  EXPECT_EQ(state.slots().at({Thing::descriptor(), "a"}).stored_version, 0);
  state.Begin();
  state.Insert(ThingOf("b"));
  EXPECT_FALSE(state.missing().empty());
}

TEST(State, KnowsAbsenceFromNotLoaded) {
  State state;
  state.PutLoaded({Thing::descriptor(), "a"}, nullptr, 0);
  state.MarkLoaded({Thing::descriptor(), "on_shelf", "s"});
  state.Begin();
  EXPECT_EQ(state.Find<Thing>("a"), nullptr);
  state.Load<Thing>("on_shelf", "s");
  EXPECT_TRUE(state.missing().empty());
  EXPECT_EQ(state.VersionOf(Thing::descriptor(), "a"), 0);
}

TEST(State, InAClosedWorldWhatIsNotGivenIsAbsent) {
  State state;
  state.TreatUnknownAsAbsent();
  state.Given(ThingOf("a"), 3);
  state.Begin();
  EXPECT_EQ(state.Find<Thing>("b"), nullptr);
  EXPECT_TRUE(state.missing().empty());
  EXPECT_EQ(state.Version<Thing>("a"), 3);
}

TEST(State, DropsWhatARefusedCommandChanged) {
  State state;
  state.Given(ThingOf("a", 1));
  state.Begin();
  state.Edit<Thing>("a")->set_large(2);
  Context context = At(1);
  state.Emit<Thing>(context, "a", Changed(1));
  EXPECT_EQ(state.Find<Thing>("a")->large(), 2);
  state.Begin();
  EXPECT_EQ(state.Find<Thing>("a")->large(), 1);
  EXPECT_EQ(state.Version<Thing>("a"), 1);
  EXPECT_THAT(state.events(), IsEmpty());
}

TEST(State, ComposesTwoCommandsOnOneRow) {
  State state;
  state.Given(ThingOf("a", 1), 7);
  Context context = At(1);
  for (int i = 0; i < 2; ++i) {
    state.Begin();
    Thing* thing = state.Edit<Thing>("a");
    thing->set_large(thing->large() + 10);
    state.Emit<Thing>(context, "a", Changed(10));
    state.Accept();
  }
  const State::Slot& slot = state.slots().at(RowKey{Thing::descriptor(), "a"});
  EXPECT_EQ(static_cast<const Thing&>(*slot.row).large(), 21);
  EXPECT_EQ(slot.version, 9);
  EXPECT_EQ(slot.stored_version, 7);
  EXPECT_TRUE(slot.changed);
  ASSERT_EQ(state.accepted_events().size(), 2u);
  EXPECT_EQ(state.accepted_events()[0].entity_version, 8);
  EXPECT_EQ(state.accepted_events()[1].entity_version, 9);
}

TEST(State, AnEventTellsTheEntityItsChangesAndWhatTheyWere) {
  State state;
  Thing before = ThingOf("a", 1);
  before.set_name("old");
  before.add_tags("x");
  (*before.mutable_labels())["k"] = "v";
  before.mutable_stock()->set_unit("C62");
  state.Given(before, 4);
  state.Begin();
  Thing* thing = state.Edit<Thing>("a");
  thing->set_name("new");
  thing->add_tags("y");
  thing->mutable_stock()->set_unit("KGM");
  thing->add_colors(storetest::v1::COLOR_RED);
  Context context = At(1'500'000);
  context.request_id = "r";
  context.cause_event_id = "evt_cause";
  state.Emit<Thing>(context, "a", Changed(3), /*with_previous=*/true);

  ASSERT_EQ(state.events().size(), 1u);
  const EmittedEvent& emitted = state.events()[0];
  EXPECT_EQ(emitted.type, "tandem.storetest.v1.ThingChanged");
  EXPECT_EQ(emitted.topic, "tandem.storetest.thing.v1");
  EXPECT_EQ(emitted.entity, "thing");
  EXPECT_EQ(emitted.entity_id, "a");
  EXPECT_EQ(emitted.routing_key, "a");
  EXPECT_EQ(emitted.entity_version, 5);
  const auto& event = static_cast<const ThingEvent&>(*emitted.event);
  EXPECT_TRUE(IsId(event.meta().id(), "evt_"));
  EXPECT_EQ(event.meta().entity_version(), 5);
  EXPECT_EQ(event.meta().actor(), "anna");
  EXPECT_EQ(event.meta().request_id(), "r");
  EXPECT_EQ(event.meta().cause_event_id(), "evt_cause");
  EXPECT_EQ(event.meta().correlation_id(), event.meta().id());
  EXPECT_EQ(event.meta().event_time().seconds(), 1);
  EXPECT_EQ(event.meta().event_time().nanos(), 500'000'000);
  EXPECT_EQ(event.thing().name(), "new");
  EXPECT_EQ(event.thing().etag(), "\"5\"");
  EXPECT_THAT(event.changed().paths(),
              UnorderedElementsAre("create_time", "name", "stock", "tags", "colors"));
  EXPECT_EQ(event.previous().name(), "old");
  EXPECT_THAT(event.previous().tags(), ElementsAre("x"));
  EXPECT_EQ(event.previous().stock().unit(), "C62");
  EXPECT_EQ(event.previous().large(), 0) << "what did not change is not told";
  EXPECT_EQ(state.Find<Thing>("a")->update_time().seconds(), 1);
}

TEST(State, TheSecondEventOfACommandIsComparedWithTheFirst) {
  State state;
  state.Begin();
  state.PutLoaded({Thing::descriptor(), "a"}, nullptr, 0);
  Thing* thing = state.Insert(ThingOf("a", 1));
  Context context = At(1);
  ThingEvent made;
  made.mutable_made();
  state.Emit<Thing>(context, "a", made);
  thing->set_large(2);
  state.Emit<Thing>(context, "a", Changed(1));
  ASSERT_EQ(state.events().size(), 2u);
  const auto& first = static_cast<const ThingEvent&>(*state.events()[0].event);
  const auto& second = static_cast<const ThingEvent&>(*state.events()[1].event);
  EXPECT_THAT(first.changed().paths(), IsEmpty());
  EXPECT_EQ(first.thing().large(), 1);
  EXPECT_THAT(second.changed().paths(), ElementsAre("large"));
  EXPECT_EQ(second.meta().entity_version(), 2);
  EXPECT_LT(first.meta().id(), second.meta().id());
}

TEST(State, TheSameContextGivesTheSameEvents) {
  std::vector<std::string> ids;
  for (int i = 0; i < 2; ++i) {
    State state;
    state.Given(ThingOf("a"));
    state.Begin();
    Context context = At(5);
    state.Edit<Thing>("a")->set_large(1);
    state.Emit<Thing>(context, "a", Changed(1));
    ids.push_back(state.events()[0].event->SerializeAsString());
  }
  EXPECT_EQ(ids[0], ids[1]);
}

TEST(State, EventsGoByTheirRoutingField) {
  State state;
  Box box;
  box.set_id("b");
  box.set_shelf_id("s");
  state.Given(box);
  state.Begin();
  BoxEvent event;
  event.mutable_filled();
  Context context = At(1);
  state.Emit<Box>(context, "b", event);
  EXPECT_EQ(state.events()[0].routing_key, "s");
  EXPECT_EQ(state.Version<Box>("b"), 2) << "a fact moves the version though nothing changed";
}

TEST(State, AnErasedEntityIsToldWithItsLastState) {
  State state;
  state.Given(ThingOf("a", 9), 2);
  state.Begin();
  state.Erase<Thing>("a");
  EXPECT_EQ(state.Find<Thing>("a"), nullptr);
  ThingEvent gone;
  gone.mutable_gone();
  Context context = At(1);
  state.Emit<Thing>(context, "a", gone);
  ASSERT_EQ(state.events().size(), 1u);
  EXPECT_EQ(static_cast<const ThingEvent&>(*state.events()[0].event).thing().large(), 9);
  EXPECT_EQ(state.events()[0].entity_version, 3);
  state.Accept();
  const State::Slot& slot = state.slots().at(RowKey{Thing::descriptor(), "a"});
  EXPECT_EQ(slot.row, nullptr);
  EXPECT_EQ(slot.stored_version, 2);
}

TEST(State, AnErasedEntityThatComesBackGoesOnCounting) {
  State state;
  state.Given(ThingOf("a", 9), 2);
  state.Begin();
  state.Erase<Thing>("a");
  state.Accept();
  state.Begin();
  state.Insert(ThingOf("a", 1));
  state.Touch<Thing>("a");
  state.Accept();
  const State::Slot& slot = state.slots().at(RowKey{Thing::descriptor(), "a"});
  EXPECT_EQ(slot.stored_version, 2) << "written as an update of the stored row";
  EXPECT_EQ(slot.version, 3);
}

TEST(State, AChangeThatNobodyToldStillRaisesTheVersion) {
  State state;
  Tally tally;
  tally.set_name("n");
  state.Given(tally, 5);
  state.PutLoaded({Tally::descriptor(), "m"}, nullptr, 0);
  state.Begin();
  state.Edit<Tally>("n")->set_value(1);
  tally.set_name("m");
  state.Insert(tally);
  state.Accept();
  EXPECT_EQ(state.slots().at(RowKey{Tally::descriptor(), "n"}).version, 6);
  EXPECT_EQ(state.slots().at(RowKey{Tally::descriptor(), "m"}).version, 1);
}

TEST(State, WhatWasOpenedAndLeftAsItWasDoesNotCount) {
  State state;
  state.Given(ThingOf("a", 1), 5);
  state.Begin();
  (void)state.Edit<Thing>("a");
  state.Accept();
  const State::Slot& slot = state.slots().at(RowKey{Thing::descriptor(), "a"});
  EXPECT_EQ(slot.version, 5);
  EXPECT_FALSE(slot.changed);
}

TEST(State, AllGivesEveryKnownEntityInTheOrderOfTheKeys) {
  State state;
  state.Given(ThingOf("b"));
  state.Given(ThingOf("d"));
  state.PutLoaded({Thing::descriptor(), "c"}, nullptr, 0);
  state.Begin();
  state.Insert(ThingOf("a"));
  state.Erase<Thing>("d");
  state.Insert(ThingOf("c"));
  EXPECT_THAT(Ids(state.All<Thing>()), ElementsAre("a", "b", "c"));
  state.Begin();
  EXPECT_THAT(Ids(state.All<Thing>()), ElementsAre("b", "d"));
}

TEST(State, WhatTheBatchKnowsIsNotLoadedOver) {
  State state;
  state.Given(ThingOf("a", 1), 1);
  state.Begin();
  state.Edit<Thing>("a")->set_large(2);
  state.Touch<Thing>("a");
  state.Accept();
  state.PutLoaded({Thing::descriptor(), "a"}, std::make_shared<Thing>(ThingOf("a", 1)), 1);
  EXPECT_EQ(state.Find<Thing>("a")->large(), 2);
}

TEST(State, AWrongTurnWhileSomethingIsMissingIsSurvived) {
  State state;
  state.Given(ThingOf("a", 1));
  state.Begin();
  // "a" seems free because the table of names seems empty.
  if (state.Find<Tally>("name of a") == nullptr) state.Insert(ThingOf("a", 2));
  Context context = At(1);
  state.Emit<Thing>(context, "not there", Changed(1));
  EXPECT_FALSE(state.missing().empty());
  state.Begin();
  EXPECT_EQ(state.Find<Thing>("a")->large(), 1);
}

TEST(State, AnAnswerCarriesItsEtag) {
  State state;
  state.Given(ThingOf("a", 1), 5);
  state.Begin();
  EXPECT_EQ(state.Answer<Thing>("a").etag(), "\"5\"");
  EXPECT_EQ(state.Find<Thing>("a")->etag(), "");
}

}  // namespace
}  // namespace tandem
