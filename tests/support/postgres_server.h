// A real PostgreSQL for tests, durable as in production, and a fresh database in it per test.
//
//   TestDatabase database;                     // on the run's shared server
//   auto store = store::OpenPostgres(database.Dsn());
//
// Under ctest the fixture `postgres` (cmake: tandem_test_needs) has started one server for the
// whole run; a binary run alone starts its own with its first database. Tests that crash the server
// start one that nobody shares.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace tandem::test {

class PostgresServer {
 public:
  // The one of this run: of the ctest fixture, of the environment (TANDEM_TEST_POSTGRES, as
  // host:port), or else of this process. Ends the test process when there can be none.
  static PostgresServer& Shared();

  // One of the caller's own, stopped and removed with the object.
  static absl::StatusOr<std::unique_ptr<PostgresServer>> Start();
  ~PostgresServer();

  uint16_t port() const { return port_; }

  // `host=… port=… user=… dbname=…`, as libpq takes it. With a port: through a CutProxy there.
  std::string Dsn(absl::string_view database, uint16_t through_port = 0) const;

  // Only for a server of one's own:
  void Crash();                // ends at once; what was committed must be there after Restart
  void Kill();                 // SIGKILL to the postmaster; its backends end when they notice
  void Pause(bool paused);     // the postmaster and every backend stand still
  absl::Status Restart();      // on the same port and data, after Crash or Kill
  std::string Output() const;  // its log

 private:
  PostgresServer() = default;
  absl::Status Run();

  uint16_t port_ = 0;
  std::unique_ptr<TempDir> dir_;  // none where it was started by somebody else
  std::unique_ptr<Process> process_;
};

// An empty database, named after the running test; dropped with the object, whoever is connected.
class TestDatabase {
 public:
  explicit TestDatabase(PostgresServer& server = PostgresServer::Shared());
  ~TestDatabase();
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  const std::string& name() const { return name_; }
  std::string Dsn(uint16_t through_port = 0) const { return server_.Dsn(name_, through_port); }
  PostgresServer& server() const { return server_; }

  // Runs SQL apart from what is tested; the first column of the first row, or "".
  absl::StatusOr<std::string> Query(const std::string& sql) const;

 private:
  PostgresServer& server_;
  std::string name_;
};

}  // namespace tandem::test
