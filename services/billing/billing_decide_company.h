// The company's own defaults, and what every company starts with. Pure.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "platform/base/state.h"
#include "tandem/billing/v1/ledger.pb.h"

namespace tandem::billing {

// The code, and the tax class of products, for what no tax is due on here.
inline constexpr absl::string_view kOutsideScope = "OUTSIDE_SCOPE";

// The company's defaults for new accounts; where nobody set any: US dollars, a limit of 10,000, due
// after 30 days.
v1::CompanyProfile CompanyOf(State& state);
v1::CompanyProfile DefaultCompany();

// Brings the settings of the process into the database, at start; makes the tax code OUTSIDE_SCOPE
// the first time. Does nothing when all is as it says.
absl::StatusOr<v1::CompanyProfile> PutCompany(const v1::CompanyProfile& company, Context& context,
                                              State& state);

}  // namespace tandem::billing
