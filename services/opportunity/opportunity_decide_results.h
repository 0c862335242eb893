// The two steps that opportunities and quotes share: winning an opportunity, and tying an order to
// what it came of. Pure.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "google/type/date.pb.h"
#include "platform/base/state.h"
#include "tandem/opportunity/v1/opportunity.pb.h"

namespace tandem::opportunity {

// Closes an open opportunity as won, by a quote or an order; `closed_date` may be absent.
void Win(const std::string& opportunity_id, const std::string& quote_id,
         const std::string& order_id, const google::type::Date* closed_date, Context& context,
         State& state);

// Notes which opportunity an order came of, and takes its amounts into the opportunity's results.
// One that is tied already stays where it is. Errors: MONEY_OUT_OF_RANGE.
absl::Status TieOrder(const std::string& order_id, const std::string& order_number,
                      const std::string& quote_id, const std::string& opportunity_id, State& state);

}  // namespace tandem::opportunity
