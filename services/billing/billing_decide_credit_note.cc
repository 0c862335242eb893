#include "services/billing/billing_decide_credit_note.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "platform/base/date.h"
#include "platform/base/money.h"
#include "platform/base/quantity.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "services/billing/billing_decide_check.h"
#include "services/billing/billing_decide_figures.h"
#include "services/billing/billing_decide_invoice.h"
#include "services/billing/billing_decide_ledger.h"
#include "services/billing/billing_decide_settlement.h"
#include "services/billing/billing_decide_waiting.h"
#include "tandem/billing/v1/events.pb.h"
#include "tandem/operations/v1/counter.pb.h"

namespace tandem::billing {
namespace {

absl::Status OverInvoiced(absl::string_view field) {
  return Refuse(absl::StatusCode::kFailedPrecondition, "CREDIT_OVER_INVOICED",
                "more would be credited than the line was billed", field);
}

// What is credited of a line, in micros, marked in it. That goods came back is a fact, whatever
// they were billed at and whatever an allowance took off them before: of their net counts what is
// left.
absl::StatusOr<int64_t> TakeNet(int64_t net, bool came_back, absl::string_view field,
                                v1::InvoiceLine* billed) {
  const std::string& currency = billed->net().currency_code();
  const int64_t left = MicrosOf(billed->net()) - MicrosOf(billed->credited());
  const int64_t returned = MicrosOf(billed->returned()) + net;
  if ((came_back ? returned : net) > (came_back ? MicrosOf(billed->net()) : left)) {
    return OverInvoiced(field);
  }
  if (came_back) SetMoney(returned, currency, billed->mutable_returned());
  const int64_t credited = std::min(net, left);
  SetMoney(MicrosOf(billed->credited()) + credited, currency, billed->mutable_credited());
  return credited;
}

// Takes the lines over into the credit note, and marks them as credited in the invoice.
absl::Status TakeLines(const v1::PostCreditNoteRequest& request, v1::Invoice* invoice,
                       v1::CreditNote* note) {
  const std::string& currency = invoice->total().currency_code();
  const bool came_back = !request.return_id().empty();
  for (int i = 0; i < request.lines_size(); ++i) {
    const v1::CreditNoteLineInput& input = request.lines(i);
    const std::string path = absl::StrCat("lines[", i, "]");
    TANDEM_ASSIGN_OR_RETURN(const int64_t net,
                            MicrosFromProto(input.net(), currency, absl::StrCat(path, ".net")));
    TANDEM_ASSIGN_OR_RETURN(const int64_t rounded, RoundToMinor(net, currency));
    if (net < 0 || (net == 0 && !came_back) || rounded != net) {
      return InvalidField(absl::StrCat(path, ".net"), "CREDIT_NET_INVALID",
                          "a net is in whole minor units, and above 0 where no goods came back");
    }
    v1::InvoiceLine* billed = nullptr;
    for (v1::InvoiceLine& each : *invoice->mutable_lines()) {
      if (each.line_number() == input.line_number()) billed = &each;
    }
    if (billed == nullptr) {
      return InvalidField(absl::StrCat(path, ".line_number"), "CREDIT_LINE_UNKNOWN",
                          "the invoice has no such line");
    }
    TANDEM_ASSIGN_OR_RETURN(const int64_t credited,
                            TakeNet(net, came_back, absl::StrCat(path, ".net"), billed));
    auto* row = note->add_lines();
    row->set_line_number(input.line_number());
    if (input.has_quantity()) {
      TANDEM_ASSIGN_OR_RETURN(const Quantity quantity,
                              FromProto(input.quantity(), absl::StrCat(path, ".quantity")));
      *row->mutable_quantity() = ToProto(quantity);
    }
    SetMoney(credited, currency, row->mutable_net());
    row->set_tax_code(billed->tax_code());
    *row->mutable_tax_rate() = billed->tax_rate();
  }
  return absl::OkStatus();
}

// The taxes by the invoice's codes and rates, each the difference of what the cumulated base bears.
absl::Status TakeTaxes(v1::Invoice* invoice, v1::CreditNote* note) {
  const std::string& currency = invoice->total().currency_code();
  std::map<std::pair<std::string, int64_t>, int64_t> bases;
  int64_t net = 0, tax = 0;
  for (const v1::CreditNoteLine& line : note->lines()) {
    TANDEM_ASSIGN_OR_RETURN(const int64_t rate, FractionFromProto(line.tax_rate(), "tax_rate"));
    bases[{line.tax_code(), rate}] += MicrosOf(line.net());
    net += MicrosOf(line.net());
  }
  for (v1::DocumentTax& billed : *invoice->mutable_taxes()) {
    TANDEM_ASSIGN_OR_RETURN(const int64_t rate, FractionFromProto(billed.tax_rate(), "tax_rate"));
    const auto base = bases.find({billed.tax_code(), rate});
    if (base == bases.end()) continue;
    const int64_t credited_base = MicrosOf(billed.credited_base()) + base->second;
    TANDEM_ASSIGN_OR_RETURN(const int64_t credited_tax, TaxOn(credited_base, rate, currency));
    const int64_t part = credited_tax - MicrosOf(billed.credited_tax());
    SetMoney(credited_base, currency, billed.mutable_credited_base());
    SetMoney(credited_tax, currency, billed.mutable_credited_tax());
    auto* row = note->add_taxes();
    row->set_tax_code(billed.tax_code());
    *row->mutable_tax_rate() = billed.tax_rate();
    SetMoney(base->second, currency, row->mutable_base());
    SetMoney(part, currency, row->mutable_tax());
    row->set_text(billed.text());
    tax += part;
  }
  SetMoney(net, currency, note->mutable_net());
  SetMoney(tax, currency, note->mutable_tax());
  SetMoney(net + tax, currency, note->mutable_total());
  return absl::OkStatus();
}

absl::Status PostToBooks(const v1::CreditNote& note, int32_t posting_date, int32_t credit_date,
                         Context& context, State& state) {
  Entry entry(note.total().currency_code());
  entry.Debit(note.reason() == v1::CREDIT_NOTE_REASON_ALLOWANCE ? kAllowances : kReturns,
              MicrosOf(note.net()));
  for (const v1::DocumentTax& tax : note.taxes()) {
    entry.Debit(kOutputTax, MicrosOf(tax.tax()), "", tax.tax_code());
  }
  entry.Credit(kReceivables, MicrosOf(note.total()), note.account_id());
  return Post(
      {note.id(), v1::LEDGER_DOCUMENT_CREDIT_NOTE, note.number(), posting_date, credit_date}, entry,
      context, state);
}

void TellPosted(const v1::CreditNote& note, const Figures& figures, Context& context,
                State& state) {
  v1::CreditNoteEvent event;
  auto* posted = event.mutable_credit_note_posted();
  posted->set_order_id(note.order_id());
  posted->set_return_id(note.return_id());
  posted->set_invoice_id(note.invoice_id());
  posted->set_account_id(note.account_id());
  *posted->mutable_net() = note.net();
  *posted->mutable_total() = note.total();
  *posted->mutable_unapplied() = note.unapplied();
  *posted->mutable_account_exposure() = figures.Row(state);
  state.Emit<v1::CreditNote>(context, note.id(), std::move(event));
}

std::string InvoiceIdOf(const v1::PostCreditNoteRequest& request) {
  return request.invoice_id().empty() ? InvoiceOfShipment(request.shipment_id())
                                      : request.invoice_id();
}

}  // namespace

absl::StatusOr<v1::CreditNote> PostCreditNote(const v1::PostCreditNoteRequest& request,
                                              Context& context, State& state) {
  if (!request.return_id().empty()) {
    state.Load<v1::CreditNote>(kOfReturn, request.return_id());
    for (const v1::CreditNote* known : state.All<v1::CreditNote>()) {
      if (known->return_id() == request.return_id()) {
        const std::string id = known->id();
        return state.Answer<v1::CreditNote>(id);
      }
    }
  }
  const std::string invoice_id = InvoiceIdOf(request);
  if (invoice_id.empty()) {
    return InvalidField("invoice_id", "CREDIT_INVOICE_MISSING",
                        "name the invoice, or the shipment that it bills");
  }
  const auto* billed = state.Find<v1::Invoice>(invoice_id);
  if (billed == nullptr ||
      (!request.order_id().empty() && billed->order_id() != request.order_id())) {
    return NotFound("INVOICE", invoice_id);
  }
  TANDEM_ASSIGN_OR_RETURN(Figures figures, Figures::Of(billed->account_id(), state));
  const std::string id =
      request.credit_note_id().empty() ? context.ids.Next("crn_") : request.credit_note_id();
  if (state.Find<v1::CreditNote>(id) != nullptr) {
    return Refuse(absl::StatusCode::kAlreadyExists, "CREDIT_NOTE_ALREADY_EXISTS",
                  "there is a credit note of that id", "credit_note_id");
  }
  TANDEM_ASSIGN_OR_RETURN(const int32_t date, DateFromProto(request.credit_date(), "credit_date"));
  TANDEM_ASSIGN_OR_RETURN(const int32_t posting_date,
                          PostingDate(date, !request.return_id().empty(), "credit_date", state));

  auto* invoice = state.Edit<v1::Invoice>(invoice_id);
  v1::CreditNote note;
  TANDEM_RETURN_IF_ERROR(TakeLines(request, invoice, &note));
  TANDEM_RETURN_IF_ERROR(TakeTaxes(invoice, &note));
  const std::string& currency = figures.currency();
  const int64_t total = MicrosOf(note.total());
  const int64_t open = MicrosOf(invoice->open_amount());
  const int64_t applied = std::min(open, total);
  note.set_id(id);
  note.set_number(NextNumber("CRN", date, state));
  note.set_invoice_id(invoice_id);
  note.set_invoice_number(invoice->number());
  note.set_order_id(invoice->order_id());
  note.set_shipment_id(invoice->shipment_id());
  note.set_return_id(request.return_id());
  note.set_account_id(invoice->account_id());
  if (invoice->has_bill_to()) *note.mutable_bill_to() = invoice->bill_to();
  note.set_reason(request.reason() != v1::CREDIT_NOTE_REASON_UNSPECIFIED ? request.reason()
                  : request.return_id().empty() ? v1::CREDIT_NOTE_REASON_ALLOWANCE
                                                : v1::CREDIT_NOTE_REASON_RETURN);
  *note.mutable_credit_date() = DateToProto(date);
  *note.mutable_posting_date() = DateToProto(posting_date);
  SetMoney(applied, currency, note.mutable_applied());
  SetMoney(total - applied, currency, note.mutable_unapplied());
  note.set_state(v1::CREDIT_NOTE_STATE_POSTED);
  TANDEM_RETURN_IF_ERROR(PostToBooks(note, posting_date, date, context, state));

  figures.receivable -= applied;
  figures.unapplied += total - applied;
  if (open > 0 && applied == open) --figures.open_invoices;
  TANDEM_RETURN_IF_ERROR(figures.Write(state));
  state.Insert(note);
  TellPosted(note, figures, context, state);
  SetMoney(MicrosOf(invoice->credited()) + total, currency, invoice->mutable_credited());
  if (applied > 0) {
    Settle(invoice_id, applied, id, context, state);
  } else {
    v1::InvoiceEvent event;
    auto* credited = event.mutable_invoice_credited();
    credited->set_order_id(invoice->order_id());
    credited->set_credit_note_id(id);
    *credited->mutable_credited() = invoice->credited();
    state.Emit<v1::Invoice>(context, invoice_id, std::move(event), /*with_previous=*/true);
  }
  TANDEM_RETURN_IF_ERROR(DecideWaiting(figures.account_id(), context, state));
  return state.Answer<v1::CreditNote>(id);
}

void PostCreditNoteHints(const v1::PostCreditNoteRequest& request, Wanted& wanted) {
  HintAccountOf(kAccountOfInvoice, InvoiceIdOf(request), wanted);
  wanted.Row<v1::Invoice>(InvoiceIdOf(request));
  if (!request.return_id().empty()) wanted.Set<v1::CreditNote>(kOfReturn, request.return_id());
  wanted.Row<v1::CreditNote>(request.credit_note_id());
  wanted.Row<v1::LedgerEntry>(request.credit_note_id());
  const absl::StatusOr<int32_t> day = DateFromProto(request.credit_date(), "credit_date");
  if (!day.ok()) return;
  wanted.Row<v1::AccountingPeriod>(PeriodOf(*day));
  wanted.Row<operations::v1::Counter>(CounterOf("CRN", *day));
}

}  // namespace tandem::billing
