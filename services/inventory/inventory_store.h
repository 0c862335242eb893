// How products, stock, demands and shipments are kept: tables, and the sets of rows that are found
// by their product.
#pragma once

#include <vector>

#include "platform/store/migrations.h"
#include "platform/store/table.h"

namespace tandem::inventory {

// The tables of the inventory service's database.
std::vector<store::TableSpec> InventoryTables();

// The scripts of migrations/, in order.
const std::vector<store::Migration>& Migrations();

}  // namespace tandem::inventory
