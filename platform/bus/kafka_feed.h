// The Kafka bus: a feed from topics, in a consumer group, with the source's own journal or event
// stream to fill gaps from. Kafka is trusted for nothing but speed: order, repeats and loss are the
// runner's to judge by the events' chain. Offsets are committed after the effects, as a hint only.
//
// A record that cannot be placed on its lane (headers missing, no chain, another lane's key) is
// reported and passed over: if it stood for an event, the lane shows a gap there, or its end is
// missing at the next comparison with the source, and it is read from the source.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "platform/bus/feed.h"

namespace tandem::bus {

struct KafkaFeedOptions {
  std::string brokers;  // host:port,…
  std::string group;    // "order.on.inventory"
  std::vector<std::string> topics;
  std::string topic_prefix;      // before each topic's name in Kafka; for tests that share a broker
  std::unique_ptr<Feed> source;  // Fill and Heads go there
  // The same over restarts and no other member's of the group: a reader that was killed then reads
  // on as soon as it is back, not when the broker has given its predecessor up. Empty: a new member
  // each time. Of two that run with the same, each puts the other out.
  std::string instance;
  // Of a reader that rests (LocalConsumer::rest): so long the broker may gather what it answers.
  absl::Duration rest = absl::ZeroDuration();
  // Told of each record that was passed over; may be null. Called in the runner's thread.
  std::function<void(const absl::Status&)> passed_over = nullptr;
};

// Connects to nobody yet: brokers that are away and topics that do not exist yet are waited for.
absl::StatusOr<std::unique_ptr<Feed>> MakeKafkaFeed(KafkaFeedOptions options);

}  // namespace tandem::bus
