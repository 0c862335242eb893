// Making and editing customers.
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "platform/base/etag.h"
#include "platform/base/field_mask.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "services/customer/customer_decide.h"
#include "services/customer/customer_decide_check.h"
#include "tandem/customer/v1/events.pb.h"
#include "tandem/operations/v1/counter.pb.h"

namespace tandem::customer {
namespace {

using operations::v1::Counter;

// The n of "C-<n>", as the counter would give it; 0 for any other number.
int64_t CountOf(absl::string_view number) {
  int64_t count = 0;
  if (!absl::ConsumePrefix(&number, "C-") || number.empty() || number[0] == '0' ||
      !absl::SimpleAtoi(number, &count) || count <= kCustomerNumberBase ||
      count > kCustomerNumberMax) {
    return 0;
  }
  return count;
}

Counter* EditCounter(State& state) {
  Counter* counter = state.Edit<Counter>(kCustomerCounter);
  if (counter != nullptr) return counter;
  Counter first;
  first.set_name(kCustomerCounter);
  first.set_value(kCustomerNumberBase);
  return state.Insert(std::move(first));
}

// Takes the number that the customer has, or the next one. A number of our own form moves the
// counter behind it, so that the next one is free.
absl::Status TakeNumber(v1::Customer* customer, State& state) {
  if (customer->customer_number().empty()) {
    Counter* counter = EditCounter(state);
    counter->set_value(counter->value() + 1);
    customer->set_customer_number(absl::StrCat("C-", counter->value()));
    state.Touch<Counter>(kCustomerCounter);
  } else if (const int64_t count = CountOf(customer->customer_number()); count > 0) {
    const Counter* known = state.Find<Counter>(kCustomerCounter);
    if (known == nullptr || known->value() < count) {
      EditCounter(state)->set_value(count);
      state.Touch<Counter>(kCustomerCounter);
    }
  }
  const std::string& number = customer->customer_number();
  const v1::CustomerNumber* taken = state.Find<v1::CustomerNumber>(number);
  if (taken != nullptr && !taken->customer_id().empty()) {
    return Refuse(absl::StatusCode::kAlreadyExists, "CUSTOMER_NUMBER_TAKEN",
                  absl::StrCat("Another customer has the number ", number, "."),
                  "customer.customer_number");
  }
  if (taken != nullptr) {
    state.Edit<v1::CustomerNumber>(number)->set_customer_id(customer->id());
  } else {
    v1::CustomerNumber key;
    key.set_customer_number(number);
    key.set_customer_id(customer->id());
    state.Insert(std::move(key));
  }
  state.Touch<v1::CustomerNumber>(number);
  return absl::OkStatus();
}

// The parent is there, and `id` is not above it.
absl::Status CheckParent(absl::string_view id, absl::string_view parent, const State& state) {
  constexpr absl::string_view kField = "customer.parent_customer_id";
  std::string above(parent);
  for (int depth = 0; !above.empty(); ++depth) {
    if (above == id) {
      return Refuse(absl::StatusCode::kFailedPrecondition, "CUSTOMER_PARENT_CYCLE",
                    "A customer cannot belong to itself, directly or through others.", kField);
    }
    if (depth == kParentsMax) {
      return Refuse(absl::StatusCode::kFailedPrecondition, "CUSTOMER_PARENT_TOO_DEEP",
                    absl::StrCat("At most ", kParentsMax, " customers stand above one."), kField);
    }
    const v1::Customer* customer = state.Find<v1::Customer>(above);
    if (customer == nullptr) {
      return Refuse(absl::StatusCode::kFailedPrecondition, "CUSTOMER_PARENT_UNKNOWN",
                    absl::StrCat("There is no customer '", above, "'."), kField);
    }
    above = customer->parent_customer_id();
  }
  return absl::OkStatus();
}

absl::Status Fixed(absl::string_view field, absl::string_view why) {
  return Refuse(absl::StatusCode::kFailedPrecondition, "CUSTOMER_FIELD_FIXED", why,
                absl::StrCat("customer.", field));
}

// What an update does not change. A caller that replaces everything ("*") and leaves such a field
// unset leaves it as it is.
absl::Status CheckFixed(const v1::Customer& known, bool replaces_all, const State& state,
                        v1::Customer* changed) {
  if (replaces_all) {
    if (changed->customer_number().empty()) changed->set_customer_number(known.customer_number());
    if (changed->state() == v1::CUSTOMER_STATE_UNSPECIFIED) changed->set_state(known.state());
    changed->set_inactive(changed->inactive() || known.inactive());
    changed->set_archived(changed->archived() || known.archived());
  }
  if (changed->customer_number() != known.customer_number()) {
    return Fixed("customer_number", "A customer keeps its number.");
  }
  if (changed->state() != known.state()) {
    return Fixed("state", "PromoteCustomer makes a prospect a customer.");
  }
  if (changed->inactive() != known.inactive()) {
    return Fixed("inactive", "DeactivateCustomer and ReactivateCustomer change this.");
  }
  if (changed->archived() != known.archived()) {
    return Fixed("archived", "ArchiveCustomer changes this.");
  }
  if (changed->kind() == known.kind()) return absl::OkStatus();
  const v1::DealingsHistory* history = state.Find<v1::DealingsHistory>(known.id());
  if (history != nullptr && history->invoices() > 0) {
    return Fixed("kind", "A customer keeps its kind after the first invoice.");
  }
  return absl::OkStatus();
}

}  // namespace

Answer<v1::Customer> CreateCustomer(const v1::CreateCustomerRequest& request, Context& context,
                                    State& state) {
  v1::Customer customer = request.customer();
  const std::string id =
      request.customer_id().empty() ? context.ids.Next("cus_") : request.customer_id();
  customer.set_id(id);
  const bool gone = state.Find<v1::DeletedRecord>(id) != nullptr;
  if (state.Find<v1::Customer>(id) != nullptr || gone) {
    return Refuse(absl::StatusCode::kAlreadyExists, "CUSTOMER_ALREADY_EXISTS",
                  absl::StrCat("There is, or was, a customer ", id, "."), "customer_id");
  }
  if (customer.state() == v1::CUSTOMER_STATE_UNSPECIFIED) {
    customer.set_state(v1::CUSTOMER_STATE_PROSPECT);
  }
  TANDEM_RETURN_IF_ERROR(CheckCustomer(&customer));
  TANDEM_RETURN_IF_ERROR(CheckParent(id, customer.parent_customer_id(), state));
  TANDEM_RETURN_IF_ERROR(TakeNumber(&customer, state));
  state.Insert(std::move(customer));
  v1::CustomerEvent event;
  event.mutable_customer_created();
  state.Emit<v1::Customer>(context, id, std::move(event));
  return state.Answer<v1::Customer>(id);
}

void CreateCustomerHints(const v1::CreateCustomerRequest& request, Wanted& wanted) {
  const v1::Customer& customer = request.customer();
  wanted.Row<v1::DeletedRecord>(request.customer_id());
  wanted.Row<v1::Customer>(request.customer_id());
  wanted.Row<v1::Customer>(customer.parent_customer_id());
  wanted.Row<v1::CustomerNumber>(customer.customer_number());
  if (customer.customer_number().empty() || CountOf(customer.customer_number()) > 0) {
    wanted.Row<Counter>(kCustomerCounter);
  }
}

Answer<v1::Customer> UpdateCustomer(const v1::UpdateCustomerRequest& request, Context& context,
                                    State& state) {
  const std::string& id = request.customer().id();
  const v1::Customer* known = state.Find<v1::Customer>(id);
  if (known == nullptr) return NotFound("CUSTOMER", id);
  TANDEM_RETURN_IF_ERROR(CheckEtag(request.etag(), state.Version<v1::Customer>(id)));
  v1::Customer changed = *known;
  TANDEM_RETURN_IF_ERROR(ApplyUpdateMask(request.update_mask(), request.customer(), &changed));
  const auto& paths = request.update_mask().paths();
  const bool replaces_all = std::find(paths.begin(), paths.end(), "*") != paths.end();
  TANDEM_RETURN_IF_ERROR(CheckFixed(*known, replaces_all, state, &changed));
  TANDEM_RETURN_IF_ERROR(CheckCustomer(&changed));
  if (Same(changed, *known)) return state.Answer<v1::Customer>(id);
  if (known->archived()) return Archived(*known);
  if (changed.parent_customer_id() != known->parent_customer_id()) {
    TANDEM_RETURN_IF_ERROR(CheckParent(id, changed.parent_customer_id(), state));
  }
  *state.Edit<v1::Customer>(id) = std::move(changed);
  v1::CustomerEvent event;
  event.mutable_customer_updated();
  state.Emit<v1::Customer>(context, id, std::move(event), /*with_previous=*/true);
  return state.Answer<v1::Customer>(id);
}

void UpdateCustomerHints(const v1::UpdateCustomerRequest& request, Wanted& wanted) {
  wanted.Row<v1::Customer>(request.customer().id());
  wanted.Row<v1::Customer>(request.customer().parent_customer_id());
}

}  // namespace tandem::customer
