// The figures of stock and demand lines, as micros of the product's base unit. Figures that were
// stored are well-formed; what comes from outside is converted here, exactly or not at all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tandem/inventory/v1/product.pb.h"
#include "tandem/inventory/v1/stock.pb.h"
#include "tandem/type/v1/quantity.pb.h"

namespace tandem::inventory {

int64_t MicrosOf(const type::v1::Quantity& quantity);
// Keeps the unit.
void AddTo(type::v1::Quantity* quantity, int64_t delta);

// An empty warehouse is the main one.
std::string WarehouseOf(absl::string_view warehouse);
std::string StockId(absl::string_view product_id, absl::string_view warehouse);

// A quantity in the product's base unit; none where its unit is not one of the product's, or the
// base unit cannot hold it. INVALID_ARGUMENT, OUT_OF_RANGE where it is none at all.
absl::StatusOr<std::optional<int64_t>> InBaseUnit(const type::v1::Quantity& quantity,
                                                  const v1::Product& product,
                                                  absl::string_view field);

v1::Stock EmptyStock(absl::string_view product_id, absl::string_view warehouse,
                     absl::string_view unit);

struct StockChange {
  int64_t on_hand = 0;
  int64_t blocked = 0;
  int64_t reserved = 0;
  int64_t backordered = 0;
  int64_t allocated = 0;
};
// Keeps `available` what it is by definition.
void Change(const StockChange& change, v1::Stock* stock);

}  // namespace tandem::inventory
