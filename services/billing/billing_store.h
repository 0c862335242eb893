// How billing's records are kept: tables, in the order they are locked, and the sets of records
// that are found by something else than their id.
#pragma once

#include <vector>

#include "platform/store/migrations.h"
#include "platform/store/table.h"

namespace tandem::billing {

std::vector<store::TableSpec> BillingTables();

// The scripts of migrations/, in order.
const std::vector<store::Migration>& Migrations();

}  // namespace tandem::billing
