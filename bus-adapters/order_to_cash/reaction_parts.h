// What the reactions to each source are made of.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "bus-adapters/order_to_cash/calls.h"
#include "platform/base/status.h"
#include "platform/base/uuid.h"
#include "platform/bus/subscription.h"

namespace tandem::order_to_cash {

inline constexpr char kOpportunityService[] = "tandem.opportunity.v1.OpportunityService";
inline constexpr char kCustomerService[] = "tandem.customer.v1.CustomerService";
inline constexpr char kOrderService[] = "tandem.order.v1.OrderService";
inline constexpr char kInventoryService[] = "tandem.inventory.v1.InventoryService";
inline constexpr char kBillingService[] = "tandem.billing.v1.BillingService";

// A call with its request id (DOMAIN R4) filled in.
template <class Request>
Call MakeCall(const bus::Envelope& cause, const char* part, const char* service, const char* method,
              const std::string& entity, Request request) {
  request.set_request_id(CallRequestId(cause.id(), method, entity));
  return {part, service, method, entity, std::make_shared<Request>(std::move(request))};
}

template <class Event>
absl::StatusOr<Event> ReadPayload(const bus::Envelope& envelope) {
  Event event;
  if (event.ParseFromString(envelope.payload())) return event;
  return Refuse(absl::StatusCode::kInvalidArgument, "EVENT_MALFORMED",
                "the event's payload is not what its headers say");
}

}  // namespace tandem::order_to_cash
