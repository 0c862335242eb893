#include "services/opportunity/opportunity_decide_facts.h"

#include <string>
#include <utility>

#include "platform/base/money.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "services/opportunity/opportunity_decide_results.h"
#include "tandem/opportunity/v1/events.pb.h"
#include "tandem/opportunity/v1/quote.pb.h"

namespace tandem::opportunity {
namespace {

using google::type::Money;

// sum += sign × part, where either may not be said yet.
absl::Status AddTo(bool has, const Money& part, int sign, absl::string_view currency, Money* sum) {
  int64_t before = 0;
  if (!sum->currency_code().empty()) {
    TANDEM_ASSIGN_OR_RETURN(before, MicrosFromProto(*sum, currency, "total"));
  }
  int64_t change = 0;
  if (has) {
    TANDEM_ASSIGN_OR_RETURN(change, MicrosFromProto(part, currency, "total"));
  }
  TANDEM_ASSIGN_OR_RETURN(const int64_t after, AddMoney(before, sign * change));
  SetMoney(after, currency, sum);
  return absl::OkStatus();
}

absl::Status AddTotal(const v1::ResultTotal& part, int sign, v1::ResultTotal* sum) {
  const std::string& currency = part.currency();
  if (currency.empty()) return absl::OkStatus();
  if (sum->currency().empty()) sum->set_currency(currency);
  TANDEM_RETURN_IF_ERROR(
      AddTo(part.has_booked(), part.booked(), sign, sum->currency(), sum->mutable_booked()));
  TANDEM_RETURN_IF_ERROR(
      AddTo(part.has_shipped(), part.shipped(), sign, sum->currency(), sum->mutable_shipped()));
  TANDEM_RETURN_IF_ERROR(
      AddTo(part.has_invoiced(), part.invoiced(), sign, sum->currency(), sum->mutable_invoiced()));
  TANDEM_RETURN_IF_ERROR(
      AddTo(part.has_credited(), part.credited(), sign, sum->currency(), sum->mutable_credited()));
  return AddTo(part.has_collected(), part.collected(), sign, sum->currency(),
               sum->mutable_collected());
}

// Adds an order to its opportunity's results (sign 1), or takes it out of them (sign -1).
absl::Status Count(const v1::OrderResult& order, int sign, State& state) {
  const std::string& id = order.opportunity_id();
  if (id.empty()) return absl::OkStatus();
  v1::OpportunityResults* results = state.Edit<v1::OpportunityResults>(id);
  if (results == nullptr) {
    v1::OpportunityResults first;
    first.set_id(id);
    results = state.Insert(std::move(first));
  }
  results->set_orders(results->orders() + sign);
  if (order.total().currency().empty()) return absl::OkStatus();
  for (v1::ResultTotal& total : *results->mutable_totals()) {
    if (total.currency() == order.total().currency()) return AddTotal(order.total(), sign, &total);
  }
  return AddTotal(order.total(), sign, results->add_totals());
}

// Changes what is known of an order, and its opportunity's results with it.
template <class Change>
absl::Status ChangeOrder(const std::string& id, State& state, Change change) {
  const v1::OrderResult* known = state.Find<v1::OrderResult>(id);
  v1::OrderResult now;
  now.set_id(id);
  if (known != nullptr) {
    now = *known;
    TANDEM_RETURN_IF_ERROR(Count(*known, -1, state));
  }
  TANDEM_RETURN_IF_ERROR(change(&now));
  TANDEM_RETURN_IF_ERROR(Count(now, 1, state));
  if (known != nullptr) {
    *state.Edit<v1::OrderResult>(id) = std::move(now);
  } else {
    state.Insert(std::move(now));
  }
  return absl::OkStatus();
}

}  // namespace

void Win(const std::string& opportunity_id, const std::string& quote_id,
         const std::string& order_id, const google::type::Date* closed_date, Context& context,
         State& state) {
  v1::Opportunity* opportunity = state.Edit<v1::Opportunity>(opportunity_id);
  if (opportunity == nullptr || opportunity->state() != v1::OPPORTUNITY_STATE_OPEN) return;
  opportunity->set_state(v1::OPPORTUNITY_STATE_WON);
  opportunity->set_won_quote_id(quote_id);
  opportunity->set_order_id(order_id);
  if (closed_date != nullptr) *opportunity->mutable_closed_date() = *closed_date;
  v1::OpportunityEvent event;
  event.mutable_opportunity_won()->set_quote_id(quote_id);
  event.mutable_opportunity_won()->set_order_id(order_id);
  state.Emit<v1::Opportunity>(context, opportunity_id, std::move(event), /*with_previous=*/true);
}

absl::Status TieOrder(const std::string& order_id, const std::string& order_number,
                      const std::string& quote_id, const std::string& opportunity_id,
                      State& state) {
  const v1::OrderResult* known = state.Find<v1::OrderResult>(order_id);
  state.Find<v1::OpportunityResults>(opportunity_id);
  if (known != nullptr && !known->opportunity_id().empty()) return absl::OkStatus();
  return ChangeOrder(order_id, state, [&](v1::OrderResult* order) {
    if (order->order_number().empty()) order->set_order_number(order_number);
    if (order->quote_id().empty()) order->set_quote_id(quote_id);
    order->set_opportunity_id(opportunity_id);
    return absl::OkStatus();
  });
}

absl::Status LearnCustomer(const v1::CustomerFact& customer, State& state) {
  const v1::CustomerFact* known = state.Find<v1::CustomerFact>(customer.id());
  if (known == nullptr) {
    state.Insert(customer);
  } else if (known->source_version() < customer.source_version()) {
    *state.Edit<v1::CustomerFact>(customer.id()) = customer;
  }
  return absl::OkStatus();
}

absl::Status LearnOrder(const v1::OrderResult& order, State& state) {
  const v1::OrderResult* known = state.Find<v1::OrderResult>(order.id());
  const v1::Quote* quote = state.Find<v1::Quote>(order.quote_id());
  if (known != nullptr && known->order_version() >= order.order_version()) return absl::OkStatus();
  return ChangeOrder(order.id(), state, [&](v1::OrderResult* now) -> absl::Status {
    now->set_order_number(order.order_number());
    now->set_cancelled(order.cancelled());
    now->set_order_version(order.order_version());
    if (now->quote_id().empty()) now->set_quote_id(order.quote_id());
    if (now->opportunity_id().empty() && quote != nullptr) {
      now->set_opportunity_id(quote->opportunity_id());
    }
    now->mutable_total()->clear_booked();
    now->mutable_total()->clear_shipped();
    return AddTotal(order.total(), 1, now->mutable_total());
  });
}

absl::Status LearnDocument(const v1::ResultDocument& document, State& state) {
  if (document.order_id().empty()) return absl::OkStatus();
  const v1::ResultDocument* known = state.Find<v1::ResultDocument>(document.id());
  state.Find<v1::OrderResult>(document.order_id());
  if (known != nullptr && known->source_version() >= document.source_version()) {
    return absl::OkStatus();
  }
  TANDEM_RETURN_IF_ERROR(
      ChangeOrder(document.order_id(), state, [&](v1::OrderResult* now) -> absl::Status {
        if (known != nullptr) {
          TANDEM_RETURN_IF_ERROR(AddTotal(known->total(), -1, now->mutable_total()));
        }
        return AddTotal(document.total(), 1, now->mutable_total());
      }));
  if (known != nullptr) {
    *state.Edit<v1::ResultDocument>(document.id()) = document;
  } else {
    state.Insert(document);
  }
  return absl::OkStatus();
}

}  // namespace tandem::opportunity
