#include "services/billing/billing_decide_customer.h"

#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "platform/base/country.h"
#include "platform/base/currency.h"
#include "platform/base/etag.h"
#include "platform/base/field_mask.h"
#include "platform/base/locale.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/base/tax_id.h"
#include "services/billing/billing_decide_account.h"
#include "services/billing/billing_decide_check.h"
#include "services/billing/billing_decide_figures.h"
#include "tandem/billing/v1/events.pb.h"

namespace tandem::billing {
namespace {

absl::Status CheckAddresses(const v1::Customer& customer) {
  std::set<absl::string_view> ids;
  for (int i = 0; i < customer.addresses_size(); ++i) {
    const v1::CustomerAddress& each = customer.addresses(i);
    const std::string path = absl::StrCat("customer.addresses[", i, "]");
    if (each.address_id().empty() || !ids.insert(each.address_id()).second) {
      return InvalidField(absl::StrCat(path, ".address_id"), "CUSTOMER_ADDRESS_DUPLICATE",
                          "every address has a key of its own");
    }
    const std::string& country = each.address().country_code();
    if (!country.empty() && !IsKnownCountry(country)) {
      return InvalidField(absl::StrCat(path, ".address.country_code"), "CUSTOMER_COUNTRY_UNKNOWN",
                          absl::StrCat("'", country, "' is no country of ISO 3166-1"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckTaxIds(const v1::Customer& customer) {
  std::set<std::pair<absl::string_view, absl::string_view>> keys;
  for (int i = 0; i < customer.tax_ids_size(); ++i) {
    const v1::TaxId& each = customer.tax_ids(i);
    const std::string path = absl::StrCat("customer.tax_ids[", i, "]");
    if (!IsKnownCountry(each.country_code())) {
      return InvalidField(absl::StrCat(path, ".country_code"), "CUSTOMER_COUNTRY_UNKNOWN",
                          absl::StrCat("'", each.country_code(), "' is no country"));
    }
    if (!keys.insert({each.country_code(), each.scheme()}).second) {
      return InvalidField(path, "CUSTOMER_TAX_ID_DUPLICATE",
                          "there is one tax id per country and scheme");
    }
    if (!IsValidTaxId(each.country_code(), each.scheme(), each.value())) {
      return InvalidField(absl::StrCat(path, ".value"), "CUSTOMER_TAX_ID_INVALID",
                          "the tax id is not well-formed, or its check digit is wrong");
    }
  }
  return absl::OkStatus();
}

// What must hold of a customer as a whole, whoever wrote it. Credit takes its one form: without a
// limit where it is unlimited.
absl::Status CheckCustomer(v1::Customer& customer) {
  if (absl::StripAsciiWhitespace(customer.display_name()).empty()) {
    return InvalidField("customer.display_name", "CUSTOMER_NAME_MISSING", "a customer has a name");
  }
  if (!customer.language().empty() && !IsLanguageTag(customer.language())) {
    return InvalidField("customer.language", "CUSTOMER_LANGUAGE_INVALID",
                        "a language is a tag of BCP 47");
  }
  if (customer.parent_customer_id() == customer.id()) {
    return InvalidField("customer.parent_customer_id", "CUSTOMER_PARENT_CYCLE",
                        "a customer is not its own parent");
  }
  if (!customer.currency().empty() && !IsKnownCurrency(customer.currency())) {
    return InvalidField("customer.currency", "MONEY_CURRENCY_UNKNOWN",
                        absl::StrCat("'", customer.currency(), "' is no currency of ISO 4217"));
  }
  TANDEM_RETURN_IF_ERROR(CheckAddresses(customer));
  TANDEM_RETURN_IF_ERROR(CheckTaxIds(customer));
  if (customer.has_payment_terms()) {
    TANDEM_RETURN_IF_ERROR(CheckTerms(customer.mutable_payment_terms()));
  }
  if (customer.has_credit_policy()) {
    const std::string currency = customer.currency().empty()
                                     ? customer.credit_policy().limit().currency_code()
                                     : customer.currency();
    TANDEM_RETURN_IF_ERROR(CheckCredit(customer.mutable_credit_policy(), currency));
  }
  return absl::OkStatus();
}

// The account that a customer gets when it becomes one, from what is known of it.
absl::StatusOr<NewAccount> FirstAccount(const v1::Customer& customer, Context& context,
                                        State& state) {
  v1::DebtorAccount wanted;
  wanted.set_customer_id(customer.id());
  wanted.set_debtor_number(customer.debtor_number());
  wanted.set_currency(customer.currency());
  if (wanted.currency().empty()) {
    wanted.set_currency(customer.credit_policy().limit().currency_code());
  }
  if (customer.has_credit_policy()) *wanted.mutable_credit_policy() = customer.credit_policy();
  if (customer.has_payment_terms()) *wanted.mutable_payment_terms() = customer.payment_terms();
  if (customer.has_delivery_block()) *wanted.mutable_delivery_block() = customer.delivery_block();
  if (customer.has_dunning_block()) *wanted.mutable_dunning_block() = customer.dunning_block();
  return PrepareAccount(std::move(wanted), context, state);
}

absl::Status Fixed(absl::string_view field, absl::string_view why) {
  return Refuse(absl::StatusCode::kFailedPrecondition, "CUSTOMER_FIELD_FIXED", why,
                absl::StrCat("customer.", field));
}

// What an account cannot be without is kept where an update would clear it.
void KeepAccountFields(const v1::Customer& known, v1::Customer* changed) {
  if (changed->debtor_number().empty()) changed->set_debtor_number(known.debtor_number());
  if (changed->currency().empty()) changed->set_currency(known.currency());
  if (!changed->has_payment_terms()) *changed->mutable_payment_terms() = known.payment_terms();
  if (!changed->has_credit_policy()) *changed->mutable_credit_policy() = known.credit_policy();
  if (changed->currency() != known.currency() && changed->credit_policy().has_limit() &&
      changed->credit_policy().limit().currency_code() == known.currency()) {
    changed->mutable_credit_policy()->mutable_limit()->set_currency_code(changed->currency());
  }
}

// Brings what the account has too to the account.
absl::Status ChangeAccount(const v1::Customer& customer, Context& context, State& state) {
  const std::string& id = customer.account_id();
  TANDEM_RETURN_IF_ERROR(
      ChangeNumberAndCurrency(id, customer.debtor_number(), customer.currency(), context, state));
  TANDEM_RETURN_IF_ERROR(ChangeTerms(id, customer.payment_terms(), context, state));
  TANDEM_RETURN_IF_ERROR(
      ChangeBlock(id, v1::BLOCK_KIND_DELIVERY, customer.delivery_block(), context, state));
  TANDEM_RETURN_IF_ERROR(
      ChangeBlock(id, v1::BLOCK_KIND_DUNNING, customer.dunning_block(), context, state));
  return ChangeCredit(id, customer.credit_policy(), context, state);
}

}  // namespace

absl::StatusOr<v1::Customer> CreateCustomer(const v1::CreateCustomerRequest& request,
                                            Context& context, State& state) {
  v1::Customer customer = request.customer();
  customer.clear_account_id();
  customer.clear_create_time();
  customer.clear_update_time();
  customer.clear_etag();
  if (!request.customer_id().empty()) customer.set_id(request.customer_id());
  if (customer.id().empty()) customer.set_id(context.ids.Next("cus_"));
  const std::string id = customer.id();
  state.Find<v1::PayerAccount>(id);
  if (state.Find<v1::Customer>(id) != nullptr) {
    return Refuse(absl::StatusCode::kAlreadyExists, "CUSTOMER_ALREADY_EXISTS",
                  "there is a customer of that id", "customer_id");
  }
  if (customer.status() == v1::CUSTOMER_STATUS_UNSPECIFIED) {
    customer.set_status(v1::CUSTOMER_STATUS_PROSPECT);
  }
  TANDEM_RETURN_IF_ERROR(CheckCustomer(customer));
  std::optional<NewAccount> account;
  if (customer.status() == v1::CUSTOMER_STATUS_CUSTOMER) {
    TANDEM_ASSIGN_OR_RETURN(account, FirstAccount(customer, context, state));
    Mirror(account->account, &customer);
  }
  state.Insert(std::move(customer));
  v1::CustomerEvent event;
  event.mutable_customer_created();
  state.Emit<v1::Customer>(context, id, std::move(event));
  if (account.has_value()) TANDEM_RETURN_IF_ERROR(PutAccount(*account, context, state));
  return state.Answer<v1::Customer>(id);
}

void CreateCustomerHints(const v1::CreateCustomerRequest& request, Wanted& wanted) {
  const std::string& id =
      request.customer_id().empty() ? request.customer().id() : request.customer_id();
  wanted.Row<v1::PayerAccount>(id);
  wanted.Row<v1::Customer>(id);
}

absl::StatusOr<v1::Customer> UpdateCustomer(const v1::UpdateCustomerRequest& request,
                                            Context& context, State& state) {
  const std::string& id = request.customer().id();
  const auto* payer = state.Find<v1::PayerAccount>(id);
  const auto* known = state.Find<v1::Customer>(id);
  if (known == nullptr) return NotFound("CUSTOMER", id);
  const int64_t version = state.Version<v1::Customer>(id);
  TANDEM_RETURN_IF_ERROR(CheckEtag(request.etag(), version));
  TANDEM_RETURN_IF_ERROR(CheckEtag(request.customer().etag(), version));
  v1::Customer changed = *known;
  TANDEM_RETURN_IF_ERROR(ApplyUpdateMask(request.update_mask(), request.customer(), &changed));
  const bool has_account = !known->account_id().empty();
  if (has_account) KeepAccountFields(*known, &changed);
  if (changed.status() == v1::CUSTOMER_STATUS_UNSPECIFIED) changed.set_status(known->status());
  TANDEM_RETURN_IF_ERROR(CheckCustomer(changed));
  if (Same(changed, *known)) return state.Answer<v1::Customer>(id);
  if (!known->customer_number().empty() && changed.customer_number() != known->customer_number()) {
    return Fixed("customer_number", "a customer keeps its number");
  }
  std::optional<NewAccount> account;
  if (has_account) {
    TANDEM_ASSIGN_OR_RETURN(const Figures figures, Figures::Of(known->account_id(), state));
    if (figures.invoiced && changed.kind() != known->kind()) {
      return Fixed("kind", "a customer keeps its kind after the first invoice");
    }
  } else if (changed.status() == v1::CUSTOMER_STATUS_CUSTOMER &&
             known->status() != v1::CUSTOMER_STATUS_CUSTOMER &&
             (payer == nullptr || payer->account_id().empty())) {
    TANDEM_ASSIGN_OR_RETURN(account, FirstAccount(changed, context, state));
    Mirror(account->account, &changed);
  }
  *state.Edit<v1::Customer>(id) = changed;
  v1::CustomerEvent event;
  event.mutable_customer_updated();
  state.Emit<v1::Customer>(context, id, std::move(event), /*with_previous=*/true);
  if (has_account) TANDEM_RETURN_IF_ERROR(ChangeAccount(changed, context, state));
  if (account.has_value()) TANDEM_RETURN_IF_ERROR(PutAccount(*account, context, state));
  return state.Answer<v1::Customer>(id);
}

void UpdateCustomerHints(const v1::UpdateCustomerRequest& request, Wanted& wanted) {
  HintAccountOf(kAccountOfPayer, request.customer().id(), wanted);
  wanted.Row<v1::PayerAccount>(request.customer().id());
  wanted.Row<v1::Customer>(request.customer().id());
}

}  // namespace tandem::billing
