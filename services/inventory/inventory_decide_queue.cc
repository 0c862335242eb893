#include "services/inventory/inventory_decide_queue.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/base/fault.h"
#include "platform/base/fixed.h"
#include "platform/base/quantity.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "services/inventory/inventory_decide.h"
#include "services/inventory/inventory_decide_figures.h"
#include "tandem/operations/v1/counter.pb.h"

namespace tandem::inventory {
namespace {

bool NeedsStock(const v1::DemandLine& line) { return !line.unstocked() && !line.unplaceable(); }

bool IsOf(const v1::DemandLine& line, const v1::Stock& stock) {
  return NeedsStock(line) && line.product_id() == stock.product_id() &&
         line.warehouse() == stock.warehouse();
}

// Who is before whom.
auto PlaceOf(const v1::Demand& demand) {
  return std::make_tuple(-int64_t{demand.priority()}, demand.sequence(), demand.order_id());
}

bool Waits(const v1::Demand& demand) {
  return demand.state() == v1::DEMAND_STATE_RELEASED && !demand.held() && !demand.out_of_stock();
}

// The demands that satisfy a condition, in queue order.
template <class Condition>
std::vector<std::string> InQueueOrder(const State& state, Condition condition) {
  std::vector<const v1::Demand*> found;
  for (const v1::Demand* demand : state.All<v1::Demand>()) {
    if (condition(*demand)) found.push_back(demand);
  }
  std::sort(found.begin(), found.end(), [](const v1::Demand* a, const v1::Demand* b) {
    if (TANDEM_PLANTED("last_come_first_served")) return PlaceOf(*b) < PlaceOf(*a);
    return PlaceOf(*a) < PlaceOf(*b);
  });
  std::vector<std::string> ids;
  ids.reserve(found.size());
  for (const v1::Demand* demand : found) ids.push_back(demand->order_id());
  return ids;
}

// A line's product may have become known, or been given another base unit, since the demand was
// recorded. Once a line has a claim on stock, what it is of stands.
void LookAgain(const State& state, v1::DemandLine* line) {
  if (MicrosOf(line->reserved()) > 0) return;
  if (!line->unplaceable() && MicrosOf(line->backordered()) > 0) return;
  const v1::Product* product = state.Find<v1::Product>(line->product_id());
  const bool known = product != nullptr && product->base_unit() == line->open().unit();
  line->set_unplaceable(!known);
  line->set_unstocked(known && product->kind() == v1::PRODUCT_KIND_SERVICE);
}

template <class Told>
void TellLines(const v1::Demand& demand, Told* told) {
  told->set_order_id(demand.order_id());
  told->set_revision(demand.reserve_revision());
  for (const v1::DemandLine& line : demand.lines()) {
    v1::ReservedLine* out = told->add_lines();
    out->set_line_number(line.line_number());
    out->set_product_id(line.product_id());
    *out->mutable_reserved() = line.reserved();
    *out->mutable_backordered() = line.backordered();
    if (line.has_promised_date()) *out->mutable_promised_date() = line.promised_date();
  }
}

void SetPromises(v1::Demand* demand) {
  for (v1::DemandLine& line : *demand->mutable_lines()) {
    if (MicrosOf(line.backordered()) > 0 || !line.has_requested_date()) {
      line.clear_promised_date();
    } else if (MicrosOf(line.reserved()) > 0) {
      *line.mutable_promised_date() = line.requested_date();
    }
  }
}

// What the planned shipment is to take: all that is reserved and not on a pick list; of an order
// that is delivered complete, nothing before all that is open is reserved.
std::vector<v1::ShipmentLine> WantedLines(const v1::Demand& demand) {
  std::vector<v1::ShipmentLine> lines;
  if (demand.state() != v1::DEMAND_STATE_RELEASED) return lines;
  for (const v1::DemandLine& line : demand.lines()) {
    if (demand.delivery_policy() == v1::DELIVERY_POLICY_COMPLETE &&
        MicrosOf(line.open()) != MicrosOf(line.reserved())) {
      return {};
    }
    const int64_t micros = MicrosOf(line.reserved()) - MicrosOf(line.allocated());
    if (micros <= 0) continue;
    const std::string& unit = line.open().unit();
    v1::ShipmentLine& out = lines.emplace_back();
    out.set_line_number(line.line_number());
    out.set_product_id(line.product_id());
    out.set_unstocked(line.unstocked());
    SetQuantity(micros, unit, out.mutable_quantity());
    SetQuantity(0, unit, out.mutable_picked());
    SetQuantity(0, unit, out.mutable_shipped());
    SetQuantity(0, unit, out.mutable_returned());
  }
  return lines;
}

bool SameLines(const v1::Shipment& shipment, const std::vector<v1::ShipmentLine>& lines) {
  if (shipment.lines_size() != static_cast<int>(lines.size())) return false;
  for (int i = 0; i < shipment.lines_size(); ++i) {
    if (shipment.lines(i).line_number() != lines[i].line_number() ||
        MicrosOf(shipment.lines(i).quantity()) != MicrosOf(lines[i].quantity())) {
      return false;
    }
  }
  return true;
}

absl::Status OutOfRange() {
  return Refuse(absl::StatusCode::kOutOfRange, "STOCK_OUT_OF_RANGE",
                "a figure of stock would pass the largest quantity");
}

}  // namespace

int64_t NextOf(State& state, absl::string_view counter, int64_t first) {
  operations::v1::Counter* row = state.Edit<operations::v1::Counter>(counter);
  if (row == nullptr) {
    operations::v1::Counter fresh;
    fresh.set_name(std::string(counter));
    fresh.set_value(first - 1);
    row = state.Insert(std::move(fresh));
  }
  row->set_value(row->value() + 1);
  const int64_t value = row->value();
  state.Touch<operations::v1::Counter>(counter);
  return value;
}

bool IsShort(const v1::Demand& demand) {
  for (const v1::DemandLine& line : demand.lines()) {
    if (MicrosOf(line.backordered()) > 0) return true;
  }
  return false;
}

bool IsOpen(const v1::Demand& demand) {
  for (const v1::DemandLine& line : demand.lines()) {
    if (MicrosOf(line.open()) > 0) return true;
  }
  return false;
}

v1::Stock* Turn::StockOf(absl::string_view product_id, absl::string_view warehouse,
                         absl::string_view unit) {
  v1::Stock* stock = state_.Edit<v1::Stock>(StockId(product_id, warehouse));
  return stock != nullptr ? stock : state_.Insert(EmptyStock(product_id, warehouse, unit));
}

v1::Stock* Turn::StockOf(const v1::DemandLine& line) {
  if (!NeedsStock(line)) return nullptr;
  return StockOf(line.product_id(), line.warehouse(), line.open().unit());
}

void Turn::ChangeStock(const StockChange& change, v1::Stock* stock) {
  Change(change, stock);
  stocks_.insert(stock->id());
  if (change.on_hand - change.blocked - change.reserved > 0) available_.insert(stock->id());
}

absl::Status Turn::Move(v1::Stock* stock, const StockChange& change, const MoveCause& cause) {
  if (MicrosOf(stock->on_hand()) > kMaxMicros - change.on_hand) return OutOfRange();
  ChangeStock(change, stock);
  stock->set_move_count(stock->move_count() + 1);
  const std::string& unit = stock->on_hand().unit();
  v1::StockMove move;
  move.set_id(cause.id.empty() ? context_.ids.Next("stm_") : cause.id);
  move.set_product_id(stock->product_id());
  move.set_warehouse(stock->warehouse());
  move.set_kind(cause.kind);
  SetQuantity(change.on_hand, unit, move.mutable_delta());
  SetQuantity(change.blocked, unit, move.mutable_blocked_delta());
  *move.mutable_on_hand_after() = stock->on_hand();
  move.set_number(stock->move_count());
  move.set_reason(cause.reason);
  move.set_reference(cause.reference);
  move.set_order_id(cause.order_id);
  const std::string id = move.id();
  state_.Insert(std::move(move));
  v1::StockEvent event;
  *event.mutable_stock_moved()->mutable_stock() = *stock;
  const v1::Product* product = state_.Find<v1::Product>(stock->product_id());
  if (product != nullptr && product->has_standard_cost()) {
    *event.mutable_stock_moved()->mutable_unit_cost() = product->standard_cost();
  }
  state_.Emit<v1::StockMove>(context_, id, std::move(event));
  return absl::OkStatus();
}

absl::Status Turn::EnterQueue(v1::Demand* demand) {
  bool waited = false;
  bool grows = false;
  for (v1::DemandLine& line : *demand->mutable_lines()) {
    const bool counted = NeedsStock(line);
    LookAgain(state_, &line);
    const int64_t before = MicrosOf(line.backordered());
    const int64_t after = MicrosOf(line.open()) - MicrosOf(line.reserved());
    waited |= before > 0;
    grows |= after > before;
    if (v1::Stock* stock = StockOf(line)) {
      const int64_t more = after - (counted ? before : 0);
      if (MicrosOf(stock->backordered()) > kMaxMicros - more) return OutOfRange();
      ChangeStock({.backordered = more}, stock);
    }
    AddTo(line.mutable_backordered(), after - before);
  }
  // What is wanted in addition has no old place to keep, unless something waits at it already.
  if (demand->sequence() == 0 || (grows && !waited)) {
    demand->set_sequence(NextOf(state_, kQueueCounter, 1));
  }
  demand->set_state(v1::DEMAND_STATE_RELEASED);
  demand->set_out_of_stock(false);
  if (!demand->held()) TakeTurn(demand);
  return absl::OkStatus();
}

void Turn::Give(v1::Demand* demand, v1::DemandLine* line, int64_t micros) {
  if (v1::Stock* stock = StockOf(*line)) {
    ChangeStock({.reserved = micros, .backordered = -micros}, stock);
  }
  AddTo(line->mutable_reserved(), micros);
  AddTo(line->mutable_backordered(), -micros);
  Serving(demand->order_id());
}

void Turn::Serving(const std::string& order_id) {
  if (serving_.insert(order_id).second) served_.push_back(order_id);
}

void Turn::TakeTurn(v1::Demand* demand) {
  Serving(demand->order_id());
  if (demand->out_of_stock()) return;
  if (demand->backorder_policy() == v1::BACKORDER_POLICY_NO_BACKORDER) {
    std::map<std::string, int64_t> left;  // by stock, after the lines so far
    for (const v1::DemandLine& line : demand->lines()) {
      const int64_t needed = MicrosOf(line.backordered());
      if (needed == 0 || line.unstocked()) continue;
      bool enough = false;
      if (v1::Stock* stock = StockOf(line)) {
        auto [it, fresh] = left.try_emplace(stock->id(), MicrosOf(stock->available()));
        it->second -= needed;
        enough = it->second >= 0;
      }
      if (!enough) {
        demand->set_out_of_stock(true);
        return;
      }
    }
  }
  for (v1::DemandLine& line : *demand->mutable_lines()) {
    int64_t micros = MicrosOf(line.backordered());
    if (!line.unstocked()) {
      const v1::Stock* stock = StockOf(line);
      micros = stock == nullptr ? 0 : std::min(micros, MicrosOf(stock->available()));
      if (TANDEM_PLANTED("oversell") && stock != nullptr) {
        micros = std::min(MicrosOf(line.backordered()), MicrosOf(stock->on_hand()));
      }
    }
    if (micros > 0) Give(demand, &line, micros);
  }
}

void Turn::Trim(v1::DemandLine* line, int64_t open) {
  const int64_t reserved = MicrosOf(line->reserved());
  const int64_t backordered = MicrosOf(line->backordered());
  const int64_t keep_reserved = std::min(reserved, open);
  const int64_t keep_backordered = std::min(backordered, open - keep_reserved);
  if (keep_reserved != reserved || keep_backordered != backordered) {
    if (v1::Stock* stock = StockOf(*line);
        stock != nullptr && !(open == 0 && TANDEM_PLANTED("cancel_keeps_reservation"))) {
      ChangeStock(
          {.reserved = keep_reserved - reserved, .backordered = keep_backordered - backordered},
          stock);
    }
  }
  AddTo(line->mutable_reserved(), keep_reserved - reserved);
  AddTo(line->mutable_backordered(), keep_backordered - backordered);
  AddTo(line->mutable_open(), open - MicrosOf(line->open()));
}

void Turn::Release(v1::Demand* demand) {
  for (v1::DemandLine& line : *demand->mutable_lines()) {
    const int64_t open = MicrosOf(line.open());
    const int64_t allocated = MicrosOf(line.allocated());
    if (allocated > 0) {
      if (v1::Stock* stock = StockOf(line)) ChangeStock({.allocated = -allocated}, stock);
      AddTo(line.mutable_allocated(), -allocated);
    }
    Trim(&line, 0);
    AddTo(line.mutable_released(), open);
    line.clear_promised_date();
  }
}

absl::Status Turn::TakeBack(const v1::Stock& stock, int64_t micros) {
  state_.Load<v1::Demand>(kDemandsReserving, stock.product_id());
  std::vector<std::string> ids = InQueueOrder(state_, [&](const v1::Demand& demand) {
    return std::any_of(
        demand.lines().begin(), demand.lines().end(), [&](const v1::DemandLine& line) {
          return IsOf(line, stock) && MicrosOf(line.reserved()) > MicrosOf(line.allocated());
        });
  });
  for (auto id = ids.rbegin(); id != ids.rend() && micros > 0; ++id) {
    v1::Demand* demand = state_.Edit<v1::Demand>(*id);
    for (int i = demand->lines_size() - 1; i >= 0 && micros > 0; --i) {
      v1::DemandLine* line = demand->mutable_lines(i);
      if (!IsOf(*line, stock)) continue;
      const int64_t taken =
          std::min(micros, MicrosOf(line->reserved()) - MicrosOf(line->allocated()));
      if (taken <= 0) continue;
      Give(demand, line, -taken);
      micros -= taken;
      if (demand->backorder_policy() == v1::BACKORDER_POLICY_NO_BACKORDER) {
        demand->set_out_of_stock(true);
      }
    }
  }
  if (micros > 0) {
    return Refuse(
        absl::StatusCode::kFailedPrecondition, "STOCK_ALLOCATED",
        absl::StrCat("shipments that are being picked need ",
                     FormatQuantity(micros, stock.on_hand().unit()), " of what would be gone"));
  }
  return absl::OkStatus();
}

void Turn::Plan(v1::Demand* demand) {
  v1::Shipment* planned = nullptr;
  for (const std::string& id : demand->shipment_ids()) {
    const v1::Shipment* shipment = state_.Find<v1::Shipment>(id);
    if (shipment != nullptr && shipment->state() == v1::SHIPMENT_STATE_PLANNED) {
      planned = state_.Edit<v1::Shipment>(id);
    }
  }
  std::vector<v1::ShipmentLine> lines = WantedLines(*demand);
  v1::ShipmentEvent event;
  if (planned == nullptr) {
    if (lines.empty()) return;
    v1::Shipment shipment;
    shipment.set_id(context_.ids.Next("shp_"));
    shipment.set_number(absl::StrCat("SH-", NextOf(state_, kShipmentCounter, 1001)));
    shipment.set_order_id(demand->order_id());
    shipment.set_order_number(demand->order_number());
    shipment.set_customer_id(demand->customer_id());
    shipment.set_warehouse(demand->warehouse());
    shipment.set_ship_to_name(demand->ship_to_name());
    if (demand->has_ship_to_address()) {
      *shipment.mutable_ship_to_address() = demand->ship_to_address();
    }
    shipment.set_state(v1::SHIPMENT_STATE_PLANNED);
    demand->add_shipment_ids(shipment.id());
    planned = state_.Insert(std::move(shipment));
    event.mutable_shipment_planned()->set_order_id(demand->order_id());
  } else if (lines.empty()) {
    planned->set_state(v1::SHIPMENT_STATE_CANCELLED);
    event.mutable_shipment_cancelled()->set_order_id(demand->order_id());
    plans_.emplace_back(planned->id(), std::move(event));
    return;
  } else if (SameLines(*planned, lines)) {
    return;
  } else {
    event.mutable_shipment_replanned()->set_order_id(demand->order_id());
  }
  planned->clear_lines();
  for (v1::ShipmentLine& line : lines) *planned->add_lines() = std::move(line);
  plans_.emplace_back(planned->id(), std::move(event));
}

void Turn::TellPlans() {
  for (auto& [id, event] : plans_) {
    const bool fresh = event.has_shipment_planned();
    state_.Emit<v1::Shipment>(context_, id, std::move(event), /*with_previous=*/!fresh);
  }
  plans_.clear();
}

void Turn::Serve(const std::string& stock_id) {
  const v1::Stock* stock = state_.Find<v1::Stock>(stock_id);
  if (stock == nullptr || MicrosOf(stock->available()) <= 0 ||
      MicrosOf(stock->backordered()) <= 0) {
    return;
  }
  state_.Load<v1::Demand>(kDemandsWaiting, stock->product_id());
  std::vector<std::string> ids = InQueueOrder(state_, [&](const v1::Demand& demand) {
    return Waits(demand) && std::any_of(demand.lines().begin(), demand.lines().end(),
                                        [&](const v1::DemandLine& line) {
                                          return IsOf(line, *stock) &&
                                                 MicrosOf(line.backordered()) > 0;
                                        });
  });
  for (const std::string& id : ids) {
    v1::Demand* demand = state_.Edit<v1::Demand>(id);
    for (v1::DemandLine& line : *demand->mutable_lines()) {
      const v1::Stock* now = state_.Find<v1::Stock>(stock_id);
      const int64_t available = MicrosOf(now->available());
      if (available <= 0) return;
      if (!IsOf(line, *now)) continue;
      const int64_t micros = std::min(available, MicrosOf(line.backordered()));
      if (micros > 0) Give(demand, &line, micros);
    }
  }
}

void Turn::Tell(const std::string& order_id) {
  v1::Demand* demand = state_.Edit<v1::Demand>(order_id);
  if (demand == nullptr) return;
  SetPromises(demand);
  Plan(demand);
  v1::DemandEvent event;
  if (IsShort(*demand)) {
    TellLines(*demand, event.mutable_stock_short());
    event.mutable_stock_short()->set_out_of_stock(demand->out_of_stock());
  } else {
    TellLines(*demand, event.mutable_stock_reserved());
  }
  state_.Emit<v1::Demand>(context_, order_id, std::move(event), /*with_previous=*/true);
  TellPlans();
}

void Turn::Finish() {
  for (const std::string& id : available_) {
    if (!TANDEM_PLANTED("receipt_serves_nobody")) Serve(id);
  }
  for (const std::string& id : served_) Tell(id);
  for (const std::string& id : stocks_) state_.Touch<v1::Stock>(id);
}

}  // namespace tandem::inventory
