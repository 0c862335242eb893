// What must hold of a customer and of a contact as a whole, whoever wrote them. Pure.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "tandem/customer/v1/contact.pb.h"
#include "tandem/customer/v1/customer.pb.h"

namespace tandem::customer {

// NOT_FOUND <ENTITY>_NOT_FOUND, naming the id.
absl::Status NotFound(absl::string_view entity, absl::string_view id);
// FAILED_PRECONDITION CUSTOMER_ARCHIVED.
absl::Status Archived(const v1::Customer& customer);
// Whether two messages of one type say the same.
bool Same(const google::protobuf::Message& a, const google::protobuf::Message& b);

// Names, language, addresses, tax ids, terms, credit and consents. Credit takes its one form:
// without a limit where it is unlimited. Errors: CUSTOMER_NAME_MISSING, CUSTOMER_LANGUAGE_INVALID,
// CUSTOMER_ADDRESS_DUPLICATE, CUSTOMER_COUNTRY_UNKNOWN, CUSTOMER_TAX_ID_DUPLICATE,
// CUSTOMER_TAX_ID_INVALID, CUSTOMER_CONSENT_DUPLICATE, and those of money, fractions and dates.
absl::Status CheckCustomer(v1::Customer* customer);
// Errors: CONTACT_NAME_MISSING, CONTACT_LANGUAGE_INVALID, CONTACT_CONSENT_DUPLICATE.
absl::Status CheckContact(const v1::Contact& contact);

}  // namespace tandem::customer
