// Making and editing customers: every refusal, and what an update does not touch.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/customer/customer_test_desk.h"

namespace tandem::customer {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(CreateCustomer, MakesAProspectWithTheNextNumber) {
  Desk desk;
  v1::Customer first = desk.Create("cus_a");
  EXPECT_THAT(desk.events, ElementsAre("CustomerCreated"));
  EXPECT_EQ(first.state(), v1::CUSTOMER_STATE_PROSPECT);
  EXPECT_EQ(first.customer_number(), "C-1001");
  EXPECT_EQ(first.etag(), "\"1\"");
  EXPECT_EQ(desk.Create("cus_b").customer_number(), "C-1002");
}

TEST(CreateCustomer, MakesACustomerWhenItsStateSaysSo) {
  Desk desk;
  EXPECT_EQ(desk.Create("cus_a", "state: CUSTOMER_STATE_CUSTOMER").state(),
            v1::CUSTOMER_STATE_CUSTOMER);
}

TEST(CreateCustomer, TakesTheNumberThatIsGivenAndCountsOnBehindIt) {
  Desk desk;
  EXPECT_EQ(desk.Create("cus_a", "customer_number: 'ALFKI'").customer_number(), "ALFKI");
  EXPECT_EQ(desk.Create("cus_b", "customer_number: 'C-1500'").customer_number(), "C-1500");
  EXPECT_EQ(desk.Create("cus_c").customer_number(), "C-1501");
  EXPECT_EQ(desk.Create("cus_d", "customer_number: 'C-1200'").customer_number(), "C-1200");
  EXPECT_EQ(desk.Create("cus_e").customer_number(), "C-1502");
}

TEST(CreateCustomer, RefusesWhatIsWrong) {
  struct Row {
    std::string fields, reason, field;
  };
  const std::vector<Row> rows = {
      {"display_name: ' '", "CUSTOMER_NAME_MISSING", "customer.display_name"},
      {"customer_number: 'TAKEN'", "CUSTOMER_NUMBER_TAKEN", "customer.customer_number"},
      {"language: 'not a tag'", "CUSTOMER_LANGUAGE_INVALID", "customer.language"},
      {"addresses { address_id: 'a' address { country_code: 'XX' } }", "CUSTOMER_COUNTRY_UNKNOWN",
       "customer.addresses[0].address.country_code"},
      {"addresses { address_id: 'a' } addresses { address_id: 'a' }", "CUSTOMER_ADDRESS_DUPLICATE",
       "customer.addresses[1].address_id"},
      {"tax_ids { country_code: 'DE' scheme: 'VAT' value: 'DE123456789' }",
       "CUSTOMER_TAX_ID_INVALID", "customer.tax_ids[0].value"},
      {"tax_ids { country_code: 'QQ' scheme: 'VAT' value: '1' }", "CUSTOMER_COUNTRY_UNKNOWN",
       "customer.tax_ids[0].country_code"},
      {"tax_ids { country_code: 'DE' scheme: 'VAT' value: 'DE136695976' } "
       "tax_ids { country_code: 'DE' scheme: 'VAT' value: 'DE136695976' }",
       "CUSTOMER_TAX_ID_DUPLICATE", "customer.tax_ids[1]"},
      {"consents { channel: CONSENT_CHANNEL_EMAIL purpose: 'news' } "
       "consents { channel: CONSENT_CHANNEL_EMAIL purpose: 'news' }",
       "CUSTOMER_CONSENT_DUPLICATE", "customer.consents[1]"},
      {"parent_customer_id: 'cus_none'", "CUSTOMER_PARENT_UNKNOWN", "customer.parent_customer_id"},
      {"parent_customer_id: 'cus_new'", "CUSTOMER_PARENT_CYCLE", "customer.parent_customer_id"},
      {"currency: 'QQQ'", "MONEY_CURRENCY_UNKNOWN", "customer.currency"},
      {"credit_policy { kind: CREDIT_POLICY_KIND_LIMITED limit { currency_code: 'EUR' units: -1 } "
       "}",
       "MONEY_OUT_OF_RANGE", "customer.credit_policy.limit"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.fields);
    Desk desk;
    desk.Create("cus_a", "customer_number: 'TAKEN'");
    desk.Create("cus_new", row.fields);
    EXPECT_EQ(desk.reason, row.reason);
    EXPECT_EQ(desk.field, row.field);
    EXPECT_THAT(desk.events, IsEmpty());
  }
}

TEST(CreateCustomer, RefusesAnIdThatExists) {
  Desk desk;
  desk.Create("cus_a");
  desk.Create("cus_a");
  EXPECT_EQ(desk.reason, "CUSTOMER_ALREADY_EXISTS");
  EXPECT_EQ(desk.code, absl::StatusCode::kAlreadyExists);
}

TEST(UpdateCustomer, ChangesWhatIsNamedAndTellsWhatItWas) {
  Desk desk;
  desk.Create("cus_a", "phone: '1' email: 'a@example.com'");
  v1::Customer now = desk.Update("cus_a", "phone", "phone: '2' email: 'b@example.com'");
  EXPECT_THAT(desk.events, ElementsAre("CustomerUpdated"));
  EXPECT_EQ(now.phone(), "2");
  EXPECT_EQ(now.email(), "a@example.com");
  EXPECT_EQ(now.etag(), "\"2\"");
  EXPECT_THAT(desk.Event(0).changed().paths(), ElementsAre("phone"));
  EXPECT_EQ(desk.Event(0).previous().phone(), "1");
  EXPECT_EQ(desk.Event(0).customer().phone(), "2");
}

TEST(UpdateCustomer, ThatChangesNothingTellsNothing) {
  Desk desk;
  desk.Create("cus_a", "phone: '1'");
  EXPECT_EQ(desk.Update("cus_a", "phone", "phone: '1'").etag(), "\"1\"");
  EXPECT_THAT(desk.events, IsEmpty());
}

TEST(UpdateCustomer, TakesWhatTheErpOwnsLikeAnyOtherField) {
  Desk desk;
  desk.Create("cus_a");
  v1::Customer now = desk.Update("cus_a", "", R"pb(
    debtor_number: "D-1"
    currency: "EUR"
    delivery_block { on: true reason: "unpaid" }
    credit_policy {
      kind: CREDIT_POLICY_KIND_UNLIMITED
      limit { currency_code: "EUR" units: 5 }
    })pb");
  EXPECT_EQ(now.debtor_number(), "D-1");
  EXPECT_TRUE(now.delivery_block().on());
  EXPECT_FALSE(now.credit_policy().has_limit()) << "unlimited has no limit";
}

TEST(UpdateCustomer, ReplacingEverythingLeavesWhatOnlyCommandsChange) {
  Desk desk;
  desk.Create("cus_a", "state: CUSTOMER_STATE_CUSTOMER inactive: true phone: '1'");
  v1::Customer now = desk.Update("cus_a", "*", "display_name: 'New'");
  EXPECT_EQ(desk.reason, "");
  EXPECT_EQ(now.display_name(), "New");
  EXPECT_EQ(now.phone(), "");
  EXPECT_EQ(now.customer_number(), "C-1001");
  EXPECT_EQ(now.state(), v1::CUSTOMER_STATE_CUSTOMER);
  EXPECT_TRUE(now.inactive());
}

TEST(UpdateCustomer, RefusesWhatIsWrong) {
  struct Row {
    std::string mask, fields, reason;
  };
  const std::vector<Row> rows = {
      {"customer_number", "customer_number: 'C-9'", "CUSTOMER_FIELD_FIXED"},
      {"state", "state: CUSTOMER_STATE_CUSTOMER", "CUSTOMER_FIELD_FIXED"},
      {"inactive", "inactive: true", "CUSTOMER_FIELD_FIXED"},
      {"archived", "archived: true", "CUSTOMER_FIELD_FIXED"},
      {"display_name", "", "CUSTOMER_NAME_MISSING"},
      {"parent_customer_id", "parent_customer_id: 'cus_a'", "CUSTOMER_PARENT_CYCLE"},
      {"parent_customer_id", "parent_customer_id: 'cus_child'", "CUSTOMER_PARENT_CYCLE"},
      {"parent_customer_id", "parent_customer_id: 'cus_none'", "CUSTOMER_PARENT_UNKNOWN"},
      {"no_such_field", "", "FIELD_MASK_UNKNOWN_PATH"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.mask + " " + row.fields);
    Desk desk;
    desk.Create("cus_a");
    desk.Create("cus_child", "parent_customer_id: 'cus_a'");
    desk.Update("cus_a", row.mask, row.fields);
    EXPECT_EQ(desk.reason, row.reason);
    EXPECT_THAT(desk.events, IsEmpty());
  }
}

TEST(UpdateCustomer, RefusesMoreCustomersAboveOneThanCanBeWalked) {
  Desk desk;
  desk.Create("cus_0");
  for (int i = 1; i <= kParentsMax; ++i) {
    desk.Create(absl::StrCat("cus_", i), absl::StrCat("parent_customer_id: 'cus_", i - 1, "'"));
    EXPECT_EQ(desk.reason, "");
  }
  desk.Create("cus_last", absl::StrCat("parent_customer_id: 'cus_", kParentsMax, "'"));
  EXPECT_EQ(desk.reason, "CUSTOMER_PARENT_TOO_DEEP");
}

TEST(UpdateCustomer, KeepsTheKindAfterTheFirstInvoice) {
  Desk desk;
  desk.Create("cus_a", "kind: CUSTOMER_KIND_ORGANISATION");
  desk.Update("cus_a", "kind", "kind: CUSTOMER_KIND_PERSON");
  EXPECT_EQ(desk.reason, "");
  desk.state.Given(Text<v1::DealingsHistory>("id: 'cus_a' invoices: 1"));
  desk.Update("cus_a", "kind", "kind: CUSTOMER_KIND_ORGANISATION");
  EXPECT_EQ(desk.reason, "CUSTOMER_FIELD_FIXED");
  EXPECT_EQ(desk.field, "customer.kind");
}

TEST(UpdateCustomer, RefusesWhatIsArchivedUnknownOrOfAnotherVersion) {
  Desk desk;
  desk.Update("cus_a", "phone", "phone: '1'");
  EXPECT_EQ(desk.reason, "CUSTOMER_NOT_FOUND");
  desk.Create("cus_a");
  desk.Do(UpdateCustomer, "customer { id: 'cus_a' phone: '1' } etag: '\"7\"'");
  EXPECT_EQ(desk.reason, "ETAG_MISMATCH");
  EXPECT_EQ(desk.code, absl::StatusCode::kAborted);
  desk.Do(UpdateCustomer, "customer { id: 'cus_a' phone: '1' } etag: '\"1\"'");
  EXPECT_EQ(desk.reason, "");
  desk.Do(ArchiveCustomer, "id: 'cus_a'");
  desk.Update("cus_a", "phone", "phone: '2'");
  EXPECT_EQ(desk.reason, "CUSTOMER_ARCHIVED");
  desk.Update("cus_a", "phone", "phone: '1'");
  EXPECT_EQ(desk.reason, "") << "what it says already is no change";
}

}  // namespace
}  // namespace tandem::customer
