// The same script in both shapes of Tandem: one process over SQLite, and eight processes over
// PostgreSQL and Kafka. Every figure is compared with the sample company's files, and what the
// eight processes hold with what the one does.
#include <gtest/gtest.h>

#include <iostream>

#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "tests/journeys/company.h"
#include "tests/journeys/distributed.h"
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

TEST(NorthwindDistributed, IsTheSameCompany) {
  const absl::Time start = absl::Now();
  Distributed company(PostgresServer::Shared(), KafkaBroker::Shared());
  const absl::Status started = company.StartAll();
  ASSERT_TRUE(started.ok()) << started;
  const absl::Duration until_ready = absl::Now() - start;
  const auto imported = RunToEnd(company.Tandem({"import", "northwind"}), kJourneyPatience);
  ASSERT_TRUE(imported.ok()) << imported.status();
  EXPECT_TRUE(imported->exit.ok()) << imported->output;
  const Report report = ReportIn(imported->output);
  EXPECT_TRUE(report.in_step) << imported->output;
  // Figure by figure, and resource by resource.
  EXPECT_EQ(report.lines, ReportIn(UndisturbedCompany().output).lines);
  std::cout << "distributed: ready after " << until_ready << ", " << absl::Now() - start
            << " in all, " << report.events << " events\n"
            << imported->output;
  ExpectSameSoon(company.addresses(), DigestOf(UndisturbedCompany().data_dir));
  const absl::Status stopped = company.StopAll();
  EXPECT_TRUE(stopped.ok()) << stopped;
}

}  // namespace
}  // namespace tandem::test
