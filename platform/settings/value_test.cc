#include "platform/settings/value.h"

#include <gtest/gtest.h>

#include <utility>

#include "platform/base/status.h"

namespace tandem::settings {
namespace {

Declaration Of(Kind kind) {
  return {.name = "a.b", .kind = kind, .min = -10, .max = 90'000'000, .choices = {"x", "y"}};
}

TEST(Value, IsReadFromText) {
  struct Case {
    Kind kind;
    const char* text;
    Value value;
    const char* formatted;
  };
  const std::vector<std::string> list = {"a", "b c"};
  for (const Case& x : {Case{Kind::kBool, "true", true, "true"},
                        Case{Kind::kBool, "YES", true, "true"},
                        Case{Kind::kBool, "on", true, "true"},
                        Case{Kind::kBool, "1", true, "true"},
                        Case{Kind::kBool, "false", false, "false"},
                        Case{Kind::kBool, "No", false, "false"},
                        Case{Kind::kBool, "off", false, "false"},
                        Case{Kind::kBool, "0", false, "false"},
                        Case{Kind::kInt, "-10", int64_t{-10}, "-10"},
                        Case{Kind::kDurationMs, "250ms", int64_t{250}, "250ms"},
                        Case{Kind::kDurationMs, "250", int64_t{250}, "250ms"},
                        Case{Kind::kDurationMs, "5s", int64_t{5'000}, "5s"},
                        Case{Kind::kDurationMs, "90s", int64_t{90'000}, "90s"},
                        Case{Kind::kDurationMs, "2m", int64_t{120'000}, "2m"},
                        Case{Kind::kDurationMs, "3h", int64_t{10'800'000}, "3h"},
                        Case{Kind::kDurationMs, "1d", int64_t{86'400'000}, "1d"},
                        Case{Kind::kDurationMs, "0", int64_t{0}, "0ms"},
                        Case{Kind::kString, " any text ", std::string(" any text "), " any text "},
                        Case{Kind::kEnum, "y", std::string("y"), "y"},
                        Case{Kind::kList, "a, b c,,", list, "a,b c"},
                        Case{Kind::kList, "", std::vector<std::string>(), ""}}) {
    const auto value = ParseValue(Of(x.kind), x.text);
    ASSERT_TRUE(value.ok()) << x.text << ": " << value.status();
    EXPECT_EQ(*value, x.value) << x.text;
    EXPECT_EQ(FormatValue(Of(x.kind), *value), x.formatted);
  }
}

TEST(Value, IsRefused) {
  struct Case {
    Kind kind;
    const char* text;
    const char* reason;
  };
  for (const Case& x :
       {Case{Kind::kBool, "", "SETTING_INVALID"}, Case{Kind::kBool, "maybe", "SETTING_INVALID"},
        Case{Kind::kInt, "", "SETTING_INVALID"}, Case{Kind::kInt, " 1", "SETTING_INVALID"},
        Case{Kind::kInt, "1.5", "SETTING_INVALID"},
        Case{Kind::kInt, "99999999999999999999", "SETTING_INVALID"},
        Case{Kind::kInt, "-11", "SETTING_OUT_OF_RANGE"},
        Case{Kind::kInt, "90000001", "SETTING_OUT_OF_RANGE"},
        Case{Kind::kDurationMs, "5 s", "SETTING_INVALID"},
        Case{Kind::kDurationMs, "s", "SETTING_INVALID"},
        Case{Kind::kDurationMs, "5y", "SETTING_INVALID"},
        Case{Kind::kDurationMs, "9223372036854775807d", "SETTING_INVALID"},
        Case{Kind::kDurationMs, "2d", "SETTING_OUT_OF_RANGE"},
        Case{Kind::kEnum, "X", "SETTING_INVALID"}}) {
    const auto value = ParseValue(Of(x.kind), x.text);
    EXPECT_EQ(ReasonOf(value.status()), x.reason) << x.text;
    EXPECT_EQ(FieldOf(value.status()), "a.b");
  }
}

TEST(Value, OfASecretIsNotShown) {
  Declaration secret = Of(Kind::kString);
  secret.secret = true;
  EXPECT_EQ(FormatValue(secret, std::string("hunter2")), "***");
  EXPECT_EQ(FormatValue(secret, std::string()), "");
}

TEST(EnvironmentName, IsUpperWithUnderscores) {
  EXPECT_EQ(EnvironmentName("bus.retry_delay_ms"), "TANDEM_BUS_RETRY_DELAY_MS");
}

}  // namespace
}  // namespace tandem::settings
