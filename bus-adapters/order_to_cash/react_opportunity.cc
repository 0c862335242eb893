#include "bus-adapters/order_to_cash/reaction_parts.h"
#include "bus-adapters/order_to_cash/reactions.h"
#include "platform/base/status_macros.h"
#include "tandem/customer/v1/customer_service.pb.h"
#include "tandem/opportunity/v1/events.pb.h"
#include "tandem/order/v1/order_service.pb.h"

namespace tandem::order_to_cash {
namespace {

using opportunity::v1::QuoteAccepted;
using opportunity::v1::QuoteEvent;

// The order takes what was accepted as it stands: its prices bind.
Call PlaceOrder(const bus::Envelope& cause, const QuoteAccepted& accepted) {
  order::v1::PlaceOrderRequest request;
  request.set_quote_id(accepted.quote_id());
  request.set_quote_version(accepted.quote_version());
  order::v1::Order* order = request.mutable_order();
  order->set_sold_to_customer_id(accepted.customer_id());
  order->set_sold_to_name(accepted.customer_name());
  if (accepted.has_ship_to()) {
    order->mutable_ship_to()->set_name(accepted.ship_to().name());
    *order->mutable_ship_to()->mutable_address() = accepted.ship_to().address();
  }
  if (!accepted.bill_to_customer_id().empty()) {
    order->mutable_bill_to()->set_customer_id(accepted.bill_to_customer_id());
  }
  order->set_payer_customer_id(accepted.payer_customer_id());
  *order->mutable_order_date() = accepted.acceptance_date();
  if (accepted.has_price_date()) *order->mutable_price_date() = accepted.price_date();
  if (accepted.has_requested_date()) *order->mutable_requested_date() = accepted.requested_date();
  order->set_currency(accepted.currency());
  order->set_delivery_policy(static_cast<order::v1::DeliveryPolicy>(accepted.delivery_policy()));
  order->set_backorder_policy(static_cast<order::v1::BackorderPolicy>(accepted.backorder_policy()));
  order->set_customer_reference(accepted.customer_reference());
  for (const opportunity::v1::AcceptedLine& line : accepted.lines()) {
    order::v1::OrderLine* ordered = order->add_lines();
    ordered->set_line_number(line.line_number());
    ordered->set_product_id(line.product_id());
    ordered->set_sku(line.sku());
    ordered->set_description(line.description());
    *ordered->mutable_quantity() = line.quantity();
    *ordered->mutable_unit_price() = line.unit_price();
    if (line.has_price_per()) *ordered->mutable_price_per() = line.price_per();
    ordered->set_price_source(order::v1::PRICE_SOURCE_QUOTE);
    if (line.has_discount()) *ordered->mutable_discount() = line.discount();
    if (line.has_net()) *ordered->mutable_net() = line.net();
    if (line.has_requested_date()) *ordered->mutable_requested_date() = line.requested_date();
  }
  if (accepted.has_freight()) {
    *order->mutable_freight()->mutable_net() = accepted.freight().net();
    order->mutable_freight()->set_tax_class(accepted.freight().tax_class());
    order->mutable_freight()->set_description(accepted.freight().description());
  }
  return MakeCall(cause, "order", kOrderService, "PlaceOrder", accepted.quote_id(),
                  std::move(request));
}

}  // namespace

absl::StatusOr<std::vector<Call>> ReactToOpportunity(const bus::Envelope& envelope) {
  TANDEM_ASSIGN_OR_RETURN(QuoteEvent event, ReadPayload<QuoteEvent>(envelope));
  std::vector<Call> calls;
  if (!event.has_quote_accepted()) return calls;  // 1
  customer::v1::PromoteCustomerRequest promote;
  promote.set_id(event.quote_accepted().customer_id());
  calls.push_back(MakeCall(envelope, "customer", kCustomerService, "PromoteCustomer",
                           event.quote_accepted().customer_id(), std::move(promote)));
  calls.push_back(PlaceOrder(envelope, event.quote_accepted()));
  return calls;
}

}  // namespace tandem::order_to_cash
