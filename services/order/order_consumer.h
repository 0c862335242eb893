// What the order service reads of others' events: products of inventory; customers, debtor accounts
// and tax codes of billing. They become the facts that orders are validated against.
#pragma once

#include <vector>

#include "platform/bus/subscription.h"

namespace tandem::order {

std::vector<bus::LocalConsumer> OrderConsumers();

}  // namespace tandem::order
