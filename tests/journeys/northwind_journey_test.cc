// The same script in both shapes of Tandem: one process over SQLite, and eight processes over
// PostgreSQL and Kafka. Every figure is compared with the sample company's files.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "tests/journeys/company.h"
#include "tests/support/free_port.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/postgres_server.h"

namespace tandem::test {
namespace {

TEST(NorthwindEmbedded, EveryFigureAgreesWithTheFiles) {
  const Undisturbed& company = UndisturbedCompany();
  EXPECT_TRUE(company.exit.ok()) << company.output;
  const Report report = ReportIn(company.output);
  EXPECT_TRUE(report.in_step) << company.output;
  const std::string text = absl::StrJoin(report.lines, "\n");
  for (const char* figure : {"1,265,793.29", "1,239,855.85", "51317", "91 / 91", "77 / 77"}) {
    EXPECT_NE(text.find(figure), std::string::npos) << figure << " is not in\n" << text;
  }
  std::cout << "embedded: " << company.took << ", " << report.events << " events\n";
}

TEST(NorthwindEmbedded, ImportingAgainDoesNothingTwice) {
  const Report before = ReportIn(UndisturbedCompany().output);
  const auto again = RunToEnd(UpOnce(UndisturbedCompany().data_dir), kJourneyPatience);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->exit.ok()) << again->output;
  const Report after = ReportIn(again->output);
  EXPECT_EQ(after.lines, before.lines);
  EXPECT_EQ(after.events, before.events);
}

// One database per part, in the run's PostgreSQL.
class Databases {
 public:
  Databases() {
    for (const char* part : kParts) {
      const auto made = root_.Query(
          absl::StrCat("CREATE DATABASE ", prefix(), part, " TEMPLATE template0 LC_COLLATE 'C'"));
      EXPECT_TRUE(made.ok()) << made.status();
    }
  }
  ~Databases() {
    for (const char* part : kParts) {
      (void)root_.Query(absl::StrCat("DROP DATABASE IF EXISTS ", prefix(), part, " WITH (FORCE)"));
    }
  }
  std::string prefix() const { return absl::StrCat(root_.name(), "_"); }
  std::string url() const {
    return absl::StrCat("postgresql://tandem@127.0.0.1:", root_.server().port(), "/");
  }

 private:
  TestDatabase root_;
};

TEST(NorthwindDistributed, EveryFigureAgreesWithTheFiles) {
  const Databases databases;
  const std::string kafka = KafkaBroker::Shared().bootstrap();
  // Each part is told where the others will be: their ports are chosen before any of them starts.
  std::map<std::string, std::string> addresses, environment;
  for (const std::string part : kParts) {
    std::string address;
    do {
      address = absl::StrCat("127.0.0.1:", FreePort());
    } while (std::any_of(addresses.begin(), addresses.end(),
                         [&](const auto& other) { return other.second == address; }));
    addresses[part] = address;
    environment[absl::StrCat("TANDEM_ADDRESS_", absl::AsciiStrToUpper(part))] = address;
  }
  const absl::Time start = absl::Now();
  std::map<std::string, std::unique_ptr<Process>> processes;
  for (const auto& [part, address] : addresses) {
    Command command{.args = {Program(absl::StrCat("tandem-", part)),
                             absl::StrCat("--server.listen=", address),
                             absl::StrCat("--storage.database=", databases.url()),
                             absl::StrCat("--storage.database_prefix=", databases.prefix()),
                             absl::StrCat("--bus.kafka=", kafka)}};
    for (const auto& [other, there] : addresses) {
      command.args.push_back(absl::StrCat("--address.", other, "=", there));
    }
    auto process = Process::Start(std::move(command));
    ASSERT_TRUE(process.ok()) << process.status();
    processes[part] = *std::move(process);
  }
  for (auto& [part, process] : processes) {
    const auto ready = process->WaitUntilReady(part, absl::Minutes(1));
    ASSERT_TRUE(ready.ok()) << ready.status();
  }
  const absl::Duration until_ready = absl::Now() - start;
  const auto imported = RunToEnd(
      {.args = {Program("tandem"), "import", "northwind"}, .env = environment}, kJourneyPatience);
  ASSERT_TRUE(imported.ok()) << imported.status();
  EXPECT_TRUE(imported->exit.ok()) << imported->output;
  const Report report = ReportIn(imported->output);
  EXPECT_TRUE(report.in_step) << imported->output;
  // The same company as the one in one process, figure by figure.
  EXPECT_EQ(report.lines, ReportIn(UndisturbedCompany().output).lines);
  std::cout << "distributed: ready after " << until_ready << ", " << absl::Now() - start
            << " in all, " << report.events << " events\n"
            << imported->output;
  for (auto& [part, process] : processes) process->Signal(SIGTERM);
  for (auto& [part, process] : processes) {
    const auto exit = process->Wait();
    ASSERT_TRUE(exit.has_value()) << part << " does not stop";
    EXPECT_TRUE(exit->ok()) << part << " ended with " << exit->code << "/" << exit->signal << "\n"
                            << process->Output();
  }
}

}  // namespace
}  // namespace tandem::test
