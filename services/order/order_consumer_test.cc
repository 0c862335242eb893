// Others' events become facts.
#include "services/order/order_consumer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/order/order_test_desk.h"
#include "tandem/billing/v1/events.pb.h"
#include "tandem/inventory/v1/events.pb.h"

namespace tandem::order {
namespace {

template <class Event>
absl::Status Read(Desk& desk, size_t consumer, const std::string& topic, const std::string& subject,
                  absl::string_view text) {
  bus::Envelope envelope;
  envelope.set_topic(topic);
  envelope.set_subject(subject);
  envelope.set_payload(Text<Event>(text).SerializeAsString());
  const bus::LocalConsumer reader = OrderConsumers().at(consumer);
  EXPECT_EQ(reader.key(envelope), subject);
  EXPECT_THAT(reader.topics, testing::Contains(topic));
  desk.state.Begin();
  absl::Status status = reader.apply(envelope, desk.context, desk.state);
  if (status.ok()) desk.state.Accept();
  return status;
}

TEST(OrderConsumer, ReadsProducts) {
  Desk desk;
  absl::Status status =
      Read<inventory::v1::ProductEvent>(desk, 0, "tandem.inventory.product.v1", "prd_a", R"pb(
        meta { entity_version: 3 }
        product {
          id: "prd_a"
          sku: "A"
          kind: PRODUCT_KIND_GOODS
          names { key: "de" value: "Tee" }
          names { key: "en" value: "Tea" }
          base_unit: "C62"
          units { unit: "BX" numerator: 12 denominator: 1 }
          list_price {
            amount { currency_code: "EUR" units: 2 }
            per {
              value { value: "100" }
              unit: "C62"
            }
          }
          tax_class: "STANDARD"
          state: PRODUCT_STATE_DISCONTINUED
        }
        product_discontinued {})pb");
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(desk.state.Find<v1::ProductFact>("prd_a")->SerializeAsString(),
            Text<v1::ProductFact>(R"pb(
              id: "prd_a"
              sku: "A"
              name: "Tea"
              state: PRODUCT_FACT_STATE_DISCONTINUED
              base_unit: "C62"
              units { unit: "BX" numerator: 12 denominator: 1 }
              list_price { currency_code: "EUR" units: 2 }
              list_price_per {
                value { value: "100" }
                unit: "C62"
              }
              tax_class: "STANDARD"
              kind: "GOODS"
              source_version: 3)pb")
                .SerializeAsString());
}

TEST(OrderConsumer, ReadsCustomersAccountsAndTaxCodes) {
  Desk desk;
  ASSERT_TRUE(Read<billing::v1::CustomerEvent>(desk, 1, "tandem.billing.customer.v1", "cus_a", R"pb(
                meta { entity_version: 1 }
                customer {
                  id: "cus_a"
                  customer_number: "C-1"
                  display_name: "Alfreds"
                  legal_name: "Alfreds GmbH"
                  status: CUSTOMER_STATUS_CUSTOMER
                  addresses {
                    address_id: "main"
                    purpose: ADDRESS_PURPOSE_REGISTERED
                    address { city: "Berlin" }
                  }
                  addresses {
                    address_id: "hall"
                    purpose: ADDRESS_PURPOSE_SHIP_TO
                    address { city: "Potsdam" }
                  }
                  tax_ids { country_code: "DE" scheme: "VAT" value: "123" }
                  delivery_policy: DELIVERY_POLICY_COMPLETE
                }
                customer_created {})pb")
                  .ok());
  const v1::CustomerFact* customer = desk.state.Find<v1::CustomerFact>("cus_a");
  EXPECT_TRUE(customer->known());
  EXPECT_FALSE(customer->blocked());
  EXPECT_EQ(customer->ship_to_address().city(), "Potsdam");
  EXPECT_EQ(customer->bill_to_address().city(), "Berlin");
  EXPECT_EQ(customer->tax_id(), "DE123");
  EXPECT_EQ(customer->delivery_policy(), v1::DELIVERY_POLICY_COMPLETE);

  ASSERT_TRUE(Read<billing::v1::DebtorAccountEvent>(desk, 1, "tandem.billing.debtor_account.v1",
                                                    "acc_a", R"pb(
                meta { entity_version: 2 }
                debtor_account {
                  id: "acc_a"
                  customer_id: "cus_a"
                  currency: "EUR"
                  order_block { on: true reason: "unpaid" }
                  state: DEBTOR_ACCOUNT_STATE_OPEN
                }
                debtor_account_blocked {})pb")
                  .ok());
  EXPECT_TRUE(desk.state.Find<v1::AccountFact>("acc_a")->blocked());
  EXPECT_EQ(desk.state.Find<v1::CustomerFact>("cus_a")->account_id(), "acc_a");

  ASSERT_TRUE(Read<billing::v1::TaxCodeEvent>(desk, 1, "tandem.billing.tax_code.v1", "DE19", R"pb(
                meta { entity_version: 1 }
                tax_code {
                  id: "DE19"
                  tax_class: "STANDARD"
                  rate { value: "0.19" }
                }
                tax_code_created {})pb")
                  .ok());
  EXPECT_EQ(desk.state.Find<v1::TaxRateFact>("STANDARD")->tax_code(), "DE19");
}

TEST(OrderConsumer, BlocksCustomersThatAreInactiveArchivedOrBlocked) {
  for (const char* why : {"status: CUSTOMER_STATUS_INACTIVE", "archived: true",
                          "order_block { on: true reason: 'dispute' }"}) {
    Desk desk;
    ASSERT_TRUE(
        Read<billing::v1::CustomerEvent>(desk, 1, "tandem.billing.customer.v1", "cus_a",
                                         "meta { entity_version: 1 } customer { id: 'cus_a' " +
                                             std::string(why) + " } customer_updated {}")
            .ok());
    EXPECT_TRUE(desk.state.Find<v1::CustomerFact>("cus_a")->blocked()) << why;
  }
}

TEST(OrderConsumer, BlocksAccountsWhoseOrdersOrDeliveriesAreBlocked) {
  struct Case {
    const char* blocks;
    bool blocked;
  };
  for (const Case& c :
       {Case{"order_block { on: true }", true}, Case{"", false},
        Case{"delivery_block { on: true }", true}, Case{"dunning_block { on: true }", false}}) {
    Desk desk;
    ASSERT_TRUE(
        Read<billing::v1::DebtorAccountEvent>(
            desk, 1, "tandem.billing.debtor_account.v1", "acc_a",
            "meta { entity_version: 1 } debtor_account { id: 'acc_a' customer_id: 'cus_a' " +
                std::string(c.blocks) + " } debtor_account_updated {}")
            .ok());
    EXPECT_EQ(desk.state.Find<v1::AccountFact>("acc_a")->blocked(), c.blocked) << c.blocks;
  }
}

TEST(OrderConsumer, RefusesWhatIsNoEvent) {
  Desk desk;
  bus::Envelope envelope;
  envelope.set_topic("tandem.inventory.product.v1");
  envelope.set_payload("\xff");
  EXPECT_EQ(OrderConsumers().at(0).apply(envelope, desk.context, desk.state).code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tandem::order
