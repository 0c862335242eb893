// The adapter customer_sync as a process hosts it: keeps the CRM's customers and the ERP's the
// same.
#pragma once

#include "platform/rpc/service.h"
#include "platform/settings/schema.h"

namespace tandem::customer_sync {

// Declares the adapter's settings, none so far, and says how it is made.
rpc::MakePart DeclareCustomerSync(settings::Schema& schema);

}  // namespace tandem::customer_sync
