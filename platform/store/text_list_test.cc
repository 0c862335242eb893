#include "platform/store/text_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tandem::store {
namespace {

using testing::ElementsAre;

std::string Json(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) {
    out += out.empty() ? "[" : ",";
    AppendJsonText(text, &out);
  }
  return out.empty() ? "[]" : out + "]";
}

TEST(TextList, IsAJsonArrayOfStrings) {
  EXPECT_EQ(Json({"Am Markt 1", "größe ✓", ""}), R"(["Am Markt 1","größe ✓",""])");
  EXPECT_EQ(Json({"\"\\\b\f\n\r\t\x01\x7f/"}), R"(["\"\\\b\f\n\r\t\u0001)"
                                               "\x7f/\"]");
}

TEST(TextList, ReadsWhatItWrites) {
  std::string all;
  for (int c = 1; c < 256; ++c) all.push_back(static_cast<char>(c));
  for (const std::vector<std::string>& texts : std::vector<std::vector<std::string>>{
           {}, {""}, {"", ""}, {"a", "b"}, {"]", "[", ","}, {"\\", "\\n", "\"", "\",\""}, {all}}) {
    std::vector<std::string> read{"left over"};
    EXPECT_TRUE(ParseTextList(Json(texts), &read)) << Json(texts);
    EXPECT_EQ(read, texts);
  }
}

TEST(TextList, RefusesWhatItDoesNotWrite) {
  std::vector<std::string> read;
  for (const char* json : {"",
                           "[",
                           "]",
                           "x",
                           "{}",
                           "[1]",
                           "[\"a\"",
                           "\"a\"]",
                           "[\"a\",]",
                           "[,\"a\"]",
                           "[\"a\"\"b\"]",
                           "[\"a]",
                           "[\"\\\"]",
                           "[\"\\x\"]",
                           "[\"\\u0041\"]",
                           "[\"\\u0000\"]",
                           "[\"\\u00-1\"]",
                           "[\"\\u00\"]",
                           "[\"\n\"]",
                           "[\"a\"] "}) {
    EXPECT_FALSE(ParseTextList(json, &read)) << json;
  }
  EXPECT_TRUE(ParseTextList("[\"\\u001f\"]", &read));
  EXPECT_THAT(read, ElementsAre("\x1f"));
}

}  // namespace
}  // namespace tandem::store
