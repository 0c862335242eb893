#include "services/billing/billing_decide_period.h"

#include "platform/base/etag.h"
#include "platform/base/status_macros.h"
#include "services/billing/billing_decide_check.h"
#include "tandem/billing/v1/events.pb.h"

namespace tandem::billing {

absl::StatusOr<v1::AccountingPeriod> ClosePeriod(const v1::ClosePeriodRequest& request,
                                                 Context& context, State& state) {
  const std::string& id = request.period();
  const auto* known = state.Find<v1::AccountingPeriod>(id);
  if (known != nullptr && known->state() == v1::ACCOUNTING_PERIOD_STATE_CLOSED) {
    return state.Answer<v1::AccountingPeriod>(id);
  }
  TANDEM_RETURN_IF_ERROR(CheckEtag(request.etag(), state.Version<v1::AccountingPeriod>(id)));
  if (known == nullptr) {
    v1::AccountingPeriod fresh;
    fresh.set_id(id);
    fresh.set_state(v1::ACCOUNTING_PERIOD_STATE_CLOSED);
    state.Insert(std::move(fresh));
  } else {
    state.Edit<v1::AccountingPeriod>(id)->set_state(v1::ACCOUNTING_PERIOD_STATE_CLOSED);
  }
  v1::AccountingPeriodEvent event;
  event.mutable_period_closed();
  state.Emit<v1::AccountingPeriod>(context, id, std::move(event), /*with_previous=*/true);
  return state.Answer<v1::AccountingPeriod>(id);
}

void ClosePeriodHints(const v1::ClosePeriodRequest& request, Wanted& wanted) {
  wanted.Row<v1::AccountingPeriod>(request.period());
}

absl::StatusOr<v1::AccountingPeriod> ReopenPeriod(const v1::ReopenPeriodRequest& request,
                                                  Context& context, State& state) {
  const std::string& id = request.period();
  const auto* known = state.Find<v1::AccountingPeriod>(id);
  if (known == nullptr) return NotFound("ACCOUNTING_PERIOD", id);
  if (known->state() == v1::ACCOUNTING_PERIOD_STATE_OPEN) {
    return state.Answer<v1::AccountingPeriod>(id);
  }
  TANDEM_RETURN_IF_ERROR(CheckEtag(request.etag(), state.Version<v1::AccountingPeriod>(id)));
  state.Edit<v1::AccountingPeriod>(id)->set_state(v1::ACCOUNTING_PERIOD_STATE_OPEN);
  v1::AccountingPeriodEvent event;
  event.mutable_period_reopened()->set_reason(request.reason());
  state.Emit<v1::AccountingPeriod>(context, id, std::move(event), /*with_previous=*/true);
  return state.Answer<v1::AccountingPeriod>(id);
}

void ReopenPeriodHints(const v1::ReopenPeriodRequest& request, Wanted& wanted) {
  wanted.Row<v1::AccountingPeriod>(request.period());
}

}  // namespace tandem::billing
