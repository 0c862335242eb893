// Goods come in, are counted and blocked. What becomes available goes to who waits for it.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/base/quantity.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "services/inventory/inventory_decide.h"
#include "services/inventory/inventory_decide_figures.h"
#include "services/inventory/inventory_decide_queue.h"

namespace tandem::inventory {
namespace {

// Whether this move was recorded before; ALREADY_EXISTS where its id is another's.
absl::StatusOr<bool> IsRecorded(const State& state, const std::string& move_id,
                                const std::string& product_id, const std::string& warehouse) {
  const v1::StockMove* move = state.Find<v1::StockMove>(move_id);
  if (move == nullptr) return false;
  if (move->product_id() == product_id && move->warehouse() == warehouse) return true;
  return Refuse(absl::StatusCode::kAlreadyExists, "STOCK_MOVE_ALREADY_EXISTS",
                absl::StrCat(move_id, " is a move of another stock"), "stock_move_id");
}

absl::StatusOr<const v1::Product*> StockedProduct(const State& state, const std::string& id) {
  const v1::Product* product = state.Find<v1::Product>(id);
  if (product == nullptr) {
    return Refuse(absl::StatusCode::kNotFound, "PRODUCT_NOT_FOUND", absl::StrCat("no product ", id),
                  "product_id");
  }
  if (product->kind() == v1::PRODUCT_KIND_SERVICE) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "STOCK_PRODUCT_NOT_STOCKED",
                  "a service is not kept in stock", "product_id");
  }
  return product;
}

absl::StatusOr<int64_t> BaseMicros(const type::v1::Quantity& quantity, const v1::Product& product,
                                   absl::string_view field) {
  TANDEM_ASSIGN_OR_RETURN(std::optional<int64_t> micros, InBaseUnit(quantity, product, field));
  if (micros.has_value()) return *micros;
  return InvalidField(field, "STOCK_UNIT_NOT_CONVERTIBLE",
                      absl::StrCat("not a quantity in ", product.base_unit(),
                                   " or in another unit of the product"));
}

absl::Status CheckNotArchived(const v1::Product& product) {
  if (product.state() != v1::PRODUCT_STATE_ARCHIVED) return absl::OkStatus();
  return Refuse(absl::StatusCode::kFailedPrecondition, "PRODUCT_ARCHIVED",
                "an archived product takes no stock", "product_id");
}

template <class Request>
void Hints(const Request& request, Wanted& wanted) {
  QueueHints(wanted);
  wanted.Row<v1::Product>(request.product_id());
  wanted.Row<v1::Stock>(StockId(request.product_id(), WarehouseOf(request.warehouse())));
  wanted.Row<v1::StockMove>(request.stock_move_id());
}

}  // namespace

Answer<v1::Stock> ReceiveStock(const v1::ReceiveStockRequest& request, Context& context,
                               State& state) {
  const std::string warehouse = WarehouseOf(request.warehouse());
  const std::string stock_id = StockId(request.product_id(), warehouse);
  TANDEM_ASSIGN_OR_RETURN(const v1::Product* product, StockedProduct(state, request.product_id()));
  TANDEM_ASSIGN_OR_RETURN(const bool recorded, IsRecorded(state, request.stock_move_id(),
                                                          request.product_id(), warehouse));
  if (recorded) return state.Answer<v1::Stock>(stock_id);
  TANDEM_RETURN_IF_ERROR(CheckNotArchived(*product));
  TANDEM_ASSIGN_OR_RETURN(const int64_t micros,
                          BaseMicros(request.quantity(), *product, "quantity"));
  if (micros <= 0) {
    return InvalidField("quantity", "QUANTITY_NOT_POSITIVE", "what comes in is more than 0");
  }
  Turn turn(context, state);
  v1::Stock* stock = turn.StockOf(request.product_id(), warehouse, product->base_unit());
  TANDEM_RETURN_IF_ERROR(turn.Move(stock, {.on_hand = micros},
                                   {.kind = v1::STOCK_MOVE_KIND_RECEIPT,
                                    .id = request.stock_move_id(),
                                    .reason = request.reason(),
                                    .reference = request.reference()}));
  turn.Finish();
  return state.Answer<v1::Stock>(stock_id);
}

void ReceiveStockHints(const v1::ReceiveStockRequest& request, Wanted& wanted) {
  Hints(request, wanted);
}

Answer<v1::Stock> AdjustStock(const v1::AdjustStockRequest& request, Context& context,
                              State& state) {
  const std::string warehouse = WarehouseOf(request.warehouse());
  const std::string stock_id = StockId(request.product_id(), warehouse);
  TANDEM_ASSIGN_OR_RETURN(const v1::Product* product, StockedProduct(state, request.product_id()));
  TANDEM_ASSIGN_OR_RETURN(const bool recorded, IsRecorded(state, request.stock_move_id(),
                                                          request.product_id(), warehouse));
  if (recorded) return state.Answer<v1::Stock>(stock_id);
  int64_t delta = 0;
  int64_t blocked_delta = 0;
  if (request.has_quantity()) {
    TANDEM_ASSIGN_OR_RETURN(delta, BaseMicros(request.quantity(), *product, "quantity"));
  }
  if (request.has_blocked_quantity()) {
    TANDEM_ASSIGN_OR_RETURN(blocked_delta,
                            BaseMicros(request.blocked_quantity(), *product, "blocked_quantity"));
  }
  if (delta == 0 && blocked_delta == 0) {
    return InvalidField("quantity", "STOCK_ADJUSTMENT_EMPTY", "nothing would change");
  }
  if (delta > 0) TANDEM_RETURN_IF_ERROR(CheckNotArchived(*product));
  Turn turn(context, state);
  v1::Stock* stock = turn.StockOf(request.product_id(), warehouse, product->base_unit());
  const int64_t on_hand = MicrosOf(stock->on_hand()) + delta;
  const int64_t blocked = MicrosOf(stock->blocked()) + blocked_delta;
  if (on_hand < 0) {
    return Refuse(
        absl::StatusCode::kFailedPrecondition, "STOCK_BELOW_ZERO",
        absl::StrCat("only ", FormatQuantity(MicrosOf(stock->on_hand()), product->base_unit()),
                     " is on hand"),
        "quantity");
  }
  if (blocked < 0 || blocked > on_hand) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "STOCK_BLOCKED_INVALID",
                  "blocked would be less than 0 or more than is on hand", "blocked_quantity");
  }
  const int64_t missing = MicrosOf(stock->reserved()) - (on_hand - blocked);
  if (missing > 0) TANDEM_RETURN_IF_ERROR(turn.TakeBack(*stock, missing));
  TANDEM_RETURN_IF_ERROR(turn.Move(stock, {.on_hand = delta, .blocked = blocked_delta},
                                   {.kind = v1::STOCK_MOVE_KIND_ADJUSTMENT,
                                    .id = request.stock_move_id(),
                                    .reason = request.reason(),
                                    .reference = request.reference()}));
  turn.Finish();
  return state.Answer<v1::Stock>(stock_id);
}

void AdjustStockHints(const v1::AdjustStockRequest& request, Wanted& wanted) {
  Hints(request, wanted);
}

}  // namespace tandem::inventory
