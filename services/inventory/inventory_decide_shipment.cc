// Goods on their way out and back. A shipment is planned by the reservation (the queue); here it is
// picked, packed, handed over and taken back. What a shipment takes is what its demand's lines have
// reserved, so shipping lowers what is on hand, what is reserved and what is open together.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/base/date.h"
#include "platform/base/etag.h"
#include "platform/base/fault.h"
#include "platform/base/money.h"
#include "platform/base/quantity.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "services/inventory/inventory_decide.h"
#include "services/inventory/inventory_decide_figures.h"
#include "services/inventory/inventory_decide_queue.h"
#include "tandem/inventory/v1/events.pb.h"

namespace tandem::inventory {
namespace {

absl::Status Refused(absl::string_view reason, absl::string_view message,
                     absl::string_view field = "") {
  return Refuse(absl::StatusCode::kFailedPrecondition, reason, message, field);
}

// A shipment and the demand it serves, to be changed.
struct Pair {
  v1::Shipment* shipment = nullptr;
  v1::Demand* demand = nullptr;
};

// The shipment, if the request's etag lets it be changed.
template <class Request>
absl::StatusOr<const v1::Shipment*> Named(const Request& request, const State& state) {
  const v1::Shipment* shipment = state.Find<v1::Shipment>(request.shipment_id());
  if (shipment != nullptr) return shipment;
  return Refuse(absl::StatusCode::kNotFound, "SHIPMENT_NOT_FOUND",
                absl::StrCat("no shipment ", request.shipment_id()), "shipment_id");
}

template <class Request>
absl::StatusOr<Pair> ForChange(const Request& request, State& state) {
  TANDEM_RETURN_IF_ERROR(
      CheckEtag(request.etag(), state.Version<v1::Shipment>(request.shipment_id())));
  Pair pair;
  pair.shipment = state.Edit<v1::Shipment>(request.shipment_id());
  pair.demand = state.Edit<v1::Demand>(pair.shipment->order_id());
  if (pair.demand == nullptr) {
    return Refuse(absl::StatusCode::kInternal, "SHIPMENT_DEMAND_MISSING",
                  absl::StrCat("no demand of ", pair.shipment->order_id()));
  }
  if (pair.shipment->state() == v1::SHIPMENT_STATE_CANCELLED) {
    return Refused("SHIPMENT_CANCELLED", "the shipment was cancelled");
  }
  return pair;
}

absl::Status CheckNotHeld(const Pair& pair) {
  if (!pair.demand->held() || TANDEM_PLANTED("held_ships")) return absl::OkStatus();
  return Refused("SHIPMENT_HELD", "the order is held");
}

v1::DemandLine* LineOf(v1::Demand* demand, int32_t number) {
  for (v1::DemandLine& line : *demand->mutable_lines()) {
    if (line.line_number() == number) return &line;
  }
  return nullptr;
}

// Puts what is planned on the pick list.
void Allocate(Pair& pair, Turn& turn) {
  for (const v1::ShipmentLine& line : pair.shipment->lines()) {
    const int64_t micros = MicrosOf(line.quantity());
    v1::DemandLine* demand_line = LineOf(pair.demand, line.line_number());
    if (demand_line == nullptr) continue;
    if (v1::Stock* stock = turn.StockOf(*demand_line)) {
      turn.ChangeStock({.allocated = micros}, stock);
    }
    AddTo(demand_line->mutable_allocated(), micros);
  }
}

void TellAllocated(const Pair& pair, Context& context, State& state) {
  v1::DemandEvent event;
  event.mutable_demand_allocated()->set_order_id(pair.demand->order_id());
  event.mutable_demand_allocated()->set_shipment_id(pair.shipment->id());
  state.Emit<v1::Demand>(context, pair.demand->order_id(), std::move(event),
                         /*with_previous=*/true);
}

void TellFulfilled(const Pair& pair, Context& context, State& state) {
  v1::DemandEvent event;
  v1::DemandFulfilled* told = event.mutable_demand_fulfilled();
  told->set_order_id(pair.demand->order_id());
  told->set_shipment_id(pair.shipment->id());
  told->set_complete(!IsOpen(*pair.demand));
  state.Emit<v1::Demand>(context, pair.demand->order_id(), std::move(event),
                         /*with_previous=*/true);
}

// Everything that is planned is picked: a short pick is not a state of the core.
absl::Status CheckPicked(const v1::PickShipmentRequest& request, const v1::Shipment& shipment) {
  if (request.lines().empty()) return absl::OkStatus();
  std::map<int32_t, int64_t> picked;
  for (int i = 0; i < request.lines_size(); ++i) {
    const std::string field = absl::StrCat("lines[", i, "]");
    const int32_t number = request.lines(i).line_number();
    TANDEM_ASSIGN_OR_RETURN(Quantity quantity, FromProto(request.lines(i).quantity(),
                                                         absl::StrCat(field, ".quantity")));
    const auto line =
        std::find_if(shipment.lines().begin(), shipment.lines().end(),
                     [&](const v1::ShipmentLine& l) { return l.line_number() == number; });
    if (line == shipment.lines().end() || line->quantity().unit() != quantity.unit) {
      return InvalidField(absl::StrCat(field, ".line_number"), "SHIPMENT_LINE_UNKNOWN",
                          "not a line of the shipment, or not in its unit");
    }
    picked[number] += quantity.micros;
  }
  for (const v1::ShipmentLine& line : shipment.lines()) {
    const int64_t planned = MicrosOf(line.quantity());
    const int64_t taken = picked[line.line_number()];
    if (taken > planned) {
      return Refused("SHIPMENT_OVER_PICKED",
                     absl::StrCat("line ", line.line_number(), " plans ",
                                  FormatQuantity(planned, line.quantity().unit())),
                     "lines");
    }
    if (taken < planned) {
      return Refused("SHIPMENT_SHORT_PICK",
                     absl::StrCat("line ", line.line_number(), " plans ",
                                  FormatQuantity(planned, line.quantity().unit())),
                     "lines");
    }
  }
  return absl::OkStatus();
}

// A return's lines, by line and disposition, in the lines' own units.
struct Back {
  int64_t micros = 0;
  v1::ReturnDisposition disposition = v1::RETURN_DISPOSITION_UNSPECIFIED;
};
using Backs = std::map<int32_t, std::vector<Back>>;

absl::StatusOr<Backs> ReadReturn(const v1::ReturnShipmentRequest& request,
                                 const v1::Shipment& shipment, const State& state) {
  Backs backs;
  for (int i = 0; i < request.lines_size(); ++i) {
    const v1::ReturnLine& given = request.lines(i);
    const std::string field = absl::StrCat("lines[", i, "]");
    const auto line = std::find_if(
        shipment.lines().begin(), shipment.lines().end(),
        [&](const v1::ShipmentLine& l) { return l.line_number() == given.line_number(); });
    if (line == shipment.lines().end()) {
      return InvalidField(absl::StrCat(field, ".line_number"), "SHIPMENT_LINE_UNKNOWN",
                          "not a line of the shipment");
    }
    TANDEM_ASSIGN_OR_RETURN(Quantity quantity,
                            PositiveFromProto(given.quantity(), absl::StrCat(field, ".quantity")));
    std::optional<int64_t> micros = quantity.micros;
    if (quantity.unit != line->quantity().unit()) {
      micros = std::nullopt;
      const v1::Product* product = state.Find<v1::Product>(line->product_id());
      if (product != nullptr && product->base_unit() == line->quantity().unit()) {
        TANDEM_ASSIGN_OR_RETURN(micros, InBaseUnit(given.quantity(), *product, field));
      }
    }
    if (!micros.has_value()) {
      return InvalidField(absl::StrCat(field, ".quantity"), "RETURN_UNIT_NOT_CONVERTIBLE",
                          absl::StrCat("the line is in ", line->quantity().unit()));
    }
    backs[given.line_number()].push_back({*micros, given.disposition()});
  }
  for (const v1::ShipmentLine& line : shipment.lines()) {
    int64_t left = MicrosOf(line.shipped()) - MicrosOf(line.returned());
    for (const Back& back : backs[line.line_number()]) {
      if (back.micros > left) {
        return Refused("RETURN_OVER_SHIPPED",
                       absl::StrCat("line ", line.line_number(),
                                    ": more than was shipped and is "
                                    "not back yet"),
                       "lines");
      }
      left -= back.micros;
    }
  }
  return backs;
}

absl::Status PutBack(v1::Stock* stock, const Back& back, MoveCause cause, Turn& turn) {
  cause.kind = v1::STOCK_MOVE_KIND_RETURN;
  const bool inspect = back.disposition == v1::RETURN_DISPOSITION_INSPECT;
  const bool scrap = back.disposition == v1::RETURN_DISPOSITION_SCRAP;
  // Goods to be scrapped come in blocked, so that nobody is promised them on their way out.
  const StockChange in = {.on_hand = back.micros, .blocked = inspect || scrap ? back.micros : 0};
  TANDEM_RETURN_IF_ERROR(turn.Move(stock, in, cause));
  if (!scrap) return absl::OkStatus();
  cause.kind = v1::STOCK_MOVE_KIND_SCRAP;
  return turn.Move(stock, {.on_hand = -back.micros, .blocked = -back.micros}, cause);
}

}  // namespace

Answer<v1::Shipment> StartPicking(const v1::StartPickingRequest& request, Context& context,
                                  State& state) {
  TANDEM_ASSIGN_OR_RETURN(const v1::Shipment* known, Named(request, state));
  if (known->state() != v1::SHIPMENT_STATE_PLANNED &&
      known->state() != v1::SHIPMENT_STATE_CANCELLED) {
    return state.Answer<v1::Shipment>(request.shipment_id());
  }
  TANDEM_ASSIGN_OR_RETURN(Pair pair, ForChange(request, state));
  TANDEM_RETURN_IF_ERROR(CheckNotHeld(pair));
  Turn turn(context, state);
  Allocate(pair, turn);
  pair.shipment->set_state(v1::SHIPMENT_STATE_PICKING);
  v1::ShipmentEvent event;
  event.mutable_shipment_picking_started()->set_order_id(pair.shipment->order_id());
  state.Emit<v1::Shipment>(context, pair.shipment->id(), std::move(event), true);
  TellAllocated(pair, context, state);
  turn.Finish();
  return state.Answer<v1::Shipment>(request.shipment_id());
}

Answer<v1::Shipment> PickShipment(const v1::PickShipmentRequest& request, Context& context,
                                  State& state) {
  TANDEM_ASSIGN_OR_RETURN(const v1::Shipment* known, Named(request, state));
  if (known->state() >= v1::SHIPMENT_STATE_PICKED &&
      known->state() != v1::SHIPMENT_STATE_CANCELLED) {
    return state.Answer<v1::Shipment>(request.shipment_id());
  }
  TANDEM_ASSIGN_OR_RETURN(Pair pair, ForChange(request, state));
  TANDEM_RETURN_IF_ERROR(CheckNotHeld(pair));
  TANDEM_RETURN_IF_ERROR(CheckPicked(request, *pair.shipment));
  Turn turn(context, state);
  const bool fresh = pair.shipment->state() == v1::SHIPMENT_STATE_PLANNED;
  if (fresh) Allocate(pair, turn);
  for (v1::ShipmentLine& line : *pair.shipment->mutable_lines()) {
    *line.mutable_picked() = line.quantity();
  }
  pair.shipment->set_state(v1::SHIPMENT_STATE_PICKED);
  v1::ShipmentEvent event;
  event.mutable_shipment_picked()->set_order_id(pair.shipment->order_id());
  state.Emit<v1::Shipment>(context, pair.shipment->id(), std::move(event), true);
  if (fresh) TellAllocated(pair, context, state);
  turn.Finish();
  return state.Answer<v1::Shipment>(request.shipment_id());
}

Answer<v1::Shipment> PackShipment(const v1::PackShipmentRequest& request, Context& context,
                                  State& state) {
  TANDEM_ASSIGN_OR_RETURN(const v1::Shipment* known, Named(request, state));
  if (known->state() >= v1::SHIPMENT_STATE_PACKED &&
      known->state() != v1::SHIPMENT_STATE_CANCELLED) {
    return state.Answer<v1::Shipment>(request.shipment_id());
  }
  TANDEM_ASSIGN_OR_RETURN(Pair pair, ForChange(request, state));
  if (pair.shipment->state() != v1::SHIPMENT_STATE_PICKED) {
    return Refused("SHIPMENT_NOT_PICKED", "pick it first");
  }
  pair.shipment->set_state(v1::SHIPMENT_STATE_PACKED);
  v1::ShipmentEvent event;
  event.mutable_shipment_packed()->set_order_id(pair.shipment->order_id());
  state.Emit<v1::Shipment>(context, pair.shipment->id(), std::move(event), true);
  return state.Answer<v1::Shipment>(request.shipment_id());
}

Answer<v1::Shipment> ShipShipment(const v1::ShipShipmentRequest& request, Context& context,
                                  State& state) {
  TANDEM_ASSIGN_OR_RETURN(const v1::Shipment* known, Named(request, state));
  if (known->state() == v1::SHIPMENT_STATE_SHIPPED ||
      known->state() == v1::SHIPMENT_STATE_DELIVERED) {
    return state.Answer<v1::Shipment>(request.shipment_id());
  }
  TANDEM_RETURN_IF_ERROR(DateFromProto(request.ship_date(), "ship_date").status());
  if (request.has_freight_cost()) {
    TANDEM_ASSIGN_OR_RETURN(Amount cost, FromProto(request.freight_cost(), "freight_cost"));
    if (cost.micros < 0) {
      return InvalidField("freight_cost", "MONEY_OUT_OF_RANGE", "a cost is 0 or more");
    }
  }
  TANDEM_ASSIGN_OR_RETURN(Pair pair, ForChange(request, state));
  TANDEM_RETURN_IF_ERROR(CheckNotHeld(pair));
  Turn turn(context, state);
  const bool allocated = pair.shipment->state() != v1::SHIPMENT_STATE_PLANNED;
  v1::ShipmentEvent event;
  v1::ShipmentShipped* told = event.mutable_shipment_shipped();
  for (v1::ShipmentLine& line : *pair.shipment->mutable_lines()) {
    const int64_t micros = MicrosOf(line.quantity());
    v1::DemandLine* demand_line = LineOf(pair.demand, line.line_number());
    if (micros == 0 || demand_line == nullptr) continue;
    *line.mutable_picked() = line.quantity();
    *line.mutable_shipped() = line.quantity();
    if (allocated) AddTo(demand_line->mutable_allocated(), -micros);
    AddTo(demand_line->mutable_reserved(), -micros);
    AddTo(demand_line->mutable_open(), -micros);
    AddTo(demand_line->mutable_shipped(), micros);
    v1::ShippedLine* out = told->add_lines();
    out->set_line_number(line.line_number());
    out->set_product_id(line.product_id());
    *out->mutable_quantity() = line.shipped();
    *out->mutable_shipped_total() = demand_line->shipped();
  }
  if (told->lines().empty()) return Refused("SHIPMENT_EMPTY", "there is nothing in it");
  v1::Shipment* shipment = pair.shipment;
  shipment->set_state(v1::SHIPMENT_STATE_SHIPPED);
  *shipment->mutable_ship_date() = request.ship_date();
  shipment->set_carrier(request.carrier());
  shipment->set_tracking_number(request.tracking_number());
  if (request.has_freight_cost()) *shipment->mutable_freight_cost() = request.freight_cost();
  if (!IsOpen(*pair.demand)) pair.demand->set_state(v1::DEMAND_STATE_CLOSED);
  told->set_order_id(shipment->order_id());
  told->set_shipment_id(shipment->id());
  told->set_shipment_number(shipment->number());
  *told->mutable_ship_date() = request.ship_date();
  state.Emit<v1::Shipment>(context, shipment->id(), std::move(event), /*with_previous=*/true);
  TellFulfilled(pair, context, state);
  for (const v1::ShipmentLine& line : shipment->lines()) {
    const int64_t micros = MicrosOf(line.shipped());
    if (micros == 0 || line.unstocked()) continue;
    v1::Stock* stock =
        turn.StockOf(line.product_id(), shipment->warehouse(), line.quantity().unit());
    TANDEM_RETURN_IF_ERROR(turn.Move(
        stock, {.on_hand = -micros, .reserved = -micros, .allocated = allocated ? -micros : 0},
        {.kind = v1::STOCK_MOVE_KIND_SHIPMENT,
         .reference = shipment->id(),
         .order_id = shipment->order_id()}));
  }
  turn.Finish();
  return state.Answer<v1::Shipment>(request.shipment_id());
}

Answer<v1::Shipment> ReturnShipment(const v1::ReturnShipmentRequest& request, Context& context,
                                    State& state) {
  TANDEM_ASSIGN_OR_RETURN(const v1::Shipment* known, Named(request, state));
  if (const v1::ShipmentReturn* before = state.Find<v1::ShipmentReturn>(request.return_id())) {
    if (before->shipment_id() == request.shipment_id()) {
      return state.Answer<v1::Shipment>(request.shipment_id());
    }
    return Refuse(absl::StatusCode::kAlreadyExists, "RETURN_ALREADY_EXISTS",
                  absl::StrCat(request.return_id(), " is a return of another shipment"),
                  "return_id");
  }
  if (known->state() != v1::SHIPMENT_STATE_SHIPPED &&
      known->state() != v1::SHIPMENT_STATE_DELIVERED) {
    return Refused("SHIPMENT_NOT_SHIPPED", "only what left can come back");
  }
  TANDEM_RETURN_IF_ERROR(DateFromProto(request.return_date(), "return_date").status());
  TANDEM_ASSIGN_OR_RETURN(Pair pair, ForChange(request, state));
  TANDEM_ASSIGN_OR_RETURN(Backs backs, ReadReturn(request, *pair.shipment, state));
  v1::ShipmentReturn row;
  row.set_id(request.return_id().empty() ? context.ids.Next("ret_") : request.return_id());
  row.set_shipment_id(pair.shipment->id());
  row.set_order_id(pair.shipment->order_id());
  *row.mutable_return_date() = request.return_date();
  *row.mutable_lines() = request.lines();
  const std::string return_id = row.id();
  state.Insert(std::move(row));
  state.Touch<v1::ShipmentReturn>(return_id);
  v1::ShipmentEvent event;
  v1::ShipmentReturned* told = event.mutable_shipment_returned();
  told->set_order_id(pair.shipment->order_id());
  told->set_shipment_id(pair.shipment->id());
  told->set_return_id(return_id);
  *told->mutable_return_date() = request.return_date();
  for (v1::ShipmentLine& line : *pair.shipment->mutable_lines()) {
    int64_t micros = 0;
    for (const Back& back : backs[line.line_number()]) micros += back.micros;
    v1::DemandLine* demand_line = LineOf(pair.demand, line.line_number());
    if (micros == 0 || demand_line == nullptr) continue;
    AddTo(line.mutable_returned(), micros);
    AddTo(demand_line->mutable_returned(), micros);
    v1::ReturnedLine* out = told->add_lines();
    out->set_line_number(line.line_number());
    out->set_product_id(line.product_id());
    SetQuantity(micros, line.quantity().unit(), out->mutable_quantity());
    *out->mutable_returned_total() = demand_line->returned();
  }
  state.Emit<v1::Shipment>(context, pair.shipment->id(), std::move(event), true);
  TellFulfilled(pair, context, state);
  Turn turn(context, state);
  for (const v1::ShipmentLine& line : pair.shipment->lines()) {
    if (line.unstocked()) continue;
    for (const Back& back : backs[line.line_number()]) {
      v1::Stock* stock =
          turn.StockOf(line.product_id(), pair.shipment->warehouse(), line.quantity().unit());
      TANDEM_RETURN_IF_ERROR(PutBack(
          stock, back, {.reference = return_id, .order_id = pair.shipment->order_id()}, turn));
    }
  }
  turn.Finish();
  return state.Answer<v1::Shipment>(request.shipment_id());
}

}  // namespace tandem::inventory
