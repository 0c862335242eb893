#include "platform/base/text.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "platform/base/status.h"

namespace tandem {
namespace {

TEST(Text, IsCountedInCodePoints) {
  const std::pair<std::string, size_t> cases[] = {
      {"", 0}, {"abc", 3}, {"Größe", 5}, {"日本語", 3}, {"\xf0\x9f\x9a\x80", 1}};
  for (const auto& [text, length] : cases) EXPECT_EQ(Utf8Length(text), length) << text;
}

TEST(Text, RefusesWhatIsNotUtf8) {
  for (const char* bytes : {"\x80", "\xc3", "\xc3(", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
                            "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xff", "a\xe2\x82"}) {
    EXPECT_EQ(Utf8Length(bytes), std::nullopt);
    const absl::Status status = CheckText(bytes, 100, "name");
    EXPECT_EQ(ReasonOf(status), "TEXT_NOT_UTF8");
    EXPECT_EQ(FieldOf(status), "name");
  }
}

TEST(Text, RefusesWhatIsTooLong) {
  EXPECT_TRUE(CheckText("äöü", 3, "name").ok());
  const absl::Status status = CheckText("äöüx", 3, "name");
  EXPECT_EQ(ReasonOf(status), "TEXT_TOO_LONG");
  EXPECT_EQ(MetadataOf(status), (std::map<std::string, std::string>{{"max", "3"}}));
}

TEST(Text, RefusesControlCharactersOtherThanTabAndNewline) {
  EXPECT_TRUE(CheckText("a\tb\nc", 10, "note").ok());
  for (const std::string text : {"a\rb", "\x1b[0m", "a\x7f", "\xc2\x85"}) {
    EXPECT_EQ(ReasonOf(CheckText(text, 10, "note")), "TEXT_CONTROL_CHARACTER");
  }
  EXPECT_EQ(ReasonOf(CheckText(std::string("a\0b", 3), 10, "note")), "TEXT_CONTROL_CHARACTER");
}

TEST(Text, IsMissingWhereItIsNeeded) {
  EXPECT_TRUE(CheckRequiredText("x", 1, "name").ok());
  for (const char* text : {"", " ", "\t\n "}) {
    EXPECT_EQ(ReasonOf(CheckRequiredText(text, 10, "name")), "TEXT_MISSING");
  }
  EXPECT_EQ(ReasonOf(CheckRequiredText("xy", 1, "name")), "TEXT_TOO_LONG");
}

}  // namespace
}  // namespace tandem
