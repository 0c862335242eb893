// Following an order through reservation, cancellation and shipping.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "platform/base/date.h"
#include "platform/base/etag.h"
#include "platform/base/fault.h"
#include "platform/base/fixed.h"
#include "platform/base/money.h"
#include "platform/base/quantity.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "services/order/order_decide.h"
#include "services/order/order_decide_document.h"
#include "tandem/order/v1/events.pb.h"

namespace tandem::order {
namespace {

bool AnyBackordered(const v1::Order& order) {
  return std::any_of(order.lines().begin(), order.lines().end(),
                     [](const auto& line) { return Figures::Of(line).backordered > 0; });
}

bool AnyShipped(const v1::Order& order) {
  return std::any_of(order.lines().begin(), order.lines().end(),
                     [](const auto& line) { return Figures::Of(line).shipped > 0; });
}

void TellConfirmed(const v1::Order& order, Context& context, State& state) {
  v1::OrderEvent event;
  event.mutable_order_confirmed()->set_revision(order.revision());
  event.mutable_order_confirmed()->set_complete(!AnyBackordered(order));
  state.Emit<v1::Order>(context, order.id(), std::move(event), /*with_previous=*/true);
}

void RequestCancel(v1::CancelReason reason, const std::string& note, v1::Order* order,
                   Context& context, State& state) {
  order->set_cancel_requested(true);
  order->set_cancel_reason(reason);
  order->set_cancel_note(note);
  v1::OrderEvent event;
  event.mutable_order_cancel_requested()->set_reason(reason);
  event.mutable_order_cancel_requested()->set_note(note);
  state.Emit<v1::Order>(context, order->id(), std::move(event), /*with_previous=*/true);
}

}  // namespace

Answer<v1::Order> ConfirmOrder(const v1::ConfirmOrderRequest& request, Context& context,
                               State& state) {
  const std::string& id = request.order_id();
  TANDEM_ASSIGN_OR_RETURN(const v1::Order* now, FindOrder(id, state));
  if (request.revision() > now->revision()) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "ORDER_REVISION_UNKNOWN",
                  absl::StrCat(now->order_number(), " is at revision ", now->revision(), "."),
                  "revision");
  }
  if (IsFinal(*now) || request.demand_version() <= now->demand_version()) {
    return state.Answer<v1::Order>(id);
  }
  v1::Order* order = state.Edit<v1::Order>(id);
  order->set_demand_version(request.demand_version());
  for (int i = 0; i < request.lines_size(); ++i) {
    const v1::ConfirmOrderLine& told = request.lines(i);
    const std::string path = absl::StrCat("lines[", i, "]");
    v1::OrderLine* line = LineOf(order, told.line_number());
    if (line == nullptr) return LineUnknown(*now, told.line_number());
    Figures figures = Figures::Of(*line);
    TANDEM_ASSIGN_OR_RETURN(figures.reserved,
                            FactQuantity(told.reserved(), *line, path + ".reserved"));
    TANDEM_ASSIGN_OR_RETURN(figures.backordered,
                            FactQuantity(told.backordered(), *line, path + ".backordered"));
    figures.TrimToOpen();
    figures.WriteTo(line);
    line->clear_promised_date();
    if (told.has_promised_date()) *line->mutable_promised_date() = told.promised_date();
  }
  TANDEM_RETURN_IF_ERROR(Refresh(order));

  const bool current = request.revision() == order->revision();
  if (current && order->credit_status() == v1::CREDIT_STATUS_PENDING) {
    order->set_credit_status(v1::CREDIT_STATUS_APPROVED);  // stock is asked for after credit only
  }
  if (current && !order->cancel_requested() &&
      order->backorder_policy() == v1::BACKORDER_POLICY_NO_BACKORDER && AnyBackordered(*order)) {
    RequestCancel(v1::CANCEL_REASON_OUT_OF_STOCK, "", order, context, state);
  } else if (current && order->state() == v1::ORDER_STATE_PLACED &&
             (order->holds().empty() || TANDEM_PLANTED("held_order_confirms")) &&
             !order->cancel_requested()) {
    order->set_state(v1::ORDER_STATE_CONFIRMED);
    TellConfirmed(*order, context, state);
  } else {
    v1::OrderEvent event;
    event.mutable_order_allocation_changed()->set_demand_version(request.demand_version());
    state.Emit<v1::Order>(context, id, std::move(event), /*with_previous=*/true);
  }
  return state.Answer<v1::Order>(id);
}

