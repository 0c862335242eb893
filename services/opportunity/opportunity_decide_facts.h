// What the opportunity service learns from others: facts on customers, and what came of its
// opportunities' orders. Read models, never edited; what is not newer than what is known changes
// nothing, so events may come twice and, of different topics, in any order. Pure.
#pragma once

#include "absl/status/status.h"
#include "platform/base/state.h"
#include "tandem/opportunity/v1/facts.pb.h"

namespace tandem::opportunity {

// By `source_version`.
absl::Status LearnCustomer(const v1::CustomerFact& customer, State& state);

// What order tells of an order: number, quote, whether it was cancelled, booked and shipped
// amounts. The opportunity follows from the quote. By `order_version`. Errors: MONEY_OUT_OF_RANGE.
absl::Status LearnOrder(const v1::OrderResult& order, State& state);

// What an invoice or a credit note adds to its order: invoiced, credited and collected amounts. By
// `source_version`. Errors: MONEY_OUT_OF_RANGE, and MONEY_CURRENCY_MISMATCH for one in another
// currency than its order.
absl::Status LearnDocument(const v1::ResultDocument& document, State& state);

}  // namespace tandem::opportunity
