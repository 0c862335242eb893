// The adapter order_to_cash as a process hosts it: four subscriptions whose effects are calls, and
// a small database for cursors and quarantine. Losing that database costs a replay and changes
// nothing.
#pragma once

#include "platform/rpc/service.h"
#include "platform/settings/schema.h"

namespace tandem::order_to_cash {

// Declares the adapter's settings, none so far, and says how it is made.
rpc::MakePart DeclareOrderToCash(settings::Schema& schema);

}  // namespace tandem::order_to_cash
