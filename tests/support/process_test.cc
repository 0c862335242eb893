#include "tests/support/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/support/temp_dir.h"

namespace tandem::test {
namespace {

using ::testing::HasSubstr;

Command Shell(std::string script) { return {.args = {"sh", "-c", std::move(script)}}; }

std::unique_ptr<Process> Started(Command command) {
  auto process = Process::Start(std::move(command));
  EXPECT_TRUE(process.ok()) << process.status();
  return std::move(process).value();
}

bool Exists(pid_t pid) { return ::kill(pid, 0) == 0; }

TEST(RunToEnd, AnswersExitCodeAndWhatWasPrintedOnBothOutputs) {
  const auto finished = RunToEnd({.args = {"sh", "-c", "echo $GREETING; echo no >&2; exit 3"},
                                  .env = {{"GREETING", "hello"}}});
  ASSERT_TRUE(finished.ok()) << finished.status();
  EXPECT_EQ(finished->exit.code, 3);
  EXPECT_EQ(finished->output, "hello\nno\n");
}

TEST(RunToEnd, SaysThatTheCommandIsNotThere) {
  const auto finished = RunToEnd({.args = {"/no/such/command"}});
  ASSERT_TRUE(finished.ok()) << finished.status();
  EXPECT_EQ(finished->exit.code, 127);
  EXPECT_THAT(finished->output, HasSubstr("No such file"));
}

TEST(Process, IsReadyAtTheAddressItPrints) {
  const auto process = Started(
      Shell("echo starting; echo ready order 127.0.0.1:7403; exec cat /dev/zero >/dev/null"));
  const auto address = process->WaitUntilReady("order");
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_EQ(*address, "127.0.0.1:7403");
  EXPECT_TRUE(process->Running());
}

TEST(Process, TellsWhatItPrintedWhenItEndsBeforeItIsReady) {
  const auto process = Started(Shell("echo no database"));
  const auto address = process->WaitUntilReady("order");
  EXPECT_EQ(address.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(address.status().message(), HasSubstr("no database"));
}

TEST(Process, IsReapedAfterAKill) {
  const auto process = Started(Shell("exec sleep 1000"));
  process->Kill();
  EXPECT_FALSE(process->Running());
  EXPECT_EQ(process->Wait()->signal, SIGKILL);
  EXPECT_FALSE(Exists(process->pid()));
}

TEST(Process, GetsTheChanceToStopByItself) {
  const auto process = Started(Shell("trap 'exit 7' TERM; echo up; while :; do sleep 0.01; done"));
  ASSERT_TRUE(process->WaitForLine("up").ok());
  EXPECT_EQ(process->Stop().code, 7);
}

TEST(Process, IsKilledWhenItDoesNotStop) {
  const auto process = Started(Shell("trap '' TERM; echo up; while :; do sleep 0.01; done"));
  ASSERT_TRUE(process->WaitForLine("up").ok());
  EXPECT_EQ(process->Stop(absl::Milliseconds(50)).signal, SIGKILL);
}

TEST(Process, EndsWithTheObject) {
  pid_t pid = 0;
  {
    const auto process = Started(Shell("exec sleep 1000"));
    pid = process->pid();
    EXPECT_TRUE(Exists(pid));
  }
  EXPECT_FALSE(Exists(pid));
}

TEST(Process, AppendsToALogAndReadsItsOwnPart) {
  const TempDir dir;
  const Command echo = {.args = {"echo", "one"}, .log = dir.File("log")};
  ASSERT_TRUE(RunToEnd(echo).ok());
  const auto second = RunToEnd(echo);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->output, "one\n");
}

// The child of a process that is killed, as ctest kills a test that takes too long.
TEST(Process, DoesNotOutliveATestThatIsKilled) {
  const auto test = Started({.args = {"/proc/self/exe", "--gtest_also_run_disabled_tests",
                                      "--gtest_filter=Process.DISABLED_StartsAChildAndWaits"}});
  const auto line = test->WaitForLine("child ");
  ASSERT_TRUE(line.ok()) << line.status();
  int child = 0;
  ASSERT_TRUE(absl::SimpleAtoi(line->substr(line->find(' ') + 1), &child));
  ASSERT_TRUE(Exists(child));
  test->Kill();
  EXPECT_TRUE(WaitFor([&] {
    std::ifstream stat(absl::StrCat("/proc/", child, "/stat"));
    std::string text;
    std::getline(stat, text);
    return text.empty() || text.find(") Z") != std::string::npos;  // init reaps it when it likes
  }));
}

TEST(Process, DISABLED_StartsAChildAndWaits) {
  const auto child = Started(Shell("exec sleep 1000"));
  std::cout << "child " << child->pid() << std::endl;
  (void)child->Wait(absl::InfiniteDuration());
}

TEST(WaitFor, GivesUpAtTheDeadline) {
  EXPECT_FALSE(WaitFor([] { return false; }, absl::Milliseconds(20)));
  EXPECT_TRUE(WaitFor([] { return true; }, absl::ZeroDuration()));
}

}  // namespace
}  // namespace tandem::test
