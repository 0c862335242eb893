// Credit of orders: reserved, released, overridden. Pure.
//
// A wish is absolute (the gross of the whole order) and carries the order's revision: a later one
// replaces an earlier one whatever the order of arrival, and what is closed stays closed. Not
// giving credit is an outcome that waits, not an error.
#pragma once

#include "absl/status/statusor.h"
#include "platform/base/state.h"
#include "tandem/billing/v1/billing_service.pb.h"

namespace tandem::billing {

absl::StatusOr<v1::ReserveCreditResponse> ReserveCredit(const v1::ReserveCreditRequest& request,
                                                        Context& context, State& state);
void ReserveCreditHints(const v1::ReserveCreditRequest& request, Wanted& wanted);

absl::StatusOr<v1::CreditCommitment> ReleaseCredit(const v1::ReleaseCreditRequest& request,
                                                   Context& context, State& state);
void ReleaseCreditHints(const v1::ReleaseCreditRequest& request, Wanted& wanted);

absl::StatusOr<v1::CreditCommitment> OverrideCredit(const v1::OverrideCreditRequest& request,
                                                    Context& context, State& state);
void OverrideCreditHints(const v1::OverrideCreditRequest& request, Wanted& wanted);

}  // namespace tandem::billing
