// The ERP's customers. None is ever deleted; one that is deleted in the CRM is archived here.
#include "bus-adapters/connectors/systems.h"
#include "tandem/billing/v1/billing_service.pb.h"
#include "tandem/billing/v1/customer.pb.h"
#include "tandem/billing/v1/events.pb.h"

namespace tandem::connectors {

TandemSystem BillingSystem() {
  TandemSystem system;
  system.part = "billing";
  system.service =
      billing::v1::GetCustomerRequest::descriptor()->file()->FindServiceByName("BillingService");
  system.resource = billing::v1::Customer::descriptor();
  system.event = billing::v1::CustomerEvent::descriptor();
  system.noun = "Customer";
  system.nouns = "Customers";
  system.id_prefix = "cus_";
  system.already_exists = "CUSTOMER_ALREADY_EXISTS";
  system.fields = CustomerFields();
  system.fields.push_back({"status", Kind::kEnum});
  system.identifiers = {{"customer_number", "customer_number"}};
  system.retire_flag = "archived";
  return system;
}

}  // namespace tandem::connectors
