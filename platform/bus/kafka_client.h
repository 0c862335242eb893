// What feed and relay share of librdkafka's C interface: handles that close themselves, one way to
// configure a client, one way to word its errors.
//
// Written for librdkafka 2.0 and newer: no consume_batch, no cooperative assignment, no produce to
// a partition that the client does not know, and after a fatal error a new client.
#pragma once

#include <librdkafka/rdkafka.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tandem::bus {

template <auto kDestroy>
struct KafkaDelete {
  template <class T>
  void operator()(T* handle) const {
    kDestroy(handle);
  }
};
template <class T, auto kDestroy>
using KafkaPtr = std::unique_ptr<T, KafkaDelete<kDestroy>>;

using KafkaHandle = KafkaPtr<rd_kafka_t, &rd_kafka_destroy>;
using KafkaTopic = KafkaPtr<rd_kafka_topic_t, &rd_kafka_topic_destroy>;
using KafkaQueue = KafkaPtr<rd_kafka_queue_t, &rd_kafka_queue_destroy>;
using KafkaEvent = KafkaPtr<rd_kafka_event_t, &rd_kafka_event_destroy>;
using KafkaList = KafkaPtr<rd_kafka_topic_partition_list_t, &rd_kafka_topic_partition_list_destroy>;
using KafkaMessage = KafkaPtr<rd_kafka_message_t, &rd_kafka_message_destroy>;

using KafkaSettings = std::vector<std::pair<std::string, std::string>>;
using DeliveryReport = void (*)(rd_kafka_t*, const rd_kafka_message_t*, void* opaque);
using ErrorReport = void (*)(rd_kafka_t*, int error, const char* words, void* opaque);

// A client with `settings` over what both kinds have in common. It logs nothing: what matters comes
// back as errors. `delivered` and `erred` are called from rd_kafka_poll with `opaque`; for
// producers.
absl::StatusOr<KafkaHandle> OpenKafka(rd_kafka_type_t type, const std::string& brokers,
                                      const KafkaSettings& settings, void* opaque = nullptr,
                                      DeliveryReport delivered = nullptr,
                                      ErrorReport erred = nullptr);

// UNAVAILABLE KAFKA_UNAVAILABLE with what was being done and librdkafka's words.
absl::Status KafkaFailure(absl::string_view doing, rd_kafka_resp_err_t error);

// The cluster's topics and how many partitions each has; those in trouble are left out. With a
// topic: that one alone, which then is known to the client as it is now.
absl::StatusOr<std::map<std::string, int>> TopicsOf(rd_kafka_t* client, rd_kafka_topic_t* topic,
                                                    int timeout_ms);

}  // namespace tandem::bus
