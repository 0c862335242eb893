// Makes the calls of a batch of events in rounds: each holds every key's next call, so that a key's
// calls are made in the order of its events while different keys share a batch method. What one
// event asks of different services is asked at once: they hear of it in no order anyway.
//
// A call that met a passing error is tried again a few times, and then its event and those behind
// it of the same key answer that error: the lane holds. One that is refused for good answers the
// refusal: its key is parked, and nothing more of it is called.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "bus-adapters/order_to_cash/calls.h"
#include "platform/bus/subscription.h"

namespace tandem::order_to_cash {

// What an item answered. `again`: the receiver has more to do for the same wish (bounded pages).
struct Outcome {
  absl::Status status;
  bool again = false;
};

// Makes all calls, together and each by its own; an outcome for each, in order.
using MakeCalls = std::function<std::vector<Outcome>(const std::vector<const Call*>& calls)>;

// What an event asks for. An error: the event cannot be read or understood.
using Reaction = std::function<absl::StatusOr<std::vector<Call>>(const bus::Envelope& event)>;

struct RoundsOptions {
  int tries_max = 3;         // of one call within a batch, before the lane is held
  int repeats_max = 10'000;  // of one call that answers `again`
};

std::vector<absl::Status> RunRounds(absl::Span<const bus::Envelope* const> events,
                                    const std::function<std::string(const bus::Envelope&)>& key,
                                    const Reaction& react, const MakeCalls& make_calls,
                                    const RoundsOptions& options = {});

// How many of the items each call takes, in order: as many as it may, by number and by bytes, and
// always one.
std::vector<size_t> BatchSizes(const std::vector<size_t>& item_bytes, size_t items_max,
                               size_t bytes_max);

}  // namespace tandem::order_to_cash
