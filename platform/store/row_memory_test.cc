#include "platform/store/row_memory.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tandem/storetest/v1/thing.pb.h"

namespace tandem::store {
namespace {

using storetest::v1::Box;
using storetest::v1::Thing;

RowKey KeyOf(absl::string_view id) { return {Thing::descriptor(), std::string(id)}; }

std::shared_ptr<Thing> Named(absl::string_view id) {
  auto thing = std::make_shared<Thing>();
  thing->set_id(std::string(id));
  return thing;
}

TEST(RowMemory, KnowsTheVersionThatWasPutLast) {
  RowMemory memory;
  EXPECT_EQ(memory.Find(KeyOf("a")), nullptr);
  memory.Put(KeyOf("a"), Named("a"), 1, 10);
  memory.Put(KeyOf("a"), Named("a"), 2, 10);
  ASSERT_NE(memory.Find(KeyOf("a")), nullptr);
  EXPECT_EQ(memory.Find(KeyOf("a"))->version, 2);
  EXPECT_EQ(memory.Find({Box::descriptor(), "a"}), nullptr);
  memory.Forget(KeyOf("a"));
  EXPECT_EQ(memory.Find(KeyOf("a")), nullptr);
  memory.Put(KeyOf("a"), Named("a"), 3, 10);
  memory.Clear();
  EXPECT_EQ(memory.Find(KeyOf("a")), nullptr);
}

TEST(RowMemory, StaysSmallAndKeepsWhatIsAskedFor) {
  RowMemory memory(10'000);
  memory.Put(KeyOf("asked"), Named("asked"), 1, 110);
  memory.Put(KeyOf("idle"), Named("idle"), 1, 110);
  int known = 0;
  for (int i = 0; i < 1'000; ++i) {
    const RowKey key = KeyOf(absl::StrCat("t", i));
    memory.Put(key, Named(key.id), 1, 110);
    ASSERT_NE(memory.Find(key), nullptr);
    ASSERT_NE(memory.Find(KeyOf("asked")), nullptr) << i;
  }
  for (int i = 0; i < 1'000; ++i) known += memory.Find(KeyOf(absl::StrCat("t", i))) != nullptr;
  EXPECT_EQ(memory.Find(KeyOf("idle")), nullptr);
  EXPECT_LE(known, 100);
  EXPECT_GE(known, 20);
  memory.Put(KeyOf("large"), Named("large"), 1, 5'000);
  EXPECT_EQ(memory.Find(KeyOf("large")), nullptr) << "it would push the others out";
}

}  // namespace
}  // namespace tandem::store
