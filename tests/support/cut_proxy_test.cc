#include "tests/support/cut_proxy.h"

#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/support/postgres_server.h"

namespace tandem::test {
namespace {

// A PostgreSQL session through a proxy, and one beside it that sees what really happened.
class CutProxyTest : public ::testing::Test {
 protected:
  CutProxyTest() : proxy_(database_.server().port(), CutProxy::Framing::kPostgres) {
    EXPECT_TRUE(database_.Query("CREATE TABLE t (a int)").ok());
    Connect();
  }
  ~CutProxyTest() override { PQfinish(connection_); }

  void Connect() {
    PQfinish(connection_);
    connection_ =
        PQconnectdb(absl::StrCat(database_.Dsn(proxy_.port()), " connect_timeout=2").c_str());
  }
  bool Connected() const { return PQstatus(connection_) == CONNECTION_OK; }

  bool Execute(const char* sql) {
    PGresult* result = PQexec(connection_, sql);
    const bool ok =
        PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK;
    PQclear(result);
    return ok;
  }
  std::string Rows() { return database_.Query("SELECT count(*) FROM t").value_or("?"); }

  TestDatabase database_;
  CutProxy proxy_;
  PGconn* connection_ = nullptr;
};

TEST_F(CutProxyTest, PassesASessionOnAndCountsItsMessages) {
  ASSERT_TRUE(Connected()) << PQerrorMessage(connection_);
  proxy_.OnMessage(nullptr);
  EXPECT_TRUE(Execute("INSERT INTO t VALUES (1)"));
  EXPECT_TRUE(Execute("INSERT INTO t VALUES (2)"));
  EXPECT_EQ(Rows(), "2");
  EXPECT_EQ(proxy_.client_messages(), 2);
  EXPECT_EQ(proxy_.connections(), 1);
}

TEST_F(CutProxyTest, LosesAStatementBeforeTheServerHasIt) {
  proxy_.OnMessage(CutProxy::BeforeClientMessage(2));
  EXPECT_TRUE(Execute("INSERT INTO t VALUES (1)"));
  EXPECT_FALSE(Execute("INSERT INTO t VALUES (2)"));
  EXPECT_FALSE(Connected());
  EXPECT_TRUE(proxy_.Triggered());
  EXPECT_EQ(Rows(), "1");
  Connect();
  EXPECT_TRUE(Execute("INSERT INTO t VALUES (3)"));
}

TEST_F(CutProxyTest, LosesTheAnswerToWhatTheServerHasDone) {
  proxy_.OnMessage(CutProxy::AfterClientMessage(1));
  EXPECT_FALSE(Execute("INSERT INTO t VALUES (1)"));
  EXPECT_TRUE(WaitFor([&] { return Rows() == "1"; }));
  EXPECT_TRUE(WaitFor([&] { return proxy_.connections() == 0; }));
}

TEST_F(CutProxyTest, LosesTheAnswerOnItsWay) {
  proxy_.OnMessage(CutProxy::BeforeServerMessage(1));
  EXPECT_FALSE(Execute("INSERT INTO t VALUES (1)"));
  EXPECT_FALSE(Connected());
  EXPECT_EQ(Rows(), "1");
}

TEST_F(CutProxyTest, CutsAtAMessageATestRecognises) {
  proxy_.OnMessage([](const CutProxy::Message& message) {
    return message.type == 'Q' && message.bytes.find("COMMIT") != absl::string_view::npos
               ? CutProxy::Verdict::kCutAfter
               : CutProxy::Verdict::kPass;
  });
  EXPECT_TRUE(Execute("BEGIN"));
  EXPECT_TRUE(Execute("INSERT INTO t VALUES (1)"));
  EXPECT_FALSE(Execute("COMMIT"));
  EXPECT_TRUE(WaitFor([&] { return Rows() == "1"; }));
}

TEST_F(CutProxyTest, HoldsAMessageUntilItIsResumed) {
  proxy_.OnMessage([](const CutProxy::Message&) { return CutProxy::Verdict::kStall; });
  ASSERT_EQ(PQsendQuery(connection_, "INSERT INTO t VALUES (1)"), 1);
  EXPECT_TRUE(WaitFor([&] { return proxy_.Triggered(); }));
  EXPECT_EQ(Rows(), "0");
  proxy_.Resume();
  PGresult* result = PQgetResult(connection_);
  EXPECT_EQ(PQresultStatus(result), PGRES_COMMAND_OK);
  PQclear(result);
}

TEST_F(CutProxyTest, CutsEverythingAtOnceAndRefusesNewConnections) {
  proxy_.Refuse(true);
  proxy_.Cut();
  EXPECT_EQ(proxy_.connections(), 0);
  EXPECT_FALSE(Execute("SELECT 1"));
  Connect();
  EXPECT_FALSE(Connected());
  proxy_.Refuse(false);
  Connect();
  EXPECT_TRUE(Connected());
}

TEST_F(CutProxyTest, SwallowsWhatIsSentAndTellsNobody) {
  proxy_.BlackHole();
  ASSERT_EQ(PQsendQuery(connection_, "INSERT INTO t VALUES (1)"), 1);
  EXPECT_FALSE(
      WaitFor([&] { return PQconsumeInput(connection_) == 0 || PQisBusy(connection_) == 0; },
              absl::Milliseconds(200)));
  proxy_.Resume();
  EXPECT_TRUE(WaitFor([&] { return PQconsumeInput(connection_) == 0; }));
  EXPECT_EQ(Rows(), "0");
}

TEST_F(CutProxyTest, DelaysBothWays) {
  proxy_.Delay(absl::Milliseconds(50));
  const absl::Time start = absl::Now();
  EXPECT_TRUE(Execute("SELECT 1"));
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(100));
}

TEST_F(CutProxyTest, LimitsTheRate) {
  proxy_.Limit(100'000);
  const absl::Time start = absl::Now();
  EXPECT_TRUE(Execute("SELECT repeat('x', 30000)"));
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(250));
}

TEST_F(CutProxyTest, GivesALargeAnswerWhole) {
  PGresult* result = PQexec(connection_, "SELECT repeat('x', 20000000)");
  ASSERT_EQ(PQresultStatus(result), PGRES_TUPLES_OK) << PQerrorMessage(connection_);
  EXPECT_EQ(PQgetlength(result, 0, 0), 20'000'000);
  PQclear(result);
}

}  // namespace
}  // namespace tandem::test
