#include "services/billing/billing_decide_payment.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "platform/base/date.h"
#include "platform/base/etag.h"
#include "platform/base/fault.h"
#include "platform/base/money.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "services/billing/billing_decide_check.h"
#include "services/billing/billing_decide_credit_note.h"
#include "services/billing/billing_decide_figures.h"
#include "services/billing/billing_decide_ledger.h"
#include "services/billing/billing_decide_settlement.h"
#include "services/billing/billing_decide_waiting.h"
#include "tandem/billing/v1/events.pb.h"

namespace tandem::billing {
namespace {

// A part of a payment, for an invoice.
struct Part {
  std::string invoice_id;
  int64_t micros = 0;
  bool settles = false;
};

// What of `open` invoices (in this order) an amount settles; unknown ones, another account's and
// settled ones are passed over.
std::vector<Part> Spread(const std::vector<std::string>& invoice_ids, int64_t amount,
                         absl::string_view account_id, State& state) {
  std::vector<Part> parts;
  for (const std::string& id : invoice_ids) {
    const auto* invoice = state.Find<v1::Invoice>(id);
    if (invoice == nullptr || invoice->account_id() != account_id) continue;
    const bool twice = std::any_of(parts.begin(), parts.end(),
                                   [&](const Part& part) { return part.invoice_id == id; });
    const int64_t open = twice ? 0 : MicrosOf(invoice->open_amount());
    const int64_t part = std::min(open, amount);
    if (part == 0) continue;
    amount -= part;
    parts.push_back({id, part, part == open});
  }
  return parts;
}

// The invoices a payment is for: those it names, else the order's open ones by number, else the one
// whose number is in the reference.
std::vector<std::string> InvoicesFor(const v1::RecordPaymentRequest& request,
                                     const Figures& figures, State& state) {
  if (!request.invoice_ids().empty()) {
    return {request.invoice_ids().begin(), request.invoice_ids().end()};
  }
  std::vector<std::pair<std::string, std::string>> found;  // number, id
  if (figures.open_invoices == 0) return {};
  if (!request.order_id().empty()) {
    state.Load<v1::Invoice>(kOpenOfOrder, request.order_id());
    for (const v1::Invoice* invoice : state.All<v1::Invoice>()) {
      if (invoice->order_id() == request.order_id()) {
        found.emplace_back(invoice->number(), invoice->id());
      }
    }
  } else if (const std::string number = InvoiceNumberIn(request.reference()); !number.empty()) {
    state.Load<v1::Invoice>(kOfNumber, number);
    for (const v1::Invoice* invoice : state.All<v1::Invoice>()) {
      if (invoice->number() == number) found.emplace_back(number, invoice->id());
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> ids;
  for (auto& [number, id] : found) ids.push_back(std::move(id));
  return ids;
}

v1::PaymentApplication ApplicationOf(const Part& part, absl::string_view currency) {
  v1::PaymentApplication application;
  application.set_invoice_id(part.invoice_id);
  SetMoney(part.micros, currency, application.mutable_amount());
  return application;
}

bool IsSamePayment(const v1::RecordPaymentRequest& request, const v1::Payment& payment,
                   absl::string_view account_id) {
  return payment.account_id() == account_id && Same(payment.amount(), request.amount()) &&
         Same(payment.payment_date(), request.payment_date()) &&
         payment.reference() == request.reference() && payment.order_id() == request.order_id() &&
         std::equal(payment.invoice_ids().begin(), payment.invoice_ids().end(),
                    request.invoice_ids().begin(), request.invoice_ids().end());
}

// Credit notes of an invoice that were left on account settle it again when it is open again.
absl::Status ApplyCreditsOnAccount(const std::string& invoice_id, Figures& figures,
                                   Context& context, State& state) {
  const auto* invoice = state.Find<v1::Invoice>(invoice_id);
  if (invoice == nullptr || MicrosOf(invoice->credited()) == 0 || figures.unapplied == 0) {
    return absl::OkStatus();
  }
  state.Load<v1::CreditNote>(kUnappliedOfInvoice, invoice_id);
  std::vector<std::string> notes;
  for (const v1::CreditNote* note : state.All<v1::CreditNote>()) {
    if (note->invoice_id() == invoice_id && MicrosOf(note->unapplied()) > 0) {
      notes.push_back(note->id());
    }
  }
  int64_t open = MicrosOf(invoice->open_amount());
  for (const std::string& id : notes) {
    if (open == 0) break;
    auto* note = state.Edit<v1::CreditNote>(id);
    const int64_t part = std::min(open, MicrosOf(note->unapplied()));
    open -= part;
    Apply(part, open == 0, figures);
    TANDEM_RETURN_IF_ERROR(figures.Write(state));
    SetMoney(MicrosOf(note->unapplied()) - part, figures.currency(), note->mutable_unapplied());
    SetMoney(MicrosOf(note->applied()) + part, figures.currency(), note->mutable_applied());
    v1::CreditNoteEvent event;
    auto* applied = event.mutable_credit_note_applied();
    applied->set_order_id(note->order_id());
    applied->set_invoice_id(invoice_id);
    SetMoney(part, figures.currency(), applied->mutable_amount());
    *applied->mutable_unapplied() = note->unapplied();
    *applied->mutable_account_exposure() = figures.Row(state);
    state.Emit<v1::CreditNote>(context, id, std::move(event), /*with_previous=*/true);
    Settle(invoice_id, part, id, context, state);
  }
  return absl::OkStatus();
}

absl::Status OverApplied(absl::string_view field, absl::string_view why) {
  return Refuse(absl::StatusCode::kFailedPrecondition, "PAYMENT_OVER_APPLIED", why, field);
}

// What an ApplyPayment asks for, checked.
absl::StatusOr<std::vector<Part>> PartsOf(const v1::ApplyPaymentRequest& request,
                                          const v1::Payment& payment, State& state) {
  int64_t left = MicrosOf(payment.unapplied());
  std::vector<Part> parts;
  for (int i = 0; i < request.applications_size(); ++i) {
    const v1::PaymentApplication& wanted = request.applications(i);
    const std::string path = absl::StrCat("applications[", i, "]");
    const auto* invoice = state.Find<v1::Invoice>(wanted.invoice_id());
    if (invoice == nullptr) return NotFound("INVOICE", wanted.invoice_id());
    if (invoice->account_id() != payment.account_id()) {
      return Refuse(absl::StatusCode::kFailedPrecondition, "PAYMENT_ACCOUNT_MISMATCH",
                    "the invoice is another account's", path);
    }
    int64_t open = MicrosOf(invoice->open_amount());
    for (const Part& part : parts) {
      if (part.invoice_id == wanted.invoice_id()) open -= part.micros;
    }
    int64_t amount = std::min(open, left);
    if (wanted.has_amount()) {
      TANDEM_ASSIGN_OR_RETURN(const Amount asked,
                              FromProto(wanted.amount(), absl::StrCat(path, ".amount")));
      if (asked.currency != payment.amount().currency_code()) {
        return Refuse(absl::StatusCode::kFailedPrecondition, "PAYMENT_CURRENCY_MISMATCH",
                      absl::StrCat("the payment is in ", payment.amount().currency_code()),
                      absl::StrCat(path, ".amount"));
      }
      amount = asked.micros;
    }
    if (amount <= 0 || amount > left) {
      return OverApplied(path, "no more than what is on account can be applied");
    }
    if (amount > open) return OverApplied(path, "the invoice has less open");
    left -= amount;
    parts.push_back({wanted.invoice_id(), amount, amount == open});
  }
  return parts;
}

}  // namespace

std::string InvoiceNumberIn(absl::string_view reference) {
  constexpr absl::string_view kShape = "INV-0000-000000";
  for (size_t at = 0; at + kShape.size() <= reference.size(); ++at) {
    const absl::string_view here = reference.substr(at, kShape.size());
    bool fits = true;
    for (size_t i = 0; i < kShape.size() && fits; ++i) {
      fits = kShape[i] == '0' ? absl::ascii_isdigit(here[i])
                              : absl::ascii_toupper(here[i]) == kShape[i];
    }
    if (!fits) continue;
    // Numbers beyond a million have more digits.
    size_t length = kShape.size();
    while (at + length < reference.size() && absl::ascii_isdigit(reference[at + length])) ++length;
    return absl::AsciiStrToUpper(reference.substr(at, length));
  }
  return "";
}

absl::StatusOr<v1::Payment> RecordPayment(const v1::RecordPaymentRequest& request, Context& context,
                                          State& state) {
  if (request.account_id().empty() && request.payer_customer_id().empty()) {
    return InvalidField("payer_customer_id", "PAYMENT_PAYER_MISSING",
                        "name the account or the payer's customer");
  }
  const std::string account_id =
      PayerAccountId(request.account_id(), request.payer_customer_id(), state);
  absl::StatusOr<Figures> found = Figures::Of(account_id, state);
  const std::string id =
      request.payment_id().empty() ? context.ids.Next("pay_") : request.payment_id();
  if (const auto* known = state.Find<v1::Payment>(id); known != nullptr) {
    if (IsSamePayment(request, *known, account_id)) return state.Answer<v1::Payment>(id);
    return Refuse(absl::StatusCode::kAlreadyExists, "PAYMENT_ALREADY_EXISTS",
                  "there is another payment of that id", "payment_id");
  }
  if (account_id.empty()) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "DEBTOR_ACCOUNT_MISSING",
                  "the payer has no debtor account yet", "payer_customer_id");
  }
  if (!found.ok()) return found.status();
  Figures figures = *std::move(found);
  TANDEM_ASSIGN_OR_RETURN(const int64_t amount,
                          MicrosFromProto(request.amount(), figures.currency(), "amount"));
  TANDEM_ASSIGN_OR_RETURN(const int64_t rounded, RoundToMinor(amount, figures.currency()));
  if (amount <= 0 || rounded != amount) {
    return InvalidField("amount", "PAYMENT_AMOUNT_INVALID",
                        "a payment is above 0, in whole minor units");
  }
  TANDEM_ASSIGN_OR_RETURN(const int32_t date,
                          DateFromProto(request.payment_date(), "payment_date"));
  // Money that came is a fact, also for a closed month.
  TANDEM_ASSIGN_OR_RETURN(const int32_t posting_date,
                          PostingDate(date, /*of_a_fact=*/true, "payment_date", state));
  const std::vector<Part> parts =
      Spread(InvoicesFor(request, figures, state), amount, account_id, state);

