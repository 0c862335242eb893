// Holding and releasing orders: by hand, by billing's answers on credit, by blocked accounts.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "platform/base/etag.h"
#include "platform/base/money.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "services/order/order_decide.h"
#include "services/order/order_decide_document.h"
#include "services/order/order_decide_terms.h"
#include "tandem/order/v1/events.pb.h"

namespace tandem::order {
namespace {

absl::Status Closed(const v1::Order& order) {
  return Refuse(absl::StatusCode::kFailedPrecondition, "ORDER_CLOSED",
                absl::StrCat(order.order_number(), " is closed or cancelled."), "order_id");
}

v1::Hold MakeHold(v1::HoldReason reason, const std::string& note, const Context& context) {
  v1::Hold hold;
  hold.set_reason(reason);
  hold.set_actor(context.actor);
  hold.set_note(note);
  *hold.mutable_hold_time() = TimestampOf(context.now_micros);
  return hold;
}

void TellHeld(const v1::Hold& hold, const std::string& id, Context& context, State& state) {
  v1::OrderEvent event;
  *event.mutable_order_held()->add_holds() = hold;
  state.Emit<v1::Order>(context, id, std::move(event), /*with_previous=*/true);
}

// Takes the holds of a reason away (of one line, where it is not 0) and tells it, if there are any.
bool Lift(v1::HoldReason reason, int32_t line_number, const std::string& id, Context& context,
          State& state) {
  v1::Order* order = state.Edit<v1::Order>(id);
  v1::OrderEvent event;
  v1::OrderReleased* released = event.mutable_order_released();
  for (int i = order->holds_size() - 1; i >= 0; --i) {
    const v1::Hold& hold = order->holds(i);
    if (hold.reason() != reason) continue;
    if (line_number != 0 && hold.line_number() != line_number) continue;
    *released->add_holds() = hold;
    order->mutable_holds()->DeleteSubrange(i, 1);
  }
  if (released->holds().empty()) return false;
  released->set_last(order->holds().empty());
  state.Emit<v1::Order>(context, id, std::move(event), /*with_previous=*/true);
  return true;
}

// Whether the account's block is, or now becomes, what the call says: an older call than the last
// change is superseded. The fact is changed so that orders placed from now on see it.
bool TakeBlock(bool blocked, const std::string& account_id, const std::string& customer_id,
               int64_t account_version, const std::string& reason, State& state) {
  const v1::AccountFact* known = state.Find<v1::AccountFact>(account_id);
  if (known != nullptr && known->block_version() >= account_version) {
    return known->blocked() == blocked;
  }
  v1::AccountFact* fact = state.Edit<v1::AccountFact>(account_id);
  if (fact == nullptr) {
    v1::AccountFact fresh;
    fresh.set_id(account_id);
    fact = state.Insert(std::move(fresh));
  }
  if (fact->customer_id().empty()) fact->set_customer_id(customer_id);
  fact->set_blocked(blocked);
  fact->set_block_reason(blocked ? reason : "");
  fact->set_block_version(account_version);
  state.Touch<v1::AccountFact>(account_id);
  return true;
}

// The open orders of an account, and of its customer while they have no account, that have the hold
// ACCOUNT_BLOCKED or not; at most kAccountOrdersMax and one.
std::vector<std::string> AccountOrders(bool held, const std::string& account_id,
                                       std::string customer_id, State& state) {
  if (customer_id.empty()) {
    const v1::AccountFact* fact = state.Find<v1::AccountFact>(account_id);
    if (fact != nullptr) customer_id = fact->customer_id();
  }
  state.Load<v1::Order>(held ? kHeldOfAccount : kUnheldOfAccount, account_id);
  if (!customer_id.empty()) {
    state.Load<v1::Order>(held ? kHeldOfPayer : kUnheldOfPayer, customer_id);
  }
  std::vector<std::string> ids;
  for (const v1::Order* order : state.All<v1::Order>()) {
    const bool theirs = order->payer_account_id().empty()
                            ? !customer_id.empty() && order->payer_customer_id() == customer_id
                            : order->payer_account_id() == account_id;
    if (!theirs || IsFinal(*order)) continue;
    if (HasHold(*order, v1::HOLD_REASON_ACCOUNT_BLOCKED) != held) continue;
    ids.push_back(order->id());
    if (ids.size() > kAccountOrdersMax) break;
  }
  return ids;
}

}  // namespace

Answer<v1::Order> HoldOrder(const v1::HoldOrderRequest& request, Context& context, State& state) {
  if (request.reason() != v1::HOLD_REASON_UNSPECIFIED &&
      request.reason() != v1::HOLD_REASON_MANUAL) {
    return InvalidField("reason", "ORDER_HOLD_REASON_INVALID",
                        "By hand an order is held for MANUAL; other holds follow from facts.");
  }
  TANDEM_ASSIGN_OR_RETURN(const v1::Order* now, FindOrder(request.order_id(), state));
  TANDEM_RETURN_IF_ERROR(CheckEtag(request.etag(), state.Version<v1::Order>(now->id())));
  if (IsFinal(*now)) return Closed(*now);
  if (!HasHold(*now, v1::HOLD_REASON_MANUAL)) {
    v1::Hold hold = MakeHold(v1::HOLD_REASON_MANUAL, request.note(), context);
    *state.Edit<v1::Order>(request.order_id())->add_holds() = hold;
    TellHeld(hold, request.order_id(), context, state);
  }
  return state.Answer<v1::Order>(request.order_id());
}

Answer<v1::Order> ReleaseOrder(const v1::ReleaseOrderRequest& request, Context& context,
                               State& state) {
  const v1::HoldReason reason =
      request.reason() == v1::HOLD_REASON_UNSPECIFIED ? v1::HOLD_REASON_MANUAL : request.reason();
  if (reason == v1::HOLD_REASON_CREDIT) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "ORDER_CREDIT_HOLD",
                  "Only billing lifts a credit hold: by room in the limit, or an override there.",
                  "reason");
  }
  TANDEM_ASSIGN_OR_RETURN(const v1::Order* now, FindOrder(request.order_id(), state));
  TANDEM_RETURN_IF_ERROR(CheckEtag(request.etag(), state.Version<v1::Order>(now->id())));
  if (IsFinal(*now)) return Closed(*now);
  if (!HasHold(*now, reason)) return state.Answer<v1::Order>(request.order_id());
  if (IsFactMissing(reason)) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "ORDER_HOLD_FACT_MISSING",
                  "The order cannot be billed without what is missing; the hold goes when it "
                  "arrives.",
                  "reason");
  }
  Lift(reason, request.line_number(), request.order_id(), context, state);
  return state.Answer<v1::Order>(request.order_id());
}

