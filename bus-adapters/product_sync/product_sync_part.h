// The adapter product_sync as a process hosts it: keeps the ERP's products and the CRM's catalogue
// the same.
#pragma once

#include "platform/rpc/service.h"
#include "platform/settings/schema.h"

namespace tandem::product_sync {

// Declares the adapter's settings, none so far, and says how it is made.
rpc::MakePart DeclareProductSync(settings::Schema& schema);

}  // namespace tandem::product_sync
