// What became of quotes: accepted, declined, withdrawn, expired, ordered.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "platform/base/date.h"
#include "platform/base/status.h"
#include "services/opportunity/opportunity_decide.h"
#include "services/opportunity/opportunity_decide_check.h"
#include "services/opportunity/opportunity_decide_results.h"
#include "tandem/opportunity/v1/events.pb.h"

namespace tandem::opportunity {
namespace {

constexpr char kEntity[] = "QUOTE";

absl::Status QuoteClosed(const v1::Quote& quote) {
  return NotNow("QUOTE_CLOSED", absl::StrCat(quote.display_number(), " is not open any more."));
}

v1::Quote Tell(const std::string& id, v1::QuoteEvent event, Context& context, State& state) {
  state.Emit<v1::Quote>(context, id, std::move(event), /*with_previous=*/true);
  return state.Answer<v1::Quote>(id);
}

// Why a quote that is not issued cannot be accepted.
absl::Status NotAcceptable(const v1::Quote& quote) {
  switch (quote.state()) {
    case v1::QUOTE_STATE_DRAFT:
      return NotNow("QUOTE_NOT_ISSUED",
                    absl::StrCat(quote.display_number(), " was not offered yet."));
    case v1::QUOTE_STATE_SUPERSEDED:
      return NotNow("QUOTE_SUPERSEDED", absl::StrCat("A newer version took the place of ",
                                                     quote.display_number(), "."));
    case v1::QUOTE_STATE_EXPIRED:
      return NotNow("QUOTE_EXPIRED", absl::StrCat(quote.display_number(), " has expired."));
    default:
      return QuoteClosed(quote);
  }
}

// Everything that an order needs.
v1::QuoteAccepted Acceptance(const v1::Quote& quote) {
  v1::QuoteAccepted accepted;
  accepted.set_quote_id(quote.id());
  accepted.set_quote_number(quote.quote_number());
  accepted.set_quote_version(quote.quote_version());
  accepted.set_opportunity_id(quote.opportunity_id());
  accepted.set_customer_id(quote.customer_id());
  accepted.set_customer_name(quote.customer_name());
  if (quote.has_ship_to()) *accepted.mutable_ship_to() = quote.ship_to();
  accepted.set_bill_to_customer_id(quote.bill_to_customer_id());
  accepted.set_payer_customer_id(quote.payer_customer_id());
  *accepted.mutable_acceptance_date() = quote.acceptance_date();
  *accepted.mutable_price_date() = quote.quote_date();
  if (quote.has_requested_date()) *accepted.mutable_requested_date() = quote.requested_date();
  accepted.set_currency(quote.currency());
  accepted.set_delivery_policy(quote.delivery_policy());
  accepted.set_backorder_policy(quote.backorder_policy());
  accepted.set_customer_reference(quote.customer_reference());
  for (const v1::QuoteLine& from : quote.lines()) {
    v1::AcceptedLine* line = accepted.add_lines();
    line->set_line_number(from.line_number());
    line->set_product_id(from.product_id());
    line->set_catalogue_item_id(from.catalogue_item_id());
    line->set_sku(from.sku());
    line->set_description(from.description());
    *line->mutable_quantity() = from.quantity();
    *line->mutable_unit_price() = from.unit_price();
    *line->mutable_price_per() = from.price_per();
    if (from.has_discount()) *line->mutable_discount() = from.discount();
    *line->mutable_net() = from.net();
    if (from.has_requested_date()) *line->mutable_requested_date() = from.requested_date();
  }
  if (quote.has_freight()) *accepted.mutable_freight() = quote.freight();
  *accepted.mutable_net_total() = quote.net_total();
  return accepted;
}

}  // namespace

std::string DueKey(int32_t days) { return absl::StrCat(days + kDueKeyBase); }

Answer<v1::Quote> AcceptQuote(const v1::AcceptQuoteRequest& request, Context& context,
                              State& state) {
  const std::string& id = request.id();
  TANDEM_ASSIGN_OR_RETURN(const v1::Quote* known,
                          FindKnown<v1::Quote>(kEntity, id, request, state));
  TANDEM_ASSIGN_OR_RETURN(const int32_t day,
                          DateFromProto(request.acceptance_date(), "acceptance_date"));
  state.Find<v1::Opportunity>(known->opportunity_id());
  if (request.quote_version() != 0 && request.quote_version() != known->quote_version()) {
    return NotNow("QUOTE_SUPERSEDED",
                  absl::StrCat("This is ", known->display_number(), ", not version ",
                               request.quote_version(), "."),
                  "quote_version");
  }
  if (known->state() == v1::QUOTE_STATE_ACCEPTED || known->state() == v1::QUOTE_STATE_ORDERED) {
    return state.Answer<v1::Quote>(id);
  }
  if (known->state() != v1::QUOTE_STATE_ISSUED) return NotAcceptable(*known);
  if (day > DaysOf(known->valid_until())) {
    return NotNow("QUOTE_EXPIRED",
                  absl::StrCat(known->display_number(), " could be accepted until ",
                               FormatDate(DaysOf(known->valid_until())), "."),
                  "acceptance_date");
  }
  v1::Quote* quote = state.Edit<v1::Quote>(id);
  quote->set_state(v1::QUOTE_STATE_ACCEPTED);
  *quote->mutable_acceptance_date() = DateToProto(day);
  quote->set_accepted_by(request.accepted_by());
  v1::QuoteEvent event;
  *event.mutable_quote_accepted() = Acceptance(*quote);
  const std::string opportunity_id = quote->opportunity_id();
  v1::Quote answer = Tell(id, std::move(event), context, state);
  if (!opportunity_id.empty()) {
    Win(opportunity_id, id, "", &answer.acceptance_date(), context, state);
  }
  return answer;
}

Answer<v1::Quote> DeclineQuote(const v1::DeclineQuoteRequest& request, Context& context,
                               State& state) {
  const std::string& id = request.id();
  TANDEM_ASSIGN_OR_RETURN(const v1::Quote* known,
                          FindKnown<v1::Quote>(kEntity, id, request, state));
  if (known->state() == v1::QUOTE_STATE_DECLINED) return state.Answer<v1::Quote>(id);
  if (known->state() == v1::QUOTE_STATE_DRAFT) {
    return NotNow("QUOTE_NOT_ISSUED",
                  absl::StrCat(known->display_number(), " was not offered yet."));
  }
  if (known->state() != v1::QUOTE_STATE_ISSUED) return QuoteClosed(*known);
  v1::Quote* quote = state.Edit<v1::Quote>(id);
  quote->set_state(v1::QUOTE_STATE_DECLINED);
  quote->set_closed_reason(request.reason());
  v1::QuoteEvent event;
  event.mutable_quote_declined()->set_reason(request.reason());
  return Tell(id, std::move(event), context, state);
}

Answer<v1::Quote> WithdrawQuote(const v1::WithdrawQuoteRequest& request, Context& context,
                                State& state) {
  const std::string& id = request.id();
  TANDEM_ASSIGN_OR_RETURN(const v1::Quote* known,
                          FindKnown<v1::Quote>(kEntity, id, request, state));
  if (known->state() == v1::QUOTE_STATE_WITHDRAWN) return state.Answer<v1::Quote>(id);
  if (known->state() != v1::QUOTE_STATE_ISSUED && known->state() != v1::QUOTE_STATE_DRAFT) {
    return QuoteClosed(*known);
  }
  v1::Quote* quote = state.Edit<v1::Quote>(id);
  quote->set_state(v1::QUOTE_STATE_WITHDRAWN);
  quote->set_closed_reason(request.reason());
  v1::QuoteEvent event;
  event.mutable_quote_withdrawn()->set_reason(request.reason());
  return Tell(id, std::move(event), context, state);
}

Answer<v1::ExpireQuotesResponse> ExpireQuotes(const v1::ExpireQuotesRequest& request,
                                              Context& context, State& state) {
  TANDEM_ASSIGN_OR_RETURN(const int32_t as_of, DateFromProto(request.as_of(), "as_of"));
  state.Load<v1::Quote>(kQuotesDueBefore, DueKey(as_of));
  std::vector<std::string> due;
  for (const v1::Quote* quote : state.All<v1::Quote>()) {
    if (quote->state() == v1::QUOTE_STATE_ISSUED && DaysOf(quote->valid_until()) < as_of) {
      due.push_back(quote->id());
    }
  }
  v1::ExpireQuotesResponse answer;
  answer.set_remaining(due.size() >= kExpireMax);
  if (due.size() > kExpireMax) due.resize(kExpireMax);
  for (const std::string& id : due) {
    state.Edit<v1::Quote>(id)->set_state(v1::QUOTE_STATE_EXPIRED);
    v1::QuoteEvent event;
    *event.mutable_quote_expired()->mutable_as_of() = request.as_of();
    state.Emit<v1::Quote>(context, id, std::move(event), /*with_previous=*/true);
    answer.add_quote_ids(id);
  }
  return answer;
}

Answer<v1::Quote> RecordOrder(const v1::RecordOrderRequest& request, Context& context,
                              State& state) {
  const std::string& id = request.quote_id();
  const v1::Quote* known = state.Find<v1::Quote>(id);
  state.Find<v1::OrderResult>(request.order_id());
  if (known == nullptr) return NotFound(kEntity, id);
  if (request.quote_version() != 0 && request.quote_version() != known->quote_version()) {
    return NotFound(kEntity, absl::StrCat(id, "/", request.quote_version()));
  }
  const v1::Opportunity* opportunity = state.Find<v1::Opportunity>(known->opportunity_id());
  if (known->state() == v1::QUOTE_STATE_ORDERED) {
    if (known->order_id() == request.order_id()) return state.Answer<v1::Quote>(id);
    return NotNow("QUOTE_HAS_ORDER", absl::StrCat(known->display_number(), " became the order ",
                                                  known->order_number(), "."));
  }
  if (known->state() != v1::QUOTE_STATE_ACCEPTED) {
    return NotNow("QUOTE_NOT_ACCEPTED",
                  absl::StrCat(known->display_number(), " was not accepted."));
  }
  if (!known->opportunity_id().empty()) {
    TANDEM_RETURN_IF_ERROR(
        TieOrder(request.order_id(), request.order_number(), id, known->opportunity_id(), state));
  }
  v1::Quote* quote = state.Edit<v1::Quote>(id);
  quote->set_state(v1::QUOTE_STATE_ORDERED);
  quote->set_order_id(request.order_id());
  quote->set_order_number(request.order_number());
  v1::QuoteEvent event;
  event.mutable_quote_ordered()->set_order_id(request.order_id());
  event.mutable_quote_ordered()->set_order_number(request.order_number());
  v1::Quote answer = Tell(id, std::move(event), context, state);
  if (opportunity != nullptr && opportunity->won_quote_id() == id &&
      opportunity->order_id().empty()) {
    state.Edit<v1::Opportunity>(opportunity->id())->set_order_id(request.order_id());
    v1::OpportunityEvent recorded;
    recorded.mutable_opportunity_order_recorded()->set_order_id(request.order_id());
    recorded.mutable_opportunity_order_recorded()->set_order_number(request.order_number());
    state.Emit<v1::Opportunity>(context, answer.opportunity_id(), std::move(recorded),
                                /*with_previous=*/true);
  }
  return answer;
}

void RecordOrderHints(const v1::RecordOrderRequest& request, Wanted& wanted) {
  wanted.Row<v1::Quote>(request.quote_id());
  wanted.Row<v1::OrderResult>(request.order_id());
}

}  // namespace tandem::opportunity
