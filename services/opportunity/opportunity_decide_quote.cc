// Writing, issuing and revising quotes.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/base/field_behavior.h"
#include "platform/base/field_mask.h"
#include "platform/base/status.h"
#include "services/opportunity/opportunity_decide.h"
#include "services/opportunity/opportunity_decide_check.h"
#include "services/opportunity/opportunity_decide_pricing.h"
#include "tandem/operations/v1/counter.pb.h"
#include "tandem/opportunity/v1/events.pb.h"

namespace tandem::opportunity {
namespace {

using operations::v1::Counter;

constexpr char kEntity[] = "QUOTE";

std::string NextNumber(State& state) {
  Counter* counter = state.Edit<Counter>(kQuoteCounter);
  if (counter == nullptr) {
    Counter first;
    first.set_name(kQuoteCounter);
    first.set_value(kQuoteNumberBase);
    counter = state.Insert(std::move(first));
  }
  counter->set_value(counter->value() + 1);
  std::string number = absl::StrCat("Q-", counter->value());
  state.Touch<Counter>(kQuoteCounter);
  return number;
}

void SetVersion(const std::string& number, int32_t version, v1::Quote* quote) {
  quote->set_quote_number(number);
  quote->set_quote_version(version);
  quote->set_display_number(absl::StrCat(number, "/", version));
}

absl::Status CheckDates(const v1::Quote& quote) {
  TANDEM_RETURN_IF_ERROR(CheckDate(true, quote.quote_date(), "quote.quote_date"));
  TANDEM_RETURN_IF_ERROR(
      CheckDate(quote.has_valid_until(), quote.valid_until(), "quote.valid_until"));
  return CheckDate(quote.has_requested_date(), quote.requested_date(), "quote.requested_date");
}

// The customer that a quote is for: its opportunity's, where it has one.
absl::Status DetermineCustomer(const v1::Opportunity* opportunity, const State& state,
                               v1::Quote* quote) {
  if (opportunity != nullptr) {
    if (quote->customer_id().empty()) quote->set_customer_id(opportunity->customer_id());
    if (quote->customer_id() != opportunity->customer_id()) {
      return NotNow("QUOTE_CUSTOMER_MISMATCH", "The opportunity is another customer's.",
                    "quote.customer_id");
    }
  }
  const v1::CustomerFact* customer = state.Find<v1::CustomerFact>(quote->customer_id());
  if (customer == nullptr || customer->deleted()) {
    return NotNow("QUOTE_CUSTOMER_UNKNOWN",
                  absl::StrCat("No customer '", quote->customer_id(), "' is known here yet."),
                  "quote.customer_id");
  }
  if (customer->archived()) {
    return NotNow("QUOTE_CUSTOMER_ARCHIVED",
                  absl::StrCat("The customer ", customer->customer_number(), " is archived."),
                  "quote.customer_id");
  }
  if (quote->customer_name().empty()) quote->set_customer_name(customer->display_name());
  return absl::OkStatus();
}

// The quote that counts for its opportunity: the first, and what takes its place.
void SetPrimary(const std::string& opportunity_id, const std::string& instead_of,
                const std::string& quote_id, Context& context, State& state) {
  const v1::Opportunity* opportunity = state.Find<v1::Opportunity>(opportunity_id);
  if (opportunity == nullptr || opportunity->primary_quote_id() != instead_of) return;
  state.Edit<v1::Opportunity>(opportunity_id)->set_primary_quote_id(quote_id);
  v1::OpportunityEvent event;
  event.mutable_opportunity_updated();
  state.Emit<v1::Opportunity>(context, opportunity_id, std::move(event), /*with_previous=*/true);
}

absl::Status AlreadyExists(const std::string& id, absl::string_view field) {
  return Refuse(absl::StatusCode::kAlreadyExists, "QUOTE_ALREADY_EXISTS",
                absl::StrCat("There is a quote ", id, "."), field);
}

absl::Status NotDraft(const v1::Quote& quote) {
  return NotNow("QUOTE_NOT_DRAFT",
                absl::StrCat(quote.display_number(), " is no draft any more; it can be revised."));
}

absl::Status CheckOpen(const v1::Opportunity* opportunity) {
  return opportunity == nullptr || opportunity->state() == v1::OPPORTUNITY_STATE_OPEN
             ? absl::OkStatus()
             : Closed(*opportunity);
}

}  // namespace

Answer<v1::Quote> CreateQuote(const v1::CreateQuoteRequest& request, Context& context,
                              State& state) {
  v1::Quote quote = request.quote();
  ClearOutputOnly(&quote);
  const std::string id = request.quote_id().empty() ? context.ids.Next("quo_") : request.quote_id();
  quote.set_id(id);
  const v1::Opportunity* opportunity = state.Find<v1::Opportunity>(quote.opportunity_id());
  if (state.Find<v1::Quote>(id) != nullptr) return AlreadyExists(id, "quote_id");
  if (opportunity == nullptr && !quote.opportunity_id().empty()) {
    return NotFound("OPPORTUNITY", quote.opportunity_id());
  }
  TANDEM_RETURN_IF_ERROR(CheckOpen(opportunity));
  TANDEM_RETURN_IF_ERROR(CheckDates(quote));
  TANDEM_RETURN_IF_ERROR(DetermineCustomer(opportunity, state, &quote));
  TANDEM_RETURN_IF_ERROR(PriceQuote(state, Pricing::kDraft, &quote));
  quote.set_state(v1::QUOTE_STATE_DRAFT);
  SetVersion(NextNumber(state), 1, &quote);
  const std::string opportunity_id = quote.opportunity_id();
  state.Insert(std::move(quote));
  v1::QuoteEvent event;
  event.mutable_quote_created();
  state.Emit<v1::Quote>(context, id, std::move(event));
  SetPrimary(opportunity_id, "", id, context, state);
  return state.Answer<v1::Quote>(id);
}

void CreateQuoteHints(const v1::CreateQuoteRequest& request, Wanted& wanted) {
  const v1::Quote& quote = request.quote();
  wanted.Row<v1::Quote>(request.quote_id());
  wanted.Row<v1::Opportunity>(quote.opportunity_id());
  wanted.Row<v1::CustomerFact>(quote.customer_id());
  for (const v1::QuoteLine& line : quote.lines()) {
    wanted.Row<v1::CatalogueItem>(line.catalogue_item_id());
  }
  wanted.Row<Counter>(kQuoteCounter);
}

Answer<v1::Quote> UpdateQuote(const v1::UpdateQuoteRequest& request, Context& context,
                              State& state) {
  const std::string& id = request.quote().id();
  TANDEM_ASSIGN_OR_RETURN(const v1::Quote* known,
                          FindKnown<v1::Quote>(kEntity, id, request, state));
  v1::Quote changed = *known;
  TANDEM_RETURN_IF_ERROR(ApplyUpdateMask(request.update_mask(), request.quote(), &changed));
  if (ReplacesAll(request.update_mask())) {  // what is fixed and unset stays
    if (changed.opportunity_id().empty()) changed.set_opportunity_id(known->opportunity_id());
    if (changed.customer_id().empty()) changed.set_customer_id(known->customer_id());
    if (changed.customer_name().empty()) changed.set_customer_name(known->customer_name());
  }
  if (Same(changed, *known)) return state.Answer<v1::Quote>(id);
  if (known->state() != v1::QUOTE_STATE_DRAFT) return NotDraft(*known);
  if (changed.opportunity_id() != known->opportunity_id()) {
    return NotNow("QUOTE_FIELD_FIXED", "A quote stays with its opportunity.",
                  "quote.opportunity_id");
  }
  if (changed.customer_id() != known->customer_id()) {
    return NotNow("QUOTE_FIELD_FIXED", "A quote stays with its customer.", "quote.customer_id");
  }
  TANDEM_RETURN_IF_ERROR(CheckDates(changed));
  TANDEM_RETURN_IF_ERROR(PriceQuote(state, Pricing::kDraft, &changed));
  if (Same(changed, *known)) return state.Answer<v1::Quote>(id);
  *state.Edit<v1::Quote>(id) = std::move(changed);
  v1::QuoteEvent event;
  event.mutable_quote_updated();
  state.Emit<v1::Quote>(context, id, std::move(event), /*with_previous=*/true);
  return state.Answer<v1::Quote>(id);
}

void UpdateQuoteHints(const v1::UpdateQuoteRequest& request, Wanted& wanted) {
  wanted.Row<v1::Quote>(request.quote().id());
  for (const v1::QuoteLine& line : request.quote().lines()) {
    wanted.Row<v1::CatalogueItem>(line.catalogue_item_id());
  }
}

Answer<v1::Quote> IssueQuote(const v1::IssueQuoteRequest& request, Context& context, State& state) {
  const std::string& id = request.id();
  TANDEM_ASSIGN_OR_RETURN(const v1::Quote* known,
                          FindKnown<v1::Quote>(kEntity, id, request, state));
  if (known->state() == v1::QUOTE_STATE_ISSUED) return state.Answer<v1::Quote>(id);
  if (known->state() != v1::QUOTE_STATE_DRAFT) return NotDraft(*known);
  TANDEM_RETURN_IF_ERROR(CheckOpen(state.Find<v1::Opportunity>(known->opportunity_id())));
  if (known->lines().empty()) {
    return NotNow("QUOTE_NO_LINES", absl::StrCat(known->display_number(), " offers nothing yet."));
  }
  v1::Quote issued = *known;
  if (request.has_quote_date()) *issued.mutable_quote_date() = request.quote_date();
  if (request.has_valid_until()) *issued.mutable_valid_until() = request.valid_until();
  TANDEM_RETURN_IF_ERROR(CheckDates(issued));
  if (!issued.has_valid_until() || DaysOf(issued.valid_until()) < DaysOf(issued.quote_date())) {
    return InvalidField("valid_until", "QUOTE_VALIDITY_INVALID",
                        "An offer is valid until a day, not before the day it is made.");
  }
  TANDEM_RETURN_IF_ERROR(PriceQuote(state, Pricing::kIssue, &issued));
  issued.set_state(v1::QUOTE_STATE_ISSUED);
  v1::QuoteEvent event;
  *event.mutable_quote_issued()->mutable_valid_until() = issued.valid_until();
  *state.Edit<v1::Quote>(id) = std::move(issued);
  state.Emit<v1::Quote>(context, id, std::move(event), /*with_previous=*/true);
  return state.Answer<v1::Quote>(id);
}

Answer<v1::Quote> ReviseQuote(const v1::ReviseQuoteRequest& request, Context& context,
                              State& state) {
  const std::string& id = request.id();
  TANDEM_ASSIGN_OR_RETURN(const v1::Quote* known,
                          FindKnown<v1::Quote>(kEntity, id, request, state));
  if (known->state() == v1::QUOTE_STATE_SUPERSEDED) {
    state.Find<v1::Quote>(known->superseded_by());
    return state.Answer<v1::Quote>(known->superseded_by());
  }
  if (known->state() == v1::QUOTE_STATE_DRAFT) {
    return NotNow("QUOTE_NOT_ISSUED",
                  absl::StrCat(known->display_number(), " is still a draft: edit it."));
  }
  if (known->state() != v1::QUOTE_STATE_ISSUED) {
    return NotNow("QUOTE_CLOSED",
                  absl::StrCat(known->display_number(), " cannot be revised any more."));
  }
  const std::string next_id =
      request.new_quote_id().empty() ? context.ids.Next("quo_") : request.new_quote_id();
  if (state.Find<v1::Quote>(next_id) != nullptr) return AlreadyExists(next_id, "new_quote_id");

  v1::Quote next = *known;
  next.set_id(next_id);
  next.clear_create_time();
  next.clear_update_time();
  next.clear_valid_until();
  next.set_supersedes(id);
  next.set_state(v1::QUOTE_STATE_DRAFT);
  SetVersion(known->quote_number(), known->quote_version() + 1, &next);
  if (request.has_quote_date()) *next.mutable_quote_date() = request.quote_date();
  TANDEM_RETURN_IF_ERROR(CheckDates(next));
  for (v1::QuoteLine& line : *next.mutable_lines()) {
    if (line.price_source() != v1::PRICE_SOURCE_LIST_PRICE) continue;
    line.clear_unit_price();  // the list price is taken anew when it is issued
    line.clear_price_per();
    line.clear_price_source();
  }
  TANDEM_RETURN_IF_ERROR(PriceQuote(state, Pricing::kRevise, &next));
  const std::string opportunity_id = known->opportunity_id();

  v1::Quote* old = state.Edit<v1::Quote>(id);
  old->set_state(v1::QUOTE_STATE_SUPERSEDED);
  old->set_superseded_by(next_id);
  v1::QuoteEvent superseded;
  superseded.mutable_quote_superseded()->set_superseded_by(next_id);
  state.Emit<v1::Quote>(context, id, std::move(superseded), /*with_previous=*/true);
  state.Insert(std::move(next));
  v1::QuoteEvent created;
  created.mutable_quote_created()->set_supersedes(id);
  state.Emit<v1::Quote>(context, next_id, std::move(created));
  SetPrimary(opportunity_id, id, next_id, context, state);
  return state.Answer<v1::Quote>(next_id);
}

}  // namespace tandem::opportunity