  v1::Payment payment;
  payment.set_id(id);
  payment.set_account_id(account_id);
  *payment.mutable_amount() = request.amount();
  *payment.mutable_payment_date() = request.payment_date();
  *payment.mutable_posting_date() = DateToProto(posting_date);
  payment.set_reference(request.reference());
  payment.set_order_id(request.order_id());
  *payment.mutable_invoice_ids() = request.invoice_ids();
  payment.set_state(v1::PAYMENT_STATE_RECEIVED);
  int64_t applied = 0;
  for (const Part& part : parts) {
    *payment.add_applications() = ApplicationOf(part, figures.currency());
    applied += part.micros;
    if (part.settles) --figures.open_invoices;
  }
  SetMoney(applied, figures.currency(), payment.mutable_applied());
  SetMoney(amount - applied, figures.currency(), payment.mutable_unapplied());
  Entry entry(figures.currency());
  entry.Debit(kBank, amount).Credit(kReceivables, amount, account_id);
  TANDEM_RETURN_IF_ERROR(
      Post({id, v1::LEDGER_DOCUMENT_PAYMENT, "", posting_date, date}, entry, context, state));

  figures.receivable -= applied;
  figures.unapplied += amount - applied;
  figures.used = true;
  TANDEM_RETURN_IF_ERROR(figures.Write(state));
  state.Insert(payment);
  v1::PaymentEvent event;
  auto* received = event.mutable_payment_received();
  received->set_account_id(account_id);
  *received->mutable_amount() = payment.amount();
  *received->mutable_applications() = payment.applications();
  *received->mutable_unapplied() = payment.unapplied();
  *received->mutable_account_exposure() = figures.Row(state);
  state.Emit<v1::Payment>(context, id, std::move(event));
  for (const Part& part : parts) Settle(part.invoice_id, part.micros, id, context, state);
  TANDEM_RETURN_IF_ERROR(DecideWaiting(account_id, context, state));
  return state.Answer<v1::Payment>(id);
}

void RecordPaymentHints(const v1::RecordPaymentRequest& request, Wanted& wanted) {
  PayerHints(request.account_id(), request.payer_customer_id(), wanted);
  wanted.Row<v1::Payment>(request.payment_id());
  wanted.Row<v1::LedgerEntry>(request.payment_id());
  for (const std::string& id : request.invoice_ids()) wanted.Row<v1::Invoice>(id);
  const absl::StatusOr<int32_t> day = DateFromProto(request.payment_date(), "payment_date");
  if (day.ok()) wanted.Row<v1::AccountingPeriod>(PeriodOf(*day));
}

absl::StatusOr<v1::Payment> ApplyPayment(const v1::ApplyPaymentRequest& request, Context& context,
                                         State& state) {
  const std::string& id = request.payment_id();
  const auto* known = state.Find<v1::Payment>(id);
  if (known == nullptr) return NotFound("PAYMENT", id);
  TANDEM_RETURN_IF_ERROR(CheckEtag(request.etag(), state.Version<v1::Payment>(id)));
  if (known->state() == v1::PAYMENT_STATE_REVERSED) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "PAYMENT_REVERSED",
                  "the payment was taken back");
  }
  TANDEM_ASSIGN_OR_RETURN(Figures figures, Figures::Of(known->account_id(), state));
  TANDEM_ASSIGN_OR_RETURN(const std::vector<Part> parts, PartsOf(request, *known, state));

  auto* payment = state.Edit<v1::Payment>(id);
  v1::PaymentEvent event;
  auto* told = event.mutable_payment_applied();
  told->set_account_id(payment->account_id());
  int64_t applied = 0;
  for (const Part& part : parts) {
    applied += part.micros;
    Apply(part.micros, part.settles, figures);
    *payment->add_applications() = ApplicationOf(part, figures.currency());
    *told->add_applications() = ApplicationOf(part, figures.currency());
  }
  SetMoney(MicrosOf(payment->applied()) + applied, figures.currency(), payment->mutable_applied());
  SetMoney(MicrosOf(payment->unapplied()) - applied, figures.currency(),
           payment->mutable_unapplied());
  *told->mutable_unapplied() = payment->unapplied();
  TANDEM_RETURN_IF_ERROR(figures.Write(state));
  *told->mutable_account_exposure() = figures.Row(state);
  state.Emit<v1::Payment>(context, id, std::move(event), /*with_previous=*/true);
  for (const Part& part : parts) Settle(part.invoice_id, part.micros, id, context, state);
  return state.Answer<v1::Payment>(id);
}

