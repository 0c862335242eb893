#include "platform/bus/relay_marks.h"

#include "gtest/gtest.h"

namespace tandem::bus {
namespace {

TEST(RelayMarks, AreTheSameAfterATurnThroughText) {
  const RelayMarks marks = {{"tandem.order.order.v1", {{0, {17, 4}}, {12, {0, 9'000'000'000}}}},
                            {"tandem.order.order_line.v1", {{3, {5, 6}}}}};
  EXPECT_EQ(MarksIn(TextOf(marks)), marks);
  EXPECT_EQ(TextOf(RelayMarks()), "");
  EXPECT_TRUE(MarksIn("").empty());
}

TEST(RelayMarks, ALineThatIsNoneIsLeftOut) {
  const RelayMarks marks = MarksIn("a 1 2 3\nb 1 2\nc x 2 3\n\nd 1 2 3 4\ne 1 y 3\nf 4 5 6");
  EXPECT_EQ(marks, (RelayMarks{{"a", {{1, {2, 3}}}}, {"f", {{4, {5, 6}}}}}));
}

}  // namespace
}  // namespace tandem::bus