Answer<v1::Order> CancelOrder(const v1::CancelOrderRequest& request, Context& context,
                              State& state) {
  const std::string& id = request.order_id();
  TANDEM_ASSIGN_OR_RETURN(const v1::Order* now, FindOrder(id, state));
  TANDEM_RETURN_IF_ERROR(CheckEtag(request.etag(), state.Version<v1::Order>(id)));
  if (now->state() == v1::ORDER_STATE_CANCELLED || now->cancel_requested()) {
    return state.Answer<v1::Order>(id);
  }
  if (now->state() == v1::ORDER_STATE_CLOSED) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "ORDER_CLOSED",
                  absl::StrCat(now->order_number(), " is closed."), "order_id");
  }
  if (AnyShipped(*now) && !TANDEM_PLANTED("cancel_after_ship")) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "ORDER_ALREADY_SHIPPED",
                  absl::StrCat("Part of ", now->order_number(),
                               " was shipped: amend it down to that instead."),
                  "order_id");
  }
  RequestCancel(request.reason() == v1::CANCEL_REASON_UNSPECIFIED
                    ? v1::CANCEL_REASON_CUSTOMER_REQUEST
                    : request.reason(),
                request.note(), state.Edit<v1::Order>(id), context, state);
  return state.Answer<v1::Order>(id);
}

Answer<v1::Order> CompleteCancel(const v1::CompleteCancelRequest& request, Context& context,
                                 State& state) {
  const std::string& id = request.order_id();
  TANDEM_ASSIGN_OR_RETURN(const v1::Order* now, FindOrder(id, state));
  if (IsFinal(*now) || request.demand_version() <= now->demand_version()) {
    return state.Answer<v1::Order>(id);
  }
  // What had shipped by inventory's word, which may be ahead of the shipments recorded here.
  std::vector<int64_t> shipped;
  bool any_shipped = false, any_remainder = false;
  for (const v1::CompleteCancelLine& told : request.lines()) {
    if (LineOf(*now, told.line_number()) == nullptr) return LineUnknown(*now, told.line_number());
  }
  for (const v1::OrderLine& line : now->lines()) {
    const Figures figures = Figures::Of(line);
    shipped.push_back(figures.shipped);
    for (const v1::CompleteCancelLine& told : request.lines()) {
      if (told.line_number() != line.line_number()) continue;
      TANDEM_ASSIGN_OR_RETURN(int64_t theirs, FactQuantity(told.shipped(), line, "lines.shipped"));
      shipped.back() = std::min(std::max(shipped.back(), theirs), figures.standing());
    }
    if (shipped.back() > 0) any_shipped = true;
    if (shipped.back() < figures.standing()) any_remainder = true;
  }
  v1::Order* order = state.Edit<v1::Order>(id);
  const google::type::Money net_before = order->net_total();
  // What has left confirms the order as it stood; then its remainder is cancelled.
  if (any_shipped && order->state() == v1::ORDER_STATE_PLACED) {
    order->set_state(v1::ORDER_STATE_CONFIRMED);
    TANDEM_RETURN_IF_ERROR(Refresh(order));
    TellConfirmed(*order, context, state);
    order = state.Edit<v1::Order>(id);
  }
  order->set_demand_version(request.demand_version());
  for (int i = 0; i < order->lines_size(); ++i) {
    v1::OrderLine& line = *order->mutable_lines(i);
    Figures figures = Figures::Of(line);
    figures.cancelled = figures.ordered - shipped[static_cast<size_t>(i)];
    figures.reserved = 0;
    figures.backordered = 0;
    figures.WriteTo(&line);
    line.clear_promised_date();
  }
  order->set_cancel_requested(false);
  if (order->cancel_reason() == v1::CANCEL_REASON_UNSPECIFIED) {
    order->set_cancel_reason(v1::CANCEL_REASON_OTHER);  // nobody asked here: released there
  }

  if (!any_shipped) {
    order->set_state(v1::ORDER_STATE_CANCELLED);
    order->clear_holds();
    TANDEM_RETURN_IF_ERROR(Refresh(order));
    v1::OrderEvent event;
    event.mutable_order_cancelled()->set_reason(order->cancel_reason());
    *event.mutable_order_cancelled()->mutable_net_total() = net_before;
    state.Emit<v1::Order>(context, id, std::move(event), /*with_previous=*/true);
    return state.Answer<v1::Order>(id);
  }
  if (any_remainder) order->set_revision(order->revision() + 1);
  TANDEM_RETURN_IF_ERROR(Refresh(order));
  v1::OrderEvent event;
  event.mutable_order_amended()->set_revision(order->revision());
  event.mutable_order_amended()->set_reason(v1::AMEND_REASON_REMAINDER_CANCELLED);
  state.Emit<v1::Order>(context, id, std::move(event), /*with_previous=*/true);
  CloseIfDone(context, state, id);
  return state.Answer<v1::Order>(id);
}

