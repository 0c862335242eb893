#include "platform/base/hash.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace tandem {
namespace {

TEST(StableHash, NeverChanges) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  const std::pair<std::string, uint64_t> golden[] = {
      {"", 0xefd01f60ba992926},
      {"a", 0x82a2a958a9bece5b},
      {"tandem", 0x0055fd64538ced97},
      {"ord_01hzy3v5kq8w7x9y2z4a6b8c0d", 0xcd8162a87bedf35e},
      {all, 0x2067db6dbd4efa06}};
  for (const auto& [bytes, hash] : golden) EXPECT_EQ(StableHash64(bytes), hash) << bytes;
}

TEST(StableHash, SpreadsNumberedKeysEvenly) {
  std::vector<int> lanes(64);
  for (int i = 0; i < 64'000; ++i) ++lanes[StableHash64("ord_" + std::to_string(i)) % 64];
  for (const int count : lanes) {
    EXPECT_GT(count, 850);
    EXPECT_LT(count, 1150);
  }
}

}  // namespace
}  // namespace tandem
