// What the topics hold of a journal: the last record of each partition. Because a relay sends in
// the journal's order, a partition whose last record is of position p has every event of its lanes
// up to p; so what is behind that, and not behind the relay's cursor, is missing there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "platform/bus/kafka_client.h"
#include "platform/bus/partition_end.h"

namespace tandem::bus {

// `topic` by its name in Kafka.
absl::StatusOr<std::vector<PartitionEnd>> EndsOf(const std::string& brokers,
                                                 const std::string& topic, int partitions,
                                                 absl::string_view incarnation);

}  // namespace tandem::bus
