// Customers, contacts and dealings through the writer into both databases and back.
#include "services/customer/customer_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/protobuf/util/message_differencer.h"
#include "platform/base/money.h"
#include "platform/store/service_store_fixture.h"
#include "services/customer/customer_decide_dealings.h"
#include "services/customer/customer_test_desk.h"

namespace tandem::customer {
namespace {

using google::protobuf::util::MessageDifferencer;

class CustomerStore : public store::ServiceStoreTest {
 protected:
  CustomerStore() : ServiceStoreTest(CustomerTables(), Migrations(), "/tandem/customer") {
    Start();
  }

  template <class Request, class T>
  T Do(absl::StatusOr<T> (*decide)(const Request&, Context&, State&), const std::string& text) {
    const absl::StatusOr<T> answer = Ask(decide, Text<Request>(text));
    reason_ = answer.ok() ? "" : ReasonOf(answer.status());
    return answer.ok() ? *answer : T();
  }
  void LearnOf(const std::string& text) {
    const auto document = Text<v1::DealingsDocument>(text);
    Learn([&](Context&, State& state) { return LearnDocument(document, state); });
  }
  std::string reason_;
};

TEST_P(CustomerStore, ItsMigrationsMakeWhatItsMessagesNeed) {
  auto connection = store::Connect(*database_);
  const absl::Status status = store::CheckTables(*connection, schema_);
  EXPECT_TRUE(status.ok()) << status;
}

TEST_P(CustomerStore, KeepsEveryFieldOfACustomer) {
  v1::Customer made = Do(CreateCustomer, R"pb(
    customer_id: "cus_a"
    customer {
      customer_number: "ALFKI"
      kind: CUSTOMER_KIND_ORGANISATION
      display_name: "Alfreds"
      legal_name: "Alfreds GmbH"
      language: "de"
      state: CUSTOMER_STATE_CUSTOMER
      order_block { on: true reason: "price talks" }
      addresses {
        address_id: "main"
        purpose: ADDRESS_PURPOSE_SHIP_TO
        address { lines: "Obere Str. 57" lines: "Hof" city: "Berlin" country_code: "DE" }
        name: "Lager"
      }
      tax_ids { country_code: "DE" scheme: "VAT" value: "DE136695976" verified: true }
      exemption {
        number: "X"
        until { year: 2030 month: 1 day: 2 }
      }
      currency: "EUR"
      payment_terms {
        net_days: 30
        discount_days: 10
        discount_rate { value: "0.02" }
      }
      credit_policy {
        kind: CREDIT_POLICY_KIND_LIMITED
        limit { currency_code: "EUR" units: 30000 }
      }
      segments: "food"
      tags: "old"
      tags: "big"
      consents {
        channel: CONSENT_CHANNEL_EMAIL
        purpose: "news"
        given: true
        consent_date { year: 2024 month: 2 day: 29 }
      }
      notes: "pays early"
    })pb");
  v1::Customer read = Read<v1::Customer>("cus_a");
  EXPECT_TRUE(MessageDifferencer::Equals(made, read)) << read.DebugString();
  EXPECT_EQ(read.addresses(0).address().lines_size(), 2);
}

TEST_P(CustomerStore, DeletesACustomerWithItsPeopleAndNotAParent) {
  Do(CreateCustomer, "customer_id: 'cus_a' customer { display_name: 'A' }");
  Do(CreateCustomer,
     "customer_id: 'cus_b' customer { display_name: 'B' parent_customer_id: 'cus_a' }");
  Do(CreateContact, "contact_id: 'con_1' contact { customer_id: 'cus_b' display_name: 'Ada' }");
  Do(DeleteCustomer, "id: 'cus_a'");
  EXPECT_EQ(reason_, "CUSTOMER_HAS_CHILDREN");
  Do(DeleteCustomer, "id: 'cus_b'");
  EXPECT_EQ(reason_, "");
  EXPECT_EQ(Read<v1::Customer>("cus_b").id(), "");
  EXPECT_EQ(Read<v1::Contact>("con_1").id(), "");
  Do(DeleteCustomer, "id: 'cus_a'");
  EXPECT_EQ(reason_, "");
  Do(CreateCustomer, "customer_id: 'cus_b' customer { display_name: 'B' }");
  EXPECT_EQ(reason_, "CUSTOMER_ALREADY_EXISTS");
}

TEST_P(CustomerStore, KnowsWhatIsOverdueAsOfADay) {
  const auto invoice = [](int n, int due_day, int open) {
    return absl::StrCat("id: 'inv_", n, "' customer_id: 'cus_a' kind: DEALINGS_KIND_INVOICE ",
                        "account_id: 'acc_1' due_date { year: 2014 month: 5 day: ", due_day,
                        " } open_amount { currency_code: 'EUR' units: ", open,
                        " } amount { currency_code: 'EUR' units: 10 } source_version: 1");
  };
  LearnOf(invoice(1, 1, 10));
  LearnOf(invoice(2, 5, 7));
  LearnOf(invoice(3, 2, 0));
  v1::CreditStanding standing =
      Text<v1::CreditStanding>("id: 'cus_a' accounts { account_id: 'acc_1' currency: 'EUR' }");
  google::type::Date day = Text<google::type::Date>("year: 2014 month: 5 day: 5");
  ASSERT_TRUE(AddOverdue(*reader_, day, &standing).ok());
  EXPECT_EQ(standing.accounts(0).overdue().units(), 10) << "what is due today is not overdue";
  day.set_day(6);
  ASSERT_TRUE(AddOverdue(*reader_, day, &standing).ok());
  EXPECT_EQ(standing.accounts(0).overdue().units(), 17);
  const v1::DealingsHistory history = Read<v1::DealingsHistory>("cus_a");
  EXPECT_EQ(history.invoices(), 3);
  EXPECT_EQ(history.totals(0).invoiced().units(), 30);
}

INSTANTIATE_TEST_SUITE_P(Drivers, CustomerStore, testing::Values("sqlite", "postgresql"),
                         store::DriverName);

}  // namespace
}  // namespace tandem::customer
