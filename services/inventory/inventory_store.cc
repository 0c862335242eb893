#include "services/inventory/inventory_store.h"

#include "inventory_migrations.h"
#include "services/inventory/inventory_decide.h"
#include "tandem/inventory/v1/demand.pb.h"
#include "tandem/inventory/v1/product.pb.h"
#include "tandem/inventory/v1/shipment.pb.h"
#include "tandem/inventory/v1/stock.pb.h"
#include "tandem/operations/v1/counter.pb.h"

namespace tandem::inventory {
namespace {

constexpr char kStocksOfProductSql[] = "SELECT id FROM stocks WHERE product_id = $1";
constexpr char kDemandsOpenSql[] =
    "SELECT parent FROM demands_lines WHERE product_id = $1 AND open_micros > 0";
// Whoever adds to the next two changes the product's stock as well, and so holds its lock.
constexpr char kDemandsWaitingSql[] =
    "SELECT DISTINCT l.parent FROM demands_lines l JOIN demands d ON d.order_id = l.parent "
    "WHERE l.product_id = $1 AND l.backordered_micros > 0 AND d.held = 0 AND d.out_of_stock = 0";
constexpr char kDemandsReservingSql[] =
    "SELECT parent FROM demands_lines WHERE product_id = $1 AND open_micros > 0 AND "
    "reserved_micros > 0";

}  // namespace

std::vector<store::TableSpec> InventoryTables() {
  // What arbitrates comes first: the queue's counter, which everyone names who may change a claim;
  // a product's stock; then those who want it. What every step of an order reads again is
  // remembered.
  return {
      {operations::v1::Counter::descriptor(), "counters", {}, 5, store::Remembered::kByAll},
      {v1::Stock::descriptor(),
       "stocks",
       {{kStocksOfProduct, kStocksOfProductSql}},
       10,
       store::Remembered::kByAll},
      {v1::Demand::descriptor(),
       "demands",
       {{kDemandsOpen, kDemandsOpenSql},
        {kDemandsWaiting, kDemandsWaitingSql},
        {kDemandsReserving, kDemandsReservingSql}},
       20,
       store::Remembered::kByAll},
      {v1::Shipment::descriptor(), "shipments", {}, 30, store::Remembered::kByAll},
      {v1::ShipmentReturn::descriptor(), "shipment_returns", {}, 40},
      {v1::Product::descriptor(), "products", {}, 50, store::Remembered::kByAll},
      {v1::ProductSku::descriptor(), "product_skus", {}, 60},
      {v1::StockMove::descriptor(), "stock_moves", {}, 70},
  };
}

const std::vector<store::Migration>& Migrations() { return InventoryMigrations(); }

}  // namespace tandem::inventory
