#include "platform/base/id.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>

namespace tandem {
namespace {

constexpr uint64_t kAllOnes = std::numeric_limits<uint64_t>::max();

TEST(IdSource, GivesTheSameIdsForTheSameArguments) {
  IdSource a(1'469'918'176'385'000, 0x1234, 0x56789abcdef01234);
  IdSource b(1'469'918'176'385'999, 0x1234, 0x56789abcdef01234);  // the same millisecond
  const std::string first = a.Next("ord_");
  EXPECT_EQ(first, b.Next("ord_"));
  // The time part is the one of the ULID specification's example for this time.
  EXPECT_EQ(first.substr(0, 14), "ord_01aryz6s41");
}

TEST(IdSource, GivesRisingIds) {
  IdSource ids(1000, 0, 0);
  std::string last;
  for (int i = 0; i < 10'000; ++i) {
    const std::string id = ids.Next("evt_");
    ASSERT_LT(last, id);
    ASSERT_TRUE(IsId(id, "evt_"));
    last = id;
  }
}

TEST(IdSource, CarriesBeyondItsRandomBits) {
  IdSource ids(1000, kAllOnes, kAllOnes - 1);
  EXPECT_EQ(ids.Next(""), "0000000001zzzzzzzzzzzzzzzz");
  EXPECT_EQ(ids.Next(""), "00000000020000000000000000");
}

TEST(IdSource, OfRandomSeedsDoesNotRepeat) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(IdSource::Random(0).Next("cus_"));
  EXPECT_EQ(seen.size(), 1000u);
}

TEST(Id, HasItsPrefixAndALowerCaseUlid) {
  EXPECT_TRUE(IsId("ord_01aryz6s41tsv4rrffq69g5fav", "ord_"));
  EXPECT_TRUE(IsUlid("7zzzzzzzzzzzzzzzzzzzzzzzzz"));
  for (const char* id : {"", "ord_", "cus_01aryz6s41tsv4rrffq69g5fav", "01aryz6s41tsv4rrffq69g5fav",
                         "ord_01ARYZ6S41TSV4RRFFQ69G5FAV", "ord_01aryz6s41tsv4rrffq69g5fa",
                         "ord_01aryz6s41tsv4rrffq69g5favx", "ord_81aryz6s41tsv4rrffq69g5fav",
                         "ord_01aryz6s41tsv4rrffq69g5fau", "ord_01aryz6s41tsv4rrffq69g5fa-"}) {
    EXPECT_FALSE(IsId(id, "ord_")) << id;
  }
}

}  // namespace
}  // namespace tandem
