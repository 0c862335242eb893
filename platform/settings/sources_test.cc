#include "platform/settings/sources.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "platform/base/status.h"

namespace tandem::settings {
namespace {

TEST(Arguments, AreNamesAndValues) {
  const auto arguments =
      ReadArguments({"--a.b=1", "--set", "c=x=y", "--set=d=", "--e.f", "--config", "one.yaml",
                     "--config=two.yaml", "--print-settings"});
  ASSERT_TRUE(arguments.ok()) << arguments.status();
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"a.b", "1"}, {"c", "x=y"}, {"d", ""}, {"e.f", "true"}};
  EXPECT_EQ(arguments->settings, expected);
  EXPECT_EQ(arguments->config, "two.yaml");
  EXPECT_EQ(arguments->action, Action::kPrint);
  EXPECT_EQ(ReadArguments({"--help"})->action, Action::kHelp);
}

TEST(Arguments, AreRefusedWhenTheyAreNot) {
  for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{{"serve"},
                                                                                    {"-x"},
                                                                                    {"--"},
                                                                                    {"--=1"},
                                                                                    {"--set"},
                                                                                    {"--set", "a"},
                                                                                    {"--set=a"},
                                                                                    {"--set", "=1"},
                                                                                    {"--config"}}) {
    EXPECT_EQ(ReasonOf(ReadArguments(args).status()), "SETTING_ARGUMENT_INVALID") << args[0];
  }
}

TEST(Yaml, MayBeNestedOrDotted) {
  const auto values = ReadYaml(R"(
server: {port: 7400, tls.cert: "a: b"}
storage.dir: /tmp/x
bus:
  kafka:
    brokers: [one, two]
)");
  ASSERT_TRUE(values.ok()) << values.status();
  const std::map<std::string, FileValue> expected = {
      {"server.port", "7400"},
      {"server.tls.cert", "a: b"},
      {"storage.dir", "/tmp/x"},
      {"bus.kafka.brokers", std::vector<std::string>{"one", "two"}}};
  EXPECT_EQ(*values, expected);
  EXPECT_TRUE(ReadYaml("")->empty());
  EXPECT_TRUE(ReadYaml("# nothing\n")->empty());
}

TEST(Yaml, IsRefusedNamingThePlace) {
  struct Case {
    std::string text;
    const char* field;
  };
  std::string deep;
  for (int i = 0; i < 20; ++i) deep += "{a: ";
  deep += "1" + std::string(20, '}');
  for (const Case& x : {Case{"a: 1\na: 2", "a"}, Case{"a.b: 1\na: {b: 2}", "a.b"},
                        Case{"a: {b: }", "a.b"}, Case{"a: [[1]]", "a"}, Case{"[1, 2]", ""},
                        Case{"text", ""}, Case{"a: [1", ""}, Case{"? [x]\n: 1", ""}}) {
    const auto values = ReadYaml(x.text);
    EXPECT_EQ(ReasonOf(values.status()), "SETTING_FILE_INVALID") << x.text;
    EXPECT_EQ(FieldOf(values.status()), x.field) << x.text;
  }
  EXPECT_EQ(ReasonOf(ReadYaml(deep).status()), "SETTING_FILE_INVALID");
}

class FileTest : public ::testing::Test {
 protected:
  FileTest() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "tandem_settings_XXXXXX").string();
    dir_ = mkdtemp(pattern.data());
  }
  ~FileTest() override { std::filesystem::remove_all(dir_); }
  std::string Write(const std::string& content) const {
    const std::string path = dir_ + "/file";
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  std::string dir_;
};

TEST_F(FileTest, IsReadWholeUpToItsLimit) {
  EXPECT_EQ(*ReadFile(Write("")), "");
  EXPECT_EQ(*ReadFile(Write(std::string("a\0b\n", 4))), std::string("a\0b\n", 4));
  EXPECT_EQ(ReadFile(Write(std::string(1 << 20, 'x')))->size(), 1u << 20);
  EXPECT_EQ(ReasonOf(ReadFile(Write(std::string((1 << 20) + 1, 'x'))).status()),
            "SETTING_FILE_UNREADABLE");
}

TEST_F(FileTest, IsRefusedWhenItCannotBeRead) {
  EXPECT_EQ(ReasonOf(ReadFile(dir_ + "/none").status()), "SETTING_FILE_UNREADABLE");
  EXPECT_EQ(ReasonOf(ReadFile(dir_).status()), "SETTING_FILE_UNREADABLE");
}

TEST(ProcessSources, HoldsArgumentsAndEnvironment) {
  setenv("TANDEM_TEST_SOURCES", "a=b", 1);
  const char* argv[] = {"program", "--x=1"};
  const Sources sources = ProcessSources(2, argv);
  EXPECT_EQ(sources.args, std::vector<std::string>{"--x=1"});
  EXPECT_EQ(sources.environment.at("TANDEM_TEST_SOURCES"), "a=b");
  EXPECT_TRUE(ProcessSources(0, argv).args.empty());
}

}  // namespace
}  // namespace tandem::settings
