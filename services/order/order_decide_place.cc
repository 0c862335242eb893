// Taking orders down.
#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "platform/base/date.h"
#include "platform/base/fixed.h"
#include "platform/base/money.h"
#include "platform/base/quantity.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "services/order/order_decide.h"
#include "services/order/order_decide_document.h"
#include "services/order/order_decide_terms.h"
#include "tandem/operations/v1/counter.pb.h"
#include "tandem/order/v1/events.pb.h"

namespace tandem::order {
namespace {

using operations::v1::Counter;

std::string QuoteKey(const v1::PlaceOrderRequest& request) {
  return absl::StrCat(request.quote_id(), "/", request.quote_version());
}

// What the caller may say of an order, without what the service says itself.
absl::StatusOr<v1::Order> Draft(const v1::PlaceOrderRequest& request) {
  const v1::Order& said = request.order();
  const bool quoted = !request.quote_id().empty();
  v1::Order order;
  order.set_quote_id(request.quote_id());
  order.set_quote_version(quoted ? request.quote_version() : 0);
  order.set_sold_to_customer_id(said.sold_to_customer_id());
  order.set_sold_to_name(said.sold_to_name());
  if (said.has_ship_to()) *order.mutable_ship_to() = said.ship_to();
  if (said.has_bill_to()) *order.mutable_bill_to() = said.bill_to();
  order.set_payer_account_id(said.payer_account_id());
  order.set_payer_customer_id(said.payer_customer_id());
  TANDEM_ASSIGN_OR_RETURN(int32_t day, DateFromProto(said.order_date(), "order.order_date"));
  *order.mutable_order_date() = DateToProto(day);
  auto date_or = [](bool has, const google::type::Date& given, const google::type::Date& otherwise,
                    absl::string_view field, google::type::Date* out) -> absl::Status {
    *out = otherwise;
    if (!has) return absl::OkStatus();
    TANDEM_ASSIGN_OR_RETURN(int32_t day, DateFromProto(given, field));
    *out = DateToProto(day);
    return absl::OkStatus();
  };
  TANDEM_RETURN_IF_ERROR(date_or(said.has_requested_date(), said.requested_date(),
                                 order.order_date(), "order.requested_date",
                                 order.mutable_requested_date()));
  TANDEM_RETURN_IF_ERROR(date_or(said.has_price_date(), said.price_date(), order.order_date(),
                                 "order.price_date", order.mutable_price_date()));
  order.set_currency(said.currency());
  order.set_delivery_policy(said.delivery_policy());
  order.set_backorder_policy(said.backorder_policy());
  if (order.backorder_policy() == v1::BACKORDER_POLICY_UNSPECIFIED) {
    order.set_backorder_policy(v1::BACKORDER_POLICY_BACKORDER);
  }
  order.set_priority(said.priority());
  order.set_customer_reference(said.customer_reference());
  order.set_note(said.note());

  if (said.lines().empty()) {
    return InvalidField("order.lines", "ORDER_NO_LINES", "An order has at least one line.");
  }
  int32_t highest = 0;
  std::set<int32_t> numbers;
  for (const v1::OrderLine& given : said.lines()) {
    highest = std::max(highest, given.line_number());
  }
  for (int i = 0; i < said.lines_size(); ++i) {
    const v1::OrderLine& given = said.lines(i);
    const std::string path = absl::StrCat("order.lines[", i, "]");
    v1::OrderLine* line = order.add_lines();
    line->set_line_number(given.line_number() > 0 ? given.line_number() : ++highest);
    if (!numbers.insert(line->line_number()).second) {
      return InvalidField(absl::StrCat(path, ".line_number"), "ORDER_LINE_NUMBER_DUPLICATE",
                          absl::StrCat("There are two lines ", line->line_number(), "."));
    }
    absl::StatusOr<Quantity> quantity = FromProto(given.quantity(), path + ".quantity");
    if (!quantity.ok() || quantity->micros <= 0) {
      return InvalidField(path + ".quantity", "ORDER_QUANTITY_INVALID",
                          "The quantity of a line is a number above 0 in a known unit.");
    }
    line->set_product_id(given.product_id());
    line->set_sku(given.sku());
    line->set_description(given.description());
    *line->mutable_quantity() = ToProto(*quantity);
    TANDEM_ASSIGN_OR_RETURN(int64_t discount,
                            FractionFromProto(given.discount(), path + ".discount"));
    *line->mutable_discount() = DecimalToProto(discount);
    if (given.has_unit_price()) {
      TANDEM_ASSIGN_OR_RETURN(Amount price, FromProto(given.unit_price(), path + ".unit_price"));
      if (price.micros < 0) {
        return InvalidField(path + ".unit_price", "ORDER_PRICE_INVALID",
                            "A price is 0 or more; what lowers an order is a discount.");
      }
      *line->mutable_unit_price() = ToProto(price);
      if (given.has_price_per()) {
        TANDEM_ASSIGN_OR_RETURN(Quantity per,
                                PositiveFromProto(given.price_per(), path + ".price_per"));
        *line->mutable_price_per() = ToProto(per);
      }
      if (order.currency().empty()) order.set_currency(price.currency);
    }
    if (quoted && given.has_net()) {  // the agreed net binds
      TANDEM_ASSIGN_OR_RETURN(Amount net, FromProto(given.net(), path + ".net"));
      TANDEM_ASSIGN_OR_RETURN(int64_t rounded, RoundToMinor(net.micros, net.currency));
      if (net.micros < 0 || rounded != net.micros) {
        return InvalidField(path + ".net", "ORDER_PRICE_INVALID",
                            "A net is 0 or more, in whole minor units.");
      }
      *line->mutable_ordered_net() = ToProto(net);
      if (order.currency().empty()) order.set_currency(net.currency);
    }
    TANDEM_RETURN_IF_ERROR(date_or(given.has_requested_date(), given.requested_date(),
                                   order.requested_date(), path + ".requested_date",
                                   line->mutable_requested_date()));
  }
  if (said.has_freight()) {
    TANDEM_ASSIGN_OR_RETURN(Amount net, FromProto(said.freight().net(), "order.freight.net"));
    TANDEM_ASSIGN_OR_RETURN(int64_t rounded, RoundToMinor(net.micros, net.currency));
    if (net.micros < 0 || rounded != net.micros) {
      return InvalidField("order.freight.net", "ORDER_PRICE_INVALID",
                          "A freight charge is 0 or more, in whole minor units.");
    }
    v1::FreightCharge* freight = order.mutable_freight();
    freight->set_line_number(*numbers.rbegin() + 1);
    *freight->mutable_net() = ToProto(net);
    freight->set_tax_class(said.freight().tax_class());
    freight->set_description(said.freight().description().empty() ? "Freight"
                                                                  : said.freight().description());
    for (google::type::Money* money :
         {freight->mutable_billed_net(), freight->mutable_invoiced_net(),
          freight->mutable_credited_net()}) {
      SetMoney(0, net.currency, money);
    }
    if (order.currency().empty()) order.set_currency(net.currency);
  }
  return order;
}

// One document, one currency.
absl::Status CheckCurrencies(const v1::Order& order) {
  auto check = [&](const google::type::Money& money, absl::string_view field) {
    if (money.currency_code() == order.currency()) return absl::OkStatus();
    return Refuse(
        absl::StatusCode::kFailedPrecondition, "ORDER_CURRENCY_MISMATCH",
        absl::StrCat("The order is in ", order.currency(), ", not in ", money.currency_code(), "."),
        field);
  };
  for (int i = 0; i < order.lines_size(); ++i) {
    const v1::OrderLine& line = order.lines(i);
    const std::string path = absl::StrCat("order.lines[", i, "]");
    if (line.has_unit_price()) {
      TANDEM_RETURN_IF_ERROR(check(line.unit_price(), path + ".unit_price"));
    }
    if (line.has_ordered_net()) {
      TANDEM_RETURN_IF_ERROR(check(line.ordered_net(), path + ".net"));
    }
  }
  if (order.has_freight()) return check(order.freight().net(), "order.freight.net");
  return absl::OkStatus();
}

// The currency of an order that names none and has no account: that of its first list price.
void DefaultCurrency(const State& state, v1::Order* order) {
  for (const v1::OrderLine& line : order->lines()) {
    const v1::ProductFact* product = state.Find<v1::ProductFact>(line.product_id());
    if (order->currency().empty() && product != nullptr && product->has_list_price()) {
      order->set_currency(product->list_price().currency_code());
    }
  }
}

std::string NextNumber(State& state) {
  Counter* counter = state.Edit<Counter>(kOrderCounter);
  if (counter == nullptr) {
    Counter first;
    first.set_name(kOrderCounter);
    first.set_value(kOrderNumberBase);
    counter = state.Insert(std::move(first));
  }
  counter->set_value(counter->value() + 1);
  std::string number = absl::StrCat("SO-", counter->value());
  state.Touch<Counter>(kOrderCounter);
  return number;
}

}  // namespace

Answer<v1::Order> PlaceOrder(const v1::PlaceOrderRequest& request, Context& context, State& state) {
  const bool quoted = !request.quote_id().empty();
  const v1::QuoteOrder* placed = quoted ? state.Find<v1::QuoteOrder>(QuoteKey(request)) : nullptr;
  if (placed != nullptr) return state.Answer<v1::Order>(placed->order_id());
  const std::string id = request.order_id().empty() ? context.ids.Next("ord_") : request.order_id();
  if (state.Find<v1::Order>(id) != nullptr) {
    return Refuse(absl::StatusCode::kAlreadyExists, "ORDER_ALREADY_EXISTS",
                  absl::StrCat("There is an order ", id, "."), "order_id");
  }

  TANDEM_ASSIGN_OR_RETURN(v1::Order order, Draft(request));
  order.set_id(id);
  std::vector<Problem> problems;
  DetermineParties(state, &order, &problems);
  if (order.delivery_policy() == v1::DELIVERY_POLICY_UNSPECIFIED) {
    order.set_delivery_policy(v1::DELIVERY_POLICY_PARTIAL);
  }
  DefaultCurrency(state, &order);
  TANDEM_RETURN_IF_ERROR(CheckCurrencies(order));
  for (int i = 0; i < order.lines_size(); ++i) {
    TANDEM_RETURN_IF_ERROR(DetermineLine(state, order, absl::StrCat("order.lines[", i, "]"),
                                         order.mutable_lines(i), &problems));
  }
  DetermineFreight(state, &order, &problems);
  if (!quoted && !problems.empty()) return problems.front().refusal;

  for (const Problem& problem : problems) {
    v1::Hold* hold = order.add_holds();
    hold->set_reason(problem.reason);
    hold->set_line_number(problem.line_number);
    hold->set_actor(context.actor);
    hold->set_note(std::string(problem.refusal.message()));
    *hold->mutable_hold_time() = TimestampOf(context.now_micros);
  }
  order.set_revision(1);
  order.set_state(v1::ORDER_STATE_PLACED);
  TANDEM_RETURN_IF_ERROR(Refresh(&order));
  order.set_credit_status(Micros(order.gross_total()) == 0 ? v1::CREDIT_STATUS_NOT_NEEDED
                                                           : v1::CREDIT_STATUS_PENDING);
  order.set_order_number(NextNumber(state));
  if (quoted) {
    v1::QuoteOrder key;
    key.set_id(QuoteKey(request));
    key.set_order_id(id);
    state.Insert(std::move(key));
    state.Touch<v1::QuoteOrder>(QuoteKey(request));
  }

  v1::OrderEvent event;
  v1::OrderPlaced* what = event.mutable_order_placed();
  what->set_revision(1);
  what->set_held(!order.holds().empty());
  what->set_quote_id(order.quote_id());
  what->set_quote_version(order.quote_version());
  v1::OrderEvent held;
  *held.mutable_order_held()->mutable_holds() = order.holds();
  const bool is_held = !order.holds().empty();
  state.Insert(std::move(order));
  state.Emit<v1::Order>(context, id, std::move(event));
  if (is_held) state.Emit<v1::Order>(context, id, std::move(held), /*with_previous=*/true);
  return state.Answer<v1::Order>(id);
}

void PlaceOrderHints(const v1::PlaceOrderRequest& request, Wanted& wanted) {
  if (!request.quote_id().empty()) wanted.Row<v1::QuoteOrder>(QuoteKey(request));
  wanted.Row<v1::Order>(request.order_id());
  const v1::Order& order = request.order();
  wanted.Row<v1::CustomerFact>(order.sold_to_customer_id());
  wanted.Row<v1::CustomerFact>(order.bill_to().customer_id());
  wanted.Row<v1::CustomerFact>(order.payer_customer_id());
  wanted.Row<v1::AccountFact>(order.payer_account_id());
  for (const v1::OrderLine& line : order.lines()) wanted.Row<v1::ProductFact>(line.product_id());
  wanted.Row<v1::TaxRateFact>(order.freight().tax_class());
  wanted.Row<Counter>(kOrderCounter);
}

}  // namespace tandem::order
