#include "platform/rpc/page_token.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "platform/base/status.h"

namespace tandem::rpc {
namespace {

constexpr int64_t kNow = 1'700'000'000'000'000;
const PageQuery kQuery{"tandem.test.v1.S/List", "a = 1", "b desc", "parent=x"};

PageTokenKey KeyOf(uint8_t fill) {
  PageTokenKey key;
  key.fill(fill);
  return key;
}

std::string SealOrDie(const PageTokens& tokens, const std::vector<SqlValue>& cursor) {
  const auto token = tokens.Seal(cursor, kQuery, kNow);
  EXPECT_TRUE(token.ok()) << token.status();
  return token.value_or("");
}

TEST(PageSize, HasADefaultAndAMaximum) {
  EXPECT_EQ(*PageSize(0), 50);
  EXPECT_EQ(*PageSize(1), 1);
  EXPECT_EQ(*PageSize(999), 999);
  EXPECT_EQ(*PageSize(1000), 1000);
  EXPECT_EQ(*PageSize(1001), 1000);
  EXPECT_EQ(*PageSize(std::numeric_limits<int32_t>::max()), 1000);
}

TEST(PageSize, RefusesANegativeOne) {
  const absl::Status status = PageSize(-1).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), "PAGE_SIZE_INVALID");
  EXPECT_EQ(FieldOf(status), "page_size");
}

TEST(PageToken, GivesTheCursorBack) {
  const PageTokens tokens(KeyOf(1));
  const std::vector<std::vector<SqlValue>> cursors = {
      {},
      {SqlValue(int64_t{0})},
      {SqlValue(std::numeric_limits<int64_t>::min()),
       SqlValue(std::string("Gr\xC3\xB6\xC3\x9F"
                            "e")),
       SqlValue(std::string()), SqlValue(std::numeric_limits<int64_t>::max())},
      std::vector<SqlValue>(kPageTokenMaxValues, SqlValue(std::string(255, 'x')))};
  for (const auto& cursor : cursors) {
    const std::string token = SealOrDie(tokens, cursor);
    EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                      "0123456789-_"),
              std::string::npos);
    const auto opened = tokens.Open(token, kQuery, kNow);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(*opened, cursor);
  }
}

TEST(PageToken, TellsNothingAndDiffersEachTime) {
  const PageTokens tokens(KeyOf(1));
  const std::vector<SqlValue> cursor = {SqlValue(std::string("secret"))};
  EXPECT_NE(SealOrDie(tokens, cursor), SealOrDie(tokens, cursor));
}

TEST(PageToken, RefusesEveryAlteredCharacterAndEveryLength) {
  const PageTokens tokens(KeyOf(1));
  const std::string token = SealOrDie(tokens, {SqlValue(int64_t{7}), SqlValue(std::string("x"))});
  for (size_t i = 0; i < token.size(); ++i) {
    std::string altered = token;
    altered[i] = altered[i] == 'A' ? 'B' : 'A';
    // The unused bits of the last character decode to the same bytes or are refused.
    const auto opened = tokens.Open(altered, kQuery, kNow);
    if (i + 1 < token.size()) {
      EXPECT_EQ(ReasonOf(opened.status()), "PAGE_TOKEN_INVALID") << i;
    }
    EXPECT_EQ(ReasonOf(tokens.Open(token.substr(0, i), kQuery, kNow).status()),
              "PAGE_TOKEN_INVALID");
  }
  EXPECT_EQ(ReasonOf(tokens.Open(token + "AAAA", kQuery, kNow).status()), "PAGE_TOKEN_INVALID");
  EXPECT_EQ(ReasonOf(tokens.Open("no token!", kQuery, kNow).status()), "PAGE_TOKEN_INVALID");
  EXPECT_EQ(ReasonOf(tokens.Open(std::string(kPageTokenMaxBytes + 1, 'A'), kQuery, kNow).status()),
            "PAGE_TOKEN_INVALID");
  EXPECT_EQ(ReasonOf(PageTokens(KeyOf(2)).Open(token, kQuery, kNow).status()),
            "PAGE_TOKEN_INVALID");
}

TEST(PageToken, EndsAfterThreeDays) {
  const PageTokens tokens(KeyOf(1));
  const std::string token = SealOrDie(tokens, {SqlValue(int64_t{7})});
  EXPECT_TRUE(tokens.Open(token, kQuery, kNow + kPageTokenLifetimeMicros - 1).ok());
  const absl::Status status = tokens.Open(token, kQuery, kNow + kPageTokenLifetimeMicros).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), "PAGE_TOKEN_EXPIRED");
  EXPECT_EQ(FieldOf(status), "page_token");
}

TEST(PageToken, BelongsToOneQuery) {
  const PageTokens tokens(KeyOf(1));
  const std::string token = SealOrDie(tokens, {SqlValue(int64_t{7})});
  const PageQuery others[] = {{"tandem.test.v1.S/Other", "a = 1", "b desc", "parent=x"},
                              {"tandem.test.v1.S/List", "a = 2", "b desc", "parent=x"},
                              {"tandem.test.v1.S/List", "a = 1", "b", "parent=x"},
                              {"tandem.test.v1.S/List", "a = 1", "b desc", ""},
                              {"tandem.test.v1.S/List", "a = 1b desc", "", "parent=x"}};
  for (const PageQuery& other : others) {
    EXPECT_EQ(ReasonOf(tokens.Open(token, other, kNow).status()), "PAGE_TOKEN_QUERY_CHANGED");
  }
}

TEST(PageToken, RefusesARowThatDoesNotFit) {
  const PageTokens tokens(KeyOf(1));
  const absl::Status status =
      tokens.Seal({SqlValue(std::string(kPageTokenMaxBytes, 'x'))}, kQuery, kNow).status();
  EXPECT_EQ(ReasonOf(status), "PAGE_TOKEN_TOO_LONG");
}

TEST(PageToken, KeysAreRandom) { EXPECT_NE(NewPageTokenKey(), NewPageTokenKey()); }

}  // namespace
}  // namespace tandem::rpc
