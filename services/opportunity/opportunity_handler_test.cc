// The service over gRPC, as a process hosts it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/opportunity/opportunity_service.h"
#include "services/opportunity/opportunity_test_desk.h"
#include "tandem/opportunity/v1/opportunity_service.grpc.pb.h"
#include "tests/support/service_over_grpc.h"

namespace tandem::opportunity {
namespace {

constexpr char kCustomer[] = "cus_01hzzzzzzzzzzzzzzzzzzzzzz1";
constexpr char kItem[] = "cat_01hzzzzzzzzzzzzzzzzzzzzzz1";
constexpr char kProduct[] = "prd_01hzzzzzzzzzzzzzzzzzzzzzz1";
constexpr char kOpportunity[] = "opp_01hzzzzzzzzzzzzzzzzzzzzzz1";
constexpr char kQuote[] = "quo_01hzzzzzzzzzzzzzzzzzzzzzz1";
constexpr char kOrder[] = "ord_01hzzzzzzzzzzzzzzzzzzzzzz1";

class OpportunityOverGrpc : public test::ServiceOverGrpc<v1::OpportunityService> {
 protected:
  OpportunityOverGrpc() : ServiceOverGrpc(DeclareOpportunity) {
    Learn([](Context&, State& state) {
      return LearnCustomer(Text<v1::CustomerFact>(absl::StrCat(
                               "id: '", kCustomer, "' display_name: 'Alfreds' source_version: 1")),
                           state);
    });
  }
};

TEST_F(OpportunityOverGrpc, GoesFromTheCatalogueToTheOrder) {
  v1::BatchCreateCatalogueItemsResponse items =
      Call(&Stub::BatchCreateCatalogueItems,
           absl::StrCat("requests { catalogue_item_id: '", kItem, "' catalogue_item { sku: 'CHAI' ",
                        "product_id: '", kProduct, "' base_unit: 'C62' names { key: 'en' value: ",
                        "'Chai' } list_price { ", Eur("amount", "18"), "} } }"));
  ASSERT_EQ(items.results_size(), 1);
  EXPECT_EQ(items.results(0).status().code(), 0);
  Call(&Stub::CreateOpportunity,
       absl::StrCat("opportunity_id: '", kOpportunity, "' opportunity { name: 'Tea' customer_id: '",
                    kCustomer, "' }"));
  EXPECT_EQ(reason_, "");
  Call(&Stub::CreateQuote,
       absl::StrCat("quote_id: '", kQuote, "' quote { opportunity_id: '", kOpportunity, "' ",
                    May("quote_date", 10), "lines { catalogue_item_id: '", kItem,
                    "' quantity { value { value: '3' } unit: 'C62' } } }"));
  EXPECT_EQ(reason_, "");
  const std::string id = absl::StrCat("id: '", kQuote, "' ");
  EXPECT_EQ(Show(Call(&Stub::IssueQuote, id + May("valid_until", 20)).net_total()), "54.00 EUR");
  EXPECT_EQ(Call(&Stub::AcceptQuote, id + May("acceptance_date", 15)).state(),
            v1::QUOTE_STATE_ACCEPTED);
  v1::BatchRecordOrdersResponse recorded =
      Call(&Stub::BatchRecordOrders,
           absl::StrCat("requests { quote_id: '", kQuote, "' quote_version: 1 order_id: '", kOrder,
                        "' order_number: 'SO-1001' }"));
  ASSERT_EQ(recorded.results_size(), 1);
  EXPECT_EQ(recorded.results(0).quote().order_id(), kOrder);
  v1::Opportunity won = Call(&Stub::GetOpportunity, absl::StrCat("id: '", kOpportunity, "'"));
  EXPECT_EQ(won.state(), v1::OPPORTUNITY_STATE_WON);
  EXPECT_EQ(won.order_id(), kOrder);
  EXPECT_EQ(
      Call(&Stub::ListQuotes, "filter: 'quote_number = \"Q-1001\" AND state = QUOTE_STATE_ORDERED'")
          .quotes_size(),
      1);
  EXPECT_EQ(Call(&Stub::GetOpportunityResults, absl::StrCat("id: '", kOpportunity, "'")).orders(),
            1);
  EXPECT_EQ(Call(&Stub::ListOrderResults,
                 absl::StrCat("filter: 'opportunity_id = \"", kOpportunity, "\"'"))
                .order_results_size(),
            1);
  EXPECT_EQ(Call(&Stub::ListCustomerFacts, "").customer_facts_size(), 1);
  EXPECT_EQ(Call(&Stub::ListOpportunityResults, "").opportunity_results_size(), 1);
}

TEST_F(OpportunityOverGrpc, RefusesTheMalformed) {
  Call(&Stub::CreateQuote, absl::StrCat("quote { customer_id: '", kCustomer, "' }"));
  EXPECT_EQ(reason_, "REQUIRED_FIELD_MISSING") << "the day of the offer";
  Call(&Stub::CreateCatalogueItem, "catalogue_item { sku: 'X' base_unit: 'C62' product_id: 'x' }");
  EXPECT_EQ(reason_, "ID_MALFORMED");
  Call(&Stub::CreatePipeline, "pipeline_id: 'Not A Word' pipeline { stages { stage: 'a' } }");
  EXPECT_EQ(reason_, "TEXT_PATTERN_MISMATCH");
  Call(&Stub::GetQuote, absl::StrCat("id: '", kQuote, "'"));
  EXPECT_EQ(reason_, "QUOTE_NOT_FOUND");
}

TEST_F(OpportunityOverGrpc, ChecksWithoutChangingWhenAsked) {
  Call(&Stub::CreateOpportunity,
       absl::StrCat("opportunity_id: '", kOpportunity, "' validate_only: true opportunity { name: ",
                    "'Tea' customer_id: '", kCustomer, "' }"));
  EXPECT_EQ(reason_, "");
  Call(&Stub::GetOpportunity, absl::StrCat("id: '", kOpportunity, "'"));
  EXPECT_EQ(reason_, "OPPORTUNITY_NOT_FOUND");
}

}  // namespace
}  // namespace tandem::opportunity
