// The inventory service as a process hosts it: its database and its gRPC service. It reads no
// events of others: what it has to know of orders, they say in their calls. What main.cc and
// `tandem start` both call.
#pragma once

#include "platform/rpc/service.h"
#include "platform/settings/schema.h"

namespace tandem::inventory {

// Declares the service's settings and says how it is made.
rpc::MakePart DeclareInventory(settings::Schema& schema);

}  // namespace tandem::inventory
