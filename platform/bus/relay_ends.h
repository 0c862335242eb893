// What the topics hold of a journal: the last record of each partition. Because a relay sends in
// the journal's order, a partition whose last record is of position p has every event of its lanes
// up to p; so what is behind that, and not behind the relay's cursor, is missing there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "platform/bus/kafka_client.h"

namespace tandem::bus {

struct PartitionEnd {
  int64_t position = 0;  // of its last record; 0 where it is empty or of another incarnation
  bool expired = false;  // it held records, which are all gone by their age: nothing is known
};

// `topic` by its name in Kafka.
absl::StatusOr<std::vector<PartitionEnd>> EndsOf(const std::string& brokers,
                                                 const std::string& topic, int partitions,
                                                 absl::string_view incarnation);

}  // namespace tandem::bus
