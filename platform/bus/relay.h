// Copies a service's journal to Kafka: one relay per service, whoever holds the database's advisory
// lock. At least once, in order per key; every copy of an event is byte-identical. The cursor moves
// by compare-and-set after the broker's answer for everything before it, and with it the marks of
// where that stands (platform/bus/relay_marks.h). On a producer's error it starts again from the
// cursor with a new producer; at start, and when the broker was away, it compares the topics with
// the marks and sends again what is missing there. Topics that do not exist are created.
//
// A topic that holds positions of this journal's incarnation beyond the journal's end is not
// written to: the database went back in time (RELAY_JOURNAL_BEHIND, until somebody looks).
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/store/database.h"

namespace tandem::bus {

struct RelayOptions {
  std::string brokers;
  std::string source;        // "/tandem/order"
  std::string topic_prefix;  // as KafkaFeedOptions
  int page_max = 10'000;
  int in_flight_max = 100'000;  // events sent and not answered
  absl::Duration poll = absl::Seconds(1);
  // Of topics that it creates; more may be added at any time. A request to the broker carries one
  // partition's events (librdkafka), so each more costs a request for every batch.
  int partitions = 1;
  int replication = 1;  // of topics that it creates
};

struct RelayStatus {
  bool leading = false;
  int64_t position = 0;  // everything up to here was acknowledged by the broker
  int64_t sent = 0;
  int64_t refilled = 0;    // of those, sent again because a topic lacked them
  int64_t rebuilt = 0;     // producers that were given up
  std::string last_error;  // empty when the last try went well
};

class Relay {
 public:
  // Starts its thread; a database or broker that is away is waited for.
  static absl::StatusOr<std::unique_ptr<Relay>> Start(store::Database& database,
                                                      RelayOptions options);
  virtual ~Relay() = default;
  virtual RelayStatus status() const = 0;
};

}  // namespace tandem::bus
