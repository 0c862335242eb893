#include "platform/bus/chain.h"

#include <gtest/gtest.h>

namespace tandem::bus {
namespace {

using operations::v1::Cursor;

Envelope Event(int64_t position, int64_t previous) {
  Envelope event;
  event.set_source("/tandem/order");
  event.set_incarnation("inc");
  event.set_position(position);
  event.set_previous_position(previous);
  return event;
}

Cursor At(int64_t position) {
  Cursor cursor;
  cursor.set_position(position);
  cursor.set_incarnation("inc");
  return cursor;
}

TEST(Chain, AppliesWhatFollowsDropsWhatWasAndSeesGaps) {
  EXPECT_EQ(*Judge(Cursor(), Event(5, 0)), Verdict::kApply);
  EXPECT_EQ(*Judge(Cursor(), Event(5, 3)), Verdict::kGap);
  EXPECT_EQ(*Judge(At(5), Event(9, 5)), Verdict::kApply);
  EXPECT_EQ(*Judge(At(5), Event(5, 3)), Verdict::kDrop);
  EXPECT_EQ(*Judge(At(5), Event(3, 0)), Verdict::kDrop);
  EXPECT_EQ(*Judge(At(5), Event(9, 8)), Verdict::kGap);
  EXPECT_EQ(*Judge(At(5), Event(9, 4)), Verdict::kGap);
}

TEST(Chain, StopsAtAnotherIncarnation) {
  Envelope event = Event(9, 5);
  event.set_incarnation("another");
  EXPECT_TRUE(IsStopped(Judge(At(5), event).status()));
  event.set_position(3);
  EXPECT_TRUE(IsStopped(Judge(At(5), event).status()));
}

TEST(Chain, MovesTheCursorOverAnEventOnce) {
  State state;
  state.TreatUnknownAsAbsent();
  state.Begin();
  EXPECT_TRUE(*MoveCursor(state, "c", Event(5, 0)));
  EXPECT_FALSE(*MoveCursor(state, "c", Event(5, 0)));
  EXPECT_TRUE(*MoveCursor(state, "c", Event(8, 5)));
  EXPECT_TRUE(IsGap(MoveCursor(state, "c", Event(12, 10)).status()));
  EXPECT_EQ(state.Find<Cursor>("c")->position(), 8);
}

TEST(Chain, NamesCursorsByReaderSourceTopicAndLane) {
  EXPECT_EQ(CursorId("order", "/tandem/inventory", {"t", 7}), "order|/tandem/inventory|t|7");
  EXPECT_EQ(LookedAtId("order", "/tandem/inventory"), "order|/tandem/inventory|*");
}

}  // namespace
}  // namespace tandem::bus
