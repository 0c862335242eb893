// The customer service as a process hosts it: its database, its gRPC service and what it reads of
// others. What main.cc and `tandem start` both call.
#pragma once

#include "platform/rpc/service.h"
#include "platform/settings/schema.h"

namespace tandem::customer {

// Declares the service's settings and says how it is made.
rpc::MakePart DeclareCustomer(settings::Schema& schema);

}  // namespace tandem::customer
