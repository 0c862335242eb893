#include "services/order/order_decide_facts.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "platform/base/status_macros.h"
#include "services/order/order_decide.h"
#include "services/order/order_decide_document.h"
#include "services/order/order_decide_terms.h"
#include "tandem/order/v1/events.pb.h"

namespace tandem::order {
namespace {

const v1::Hold* HoldOf(const v1::Order& order, v1::HoldReason reason, int32_t line_number) {
  for (const v1::Hold& hold : order.holds()) {
    if (hold.reason() == reason && hold.line_number() == line_number) return &hold;
  }
  return nullptr;
}

bool SameAmounts(const v1::Order& a, const v1::Order& b) {
  if (Micros(a.gross_total()) != Micros(b.gross_total()) || a.lines_size() != b.lines_size()) {
    return false;
  }
  for (int i = 0; i < a.lines_size(); ++i) {
    if (Micros(a.lines(i).ordered()) != Micros(b.lines(i).ordered()) ||
        a.lines(i).ordered().unit() != b.lines(i).ordered().unit()) {
      return false;
    }
  }
  return true;
}

// Determines what the masters' holds of an order are about once more.
absl::Status Resolve(const std::string& id, Context& context, State& state) {
  const v1::Order* now = state.Find<v1::Order>(id);
  if (now == nullptr || IsFinal(*now)) return absl::OkStatus();
  v1::Order order = *now;
  std::vector<Problem> problems;
  // Parties are looked at again while something is wrong with them, lines likewise.
  const bool customer_unknown = HoldOf(*now, v1::HOLD_REASON_CUSTOMER_UNKNOWN, 0) != nullptr;
  if (std::any_of(now->holds().begin(), now->holds().end(), [](const v1::Hold& hold) {
        return hold.line_number() == 0 && IsMasterHold(hold.reason());
      })) {
    DetermineParties(state, &order, &problems);
  }
  auto held = [&](int32_t line_number) {
    return std::any_of(now->holds().begin(), now->holds().end(), [&](const v1::Hold& hold) {
      return hold.line_number() == line_number && IsMasterHold(hold.reason());
    });
  };
  for (int i = 0; i < order.lines_size(); ++i) {
    v1::OrderLine* line = order.mutable_lines(i);
    if (!held(line->line_number()) || Micros(line->shipped()) > 0) continue;
    TANDEM_RETURN_IF_ERROR(
        DetermineLine(state, order, absl::StrCat("lines[", i, "]"), line, &problems));
  }
  if (order.has_freight() && held(order.freight().line_number())) {
    DetermineFreight(state, &order, &problems);
  }

  // A problem that is still there keeps its hold; a new one comes only with what was unknown, so
  // that a hold which a person lifted does not come back.
  v1::OrderEvent added, lifted;
  google::protobuf::RepeatedPtrField<v1::Hold> holds;
  for (const v1::Hold& hold : now->holds()) {
    const bool stays = !IsMasterHold(hold.reason()) ||
                       std::any_of(problems.begin(), problems.end(), [&](const Problem& p) {
                         return p.reason == hold.reason() && p.line_number == hold.line_number();
                       });
    *(stays ? holds.Add() : lifted.mutable_order_released()->add_holds()) = hold;
  }
  for (const Problem& problem : problems) {
    if (HoldOf(*now, problem.reason, problem.line_number) != nullptr) continue;
    const bool was_unknown =
        problem.line_number == 0
            ? customer_unknown
            : HoldOf(*now, v1::HOLD_REASON_PRODUCT_UNKNOWN, problem.line_number) != nullptr;
    if (!was_unknown) continue;
    v1::Hold* hold = added.mutable_order_held()->add_holds();
    hold->set_reason(problem.reason);
    hold->set_line_number(problem.line_number);
    hold->set_actor(context.actor);
    hold->set_note(std::string(problem.refusal.message()));
    *hold->mutable_hold_time() = TimestampOf(context.now_micros);
    *holds.Add() = *hold;
  }
  if (!lifted.has_order_released() && !added.has_order_held()) return absl::OkStatus();

  *order.mutable_holds() = std::move(holds);
  TANDEM_RETURN_IF_ERROR(Refresh(&order));
  const bool amended = !SameAmounts(*now, order);
  if (amended) {
    order.set_revision(order.revision() + 1);
    if (Micros(order.gross_total()) > Micros(now->gross_total())) {
      order.set_credit_status(v1::CREDIT_STATUS_PENDING);
    }
  }
  const bool last = order.holds().empty();
  const int64_t revision = order.revision();
  *state.Edit<v1::Order>(id) = std::move(order);
  if (amended) {
    v1::OrderEvent event;
    event.mutable_order_amended()->set_revision(revision);
    event.mutable_order_amended()->set_reason(v1::AMEND_REASON_FACT_ARRIVED);
    state.Emit<v1::Order>(context, id, std::move(event), /*with_previous=*/true);
  }
  if (added.has_order_held()) {
    state.Emit<v1::Order>(context, id, std::move(added), /*with_previous=*/true);
  }
  if (lifted.has_order_released()) {
    lifted.mutable_order_released()->set_last(last);
    state.Emit<v1::Order>(context, id, std::move(lifted), /*with_previous=*/true);
  }
  return absl::OkStatus();
}

// Resolves the orders of a set that still are what the set is about.
absl::Status ResolveAll(const char* set, absl::string_view key,
                        const std::function<bool(const v1::Order&)>& concerned, Context& context,
                        State& state) {
  // The fact is locked before the orders that wait for it are listed: one placed later sees it.
  if (!state.missing().empty()) return absl::OkStatus();
  state.Load<v1::Order>(set, key);
  std::vector<std::string> ids;
  for (const v1::Order* order : state.All<v1::Order>()) {
    if (!IsFinal(*order) && concerned(*order)) ids.push_back(order->id());
  }
  for (const std::string& id : ids) TANDEM_RETURN_IF_ERROR(Resolve(id, context, state));
  return absl::OkStatus();
}

template <class Fact>
void Put(const Fact& fact, const std::string& key, State& state) {
  if (Fact* known = state.Edit<Fact>(key)) {
    *known = fact;
  } else {
    state.Insert(fact);
  }
  state.Touch<Fact>(key);
}

}  // namespace

absl::Status LearnProduct(const v1::ProductFact& fact, Context& context, State& state) {
  const v1::ProductFact* known = state.Find<v1::ProductFact>(fact.id());
  if (known != nullptr && known->source_version() >= fact.source_version()) {
    return absl::OkStatus();
  }
  Put(fact, fact.id(), state);
  return ResolveAll(
      kHeldForProduct, fact.id(),
      [&](const v1::Order& order) {
        return std::any_of(order.holds().begin(), order.holds().end(), [&](const v1::Hold& hold) {
          const v1::OrderLine* line = LineOf(order, hold.line_number());
          return line != nullptr && IsMasterHold(hold.reason()) && line->product_id() == fact.id();
        });
      },
      context, state);
}

absl::Status LearnCustomer(const v1::CustomerFact& fact, Context& context, State& state) {
  const v1::CustomerFact* known = state.Find<v1::CustomerFact>(fact.id());
  if (known != nullptr && known->source_version() >= fact.source_version()) {
    return absl::OkStatus();
  }
  v1::CustomerFact next = fact;
  next.set_known(true);
  // That the account was closed may have come first; the customer's event of that comes as well.
  const v1::AccountFact* account =
      next.account_id().empty() ? nullptr : state.Find<v1::AccountFact>(next.account_id());
  if (account != nullptr && account->closed()) next.clear_account_id();
  Put(next, fact.id(), state);
  return ResolveAll(
      kHeldForCustomer, fact.id(),
      [&](const v1::Order& order) {
        return (HasHold(order, v1::HOLD_REASON_CUSTOMER_UNKNOWN) ||
                HasHold(order, v1::HOLD_REASON_CUSTOMER_BLOCKED)) &&
               (order.sold_to_customer_id() == fact.id() ||
                order.bill_to().customer_id() == fact.id() ||
                order.payer_customer_id() == fact.id());
      },
      context, state);
}

absl::Status LearnAccount(const v1::AccountFact& fact, Context& context, State& state) {
  const v1::AccountFact* known = state.Find<v1::AccountFact>(fact.id());
  if (known != nullptr && known->source_version() >= fact.source_version()) {
    return absl::OkStatus();
  }
  v1::AccountFact next = fact;
  next.set_block_version(fact.source_version());
  if (known != nullptr && known->block_version() > fact.source_version()) {
    next.set_blocked(known->blocked());  // a call told a later block already
    next.set_block_reason(known->block_reason());
    next.set_block_version(known->block_version());
  }
  Put(next, fact.id(), state);
  // The first account that is open is the customer's until its own event says which; a closed one
  // is no longer.
  const v1::CustomerFact* customer = state.Find<v1::CustomerFact>(fact.customer_id());
  const std::string current = customer == nullptr ? "" : customer->account_id();
  const std::string wanted = fact.closed() ? (current == fact.id() ? "" : current)
                                           : (current.empty() ? fact.id() : current);
  if (fact.customer_id().empty()) return absl::OkStatus();
  if (wanted != current) {
    v1::CustomerFact* edited = state.Edit<v1::CustomerFact>(fact.customer_id());
    if (edited == nullptr) {
      v1::CustomerFact fresh;
      fresh.set_id(fact.customer_id());
      edited = state.Insert(std::move(fresh));
    }
    edited->set_account_id(wanted);
    state.Touch<v1::CustomerFact>(fact.customer_id());
  }
  return ResolveAll(
      kHeldForCustomer, fact.customer_id(),
      [&](const v1::Order& order) {
        return HasHold(order, v1::HOLD_REASON_CURRENCY_MISMATCH) &&
               order.payer_account_id() == fact.id();
      },
      context, state);
}

absl::Status LearnTaxRate(const v1::TaxRateFact& fact, bool retired,
                          absl::string_view previous_class, Context& context, State& state) {
  auto withdraw = [&](absl::string_view tax_class) {
    const v1::TaxRateFact* known = state.Find<v1::TaxRateFact>(tax_class);
    if (known == nullptr || known->tax_code() != fact.tax_code() ||
        known->source_version() >= fact.source_version()) {
      return;
    }
    v1::TaxRateFact* edited = state.Edit<v1::TaxRateFact>(tax_class);
    edited->clear_tax_code();
    edited->clear_rate();
    edited->set_source_version(fact.source_version());
    state.Touch<v1::TaxRateFact>(edited->tax_class());
  };
  if (!previous_class.empty() && previous_class != fact.tax_class()) withdraw(previous_class);
  if (fact.tax_class().empty()) return absl::OkStatus();
  if (retired) {
    withdraw(fact.tax_class());
    return absl::OkStatus();
  }
  const v1::TaxRateFact* known = state.Find<v1::TaxRateFact>(fact.tax_class());
  if (known != nullptr && known->tax_code() == fact.tax_code() &&
      known->source_version() >= fact.source_version()) {
    return absl::OkStatus();
  }
  Put(fact, fact.tax_class(), state);
  return ResolveAll(
      kHeldForTaxClass, fact.tax_class(),
      [&](const v1::Order& order) {
        if (!HasHold(order, v1::HOLD_REASON_TAX_NOT_DETERMINED)) return false;
        return order.freight().tax_class() == fact.tax_class() ||
               std::any_of(order.lines().begin(), order.lines().end(),
                           [&](const auto& line) { return line.tax_class() == fact.tax_class(); });
      },
      context, state);
}

}  // namespace tandem::order
