#include "tests/support/postgres_server.h"

#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "tests/support/free_port.h"
#include "tests/support/shared_server.h"

namespace tandem::test {
namespace {

constexpr absl::string_view kMaintenance = "postgres";  // the database that is always there

absl::StatusOr<std::string> RunSql(const std::string& dsn, const std::string& sql) {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(dsn.c_str()),
                                                                &PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    return absl::UnavailableError(PQerrorMessage(connection.get()));
  }
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), sql.c_str()),
                                                             &PQclear);
  switch (PQresultStatus(result.get())) {
    case PGRES_COMMAND_OK:
      return std::string();
    case PGRES_TUPLES_OK:
      return PQntuples(result.get()) == 0 ? std::string() : PQgetvalue(result.get(), 0, 0);
    default:
      return absl::InternalError(PQerrorMessage(connection.get()));
  }
}

// `order_cancel_releases_the_reservation_4711_3`: readable, unique, within PostgreSQL's 63 bytes.
std::string DatabaseName() {
  static std::atomic<int> created = 0;
  std::string name = "test";
  if (const auto* test = ::testing::UnitTest::GetInstance()->current_test_info()) {
    name = absl::AsciiStrToLower(absl::StrCat(test->test_suite_name(), "_", test->name()));
  }
  for (char& c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return absl::StrCat(name.substr(0, 40), "_", ::getpid(), "_", ++created);
}

}  // namespace

PostgresServer& PostgresServer::Shared() {
  static const std::unique_ptr<PostgresServer> shared = [] {
    std::unique_ptr<PostgresServer> server(new PostgresServer);
    const std::string address = SharedServerAddress("postgres");
    const absl::Status started = address.empty() ? server->Run() : PortOf(address, server->port_);
    if (!started.ok()) Fail("PostgreSQL", started);
    return server;
  }();
  return *shared;
}

absl::StatusOr<std::unique_ptr<PostgresServer>> PostgresServer::Start() {
  std::unique_ptr<PostgresServer> server(new PostgresServer);
  if (absl::Status started = server->Run(); !started.ok()) return started;
  return server;
}

PostgresServer::~PostgresServer() {
  if (process_) Crash();
}

absl::Status PostgresServer::Run() {
  constexpr int kTries = 3;  // a free port may be taken before the server has it
  dir_ = std::make_unique<TempDir>();
  absl::Status status;
  for (int i = 0; i < kTries; ++i) {
    port_ = FreePort();
    status = Restart();
    if (status.ok()) break;
  }
  return status;
}

absl::Status PostgresServer::Restart() {
  const absl::Time deadline = absl::Now() + kPatience;
  absl::Status ready;
  do {
    absl::StatusOr<std::unique_ptr<Process>> process = Process::Start(
        {.args = {SupportFile("postgres"), "run", dir_->File("data"), absl::StrCat(port_)}});
    if (!process.ok()) return process.status();
    process_ = std::move(*process);
    ready = process_->WaitForLine("ready to accept connections").status();
    // Backends of a killed postmaster hold its shared memory until they notice.
  } while (absl::StrContains(ready.message(), "pre-existing shared memory block") &&
           absl::Now() < deadline);
  return ready;
}

void PostgresServer::Crash() {
  process_->Signal(SIGCONT);
  process_->Signal(SIGQUIT);  // PostgreSQL's immediate shutdown: no checkpoint, recovery at start
  if (!process_->Wait()) process_->Kill();
}

void PostgresServer::Kill() { process_->Kill(); }

void PostgresServer::Pause(bool paused) {
  // Backends have sessions of their own; their parent is the postmaster.
  std::vector<pid_t> all = {process_->pid()};
  std::ifstream children(absl::StrCat("/proc/", all[0], "/task/", all[0], "/children"));
  for (pid_t child; children >> child;) all.push_back(child);
  for (const pid_t pid : all) ::kill(pid, paused ? SIGSTOP : SIGCONT);
}

std::string PostgresServer::Output() const { return process_ ? process_->Output() : ""; }

std::string PostgresServer::Dsn(absl::string_view database, uint16_t through_port) const {
  return absl::StrCat("host=127.0.0.1 port=", through_port == 0 ? port_ : through_port,
                      " user=tandem dbname=", database);
}

TestDatabase::TestDatabase(PostgresServer& server) : server_(server), name_(DatabaseName()) {
  const absl::StatusOr<std::string> created =
      RunSql(server_.Dsn(kMaintenance), absl::StrCat("CREATE DATABASE ", name_));
  if (!created.ok()) Fail("a database", created.status());
}

TestDatabase::~TestDatabase() {
  // Where the server is gone, so is the database.
  (void)RunSql(server_.Dsn(kMaintenance),
               absl::StrCat("DROP DATABASE IF EXISTS ", name_, " WITH (FORCE)"));
}

absl::StatusOr<std::string> TestDatabase::Query(const std::string& sql) const {
  return RunSql(Dsn(), sql);
}

}  // namespace tandem::test
