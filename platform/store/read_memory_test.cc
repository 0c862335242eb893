#include "platform/store/read_memory.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tandem/storetest/v1/thing.pb.h"

namespace tandem::store {
namespace {

using storetest::v1::Box;
using storetest::v1::Thing;

RowKey KeyOf(absl::string_view id) { return {Thing::descriptor(), std::string(id)}; }

ReadMemory::Known Bytes(int64_t version, size_t size = 10) {
  return {std::make_shared<const std::string>(size, 'x'), version};
}

// 0: nothing is known.
int64_t VersionOf(ReadMemory& memory, absl::string_view id) {
  std::vector<ReadMemory::Known> known;
  memory.Find(Thing::descriptor(), {"another", std::string(id)}, &known);
  EXPECT_EQ(known[0].bytes, nullptr);
  return known[1].bytes == nullptr ? 0 : known[1].version;
}

TEST(ReadMemory, KnowsTheVersionThatWasPutLast) {
  ReadMemory memory;
  EXPECT_EQ(VersionOf(memory, "a"), 0);
  memory.Put(KeyOf("a"), Bytes(1), memory.era());
  memory.Put(KeyOf("a"), Bytes(2), memory.era());
  EXPECT_EQ(VersionOf(memory, "a"), 2);
  std::vector<ReadMemory::Known> known;
  memory.Find(Box::descriptor(), {"a"}, &known);
  EXPECT_EQ(known[0].bytes, nullptr);
  memory.Forget(KeyOf("a"));
  EXPECT_EQ(VersionOf(memory, "a"), 0);
  EXPECT_EQ(memory.bytes(), 0u);
}

TEST(ReadMemory, TakesNothingOfTheEraBefore) {
  ReadMemory memory;
  const int64_t before = memory.era();
  memory.Put(KeyOf("a"), Bytes(1), before);
  memory.Clear();
  EXPECT_EQ(VersionOf(memory, "a"), 0);
  memory.Put(KeyOf("a"), Bytes(1), before);
  EXPECT_EQ(VersionOf(memory, "a"), 0);
  memory.Put(KeyOf("a"), Bytes(1), memory.era());
  EXPECT_EQ(VersionOf(memory, "a"), 1);
}

TEST(ReadMemory, GivesUpWhatWasNotAskedForLongest) {
  constexpr size_t kMax = 64 << 10;
  ReadMemory memory(kMax);
  for (int i = 0; i < 1000; ++i) {
    memory.Put(KeyOf(absl::StrCat(i)), Bytes(1, 1000), memory.era());
    EXPECT_LE(memory.bytes(), kMax);
    EXPECT_EQ(VersionOf(memory, "0"), 1) << i;
  }
  EXPECT_EQ(VersionOf(memory, "1"), 0);
  EXPECT_EQ(VersionOf(memory, "999"), 1);
  EXPECT_GT(memory.bytes(), kMax / 2);
}

TEST(ReadMemory, TakesNothingThatWouldPushOutManyOthers) {
  ReadMemory memory(16 << 10);
  memory.Put(KeyOf("a"), Bytes(1), memory.era());
  memory.Put(KeyOf("a"), Bytes(2, 8 << 10), memory.era());
  EXPECT_EQ(VersionOf(memory, "a"), 0);
}

}  // namespace
}  // namespace tandem::store
