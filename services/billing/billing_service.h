// The billing service as a process hosts it: its database, its gRPC service, and the company's
// defaults, which it brings from the settings into the database. It reads no events: what it knows
// of others comes by calls. What main.cc and `tandem start` both call.
#pragma once

#include "platform/rpc/service.h"
#include "platform/settings/schema.h"

namespace tandem::billing {

// Declares the service's settings and says how it is made.
rpc::MakePart DeclareBilling(settings::Schema& schema);

}  // namespace tandem::billing
