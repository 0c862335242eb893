// A real Kafka for tests: one broker for the whole run, topics with a suffix of their own.
//
//   KafkaBroker& broker = KafkaBroker::Shared();
//   const std::string topic = broker.UniqueTopic("tandem.order.order.v1");
//
// Under ctest the fixture `kafka` (cmake: tandem_test_needs) has started it; a binary run alone
// starts its own with the first use. Tests that kill the broker start one that nobody shares.
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

class KafkaBroker {
 public:
  // The one of this run: of the ctest fixture, of the environment (TANDEM_TEST_KAFKA, as
  // host:port), or else of this process. Ends the test process when there can be none.
  static KafkaBroker& Shared();

  // One of the caller's own, stopped and removed with the object. Clients go where a broker tells
  // them to: to be between them, a CutProxy's port is advertised in place of the broker's.
  static absl::StatusOr<std::unique_ptr<KafkaBroker>> Start(uint16_t port = 0,
                                                            uint16_t advertised_port = 0);

  uint16_t port() const { return port_; }
  std::string bootstrap() const;

  // `base` and a random suffix.
  static std::string UniqueTopic(absl::string_view base);

  // Only for a broker of one's own:
  void Kill();  // SIGKILL
  void Pause(bool paused);
  absl::Status Restart();  // on the same ports and data, after Kill
  void Wipe();             // loses its data, between Kill and Restart
  std::string Output() const;

 private:
  KafkaBroker() = default;
  absl::Status Run();

  uint16_t port_ = 0;
  uint16_t controller_port_ = 0;
  uint16_t advertised_port_ = 0;
  std::unique_ptr<TempDir> dir_;  // none where it was started by somebody else
  std::unique_ptr<Process> process_;
};

}  // namespace tandem::test
