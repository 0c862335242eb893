#include "platform/settings/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/base/status.h"

namespace tandem::settings {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SchemaTest : public ::testing::Test {
 protected:
  SchemaTest() {
    sources_.read_file = [this](const std::string& path) -> absl::StatusOr<std::string> {
      const auto found = files_.find(path);
      if (found != files_.end()) return found->second;
      return InvalidField("", "SETTING_FILE_UNREADABLE", path + ": cannot be read");
    };
  }

  Schema schema_;
  Key<int64_t> port_ = schema_.Int("server.port", "Where it listens.", 7400, 0, 65535);
  Key<bool> reflection_ = schema_.Bool("server.reflection", "Whether it tells.", true);
  Key<int64_t> delay_ = schema_.DurationMs("bus.retry_delay_ms", "The wait.", 500, 1, 60'000);
  Key<std::string> dir_ = schema_.String("storage.dir", "Where files go.", "/var/lib/tandem");
  Key<std::string> kind_ =
      schema_.Enum("storage.kind", "Which database.", "sqlite", {"sqlite", "postgresql"});
  Key<std::vector<std::string>> brokers_ = schema_.List("bus.brokers", "Kafka.", {"localhost"});
  Key<std::string> password_ = schema_.Secret("storage.password", "Of the database.");
  std::map<std::string, std::string> files_;
  Sources sources_;
};

TEST_F(SchemaTest, UsesDefaultsWhereNothingIsSaid) {
  const Values values = schema_.Resolve(sources_).value();
  EXPECT_EQ(values.Get(port_), 7400);
  EXPECT_EQ(values[reflection_], true);
  EXPECT_EQ(values[delay_], 500);
  EXPECT_EQ(values[dir_], "/var/lib/tandem");
  EXPECT_EQ(values[kind_], "sqlite");
  EXPECT_EQ(values[brokers_], std::vector<std::string>{"localhost"});
  EXPECT_EQ(values[password_], "");
}

TEST_F(SchemaTest, PrefersTheCommandLineToTheEnvironmentToTheFile) {
  files_["a.yaml"] =
      "server: {port: 1, reflection: off}\nbus: {brokers: [a, b], retry_delay_ms: 2s}";
  sources_.environment = {{"TANDEM_SERVER_PORT", "2"},
                          {"TANDEM_BUS_RETRY_DELAY_MS", "3s"},
                          {"TANDEM_CONFIG", "a.yaml"},
                          {"PATH", "/bin"}};
  sources_.args = {"--server.port=3", "--set", "server.port=4"};
  const Values values = schema_.Resolve(sources_).value();
  EXPECT_EQ(values[port_], 4);
  EXPECT_EQ(values[delay_], 3000);
  EXPECT_EQ(values[reflection_], false);
  EXPECT_EQ(values[brokers_], (std::vector<std::string>{"a", "b"}));

  files_["b.yaml"] = "server.port: 9";
  sources_.args = {"--config", "b.yaml"};
  sources_.environment.erase("TANDEM_SERVER_PORT");
  EXPECT_EQ(schema_.Resolve(sources_).value()[port_], 9);
}

TEST_F(SchemaTest, RefusesUnknownNamesWithAHint) {
  files_["a.yaml"] = "server: {prot: 1}";
  sources_.environment = {{"TANDEM_STORAGE_DRI", "x"}};
  sources_.args = {"--config=a.yaml", "--bus.retry_dely_ms=1", "--frobnicate"};
  const absl::Status status = schema_.Resolve(sources_).status();
  EXPECT_EQ(ReasonOf(status), "SETTING_UNKNOWN");
  EXPECT_EQ(status.message(),
            "server.prot (a.yaml): there is no such setting; did you mean server.port?\n"
            "TANDEM_STORAGE_DRI (environment): there is no such setting; did you mean "
            "TANDEM_STORAGE_DIR?\n"
            "bus.retry_dely_ms (command line): there is no such setting; did you mean "
            "bus.retry_delay_ms?\n"
            "frobnicate (command line): there is no such setting");
}

TEST_F(SchemaTest, RefusesValuesNamingTheSettingAndItsSource) {
  files_["a.yaml"] = "storage.kind: mysql\nstorage.dir: [a]";
  sources_.environment = {{"TANDEM_SERVER_PORT", "70000"}};
  sources_.args = {"--config=a.yaml", "--server.reflection=maybe", "--bus.retry_delay_ms=2m"};
  const absl::Status status = schema_.Resolve(sources_).status();
  EXPECT_EQ(status.message(),
            "storage.dir (a.yaml): it is not a list\n"
            "storage.kind (a.yaml): 'mysql' is not a value of it (one of sqlite, postgresql)\n"
            "server.port (environment TANDEM_SERVER_PORT): 70000 is out of bounds (integer, 0 to "
            "65535)\n"
            "server.reflection (command line): 'maybe' is not a value of it (true or false)\n"
            "bus.retry_delay_ms (command line): 2m is out of bounds (duration, 1ms to 1m)");
  EXPECT_EQ(FieldOf(status), "storage.dir");
}

TEST_F(SchemaTest, PassesOverWhatBelongsToOthers) {
  Schema other;
  other.Int("order.batch_max", "Commands in a commit.", 1, 1, 2);
  schema_.AlsoKnown(other);
  schema_.AlsoKnown({"billing.pass"});
  files_["a.yaml"] = "order: {batch_max: 2}";
  sources_.args = {"--config=a.yaml"};
  sources_.environment = {{"TANDEM_ORDER_BATCH_MAX", "2"},
                          {"TANDEM_BILLING_PASS_FILE", "x"},
                          {"TANDEM_TEST_SEED", "7"}};
  EXPECT_TRUE(schema_.Resolve(sources_).ok());
  sources_.args = {"--order.batch_max=2"};
  EXPECT_EQ(ReasonOf(schema_.Resolve(sources_).status()), "SETTING_UNKNOWN");
}

TEST_F(SchemaTest, ReadsASecretFromItsFile) {
  files_["/run/secret"] = "hunter2\r\n";
  sources_.environment = {{"TANDEM_STORAGE_PASSWORD_FILE", "/run/secret"}};
  EXPECT_EQ(schema_.Resolve(sources_).value()[password_], "hunter2");

  sources_.environment["TANDEM_STORAGE_PASSWORD"] = "x";
  EXPECT_EQ(ReasonOf(schema_.Resolve(sources_).status()), "SETTING_TWICE");

  sources_.environment = {{"TANDEM_STORAGE_PASSWORD_FILE", "/none"}};
  const absl::Status unreadable = schema_.Resolve(sources_).status();
  EXPECT_EQ(ReasonOf(unreadable), "SETTING_FILE_UNREADABLE");
  EXPECT_EQ(FieldOf(unreadable), "storage.password");

  sources_.environment = {{"TANDEM_STORAGE_DIR_FILE", "/run/secret"}};
  EXPECT_EQ(ReasonOf(schema_.Resolve(sources_).status()), "SETTING_UNKNOWN");
}

TEST_F(SchemaTest, RefusesAFileThatCannotBeReadOrUnderstood) {
  sources_.args = {"--config=none.yaml"};
  EXPECT_EQ(ReasonOf(schema_.Resolve(sources_).status()), "SETTING_FILE_UNREADABLE");
  files_["a.yaml"] = "server: [";
  sources_.args = {"--config=a.yaml"};
  const absl::Status status = schema_.Resolve(sources_).status();
  EXPECT_EQ(ReasonOf(status), "SETTING_FILE_INVALID");
  EXPECT_THAT(std::string(status.message()), HasSubstr("a.yaml: line 1"));
  sources_.args = {"serve"};
  EXPECT_EQ(ReasonOf(schema_.Resolve(sources_).status()), "SETTING_ARGUMENT_INVALID");
}

TEST_F(SchemaTest, PrintsWhatIsInForceAndNoSecret) {
  sources_.environment = {{"TANDEM_STORAGE_PASSWORD", "hunter2"}};
  sources_.args = {"--storage.dir=a \"b\"", "--bus.brokers=x,y"};
  const std::string printed = schema_.Resolve(sources_).value().Print();
  EXPECT_EQ(printed,
            "bus.brokers: [\"x\", \"y\"]  # command line\n"
            "bus.retry_delay_ms: 500ms  # default\n"
            "server.port: 7400  # default\n"
            "server.reflection: true  # default\n"
            "storage.dir: \"a \\\"b\\\"\"  # command line\n"
            "storage.kind: sqlite  # default\n"
            "storage.password: \"***\"  # environment TANDEM_STORAGE_PASSWORD\n");
  files_["printed.yaml"] = printed;
  Sources again = sources_;
  again.args = {"--config=printed.yaml"};
  EXPECT_EQ(schema_.Resolve(again).value()[dir_], "a \"b\"");
}

TEST_F(SchemaTest, GivesASharedSettingOneKey) {
  EXPECT_EQ(schema_.String("storage.dir", "Where files go.", "/var/lib/tandem").index, dir_.index);
  EXPECT_EQ(schema_.Names().size(), 7u);
}

using SchemaDeathTest = SchemaTest;

TEST_F(SchemaDeathTest, StopsOnADeclarationThatIsABug) {
  EXPECT_DEATH(schema_.String("storage.dir", "Where files go.", "/other"), "differently");
  EXPECT_DEATH(schema_.Int("a", "", 5, 6, 7), "out of bounds");
  EXPECT_DEATH(schema_.Bool("Upper", "", false), "no name");
  EXPECT_DEATH(schema_.Bool("server_port", "", false), "one in the environment");
}

}  // namespace
}  // namespace tandem::settings
