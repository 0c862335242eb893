// Tax codes: one rate per tax class, for all dates. Pure.
#pragma once

#include "absl/status/statusor.h"
#include "platform/base/state.h"
#include "tandem/billing/v1/billing_service.pb.h"

namespace tandem::billing {

// Of tax codes: the one of a tax class.
inline constexpr absl::string_view kOfTaxClass = "of_tax_class";

absl::StatusOr<v1::TaxCode> CreateTaxCode(const v1::CreateTaxCodeRequest& request, Context& context,
                                          State& state);
void CreateTaxCodeHints(const v1::CreateTaxCodeRequest& request, Wanted& wanted);
absl::StatusOr<v1::TaxCode> UpdateTaxCode(const v1::UpdateTaxCodeRequest& request, Context& context,
                                          State& state);
void UpdateTaxCodeHints(const v1::UpdateTaxCodeRequest& request, Wanted& wanted);

}  // namespace tandem::billing
