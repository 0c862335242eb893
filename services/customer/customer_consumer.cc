#include "services/customer/customer_consumer.h"

#include <string>
#include <utility>

#include "absl/strings/strip.h"
#include "platform/base/money.h"
#include "platform/base/status_macros.h"
#include "platform/bus/payload_field.h"
#include "services/customer/customer_decide_dealings.h"
#include "tandem/billing/v1/events.pb.h"
#include "tandem/opportunity/v1/events.pb.h"
#include "tandem/order/v1/events.pb.h"

namespace tandem::customer {
namespace {

constexpr char kOrderTopic[] = "tandem.order.order.v1";
constexpr char kQuoteTopic[] = "tandem.opportunity.quote.v1";
constexpr char kAccountTopic[] = "tandem.billing.debtor_account.v1";
constexpr char kCommitmentTopic[] = "tandem.billing.credit_commitment.v1";
constexpr char kInvoiceTopic[] = "tandem.billing.invoice.v1";
constexpr char kCreditNoteTopic[] = "tandem.billing.credit_note.v1";
constexpr char kPaymentTopic[] = "tandem.billing.payment.v1";

// "CONFIRMED" of ORDER_STATE_CONFIRMED.
std::string StateName(absl::string_view name, absl::string_view prefix) {
  return std::string(absl::StripPrefix(name, prefix));
}

absl::Status LearnOrder(const bus::Envelope& envelope, State& state) {
  TANDEM_ASSIGN_OR_RETURN(const auto event, bus::Parse<order::v1::OrderEvent>(envelope));
  const order::v1::Order& order = event.order();
  v1::DealingsDocument document;
  document.set_id(order.id());
  document.set_customer_id(order.sold_to_customer_id());
  document.set_kind(v1::DEALINGS_KIND_ORDER);
  document.set_number(order.order_number());
  document.set_state(StateName(order::v1::OrderState_Name(order.state()), "ORDER_STATE_"));
  if (order.has_order_date()) *document.mutable_document_date() = order.order_date();
  if (order.has_gross_total()) *document.mutable_amount() = order.gross_total();
  document.set_order_id(order.id());
  document.set_account_id(order.payer_account_id());
  document.set_source_version(event.meta().entity_version());
  return LearnDocument(std::move(document), state);
}

// A draft is nobody's business yet.
absl::Status LearnQuote(const bus::Envelope& envelope, State& state) {
  TANDEM_ASSIGN_OR_RETURN(const auto event, bus::Parse<opportunity::v1::QuoteEvent>(envelope));
  const opportunity::v1::Quote& quote = event.quote();
  if (quote.state() == opportunity::v1::QUOTE_STATE_DRAFT ||
      (quote.state() == opportunity::v1::QUOTE_STATE_WITHDRAWN &&
       event.previous().state() == opportunity::v1::QUOTE_STATE_DRAFT)) {
    return absl::OkStatus();
  }
  v1::DealingsDocument document;
  document.set_id(quote.id());
  document.set_customer_id(quote.customer_id());
  document.set_kind(v1::DEALINGS_KIND_QUOTE);
  document.set_number(quote.display_number());
  document.set_state(StateName(opportunity::v1::QuoteState_Name(quote.state()), "QUOTE_STATE_"));
  if (quote.has_quote_date()) *document.mutable_document_date() = quote.quote_date();
  if (quote.has_net_total()) *document.mutable_amount() = quote.net_total();
  document.set_order_id(quote.order_id());
  document.set_source_version(event.meta().entity_version());
  return LearnDocument(std::move(document), state);
}

// The figures that an event of billing carries, if it does.
absl::Status LearnExposure(const billing::v1::AccountExposure& exposure, State& state) {
  AccountFigures figures;
  figures.customer_id = exposure.customer_id();
  figures.account_id = exposure.account_id();
  figures.receivable = exposure.receivable();
  figures.unapplied = exposure.unapplied();
  figures.committed = exposure.committed();
  figures.exposure = exposure.exposure();
  figures.waiting = exposure.waiting();
  figures.open_invoices = exposure.open_invoices();
  figures.sequence = exposure.sequence();
  return LearnFigures(figures, state);
}

void CopyBlock(bool has, const billing::v1::Block& from, v1::Block* to) {
  if (!has) return;
  to->set_on(from.on());
  to->set_reason(from.reason());
}

absl::Status LearnDebtorAccount(const bus::Envelope& envelope, State& state) {
  TANDEM_ASSIGN_OR_RETURN(const auto event, bus::Parse<billing::v1::DebtorAccountEvent>(envelope));
  const billing::v1::DebtorAccount& from = event.debtor_account();
  v1::AccountStanding account;
  account.set_account_id(from.id());
  account.set_debtor_number(from.debtor_number());
  account.set_currency(from.currency());
  account.set_closed(from.state() == billing::v1::DEBTOR_ACCOUNT_STATE_CLOSED);
  account.set_policy(from.credit_policy().kind() == billing::v1::CREDIT_POLICY_KIND_LIMITED
                         ? v1::CREDIT_POLICY_KIND_LIMITED
                     : from.credit_policy().kind() == billing::v1::CREDIT_POLICY_KIND_UNLIMITED
                         ? v1::CREDIT_POLICY_KIND_UNLIMITED
                         : v1::CREDIT_POLICY_KIND_UNSPECIFIED);
  if (from.credit_policy().has_limit()) *account.mutable_limit() = from.credit_policy().limit();
  CopyBlock(from.has_order_block(), from.order_block(), account.mutable_order_block());
  CopyBlock(from.has_delivery_block(), from.delivery_block(), account.mutable_delivery_block());
  CopyBlock(from.has_dunning_block(), from.dunning_block(), account.mutable_dunning_block());
  account.set_account_version(event.meta().entity_version());
  TANDEM_RETURN_IF_ERROR(LearnAccount(from.customer_id(), account, state));
  if (event.has_debtor_account_credit_set()) {
    return LearnExposure(event.debtor_account_credit_set().account_exposure(), state);
  }
  if (event.has_credit_limit_exceeded()) {
    return LearnExposure(event.credit_limit_exceeded().account_exposure(), state);
  }
  return absl::OkStatus();
}

absl::Status LearnCommitment(const bus::Envelope& envelope, State& state) {
  TANDEM_ASSIGN_OR_RETURN(const auto event,
                          bus::Parse<billing::v1::CreditCommitmentEvent>(envelope));
  if (event.has_credit_reserved()) {
    return LearnExposure(event.credit_reserved().account_exposure(), state);
  }
  if (event.has_credit_refused()) {
    return LearnExposure(event.credit_refused().account_exposure(), state);
  }
  if (event.has_credit_released()) {
    return LearnExposure(event.credit_released().account_exposure(), state);
  }
  return absl::OkStatus();
}

absl::Status LearnInvoice(const bus::Envelope& envelope, State& state) {
  TANDEM_ASSIGN_OR_RETURN(const auto event, bus::Parse<billing::v1::InvoiceEvent>(envelope));
  const billing::v1::Invoice& invoice = event.invoice();
  const billing::v1::AccountExposure& exposure = event.invoice_posted().account_exposure();
  v1::DealingsDocument document;
  document.set_id(invoice.id());
  // Whose account owes; only the first event of an invoice says it.
  document.set_customer_id(exposure.customer_id());
  document.set_kind(v1::DEALINGS_KIND_INVOICE);
  document.set_number(invoice.number());
  document.set_state(
      StateName(billing::v1::InvoiceSettlement_Name(invoice.settlement()), "INVOICE_SETTLEMENT_"));
  if (invoice.has_invoice_date()) *document.mutable_document_date() = invoice.invoice_date();
  if (invoice.has_due_date()) *document.mutable_due_date() = invoice.due_date();
  if (invoice.has_total()) *document.mutable_amount() = invoice.total();
  if (invoice.has_open_amount()) *document.mutable_open_amount() = invoice.open_amount();
  document.set_order_id(invoice.order_id());
  document.set_account_id(invoice.account_id());
  document.set_source_version(event.meta().entity_version());
  TANDEM_RETURN_IF_ERROR(LearnDocument(std::move(document), state));
  return LearnExposure(exposure, state);
}

absl::Status LearnCreditNote(const bus::Envelope& envelope, State& state) {
  TANDEM_ASSIGN_OR_RETURN(const auto event, bus::Parse<billing::v1::CreditNoteEvent>(envelope));
  const billing::v1::CreditNote& note = event.credit_note();
  const billing::v1::AccountExposure& exposure =
      event.has_credit_note_applied() ? event.credit_note_applied().account_exposure()
                                      : event.credit_note_posted().account_exposure();
  v1::DealingsDocument document;
  document.set_id(note.id());
  document.set_customer_id(exposure.customer_id());
  document.set_kind(v1::DEALINGS_KIND_CREDIT_NOTE);
  document.set_number(note.number());
  document.set_state(
      StateName(billing::v1::CreditNoteState_Name(note.state()), "CREDIT_NOTE_STATE_"));
  if (note.has_credit_date()) *document.mutable_document_date() = note.credit_date();
  if (note.has_total()) *document.mutable_amount() = note.total();
  if (note.has_unapplied()) *document.mutable_open_amount() = note.unapplied();
  document.set_order_id(note.order_id());
  document.set_account_id(note.account_id());
  document.set_source_version(event.meta().entity_version());
  TANDEM_RETURN_IF_ERROR(LearnDocument(std::move(document), state));
  return LearnExposure(exposure, state);
}

absl::Status LearnPayment(const bus::Envelope& envelope, State& state) {
  TANDEM_ASSIGN_OR_RETURN(const auto event, bus::Parse<billing::v1::PaymentEvent>(envelope));
  const billing::v1::Payment& payment = event.payment();
  const billing::v1::AccountExposure& exposure =
      event.has_payment_reversed()  ? event.payment_reversed().account_exposure()
      : event.has_payment_applied() ? event.payment_applied().account_exposure()
                                    : event.payment_received().account_exposure();
  v1::DealingsDocument document;
  document.set_id(payment.id());
  document.set_customer_id(exposure.customer_id());
  document.set_kind(v1::DEALINGS_KIND_PAYMENT);
  document.set_state(StateName(billing::v1::PaymentState_Name(payment.state()), "PAYMENT_STATE_"));
  if (payment.has_payment_date()) *document.mutable_document_date() = payment.payment_date();
  *document.mutable_amount() = payment.amount();
  if (payment.state() == billing::v1::PAYMENT_STATE_REVERSED) {
    SetMoney(0, payment.amount().currency_code(), document.mutable_amount());
  }
  if (payment.has_unapplied()) *document.mutable_open_amount() = payment.unapplied();
  document.set_order_id(payment.order_id());
  document.set_account_id(payment.account_id());
  document.set_source_version(event.meta().entity_version());
  TANDEM_RETURN_IF_ERROR(LearnDocument(std::move(document), state));
  return LearnExposure(exposure, state);
}

absl::Status Apply(const bus::Envelope& envelope, Context&, State& state) {
  const std::string& topic = envelope.topic();
  if (topic == kOrderTopic) return LearnOrder(envelope, state);
  if (topic == kQuoteTopic) return LearnQuote(envelope, state);
  if (topic == kAccountTopic) return LearnDebtorAccount(envelope, state);
  if (topic == kCommitmentTopic) return LearnCommitment(envelope, state);
  if (topic == kInvoiceTopic) return LearnInvoice(envelope, state);
  if (topic == kCreditNoteTopic) return LearnCreditNote(envelope, state);
  if (topic == kPaymentTopic) return LearnPayment(envelope, state);
  return absl::OkStatus();  // a topic that this version does not know
}

std::string KeyOf(const bus::Envelope& envelope) { return envelope.routing_key(); }

void Hints(const bus::Envelope& envelope, Wanted& wanted) {
  if (envelope.topic() != kAccountTopic && envelope.topic() != kCommitmentTopic) {
    wanted.Row<v1::DealingsDocument>(envelope.subject());
  }
  if (envelope.topic() == kOrderTopic) {
    wanted.Row<v1::DealingsHistory>(
        bus::TextAt(envelope.payload(), {order::v1::OrderEvent::kOrderFieldNumber,
                                         order::v1::Order::kSoldToCustomerIdFieldNumber}));
  }
}

// What the other services did for a customer is for people to read.
bus::LocalConsumer Consumer(std::string source, std::vector<std::string> topics) {
  bus::LocalConsumer consumer;
  consumer.reader = "customer";
  consumer.source = std::move(source);
  consumer.topics = std::move(topics);
  consumer.key = KeyOf;
  consumer.hints = Hints;
  consumer.apply = Apply;
  consumer.rest = bus::kReadModelRest;
  return consumer;
}

}  // namespace

std::vector<bus::LocalConsumer> CustomerConsumers() {
  return {
      Consumer("/tandem/order", {kOrderTopic}),
      Consumer("/tandem/billing",
               {kAccountTopic, kCommitmentTopic, kInvoiceTopic, kCreditNoteTopic, kPaymentTopic}),
      Consumer("/tandem/opportunity", {kQuoteTopic}),
  };
}

}  // namespace tandem::customer
