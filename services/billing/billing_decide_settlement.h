// What settles an invoice, and what opens it again: its open amount, its settlement, and the event
// that says so. The account's figures are the caller's, who knows the other side. Pure.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"
#include "platform/base/state.h"
#include "services/billing/billing_decide_figures.h"
#include "tandem/billing/v1/invoice.pb.h"

namespace tandem::billing {

// Lowers the invoice's open amount by what a payment or credit note settles, at most all of it.
void Settle(absl::string_view invoice_id, int64_t micros, absl::string_view document_id,
            Context& context, State& state);
// Raises it again by what a payment had settled.
void Reopen(absl::string_view invoice_id, int64_t micros, absl::string_view document_id,
            Context& context, State& state);
// The settlement that follows from the open amount.
void SetSettlement(v1::Invoice* invoice);
// Tells of the settlement as it is now.
void TellSettlement(const v1::Invoice& invoice, absl::string_view document_id, Context& context,
                    State& state);

// Moves an amount from the account's unapplied and receivable figures: applying changes no
// exposure.
void Apply(int64_t micros, bool settles, Figures& figures);

}  // namespace tandem::billing
