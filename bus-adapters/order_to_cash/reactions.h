// The reaction table of order to cash (DOMAIN section 4), as pure functions from an event to calls.
// It reads events, calls, holds nothing. Every call states the wish absolutely, with the order's
// revision or version, so each is safe in any order and any number of times; its request id is made
// from the event, the method and the receiver's entity.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bus-adapters/order_to_cash/calls.h"
#include "platform/bus/subscription.h"

namespace tandem::order_to_cash {

// The calls that an event asks for, in order; none for an event that asks for nothing.
// INVALID_ARGUMENT EVENT_MALFORMED for a payload that is not what the envelope says.
absl::StatusOr<std::vector<Call>> React(const bus::Envelope& event);

// The business key an event belongs to, from its record's key alone: the order; else the quote or
// account.
std::string KeyOf(const bus::Envelope& event);

// By source.
absl::StatusOr<std::vector<Call>> ReactToOpportunity(const bus::Envelope& event);
absl::StatusOr<std::vector<Call>> ReactToOrder(const bus::Envelope& event);
absl::StatusOr<std::vector<Call>> ReactToInventory(const bus::Envelope& event);
absl::StatusOr<std::vector<Call>> ReactToBilling(const bus::Envelope& event);

}  // namespace tandem::order_to_cash
