// A quote's lines from the catalogue: what they are, what they cost, what they come to. Pure
// arithmetic over the quote and the catalogue; it emits nothing.
#pragma once

#include "absl/status/status.h"
#include "platform/base/state.h"
#include "tandem/opportunity/v1/quote.pb.h"

namespace tandem::opportunity {

enum class Pricing {
  kDraft,   // estimates at the list prices; given prices stand; items must be offered
  kRevise,  // the same, but a line whose item is gone is left as it is, to be edited
  kIssue,   // list prices become the lines' prices; every line needs one, and an ERP product
};

// Fills in the lines' product data, prices and nets, the quote's currency and net total. Errors:
// FAILED_PRECONDITION QUOTE_PRODUCT_NOT_OFFERED, QUOTE_UNIT_NOT_CONVERTIBLE, QUOTE_PRICE_MISSING,
// QUOTE_PRODUCT_NOT_LINKED; INVALID_ARGUMENT QUOTE_CURRENCY_MISMATCH, QUOTE_LINE_NUMBER_DUPLICATE,
// QUOTE_PRICE_INVALID; those of amounts, quantities and dates.
absl::Status PriceQuote(const State& state, Pricing pricing, v1::Quote* quote);

}  // namespace tandem::opportunity