Answer<v1::Order> RecordShipment(const v1::RecordShipmentRequest& request, Context& context,
                                 State& state) {
  const std::string& id = request.order_id();
  TANDEM_ASSIGN_OR_RETURN(const v1::Order* now, FindOrder(id, state));
  if (ShipmentOf(*now, request.shipment_id()) != nullptr) return state.Answer<v1::Order>(id);
  if (now->state() == v1::ORDER_STATE_CANCELLED) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "ORDER_CANCELLED",
                  absl::StrCat(now->order_number(), " is cancelled; nothing of it can have left."),
                  "order_id");
  }
  TANDEM_ASSIGN_OR_RETURN(int32_t ship_day, DateFromProto(request.ship_date(), "ship_date"));
  v1::Order* order = state.Edit<v1::Order>(id);
  const std::string& currency = order->currency();
  v1::OrderEvent event;
  v1::OrderShipmentRecorded* what = event.mutable_order_shipment_recorded();

  for (int i = 0; i < request.lines_size(); ++i) {
    const v1::RecordShipmentLine& told = request.lines(i);
    const std::string path = absl::StrCat("lines[", i, "]");
    v1::OrderLine* line = LineOf(order, told.line_number());
    if (line == nullptr) return LineUnknown(*now, told.line_number());
    Figures figures = Figures::Of(*line);
    TANDEM_ASSIGN_OR_RETURN(int64_t quantity,
                            FactQuantity(told.quantity(), *line, path + ".quantity"));
    if (!told.has_quantity()) {
      TANDEM_ASSIGN_OR_RETURN(int64_t total,
                              FactQuantity(told.shipped_total(), *line, path + ".shipped_total"));
      quantity = std::max<int64_t>(0, total - figures.shipped);
    }
    if (quantity == 0) continue;
    if (quantity > figures.open()) {
      return Refuse(
          absl::StatusCode::kFailedPrecondition, "ORDER_OVER_SHIPPED",
          absl::StrCat("Line ", line->line_number(), " of ", order->order_number(), " has ",
                       FormatQuantity(figures.open(), line->ordered().unit()), " open, not ",
                       FormatQuantity(quantity, line->ordered().unit()), "."),
          path + ".quantity");
    }
    figures.shipped += quantity;
    // Inventory's reserved and backordered make up what is open there: what is above takes from
    // the reserved. A report that has counted this shipment already leaves nothing above.
    figures.TrimToOpen();
    figures.WriteTo(line);

    // Parts bill the difference of cumulated amounts, so that they meet the line (DOMAIN 6.4).
    TANDEM_ASSIGN_OR_RETURN(
        int64_t cumulated,
        CumulatedPart(Micros(line->ordered_net()), figures.shipped, figures.ordered, currency));
    TANDEM_ASSIGN_OR_RETURN(int64_t net, SubMoney(cumulated, Micros(line->billed_net())));
    if (TANDEM_PLANTED("part_bill_rounds_alone")) {
      TANDEM_ASSIGN_OR_RETURN(
          net, CumulatedPart(Micros(line->ordered_net()), quantity, figures.ordered, currency));
      cumulated = Micros(line->billed_net()) + net;
    }
    SetMoney(cumulated, currency, line->mutable_billed_net());

    v1::RecordedShipmentLine* row = order->add_shipment_lines();
    row->set_shipment_id(request.shipment_id());
    row->set_line_number(line->line_number());
    SetQuantity(quantity, line->ordered().unit(), row->mutable_quantity());
    SetMoney(net, currency, row->mutable_billed_net());
    SetQuantity(0, line->ordered().unit(), row->mutable_returned());
    SetMoney(0, currency, row->mutable_return_net());

    v1::BillableLine* bill = what->add_lines();
    bill->set_line_number(line->line_number());
    bill->set_product_id(line->product_id());
    bill->set_sku(line->sku());
    bill->set_description(line->description());
    *bill->mutable_quantity() = row->quantity();
    if (line->has_unit_price()) *bill->mutable_unit_price() = line->unit_price();
    if (line->has_price_per()) *bill->mutable_price_per() = line->price_per();
    *bill->mutable_discount() = line->discount();
    SetMoney(net, currency, bill->mutable_net());
    bill->set_tax_code(line->tax_code());
    *bill->mutable_tax_rate() = line->tax_rate();
  }

  if (order->has_freight() && order->shipments().empty()) {  // on the first invoice
    v1::FreightCharge* freight = order->mutable_freight();
    *freight->mutable_billed_net() = freight->net();
    v1::BillableLine* bill = what->add_lines();
    bill->set_line_number(freight->line_number());
    bill->set_description(freight->description());
    SetQuantity(kMicrosPerUnit, "C62", bill->mutable_quantity());
    *bill->mutable_unit_price() = freight->net();
    SetQuantity(kMicrosPerUnit, "C62", bill->mutable_price_per());
    *bill->mutable_discount() = DecimalToProto(0);
    *bill->mutable_net() = freight->net();
    bill->set_tax_code(freight->tax_code());
    *bill->mutable_tax_rate() = freight->tax_rate();
    bill->set_freight(true);
  }

  const bool last = NothingOpen(*order) && !order->cancel_requested();
  if (last) order->set_last_billed(true);
  v1::RecordedShipment* shipment = order->add_shipments();
  shipment->set_shipment_id(request.shipment_id());
  shipment->set_shipment_number(request.shipment_number());
  *shipment->mutable_ship_date() = DateToProto(ship_day);
  shipment->set_shipment_version(request.shipment_version());
  shipment->set_last(last);
  const bool confirms = order->state() == v1::ORDER_STATE_PLACED;
  if (confirms) order->set_state(v1::ORDER_STATE_CONFIRMED);
  TANDEM_RETURN_IF_ERROR(Refresh(order));

  what->set_shipment_id(request.shipment_id());
  what->set_shipment_number(request.shipment_number());
  *what->mutable_ship_date() = shipment->ship_date();
  what->set_last(last);
  *what->mutable_bill_to() = order->bill_to();
  what->set_payer_account_id(order->payer_account_id());
  what->set_payer_customer_id(order->payer_customer_id());
  what->set_currency(currency);
  what->set_order_number(order->order_number());
  if (confirms) TellConfirmed(*order, context, state);  // the report overtook the confirmation
  state.Emit<v1::Order>(context, id, std::move(event), /*with_previous=*/true);
  return state.Answer<v1::Order>(id);
}

}  // namespace tandem::order
