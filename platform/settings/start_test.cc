#include "platform/settings/start.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace tandem::settings {
namespace {

using ::testing::HasSubstr;

class StartTest : public ::testing::Test {
 protected:
  Started Run(std::vector<std::string> args) {
    Sources sources;
    sources.args = std::move(args);
    return Start(schema_, sources, out_, err_);
  }

  Schema schema_;
  Key<int64_t> port_ = schema_.Int("server.port", "Where it listens.", 7400, 0, 65535);
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(StartTest, GivesTheValuesToRunWith) {
  const Started started = Run({"--server.port=0"});
  ASSERT_TRUE(started.values.has_value());
  EXPECT_EQ(started.values->Get(port_), 0);
  EXPECT_EQ(out_.str() + err_.str(), "");
}

TEST_F(StartTest, PrintsWhatWasAskedForAndEndsWell) {
  const Started printed = Run({"--print-settings", "--server.port=1"});
  EXPECT_FALSE(printed.values.has_value());
  EXPECT_EQ(printed.exit_code, 0);
  EXPECT_EQ(out_.str(), "server.port: 1  # command line\n");
  const Started help = Run({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_FALSE(help.values.has_value());
  EXPECT_THAT(out_.str(), HasSubstr("# Settings"));
}

TEST_F(StartTest, TellsAnErrorAndEndsWithAUsageError) {
  const Started started = Run({"--server.port=x"});
  EXPECT_FALSE(started.values.has_value());
  EXPECT_EQ(started.exit_code, 2);
  EXPECT_THAT(err_.str(), HasSubstr("server.port (command line): 'x'"));
  EXPECT_EQ(out_.str(), "");
}

}  // namespace
}  // namespace tandem::settings
