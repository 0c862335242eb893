#include "services/opportunity/opportunity_consumer.h"

#include <string>
#include <utility>

#include "platform/base/money.h"
#include "platform/base/status_macros.h"
#include "services/opportunity/opportunity_decide_facts.h"
#include "tandem/billing/v1/events.pb.h"
#include "tandem/customer/v1/events.pb.h"
#include "tandem/order/v1/events.pb.h"

namespace tandem::opportunity {
namespace {

constexpr char kCustomerTopic[] = "tandem.customer.customer.v1";
constexpr char kOrderTopic[] = "tandem.order.order.v1";
constexpr char kInvoiceTopic[] = "tandem.billing.invoice.v1";
constexpr char kCreditNoteTopic[] = "tandem.billing.credit_note.v1";

absl::Status ApplyCustomer(const bus::Envelope& envelope, State& state) {
  TANDEM_ASSIGN_OR_RETURN(const auto event, bus::Parse<customer::v1::CustomerEvent>(envelope));
  const customer::v1::Customer& customer = event.customer();
  v1::CustomerFact fact;
  fact.set_id(customer.id());
  fact.set_customer_number(customer.customer_number());
  fact.set_display_name(customer.display_name());
  fact.set_customer(customer.state() == customer::v1::CUSTOMER_STATE_CUSTOMER);
  fact.set_blocked(customer.inactive() || customer.archived() || customer.order_block().on());
  if (customer.order_block().on()) {
    fact.set_block_reason(customer.order_block().reason());
  } else if (fact.blocked()) {
    fact.set_block_reason(customer.archived() ? "archived" : "inactive");
  }
  fact.set_archived(customer.archived());
  fact.set_deleted(event.has_customer_deleted());
  fact.set_language(customer.language());
  fact.set_source_version(event.meta().entity_version());
  return LearnCustomer(fact, state);
}

// sum += part, where it is there.
absl::Status Add(bool has, const google::type::Money& part, absl::string_view currency,
                 int64_t* sum) {
  if (!has) return absl::OkStatus();
  TANDEM_ASSIGN_OR_RETURN(const int64_t micros, MicrosFromProto(part, currency, "order"));
  TANDEM_ASSIGN_OR_RETURN(*sum, AddMoney(*sum, micros));
  return absl::OkStatus();
}

absl::Status ApplyOrder(const bus::Envelope& envelope, State& state) {
  TANDEM_ASSIGN_OR_RETURN(const auto event, bus::Parse<order::v1::OrderEvent>(envelope));
  const order::v1::Order& order = event.order();
  v1::OrderResult result;
  result.set_id(order.id());
  result.set_order_number(order.order_number());
  result.set_quote_id(order.quote_id());
  result.set_cancelled(order.state() == order::v1::ORDER_STATE_CANCELLED);
  result.set_order_version(event.meta().entity_version());
  if (!order.currency().empty()) {
    int64_t shipped = 0;  // what was handed to billing for what left
    for (const order::v1::OrderLine& line : order.lines()) {
      TANDEM_RETURN_IF_ERROR(
          Add(line.has_billed_net(), line.billed_net(), order.currency(), &shipped));
    }
    TANDEM_RETURN_IF_ERROR(Add(order.freight().has_billed_net(), order.freight().billed_net(),
                               order.currency(), &shipped));
    v1::ResultTotal* total = result.mutable_total();
    total->set_currency(order.currency());
    if (order.has_net_total()) *total->mutable_booked() = order.net_total();
    SetMoney(shipped, order.currency(), total->mutable_shipped());
  }
  return LearnOrder(result, state);
}

absl::Status ApplyInvoice(const bus::Envelope& envelope, State& state) {
  TANDEM_ASSIGN_OR_RETURN(const auto event, bus::Parse<billing::v1::InvoiceEvent>(envelope));
  const billing::v1::Invoice& invoice = event.invoice();
  TANDEM_ASSIGN_OR_RETURN(const Amount gross, FromProto(invoice.total(), "invoice.total"));
  int64_t open = 0;
  TANDEM_RETURN_IF_ERROR(
      Add(invoice.has_open_amount(), invoice.open_amount(), gross.currency, &open));
  v1::ResultDocument document;
  document.set_id(invoice.id());
  document.set_order_id(invoice.order_id());
  document.set_source_version(event.meta().entity_version());
  v1::ResultTotal* total = document.mutable_total();
  total->set_currency(gross.currency);
  *total->mutable_invoiced() = invoice.net();
  // What is not open was paid, or credited: a credit note takes its part out again.
  TANDEM_ASSIGN_OR_RETURN(const int64_t collected, SubMoney(gross.micros, open));
  SetMoney(collected, gross.currency, total->mutable_collected());
  return LearnDocument(document, state);
}

absl::Status ApplyCreditNote(const bus::Envelope& envelope, State& state) {
  TANDEM_ASSIGN_OR_RETURN(const auto event, bus::Parse<billing::v1::CreditNoteEvent>(envelope));
  const billing::v1::CreditNote& note = event.credit_note();
  TANDEM_ASSIGN_OR_RETURN(const Amount net, FromProto(note.net(), "credit_note.net"));
  int64_t applied = 0;
  TANDEM_RETURN_IF_ERROR(Add(note.has_applied(), note.applied(), net.currency, &applied));
  v1::ResultDocument document;
  document.set_id(note.id());
  document.set_order_id(note.order_id());
  document.set_source_version(event.meta().entity_version());
  v1::ResultTotal* total = document.mutable_total();
  total->set_currency(net.currency);
  *total->mutable_credited() = note.net();
  SetMoney(-applied, net.currency, total->mutable_collected());
  return LearnDocument(document, state);
}

absl::Status Apply(const bus::Envelope& envelope, Context&, State& state) {
  const std::string& topic = envelope.topic();
  if (topic == kCustomerTopic) return ApplyCustomer(envelope, state);
  if (topic == kOrderTopic) return ApplyOrder(envelope, state);
  if (topic == kInvoiceTopic) return ApplyInvoice(envelope, state);
  if (topic == kCreditNoteTopic) return ApplyCreditNote(envelope, state);
  return absl::OkStatus();  // a topic that this version does not know
}

std::string KeyOf(const bus::Envelope& envelope) { return envelope.routing_key(); }

void Hints(const bus::Envelope& envelope, Wanted& wanted) {
  if (envelope.topic() == kCustomerTopic) {
    wanted.Row<v1::CustomerFact>(envelope.subject());
    return;
  }
  wanted.Row<v1::OrderResult>(envelope.routing_key());
  if (envelope.topic() != kOrderTopic) wanted.Row<v1::ResultDocument>(envelope.subject());
}

// What became of a quote is for people to read, and rests; a customer's state is checked.
bus::LocalConsumer Consumer(std::string source, std::vector<std::string> topics,
                            absl::Duration rest) {
  bus::LocalConsumer consumer;
  consumer.reader = "opportunity";
  consumer.source = std::move(source);
  consumer.topics = std::move(topics);
  consumer.key = KeyOf;
  consumer.hints = Hints;
  consumer.apply = Apply;
  consumer.rest = rest;
  return consumer;
}

}  // namespace

std::vector<bus::LocalConsumer> OpportunityConsumers() {
  return {
      Consumer("/tandem/customer", {kCustomerTopic}, absl::ZeroDuration()),
      Consumer("/tandem/order", {kOrderTopic}, bus::kReadModelRest),
      Consumer("/tandem/billing", {kInvoiceTopic, kCreditNoteTopic}, bus::kReadModelRest),
  };
}

}  // namespace tandem::opportunity
