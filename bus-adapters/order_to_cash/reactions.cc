#include "bus-adapters/order_to_cash/reactions.h"

#include "bus-adapters/order_to_cash/reaction_parts.h"
#include "platform/bus/event_meta.h"

namespace tandem::order_to_cash {
namespace {

absl::StatusOr<std::vector<Call>> CallsOf(const bus::Envelope& event) {
  if (event.source() == "/tandem/order") return ReactToOrder(event);
  if (event.source() == "/tandem/inventory") return ReactToInventory(event);
  if (event.source() == "/tandem/billing") return ReactToBilling(event);
  if (event.source() == "/tandem/opportunity") return ReactToOpportunity(event);
  return Refuse(absl::StatusCode::kInvalidArgument, "EVENT_SOURCE_UNKNOWN", event.source());
}

}  // namespace

absl::StatusOr<std::vector<Call>> React(const bus::Envelope& event) {
  absl::StatusOr<std::vector<Call>> calls = CallsOf(event);
  if (!calls.ok()) return calls;
  const std::string correlation = bus::CorrelationOf(event);
  for (Call& call : *calls) {
    call.cause_event_id = event.id();
    call.correlation_id = correlation;
  }
  return calls;
}

// Events of orders, demands, commitments, shipments, invoices and credit notes are keyed by their
// order; quotes and accounts by themselves.
std::string KeyOf(const bus::Envelope& event) {
  return event.routing_key().empty() ? event.subject() : event.routing_key();
}

}  // namespace tandem::order_to_cash
