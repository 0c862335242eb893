// Money that comes, is used, and goes back. Pure.
#pragma once

#include "absl/status/statusor.h"
#include "platform/base/state.h"
#include "tandem/billing/v1/billing_service.pb.h"

namespace tandem::billing {

// Of invoices: the open ones of an order; the one of a number.
inline constexpr absl::string_view kOpenOfOrder = "open_of_order";
inline constexpr absl::string_view kOfNumber = "of_number";

absl::StatusOr<v1::Payment> RecordPayment(const v1::RecordPaymentRequest& request, Context& context,
                                          State& state);
void RecordPaymentHints(const v1::RecordPaymentRequest& request, Wanted& wanted);

absl::StatusOr<v1::Payment> ApplyPayment(const v1::ApplyPaymentRequest& request, Context& context,
                                         State& state);
void ApplyPaymentHints(const v1::ApplyPaymentRequest& request, Wanted& wanted);

absl::StatusOr<v1::Payment> ReversePayment(const v1::ReversePaymentRequest& request,
                                           Context& context, State& state);
void ReversePaymentHints(const v1::ReversePaymentRequest& request, Wanted& wanted);

// The first invoice number in a text, "INV-2026-000001"; empty for none.
std::string InvoiceNumberIn(absl::string_view reference);

}  // namespace tandem::billing
