// Opportunities, quotes and the catalogue through the writer into both databases and back.
#include "services/opportunity/opportunity_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/protobuf/util/message_differencer.h"
#include "platform/base/money.h"
#include "platform/store/service_store_fixture.h"
#include "services/opportunity/opportunity_test_desk.h"

namespace tandem::opportunity {
namespace {

using google::protobuf::util::MessageDifferencer;

class OpportunityStore : public store::ServiceStoreTest {
 protected:
  OpportunityStore() : ServiceStoreTest(OpportunityTables(), Migrations(), "/tandem/opportunity") {
    Start();
  }

  template <class Request, class T>
  T Do(absl::StatusOr<T> (*decide)(const Request&, Context&, State&), const std::string& text) {
    const absl::StatusOr<T> answer = Ask(decide, Text<Request>(text));
    reason_ = answer.ok() ? "" : ReasonOf(answer.status());
    return answer.ok() ? *answer : T();
  }
  // What most tests begin with: a customer, an item, an issued quote of an opportunity.
  void Begin() {
    Learn([](Context&, State& state) {
      return LearnCustomer(
          Text<v1::CustomerFact>("id: 'cus_a' display_name: 'Alfreds' source_version: 1"), state);
    });
    Do(CreateCatalogueItem, R"pb(
      catalogue_item_id: "cat_chai"
      catalogue_item {
        sku: "CHAI"
        product_id: "prd_chai"
        base_unit: "C62"
        names { key: "en" value: "Chai" }
        names { key: "de" value: "Tee" }
        units { unit: "BX" numerator: 12 denominator: 1 }
        weight {
          value { value: "0.5" }
          unit: "KGM"
        }
        order_multiple { value: "6" }
        list_price { amount { currency_code: "EUR" units: 18 } }
        attributes { key: "colour" value: "green" }
        offered {
          on: true
          from { year: 2014 month: 1 day: 1 }
        }
        sales_texts { key: "en" value: "Warm" }
        pictures { uri: "https://example.com/chai.png" caption: "Chai" }
        related_item_ids: "cat_other"
      })pb");
    Do(CreateOpportunity,
       "opportunity_id: 'opp_1' opportunity { name: 'Tea' customer_id: 'cus_a' tags: 'tea' }");
    EXPECT_EQ(reason_, "");
    Issue("quo_1", 20);
  }
  void Issue(const std::string& id, int valid_until) {
    Do(CreateQuote, absl::StrCat("quote_id: '", id, "' quote { opportunity_id: 'opp_1' ",
                                 May("quote_date", 10), "ship_to { address { lines: 'x' city: ",
                                 "'Berlin' } } ", Desk::Line("chai 3"), "}"));
    EXPECT_EQ(reason_, "");
    Do(IssueQuote, absl::StrCat("id: '", id, "' ", May("valid_until", valid_until)));
    EXPECT_EQ(reason_, "");
  }
  std::string reason_;
};

TEST_P(OpportunityStore, ItsMigrationsMakeWhatItsMessagesNeed) {
  auto connection = store::Connect(*database_);
  const absl::Status status = store::CheckTables(*connection, schema_);
  EXPECT_TRUE(status.ok()) << status;
}

TEST_P(OpportunityStore, ReadsWhatItWrote) {
  Begin();
  v1::Quote quote = Do(AcceptQuote, "id: 'quo_1' " + May("acceptance_date", 15));
  EXPECT_EQ(quote.display_number(), "Q-1001/1");
  EXPECT_TRUE(MessageDifferencer::Equals(quote, Read<v1::Quote>("quo_1")));
  EXPECT_EQ(quote.ship_to().address().city(), "Berlin");
  v1::CatalogueItem item =
      Do(UpdateCatalogueItem, "catalogue_item { id: 'cat_chai' category: 'Beverages' }");
  EXPECT_TRUE(MessageDifferencer::Equals(item, Read<v1::CatalogueItem>("cat_chai")));
  EXPECT_EQ(item.names().size(), 2);
  const v1::Opportunity opportunity = Read<v1::Opportunity>("opp_1");
  EXPECT_EQ(opportunity.state(), v1::OPPORTUNITY_STATE_WON);
  EXPECT_EQ(opportunity.stage(), "qualification") << "of the pipeline that is there at first";
  EXPECT_EQ(Read<v1::Pipeline>("standard").stages_size(), 4);
}

TEST_P(OpportunityStore, ExpiresTheOldestOffersOnly) {
  Begin();
  Issue("quo_2", 25);
  v1::ExpireQuotesResponse expired = Do(ExpireQuotes, May("as_of", 21));
  EXPECT_THAT(expired.quote_ids(), testing::ElementsAre("quo_1"));
  EXPECT_THAT(Do(ExpireQuotes, May("as_of", 21)).quote_ids(), testing::IsEmpty());
  EXPECT_THAT(Do(ExpireQuotes, "as_of { year: 9999 month: 12 day: 31 }").quote_ids(),
              testing::ElementsAre("quo_2"));
}

TEST_P(OpportunityStore, LosesAnOpportunityWithItsQuotesAndRefusesNewOnes) {
  Begin();
  Do(LoseOpportunity, "id: 'opp_1' reason: 'price'");
  EXPECT_EQ(Read<v1::Quote>("quo_1").state(), v1::QUOTE_STATE_WITHDRAWN);
  Do(CreateQuote, "quote { opportunity_id: 'opp_1' " + May("quote_date", 10) + "}");
  EXPECT_EQ(reason_, "OPPORTUNITY_CLOSED");
}

TEST_P(OpportunityStore, TiesAnOrderAndReopensWhenItWasCancelled) {
  Begin();
  Do(AcceptQuote, "id: 'quo_1' " + May("acceptance_date", 15));
  Do(RecordOrder, "quote_id: 'quo_1' order_id: 'ord_1' order_number: 'SO-1001'");
  EXPECT_EQ(reason_, "");
  Learn([](Context&, State& state) {
    return LearnOrder(
        Text<v1::OrderResult>("id: 'ord_1' quote_id: 'quo_1' order_version: 1 total { currency: "
                              "'EUR' booked { currency_code: 'EUR' units: 54 } }"),
        state);
  });
  EXPECT_EQ(Read<v1::OpportunityResults>("opp_1").totals(0).booked().units(), 54);
  Do(ReopenOpportunity, "id: 'opp_1' reason: 'again'");
  EXPECT_EQ(reason_, "OPPORTUNITY_HAS_ORDER");
  Learn([](Context&, State& state) {
    return LearnOrder(Text<v1::OrderResult>("id: 'ord_1' cancelled: true order_version: 2"), state);
  });
  Do(ReopenOpportunity, "id: 'opp_1' reason: 'again'");
  EXPECT_EQ(reason_, "");
}

INSTANTIATE_TEST_SUITE_P(Drivers, OpportunityStore, testing::Values("sqlite", "postgresql"),
                         store::DriverName);

}  // namespace
}  // namespace tandem::opportunity
