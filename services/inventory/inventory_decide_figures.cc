#include "services/inventory/inventory_decide_figures.h"

#include "absl/strings/str_cat.h"
#include "platform/base/fixed.h"
#include "platform/base/quantity.h"
#include "platform/base/status_macros.h"
#include "services/inventory/inventory_decide.h"

namespace tandem::inventory {

int64_t MicrosOf(const type::v1::Quantity& quantity) {
  absl::StatusOr<int64_t> micros = DecimalFromProto(quantity.value(), "");
  return micros.ok() ? *micros : 0;
}

void AddTo(type::v1::Quantity* quantity, int64_t delta) {
  if (delta == 0) return;
  quantity->mutable_value()->set_value(FormatMicros(MicrosOf(*quantity) + delta));
}

std::string WarehouseOf(absl::string_view warehouse) {
  return std::string(warehouse.empty() ? absl::string_view(kMainWarehouse) : warehouse);
}

std::string StockId(absl::string_view product_id, absl::string_view warehouse) {
  return absl::StrCat(product_id, "/", warehouse);
}

absl::StatusOr<std::optional<int64_t>> InBaseUnit(const type::v1::Quantity& quantity,
                                                  const v1::Product& product,
                                                  absl::string_view field) {
  TANDEM_ASSIGN_OR_RETURN(Quantity given, FromProto(quantity, field));
  if (given.unit == product.base_unit()) return given.micros;
  for (const v1::ProductUnit& unit : product.units()) {
    if (unit.unit() != given.unit) continue;
    absl::StatusOr<int64_t> micros =
        ConvertQuantity(given.micros, unit.numerator(), unit.denominator());
    if (!micros.ok() || *micros > kMaxMicros || *micros < -kMaxMicros) return std::nullopt;
    return *micros;
  }
  return std::nullopt;
}

v1::Stock EmptyStock(absl::string_view product_id, absl::string_view warehouse,
                     absl::string_view unit) {
  v1::Stock stock;
  stock.set_id(StockId(product_id, warehouse));
  stock.set_product_id(std::string(product_id));
  stock.set_warehouse(std::string(warehouse));
  for (type::v1::Quantity* figure :
       {stock.mutable_on_hand(), stock.mutable_blocked(), stock.mutable_reserved(),
        stock.mutable_available(), stock.mutable_backordered(), stock.mutable_allocated()}) {
    SetQuantity(0, unit, figure);
  }
  return stock;
}

void Change(const StockChange& change, v1::Stock* stock) {
  AddTo(stock->mutable_on_hand(), change.on_hand);
  AddTo(stock->mutable_blocked(), change.blocked);
  AddTo(stock->mutable_reserved(), change.reserved);
  AddTo(stock->mutable_backordered(), change.backordered);
  AddTo(stock->mutable_allocated(), change.allocated);
  AddTo(stock->mutable_available(), change.on_hand - change.blocked - change.reserved);
}

}  // namespace tandem::inventory
