#include "cli/northwind/masters.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "cli/northwind/calls.h"
#include "google/protobuf/message.h"
#include "platform/base/status_macros.h"

namespace tandem::northwind {
namespace {

namespace bill = billing::v1;
namespace crm = customer::v1;
namespace sales = opportunity::v1;
namespace stock = inventory::v1;

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// The fields that both copies of a master have under one name, but for what belongs to each side.
const char* const kCustomerFields[] = {
    "customer_number", "display_name",  "legal_name",     "language",      "order_block",
    "addresses",       "invoice_email", "phone",          "email",         "website",
    "tax_ids",         "tax_status",    "exemption",      "debtor_number", "currency",
    "payment_terms",   "credit_policy", "delivery_block", "dunning_block", "delivery_policy"};
const char* const kProductFields[] = {
    "sku",       "names",      "descriptions", "tax_class",      "category",
    "base_unit", "units",      "sales_unit",   "order_multiple", "order_minimum",
    "gtin",      "list_price", "attributes",   "offered"};

// A field of a message as text that does not depend on the message's own type; rows of lists by
// their content, for what keys them is in it and their position means nothing.
std::string TextOf(const Message& message, const char* name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr) return "";
  const auto* reflection = message.GetReflection();
  if (field->is_repeated()) {
    std::set<std::string> rows;
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      rows.insert(reflection->GetRepeatedMessage(message, field, i).ShortDebugString());
    }
    return absl::StrJoin(rows, "\n");
  }
  std::unique_ptr<Message> only(message.New());
  std::unique_ptr<Message> copy(message.New());
  copy->CopyFrom(message);
  reflection->SwapFields(only.get(), copy.get(), {field});
  return only->ShortDebugString();
}

template <class A, class B, size_t N>
bool Same(const A& a, const B& b, const char* const (&fields)[N]) {
  for (const char* field : fields) {
    if (TextOf(a, field) != TextOf(b, field)) return false;
  }
  return true;
}

template <class Record, class Stub, class Request, class Answer, class Rows>
absl::StatusOr<std::vector<Record>> ReadAll(Stub& stub, Method<Stub, Request, Answer> method,
                                            const Rows& rows) {
  std::vector<Record> records;
  TANDEM_RETURN_IF_ERROR(ForEachPage(stub, method, [&](const Answer& page) {
    for (const Record& record : rows(page)) records.push_back(record);
    return absl::OkStatus();
  }));
  return records;
}

}  // namespace

absl::StatusOr<MastersInStep> CompareMasters(Parts& parts) {
  MastersInStep result;
  TANDEM_ASSIGN_OR_RETURN(
      auto crm_customers,
      ReadAll<crm::Customer>(*parts.customer, &crm::CustomerService::Stub::ListCustomers,
                             [](const auto& answer) { return answer.customers(); }));
  TANDEM_ASSIGN_OR_RETURN(
      auto erp_customers,
      ReadAll<bill::Customer>(*parts.billing, &bill::BillingService::Stub::ListCustomers,
                              [](const auto& answer) { return answer.customers(); }));
  TANDEM_ASSIGN_OR_RETURN(
      auto erp_products,
      ReadAll<stock::Product>(*parts.inventory, &stock::InventoryService::Stub::ListProducts,
                              [](const auto& answer) { return answer.products(); }));
  TANDEM_ASSIGN_OR_RETURN(
      auto crm_products,
      ReadAll<sales::CatalogueItem>(*parts.opportunity,
                                    &sales::OpportunityService::Stub::ListCatalogueItems,
                                    [](const auto& answer) { return answer.catalogue_items(); }));
  // Prospects stay in the CRM.
  std::map<std::string, const bill::Customer*> by_number;
  for (const bill::Customer& customer : erp_customers)
    by_number[customer.customer_number()] = &customer;
  result.customers_erp = static_cast<int64_t>(erp_customers.size());
  for (const crm::Customer& customer : crm_customers) {
    if (customer.state() != crm::CUSTOMER_STATE_CUSTOMER) continue;
    ++result.customers_crm;
    auto there = by_number.find(customer.customer_number());
    if (there == by_number.end() || !Same(customer, *there->second, kCustomerFields)) {
      ++result.customers_different;
    }
  }
  std::map<std::string, const sales::CatalogueItem*> by_sku;
  for (const sales::CatalogueItem& item : crm_products) by_sku[item.sku()] = &item;
  result.products_crm = static_cast<int64_t>(crm_products.size());
  result.products_erp = static_cast<int64_t>(erp_products.size());
  for (const stock::Product& product : erp_products) {
    auto there = by_sku.find(product.sku());
    if (there == by_sku.end() || !Same(product, *there->second, kProductFields)) {
      ++result.products_different;
    }
  }
  return result;
}

}  // namespace tandem::northwind
