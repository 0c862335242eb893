// Who owns which field of a product: the table of DOMAIN section 10, as data.
#pragma once

#include "bus-adapters/master_data/runner_step.h"

namespace tandem::product_sync {

// The ERP's and the CRM's names, as their parts are called.
inline constexpr char kErp[] = "inventory";
inline constexpr char kCrm[] = "opportunity";

const master_data::Entity& ProductEntity();

}  // namespace tandem::product_sync
