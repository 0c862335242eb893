#include "services/billing/billing_decide_invoice.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "platform/base/date.h"
#include "platform/base/fault.h"
#include "platform/base/id.h"
#include "platform/base/money.h"
#include "platform/base/quantity.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "services/billing/billing_decide_check.h"
#include "services/billing/billing_decide_figures.h"
#include "services/billing/billing_decide_ledger.h"
#include "services/billing/billing_decide_settlement.h"
#include "services/billing/billing_decide_waiting.h"
#include "tandem/billing/v1/events.pb.h"
#include "tandem/operations/v1/counter.pb.h"

namespace tandem::billing {
namespace {

// The dates of the request, as days.
struct Dates {
  int32_t invoice = 0;
  int32_t tax = 0;
  int32_t posting = 0;
};

absl::StatusOr<Dates> DatesOf(const v1::PostInvoiceRequest& request, State& state) {
  Dates dates;
  TANDEM_ASSIGN_OR_RETURN(dates.invoice, DateFromProto(request.invoice_date(), "invoice_date"));
  dates.tax = dates.invoice;
  if (request.has_tax_date()) {
    TANDEM_ASSIGN_OR_RETURN(dates.tax, DateFromProto(request.tax_date(), "tax_date"));
  }
  TANDEM_ASSIGN_OR_RETURN(dates.posting, PostingDate(dates.invoice, !request.shipment_id().empty(),
                                                     "invoice_date", state));
  return dates;
}

// Checks and takes over one line, its numbers in the one form they are kept in; its net in micros.
absl::StatusOr<int64_t> TakeLine(const v1::InvoiceLineInput& input, absl::string_view currency,
                                 absl::string_view path, v1::InvoiceLine* line) {
  TANDEM_ASSIGN_OR_RETURN(const int64_t net,
                          MicrosFromProto(input.net(), currency, absl::StrCat(path, ".net")));
  TANDEM_ASSIGN_OR_RETURN(const int64_t rounded, RoundToMinor(net, currency));
  if (net < 0 || rounded != net) {
    return InvalidField(absl::StrCat(path, ".net"), "INVOICE_NET_INVALID",
                        "a net is 0 or more, in whole minor units");
  }
  TANDEM_ASSIGN_OR_RETURN(const int64_t rate,
                          FractionFromProto(input.tax_rate(), absl::StrCat(path, ".tax_rate")));
  TANDEM_ASSIGN_OR_RETURN(const int64_t discount,
                          FractionFromProto(input.discount(), absl::StrCat(path, ".discount")));
  TANDEM_ASSIGN_OR_RETURN(const int64_t per,
                          DecimalFromProto(input.price_per(), absl::StrCat(path, ".price_per")));
  line->set_line_number(input.line_number());
  line->set_product_id(input.product_id());
  line->set_sku(input.sku());
  line->set_description(input.description());
  if (input.has_quantity()) {
    TANDEM_ASSIGN_OR_RETURN(const Quantity quantity,
                            FromProto(input.quantity(), absl::StrCat(path, ".quantity")));
    *line->mutable_quantity() = ToProto(quantity);
  }
  if (input.has_unit_price()) {
    TANDEM_RETURN_IF_ERROR(
        FromProto(input.unit_price(), absl::StrCat(path, ".unit_price")).status());
    *line->mutable_unit_price() = input.unit_price();
  }
  if (input.has_price_per()) *line->mutable_price_per() = DecimalToProto(per);
  if (input.has_discount()) *line->mutable_discount() = DecimalToProto(discount);
  *line->mutable_net() = input.net();
  line->set_tax_code(input.tax_code());
  *line->mutable_tax_rate() = DecimalToProto(rate);
  line->set_freight(input.freight());
  SetMoney(0, currency, line->mutable_credited());
  SetMoney(0, currency, line->mutable_returned());
  return net;
}

// Lines, taxes and totals; the sum of the freight lines' nets in `freight`.
absl::Status FillAmounts(const v1::PostInvoiceRequest& request, absl::string_view currency,
                         v1::Invoice* invoice, int64_t* freight) {
  struct Code {
    int64_t base = 0;
    int64_t tax_of_lines = 0;  // of a planted bug
    std::string text;
  };
  std::map<std::pair<std::string, int64_t>, Code> codes;
  std::set<int32_t> numbers;
  int64_t net = 0;
  for (int i = 0; i < request.lines_size(); ++i) {
    const v1::InvoiceLineInput& input = request.lines(i);
    const std::string path = absl::StrCat("lines[", i, "]");
    if (!numbers.insert(input.line_number()).second) {
      return InvalidField(absl::StrCat(path, ".line_number"), "INVOICE_LINE_DUPLICATE",
                          "a line is billed once in an invoice");
    }
    TANDEM_ASSIGN_OR_RETURN(const int64_t line_net,
                            TakeLine(input, currency, path, invoice->add_lines()));
    TANDEM_ASSIGN_OR_RETURN(const int64_t rate, FractionFromProto(input.tax_rate(), path));
    Code& code = codes[{input.tax_code(), rate}];
    TANDEM_ASSIGN_OR_RETURN(code.base, AddMoney(code.base, line_net));
    if (TANDEM_PLANTED("tax_per_line")) {
      TANDEM_ASSIGN_OR_RETURN(const int64_t of_line, TaxOn(line_net, rate, currency));
      code.tax_of_lines += of_line;
    }
    if (code.text.empty()) code.text = input.tax_text();
    TANDEM_ASSIGN_OR_RETURN(net, AddMoney(net, line_net));
    if (input.freight()) *freight += line_net;
  }
  int64_t tax = 0;
  for (const auto& [key, code] : codes) {
    TANDEM_ASSIGN_OR_RETURN(int64_t code_tax, TaxOn(code.base, key.second, currency));
    if (TANDEM_PLANTED("tax_per_line")) code_tax = code.tax_of_lines;
    auto* row = invoice->add_taxes();
    row->set_tax_code(key.first);
    *row->mutable_tax_rate() = DecimalToProto(key.second);
    SetMoney(code.base, currency, row->mutable_base());
    SetMoney(code_tax, currency, row->mutable_tax());
    row->set_text(code.text);
    SetMoney(0, currency, row->mutable_credited_base());
    SetMoney(0, currency, row->mutable_credited_tax());
    TANDEM_ASSIGN_OR_RETURN(tax, AddMoney(tax, code_tax));
  }
  TANDEM_ASSIGN_OR_RETURN(const int64_t total, AddMoney(net, tax));
  SetMoney(net, currency, invoice->mutable_net());
  SetMoney(tax, currency, invoice->mutable_tax());
  SetMoney(total, currency, invoice->mutable_total());
  SetMoney(total, currency, invoice->mutable_open_amount());
  SetMoney(0, currency, invoice->mutable_credited());
  SetSettlement(invoice);
  return absl::OkStatus();
}

absl::Status PostToBooks(const v1::Invoice& invoice, int64_t freight, const Dates& dates,
                         Context& context, State& state) {
  Entry entry(invoice.total().currency_code());
  entry.Debit(kReceivables, MicrosOf(invoice.total()), invoice.account_id())
      .Credit(kRevenue, MicrosOf(invoice.net()) - freight)
      .Credit(kFreightCharged, freight);
  for (const v1::DocumentTax& tax : invoice.taxes()) {
    entry.Credit(kOutputTax, MicrosOf(tax.tax()), "", tax.tax_code());
  }
  return Post(
      {invoice.id(), v1::LEDGER_DOCUMENT_INVOICE, invoice.number(), dates.posting, dates.invoice},
      entry, context, state);
}

// Moves the total from the order's commitment to the receivable, and closes the commitment with the
// last invoice. Tells nothing yet: the figures are written first.
struct Moved {
  bool released = false;
  bool adopted = false;  // it waited for an account until now
  int64_t released_micros = 0;
};
absl::StatusOr<Moved> MoveCommitment(const v1::PostInvoiceRequest& request, int64_t total,
                                     Figures& figures, State& state) {
  Moved moved;
  const auto* known = state.Find<v1::CreditCommitment>(request.order_id());
  if (known == nullptr) {  // billed before it was reserved
    v1::CreditCommitment fresh;
    fresh.set_order_id(request.order_id());
    fresh.set_order_number(request.order_number());
    fresh.set_account_id(figures.account_id());
    fresh.set_payer_customer_id(figures.account(state).customer_id());
    fresh.set_state(v1::CREDIT_COMMITMENT_STATE_OPEN);
    SetMoney(0, figures.currency(), fresh.mutable_committed());
    SetMoney(0, figures.currency(), fresh.mutable_invoiced());
    state.Insert(std::move(fresh));
  } else if (known->account_id().empty() && known->state() == v1::CREDIT_COMMITMENT_STATE_OPEN) {
    TANDEM_RETURN_IF_ERROR(MoveToAccount(request.order_id(), figures, state));
    moved.adopted = true;
  }
  auto* commitment = state.Edit<v1::CreditCommitment>(request.order_id());
  if (commitment == nullptr) return moved;
  // An order that is billed to another account than it was promised for frees that one.
  std::optional<Figures> others;
  Figures* holder = &figures;
  if (!commitment->account_id().empty() && commitment->account_id() != figures.account_id()) {
    TANDEM_ASSIGN_OR_RETURN(others, Figures::Of(commitment->account_id(), state));
    holder = &*others;
  }
  const bool was_open = commitment->state() == v1::CREDIT_COMMITMENT_STATE_OPEN;
  const int64_t before = HeldBy(*commitment);
  TANDEM_ASSIGN_OR_RETURN(const int64_t invoiced,
                          AddMoney(MicrosOf(commitment->invoiced()), total));
  SetMoney(invoiced, figures.currency(), commitment->mutable_invoiced());
  if (request.last() && was_open) {
    moved.released = true;
    moved.released_micros = HeldBy(*commitment);
    StopWaiting(commitment, holder, state);
    commitment->set_state(v1::CREDIT_COMMITMENT_STATE_CLOSED);
  }
  if (!TANDEM_PLANTED("invoice_keeps_commitment"))
    holder->committed += HeldBy(*commitment) - before;
  if (others.has_value()) TANDEM_RETURN_IF_ERROR(others->Write(state));
  return moved;
}

void TellCommitment(const v1::Invoice& invoice, const Moved& moved, const Figures& figures,
                    Context& context, State& state) {
  v1::CreditCommitmentEvent event;
  if (moved.released) {
    auto* released = event.mutable_credit_released();
    released->set_order_id(invoice.order_id());
    SetMoney(moved.released_micros, figures.currency(), released->mutable_released());
    *released->mutable_account_exposure() = figures.Row(state);
  } else {
    event.mutable_credit_invoiced()->set_order_id(invoice.order_id());
    event.mutable_credit_invoiced()->set_invoice_id(invoice.id());
  }
  state.Emit<v1::CreditCommitment>(context, invoice.order_id(), std::move(event),
                                   /*with_previous=*/true);
}

// Settles the invoice with the payments on account that name its order, oldest first.
absl::Status ApplyPaymentsOnAccount(const v1::Invoice& invoice, Figures& figures, Context& context,
                                    State& state) {
  if (figures.unapplied == 0) return absl::OkStatus();
  state.Load<v1::Payment>(kUnappliedOfOrder, invoice.order_id());
  std::vector<std::pair<int32_t, std::string>> payments;
  for (const v1::Payment* payment : state.All<v1::Payment>()) {
    if (payment->order_id() != invoice.order_id() || MicrosOf(payment->unapplied()) == 0 ||
        payment->account_id() != invoice.account_id()) {
      continue;
    }
    TANDEM_ASSIGN_OR_RETURN(const int32_t day,
                            DateFromProto(payment->payment_date(), "payment_date"));
    payments.emplace_back(day, payment->id());
  }
  std::sort(payments.begin(), payments.end());
  int64_t open = MicrosOf(invoice.open_amount());
  for (const auto& [day, id] : payments) {
    if (open == 0) break;
    auto* payment = state.Edit<v1::Payment>(id);
    const int64_t part = std::min(open, MicrosOf(payment->unapplied()));
    open -= part;
    Apply(part, open == 0, figures);
    TANDEM_RETURN_IF_ERROR(figures.Write(state));
    SetMoney(MicrosOf(payment->unapplied()) - part, figures.currency(),
             payment->mutable_unapplied());
    SetMoney(MicrosOf(payment->applied()) + part, figures.currency(), payment->mutable_applied());
    auto* application = payment->add_applications();
    application->set_invoice_id(invoice.id());
    SetMoney(part, figures.currency(), application->mutable_amount());
    v1::PaymentEvent event;
    auto* applied = event.mutable_payment_applied();
    applied->set_account_id(figures.account_id());
    *applied->add_applications() = *application;
    *applied->mutable_unapplied() = payment->unapplied();
    *applied->mutable_account_exposure() = figures.Row(state);
    state.Emit<v1::Payment>(context, id, std::move(event), /*with_previous=*/true);
    Settle(invoice.id(), part, id, context, state);
  }
  return absl::OkStatus();
}

void TellPosted(const v1::Invoice& invoice, const Figures& figures, Context& context,
                State& state) {
  v1::InvoiceEvent event;
  auto* posted = event.mutable_invoice_posted();
  posted->set_order_id(invoice.order_id());
  posted->set_shipment_id(invoice.shipment_id());
  posted->set_account_id(invoice.account_id());
  posted->set_number(invoice.number());
  *posted->mutable_net() = invoice.net();
  *posted->mutable_total() = invoice.total();
  posted->set_last(invoice.last());
  *posted->mutable_account_exposure() = figures.Row(state);
  state.Emit<v1::Invoice>(context, invoice.id(), std::move(event));
}

}  // namespace

std::string InvoiceOfShipment(absl::string_view shipment_id) {
  return IsId(shipment_id, "shp_") ? absl::StrCat("inv_", shipment_id.substr(4)) : "";
}

absl::StatusOr<v1::Invoice> PostInvoice(const v1::PostInvoiceRequest& request, Context& context,
                                        State& state) {
  if (request.account_id().empty() && request.payer_customer_id().empty()) {
    return InvalidField("payer_customer_id", "INVOICE_PAYER_MISSING",
                        "name the account or the payer's customer");
  }
  std::string id = InvoiceOfShipment(request.shipment_id());
  std::string account_id = PayerAccountId(request.account_id(), request.payer_customer_id(), state);
  absl::StatusOr<Figures> found = Figures::Of(account_id, state);
  // Asked for with the account, so that one round brings them all.
  const auto* billed = state.Find<v1::Invoice>(id.empty() ? request.invoice_id() : id);
  const auto* promised = state.Find<v1::CreditCommitment>(request.order_id());
  if (billed != nullptr) {
    if (!id.empty()) return state.Answer<v1::Invoice>(id);
    return Refuse(absl::StatusCode::kAlreadyExists, "INVOICE_ALREADY_EXISTS",
                  "there is an invoice of that id", "invoice_id");
  }
  // Who owes was decided with the credit, also when the payer's account was closed since.
  if (account_id.empty() && promised != nullptr && !promised->account_id().empty()) {
    account_id = promised->account_id();
    found = Figures::Of(account_id, state);
  }
  if (account_id.empty()) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "DEBTOR_ACCOUNT_MISSING",
                  "the payer has no debtor account yet", "payer_customer_id");
  }
  if (!found.ok()) return found.status();
  Figures figures = *std::move(found);
  if (id.empty()) {
    id = request.invoice_id().empty() ? context.ids.Next("inv_") : request.invoice_id();
  }
  if (!request.currency().empty() && request.currency() != figures.currency()) {
    return InvalidField("currency", "MONEY_CURRENCY_MISMATCH",
                        absl::StrCat("the account is in ", figures.currency()));
  }
  TANDEM_ASSIGN_OR_RETURN(const Dates dates, DatesOf(request, state));
  v1::Invoice invoice;
  int64_t freight = 0;
  TANDEM_RETURN_IF_ERROR(FillAmounts(request, figures.currency(), &invoice, &freight));
  const v1::PaymentTerms& terms = figures.account(state).payment_terms();
  TANDEM_ASSIGN_OR_RETURN(const int32_t due, AddDays(dates.invoice, terms.net_days()));
  invoice.set_id(id);
  invoice.set_number(NextNumber("INV", dates.invoice, state));
  invoice.set_order_id(request.order_id());
  invoice.set_order_number(request.order_number());
  invoice.set_shipment_id(request.shipment_id());
  invoice.set_account_id(figures.account_id());
  if (request.has_bill_to()) *invoice.mutable_bill_to() = request.bill_to();
  *invoice.mutable_invoice_date() = DateToProto(dates.invoice);
  *invoice.mutable_tax_date() = DateToProto(dates.tax);
  *invoice.mutable_posting_date() = DateToProto(dates.posting);
  *invoice.mutable_due_date() = DateToProto(due);
  *invoice.mutable_payment_terms() = terms;
  invoice.set_state(v1::INVOICE_STATE_POSTED);
  invoice.set_last(request.last());
  TANDEM_RETURN_IF_ERROR(PostToBooks(invoice, freight, dates, context, state));

  const int64_t total = MicrosOf(invoice.total());
  const int64_t before = figures.exposure();
  TANDEM_ASSIGN_OR_RETURN(const Moved moved, MoveCommitment(request, total, figures, state));
  figures.receivable += total;
  if (total > 0) ++figures.open_invoices;
  figures.used = true;
  figures.invoiced = true;
  TANDEM_RETURN_IF_ERROR(figures.Write(state));
  state.Insert(invoice);
  TellPosted(invoice, figures, context, state);
  TellCommitment(invoice, moved, figures, context, state);
  if (total == 0) TellSettlement(invoice, "", context, state);
  TellIfExceeded(figures, before, id, context, state);
  const int64_t after = figures.exposure();
  TANDEM_RETURN_IF_ERROR(ApplyPaymentsOnAccount(invoice, figures, context, state));
  if (after < before || moved.adopted) {
    TANDEM_RETURN_IF_ERROR(DecideWaiting(figures.account_id(), context, state));
  }
  const auto* commitment = state.Find<v1::CreditCommitment>(request.order_id());
  if (commitment != nullptr && !commitment->account_id().empty() &&
      commitment->account_id() != figures.account_id()) {
    TANDEM_RETURN_IF_ERROR(DecideWaiting(commitment->account_id(), context, state));
  }
  return state.Answer<v1::Invoice>(id);
}

void PostInvoiceHints(const v1::PostInvoiceRequest& request, Wanted& wanted) {
  PayerHints(request.account_id(), request.payer_customer_id(), wanted);
  const std::string of_shipment = InvoiceOfShipment(request.shipment_id());
  const std::string& id = of_shipment.empty() ? request.invoice_id() : of_shipment;
  wanted.Row<v1::CreditCommitment>(request.order_id());
  wanted.Row<v1::Invoice>(id);
  wanted.Row<v1::LedgerEntry>(id);
  const absl::StatusOr<int32_t> day = DateFromProto(request.invoice_date(), "invoice_date");
  if (!day.ok()) return;
  wanted.Row<v1::AccountingPeriod>(PeriodOf(*day));
  wanted.Row<operations::v1::Counter>(CounterOf("INV", *day));
}

}  // namespace tandem::billing
