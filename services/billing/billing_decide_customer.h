// The ERP's copy of customers. Pure.
//
// What the first account of a customer has too (debtor number, currency, terms, credit, delivery
// and dunning block) is changed there as well, in the same command; becoming a CUSTOMER opens it.
#pragma once

#include "absl/status/statusor.h"
#include "platform/base/state.h"
#include "tandem/billing/v1/billing_service.pb.h"

namespace tandem::billing {

absl::StatusOr<v1::Customer> CreateCustomer(const v1::CreateCustomerRequest& request,
                                            Context& context, State& state);
void CreateCustomerHints(const v1::CreateCustomerRequest& request, Wanted& wanted);
absl::StatusOr<v1::Customer> UpdateCustomer(const v1::UpdateCustomerRequest& request,
                                            Context& context, State& state);
void UpdateCustomerHints(const v1::UpdateCustomerRequest& request, Wanted& wanted);

}  // namespace tandem::billing
