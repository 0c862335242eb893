#include "bus-adapters/order_to_cash/reaction_parts.h"
#include "bus-adapters/order_to_cash/reactions.h"
#include "platform/base/fixed.h"
#include "platform/base/quantity.h"
#include "platform/base/status_macros.h"
#include "tandem/billing/v1/billing_service.pb.h"
#include "tandem/inventory/v1/inventory_service.pb.h"
#include "tandem/opportunity/v1/opportunity_service.pb.h"
#include "tandem/order/v1/events.pb.h"

namespace tandem::order_to_cash {
namespace {

using order::v1::Order;
using order::v1::OrderEvent;

// What the order wants of stock: each line's ordered quantity less what was cancelled, in base
// units.
absl::StatusOr<Call> RecordDemand(const bus::Envelope& cause, const Order& order, bool held,
                                  int64_t order_version) {
  inventory::v1::RecordDemandRequest request;
  request.set_order_id(order.id());
  request.set_order_number(order.order_number());
  request.set_revision(order.revision());
  for (const order::v1::OrderLine& line : order.lines()) {
    TANDEM_ASSIGN_OR_RETURN(Quantity ordered, FromProto(line.ordered(), "ordered"));
    int64_t cancelled_micros = 0;
    if (line.has_cancelled()) {
      TANDEM_ASSIGN_OR_RETURN(Quantity cancelled, FromProto(line.cancelled(), "cancelled"));
      cancelled_micros = cancelled.micros;
    }
    inventory::v1::RecordDemandLine* wanted = request.add_lines();
    wanted->set_line_number(line.line_number());
    wanted->set_product_id(line.product_id());
    SetQuantity(ordered.micros - cancelled_micros, ordered.unit, wanted->mutable_quantity());
    *wanted->mutable_requested_date() =
        line.has_requested_date() ? line.requested_date() : order.requested_date();
  }
  request.set_delivery_policy(order.delivery_policy() == order::v1::DELIVERY_POLICY_COMPLETE
                                  ? inventory::v1::DELIVERY_POLICY_COMPLETE
                                  : inventory::v1::DELIVERY_POLICY_PARTIAL);
  request.set_backorder_policy(order.backorder_policy() == order::v1::BACKORDER_POLICY_NO_BACKORDER
                                   ? inventory::v1::BACKORDER_POLICY_NO_BACKORDER
                                   : inventory::v1::BACKORDER_POLICY_BACKORDER);
  request.set_priority(order.priority());
  request.set_customer_id(order.sold_to_customer_id());
  *request.mutable_ship_to_address() = order.ship_to().address();
  request.set_ship_to_name(order.ship_to().name());
  request.set_held(held);
  request.set_order_version(order_version);
  return MakeCall(cause, "inventory", kInventoryService, "RecordDemand", order.id(),
                  std::move(request));
}

Call ReserveCredit(const bus::Envelope& cause, const Order& order) {
  billing::v1::ReserveCreditRequest request;
  request.set_order_id(order.id());
  request.set_order_number(order.order_number());
  request.set_revision(order.revision());
  request.set_account_id(order.payer_account_id());
  request.set_payer_customer_id(order.payer_customer_id());
  *request.mutable_amount() = order.gross_total();
  return MakeCall(cause, "billing", kBillingService, "ReserveCredit", order.id(),
                  std::move(request));
}

Call RecordOrder(const bus::Envelope& cause, const Order& order) {
  opportunity::v1::RecordOrderRequest request;
  request.set_quote_id(order.quote_id());
  request.set_quote_version(order.quote_version());
  request.set_order_id(order.id());
  request.set_order_number(order.order_number());
  return MakeCall(cause, "opportunity", kOpportunityService, "RecordOrder", order.quote_id(),
                  std::move(request));
}

template <class Request>
Call AboutDemand(const bus::Envelope& cause, const Order& order, const char* method,
                 int64_t order_version) {
  Request request;
  request.set_order_id(order.id());
  request.set_order_version(order_version);
  return MakeCall(cause, "inventory", kInventoryService, method, order.id(), std::move(request));
}

Call ReleaseCredit(const bus::Envelope& cause, const Order& order, int64_t order_version) {
  billing::v1::ReleaseCreditRequest request;
  request.set_order_id(order.id());
  request.set_order_version(order_version);
  return MakeCall(cause, "billing", kBillingService, "ReleaseCredit", order.id(),
                  std::move(request));
}

Call PostInvoice(const bus::Envelope& cause, const Order& order,
                 const order::v1::OrderShipmentRecorded& shipped) {
  billing::v1::PostInvoiceRequest request;
  request.set_order_id(order.id());
  request.set_order_number(shipped.order_number());
  request.set_shipment_id(shipped.shipment_id());
  request.set_account_id(shipped.payer_account_id());
  request.set_payer_customer_id(shipped.payer_customer_id());
  request.mutable_bill_to()->set_customer_id(shipped.bill_to().customer_id());
  request.mutable_bill_to()->set_name(shipped.bill_to().name());
  *request.mutable_bill_to()->mutable_address() = shipped.bill_to().address();
  request.mutable_bill_to()->set_tax_id(shipped.bill_to().tax_id());
  *request.mutable_invoice_date() = shipped.ship_date();
  *request.mutable_tax_date() = shipped.ship_date();
  for (const order::v1::BillableLine& line : shipped.lines()) {
    billing::v1::InvoiceLineInput* billed = request.add_lines();
    billed->set_line_number(line.line_number());
    billed->set_product_id(line.product_id());
    billed->set_sku(line.sku());
    billed->set_description(line.description());
    if (line.has_quantity()) *billed->mutable_quantity() = line.quantity();
    if (line.has_unit_price()) *billed->mutable_unit_price() = line.unit_price();
    if (line.has_price_per()) *billed->mutable_price_per() = line.price_per().value();
    if (line.has_discount()) *billed->mutable_discount() = line.discount();
    *billed->mutable_net() = line.net();
    billed->set_tax_code(line.tax_code());
    *billed->mutable_tax_rate() = line.tax_rate();
    billed->set_freight(line.freight());
  }
  request.set_last(shipped.last());
  request.set_currency(shipped.currency());
  return MakeCall(cause, "billing", kBillingService, "PostInvoice", shipped.shipment_id(),
                  std::move(request));
}

Call PostCreditNote(const bus::Envelope& cause, const Order& order,
                    const order::v1::OrderReturnRecorded& returned) {
  billing::v1::PostCreditNoteRequest request;
  request.set_return_id(returned.return_id());
  request.set_order_id(order.id());
  request.set_shipment_id(returned.shipment_id());
  *request.mutable_credit_date() = returned.return_date();
  request.set_reason(billing::v1::CREDIT_NOTE_REASON_RETURN);
  for (const order::v1::CreditableLine& line : returned.lines()) {
    billing::v1::CreditNoteLineInput* credited = request.add_lines();
    credited->set_line_number(line.line_number());
    *credited->mutable_quantity() = line.quantity();
    *credited->mutable_net() = line.net();
    credited->set_tax_code(line.tax_code());
    *credited->mutable_tax_rate() = line.tax_rate();
  }
  return MakeCall(cause, "billing", kBillingService, "PostCreditNote", returned.return_id(),
                  std::move(request));
}

}  // namespace

absl::StatusOr<std::vector<Call>> ReactToOrder(const bus::Envelope& envelope) {
  TANDEM_ASSIGN_OR_RETURN(OrderEvent event, ReadPayload<OrderEvent>(envelope));
  const Order& order = event.order();
  const int64_t version = event.meta().entity_version();
  std::vector<Call> calls;
  switch (event.what_case()) {
    case OrderEvent::kOrderPlaced: {  // 2
      TANDEM_ASSIGN_OR_RETURN(Call demand,
                              RecordDemand(envelope, order, event.order_placed().held(), version));
      calls.push_back(std::move(demand));
      calls.push_back(ReserveCredit(envelope, order));
      if (!order.quote_id().empty()) calls.push_back(RecordOrder(envelope, order));
      break;
    }
    case OrderEvent::kOrderHeld:  // 6
      calls.push_back(
          AboutDemand<inventory::v1::HoldDemandRequest>(envelope, order, "HoldDemand", version));
      break;
    case OrderEvent::kOrderReleased:  // 6
      if (!event.order_released().last()) break;
      calls.push_back(AboutDemand<inventory::v1::ResumeDemandRequest>(envelope, order,
                                                                      "ResumeDemand", version));
      break;
    case OrderEvent::kOrderAmended: {  // 7
      TANDEM_ASSIGN_OR_RETURN(Call demand,
                              RecordDemand(envelope, order, order.holds_size() > 0, version));
      calls.push_back(std::move(demand));
      calls.push_back(ReserveCredit(envelope, order));
      break;
    }
    case OrderEvent::kOrderCancelRequested:  // 8
      calls.push_back(AboutDemand<inventory::v1::ReleaseStockRequest>(envelope, order,
                                                                      "ReleaseStock", version));
      break;
    case OrderEvent::kOrderCancelled:  // 10
      calls.push_back(ReleaseCredit(envelope, order, version));
      break;
    case OrderEvent::kOrderClosed:  // 10
      if (!event.order_closed().last_billed()) {
        calls.push_back(ReleaseCredit(envelope, order, version));
      }
      break;
    case OrderEvent::kOrderShipmentRecorded:  // 12
      if (event.order_shipment_recorded().lines_size() == 0) break;
      calls.push_back(PostInvoice(envelope, order, event.order_shipment_recorded()));
      break;
    case OrderEvent::kOrderReturnRecorded:  // 16
      if (event.order_return_recorded().lines_size() == 0) break;
      calls.push_back(PostCreditNote(envelope, order, event.order_return_recorded()));
      break;
    case OrderEvent::kOrderCreditRecorded:
    case OrderEvent::kOrderConfirmed:
    case OrderEvent::kOrderAllocationChanged:
    case OrderEvent::kOrderInvoiced:
    case OrderEvent::kOrderSettlementRecorded:
    case OrderEvent::kOrderCreditNoteRecorded:
    case OrderEvent::WHAT_NOT_SET:  // told by a newer program; nothing we know is asked for
      break;
  }
  return calls;
}

}  // namespace tandem::order_to_cash
