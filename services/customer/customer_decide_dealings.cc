#include "services/customer/customer_decide_dealings.h"

#include <utility>

#include "platform/base/date.h"
#include "platform/base/money.h"
#include "platform/base/status_macros.h"

namespace tandem::customer {
namespace {

// The sums of a currency; made when there are none.
v1::DealingsTotal* TotalOf(absl::string_view currency, v1::DealingsHistory* history) {
  for (v1::DealingsTotal& total : *history->mutable_totals()) {
    if (total.currency() == currency) return &total;
  }
  v1::DealingsTotal* total = history->add_totals();
  total->set_currency(std::string(currency));
  for (google::type::Money* sum : {total->mutable_ordered(), total->mutable_invoiced(),
                                   total->mutable_credited(), total->mutable_paid()}) {
    SetMoney(0, currency, sum);
  }
  return total;
}

google::type::Money* SumOf(v1::DealingsKind kind, v1::DealingsTotal* total) {
  switch (kind) {
    case v1::DEALINGS_KIND_ORDER:
      return total->mutable_ordered();
    case v1::DEALINGS_KIND_INVOICE:
      return total->mutable_invoiced();
    case v1::DEALINGS_KIND_CREDIT_NOTE:
      return total->mutable_credited();
    case v1::DEALINGS_KIND_PAYMENT:
      return total->mutable_paid();
    default:
      return nullptr;  // a quote promises nothing yet
  }
}

// Adds a document to a history (sign 1), or takes it out of it (sign -1).
absl::Status Count(const v1::DealingsDocument& document, int sign, v1::DealingsHistory* history) {
  switch (document.kind()) {
    case v1::DEALINGS_KIND_QUOTE:
      history->set_quotes(history->quotes() + sign);
      break;
    case v1::DEALINGS_KIND_ORDER:
      history->set_orders(history->orders() + sign);
      break;
    case v1::DEALINGS_KIND_INVOICE:
      history->set_invoices(history->invoices() + sign);
      break;
    case v1::DEALINGS_KIND_CREDIT_NOTE:
      history->set_credit_notes(history->credit_notes() + sign);
      break;
    case v1::DEALINGS_KIND_PAYMENT:
      history->set_payments(history->payments() + sign);
      break;
    default:
      break;
  }
  if (!document.has_amount() || document.amount().currency_code().empty()) return absl::OkStatus();
  TANDEM_ASSIGN_OR_RETURN(const Amount amount, FromProto(document.amount(), "amount"));
  google::type::Money* sum = SumOf(document.kind(), TotalOf(amount.currency, history));
  if (sum == nullptr) return absl::OkStatus();
  TANDEM_ASSIGN_OR_RETURN(const Amount before, FromProto(*sum, "sum"));
  TANDEM_ASSIGN_OR_RETURN(const int64_t after, AddMoney(before.micros, sign * amount.micros));
  SetMoney(after, amount.currency, sum);
  return absl::OkStatus();
}

void NoteOrderDate(const v1::DealingsDocument& document, v1::DealingsHistory* history) {
  if (document.kind() != v1::DEALINGS_KIND_ORDER || !document.has_document_date()) return;
  auto day_of = [](const google::type::Date& date) { return DateFromProto(date, "").value_or(0); };
  const int32_t day = day_of(document.document_date());
  if (!history->has_first_order_date() || day < day_of(history->first_order_date())) {
    *history->mutable_first_order_date() = document.document_date();
  }
  if (!history->has_last_order_date() || day > day_of(history->last_order_date())) {
    *history->mutable_last_order_date() = document.document_date();
  }
}

v1::DealingsHistory* EditHistory(const std::string& customer_id, State& state) {
  v1::DealingsHistory* history = state.Edit<v1::DealingsHistory>(customer_id);
  if (history != nullptr) return history;
  v1::DealingsHistory first;
  first.set_id(customer_id);
  return state.Insert(std::move(first));
}

v1::AccountStanding* EditAccount(absl::string_view customer_id, absl::string_view account_id,
                                 State& state) {
  v1::CreditStanding* standing = state.Edit<v1::CreditStanding>(customer_id);
  if (standing == nullptr) {
    v1::CreditStanding first;
    first.set_id(std::string(customer_id));
    standing = state.Insert(std::move(first));
  }
  for (v1::AccountStanding& account : *standing->mutable_accounts()) {
    if (account.account_id() == account_id) return &account;
  }
  standing->add_accounts()->set_account_id(std::string(account_id));
  int at = standing->accounts_size() - 1;
  for (; at > 0 && standing->accounts(at - 1).account_id() > account_id; --at) {
    standing->mutable_accounts()->SwapElements(at - 1, at);
  }
  return standing->mutable_accounts(at);
}

// Headroom follows from limit and exposure, whichever came last.
absl::Status Settle(v1::AccountStanding* account) {
  account->clear_headroom();
  if (account->policy() != v1::CREDIT_POLICY_KIND_LIMITED || account->currency().empty()) {
    return absl::OkStatus();
  }
  int64_t limit = 0;
  int64_t exposure = 0;
  if (account->has_limit()) {
    TANDEM_ASSIGN_OR_RETURN(limit, MicrosFromProto(account->limit(), account->currency(), "limit"));
  }
  if (account->has_exposure()) {
    TANDEM_ASSIGN_OR_RETURN(exposure,
                            MicrosFromProto(account->exposure(), account->currency(), "exposure"));
  }
  TANDEM_ASSIGN_OR_RETURN(const int64_t headroom, SubMoney(limit, exposure));
  SetMoney(headroom, account->currency(), account->mutable_headroom());
  return absl::OkStatus();
}

}  // namespace

absl::Status LearnDocument(v1::DealingsDocument document, State& state) {
  const std::string id = document.id();
  const v1::DealingsDocument* known = state.Find<v1::DealingsDocument>(id);
  state.Find<v1::DealingsHistory>(document.customer_id());
  if (known != nullptr) {
    if (known->source_version() >= document.source_version()) return absl::OkStatus();
    if (document.customer_id().empty()) document.set_customer_id(known->customer_id());
    if (document.account_id().empty()) document.set_account_id(known->account_id());
    if (!known->customer_id().empty()) {
      TANDEM_RETURN_IF_ERROR(Count(*known, -1, EditHistory(known->customer_id(), state)));
    }
  }
  if (!document.customer_id().empty()) {
    v1::DealingsHistory* history = EditHistory(document.customer_id(), state);
    TANDEM_RETURN_IF_ERROR(Count(document, 1, history));
    NoteOrderDate(document, history);
  }
  if (known != nullptr) {
    *state.Edit<v1::DealingsDocument>(id) = std::move(document);
  } else {
    state.Insert(std::move(document));
  }
  return absl::OkStatus();
}

absl::Status LearnAccount(absl::string_view customer_id, const v1::AccountStanding& account,
                          State& state) {
  if (customer_id.empty()) return absl::OkStatus();
  v1::AccountStanding* known = EditAccount(customer_id, account.account_id(), state);
  if (known->account_version() >= account.account_version()) return absl::OkStatus();
  v1::AccountStanding now = account;
  if (known->has_exposure()) *now.mutable_exposure() = known->exposure();
  if (known->has_position()) *now.mutable_position() = known->position();
  if (known->has_committed()) *now.mutable_committed() = known->committed();
  now.set_waiting(known->waiting());
  now.set_open_invoices(known->open_invoices());
  now.set_figures_sequence(known->figures_sequence());
  *known = std::move(now);
  return Settle(known);
}

absl::Status LearnFigures(const AccountFigures& figures, State& state) {
  if (figures.customer_id.empty() || figures.account_id.empty()) return absl::OkStatus();
  v1::AccountStanding* known = EditAccount(figures.customer_id, figures.account_id, state);
  if (known->figures_sequence() >= figures.sequence) return absl::OkStatus();
  TANDEM_ASSIGN_OR_RETURN(const Amount receivable, FromProto(figures.receivable, "receivable"));
  TANDEM_ASSIGN_OR_RETURN(const Amount unapplied, FromProto(figures.unapplied, "unapplied"));
  TANDEM_ASSIGN_OR_RETURN(const int64_t position, SubMoney(receivable.micros, unapplied.micros));
  if (known->currency().empty()) known->set_currency(receivable.currency);
  *known->mutable_exposure() = figures.exposure;
  *known->mutable_committed() = figures.committed;
  SetMoney(position, receivable.currency, known->mutable_position());
  known->set_waiting(figures.waiting);
  known->set_open_invoices(figures.open_invoices);
  known->set_figures_sequence(figures.sequence);
  return Settle(known);
}

}  // namespace tandem::customer
