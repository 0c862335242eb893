// What orders want of the warehouse: recorded, put into the queue, held, released. Wishes are
// absolute and say which version of the order they are of; older ones change nothing, a closed
// demand stays closed, and a wish for an order that is not known yet is kept (DOMAIN R2).
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/base/date.h"
#include "platform/base/quantity.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "services/inventory/inventory_decide.h"
#include "services/inventory/inventory_decide_figures.h"
#include "services/inventory/inventory_decide_queue.h"
#include "tandem/inventory/v1/events.pb.h"

namespace tandem::inventory {
namespace {

v1::Demand Answered(const State& state, const std::string& order_id, v1::DemandOutcome outcome) {
  v1::Demand demand = state.Answer<v1::Demand>(order_id);
  demand.set_outcome(outcome);
  return demand;
}

v1::DemandOutcome OutcomeOf(const v1::Demand& demand) {
  if (demand.held()) return v1::DEMAND_OUTCOME_HELD;
  return IsShort(demand) ? v1::DEMAND_OUTCOME_SHORT : v1::DEMAND_OUTCOME_RESERVED;
}

v1::Demand* Await(State& state, const std::string& order_id) {
  v1::Demand demand;
  demand.set_order_id(order_id);
  demand.set_state(v1::DEMAND_STATE_AWAITED);
  return state.Insert(std::move(demand));
}

bool IsClosed(const v1::Demand& demand) { return demand.state() == v1::DEMAND_STATE_CLOSED; }

v1::DemandLine* LineOf(v1::Demand* demand, int32_t number) {
  for (v1::DemandLine& line : *demand->mutable_lines()) {
    if (line.line_number() == number) return &line;
  }
  return nullptr;
}

// What a line wants, in the product's base unit where both are known.
struct Want {
  int64_t micros = 0;
  std::string unit;
  bool unplaceable = false;
  bool unstocked = false;
};

absl::StatusOr<Want> WantOf(const v1::RecordDemandLine& line, const State& state,
                            absl::string_view field) {
  Want want;
  const v1::Product* product = state.Find<v1::Product>(line.product_id());
  if (product != nullptr) {
    TANDEM_ASSIGN_OR_RETURN(std::optional<int64_t> micros,
                            InBaseUnit(line.quantity(), *product, field));
    if (micros.has_value()) {
      want.micros = *micros;
      want.unit = product->base_unit();
      want.unstocked = product->kind() == v1::PRODUCT_KIND_SERVICE;
    }
  }
  if (want.unit.empty()) {
    TANDEM_ASSIGN_OR_RETURN(Quantity given, FromProto(line.quantity(), field));
    want.micros = given.micros;
    want.unit = given.unit;
    want.unplaceable = true;
  }
  if (want.micros < 0) {
    return InvalidField(field, "QUANTITY_NOT_POSITIVE", "a wish is 0 or more");
  }
  return want;
}

void SetFigures(const std::string& unit, v1::DemandLine* line) {
  for (type::v1::Quantity* figure :
       {line->mutable_ordered(), line->mutable_open(), line->mutable_reserved(),
        line->mutable_backordered(), line->mutable_allocated(), line->mutable_shipped(),
        line->mutable_returned(), line->mutable_released()}) {
    SetQuantity(0, unit, figure);
  }
}

// Whether its figures are of stock, in the base unit.
bool HasClaims(const v1::DemandLine& line) {
  return MicrosOf(line.reserved()) > 0 || MicrosOf(line.shipped()) > 0 ||
         (!line.unplaceable() && MicrosOf(line.backordered()) > 0);
}

// Brings a line to what is wanted; never below what has shipped or is on a pick list. What is
// wanted in addition waits for ReserveStock.
void WantLine(const Want& want, Turn& turn, v1::DemandLine* line) {
  if (!HasClaims(*line) &&
      (line->open().unit() != want.unit || line->unplaceable() != want.unplaceable)) {
    SetFigures(want.unit, line);
    line->set_unplaceable(want.unplaceable);
    line->set_unstocked(want.unstocked);
  }
  const int64_t shipped = MicrosOf(line->shipped());
  const int64_t ordered = std::max(want.micros, shipped + MicrosOf(line->allocated()));
  SetQuantity(ordered, line->open().unit(), line->mutable_ordered());
  turn.Trim(line, ordered - shipped);
}

void SetDate(const v1::RecordDemandLine& wanted, v1::DemandLine* line) {
  line->clear_requested_date();
  line->clear_week();
  if (!wanted.has_requested_date()) return;
  absl::StatusOr<int32_t> day = DateFromProto(wanted.requested_date(), "");
  if (!day.ok()) return;  // checked before
  *line->mutable_requested_date() = wanted.requested_date();
  line->set_week(FormatIsoWeek(*day));
}

absl::Status CheckLines(const v1::RecordDemandRequest& request, const v1::Demand* demand) {
  std::set<int32_t> numbers;
  for (int i = 0; i < request.lines_size(); ++i) {
    const v1::RecordDemandLine& line = request.lines(i);
    const std::string field = absl::StrCat("lines[", i, "]");
    if (!numbers.insert(line.line_number()).second) {
      return InvalidField(absl::StrCat(field, ".line_number"), "DEMAND_LINE_DUPLICATE",
                          "each line once");
    }
    if (line.has_requested_date()) {
      TANDEM_RETURN_IF_ERROR(
          DateFromProto(line.requested_date(), absl::StrCat(field, ".requested_date")).status());
    }
    if (demand == nullptr) continue;
    for (const v1::DemandLine& known : demand->lines()) {
      if (known.line_number() == line.line_number() && known.product_id() != line.product_id()) {
        return InvalidField(absl::StrCat(field, ".product_id"), "DEMAND_LINE_PRODUCT_CHANGED",
                            "a line keeps its product; want a new line");
      }
    }
  }
  return absl::OkStatus();
}

void CopyHead(const v1::RecordDemandRequest& request, v1::Demand* demand) {
  const bool first = demand->revision() == 0;
  if (!request.order_number().empty()) demand->set_order_number(request.order_number());
  demand->set_revision(request.revision());
  demand->set_priority(request.priority());
  demand->set_delivery_policy(request.delivery_policy() == v1::DELIVERY_POLICY_UNSPECIFIED
                                  ? v1::DELIVERY_POLICY_PARTIAL
                                  : request.delivery_policy());
  demand->set_backorder_policy(request.backorder_policy() == v1::BACKORDER_POLICY_UNSPECIFIED
                                   ? v1::BACKORDER_POLICY_BACKORDER
                                   : request.backorder_policy());
  if (!request.customer_id().empty()) demand->set_customer_id(request.customer_id());
  demand->set_ship_to_name(request.ship_to_name());
  if (request.has_ship_to_address()) {
    *demand->mutable_ship_to_address() = request.ship_to_address();
  } else {
    demand->clear_ship_to_address();
  }
  if (first) demand->set_warehouse(WarehouseOf(request.warehouse()));
  if (request.order_version() > demand->order_version() ||
      (first && demand->order_version() == 0)) {
    // A hold that came before the record, and of no version, stands.
    demand->set_held(request.held() || (request.order_version() == 0 && demand->held()));
    demand->set_order_version(request.order_version());
  }
}

absl::Status WantLines(const v1::RecordDemandRequest& request, const State& state, Turn& turn,
                       v1::Demand* demand) {
  std::set<int32_t> wanted;
  for (int i = 0; i < request.lines_size(); ++i) {
    const v1::RecordDemandLine& given = request.lines(i);
    TANDEM_ASSIGN_OR_RETURN(Want want,
                            WantOf(given, state, absl::StrCat("lines[", i, "].quantity")));
    wanted.insert(given.line_number());
    v1::DemandLine* line = LineOf(demand, given.line_number());
    if (line == nullptr) {
      line = demand->add_lines();
      line->set_line_number(given.line_number());
      line->set_product_id(given.product_id());
      line->set_warehouse(demand->warehouse());
      line->set_unplaceable(want.unplaceable);
      line->set_unstocked(want.unstocked);
      SetFigures(want.unit, line);
    } else if (line->open().unit() != want.unit && HasClaims(*line)) {
      // The product's base unit is fixed once it is in use, so this wish is in no unit of it.
      return InvalidField(absl::StrCat("lines[", i, "].quantity"), "QUANTITY_NOT_CONVERTIBLE",
                          absl::StrCat("the line is kept in ", line->open().unit()));
    }
    WantLine(want, turn, line);
    SetDate(given, line);
  }
  for (v1::DemandLine& line : *demand->mutable_lines()) {
    if (wanted.contains(line.line_number())) continue;
    Want nothing;
    nothing.unit = line.open().unit();
    nothing.unplaceable = line.unplaceable();
    nothing.unstocked = line.unstocked();
    WantLine(nothing, turn, &line);
  }
  return absl::OkStatus();
}

// What a hold or its end changes: whether its version of the order is news.
bool IsNews(const v1::Demand& demand, int64_t order_version, bool held) {
  if (order_version == 0) return demand.held() != held;  // a person's, of no version
  return order_version > demand.order_version();
}

void TellQueued(const v1::Demand& demand, Context& context, State& state) {
  v1::DemandEvent event;
  event.mutable_demand_queued()->set_order_id(demand.order_id());
  event.mutable_demand_queued()->set_revision(demand.reserve_revision());
  state.Emit<v1::Demand>(context, demand.order_id(), std::move(event), /*with_previous=*/true);
}

}  // namespace

Answer<v1::Demand> RecordDemand(const v1::RecordDemandRequest& request, Context& context,
                                State& state) {
  const std::string& order_id = request.order_id();
  const v1::Demand* known = state.Find<v1::Demand>(order_id);
  if (known != nullptr && (IsClosed(*known) || request.revision() < known->revision())) {
    return Answered(state, order_id, v1::DEMAND_OUTCOME_SUPERSEDED);
  }
  if (known != nullptr && request.revision() == known->revision()) {
    return Answered(state, order_id, v1::DEMAND_OUTCOME_DONE);
  }
  TANDEM_RETURN_IF_ERROR(CheckLines(request, known));
  const bool is_update = known != nullptr;
  v1::Demand* demand = is_update ? state.Edit<v1::Demand>(order_id) : Await(state, order_id);
  const bool was_held = demand->held();
  CopyHead(request, demand);
  Turn turn(context, state);
  TANDEM_RETURN_IF_ERROR(WantLines(request, state, turn, demand));
  if (demand->state() == v1::DEMAND_STATE_AWAITED) demand->set_state(v1::DEMAND_STATE_RECORDED);
  if (demand->state() == v1::DEMAND_STATE_RELEASED) {
    turn.Plan(demand);
    if (!IsOpen(*demand)) {
      const bool shipped =
          std::any_of(demand->lines().begin(), demand->lines().end(),
                      [](const v1::DemandLine& line) { return MicrosOf(line.shipped()) > 0; });
      if (shipped) demand->set_state(v1::DEMAND_STATE_CLOSED);
    }
  }
  v1::DemandEvent event;
  event.mutable_demand_recorded()->set_order_id(order_id);
  event.mutable_demand_recorded()->set_revision(request.revision());
  state.Emit<v1::Demand>(context, order_id, std::move(event), is_update);
  turn.TellPlans();
  if (!IsClosed(*demand) && demand->reserve_revision() == demand->revision()) {
    TANDEM_RETURN_IF_ERROR(turn.EnterQueue(demand));  // the wish was here first
    if (demand->held()) TellQueued(*demand, context, state);
  } else if (demand->state() == v1::DEMAND_STATE_RELEASED && was_held && !demand->held()) {
    turn.TakeTurn(demand);
  }
  turn.Finish();
  return Answered(state, order_id, v1::DEMAND_OUTCOME_DONE);
}

void RecordDemandHints(const v1::RecordDemandRequest& request, Wanted& wanted) {
  QueueHints(wanted);
  wanted.Row<v1::Demand>(request.order_id());
  for (const v1::RecordDemandLine& line : request.lines()) {
    wanted.Row<v1::Product>(line.product_id());
  }
}

Answer<v1::Demand> ReserveStock(const v1::ReserveStockRequest& request, Context& context,
                                State& state) {
  const std::string& order_id = request.order_id();
  const v1::Demand* known = state.Find<v1::Demand>(order_id);
  if (known != nullptr && (IsClosed(*known) || request.revision() < known->revision() ||
                           request.revision() < known->reserve_revision())) {
    return Answered(state, order_id, v1::DEMAND_OUTCOME_SUPERSEDED);
  }
  const bool recorded = known != nullptr && request.revision() == known->revision();
  if (known != nullptr && request.revision() == known->reserve_revision()) {
    return Answered(state, order_id, recorded ? OutcomeOf(*known) : v1::DEMAND_OUTCOME_AWAITED);
  }
  const bool is_update = known != nullptr;
  v1::Demand* demand = is_update ? state.Edit<v1::Demand>(order_id) : Await(state, order_id);
  demand->set_reserve_revision(request.revision());
  if (!recorded) {
    v1::DemandEvent event;
    event.mutable_demand_awaited()->set_order_id(order_id);
    event.mutable_demand_awaited()->set_revision(request.revision());
    state.Emit<v1::Demand>(context, order_id, std::move(event), is_update);
    return Answered(state, order_id, v1::DEMAND_OUTCOME_AWAITED);
  }
  Turn turn(context, state);
  TANDEM_RETURN_IF_ERROR(turn.EnterQueue(demand));
  if (demand->held()) TellQueued(*demand, context, state);
  turn.Finish();
  return Answered(state, order_id, OutcomeOf(*demand));
}

Answer<v1::Demand> HoldDemand(const v1::HoldDemandRequest& request, Context& context,
                              State& state) {
  const std::string& order_id = request.order_id();
  const v1::Demand* known = state.Find<v1::Demand>(order_id);
  if (known != nullptr &&
      (IsClosed(*known) ||
       (request.order_version() > 0 && request.order_version() < known->order_version()))) {
    return Answered(state, order_id, v1::DEMAND_OUTCOME_SUPERSEDED);
  }
  if (known != nullptr && !IsNews(*known, request.order_version(), true)) {
    return Answered(state, order_id, v1::DEMAND_OUTCOME_DONE);
  }
  const bool is_update = known != nullptr;
  v1::Demand* demand = is_update ? state.Edit<v1::Demand>(order_id) : Await(state, order_id);
  demand->set_held(true);
  demand->set_order_version(std::max(demand->order_version(), request.order_version()));
  v1::DemandEvent event;
  event.mutable_demand_held()->set_order_id(order_id);
  event.mutable_demand_held()->set_order_version(demand->order_version());
  state.Emit<v1::Demand>(context, order_id, std::move(event), is_update);
  return Answered(state, order_id,
                  demand->state() == v1::DEMAND_STATE_AWAITED ? v1::DEMAND_OUTCOME_AWAITED
                                                              : v1::DEMAND_OUTCOME_DONE);
}

Answer<v1::Demand> ResumeDemand(const v1::ResumeDemandRequest& request, Context& context,
                                State& state) {
  const std::string& order_id = request.order_id();
  const v1::Demand* known = state.Find<v1::Demand>(order_id);
  if (known != nullptr &&
      (IsClosed(*known) ||
       (request.order_version() > 0 && request.order_version() < known->order_version()))) {
    return Answered(state, order_id, v1::DEMAND_OUTCOME_SUPERSEDED);
  }
  if (known != nullptr && !IsNews(*known, request.order_version(), false)) {
    return Answered(state, order_id, v1::DEMAND_OUTCOME_DONE);
  }
  const bool is_update = known != nullptr;
  v1::Demand* demand = is_update ? state.Edit<v1::Demand>(order_id) : Await(state, order_id);
  const bool was_held = demand->held();
  demand->set_held(false);
  demand->set_order_version(std::max(demand->order_version(), request.order_version()));
  v1::DemandEvent event;
  event.mutable_demand_resumed()->set_order_id(order_id);
  event.mutable_demand_resumed()->set_order_version(demand->order_version());
  state.Emit<v1::Demand>(context, order_id, std::move(event), is_update);
  if (demand->state() == v1::DEMAND_STATE_AWAITED) {
    return Answered(state, order_id, v1::DEMAND_OUTCOME_AWAITED);
  }
  if (demand->state() != v1::DEMAND_STATE_RELEASED || !was_held) {
    return Answered(state, order_id, v1::DEMAND_OUTCOME_DONE);
  }
  Turn turn(context, state);
  turn.TakeTurn(demand);
  turn.Finish();
  return Answered(state, order_id, OutcomeOf(*demand));
}

Answer<v1::Demand> ReleaseStock(const v1::ReleaseStockRequest& request, Context& context,
                                State& state) {
  const std::string& order_id = request.order_id();
  const v1::Demand* known = state.Find<v1::Demand>(order_id);
  if (known != nullptr && known->released()) {
    return Answered(state, order_id, v1::DEMAND_OUTCOME_DONE);
  }
  const bool is_update = known != nullptr;
  v1::Demand* demand = is_update ? state.Edit<v1::Demand>(order_id) : Await(state, order_id);
  Turn turn(context, state);
  turn.Release(demand);
  demand->set_state(v1::DEMAND_STATE_CLOSED);
  demand->set_released(true);
  demand->set_order_version(std::max(demand->order_version(), request.order_version()));
  std::vector<std::string> cancelled;
  for (const std::string& id : demand->shipment_ids()) {
    const v1::Shipment* shipment = state.Find<v1::Shipment>(id);
    if (shipment == nullptr || shipment->state() >= v1::SHIPMENT_STATE_SHIPPED) continue;
    state.Edit<v1::Shipment>(id)->set_state(v1::SHIPMENT_STATE_CANCELLED);
    cancelled.push_back(id);
  }
  v1::DemandEvent event;
  v1::StockReleased* told = event.mutable_stock_released();
  told->set_order_id(order_id);
  told->set_revision(demand->revision());
  for (const v1::DemandLine& line : demand->lines()) {
    v1::ReleasedLine* out = told->add_lines();
    out->set_line_number(line.line_number());
    *out->mutable_released() = line.released();
    *out->mutable_shipped() = line.shipped();
  }
  state.Emit<v1::Demand>(context, order_id, std::move(event), is_update);
  for (const std::string& id : cancelled) {
    v1::ShipmentEvent gone;
    gone.mutable_shipment_cancelled()->set_order_id(order_id);
    state.Emit<v1::Shipment>(context, id, std::move(gone), /*with_previous=*/true);
  }
  turn.Finish();
  return Answered(state, order_id, v1::DEMAND_OUTCOME_DONE);
}

}  // namespace tandem::inventory
