#include "services/customer/customer_decide_check.h"

#include <set>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "platform/base/country.h"
#include "platform/base/currency.h"
#include "platform/base/date.h"
#include "platform/base/field_mask.h"
#include "platform/base/fixed.h"
#include "platform/base/locale.h"
#include "platform/base/money.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/base/tax_id.h"

namespace tandem::customer {
namespace {

bool IsBlank(absl::string_view text) { return absl::StripAsciiWhitespace(text).empty(); }

absl::Status CheckCountry(absl::string_view country, absl::string_view field) {
  if (country.empty() || IsKnownCountry(country)) return absl::OkStatus();
  return InvalidField(field, "CUSTOMER_COUNTRY_UNKNOWN",
                      absl::StrCat("'", country, "' is no country of ISO 3166-1."));
}

absl::Status CheckAddresses(const v1::Customer& customer) {
  std::set<absl::string_view> ids;
  for (int i = 0; i < customer.addresses_size(); ++i) {
    const v1::CustomerAddress& each = customer.addresses(i);
    const std::string path = absl::StrCat("customer.addresses[", i, "]");
    if (each.address_id().empty() || !ids.insert(each.address_id()).second) {
      return InvalidField(path + ".address_id", "CUSTOMER_ADDRESS_DUPLICATE",
                          "Every address has a key of its own.");
    }
    TANDEM_RETURN_IF_ERROR(
        CheckCountry(each.address().country_code(), path + ".address.country_code"));
  }
  return absl::OkStatus();
}

absl::Status CheckTaxIds(const v1::Customer& customer) {
  std::set<std::pair<absl::string_view, absl::string_view>> keys;
  for (int i = 0; i < customer.tax_ids_size(); ++i) {
    const v1::TaxId& each = customer.tax_ids(i);
    const std::string path = absl::StrCat("customer.tax_ids[", i, "]");
    if (!IsKnownCountry(each.country_code())) {
      return InvalidField(path + ".country_code", "CUSTOMER_COUNTRY_UNKNOWN",
                          absl::StrCat("'", each.country_code(), "' is no country of ISO 3166-1."));
    }
    if (!keys.insert({each.country_code(), each.scheme()}).second) {
      return InvalidField(path, "CUSTOMER_TAX_ID_DUPLICATE",
                          "There is one tax id per country and scheme.");
    }
    if (!IsValidTaxId(each.country_code(), each.scheme(), each.value())) {
      return InvalidField(path + ".value", "CUSTOMER_TAX_ID_INVALID",
                          "The tax id is not well-formed, or its check digit is wrong.");
    }
  }
  if (!customer.exemption().has_until()) return absl::OkStatus();
  return DateFromProto(customer.exemption().until(), "customer.exemption.until").status();
}

absl::Status CheckMoney(v1::Customer* customer) {
  const std::string& currency = customer->currency();
  if (!currency.empty() && !IsKnownCurrency(currency)) {
    return InvalidField("customer.currency", "MONEY_CURRENCY_UNKNOWN",
                        absl::StrCat("'", currency, "' is no currency of ISO 4217."));
  }
  if (customer->has_payment_terms()) {
    TANDEM_RETURN_IF_ERROR(FractionFromProto(customer->payment_terms().discount_rate(),
                                             "customer.payment_terms.discount_rate")
                               .status());
  }
  if (!customer->has_credit_policy()) return absl::OkStatus();
  v1::CreditPolicy* credit = customer->mutable_credit_policy();
  if (credit->kind() == v1::CREDIT_POLICY_KIND_UNLIMITED) credit->clear_limit();
  if (!credit->has_limit()) return absl::OkStatus();
  TANDEM_ASSIGN_OR_RETURN(const Amount limit,
                          FromProto(credit->limit(), "customer.credit_policy.limit"));
  if (limit.micros < 0) {
    return InvalidField("customer.credit_policy.limit", "MONEY_OUT_OF_RANGE",
                        "A credit limit is 0 or more.");
  }
  return absl::OkStatus();
}

template <class Consents>
absl::Status CheckConsents(const Consents& consents, absl::string_view field,
                           absl::string_view reason) {
  std::set<std::pair<int, absl::string_view>> keys;
  for (int i = 0; i < consents.size(); ++i) {
    const std::string path = absl::StrCat(field, "[", i, "]");
    if (!keys.insert({consents[i].channel(), consents[i].purpose()}).second) {
      return InvalidField(path, reason, "There is one consent per channel and purpose.");
    }
    if (consents[i].has_consent_date()) {
      TANDEM_RETURN_IF_ERROR(
          DateFromProto(consents[i].consent_date(), path + ".consent_date").status());
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status NotFound(absl::string_view entity, absl::string_view id) {
  return Refuse(absl::StatusCode::kNotFound, absl::StrCat(entity, "_NOT_FOUND"),
                absl::StrCat("There is no ", absl::AsciiStrToLower(entity), " '", id, "'."), "id");
}

absl::Status Archived(const v1::Customer& customer) {
  return Refuse(absl::StatusCode::kFailedPrecondition, "CUSTOMER_ARCHIVED",
                absl::StrCat("The customer ", customer.customer_number(),
                             " is archived: it does not change any more."));
}

bool Same(const google::protobuf::Message& a, const google::protobuf::Message& b) {
  return ChangedPaths(a, b).paths().empty();
}

absl::Status CheckCustomer(v1::Customer* customer) {
  if (IsBlank(customer->display_name())) {
    return InvalidField("customer.display_name", "CUSTOMER_NAME_MISSING", "A customer has a name.");
  }
  if (!customer->language().empty() && !IsLanguageTag(customer->language())) {
    return InvalidField("customer.language", "CUSTOMER_LANGUAGE_INVALID",
                        "A language is a tag of BCP 47.");
  }
  TANDEM_RETURN_IF_ERROR(CheckAddresses(*customer));
  TANDEM_RETURN_IF_ERROR(CheckTaxIds(*customer));
  TANDEM_RETURN_IF_ERROR(CheckMoney(customer));
  return CheckConsents(customer->consents(), "customer.consents", "CUSTOMER_CONSENT_DUPLICATE");
}

absl::Status CheckContact(const v1::Contact& contact) {
  if (IsBlank(contact.display_name())) {
    return InvalidField("contact.display_name", "CONTACT_NAME_MISSING", "A contact has a name.");
  }
  if (!contact.language().empty() && !IsLanguageTag(contact.language())) {
    return InvalidField("contact.language", "CONTACT_LANGUAGE_INVALID",
                        "A language is a tag of BCP 47.");
  }
  return CheckConsents(contact.consents(), "contact.consents", "CONTACT_CONSENT_DUPLICATE");
}

}  // namespace tandem::customer
