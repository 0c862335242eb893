#include "services/billing/billing_decide_figures.h"

#include <algorithm>

#include "platform/base/money.h"
#include "platform/base/status.h"
#include "services/billing/billing_decide_check.h"
#include "tandem/billing/v1/events.pb.h"

namespace tandem::billing {

std::string PayerAccountId(absl::string_view account_id, absl::string_view payer_customer_id,
                           State& state) {
  if (!account_id.empty()) return std::string(account_id);
  const auto* payer = state.Find<v1::PayerAccount>(payer_customer_id);
  return payer == nullptr ? "" : payer->account_id();
}

void PayerHints(absl::string_view account_id, absl::string_view payer_customer_id, Wanted& wanted) {
  if (account_id.empty()) {
    wanted.Row<v1::PayerAccount>(payer_customer_id);
    HintAccountOf(kAccountOfPayer, payer_customer_id, wanted);
    return;
  }
  wanted.Row<v1::DebtorAccount>(account_id);
  wanted.Row<v1::AccountExposure>(account_id);
}

void HintAccountOf(absl::string_view set, absl::string_view key, Wanted& wanted) {
  if (key.empty()) return;
  wanted.Set<v1::DebtorAccount>(set, key);
  wanted.Set<v1::AccountExposure>(set, key);
}

absl::StatusOr<Figures> Figures::Of(absl::string_view account_id, State& state) {
  const auto* account = state.Find<v1::DebtorAccount>(account_id);
  const auto* row = state.Find<v1::AccountExposure>(account_id);
  if (account == nullptr || row == nullptr) return NotFound("DEBTOR_ACCOUNT", account_id);
  Figures figures;
  figures.account_id_ = std::string(account_id);
  figures.currency_ = account->currency();
  figures.receivable = MicrosOf(row->receivable());
  figures.unapplied = MicrosOf(row->unapplied());
  figures.committed = MicrosOf(row->committed());
  figures.waiting = row->waiting();
  figures.open_invoices = row->open_invoices();
  figures.last_place = row->last_place();
  figures.used = row->used();
  figures.invoiced = row->invoiced();
  return figures;
}

const v1::DebtorAccount& Figures::account(State& state) const {
  const auto* account = state.Find<v1::DebtorAccount>(account_id_);
  return account == nullptr ? v1::DebtorAccount::default_instance() : *account;
}

absl::Status Figures::Write(State& state) {
  for (const Int128 part : {receivable, unapplied, committed, receivable - unapplied + committed}) {
    if (part > kMaxMicros || part < -kMaxMicros) {
      return Refuse(absl::StatusCode::kOutOfRange, "MONEY_OUT_OF_RANGE",
                    "an account's figures are at most 10^12 currency units");
    }
  }
  if (receivable < 0 || unapplied < 0 || committed < 0 || waiting < 0 || open_invoices < 0) {
    return Refuse(absl::StatusCode::kInternal, "BILLING_FIGURES_NEGATIVE",
                  "a part of the exposure fell below 0");
  }
  auto* row = state.Edit<v1::AccountExposure>(account_id_);
  if (row == nullptr) return NotFound("DEBTOR_ACCOUNT", account_id_);
  SetMoney(static_cast<int64_t>(receivable), currency_, row->mutable_receivable());
  SetMoney(static_cast<int64_t>(unapplied), currency_, row->mutable_unapplied());
  SetMoney(static_cast<int64_t>(committed), currency_, row->mutable_committed());
  SetMoney(exposure(), currency_, row->mutable_exposure());
  SetMoney(std::max(exposure(), MicrosOf(row->highest_exposure())), currency_,
           row->mutable_highest_exposure());
  row->set_waiting(waiting);
  row->set_open_invoices(open_invoices);
  row->set_last_place(last_place);
  row->set_used(used);
  row->set_invoiced(invoiced);
  row->set_sequence(row->sequence() + 1);
  state.Touch<v1::AccountExposure>(account_id_);
  return absl::OkStatus();
}

v1::AccountExposure Figures::Row(State& state) const {
  const auto* row = state.Find<v1::AccountExposure>(account_id_);
  return row == nullptr ? v1::AccountExposure() : *row;
}

int64_t HeldBy(const v1::CreditCommitment& commitment) {
  if (commitment.state() != v1::CREDIT_COMMITMENT_STATE_OPEN) return 0;
  return std::max<int64_t>(0, MicrosOf(commitment.committed()) - MicrosOf(commitment.invoiced()));
}

std::optional<int64_t> LimitOf(const v1::DebtorAccount& account) {
  if (account.credit_policy().kind() == v1::CREDIT_POLICY_KIND_UNLIMITED) return std::nullopt;
  return MicrosOf(account.credit_policy().limit());
}

void TellIfExceeded(const Figures& figures, int64_t before, absl::string_view document_id,
                    Context& context, State& state) {
  const std::optional<int64_t> limit = LimitOf(figures.account(state));
  if (!limit.has_value() || figures.exposure() <= *limit || figures.exposure() <= before) return;
  v1::DebtorAccountEvent event;
  auto* exceeded = event.mutable_credit_limit_exceeded();
  SetMoney(*limit, figures.currency(), exceeded->mutable_limit());
  SetMoney(figures.exposure(), figures.currency(), exceeded->mutable_exposure());
  SetMoney(figures.exposure() - *limit, figures.currency(), exceeded->mutable_excess());
  exceeded->set_document_id(std::string(document_id));
  *exceeded->mutable_account_exposure() = figures.Row(state);
  state.Emit<v1::DebtorAccount>(context, figures.account_id(), std::move(event));
}

}  // namespace tandem::billing
