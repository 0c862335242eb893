#include "tests/journeys/distributed.h"

#include <gtest/gtest.h>

#include <csignal>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tests/support/free_port.h"

namespace tandem::test {

Distributed::Distributed(PostgresServer& postgres, const KafkaBroker& kafka)
    : kafka_(kafka), root_(postgres) {
  // Each part is told where the others will be: their ports are chosen before any of them starts.
  std::set<uint16_t> ports;
  for (const char* part : kParts) {
    uint16_t port = FreePort();
    while (!ports.insert(port).second) port = FreePort();
    addresses_[part] = absl::StrCat("127.0.0.1:", port);
    const auto made = root_.Query(absl::StrCat("CREATE DATABASE ", DatabasesBegin(), part,
                                               " TEMPLATE template0 LC_COLLATE 'C'"));
    EXPECT_TRUE(made.ok()) << made.status();
  }
}

Distributed::~Distributed() {
  processes_.clear();
  for (const char* part : kParts) {
    (void)root_.Query(
        absl::StrCat("DROP DATABASE IF EXISTS ", DatabasesBegin(), part, " WITH (FORCE)"));
  }
}

absl::Status Distributed::Start(const std::string& part) {
  Command command{.args = {Program(absl::StrCat("tandem-", part)),
                           absl::StrCat("--server.listen=", addresses_.at(part)),
                           absl::StrCat("--storage.database=postgresql://tandem@127.0.0.1:",
                                        root_.server().port(), "/"),
                           absl::StrCat("--storage.database_prefix=", DatabasesBegin()),
                           absl::StrCat("--bus.kafka=", kafka_.bootstrap())}};
  for (const auto& [other, there] : addresses_) {
    command.args.push_back(absl::StrCat("--address.", other, "=", there));
  }
  auto process = Process::Start(std::move(command));
  if (process.ok()) processes_[part] = *std::move(process);
  return process.status();
}

absl::Status Distributed::StartAll() {
  for (const char* part : kParts) {
    if (absl::Status started = Start(part); !started.ok()) return started;
  }
  for (const char* part : kParts) {
    if (absl::Status ready = AwaitReady(part); !ready.ok()) return ready;
  }
  return absl::OkStatus();
}

absl::Status Distributed::AwaitReady(const std::string& part, absl::Duration within) {
  return process(part).WaitUntilReady(part, within).status();
}

absl::Status Distributed::StopAll() {
  for (auto& [part, process] : processes_) process->Signal(SIGTERM);
  std::string bad;
  for (auto& [part, process] : processes_) {
    const auto exit = process->Wait();
    if (exit.has_value() && exit->ok()) continue;
    absl::StrAppend(&bad, part,
                    exit.has_value() ? absl::StrCat(" ended with ", exit->code, "/", exit->signal)
                                     : " does not stop",
                    "\n", process->Output());
  }
  return bad.empty() ? absl::OkStatus() : absl::InternalError(bad);
}

Command Distributed::Tandem(std::vector<std::string> arguments) const {
  Command command{.args = {Program("tandem")}};
  for (std::string& argument : arguments) command.args.push_back(std::move(argument));
  for (const auto& [part, address] : addresses_) {
    command.env[absl::StrCat("TANDEM_ADDRESS_", absl::AsciiStrToUpper(part))] = address;
  }
  return command;
}

}  // namespace tandem::test
