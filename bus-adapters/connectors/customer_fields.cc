// What customer.v1.Customer and billing.v1.Customer name alike (DOMAIN section 10). The numbers of
// address purposes are the same in both.
#include "bus-adapters/connectors/systems.h"
#include "tandem/billing/v1/customer.pb.h"
#include "tandem/customer/v1/customer.pb.h"

namespace tandem::connectors {

static_assert(static_cast<int>(customer::v1::ADDRESS_PURPOSE_BILL_TO) ==
              static_cast<int>(billing::v1::ADDRESS_PURPOSE_BILL_TO));

FieldMap CustomerFields() {
  using customer::v1::ADDRESS_PURPOSE_BILL_TO;
  using customer::v1::ADDRESS_PURPOSE_REGISTERED;
  using customer::v1::ADDRESS_PURPOSE_SHIP_TO;
  using customer::v1::ADDRESS_PURPOSE_UNSPECIFIED;
  return {
      {"customer_number", Kind::kText},
      {"kind", Kind::kEnum},
      {"display_name", Kind::kText},
      {"legal_name", Kind::kText},
      {"language", Kind::kText},
      {"parent_customer", Kind::kReference, "parent_customer_id"},
      Field("order_block", Kind::kMessage).EmptyIsAbsent(),
      // Who decides an address depends on what it is for, so they are two lists in one field.
      Field("addresses", Kind::kRows)
          .Keys({"address_id"})
          .Rows("purpose",
                {ADDRESS_PURPOSE_UNSPECIFIED, ADDRESS_PURPOSE_REGISTERED, ADDRESS_PURPOSE_SHIP_TO}),
      Field("bill_to_addresses", Kind::kRows, "addresses")
          .Keys({"address_id"})
          .Rows("purpose", {ADDRESS_PURPOSE_BILL_TO}),
      {"invoice_email", Kind::kText},
      {"phone", Kind::kPhone},
      {"email", Kind::kText},
      {"website", Kind::kText},
      Field("tax_ids", Kind::kRows).Keys({"country_code", "scheme"}),
      {"tax_status", Kind::kEnum},
      Field("exemption", Kind::kMessage).EmptyIsAbsent(),
      {"debtor_number", Kind::kText},
      {"currency", Kind::kText},
      {"payment_terms", Kind::kMessage},
      {"credit_policy", Kind::kMessage},
      Field("delivery_block", Kind::kMessage).EmptyIsAbsent(),
      Field("dunning_block", Kind::kMessage).EmptyIsAbsent(),
      {"delivery_policy", Kind::kEnum},
      {"archived", Kind::kFlag},
  };
}

}  // namespace tandem::connectors
