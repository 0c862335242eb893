// How orders and what they know of the masters are kept: tables, and the sets of orders that are
// found by something else than their id.
#pragma once

#include <vector>

#include "platform/store/migrations.h"
#include "platform/store/table.h"

namespace tandem::order {

// The tables of the order service's database, those of its subscriptions included.
std::vector<store::TableSpec> OrderTables();

// The scripts of migrations/, in order.
const std::vector<store::Migration>& Migrations();

}  // namespace tandem::order
