// What the books say as of a day: read with one statement each, so that the two sides of a
// comparison are of one moment.
#pragma once

#include "absl/status/statusor.h"
#include "platform/store/reader.h"
#include "tandem/billing/v1/billing_service.pb.h"

namespace tandem::billing {

absl::StatusOr<v1::TrialBalance> ReadTrialBalance(const v1::GetTrialBalanceRequest& request,
                                                  store::Reader& reader);
absl::StatusOr<v1::DebtorBalances> ReadDebtorBalances(const v1::GetDebtorBalancesRequest& request,
                                                      store::Reader& reader);

}  // namespace tandem::billing
