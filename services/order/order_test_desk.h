// A desk for tests of decisions: a state with nothing in it but what a test puts there, and one
// line a command. Requests are written as text protos; events are named in order.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/text_format.h"
#include "platform/base/money.h"
#include "platform/base/quantity.h"
#include "platform/base/state.h"
#include "platform/base/status.h"
#include "services/order/order_decide.h"
#include "services/order/order_decide_facts.h"
#include "tandem/order/v1/events.pb.h"

namespace tandem::order {

template <class T>
T Text(absl::string_view text) {
  T message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(std::string(text), &message)) << text;
  return message;
}

inline std::string Eur(const google::type::Money& money) {
  return FormatAmount(money.units() * 1'000'000 + money.nanos() / 1000, "EUR");
}

inline std::string Pieces(const type::v1::Quantity& quantity) { return quantity.value().value(); }

class Desk {
 public:
  Desk() {
    state.TreatUnknownAsAbsent();
    context.actor = "clerk";
    context.now_micros = 1'000'000;
    context.ids = IdSource(1'000'000, 1, 1);
  }

  // The masters of most tests: a customer with an account, two products at 19 % and one outside
  // scope.
  void GiveMasters() {
    Learn<v1::CustomerFact>(LearnCustomer, R"pb(
      id: "cus_a"
      customer_number: "C-1"
      display_name: "Alfreds"
      legal_name: "Alfreds GmbH"
      ship_to_address { city: "Berlin" country_code: "DE" }
      bill_to_address { city: "Bonn" country_code: "DE" }
      tax_id: "DE1"
      source_version: 1)pb");
    Learn<v1::AccountFact>(
        LearnAccount, R"pb(
          id: "acc_a" customer_id: "cus_a" currency: "EUR" source_version: 1)pb");
    Tax("DE19", "STANDARD", "0.19", 1);
    Product("prd_chai", "CHAI", "18", "STANDARD");
    Product("prd_tofu", "TOFU", "3.335", "STANDARD");
    Product("prd_book", "BOOK", "10", "OUTSIDE_SCOPE");
  }

  void Product(const std::string& id, const std::string& sku, const std::string& price,
               const std::string& tax_class, int64_t version = 1,
               v1::ProductFactState product_state = v1::PRODUCT_FACT_STATE_ACTIVE) {
    v1::ProductFact fact;
    fact.set_id(id);
    fact.set_sku(sku);
    fact.set_name("The " + sku);
    fact.set_state(product_state);
    fact.set_base_unit("C62");
    v1::ProductFactUnit* box = fact.add_units();
    box->set_unit("BX");
    box->set_numerator(12);
    box->set_denominator(1);
    if (!price.empty()) {
      *fact.mutable_list_price() = MoneyOf(*ParseMicros(price), "EUR");
    }
    fact.set_tax_class(tax_class);
    fact.set_source_version(version);
    Apply(LearnProduct(fact, context, (state.Begin(), state)));
  }

  void Tax(const std::string& code, const std::string& tax_class, const std::string& rate,
           int64_t version, bool retired = false, const std::string& previous_class = "") {
    v1::TaxRateFact fact;
    fact.set_tax_class(tax_class);
    fact.set_tax_code(code);
    fact.mutable_rate()->set_value(rate);
    fact.set_source_version(version);
    Apply(LearnTaxRate(fact, retired, previous_class, context, (state.Begin(), state)));
  }

  template <class Fact>
  void Learn(absl::Status (*learn)(const Fact&, Context&, State&), absl::string_view text) {
    Fact fact = Text<Fact>(text);
    Apply(learn(fact, context, (state.Begin(), state)));
  }

  // Runs a command; its events are in `events`, its refusal's reason in `reason`.
  template <class Request, class T>
  T Do(absl::StatusOr<T> (*decide)(const Request&, Context&, State&), const Request& request) {
    state.Begin();
    absl::StatusOr<T> answer = decide(request, context, state);
    reason = answer.ok() ? "" : ReasonOf(answer.status());
    field = answer.ok() ? "" : FieldOf(answer.status());
    Take(answer.ok());
    if (!answer.ok()) last = answer.status();
    return answer.ok() ? *answer : T();
  }
  template <class Request, class T>
  T Do(absl::StatusOr<T> (*decide)(const Request&, Context&, State&), absl::string_view text) {
    return Do(decide, Text<Request>(text));
  }

