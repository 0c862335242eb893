// kill -9 of everything that runs, one after the other: the eight processes, the broker and the
// database, at moments spread over the import. Each is started again on its address and data; the
// import goes on by itself. At the end it is the company that nothing disturbed.
//
// TANDEM_TEST_KILLS says how many in all (10 here, one of each; 50 in the long form),
// TANDEM_TEST_SEED chooses the moments. Each line printed shows what the services were doing.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <iostream>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/journeys/distributed.h"
#include "tests/journeys/progress.h"
#include "tests/support/free_port.h"

namespace tandem::test {
namespace {

constexpr char kBroker[] = "kafka";
constexpr char kDatabase[] = "postgresql";
constexpr uint64_t kVictims = 10;
constexpr absl::Duration kStall = absl::Minutes(4);  // without the next moment coming
constexpr absl::Duration kLookEvery = absl::Milliseconds(100);
constexpr double kFirst = 0.001;
constexpr double kLast = 0.98;
// The masters are synchronised in the first part of the import; most kills of the two that do it
// are to meet it.
constexpr double kMastersDone = 0.07;

struct Plan {
  double moment;  // part of the import's events
  std::string victim;
  friend bool operator<(const Plan& a, const Plan& b) { return a.moment < b.moment; }
};

std::vector<Plan> MakePlan(size_t each, std::mt19937_64& random) {
  std::vector<Plan> plan;
  const auto add = [&](const std::string& victim, size_t count, double from, double to) {
    for (double moment : Spread(count, from, to, random)) plan.push_back({moment, victim});
  };
  for (const std::string part : kParts) {
    const bool syncs = part == "customer_sync" || part == "product_sync";
    const size_t early = syncs ? each - each / 3 : 0;
    add(part, early, kFirst, kMastersDone);
    add(part, each - early, kFirst, kLast);
  }
  add(kBroker, each, kFirst, kLast);
  add(kDatabase, each, kFirst, kLast);
  std::sort(plan.begin(), plan.end());
  return plan;
}

bool IsServer(const std::string& victim) { return victim == kBroker || victim == kDatabase; }

class KilledDistributed : public ::testing::Test {
 protected:
  void Import(const std::vector<Plan>& plan);

  // Until the import has come so far; it must be under way still.
  void AwaitMoment(const Plan& kill) {
    const auto moment = static_cast<int64_t>(kill.moment * static_cast<double>(all_));
    ASSERT_TRUE(
        WaitFor([&] { return progress_->Events() >= moment || !import_->Running(); }, kStall))
        << "no progress: " << progress_->LastEvents() << "\n"
        << Outputs();
  }

  void Kill(const std::string& victim) {
    if (!IsServer(victim)) {
      const absl::Status ready = company_->AwaitReady(victim);
      ASSERT_TRUE(ready.ok()) << victim << ": " << ready;
    }
    const int64_t at = progress_->Events();
    const std::string doing = progress_->LastEvents();
    ASSERT_LT(at, all_);
    ASSERT_TRUE(import_->Running()) << Outputs();
    if (victim == kBroker) {
      ASSERT_TRUE(Listens(broker_->port()));
      broker_->Kill();
      ASSERT_FALSE(Listens(broker_->port()));
    } else if (victim == kDatabase) {
      ASSERT_TRUE(Listens(database_->port()));
      database_->Kill();
    } else {
      Process& process = company_->process(victim);
      process.Kill();
      ASSERT_EQ(process.Wait()->signal, SIGKILL) << victim << "\n" << process.Output();
    }
    std::cout << "kill " << ++killed_ << " after " << absl::Now() - start_ << ", at " << at
              << " of " << all_ << " events: " << victim << "; " << doing << std::endl;
  }

  void StartAgain(const std::string& victim) {
    const absl::Time before = absl::Now();
    const absl::Status again = victim == kBroker     ? broker_->Restart()
                               : victim == kDatabase ? database_->Restart()
                                                     : company_->Start(victim);
    ASSERT_TRUE(again.ok()) << victim << ": " << again;
    if (IsServer(victim)) {
      std::cout << "  " << victim << " serves again after " << absl::Now() - before << std::endl;
    }
  }

  std::string Outputs() {
    std::string all = absl::StrCat("import:\n", import_->Output());
    for (const char* part : kParts) {
      absl::StrAppend(&all, "\n", part, ":\n", company_->process(part).Output());
    }
    return all;
  }