void ApplyPaymentHints(const v1::ApplyPaymentRequest& request, Wanted& wanted) {
  HintAccountOf(kAccountOfPayment, request.payment_id(), wanted);
  wanted.Row<v1::Payment>(request.payment_id());
}

absl::StatusOr<v1::Payment> ReversePayment(const v1::ReversePaymentRequest& request,
                                           Context& context, State& state) {
  const std::string& id = request.payment_id();
  const auto* known = state.Find<v1::Payment>(id);
  if (known == nullptr) return NotFound("PAYMENT", id);
  if (known->state() == v1::PAYMENT_STATE_REVERSED) return state.Answer<v1::Payment>(id);
  TANDEM_RETURN_IF_ERROR(CheckEtag(request.etag(), state.Version<v1::Payment>(id)));
  TANDEM_ASSIGN_OR_RETURN(Figures figures, Figures::Of(known->account_id(), state));
  TANDEM_ASSIGN_OR_RETURN(const int32_t date,
                          DateFromProto(request.reversal_date(), "reversal_date"));
  TANDEM_ASSIGN_OR_RETURN(const int32_t posting_date,
                          PostingDate(date, /*of_a_fact=*/true, "reversal_date", state));
  const int64_t amount = MicrosOf(known->amount());
  const v1::Payment before = *known;
  std::set<std::string> settled;
  for (const v1::PaymentApplication& application : before.applications()) {
    const auto* invoice = state.Find<v1::Invoice>(application.invoice_id());
    if (invoice != nullptr && MicrosOf(invoice->open_amount()) == 0) settled.insert(invoice->id());
  }
  figures.open_invoices += static_cast<int64_t>(settled.size());
  const int64_t exposure = figures.exposure();
  figures.receivable += MicrosOf(before.applied());
  figures.unapplied -= MicrosOf(before.unapplied());
  TANDEM_RETURN_IF_ERROR(figures.Write(state));
  Entry entry(figures.currency());
  entry.Debit(kReceivables, amount, before.account_id()).Credit(kBank, amount);
  TANDEM_RETURN_IF_ERROR(
      Post({ReversalOf(id), v1::LEDGER_DOCUMENT_PAYMENT_REVERSAL, "", posting_date, date}, entry,
           context, state));

  auto* payment = state.Edit<v1::Payment>(id);
  payment->set_state(v1::PAYMENT_STATE_REVERSED);
  SetMoney(0, figures.currency(), payment->mutable_applied());
  SetMoney(0, figures.currency(), payment->mutable_unapplied());
  payment->set_reversal_reason(request.reason());
  *payment->mutable_reversal_date() = request.reversal_date();
  v1::PaymentEvent event;
  auto* reversed = event.mutable_payment_reversed();
  reversed->set_account_id(before.account_id());
  *reversed->mutable_amount() = before.amount();
  *reversed->mutable_applications() = before.applications();
  reversed->set_reason(request.reason());
  *reversed->mutable_account_exposure() = figures.Row(state);
  state.Emit<v1::Payment>(context, id, std::move(event), /*with_previous=*/true);
  for (const v1::PaymentApplication& application : before.applications()) {
    if (TANDEM_PLANTED("reversal_keeps_invoice_settled")) break;
    Reopen(application.invoice_id(), MicrosOf(application.amount()), id, context, state);
  }
  TellIfExceeded(figures, exposure, id, context, state);
  for (const v1::PaymentApplication& application : before.applications()) {
    TANDEM_RETURN_IF_ERROR(
        ApplyCreditsOnAccount(application.invoice_id(), figures, context, state));
  }
  return state.Answer<v1::Payment>(id);
}

void ReversePaymentHints(const v1::ReversePaymentRequest& request, Wanted& wanted) {
  HintAccountOf(kAccountOfPayment, request.payment_id(), wanted);
  wanted.Row<v1::Payment>(request.payment_id());
  wanted.Row<v1::LedgerEntry>(ReversalOf(request.payment_id()));
}

}  // namespace tandem::billing
