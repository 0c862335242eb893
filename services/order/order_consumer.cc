#include "services/order/order_consumer.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "platform/base/status_macros.h"
#include "services/order/order_decide_facts.h"
#include "tandem/billing/v1/events.pb.h"
#include "tandem/inventory/v1/events.pb.h"

namespace tandem::order {
namespace {

constexpr char kProducts[] = "tandem.inventory.product.v1";
constexpr char kCustomers[] = "tandem.billing.customer.v1";
constexpr char kAccounts[] = "tandem.billing.debtor_account.v1";
constexpr char kTaxCodes[] = "tandem.billing.tax_code.v1";

// English where there is an English name, else the first in the order of language tags.
std::string NameOf(const inventory::v1::Product& product) {
  auto english = product.names().find("en");
  if (english != product.names().end()) return english->second;
  const std::string* language = nullptr;
  const std::string* name = nullptr;
  for (const auto& [tag, text] : product.names()) {
    if (language != nullptr && *language <= tag) continue;
    language = &tag;
    name = &text;
  }
  return name == nullptr ? product.sku() : *name;
}

std::string KindOf(const inventory::v1::Product& product) {
  std::string kind = inventory::v1::ProductKind_Name(product.kind());
  const std::string prefix = "PRODUCT_KIND_";
  return kind.rfind(prefix, 0) == 0 ? kind.substr(prefix.size()) : kind;
}

v1::ProductFactState StateOf(const inventory::v1::Product& product) {
  switch (product.state()) {
    case inventory::v1::PRODUCT_STATE_ACTIVE:
      return v1::PRODUCT_FACT_STATE_ACTIVE;
    case inventory::v1::PRODUCT_STATE_DISCONTINUED:
      return v1::PRODUCT_FACT_STATE_DISCONTINUED;
    case inventory::v1::PRODUCT_STATE_ARCHIVED:
      return v1::PRODUCT_FACT_STATE_ARCHIVED;
    default:
      return v1::PRODUCT_FACT_STATE_UNSPECIFIED;
  }
}

absl::Status ProductHappened(const bus::Envelope& envelope, Context& context, State& state) {
  TANDEM_ASSIGN_OR_RETURN(auto event, bus::Parse<inventory::v1::ProductEvent>(envelope));
  const inventory::v1::Product& product = event.product();
  v1::ProductFact fact;
  fact.set_id(product.id());
  fact.set_sku(product.sku());
  fact.set_name(NameOf(product));
  fact.set_state(StateOf(product));
  fact.set_base_unit(product.base_unit());
  for (const inventory::v1::ProductUnit& unit : product.units()) {
    v1::ProductFactUnit* kept = fact.add_units();
    kept->set_unit(unit.unit());
    kept->set_numerator(unit.numerator());
    kept->set_denominator(unit.denominator());
  }
  if (product.has_list_price()) {
    *fact.mutable_list_price() = product.list_price().amount();
    if (product.list_price().has_per()) {
      *fact.mutable_list_price_per() = product.list_price().per();
    }
  }
  fact.set_tax_class(product.tax_class());
  fact.set_kind(KindOf(product));
  fact.set_source_version(event.meta().entity_version());
  return LearnProduct(fact, context, state);
}

// The address of a purpose, else the registered one, else the first.
const billing::v1::CustomerAddress* AddressFor(const billing::v1::Customer& customer,
                                               billing::v1::AddressPurpose purpose) {
  const billing::v1::CustomerAddress* best = nullptr;
  int best_rank = 3;
  for (const billing::v1::CustomerAddress& address : customer.addresses()) {
    const int rank = address.purpose() == purpose                                   ? 0
                     : address.purpose() == billing::v1::ADDRESS_PURPOSE_REGISTERED ? 1
                                                                                    : 2;
    if (rank >= best_rank) continue;
    best = &address;
    best_rank = rank;
  }
  return best;
}

absl::Status CustomerHappened(const bus::Envelope& envelope, Context& context, State& state) {
  TANDEM_ASSIGN_OR_RETURN(auto event, bus::Parse<billing::v1::CustomerEvent>(envelope));
  const billing::v1::Customer& customer = event.customer();
  v1::CustomerFact fact;
  fact.set_id(customer.id());
  fact.set_customer_number(customer.customer_number());
  fact.set_display_name(customer.display_name());
  fact.set_legal_name(customer.legal_name());
  if (customer.archived()) {
    fact.set_block_reason("archived");
  } else if (customer.status() == billing::v1::CUSTOMER_STATUS_INACTIVE) {
    fact.set_block_reason("inactive");
  } else if (customer.order_block().on()) {
    fact.set_block_reason(absl::StrCat("blocked for orders: ", customer.order_block().reason()));
  }
  fact.set_blocked(!fact.block_reason().empty());
  if (const auto* ship_to = AddressFor(customer, billing::v1::ADDRESS_PURPOSE_SHIP_TO)) {
    *fact.mutable_ship_to_address() = ship_to->address();
  }
  if (const auto* bill_to = AddressFor(customer, billing::v1::ADDRESS_PURPOSE_BILL_TO)) {
    *fact.mutable_bill_to_address() = bill_to->address();
  }
  if (!customer.tax_ids().empty()) {
    const billing::v1::TaxId& tax_id = customer.tax_ids(0);
    const bool has_country = tax_id.value().rfind(tax_id.country_code(), 0) == 0;
    fact.set_tax_id(has_country ? tax_id.value()
                                : absl::StrCat(tax_id.country_code(), tax_id.value()));
  }
  fact.set_tax_status(billing::v1::TaxStatus_Name(customer.tax_status()));
  fact.set_delivery_policy(customer.delivery_policy() == billing::v1::DELIVERY_POLICY_COMPLETE
                               ? v1::DELIVERY_POLICY_COMPLETE
                               : v1::DELIVERY_POLICY_UNSPECIFIED);
  fact.set_account_id(customer.account_id());
  fact.set_source_version(event.meta().entity_version());
  return LearnCustomer(fact, context, state);
}

absl::Status AccountHappened(const bus::Envelope& envelope, Context& context, State& state) {
  TANDEM_ASSIGN_OR_RETURN(auto event, bus::Parse<billing::v1::DebtorAccountEvent>(envelope));
  const billing::v1::DebtorAccount& account = event.debtor_account();
  v1::AccountFact fact;
  fact.set_id(account.id());
  fact.set_customer_id(account.customer_id());
  fact.set_currency(account.currency());
  // Either block makes orders wait: order_to_cash holds the open ones for the same two.
  const billing::v1::Block& block =
      account.order_block().on() ? account.order_block() : account.delivery_block();
  fact.set_blocked(block.on());
  if (block.on()) fact.set_block_reason(block.reason());
  fact.set_closed(account.state() == billing::v1::DEBTOR_ACCOUNT_STATE_CLOSED);
  fact.set_source_version(event.meta().entity_version());
  return LearnAccount(fact, context, state);
}

absl::Status TaxCodeHappened(const bus::Envelope& envelope, Context& context, State& state) {
  TANDEM_ASSIGN_OR_RETURN(auto event, bus::Parse<billing::v1::TaxCodeEvent>(envelope));
  const billing::v1::TaxCode& code = event.tax_code();
  v1::TaxRateFact fact;
  fact.set_tax_class(code.tax_class());
  fact.set_tax_code(code.id());
  *fact.mutable_rate() = code.rate();
  fact.set_source_version(event.meta().entity_version());
  return LearnTaxRate(fact, code.retired(), event.previous().tax_class(), context, state);
}

std::string EntityOf(const bus::Envelope& envelope) { return envelope.subject(); }

}  // namespace

std::vector<bus::LocalConsumer> OrderConsumers() {
  bus::LocalConsumer inventory;
  inventory.reader = "order";
  inventory.source = "/tandem/inventory";
  inventory.topics = {kProducts};
  inventory.key = EntityOf;
  inventory.hints = [](const bus::Envelope& envelope, Wanted& wanted) {
    wanted.Row<v1::ProductFact>(envelope.subject());
  };
  inventory.apply = ProductHappened;

  bus::LocalConsumer billing;
  billing.reader = "order";
  billing.source = "/tandem/billing";
  billing.topics = {kCustomers, kAccounts, kTaxCodes};
  billing.key = EntityOf;
  billing.hints = [](const bus::Envelope& envelope, Wanted& wanted) {
    if (envelope.topic() == kCustomers) wanted.Row<v1::CustomerFact>(envelope.subject());
    if (envelope.topic() == kAccounts) wanted.Row<v1::AccountFact>(envelope.subject());
  };
  billing.apply = [](const bus::Envelope& envelope, Context& context, State& state) {
    if (envelope.topic() == kCustomers) return CustomerHappened(envelope, context, state);
    if (envelope.topic() == kAccounts) return AccountHappened(envelope, context, state);
    return TaxCodeHappened(envelope, context, state);
  };
  return {inventory, billing};
}

}  // namespace tandem::order
