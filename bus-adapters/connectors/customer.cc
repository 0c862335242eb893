// The CRM's customers. Their status is a state that only goes forward and a flag beside it; others
// see one value. Only commands change it, so it is written at their creation alone.
#include "bus-adapters/connectors/systems.h"
#include "tandem/customer/v1/customer.pb.h"
#include "tandem/customer/v1/customer_service.pb.h"
#include "tandem/customer/v1/events.pb.h"

namespace tandem::connectors {
namespace {

using customer::v1::Customer;

std::string StatusOf(const google::protobuf::Message& message) {
  const auto& customer = static_cast<const Customer&>(message);
  if (customer.state() != customer::v1::CUSTOMER_STATE_CUSTOMER) return "PROSPECT";
  return customer.inactive() ? "INACTIVE" : "CUSTOMER";
}

void SetStatus(const std::string& status, google::protobuf::Message* message) {
  auto* customer = static_cast<Customer*>(message);
  customer->set_state(status == "CUSTOMER" || status == "INACTIVE"
                          ? customer::v1::CUSTOMER_STATE_CUSTOMER
                          : customer::v1::CUSTOMER_STATE_PROSPECT);
  customer->set_inactive(status == "INACTIVE");
}

}  // namespace

TandemSystem CustomerSystem() {
  TandemSystem system;
  system.part = "customer";
  system.service =
      customer::v1::GetCustomerRequest::descriptor()->file()->FindServiceByName("CustomerService");
  system.resource = Customer::descriptor();
  system.event = customer::v1::CustomerEvent::descriptor();
  system.noun = "Customer";
  system.nouns = "Customers";
  system.id_prefix = "cus_";
  system.already_exists = "CUSTOMER_ALREADY_EXISTS";
  system.deleted_event = "tandem.customer.v1.CustomerDeleted";
  system.fields = CustomerFields();
  Field status("status", Kind::kSpecial);
  status.get = StatusOf;
  status.set = SetStatus;
  status.set_paths = {"state", "inactive"};
  system.fields.push_back(std::move(status));
  system.identifiers = {{"customer_number", "customer_number"}};
  return system;
}

}  // namespace tandem::connectors
