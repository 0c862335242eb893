#include "services/billing/billing_decide_waiting.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <vector>

#include "platform/base/date.h"
#include "platform/base/fault.h"
#include "platform/base/money.h"
#include "platform/base/status_macros.h"
#include "services/billing/billing_decide_check.h"
#include "tandem/billing/v1/events.pb.h"
#include "tandem/billing/v1/invoice.pb.h"

namespace tandem::billing {
namespace {

struct Verdict {
  v1::CreditRefusalReason refusal = v1::CREDIT_REFUSAL_REASON_UNSPECIFIED;  // none: given
  int64_t shortfall_micros = 0;
  bool overridden = false;
};

// Smaller or equal is always given. Larger: the account must take promises, and the exposure with
// the new amount in the place of the old must not be above the limit; equal is allowed.
Verdict Judge(const v1::CreditCommitment& commitment, const Wish& wish, const Figures& figures,
              State& state) {
  Verdict verdict;
  if (wish.currency != figures.currency()) {
    verdict.refusal = v1::CREDIT_REFUSAL_REASON_CURRENCY_MISMATCH;
    return verdict;
  }
  if (wish.asked_micros <= MicrosOf(commitment.committed())) return verdict;
  const v1::DebtorAccount& account = figures.account(state);
  if (account.order_block().on() || account.state() != v1::DEBTOR_ACCOUNT_STATE_OPEN) {
    verdict.refusal = v1::CREDIT_REFUSAL_REASON_ACCOUNT_BLOCKED;
    return verdict;
  }
  const std::optional<int64_t> limit = LimitOf(account);
  const int64_t held = std::max<int64_t>(0, wish.asked_micros - MicrosOf(commitment.invoiced()));
  const Int128 others = TANDEM_PLANTED("credit_ignores_commitments") ? Int128{figures.committed}
                                                                     : Int128{HeldBy(commitment)};
  const Int128 with = Int128{figures.exposure()} - others + held;
  if (!limit.has_value() || with <= *limit) return verdict;
  const v1::CreditOverride& word = commitment.credit_override();
  if (word.pending() && wish.asked_micros <= MicrosOf(word.amount())) {
    verdict.overridden = true;
    return verdict;
  }
  verdict.refusal = v1::CREDIT_REFUSAL_REASON_OVER_LIMIT;
  verdict.shortfall_micros = static_cast<int64_t>(with - *limit);
  return verdict;
}

absl::Status Give(absl::string_view order_id, const Wish& wish, bool overridden, Figures& figures,
                  Context& context, State& state) {
  auto* commitment = state.Edit<v1::CreditCommitment>(order_id);
  const bool waited = commitment->has_waiting();
  StopWaiting(commitment, &figures, state);
  figures.committed -= HeldBy(*commitment);
  SetMoney(wish.asked_micros, figures.currency(), commitment->mutable_committed());
  if (!commitment->has_invoiced()) {
    SetMoney(0, figures.currency(), commitment->mutable_invoiced());
  }
  commitment->set_revision(wish.revision);
  if (overridden) commitment->mutable_credit_override()->set_pending(false);
  figures.committed += HeldBy(*commitment);
  figures.used = true;
  TANDEM_RETURN_IF_ERROR(figures.Write(state));

  v1::CreditCommitmentEvent event;
  auto* reserved = event.mutable_credit_reserved();
  reserved->set_order_id(std::string(order_id));
  reserved->set_revision(wish.revision);
  reserved->set_account_id(figures.account_id());
  SetMoney(wish.asked_micros, figures.currency(), reserved->mutable_amount());
  reserved->set_lifts_refusal(waited);
  reserved->set_overridden(overridden);
  *reserved->mutable_account_exposure() = figures.Row(state);
  state.Emit<v1::CreditCommitment>(context, order_id, std::move(event), /*with_previous=*/true);
  return absl::OkStatus();
}

// The earliest due date of the account's open invoices.
std::optional<int32_t> OldestDue(const Figures& figures, State& state) {
  if (figures.open_invoices == 0) return std::nullopt;
  state.Load<v1::Invoice>(kOpenOfAccount, figures.account_id());
  std::optional<int32_t> oldest;
  for (const v1::Invoice* invoice : state.All<v1::Invoice>()) {
    if (invoice->account_id() != figures.account_id() || MicrosOf(invoice->open_amount()) == 0) {
      continue;
    }
    const absl::StatusOr<int32_t> due = DateFromProto(invoice->due_date(), "due_date");
    if (due.ok() && (!oldest.has_value() || *due < *oldest)) oldest = *due;
  }
  return oldest;
}

absl::Status KeepWaiting(absl::string_view order_id, const Wish& wish, const Verdict& verdict,
                         Figures& figures, Context& context, State& state) {
  const auto* before = state.Find<v1::CreditCommitment>(order_id);
  v1::CreditWait wait = before->waiting();
  SetMoney(wish.asked_micros, wish.currency, wait.mutable_asked());
  wait.set_revision(wish.revision);
  wait.set_reason(verdict.refusal);
  if (before->has_waiting() && Same(before->waiting(), wait)) return absl::OkStatus();
  if (!before->has_waiting()) {
    ++figures.waiting;
    wait.set_place(++figures.last_place);
    TANDEM_RETURN_IF_ERROR(figures.Write(state));
  }
  auto* commitment = state.Edit<v1::CreditCommitment>(order_id);
  *commitment->mutable_waiting() = wait;
  if (!commitment->has_committed()) {
    SetMoney(0, figures.currency(), commitment->mutable_committed());
    SetMoney(0, figures.currency(), commitment->mutable_invoiced());
  }
  commitment->set_revision(wish.revision);

  v1::CreditCommitmentEvent event;
  auto* refused = event.mutable_credit_refused();
  refused->set_order_id(std::string(order_id));
  refused->set_revision(wish.revision);
  refused->set_account_id(figures.account_id());
  refused->set_reason(verdict.refusal);
  if (const std::optional<int64_t> limit = LimitOf(figures.account(state)); limit.has_value()) {
    SetMoney(*limit, figures.currency(), refused->mutable_limit());
  }
  SetMoney(figures.exposure(), figures.currency(), refused->mutable_exposure());
  *refused->mutable_requested() = wait.asked();
  if (verdict.refusal == v1::CREDIT_REFUSAL_REASON_OVER_LIMIT) {
    SetMoney(verdict.shortfall_micros, figures.currency(), refused->mutable_shortfall());
  }
  if (const std::optional<int32_t> due = OldestDue(figures, state); due.has_value()) {
    *refused->mutable_oldest_due_date() = DateToProto(*due);
  }
  *refused->mutable_account_exposure() = figures.Row(state);
  state.Emit<v1::CreditCommitment>(context, order_id, std::move(event), /*with_previous=*/true);
  return absl::OkStatus();
}

}  // namespace

absl::Status DecideWish(absl::string_view order_id, const Wish& wish, Figures& figures,
                        Context& context, State& state) {
  const auto* commitment = state.Find<v1::CreditCommitment>(order_id);
  if (commitment == nullptr) return NotFound("CREDIT_COMMITMENT", order_id);
  const Verdict verdict = Judge(*commitment, wish, figures, state);
  if (verdict.refusal == v1::CREDIT_REFUSAL_REASON_UNSPECIFIED) {
    return Give(order_id, wish, verdict.overridden, figures, context, state);
  }
  return KeepWaiting(order_id, wish, verdict, figures, context, state);
}

void WaitForAccount(absl::string_view order_id, const Wish& wish, Context& context, State& state) {
  const auto* before = state.Find<v1::CreditCommitment>(order_id);
  if (before == nullptr) return;
  v1::CreditWait wait = before->waiting();
  SetMoney(wish.asked_micros, wish.currency, wait.mutable_asked());
  wait.set_revision(wish.revision);
  wait.set_reason(v1::CREDIT_REFUSAL_REASON_ACCOUNT_MISSING);
  if (before->has_waiting() && Same(before->waiting(), wait)) return;
  if (!before->has_waiting()) {
    const std::string customer_id = before->payer_customer_id();
    auto* payer = state.Edit<v1::PayerAccount>(customer_id);
    if (payer == nullptr) {
      v1::PayerAccount fresh;
      fresh.set_customer_id(customer_id);
      payer = state.Insert(std::move(fresh));
    }
    payer->set_waiting(payer->waiting() + 1);
    payer->set_last_place(payer->last_place() + 1);
    wait.set_place(payer->last_place());
    state.Touch<v1::PayerAccount>(customer_id);
  }
  auto* commitment = state.Edit<v1::CreditCommitment>(order_id);
  *commitment->mutable_waiting() = wait;
  commitment->set_revision(wish.revision);
  v1::CreditCommitmentEvent event;
  auto* refused = event.mutable_credit_refused();
  refused->set_order_id(std::string(order_id));
  refused->set_revision(wish.revision);
  refused->set_reason(wait.reason());
  *refused->mutable_requested() = wait.asked();
  state.Emit<v1::CreditCommitment>(context, order_id, std::move(event), /*with_previous=*/true);
}

void StopWaiting(v1::CreditCommitment* commitment, Figures* figures, State& state) {
  if (!commitment->has_waiting()) return;
  commitment->clear_waiting();
  if (figures != nullptr) {
    --figures->waiting;
    return;
  }
  if (auto* payer = state.Edit<v1::PayerAccount>(commitment->payer_customer_id())) {
    payer->set_waiting(payer->waiting() - 1);
    state.Touch<v1::PayerAccount>(commitment->payer_customer_id());
  }
}

absl::Status DecideWaiting(absl::string_view account_id, Context& context, State& state) {
  TANDEM_ASSIGN_OR_RETURN(Figures figures, Figures::Of(account_id, state));
  if (figures.waiting == 0) return absl::OkStatus();
  state.Load<v1::CreditCommitment>(kWaitingOfAccount, account_id);
  struct InLine {
    int64_t place;
    std::string order_id;
    Wish wish;
  };
  std::vector<InLine> line;
  for (const v1::CreditCommitment* each : state.All<v1::CreditCommitment>()) {
    if (each->account_id() != account_id || !each->has_waiting()) continue;
    const v1::CreditWait& wait = each->waiting();
    line.push_back({wait.place(),
                    each->order_id(),
                    {MicrosOf(wait.asked()), wait.asked().currency_code(), wait.revision()}});
  }
  std::sort(line.begin(), line.end(), [](const InLine& a, const InLine& b) {
    return std::tie(a.place, a.order_id) < std::tie(b.place, b.order_id);
  });
  for (const InLine& next : line) {
    TANDEM_RETURN_IF_ERROR(DecideWish(next.order_id, next.wish, figures, context, state));
  }
  return absl::OkStatus();
}

absl::Status MoveToAccount(absl::string_view order_id, Figures& figures, State& state) {
  auto* commitment = state.Edit<v1::CreditCommitment>(order_id);
  if (commitment == nullptr) return NotFound("CREDIT_COMMITMENT", order_id);
  if (commitment->has_waiting()) {
    if (auto* payer = state.Edit<v1::PayerAccount>(commitment->payer_customer_id())) {
      payer->set_waiting(payer->waiting() - 1);
      state.Touch<v1::PayerAccount>(commitment->payer_customer_id());
    }
    ++figures.waiting;
    commitment->mutable_waiting()->set_place(++figures.last_place);
  }
  commitment->set_account_id(figures.account_id());
  commitment->set_payer_customer_id(figures.account(state).customer_id());
  SetMoney(0, figures.currency(), commitment->mutable_committed());
  SetMoney(0, figures.currency(), commitment->mutable_invoiced());
  return figures.Write(state);
}

absl::Status AdoptWaiting(absl::string_view customer_id, absl::string_view account_id,
                          Context& context, State& state) {
  const auto* payer = state.Find<v1::PayerAccount>(customer_id);
  if (payer == nullptr || payer->waiting() == 0) return absl::OkStatus();
  TANDEM_ASSIGN_OR_RETURN(Figures figures, Figures::Of(account_id, state));
  state.Load<v1::CreditCommitment>(kWaitingForPayer, customer_id);
  std::vector<std::pair<int64_t, std::string>> line;
  for (const v1::CreditCommitment* each : state.All<v1::CreditCommitment>()) {
    if (each->has_waiting() && each->account_id().empty() &&
        each->payer_customer_id() == customer_id) {
      line.emplace_back(each->waiting().place(), each->order_id());
    }
  }
  std::sort(line.begin(), line.end());
  for (const auto& [place, order_id] : line) {
    TANDEM_RETURN_IF_ERROR(MoveToAccount(order_id, figures, state));
  }
  return DecideWaiting(account_id, context, state);
}

}  // namespace tandem::billing
