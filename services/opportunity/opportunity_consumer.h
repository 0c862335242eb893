// The events that the opportunity service reads: customers, orders, and billing's invoices and
// credit notes. Each becomes what opportunity_decide_facts.h learns.
#pragma once

#include <vector>

#include "platform/bus/subscription.h"

namespace tandem::opportunity {

std::vector<bus::LocalConsumer> OpportunityConsumers();

}  // namespace tandem::opportunity
