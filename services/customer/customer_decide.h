// What the customer service decides: every command of CustomerService as a pure function over the
// state (DESIGN section 4, DOMAIN section 3). A command that is already done changes nothing and
// answers the customer as it is. Errors and events of each are in customer_service.proto.
//
// By lifecycle: customer_decide_customer.cc makes and edits customers; customer_decide_lifecycle.cc
// promotes, deactivates, archives and deletes them; customer_decide_contact.cc keeps their people;
// customer_decide_check.h says what must hold of both; customer_decide_dealings.h learns what other
// services tell.
#pragma once

#include "absl/status/statusor.h"
#include "google/protobuf/empty.pb.h"
#include "platform/base/state.h"
#include "tandem/customer/v1/contact.pb.h"
#include "tandem/customer/v1/customer.pb.h"
#include "tandem/customer/v1/customer_service.pb.h"
#include "tandem/customer/v1/dealings.pb.h"

namespace tandem::customer {

// How many customers may stand above one another: a walk up loads one each round.
inline constexpr int kParentsMax = 8;
// The first customer number that is given out is C- and one more.
inline constexpr int64_t kCustomerNumberBase = 1000;
inline constexpr char kCustomerCounter[] = "customer";
// The highest number that a caller's own "C-…" moves the counter to.
inline constexpr int64_t kCustomerNumberMax = 1'000'000'000'000;

// The sets that are loaded as a whole; customer_store.cc says how they are found.
inline constexpr char kChildrenOfCustomer[] = "children_of_customer";
inline constexpr char kContactsOfCustomer[] = "contacts_of_customer";

template <class T>
using Answer = absl::StatusOr<T>;

Answer<v1::Customer> CreateCustomer(const v1::CreateCustomerRequest&, Context&, State&);
Answer<v1::Customer> UpdateCustomer(const v1::UpdateCustomerRequest&, Context&, State&);
void CreateCustomerHints(const v1::CreateCustomerRequest&, Wanted&);
void UpdateCustomerHints(const v1::UpdateCustomerRequest&, Wanted&);

Answer<v1::Customer> PromoteCustomer(const v1::PromoteCustomerRequest&, Context&, State&);
Answer<v1::Customer> DeactivateCustomer(const v1::DeactivateCustomerRequest&, Context&, State&);
Answer<v1::Customer> ReactivateCustomer(const v1::ReactivateCustomerRequest&, Context&, State&);
Answer<v1::Customer> ArchiveCustomer(const v1::ArchiveCustomerRequest&, Context&, State&);
Answer<google::protobuf::Empty> DeleteCustomer(const v1::DeleteCustomerRequest&, Context&, State&);
void DeleteCustomerHints(const v1::DeleteCustomerRequest&, Wanted&);

Answer<v1::Contact> CreateContact(const v1::CreateContactRequest&, Context&, State&);
Answer<v1::Contact> UpdateContact(const v1::UpdateContactRequest&, Context&, State&);
Answer<google::protobuf::Empty> DeleteContact(const v1::DeleteContactRequest&, Context&, State&);
void CreateContactHints(const v1::CreateContactRequest&, Wanted&);
void UpdateContactHints(const v1::UpdateContactRequest&, Wanted&);
void DeleteContactHints(const v1::DeleteContactRequest&, Wanted&);

// The hints of every verb on one customer.
template <class Request>
void CustomerHints(const Request& request, Wanted& wanted) {
  wanted.Row<v1::Customer>(request.id());
}

}  // namespace tandem::customer
