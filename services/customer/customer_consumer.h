// The events that the customer service reads: orders, billing's documents and accounts, and quotes
// that were issued. Each becomes what customer_decide_dealings.h learns.
#pragma once

#include <vector>

#include "platform/bus/subscription.h"

namespace tandem::customer {

std::vector<bus::LocalConsumer> CustomerConsumers();

}  // namespace tandem::customer
