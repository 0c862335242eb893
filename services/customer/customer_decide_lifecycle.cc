// How a customer goes on: promoted, deactivated, archived, deleted.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "platform/base/etag.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "services/customer/customer_decide.h"
#include "services/customer/customer_decide_check.h"
#include "tandem/customer/v1/events.pb.h"

namespace tandem::customer {
namespace {

// The customer in the version that the caller knows.
template <class Request>
absl::StatusOr<const v1::Customer*> FindCustomer(const Request& request, const State& state) {
  const v1::Customer* customer = state.Find<v1::Customer>(request.id());
  if (customer == nullptr) return NotFound("CUSTOMER", request.id());
  TANDEM_RETURN_IF_ERROR(CheckEtag(request.etag(), state.Version<v1::Customer>(request.id())));
  return customer;
}

v1::Customer Tell(const std::string& id, v1::CustomerEvent event, Context& context, State& state) {
  state.Emit<v1::Customer>(context, id, std::move(event), /*with_previous=*/true);
  return state.Answer<v1::Customer>(id);
}

}  // namespace

Answer<v1::Customer> PromoteCustomer(const v1::PromoteCustomerRequest& request, Context& context,
                                     State& state) {
  const std::string& id = request.id();
  TANDEM_ASSIGN_OR_RETURN(const v1::Customer* customer, FindCustomer(request, state));
  if (customer->state() == v1::CUSTOMER_STATE_CUSTOMER) return state.Answer<v1::Customer>(id);
  state.Edit<v1::Customer>(id)->set_state(v1::CUSTOMER_STATE_CUSTOMER);
  v1::CustomerEvent event;
  event.mutable_customer_promoted();
  return Tell(id, std::move(event), context, state);
}

Answer<v1::Customer> DeactivateCustomer(const v1::DeactivateCustomerRequest& request,
                                        Context& context, State& state) {
  const std::string& id = request.id();
  TANDEM_ASSIGN_OR_RETURN(const v1::Customer* customer, FindCustomer(request, state));
  if (customer->inactive()) return state.Answer<v1::Customer>(id);
  if (customer->archived()) return Archived(*customer);
  state.Edit<v1::Customer>(id)->set_inactive(true);
  v1::CustomerEvent event;
  event.mutable_customer_deactivated()->set_reason(request.reason());
  return Tell(id, std::move(event), context, state);
}

Answer<v1::Customer> ReactivateCustomer(const v1::ReactivateCustomerRequest& request,
                                        Context& context, State& state) {
  const std::string& id = request.id();
  TANDEM_ASSIGN_OR_RETURN(const v1::Customer* customer, FindCustomer(request, state));
  if (!customer->inactive()) return state.Answer<v1::Customer>(id);
  if (customer->archived()) return Archived(*customer);
  state.Edit<v1::Customer>(id)->set_inactive(false);
  v1::CustomerEvent event;
  event.mutable_customer_reactivated();
  return Tell(id, std::move(event), context, state);
}

Answer<v1::Customer> ArchiveCustomer(const v1::ArchiveCustomerRequest& request, Context& context,
                                     State& state) {
  const std::string& id = request.id();
  TANDEM_ASSIGN_OR_RETURN(const v1::Customer* customer, FindCustomer(request, state));
  if (customer->archived()) return state.Answer<v1::Customer>(id);
  state.Edit<v1::Customer>(id)->set_archived(true);
  v1::CustomerEvent event;
  event.mutable_customer_archived();
  return Tell(id, std::move(event), context, state);
}

Answer<google::protobuf::Empty> DeleteCustomer(const v1::DeleteCustomerRequest& request,
                                               Context& context, State& state) {
  const std::string& id = request.id();
  if (state.Find<v1::DeletedRecord>(id) != nullptr) return google::protobuf::Empty();
  const v1::DealingsHistory* history = state.Find<v1::DealingsHistory>(id);
  state.Load<v1::Customer>(kChildrenOfCustomer, id);
  state.Load<v1::Contact>(kContactsOfCustomer, id);
  TANDEM_ASSIGN_OR_RETURN(const v1::Customer* customer, FindCustomer(request, state));
  if (history != nullptr) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "CUSTOMER_HAS_DOCUMENTS",
                  absl::StrCat("The customer ", customer->customer_number(),
                               " has documents: archive it instead."));
  }
  for (const v1::Customer* each : state.All<v1::Customer>()) {
    if (each->parent_customer_id() != id) continue;
    return Refuse(absl::StatusCode::kFailedPrecondition, "CUSTOMER_HAS_CHILDREN",
                  absl::StrCat("The customer ", each->customer_number(), " belongs to it."));
  }
  std::vector<std::string> contacts;
  for (const v1::Contact* each : state.All<v1::Contact>()) {
    if (each->customer_id() == id) contacts.push_back(each->id());
  }
  auto bury = [&state](const std::string& gone) {
    v1::DeletedRecord record;
    record.set_id(gone);
    state.Insert(std::move(record));
    state.Touch<v1::DeletedRecord>(gone);
  };
  for (const std::string& contact : contacts) {
    state.Erase<v1::Contact>(contact);
    v1::ContactEvent event;
    event.mutable_contact_deleted();
    state.Emit<v1::Contact>(context, contact, std::move(event));
    bury(contact);
  }
  const std::string number = customer->customer_number();
  if (v1::CustomerNumber* key = state.Edit<v1::CustomerNumber>(number)) {
    key->clear_customer_id();
    state.Touch<v1::CustomerNumber>(number);
  }
  state.Erase<v1::Customer>(id);
  v1::CustomerEvent event;
  event.mutable_customer_deleted();
  state.Emit<v1::Customer>(context, id, std::move(event));
  bury(id);
  return google::protobuf::Empty();
}

void DeleteCustomerHints(const v1::DeleteCustomerRequest& request, Wanted& wanted) {
  wanted.Row<v1::Customer>(request.id());
  wanted.Row<v1::DeletedRecord>(request.id());
  wanted.Row<v1::DealingsHistory>(request.id());
  wanted.Set<v1::Customer>(kChildrenOfCustomer, request.id());
  wanted.Set<v1::Contact>(kContactsOfCustomer, request.id());
}

}  // namespace tandem::customer
