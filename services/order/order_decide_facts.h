// What orders learn from the masters, and which holds go with it. Facts older than the one known
// change nothing. When a product, customer or tax rate arrives that orders are held for, those
// lines and parties are determined again: the hold goes, and where amounts or base quantities
// follow, the order is amended (revision + 1), so that demand and credit are stated anew.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "platform/base/state.h"
#include "tandem/order/v1/facts.pb.h"

namespace tandem::order {

absl::Status LearnProduct(const v1::ProductFact& fact, Context& context, State& state);

// `fact.known` is said by this function; an empty account keeps the one known from accounts.
absl::Status LearnCustomer(const v1::CustomerFact& fact, Context& context, State& state);

// `fact.block_version` is said by this function. Blocking and unblocking open orders is not done
// here but by HoldAccountOrders and ReleaseAccountOrders.
absl::Status LearnAccount(const v1::AccountFact& fact, Context& context, State& state);

// What a tax code says: its class's rate, or with `fact.tax_class` empty or `retired` that it is no
// class's any more. `previous_class` is the class it was of before, where that changed.
absl::Status LearnTaxRate(const v1::TaxRateFact& fact, bool retired,
                          absl::string_view previous_class, Context& context, State& state);

}  // namespace tandem::order
