#include "cli/northwind/import.h"

#include "absl/strings/str_cat.h"
#include "cli/northwind/calls.h"
#include "platform/base/fixed.h"
#include "platform/base/money.h"
#include "platform/base/quantity.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"

namespace tandem::northwind {
namespace {

namespace bill = billing::v1;
namespace crm = customer::v1;
namespace sales = opportunity::v1;
namespace stock = inventory::v1;

absl::Status CreateTaxCode(Parts& parts) {
  bill::CreateTaxCodeRequest request;
  request.set_tax_code_id("OUTSIDE_SCOPE");
  request.mutable_tax_code()->set_tax_class(kTaxClass);
  request.mutable_tax_code()->mutable_rate()->set_value("0");
  request.mutable_tax_code()->set_text("Outside the scope of tax");
  request.set_request_id(RequestIdOf("CreateTaxCode", kTaxClass));
  auto made = Ask(*parts.billing, &bill::BillingService::Stub::CreateTaxCode, request);
  // A company that has the code already keeps its own.
  return made.status().code() == absl::StatusCode::kAlreadyExists ? absl::OkStatus()
                                                                  : made.status();
}

absl::Status CreateCustomers(const Company& company, Parts& parts) {
  crm::BatchCreateCustomersRequest request;
  for (const Customer& customer : company.customers) {
    crm::CreateCustomerRequest* item = request.add_requests();
    item->set_customer_id(IdOf("cus_", customer.key));
    item->set_request_id(RequestIdOf("CreateCustomer", customer.key));
    crm::Customer* record = item->mutable_customer();
    record->set_customer_number(customer.key);
    record->set_kind(crm::CUSTOMER_KIND_ORGANISATION);
    record->set_display_name(customer.name);
    record->set_legal_name(customer.name);
    record->set_state(crm::CUSTOMER_STATE_CUSTOMER);
    record->set_phone(customer.phone);
    record->set_currency(kCurrency);
    const std::pair<const char*, crm::AddressPurpose> addresses[] = {
        {"registered", crm::ADDRESS_PURPOSE_REGISTERED},
        {"ship_to", crm::ADDRESS_PURPOSE_SHIP_TO},
        {"bill_to", crm::ADDRESS_PURPOSE_BILL_TO}};
    for (const auto& [id, purpose] : addresses) {
      crm::CustomerAddress* address = record->add_addresses();
      address->set_address_id(id);
      address->set_purpose(purpose);
      address->set_name(customer.name);
      *address->mutable_address() = customer.address;
    }
  }
  TANDEM_RETURN_IF_ERROR(AskBatch(
      *parts.customer, &crm::CustomerService::Stub::BatchCreateCustomers, request, "customer"));

  crm::BatchCreateContactsRequest contacts;
  for (const Customer& customer : company.customers) {
    crm::CreateContactRequest* item = contacts.add_requests();
    item->set_contact_id(IdOf("con_", customer.key));
    item->set_request_id(RequestIdOf("CreateContact", customer.key));
    item->mutable_contact()->set_customer_id(IdOf("cus_", customer.key));
    item->mutable_contact()->set_display_name(customer.contact);
  }
  return AskBatch(*parts.customer, &crm::CustomerService::Stub::BatchCreateContacts, contacts,
                  "contact");
}

// customer_sync opens an account for each customer; then its terms are the company's.
absl::Status SetAccounts(const Company& company, Parts& parts) {
  std::vector<bill::Customer> customers;
  TANDEM_RETURN_IF_ERROR(Await("the customers' accounts", [&]() -> absl::StatusOr<bool> {
    bill::ListCustomersRequest request;
    request.set_page_size(1000);
    TANDEM_ASSIGN_OR_RETURN(
        bill::ListCustomersResponse answer,
        rpc::Call(*parts.billing, &bill::BillingService::Stub::ListCustomers, request));
    customers.clear();
    for (const bill::Customer& customer : answer.customers()) {
      if (!customer.account_id().empty()) customers.push_back(customer);
    }
    return customers.size() >= company.customers.size();
  }));
  bill::BatchSetCreditRequest credit;
  for (const bill::Customer& customer : customers) {
    bill::SetCreditRequest* item = credit.add_requests();
    item->set_account_id(customer.account_id());
    item->set_request_id(RequestIdOf("SetCredit", customer.account_id()));
    item->mutable_credit_policy()->set_kind(bill::CREDIT_POLICY_KIND_LIMITED);
    SetMoney(kCreditLimit * kMicrosPerUnit, kCurrency,
             item->mutable_credit_policy()->mutable_limit());
    bill::SetPaymentTermsRequest terms;
    terms.set_account_id(customer.account_id());
    terms.mutable_payment_terms()->set_net_days(kPaymentDays);
    terms.set_request_id(RequestIdOf("SetPaymentTerms", customer.account_id()));
    TANDEM_RETURN_IF_ERROR(
        Ask(*parts.billing, &bill::BillingService::Stub::SetPaymentTerms, terms).status());
  }
  return AskBatch(*parts.billing, &bill::BillingService::Stub::BatchSetCredit, credit,
                  "credit of account");
}

absl::Status CreateProducts(const Company& company, Parts& parts) {
  stock::BatchCreateProductsRequest request;
  stock::BatchReceiveStockRequest receipts;
  for (const Product& product : company.products) {
    stock::CreateProductRequest* item = request.add_requests();
    item->set_product_id(IdOf("prd_", product.key));
    item->set_request_id(RequestIdOf("CreateProduct", product.key));
    stock::Product* record = item->mutable_product();
    record->set_sku(absl::StrCat("NW-", product.key));
    record->set_kind(stock::PRODUCT_KIND_GOODS);
    (*record->mutable_names())["en"] = product.name;
    (*record->mutable_descriptions())["en"] = product.package;
    record->set_tax_class(kTaxClass);
    record->set_category(product.category);
    record->set_base_unit(kUnit);
    SetMoney(product.price_micros, kCurrency, record->mutable_list_price()->mutable_amount());
    SetQuantity(kMicrosPerUnit, kUnit, record->mutable_list_price()->mutable_per());
    const int64_t pieces = product.ordered + product.in_stock;
    if (pieces == 0) continue;
    stock::ReceiveStockRequest* receipt = receipts.add_requests();
    receipt->set_product_id(IdOf("prd_", product.key));
    SetQuantity(pieces * kMicrosPerUnit, kUnit, receipt->mutable_quantity());
    receipt->set_reason("opening stock");
    receipt->set_reference("northwind");
    receipt->set_request_id(RequestIdOf("ReceiveStock", product.key));
  }
  TANDEM_RETURN_IF_ERROR(AskBatch(
      *parts.inventory, &stock::InventoryService::Stub::BatchCreateProducts, request, "product"));
  return AskBatch(*parts.inventory, &stock::InventoryService::Stub::BatchReceiveStock, receipts,
                  "receipt");
}

// product_sync brings the products into the catalogue; what is offered is for sales to say.
absl::Status OfferProducts(const Company& company, Parts& parts) {
  using Stub = sales::OpportunityService::Stub;
  sales::ListCatalogueItemsResponse catalogue;
  TANDEM_RETURN_IF_ERROR(Await("the products in the catalogue", [&]() -> absl::StatusOr<bool> {
    sales::ListCatalogueItemsRequest request;
    request.set_page_size(1000);
    TANDEM_ASSIGN_OR_RETURN(catalogue,
                            rpc::Call(*parts.opportunity, &Stub::ListCatalogueItems, request));
    return static_cast<size_t>(catalogue.catalogue_items_size()) >= company.products.size();
  }));
  sales::BatchUpdateCatalogueItemsRequest offers;
  for (const sales::CatalogueItem& item : catalogue.catalogue_items()) {
    if (item.offered().on()) continue;
    sales::UpdateCatalogueItemRequest* offer = offers.add_requests();
    offer->mutable_catalogue_item()->set_id(item.id());
    offer->mutable_catalogue_item()->mutable_offered()->set_on(true);
    offer->mutable_update_mask()->add_paths("offered");
    offer->set_request_id(RequestIdOf("OfferProduct", item.id()));
  }
  if (offers.requests().empty()) return absl::OkStatus();  // imported before
  return AskBatch(*parts.opportunity, &Stub::BatchUpdateCatalogueItems, offers, "offer");
}

// Orders are validated against the order service's own facts.
absl::Status AwaitFacts(const Company& company, Parts& parts) {
  using Stub = order::v1::OrderService::Stub;
  return Await("the order service's facts", [&]() -> absl::StatusOr<bool> {
    order::v1::ListProductFactsRequest products;
    products.set_page_size(1000);
    TANDEM_ASSIGN_OR_RETURN(auto known_products,
                            rpc::Call(*parts.order, &Stub::ListProductFacts, products));
    order::v1::ListCustomerFactsRequest customers;
    customers.set_page_size(1000);
    TANDEM_ASSIGN_OR_RETURN(auto known_customers,
                            rpc::Call(*parts.order, &Stub::ListCustomerFacts, customers));
    order::v1::ListAccountFactsRequest accounts;
    accounts.set_page_size(1000);
    TANDEM_ASSIGN_OR_RETURN(auto known_accounts,
                            rpc::Call(*parts.order, &Stub::ListAccountFacts, accounts));
    order::v1::ListTaxRateFactsRequest rates;
    TANDEM_ASSIGN_OR_RETURN(auto known_rates,
                            rpc::Call(*parts.order, &Stub::ListTaxRateFacts, rates));
    size_t complete = 0;
    for (const auto& customer : known_customers.customer_facts()) {
      complete += customer.known() && !customer.account_id().empty();
    }
    return complete >= company.customers.size() &&
           static_cast<size_t>(known_products.product_facts_size()) >= company.products.size() &&
           static_cast<size_t>(known_accounts.account_facts_size()) >= company.customers.size() &&
           known_rates.tax_rate_facts_size() > 0;
  });
}

}  // namespace

absl::Status ImportMasters(const Company& company, Parts& parts) {
  TANDEM_RETURN_IF_ERROR(CreateTaxCode(parts));
  TANDEM_RETURN_IF_ERROR(CreateCustomers(company, parts));
  TANDEM_RETURN_IF_ERROR(CreateProducts(company, parts));
  TANDEM_RETURN_IF_ERROR(SetAccounts(company, parts));
  TANDEM_RETURN_IF_ERROR(OfferProducts(company, parts));
  return AwaitFacts(company, parts);
}

absl::Status DiscontinueProducts(const Company& company, Parts& parts) {
  for (const Product& product : company.products) {
    if (!product.discontinued) continue;
    stock::DiscontinueProductRequest request;
    request.set_id(IdOf("prd_", product.key));
    request.set_request_id(RequestIdOf("DiscontinueProduct", product.key));
    TANDEM_RETURN_IF_ERROR(
        Ask(*parts.inventory, &stock::InventoryService::Stub::DiscontinueProduct, request)
            .status());
  }
  return absl::OkStatus();
}

}  // namespace tandem::northwind
