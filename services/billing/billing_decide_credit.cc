#include "services/billing/billing_decide_credit.h"

#include <optional>

#include "platform/base/etag.h"
#include "platform/base/money.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "services/billing/billing_decide_check.h"
#include "services/billing/billing_decide_figures.h"
#include "services/billing/billing_decide_waiting.h"
#include "tandem/billing/v1/events.pb.h"

namespace tandem::billing {
namespace {

v1::ReserveCreditResponse AnswerOf(absl::string_view order_id, v1::CreditOutcome outcome,
                                   State& state) {
  v1::ReserveCreditResponse answer;
  answer.set_outcome(outcome);
  *answer.mutable_credit_commitment() = state.Answer<v1::CreditCommitment>(order_id);
  return answer;
}

// An order's commitment, behind the account or the payer that it is of.
void CommitmentHints(absl::string_view order_id, Wanted& wanted) {
  HintAccountOf(kAccountOfOrder, order_id, wanted);
  wanted.Set<v1::PayerAccount>(kPayerOfOrder, order_id);
  wanted.Row<v1::CreditCommitment>(order_id);
}

}  // namespace

absl::StatusOr<v1::ReserveCreditResponse> ReserveCredit(const v1::ReserveCreditRequest& request,
                                                        Context& context, State& state) {
  TANDEM_ASSIGN_OR_RETURN(const Amount asked, FromProto(request.amount(), "amount"));
  if (asked.micros < 0) {
    return InvalidField("amount", "CREDIT_AMOUNT_NEGATIVE", "credit is for 0 or more");
  }
  if (request.account_id().empty() && request.payer_customer_id().empty()) {
    return InvalidField("payer_customer_id", "CREDIT_PAYER_MISSING",
                        "name the account or the payer's customer");
  }
  const std::string& order_id = request.order_id();
  std::string account_id = PayerAccountId(request.account_id(), request.payer_customer_id(), state);
  std::optional<Figures> figures;
  absl::StatusOr<Figures> found = Figures::Of(account_id, state);
  const auto* known =
      state.Find<v1::CreditCommitment>(order_id);  // with the account, not before it
  if (!account_id.empty()) {
    if (!found.ok()) return found.status();
    figures = *std::move(found);
  }
  Wish wish{asked.micros, asked.currency, request.revision()};
  if (known == nullptr) {
    v1::CreditCommitment fresh;
    fresh.set_order_id(order_id);
    fresh.set_order_number(request.order_number());
    fresh.set_account_id(account_id);
    fresh.set_payer_customer_id(figures.has_value() ? figures->account(state).customer_id()
                                                    : request.payer_customer_id());
    fresh.set_state(v1::CREDIT_COMMITMENT_STATE_OPEN);
    state.Insert(std::move(fresh));
  } else {
    if (known->state() == v1::CREDIT_COMMITMENT_STATE_CLOSED ||
        request.revision() < known->revision()) {
      return AnswerOf(order_id, v1::CREDIT_OUTCOME_SUPERSEDED, state);
    }
    if (request.revision() == known->revision()) {  // the same wish again
      if (!known->has_waiting()) return AnswerOf(order_id, v1::CREDIT_OUTCOME_RESERVED, state);
      wish.asked_micros = MicrosOf(known->waiting().asked());
      wish.currency = known->waiting().asked().currency_code();
    }
    if (!known->account_id().empty() && known->account_id() != account_id) {
      account_id = known->account_id();  // who owes was decided with the first wish
      TANDEM_ASSIGN_OR_RETURN(figures, Figures::Of(account_id, state));
    }
    if (known->account_id().empty() && figures.has_value()) {
      TANDEM_RETURN_IF_ERROR(MoveToAccount(order_id, *figures, state));
    }
    if (request.revision() > known->revision() && !request.order_number().empty()) {
      state.Edit<v1::CreditCommitment>(order_id)->set_order_number(request.order_number());
    }
  }
  if (!figures.has_value()) {
    // Also for nothing: its goods will be billed to somebody.
    WaitForAccount(order_id, wish, context, state);
  } else {
    const int64_t before = figures->exposure();
    TANDEM_RETURN_IF_ERROR(DecideWish(order_id, wish, *figures, context, state));
    if (figures->exposure() < before) {
      TANDEM_RETURN_IF_ERROR(DecideWaiting(account_id, context, state));
    }
  }
  const auto* now = state.Find<v1::CreditCommitment>(order_id);
  const bool waits = now != nullptr && now->has_waiting();
  return AnswerOf(order_id, waits ? v1::CREDIT_OUTCOME_WAITING : v1::CREDIT_OUTCOME_RESERVED,
                  state);
}

void ReserveCreditHints(const v1::ReserveCreditRequest& request, Wanted& wanted) {
  PayerHints(request.account_id(), request.payer_customer_id(), wanted);
  if (request.revision() > 1) {
    CommitmentHints(request.order_id(), wanted);
  } else {
    wanted.Row<v1::CreditCommitment>(request.order_id());  // hardly ever there yet
  }
}

absl::StatusOr<v1::CreditCommitment> ReleaseCredit(const v1::ReleaseCreditRequest& request,
                                                   Context& context, State& state) {
  const std::string& order_id = request.order_id();
  const auto* known = state.Find<v1::CreditCommitment>(order_id);
  if (known != nullptr && known->state() == v1::CREDIT_COMMITMENT_STATE_CLOSED) {
    return state.Answer<v1::CreditCommitment>(order_id);
  }
  v1::CreditCommitmentEvent event;
  auto* released = event.mutable_credit_released();
  released->set_order_id(order_id);
  if (known == nullptr) {  // the release overtook the reservation
    v1::CreditCommitment closed;
    closed.set_order_id(order_id);
    closed.set_state(v1::CREDIT_COMMITMENT_STATE_CLOSED);
    state.Insert(std::move(closed));
    state.Emit<v1::CreditCommitment>(context, order_id, std::move(event));
    return state.Answer<v1::CreditCommitment>(order_id);
  }
  const std::string account_id = known->account_id();
  std::optional<Figures> figures;
  if (!account_id.empty()) {
    TANDEM_ASSIGN_OR_RETURN(figures, Figures::Of(account_id, state));
  }
  auto* commitment = state.Edit<v1::CreditCommitment>(order_id);
  StopWaiting(commitment, figures.has_value() ? &*figures : nullptr, state);
  const int64_t held = HeldBy(*commitment);
  commitment->set_state(v1::CREDIT_COMMITMENT_STATE_CLOSED);
  if (figures.has_value()) {
    SetMoney(held, figures->currency(), released->mutable_released());
    figures->committed -= held;
    TANDEM_RETURN_IF_ERROR(figures->Write(state));
    *released->mutable_account_exposure() = figures->Row(state);
  }
  state.Emit<v1::CreditCommitment>(context, order_id, std::move(event), /*with_previous=*/true);
  if (held > 0) TANDEM_RETURN_IF_ERROR(DecideWaiting(account_id, context, state));
  return state.Answer<v1::CreditCommitment>(order_id);
}

void ReleaseCreditHints(const v1::ReleaseCreditRequest& request, Wanted& wanted) {
  CommitmentHints(request.order_id(), wanted);
}

absl::StatusOr<v1::CreditCommitment> OverrideCredit(const v1::OverrideCreditRequest& request,
                                                    Context& context, State& state) {
  const std::string& order_id = request.order_id();
  const auto* known = state.Find<v1::CreditCommitment>(order_id);
  if (known == nullptr) return NotFound("CREDIT_COMMITMENT", order_id);
  TANDEM_RETURN_IF_ERROR(CheckEtag(request.etag(), state.Version<v1::CreditCommitment>(order_id)));
  if (known->state() == v1::CREDIT_COMMITMENT_STATE_CLOSED) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "CREDIT_COMMITMENT_CLOSED",
                  "the order's credit is closed");
  }
  TANDEM_ASSIGN_OR_RETURN(const Amount amount, FromProto(request.amount(), "amount"));
  if (amount.micros <= 0) {
    return InvalidField("amount", "CREDIT_AMOUNT_NEGATIVE", "an override is for more than 0");
  }
  const std::string account_id = known->account_id();
  std::optional<Figures> figures;
  if (!account_id.empty()) {
    TANDEM_ASSIGN_OR_RETURN(figures, Figures::Of(account_id, state));
    TANDEM_RETURN_IF_ERROR(
        MicrosFromProto(request.amount(), figures->currency(), "amount").status());
  }
  const v1::CreditOverride& given = known->credit_override();
  if (known->has_credit_override() && Same(given.amount(), request.amount()) &&
      given.reason() == request.reason() && given.authorised_by() == request.authorised_by()) {
    return state.Answer<v1::CreditCommitment>(order_id);
  }
  auto* commitment = state.Edit<v1::CreditCommitment>(order_id);
  auto* word = commitment->mutable_credit_override();
  *word->mutable_amount() = request.amount();
  word->set_reason(request.reason());
  word->set_authorised_by(request.authorised_by());
  word->set_pending(true);
  v1::CreditCommitmentEvent event;
  auto* overridden = event.mutable_credit_overridden();
  overridden->set_order_id(order_id);
  *overridden->mutable_amount() = request.amount();
  overridden->set_reason(request.reason());
  overridden->set_authorised_by(request.authorised_by());
  state.Emit<v1::CreditCommitment>(context, order_id, std::move(event), /*with_previous=*/true);
  if (figures.has_value() && commitment->has_waiting()) {
    const v1::CreditWait wait = commitment->waiting();
    TANDEM_RETURN_IF_ERROR(DecideWish(
        order_id, {MicrosOf(wait.asked()), wait.asked().currency_code(), wait.revision()}, *figures,
        context, state));
  }
  return state.Answer<v1::CreditCommitment>(order_id);
}

void OverrideCreditHints(const v1::OverrideCreditRequest& request, Wanted& wanted) {
  CommitmentHints(request.order_id(), wanted);
}

}  // namespace tandem::billing
