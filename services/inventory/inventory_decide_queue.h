// The one place that says who gets what: stock, the demands that wait for it, and the shipments
// that follow from what they were given. It keeps, whatever a command does,
//   Σ reserved ≤ on hand − blocked, per product and warehouse;
//   nothing waits that could have been served: where a demand that may take stock waits, none is
//   available. So a demand whose turn comes takes what is available and overtakes nobody, and only
//   what makes stock available has to look at the queue;
//   a planned shipment is exactly what is reserved and not on a pick list.
//
// The queue of a product: higher priority first, then the lower sequence. Held demands keep their
// place and are passed over; one that found too little under NO_BACKORDER waits for no stock.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "platform/base/state.h"
#include "services/inventory/inventory_decide_figures.h"
#include "tandem/inventory/v1/demand.pb.h"
#include "tandem/inventory/v1/events.pb.h"
#include "tandem/inventory/v1/shipment.pb.h"
#include "tandem/inventory/v1/stock.pb.h"

namespace tandem::inventory {

// What is written with a move beside its figures.
struct MoveCause {
  v1::StockMoveKind kind = v1::STOCK_MOVE_KIND_UNSPECIFIED;
  std::string id = {};  // the caller's, or empty
  std::string reason = {};
  std::string reference = {};
  std::string order_id = {};
};

// What one command does to stock and to those who want it. Demands that are given or lose something
// are told at the end, each once, by Finish; the command tells everything else itself.
class Turn {
 public:
  Turn(Context& context, State& state) : context_(context), state_(state) {}

  // The row to change; made, with nothing in it, where there is none.
  v1::Stock* StockOf(absl::string_view product_id, absl::string_view warehouse,
                     absl::string_view unit);
  v1::Stock* StockOf(const v1::DemandLine& line);  // null where the line needs none
  void ChangeStock(const StockChange& change, v1::Stock* stock);

  // Changes what is on hand or blocked, and what goes with it, and tells it. OUT_OF_RANGE
  // STOCK_OUT_OF_RANGE.
  absl::Status Move(v1::Stock* stock, const StockChange& change, const MoveCause& cause);

  // The demand takes its place for all that it has open, and, unless it is held, its turn.
  // OUT_OF_RANGE STOCK_OUT_OF_RANGE.
  absl::Status EnterQueue(v1::Demand* demand);
  // Takes what is available, as its backorder policy lets it.
  void TakeTurn(v1::Demand* demand);
  // Brings a line to what may be wanted of it: gives back what is too much.
  void Trim(v1::DemandLine* line, int64_t open);
  // Gives back everything; nothing is open any more.
  void Release(v1::Demand* demand);
  // Takes back `micros` of what is reserved and not on a pick list, from the end of the queue.
  // FAILED_PRECONDITION STOCK_ALLOCATED where there is less.
  absl::Status TakeBack(const v1::Stock& stock, int64_t micros);

  // Brings the demand's planned shipment in line with what is reserved. Told by TellPlan, after the
  // demand, whose shipment ids may have changed.
  void Plan(v1::Demand* demand);
  void TellPlans();

  // Serves the queues of all stock that became available, and tells what came of everything.
  void Finish();

 private:
  void Serve(const std::string& stock_id);
  void Give(v1::Demand* demand, v1::DemandLine* line, int64_t micros);
  void Tell(const std::string& order_id);
  void Serving(const std::string& order_id);

  Context& context_;
  State& state_;
  std::set<std::string> stocks_;     // changed
  std::set<std::string> available_;  // of these, those of which more is available
  std::vector<std::string> served_;  // orders to be told, each once, in order
  std::set<std::string> serving_;    // the same
  std::vector<std::pair<std::string, v1::ShipmentEvent>> plans_;
};

// The next of a counter whose first is `first`.
int64_t NextOf(State& state, absl::string_view counter, int64_t first);

// Whether everything that stock was asked for is reserved.
bool IsShort(const v1::Demand& demand);
bool IsOpen(const v1::Demand& demand);

}  // namespace tandem::inventory
