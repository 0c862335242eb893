// Opportunities, quotes and the catalogue through the writer into both databases and back.
#include "services/opportunity/opportunity_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/protobuf/util/message_differencer.h"
#include "platform/base/clock.h"
#include "platform/base/money.h"
#include "platform/store/drivers_fixture.h"
#include "platform/store/reader.h"
#include "platform/store/writer.h"
#include "services/opportunity/opportunity_test_desk.h"

namespace tandem::opportunity {
namespace {

using google::protobuf::util::MessageDifferencer;

class OpportunityStore : public store::DriversTest {
 protected:
  OpportunityStore() : schema_(OpportunityTables()) {
    for (const auto* scripts : {&store::PlatformMigrations(), &Migrations()}) {
      const absl::Status status = store::Migrate(*database_, *scripts);
      TANDEM_CHECK(status.ok(), status.ToString());
    }
    TANDEM_CHECK(store::InitialiseJournal(*database_).ok(), "the journal");
    store::WriterOptions options;
    options.source = "/tandem/opportunity";
    auto writer = store::Writer::Start(*database_, schema_, clock_, options);
    TANDEM_CHECK(writer.ok(), writer.status().ToString());
    writer_ = *std::move(writer);
    reader_ = store::Reader::Open(*database_, schema_);
  }

  absl::StatusOr<std::string> Run(
      std::function<absl::StatusOr<std::string>(Context&, State&)> decide) {
    store::Command command;
    command.method = "test";
    command.decide = std::move(decide);
    return writer_->Call(std::move(command));
  }
  template <class Request, class T>
  T Do(absl::StatusOr<T> (*decide)(const Request&, Context&, State&), const std::string& text) {
    const Request request = Text<Request>(text);
    absl::StatusOr<std::string> answer =
        Run([&](Context& context, State& state) -> absl::StatusOr<std::string> {
          absl::StatusOr<T> decided = decide(request, context, state);
          if (!decided.ok()) return decided.status();
          return decided->SerializeAsString();
        });
    reason_ = answer.ok() ? "" : ReasonOf(answer.status());
    T out;
    if (answer.ok()) out.ParseFromString(*answer);
    return out;
  }
  // What most tests begin with: a customer, an item, an issued quote of an opportunity.
  void Begin() {
    auto learned = Run([](Context&, State& state) -> absl::StatusOr<std::string> {
      absl::Status status = LearnCustomer(
          Text<v1::CustomerFact>("id: 'cus_a' display_name: 'Alfreds' source_version: 1"), state);
      if (!status.ok()) return status;
      return std::string();
    });
    ASSERT_TRUE(learned.ok()) << learned.status();
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
  template <class T>
  T Read(const std::string& id) {
    auto row = reader_->GetOne<T>(id);
    TANDEM_CHECK(row.ok(), row.status().ToString());
    return *row == nullptr ? T() : **row;
  }

  SystemClock clock_;
  store::Schema schema_;
  std::unique_ptr<store::Writer> writer_;
  std::unique_ptr<store::Reader> reader_;
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
  auto learned = Run([](Context&, State& state) -> absl::StatusOr<std::string> {
    absl::Status status = LearnOrder(
        Text<v1::OrderResult>("id: 'ord_1' quote_id: 'quo_1' order_version: 1 total { currency: "
                              "'EUR' booked { currency_code: 'EUR' units: 54 } }"),
        state);
    if (!status.ok()) return status;
    return std::string();
  });
  ASSERT_TRUE(learned.ok()) << learned.status();
  EXPECT_EQ(Read<v1::OpportunityResults>("opp_1").totals(0).booked().units(), 54);
  Do(ReopenOpportunity, "id: 'opp_1' reason: 'again'");
  EXPECT_EQ(reason_, "OPPORTUNITY_HAS_ORDER");
  learned = Run([](Context&, State& state) -> absl::StatusOr<std::string> {
    absl::Status status =
        LearnOrder(Text<v1::OrderResult>("id: 'ord_1' cancelled: true order_version: 2"), state);
    if (!status.ok()) return status;
    return std::string();
  });
  ASSERT_TRUE(learned.ok()) << learned.status();
  Do(ReopenOpportunity, "id: 'opp_1' reason: 'again'");
  EXPECT_EQ(reason_, "");
}

INSTANTIATE_TEST_SUITE_P(Drivers, OpportunityStore, testing::Values("sqlite", "postgresql"),
                         store::DriverName);

}  // namespace
}  // namespace tandem::opportunity
