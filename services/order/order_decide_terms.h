// What an order's parties and lines follow from the masters at placing: names, addresses, account,
// units, prices, tax codes; and what is wrong with them. A direct order is refused for the first
// problem, a quoted one holds for each (DOMAIN R9).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "platform/base/state.h"
#include "tandem/order/v1/order.pb.h"

namespace tandem::order {

// The tax class that is known without billing: code OUTSIDE_SCOPE, rate 0.
inline constexpr char kOutsideScope[] = "OUTSIDE_SCOPE";

struct Problem {
  v1::HoldReason reason;
  int32_t line_number;   // 0: the whole order
  absl::Status refusal;  // of a direct order
};

// Whether the masters cause a hold of this reason, and take it back.
bool IsMasterHold(v1::HoldReason reason);
// Whether an order cannot be billed while it has a hold of this reason.
bool IsFactMissing(v1::HoldReason reason);

// Fills in the parties' names, addresses, account, currency and delivery policy, where the order
// does not have them yet.
void DetermineParties(const State& state, v1::Order* order, std::vector<Problem>* problems);

// Fills in a line's product data, base quantities, price, ordered net and tax. What the line has
// already stands. Errors, for quoted orders too: what is malformed (amounts, units, discount), and
// a quoted line without price.
absl::Status DetermineLine(const State& state, const v1::Order& order, absl::string_view path,
                           v1::OrderLine* line, std::vector<Problem>* problems);

// Fills in the freight's tax.
void DetermineFreight(const State& state, v1::Order* order, std::vector<Problem>* problems);

}  // namespace tandem::order