  // Places the order `ord_1` directly; each line is "prd_chai 3" or "prd_chai 3 12.50".
  v1::Order Place(const std::vector<std::string>& lines, const std::string& more = "") {
    return Do(PlaceOrder,
              Text<v1::PlaceOrderRequest>("order_id: 'ord_1' order {" + Body(lines) + more + "}"));
  }
  v1::Order PlaceQuoted(const std::vector<std::string>& lines, const std::string& more = "") {
    return Do(PlaceOrder,
              Text<v1::PlaceOrderRequest>("order_id: 'ord_1' quote_id: 'quo_1' quote_version: 2 "
                                          "order {" +
                                          Body(lines) + more + "}"));
  }
  static std::string Body(const std::vector<std::string>& lines) {
    std::string body = "sold_to_customer_id: 'cus_a' order_date { year: 2014 month: 5 day: 6 } ";
    for (const std::string& line : lines) {
      std::string product = line.substr(0, line.find(' '));
      std::string rest = line.substr(line.find(' ') + 1);
      std::string quantity = rest.substr(0, rest.find(' '));
      body += "lines { product_id: '" + product + "' quantity { value { value: '" + quantity +
              "' } unit: 'C62' } ";
      if (rest.find(' ') != std::string::npos) {
        type::v1::Quantity unused;
        google::type::Money price = MoneyOf(*ParseMicros(rest.substr(rest.find(' ') + 1)), "EUR");
        body += "unit_price { " + price.ShortDebugString() + " } ";
      }
      body += "} ";
    }
    return body;
  }

  // What inventory tells: "1 reserved 3", "1 backordered 2", by line.
  static std::string Qty(const std::string& name, const std::string& value) {
    return name + " { value { value: '" + value + "' } unit: 'C62' } ";
  }
  v1::Order Confirm(int version, const std::string& reserved, const std::string& backordered,
                    int revision = 1) {
    return Do(ConfirmOrder,
              Text<v1::ConfirmOrderRequest>(
                  "order_id: 'ord_1' revision: " + std::to_string(revision) +
                  " demand_version: " + std::to_string(version) + " lines { line_number: 1 " +
                  Qty("reserved", reserved) + Qty("backordered", backordered) +
                  "promised_date { year: 2014 month: 5 day: 9 } }"));
  }
  v1::Order Ship(const std::string& shipment, const std::string& quantity, int line = 1) {
    return Do(RecordShipment,
              Text<v1::RecordShipmentRequest>(
                  "order_id: 'ord_1' shipment_id: '" + shipment + "' shipment_number: 'SH-1' " +
                  "ship_date { year: 2014 month: 5 day: 8 } lines { line_number: " +
                  std::to_string(line) + " " + Qty("quantity", quantity) + "}"));
  }
  v1::Order Invoice(const std::string& invoice, const std::string& shipment,
                    const std::string& quantity, const std::string& net, const std::string& total) {
    return Do(RecordInvoice,
              Text<v1::RecordInvoiceRequest>("order_id: 'ord_1' invoice_id: '" + invoice +
                                             "' invoice_number: 'INV-2014-000001' shipment_id: '" +
                                             shipment + "' " + Cash("net", net) +
                                             Cash("total", total) + "lines { line_number: 1 " +
                                             Qty("quantity", quantity) + Cash("net", net) + "}"));
  }
  v1::Order Settle(const std::string& invoice, int version, const std::string& open,
                   const std::string& total) {
    return Do(RecordSettlement, Text<v1::RecordSettlementRequest>(
                                    "order_id: 'ord_1' invoice_id: '" + invoice +
                                    "' invoice_version: " + std::to_string(version) + " " +
                                    Cash("open_amount", open) + Cash("total", total)));
  }
  v1::Order Cancel() {
    return Do(CancelOrder, Text<v1::CancelOrderRequest>("order_id: 'ord_1' note: 'changed mind'"));
  }
  v1::Order Released(int version, const std::string& released, const std::string& shipped) {
    return Do(CompleteCancel, Text<v1::CompleteCancelRequest>(
                                  "order_id: 'ord_1' demand_version: " + std::to_string(version) +
                                  " lines { line_number: 1 " + Qty("released", released) +
                                  Qty("shipped", shipped) + "}"));
  }
  v1::Order Credit(const std::string& status, int version, int revision = 1) {
    return Do(RecordCredit, Text<v1::RecordCreditRequest>(
                                "order_id: 'ord_1' revision: " + std::to_string(revision) +
                                " status: CREDIT_STATUS_" + status + " commitment_version: " +
                                std::to_string(version) + " reason: 'OVER_LIMIT' " +
                                Cash("limit", "100") + Cash("exposure", "90") +
                                Cash("requested", "42.84") + Cash("shortfall", "32.84")));
  }
  static std::string Cash(const std::string& name, const std::string& value) {
    return name + " { " + MoneyOf(*ParseMicros(value), "EUR").ShortDebugString() + " } ";
  }

  v1::Order Now() { return state.Answer<v1::Order>("ord_1"); }
  const v1::OrderEvent& Event(size_t i) const { return messages.at(i); }

  State state;
  Context context;
  std::vector<std::string> events;  // of the last command, without their package
  std::vector<v1::OrderEvent> messages;
  std::string reason, field;
  absl::Status last;  // the last refusal, for messages

 private:
  void Take(bool accepted) {
    events.clear();
    messages.clear();
    if (!accepted) return;
    for (const EmittedEvent& event : state.events()) {
      events.push_back(event.type.substr(event.type.rfind('.') + 1));
      messages.push_back(static_cast<const v1::OrderEvent&>(*event.event));
    }
    state.Accept();
  }
  void Apply(const absl::Status& status) {
    EXPECT_TRUE(status.ok()) << status;
    Take(status.ok());
  }
};

}  // namespace tandem::order
