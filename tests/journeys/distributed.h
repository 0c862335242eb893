// Tandem as eight processes on a PostgreSQL and a Kafka: one for each service and adapter, each on
// an address that it keeps when it is killed and started again.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "tests/journeys/company.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/postgres_server.h"
#include "tests/support/process.h"

namespace tandem::test {

class Distributed {
 public:
  // Databases of its own, one a part; nothing runs yet. The servers outlive it.
  Distributed(PostgresServer& postgres, const KafkaBroker& kafka);
  ~Distributed();  // kills what runs, drops the databases

  absl::Status Start(const std::string& part);
  absl::Status StartAll();  // until each is ready
  absl::Status AwaitReady(const std::string& part, absl::Duration within = absl::Minutes(2));
  Process& process(const std::string& part) { return *processes_.at(part); }
  // SIGTERM to all; tells who did not end well.
  absl::Status StopAll();

  const std::map<std::string, std::string>& addresses() const { return addresses_; }
  // `tandem` with these arguments, told where the parts are.
  Command Tandem(std::vector<std::string> arguments) const;

 private:
  std::string DatabasesBegin() const { return root_.name() + "_"; }

  const KafkaBroker& kafka_;
  TestDatabase root_;
  std::map<std::string, std::string> addresses_;  // by part
  std::map<std::string, std::unique_ptr<Process>> processes_;
};

}  // namespace tandem::test
