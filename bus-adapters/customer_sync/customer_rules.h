// Who owns which field of a customer: the table of DOMAIN section 10, as data.
#pragma once

#include "bus-adapters/master_data/runner_step.h"

namespace tandem::customer_sync {

// The CRM's and the ERP's names, as their parts are called.
inline constexpr char kCrm[] = "customer";
inline constexpr char kErp[] = "billing";

const master_data::Entity& CustomerEntity();

}  // namespace tandem::customer_sync