Answer<v1::Order> RecordCredit(const v1::RecordCreditRequest& request, Context& context,
                               State& state) {
  const std::string& id = request.order_id();
  if (request.status() != v1::CREDIT_STATUS_APPROVED &&
      request.status() != v1::CREDIT_STATUS_REFUSED &&
      request.status() != v1::CREDIT_STATUS_OVERRIDDEN) {
    return InvalidField("status", "ORDER_CREDIT_STATUS_INVALID",
                        "Billing's answer is APPROVED, REFUSED or OVERRIDDEN.");
  }
  TANDEM_ASSIGN_OR_RETURN(const v1::Order* now, FindOrder(id, state));
  if (request.revision() > now->revision()) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "ORDER_REVISION_UNKNOWN",
                  absl::StrCat(now->order_number(), " is at revision ", now->revision(), "."),
                  "revision");
  }
  const bool newer =
      request.commitment_version() > now->commitment_version() ||
      (request.commitment_version() == 0 && request.status() != now->credit_status());
  if (IsFinal(*now) || request.revision() < now->revision() || !newer) {
    return state.Answer<v1::Order>(id);
  }
  v1::Order* order = state.Edit<v1::Order>(id);
  order->set_commitment_version(
      std::max(order->commitment_version(), request.commitment_version()));
  order->set_credit_status(request.status());
  if (request.status() != v1::CREDIT_STATUS_REFUSED) {
    if (!Lift(v1::HOLD_REASON_CREDIT, 0, id, context, state)) {
      v1::OrderEvent event;
      event.mutable_order_credit_recorded()->set_status(request.status());
      state.Emit<v1::Order>(context, id, std::move(event), /*with_previous=*/true);
    }
    return state.Answer<v1::Order>(id);
  }
  v1::Hold hold = MakeHold(v1::HOLD_REASON_CREDIT, "", context);
  hold.set_credit_reason(request.reason());
  if (request.has_limit()) *hold.mutable_limit() = request.limit();
  if (request.has_exposure()) *hold.mutable_exposure() = request.exposure();
  if (request.has_requested()) *hold.mutable_requested() = request.requested();
  if (request.has_shortfall()) *hold.mutable_shortfall() = request.shortfall();
  v1::Hold* place = nullptr;
  for (v1::Hold& known : *order->mutable_holds()) {
    if (known.reason() == v1::HOLD_REASON_CREDIT) place = &known;
  }
  if (place == nullptr) place = order->add_holds();
  *place = hold;
  TellHeld(hold, id, context, state);
  return state.Answer<v1::Order>(id);
}

Answer<v1::HoldAccountOrdersResponse> HoldAccountOrders(const v1::HoldAccountOrdersRequest& request,
                                                        Context& context, State& state) {
  v1::HoldAccountOrdersResponse answer;
  const bool current = TakeBlock(true, request.account_id(), request.customer_id(),
                                 request.account_version(), request.reason(), state);
  // The account is locked before its orders are listed: one placed later sees the block.
  if (!current || !state.missing().empty()) return answer;
  std::vector<std::string> ids =
      AccountOrders(false, request.account_id(), request.customer_id(), state);
  answer.set_remaining(ids.size() > kAccountOrdersMax);
  if (answer.remaining()) ids.pop_back();
  for (const std::string& id : ids) {
    v1::Hold hold = MakeHold(v1::HOLD_REASON_ACCOUNT_BLOCKED, request.reason(), context);
    *state.Edit<v1::Order>(id)->add_holds() = hold;
    TellHeld(hold, id, context, state);
    answer.add_order_ids(id);
  }
  return answer;
}

Answer<v1::ReleaseAccountOrdersResponse> ReleaseAccountOrders(
    const v1::ReleaseAccountOrdersRequest& request, Context& context, State& state) {
  v1::ReleaseAccountOrdersResponse answer;
  const bool current = TakeBlock(false, request.account_id(), request.customer_id(),
                                 request.account_version(), "", state);
  if (!current || !state.missing().empty()) return answer;
  std::vector<std::string> ids =
      AccountOrders(true, request.account_id(), request.customer_id(), state);
  answer.set_remaining(ids.size() > kAccountOrdersMax);
  if (answer.remaining()) ids.pop_back();
  for (const std::string& id : ids) {
    Lift(v1::HOLD_REASON_ACCOUNT_BLOCKED, 0, id, context, state);
    answer.add_order_ids(id);
  }
  return answer;
}

}  // namespace tandem::order
