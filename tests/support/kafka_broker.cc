#include "tests/support/kafka_broker.h"

#include <signal.h>

#include <filesystem>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/support/free_port.h"
#include "tests/support/shared_server.h"

namespace tandem::test {

KafkaBroker& KafkaBroker::Shared() {
  static const std::unique_ptr<KafkaBroker> shared = [] {
    std::unique_ptr<KafkaBroker> broker(new KafkaBroker);
    const std::string address = SharedServerAddress("kafka");
    const absl::Status started = address.empty() ? broker->Run() : PortOf(address, broker->port_);
    if (!started.ok()) Fail("Kafka", started);
    return broker;
  }();
  return *shared;
}

absl::StatusOr<std::unique_ptr<KafkaBroker>> KafkaBroker::Start(uint16_t port,
                                                                uint16_t advertised_port) {
  std::unique_ptr<KafkaBroker> broker(new KafkaBroker);
  broker->port_ = port;
  broker->advertised_port_ = advertised_port;
  if (absl::Status started = broker->Run(); !started.ok()) return started;
  return broker;
}

absl::Status KafkaBroker::Run() {
  constexpr int kTries = 3;  // a free port may be taken before the broker has it
  dir_ = std::make_unique<TempDir>();
  const uint16_t wanted = port_;
  absl::Status status;
  for (int i = 0; i < kTries; ++i) {
    port_ = wanted == 0 ? FreePort() : wanted;
    controller_port_ = FreePort();
    status = Restart();
    if (status.ok()) break;
  }
  return status;
}

absl::Status KafkaBroker::Restart() {
  absl::StatusOr<std::unique_ptr<Process>> process =
      Process::Start({.args = {SupportFile("kafka/broker"), "run", dir_->File("data"),
                               absl::StrCat(port_), absl::StrCat(controller_port_),
                               absl::StrCat(advertised_port_ == 0 ? port_ : advertised_port_)}});
  if (!process.ok()) return process.status();
  process_ = std::move(*process);
  return process_->WaitForLine("Kafka Server started", 2 * kPatience).status();
}

void KafkaBroker::Kill() { process_->Kill(); }

void KafkaBroker::Pause(bool paused) { process_->Signal(paused ? SIGSTOP : SIGCONT); }

void KafkaBroker::Wipe() { std::filesystem::remove_all(dir_->File("data")); }

std::string KafkaBroker::Output() const { return process_ ? process_->Output() : ""; }

std::string KafkaBroker::bootstrap() const { return absl::StrCat("127.0.0.1:", port_); }

std::string KafkaBroker::UniqueTopic(absl::string_view base) {
  std::random_device random;
  return absl::StrFormat("%s.%08x%08x", base, random(), random());
}

}  // namespace tandem::test
