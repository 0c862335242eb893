// Months of the books: closed, and opened again. Pure.
#pragma once

#include "absl/status/statusor.h"
#include "platform/base/state.h"
#include "tandem/billing/v1/billing_service.pb.h"

namespace tandem::billing {

absl::StatusOr<v1::AccountingPeriod> ClosePeriod(const v1::ClosePeriodRequest& request,
                                                 Context& context, State& state);
void ClosePeriodHints(const v1::ClosePeriodRequest& request, Wanted& wanted);
absl::StatusOr<v1::AccountingPeriod> ReopenPeriod(const v1::ReopenPeriodRequest& request,
                                                  Context& context, State& state);
void ReopenPeriodHints(const v1::ReopenPeriodRequest& request, Wanted& wanted);

}  // namespace tandem::billing
