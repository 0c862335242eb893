#include "bus-adapters/order_to_cash/reaction_parts.h"
#include "bus-adapters/order_to_cash/reactions.h"
#include "platform/base/status_macros.h"
#include "tandem/inventory/v1/events.pb.h"
#include "tandem/order/v1/order_service.pb.h"

namespace tandem::order_to_cash {
namespace {

using inventory::v1::DemandEvent;
using inventory::v1::ShipmentEvent;

// `what` is StockReserved or StockShort: the same figures, all of it or part.
template <class What>
Call ConfirmOrder(const bus::Envelope& cause, const What& what, int64_t demand_version) {
  order::v1::ConfirmOrderRequest request;
  request.set_order_id(what.order_id());
  request.set_revision(what.revision());
  request.set_demand_version(demand_version);
  for (const inventory::v1::ReservedLine& line : what.lines()) {
    order::v1::ConfirmOrderLine* confirmed = request.add_lines();
    confirmed->set_line_number(line.line_number());
    *confirmed->mutable_reserved() = line.reserved();
    *confirmed->mutable_backordered() = line.backordered();
    if (line.has_promised_date()) *confirmed->mutable_promised_date() = line.promised_date();
  }
  return MakeCall(cause, "order", kOrderService, "ConfirmOrder", what.order_id(),
                  std::move(request));
}

Call CompleteCancel(const bus::Envelope& cause, const inventory::v1::StockReleased& released,
                    int64_t demand_version) {
  order::v1::CompleteCancelRequest request;
  request.set_order_id(released.order_id());
  request.set_demand_version(demand_version);
  for (const inventory::v1::ReleasedLine& line : released.lines()) {
    order::v1::CompleteCancelLine* cancelled = request.add_lines();
    cancelled->set_line_number(line.line_number());
    *cancelled->mutable_released() = line.released();
    *cancelled->mutable_shipped() = line.shipped();
  }
  return MakeCall(cause, "order", kOrderService, "CompleteCancel", released.order_id(),
                  std::move(request));
}

Call RecordShipment(const bus::Envelope& cause, const inventory::v1::ShipmentShipped& shipped,
                    int64_t shipment_version) {
  order::v1::RecordShipmentRequest request;
  request.set_order_id(shipped.order_id());
  request.set_shipment_id(shipped.shipment_id());
  request.set_shipment_number(shipped.shipment_number());
  *request.mutable_ship_date() = shipped.ship_date();
  request.set_shipment_version(shipment_version);
  for (const inventory::v1::ShippedLine& line : shipped.lines()) {
    order::v1::RecordShipmentLine* recorded = request.add_lines();
    recorded->set_line_number(line.line_number());
    *recorded->mutable_quantity() = line.quantity();
    *recorded->mutable_shipped_total() = line.shipped_total();
  }
  return MakeCall(cause, "order", kOrderService, "RecordShipment", shipped.shipment_id(),
                  std::move(request));
}

Call RecordReturn(const bus::Envelope& cause, const inventory::v1::ShipmentReturned& returned) {
  order::v1::RecordReturnRequest request;
  request.set_order_id(returned.order_id());
  request.set_return_id(returned.return_id());
  request.set_shipment_id(returned.shipment_id());
  *request.mutable_return_date() = returned.return_date();
  for (const inventory::v1::ReturnedLine& line : returned.lines()) {
    order::v1::RecordReturnLine* recorded = request.add_lines();
    recorded->set_line_number(line.line_number());
    *recorded->mutable_quantity() = line.quantity();
    *recorded->mutable_returned_total() = line.returned_total();
  }
  return MakeCall(cause, "order", kOrderService, "RecordReturn", returned.return_id(),
                  std::move(request));
}

absl::StatusOr<std::vector<Call>> ReactToDemand(const bus::Envelope& envelope) {
  TANDEM_ASSIGN_OR_RETURN(DemandEvent event, ReadPayload<DemandEvent>(envelope));
  const int64_t version = event.meta().entity_version();
  std::vector<Call> calls;
  if (event.has_stock_reserved()) {  // 5
    calls.push_back(ConfirmOrder(envelope, event.stock_reserved(), version));
  } else if (event.has_stock_short()) {  // 5
    calls.push_back(ConfirmOrder(envelope, event.stock_short(), version));
  } else if (event.has_stock_released()) {  // 9
    calls.push_back(CompleteCancel(envelope, event.stock_released(), version));
  }
  return calls;
}

absl::StatusOr<std::vector<Call>> ReactToShipment(const bus::Envelope& envelope) {
  TANDEM_ASSIGN_OR_RETURN(ShipmentEvent event, ReadPayload<ShipmentEvent>(envelope));
  std::vector<Call> calls;
  if (event.has_shipment_shipped()) {  // 11
    calls.push_back(
        RecordShipment(envelope, event.shipment_shipped(), event.meta().entity_version()));
  } else if (event.has_shipment_returned()) {  // 15
    calls.push_back(RecordReturn(envelope, event.shipment_returned()));
  }
  return calls;
}

}  // namespace

absl::StatusOr<std::vector<Call>> ReactToInventory(const bus::Envelope& event) {
  if (event.topic() == "tandem.inventory.demand.v1") return ReactToDemand(event);
  if (event.topic() == "tandem.inventory.shipment.v1") return ReactToShipment(event);
  return std::vector<Call>();
}

}  // namespace tandem::order_to_cash
