// The tables of the opportunity service, and how its sets are found.
#pragma once

#include <vector>

#include "platform/store/migrations.h"
#include "platform/store/table.h"

namespace tandem::opportunity {

std::vector<store::TableSpec> OpportunityTables();
// The migrations of the service, behind the platform's.
const std::vector<store::Migration>& Migrations();

}  // namespace tandem::opportunity
