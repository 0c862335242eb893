// What a part makes of its database's state: whether it says that it serves, and what becomes of
// commands that waited for too long. On PostgreSQL, which can be away and can be made to wait.
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "tandem/opportunity/v1/opportunity_service.pb.h"
#include "tests/battery/calls.h"
#include "tests/battery/served.h"
#include "tests/battery/world.h"
#include "tests/support/cut_proxy.h"
#include "tests/support/postgres_server.h"
#include "tests/support/wait.h"

namespace tandem::test {
namespace {

using absl::StatusCode;

constexpr char kHealth[] = "/grpc.health.v1.Health/Check";
constexpr char kCreate[] = "/tandem.opportunity.v1.OpportunityService/CreateActivity";
constexpr char kGet[] = "/tandem.opportunity.v1.OpportunityService/GetActivity";
const std::string kServing("\x08\x01", 2);  // of HealthCheckResponse
const std::string kNotServing("\x08\x02", 2);

// A part's own database on the shared server; its name begins with the test's.
class PartOnPostgres : public testing::Test {
 protected:
  PartOnPostgres() : proxy_(server_.port(), CutProxy::Framing::kPostgres) {
    const auto made = test_.Query(absl::StrCat("CREATE DATABASE ", Database()));
    EXPECT_TRUE(made.ok()) << made.status();
    served_ = std::make_unique<Served>(ServedOptions{
        .part = "opportunity",
        .settings = {
            absl::StrCat("--storage.database=postgresql://tandem@127.0.0.1:", proxy_.port(), "/"),
            absl::StrCat("--storage.database_prefix=", test_.name(), "_"),
            "--bus.kafka=127.0.0.1:1"}});  // where nobody listens
    calls_ = std::make_unique<Calls>(served_->address(), 1);
  }
  ~PartOnPostgres() override {
    calls_.reset();
    served_.reset();
    (void)test_.Query(absl::StrCat("DROP DATABASE ", Database(), " WITH (FORCE)"));
  }
  std::string Database() const { return absl::StrCat(test_.name(), "_opportunity"); }

  PostgresServer& server_ = PostgresServer::Shared();
  TestDatabase test_{server_};
  CutProxy proxy_;
  std::unique_ptr<Served> served_;
  std::unique_ptr<Calls> calls_;
};

using Health = PartOnPostgres;

TEST_F(Health, SaysWhetherTheDatabaseAnswersWhateverTheBrokerDoes) {
  const auto says = [&](const std::string& state) {
    return WaitFor([&] { return calls_->Call(kHealth, "").bytes == state; }, absl::Minutes(1));
  };
  EXPECT_TRUE(says(kServing)) << "without a broker";
  proxy_.Refuse(true);
  proxy_.Cut();
  EXPECT_TRUE(says(kNotServing));
  proxy_.Refuse(false);
  EXPECT_TRUE(says(kServing));
}

using Deadline = PartOnPostgres;

TEST_F(Deadline, WhatItPassesInTheQueueIsNotDone) {
  World world;
  const auto request = [&](const std::string& id) {
    opportunity::v1::CreateActivityRequest made;
    made.set_activity_id(id);
    made.mutable_activity()->set_kind(static_cast<opportunity::v1::ActivityKind>(1));
    made.mutable_activity()->set_subject("A call");
    return made.SerializeAsString();
  };
  const auto found = [&](const std::string& id) {
    opportunity::v1::GetActivityRequest get;
    get.set_id(id);
    return calls_->Call(kGet, get.SerializeAsString()).status.code();
  };
  const std::string first = world.Fresh("act_"), late = world.Fresh("act_");
  PGconn* other = PQconnectdb(server_.Dsn(Database()).c_str());
  const auto run = [other](const char* sql) {
    PGresult* result = PQexec(other, sql);
    EXPECT_TRUE(PQresultStatus(result) == PGRES_COMMAND_OK) << PQerrorMessage(other);
    PQclear(result);
  };
  run("BEGIN");
  run("LOCK TABLE journal_head IN EXCLUSIVE MODE");
  // Who writes waits. The first does for the lock; the second for the first, longer than it may.
  absl::Status of_first = absl::UnknownError(""), of_late = absl::OkStatus();
  calls_->Start(kCreate, request(first), {},
                [&](Answered answered) { of_first = answered.status; });
  EXPECT_TRUE(WaitFor([&] {
    const auto waiting = test_.Query("SELECT count(*) FROM pg_locks WHERE NOT granted");
    return waiting.ok() && *waiting != "0";
  }));
  Calls impatient(served_->address(), 1);
  of_late = impatient.Call(kCreate, request(late), {.timeout = absl::Milliseconds(300)}).status;
  EXPECT_EQ(of_late.code(), StatusCode::kDeadlineExceeded);
  run("COMMIT");
  PQfinish(other);
  calls_->Wait();
  EXPECT_TRUE(of_first.ok()) << of_first;
  // Behind the late one in the queue: when this is done, so would that be.
  EXPECT_TRUE(calls_->Call(kCreate, request(world.Fresh("act_"))).status.ok());
  EXPECT_EQ(found(first), StatusCode::kOk);
  EXPECT_EQ(found(late), StatusCode::kNotFound);
}

}  // namespace
}  // namespace tandem::test
