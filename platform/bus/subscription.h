// What a reader of events says of itself; the same for the journal bus and the Kafka bus.
//
// Delivery: every event of the topics, in order per routing key, its effect exactly once: an effect
// in the reader's own database commits with the lane's position; a call elsewhere carries a request
// id made from the event (CallRequestId), so a repeated one has no second effect.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "platform/base/state.h"
#include "tandem/events/v1/event.pb.h"

namespace tandem::bus {

using Envelope = events::v1::EventEnvelope;

// How long read models rest (LocalConsumer::rest): for people, that is at once.
inline constexpr absl::Duration kReadModelRest = absl::Milliseconds(100);

// A reader whose effect is in its own database: `apply` is a pure decision over its State, run as a
// command of its writer. Errors: those that DispositionOf parks put the event's key into
// quarantine; others hold the lane and are tried again.
struct LocalConsumer {
  std::string reader;               // "order"; the consumer group is order.on.inventory
  std::string source;               // "/tandem/inventory"
  std::vector<std::string> topics;  // what it reads of the source
  // The business key for quarantine, from the envelope alone (not the payload).
  std::function<std::string(const Envelope&)> key;
  // Called with the events that are to be applied next, before any of them is; may be null. It may
  // wait, and only saves time: an event may be applied without.
  std::function<void(absl::Span<const Envelope* const>)> prepare;
  // What it may look up, to save round trips; may be null.
  std::function<void(const Envelope&, Wanted&)> hints;
  std::function<absl::Status(const Envelope&, Context&, State&)> apply;
  // Called behind the commit of some that were applied; may be null.
  std::function<void()> committed;
  // Of a read model that no step waits for: so long it rests behind a few events, and takes what
  // has come meanwhile in one transaction.
  absl::Duration rest = absl::ZeroDuration();
};

// A reader whose effect is elsewhere: `handle` makes the calls for a batch of events, in the order
// of the events of each key, and says per event what came of it. Behind an event that is not OK it
// makes no calls for later ones of the same key (their answers do not count).
struct RemoteConsumer {
  std::string reader;
  std::string source;
  std::vector<std::string> topics;
  std::function<std::string(const Envelope&)> key;
  std::function<std::vector<absl::Status>(absl::Span<const Envelope* const>)> handle;
  absl::Duration rest = absl::ZeroDuration();  // as LocalConsumer's
};

// Parses the payload as `Event`; INVALID_ARGUMENT EVENT_MALFORMED when it is none.
template <class Event>
absl::StatusOr<Event> Parse(const Envelope& envelope) {
  Event event;
  if (!event.ParseFromString(envelope.payload())) {
    return absl::InvalidArgumentError("EVENT_MALFORMED");
  }
  return event;
}

}  // namespace tandem::bus
