// Posting credit notes. Pure.
//
// A credit note mirrors its invoice: the line's code and rate, also after the rate changed, and
// taxes as differences of cumulated bases, so that a credit of everything ends at 0. It lowers its
// invoice's open amount first; the rest is credit on account.
#pragma once

#include "absl/status/statusor.h"
#include "platform/base/state.h"
#include "tandem/billing/v1/billing_service.pb.h"

namespace tandem::billing {

// Of credit notes: the one of a return; those of an invoice that are not all applied.
inline constexpr absl::string_view kOfReturn = "of_return";
inline constexpr absl::string_view kUnappliedOfInvoice = "unapplied_of_invoice";

absl::StatusOr<v1::CreditNote> PostCreditNote(const v1::PostCreditNoteRequest& request,
                                              Context& context, State& state);
void PostCreditNoteHints(const v1::PostCreditNoteRequest& request, Wanted& wanted);

}  // namespace tandem::billing