  absl::Time start_;
  int64_t all_ = 0;
  uint64_t killed_ = 0;
  std::unique_ptr<PostgresServer> database_;
  std::unique_ptr<KafkaBroker> broker_;
  std::unique_ptr<Distributed> company_;
  std::unique_ptr<Progress> progress_;
  std::unique_ptr<Process> import_;
};

void KilledDistributed::Import(const std::vector<Plan>& plan) {
  auto import = Process::Start(company_->Tandem({"import", "northwind"}));
  ASSERT_TRUE(import.ok()) << import.status();
  import_ = *std::move(import);
  for (size_t i = 0; i < plan.size(); ++i) {
    ASSERT_NO_FATAL_FAILURE(AwaitMoment(plan[i]));
    ASSERT_NO_FATAL_FAILURE(Kill(plan[i].victim));
    // A process is started while the database or the broker is away, when it is the next.
    const bool two =
        IsServer(plan[i].victim) && i + 1 < plan.size() && !IsServer(plan[i + 1].victim);
    if (two) {
      ASSERT_NO_FATAL_FAILURE(Kill(plan[i + 1].victim));
      ASSERT_NO_FATAL_FAILURE(StartAgain(plan[i + 1].victim));
    }
    ASSERT_NO_FATAL_FAILURE(StartAgain(plan[i].victim));
    if (two) ++i;
  }
}

TEST_F(KilledDistributed, EndsAsTheUndisturbedCompany) {
  const uint64_t seed = FromEnvironment("TANDEM_TEST_SEED", std::random_device()());
  const uint64_t kills = FromEnvironment("TANDEM_TEST_KILLS", kVictims);
  std::cout << "TANDEM_TEST_SEED=" << seed << " TANDEM_TEST_KILLS=" << kills << std::endl;
  const Undisturbed& undisturbed = UndisturbedCompany();
  ASSERT_TRUE(undisturbed.exit.ok()) << undisturbed.output;
  all_ = ReportIn(undisturbed.output).events;

  auto database = PostgresServer::Start();
  ASSERT_TRUE(database.ok()) << database.status();
  database_ = *std::move(database);
  auto broker = KafkaBroker::Start();
  ASSERT_TRUE(broker.ok()) << broker.status();
  broker_ = *std::move(broker);
  company_ = std::make_unique<Distributed>(*database_, *broker_);
  // What is started before its database waits for it.
  database_->Kill();
  for (const char* part : kParts) {
    const absl::Status started = company_->Start(part);
    ASSERT_TRUE(started.ok()) << started;
    const auto waits = company_->process(part).WaitForLine("waits for its database");
    ASSERT_TRUE(waits.ok()) << waits.status();
  }
  ASSERT_NO_FATAL_FAILURE(StartAgain(kDatabase));
  for (const char* part : kParts) {
    const absl::Status ready = company_->AwaitReady(part);
    ASSERT_TRUE(ready.ok()) << part << ": " << ready;
  }
  progress_ = std::make_unique<Progress>(company_->addresses(), kLookEvery);

  start_ = absl::Now();
  std::mt19937_64 random(seed);
  ASSERT_NO_FATAL_FAILURE(Import(MakePlan(std::max<size_t>(kills / kVictims, 1), random)));
  const auto exit = import_->Wait(2 * kJourneyPatience);
  ASSERT_TRUE(exit.has_value()) << Outputs();
  EXPECT_TRUE(exit->ok()) << Outputs();
  const Report report = ReportIn(import_->Output());
  std::cout << killed_ << " kills; the import took " << absl::Now() - start_ << ", "
            << report.events << " events\n"
            << import_->Output();
  EXPECT_TRUE(report.in_step) << import_->Output();
  EXPECT_EQ(report.lines, ReportIn(undisturbed.output).lines);
  for (const char* part : kParts) {
    const absl::Status ready = company_->AwaitReady(part);
    EXPECT_TRUE(ready.ok()) << part << ": " << ready;
  }
  ExpectSameSoon(company_->addresses(), DigestOf(undisturbed.data_dir));
  const absl::Status stopped = company_->StopAll();
  EXPECT_TRUE(stopped.ok()) << stopped;
}

}  // namespace
}  // namespace tandem::test
