// What the topics hold of a journal: the last record of each partition, and whether the mark's
// record is where it was.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "platform/bus/kafka_client.h"
#include "platform/bus/relay_marks.h"

namespace tandem::bus {

// `topic` by its name in Kafka; `marks` of that topic.
absl::StatusOr<std::vector<PartitionEnd>> EndsOf(const std::string& brokers,
                                                 const std::string& topic, int partitions,
                                                 absl::string_view incarnation,
                                                 const PartitionMarks& marks);

}  // namespace tandem::bus
