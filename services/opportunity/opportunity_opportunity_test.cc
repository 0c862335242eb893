// Opportunities from opening to the end: each transition, each refusal, each command twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/opportunity/opportunity_test_desk.h"

namespace tandem::opportunity {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CreateOpportunity, OpensAtTheFirstStageWithItsProbability) {
  Desk desk;
  v1::Opportunity opportunity = desk.Open("opp_1", Eur("amount", "5000"));
  EXPECT_THAT(desk.events, ElementsAre("OpportunityCreated"));
  EXPECT_EQ(opportunity.state(), v1::OPPORTUNITY_STATE_OPEN);
  EXPECT_EQ(opportunity.pipeline(), "standard");
  EXPECT_EQ(opportunity.stage(), "qualification");
  EXPECT_EQ(opportunity.probability().value(), "0.1");
  EXPECT_EQ(opportunity.forecast_category(), v1::FORECAST_CATEGORY_PIPELINE);
}

TEST(CreateOpportunity, RefusesWhatIsWrong) {
  struct Row {
    std::string fields, reason, field;
  };
  const std::vector<Row> rows = {
      {"name: 'Tea' customer_id: 'cus_none'", "OPPORTUNITY_CUSTOMER_UNKNOWN",
       "opportunity.customer_id"},
      {"name: 'Tea' customer_id: 'cus_deleted'", "OPPORTUNITY_CUSTOMER_UNKNOWN",
       "opportunity.customer_id"},
      {"name: 'Tea' customer_id: 'cus_old'", "OPPORTUNITY_CUSTOMER_ARCHIVED",
       "opportunity.customer_id"},
      {"name: ' ' customer_id: 'cus_a'", "OPPORTUNITY_NAME_MISSING", "opportunity.name"},
      {"name: 'Tea' customer_id: 'cus_a' pipeline: 'none'", "OPPORTUNITY_PIPELINE_UNKNOWN",
       "opportunity.pipeline"},
      {"name: 'Tea' customer_id: 'cus_a' stage: 'none'", "OPPORTUNITY_STAGE_UNKNOWN",
       "opportunity.stage"},
      {"name: 'Tea' customer_id: 'cus_a' probability { value: '1.5' }",
       "OPPORTUNITY_PROBABILITY_INVALID", "opportunity.probability"},
      {"name: 'Tea' customer_id: 'cus_a' amount { currency_code: 'EUR' units: -1 }",
       "MONEY_OUT_OF_RANGE", "opportunity.amount"},
      {"name: 'Tea' customer_id: 'cus_a' close_date { year: 2014 month: 2 day: 30 }",
       "DATE_INVALID", "opportunity.close_date"},
      {"name: 'Tea' customer_id: 'cus_a' primary_quote_id: 'quo_1'", "OPPORTUNITY_QUOTE_UNKNOWN",
       "opportunity.primary_quote_id"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.fields);
    Desk desk;
    desk.Do(CreateOpportunity, "opportunity { " + row.fields + " }");
    EXPECT_EQ(desk.reason, row.reason);
    EXPECT_EQ(desk.field, row.field);
    EXPECT_THAT(desk.events, IsEmpty());
  }
  Desk desk;
  desk.Open("opp_1");
  desk.Open("opp_1");
  EXPECT_EQ(desk.reason, "OPPORTUNITY_ALREADY_EXISTS");
}

TEST(UpdateOpportunity, ChangesWhatIsNamedWhileItIsOpen) {
  Desk desk;
  desk.Open("opp_1");
  v1::Opportunity now = desk.Do(UpdateOpportunity, "opportunity { id: 'opp_1' owner: 'ada' }");
  EXPECT_EQ(now.owner(), "ada");
  EXPECT_THAT(desk.events, ElementsAre("OpportunityUpdated"));
  desk.Do(UpdateOpportunity, "opportunity { id: 'opp_1' owner: 'ada' }");
  EXPECT_THAT(desk.events, IsEmpty());
  struct Row {
    std::string fields, reason;
  };
  const std::vector<Row> rows = {
      {"customer_id: 'cus_b'", "OPPORTUNITY_FIELD_FIXED"},
      {"pipeline: 'other'", "OPPORTUNITY_FIELD_FIXED"},
      {"stage: 'proposal'", "OPPORTUNITY_FIELD_FIXED"},
      {"primary_quote_id: 'quo_9'", "OPPORTUNITY_QUOTE_UNKNOWN"},
      {"probability { value: '-1' }", "OPPORTUNITY_PROBABILITY_INVALID"},
  };
  for (const Row& row : rows) {
    desk.Do(UpdateOpportunity, "opportunity { id: 'opp_1' " + row.fields + " }");
    EXPECT_EQ(desk.reason, row.reason) << row.fields;
  }
  desk.Do(UpdateOpportunity, "opportunity { id: 'opp_1' owner: 'bob' } etag: '\"1\"'");
  EXPECT_EQ(desk.reason, "ETAG_MISMATCH");
  desk.Do(UpdateOpportunity, "opportunity { id: 'opp_1' name: 'New' } update_mask { paths: '*' }");
  EXPECT_EQ(desk.reason, "");
  EXPECT_EQ(desk.Opp().customer_id(), "cus_a") << "what is fixed stays";
  EXPECT_EQ(desk.Opp().owner(), "");
  desk.Do(LoseOpportunity, "id: 'opp_1' reason: 'price'");
  desk.Do(UpdateOpportunity, "opportunity { id: 'opp_1' owner: 'bob' }");
  EXPECT_EQ(desk.reason, "OPPORTUNITY_CLOSED");
}

TEST(MoveStage, GoesToAnyStageOfItsPipeline) {
  Desk desk;
  desk.Open("opp_1");
  v1::Opportunity now = desk.Do(MoveStage, "id: 'opp_1' stage: 'proposal'");
  EXPECT_EQ(now.stage(), "proposal");
  EXPECT_EQ(now.probability().value(), "0.5");
  EXPECT_THAT(desk.events, ElementsAre("OpportunityStageMoved"));
  EXPECT_EQ(desk.OppEvent(0).opportunity_stage_moved().from_stage(), "qualification");
  desk.Do(MoveStage, "id: 'opp_1' stage: 'proposal'");
  EXPECT_THAT(desk.events, IsEmpty());
  desk.Do(MoveStage, "id: 'opp_1' stage: 'qualification'");
  EXPECT_EQ(desk.reason, "") << "backwards, too";
  desk.Do(MoveStage, "id: 'opp_1' stage: 'none'");
  EXPECT_EQ(desk.reason, "OPPORTUNITY_STAGE_UNKNOWN");
  desk.Do(LoseOpportunity, "id: 'opp_1' reason: 'price'");
  desk.Do(MoveStage, "id: 'opp_1' stage: 'proposal'");
  EXPECT_EQ(desk.reason, "OPPORTUNITY_CLOSED");
}

TEST(WinOpportunity, NeedsEvidence) {
  Desk desk;
  desk.Open("opp_1");
  desk.Open("opp_2");
  desk.Draft({"chai 1"}, "opportunity_id: 'opp_2'");
  desk.Do(WinOpportunity, "id: 'opp_1'");
  EXPECT_EQ(desk.reason, "OPPORTUNITY_NO_EVIDENCE");
  desk.Do(WinOpportunity, "id: 'opp_2' quote_id: 'quo_1'");
  EXPECT_EQ(desk.reason, "OPPORTUNITY_NO_EVIDENCE") << "nobody accepted it";
  desk.Issue();
  desk.Accept();
  desk.Do(WinOpportunity, "id: 'opp_1' quote_id: 'quo_1'");
  EXPECT_EQ(desk.reason, "OPPORTUNITY_NO_EVIDENCE") << "another's quote";
  v1::Opportunity won = desk.Do(WinOpportunity, "id: 'opp_1' order_id: 'ord_1'");
  EXPECT_THAT(desk.events, ElementsAre("OpportunityWon"));
  EXPECT_EQ(won.state(), v1::OPPORTUNITY_STATE_WON);
  EXPECT_EQ(won.order_id(), "ord_1");
  desk.Do(WinOpportunity, "id: 'opp_1' order_id: 'ord_1'");
  EXPECT_THAT(desk.events, IsEmpty());
  EXPECT_EQ(desk.reason, "") << "done before: done";
  desk.Do(WinOpportunity, "id: 'opp_1' order_id: 'ord_2'");
  EXPECT_EQ(desk.reason, "OPPORTUNITY_CLOSED");
  desk.Do(WinOpportunity, "id: 'opp_2' quote_id: 'quo_1'");
  EXPECT_EQ(desk.reason, "") << "the acceptance did it";
}

TEST(WinOpportunity, AfterReopeningByTheQuoteThatWasAccepted) {
  Desk desk;
  desk.Bring(v1::QUOTE_STATE_ORDERED);
  desk.state.Begin();
  desk.Learned(LearnOrder(
      Text<v1::OrderResult>("id: 'ord_1' quote_id: 'quo_1' cancelled: true order_version: 1"),
      desk.state));
  desk.Do(ReopenOpportunity, "id: 'opp_1' reason: 'they want it after all'");
  v1::Opportunity won = desk.Do(WinOpportunity, "id: 'opp_1' quote_id: 'quo_1'");
  EXPECT_EQ(won.won_quote_id(), "quo_1");
  EXPECT_EQ(won.order_id(), "ord_1");
  EXPECT_EQ(won.closed_date().day(), 15) << "the acceptance date";
}

TEST(LoseOpportunity, WithdrawsItsOpenQuotes) {
  Desk desk;
  desk.Bring(v1::QUOTE_STATE_ISSUED);
  desk.Draft({"chai 1"}, "opportunity_id: 'opp_1'", "quo_draft");
  desk.Draft({"chai 1"}, "opportunity_id: 'opp_1'", "quo_declined");
  desk.Issue("quo_declined");
  desk.Do(DeclineQuote, "id: 'quo_declined'");
  desk.Draft({"chai 1"}, "", "quo_other");
  desk.Do(LoseOpportunity, "id: 'opp_1' competitor: 'Exotic' " + May("closed_date", 12));
  EXPECT_EQ(desk.reason, "OPPORTUNITY_REASON_MISSING");
  v1::Opportunity lost =
      desk.Do(LoseOpportunity,
              "id: 'opp_1' reason: 'price' competitor: 'Exotic' " + May("closed_date", 12));
  EXPECT_THAT(desk.events, ElementsAre("OpportunityLost", "QuoteWithdrawn", "QuoteWithdrawn"));
  EXPECT_EQ(lost.state(), v1::OPPORTUNITY_STATE_LOST);
  EXPECT_EQ(lost.competitor(), "Exotic");
  EXPECT_EQ(desk.Quote("quo_1").state(), v1::QUOTE_STATE_WITHDRAWN);
  EXPECT_EQ(desk.Quote("quo_draft").state(), v1::QUOTE_STATE_WITHDRAWN);
  EXPECT_EQ(desk.Quote("quo_declined").state(), v1::QUOTE_STATE_DECLINED);
  EXPECT_EQ(desk.Quote("quo_other").state(), v1::QUOTE_STATE_DRAFT);
  desk.Do(LoseOpportunity, "id: 'opp_1' reason: 'again'");
  EXPECT_THAT(desk.events, IsEmpty());
  EXPECT_EQ(desk.reason, "");
  desk.Do(WinOpportunity, "id: 'opp_1' order_id: 'ord_1'");
  EXPECT_EQ(desk.reason, "OPPORTUNITY_CLOSED");
}

TEST(LoseOpportunity, RefusesAWonOne) {
  Desk desk;
  desk.Bring(v1::QUOTE_STATE_ACCEPTED);
  desk.Do(LoseOpportunity, "id: 'opp_1' reason: 'price'");
  EXPECT_EQ(desk.reason, "OPPORTUNITY_CLOSED");
}

TEST(ReopenOpportunity, OpensALostOne) {
  Desk desk;
  desk.Open("opp_1");
  desk.Do(ReopenOpportunity, "id: 'opp_1' reason: 'r'");
  EXPECT_THAT(desk.events, IsEmpty()) << "it is open";
  desk.Do(LoseOpportunity, "id: 'opp_1' reason: 'price' " + May("closed_date", 12));
  desk.Do(ReopenOpportunity, "id: 'opp_1'");
  EXPECT_EQ(desk.reason, "OPPORTUNITY_REASON_MISSING");
  v1::Opportunity open = desk.Do(ReopenOpportunity, "id: 'opp_1' reason: 'they called'");
  EXPECT_THAT(desk.events, ElementsAre("OpportunityReopened"));
  EXPECT_EQ(open.state(), v1::OPPORTUNITY_STATE_OPEN);
  EXPECT_EQ(open.reopen_reason(), "they called");
  EXPECT_FALSE(open.has_closed_date());
  EXPECT_EQ(open.lost_reason(), "");
}

TEST(ReopenOpportunity, OpensAWonOneOnlyIfItsOrderWasCancelled) {
  struct Row {
    const char* about;
    v1::QuoteState quote;
    std::string order;  // what is known of the order
    std::string reason;
  };
  const std::vector<Row> rows = {
      {"accepted: the order is on its way", v1::QUOTE_STATE_ACCEPTED, "", "OPPORTUNITY_HAS_ORDER"},
      {"ordered, nothing heard of it", v1::QUOTE_STATE_ORDERED, "", "OPPORTUNITY_HAS_ORDER"},
      {"ordered", v1::QUOTE_STATE_ORDERED, "order_version: 1", "OPPORTUNITY_HAS_ORDER"},
      {"cancelled", v1::QUOTE_STATE_ORDERED, "order_version: 2 cancelled: true", ""},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.about);
    Desk desk;
    desk.Bring(row.quote);
    if (!row.order.empty()) {
      desk.state.Begin();
      desk.Learned(LearnOrder(Text<v1::OrderResult>("id: 'ord_1' quote_id: 'quo_1' " + row.order),
                              desk.state));
    }
    desk.Do(ReopenOpportunity, "id: 'opp_1' reason: 'cancelled'");
    EXPECT_EQ(desk.reason, row.reason);
    EXPECT_EQ(desk.Opp().state(),
              row.reason.empty() ? v1::OPPORTUNITY_STATE_OPEN : v1::OPPORTUNITY_STATE_WON);
  }
}

TEST(OpportunityVerbs, RefuseTheUnknown) {
  Desk desk;
  auto expect = [&desk] { EXPECT_EQ(desk.reason, "OPPORTUNITY_NOT_FOUND"); };
  desk.Do(UpdateOpportunity, "opportunity { id: 'opp_1' }"), expect();
  desk.Do(MoveStage, "id: 'opp_1' stage: 'proposal'"), expect();
  desk.Do(WinOpportunity, "id: 'opp_1' order_id: 'ord_1'"), expect();
  desk.Do(LoseOpportunity, "id: 'opp_1' reason: 'r'"), expect();
  desk.Do(ReopenOpportunity, "id: 'opp_1' reason: 'r'"), expect();
}

TEST(Pipelines, HaveStagesWithKeysOfTheirOwn) {
  Desk desk;
  desk.Do(CreatePipeline, "pipeline_id: 'big' pipeline { }");
  EXPECT_EQ(desk.reason, "PIPELINE_STAGES_MISSING");
  desk.Do(CreatePipeline,
          "pipeline_id: 'big' pipeline { stages { stage: 'a' } stages { stage: 'a' } }");
  EXPECT_EQ(desk.reason, "PIPELINE_STAGE_DUPLICATE");
  desk.Do(CreatePipeline,
          "pipeline_id: 'big' pipeline { stages { stage: 'a' probability { value: '2' } } }");
  EXPECT_EQ(desk.reason, "PIPELINE_PROBABILITY_INVALID");
  desk.Do(CreatePipeline, "pipeline_id: 'big' pipeline { stages { stage: 'a' } }");
  EXPECT_THAT(desk.events, ElementsAre("PipelineCreated"));
  desk.Do(CreatePipeline, "pipeline_id: 'big' pipeline { stages { stage: 'a' } }");
  EXPECT_EQ(desk.reason, "PIPELINE_ALREADY_EXISTS");
  EXPECT_EQ(desk.Open("opp_1", "pipeline: 'big'").stage(), "a");
  desk.Do(UpdatePipeline, "pipeline { id: 'big' stages { stage: 'b' } }");
  EXPECT_THAT(desk.events, ElementsAre("PipelineUpdated"));
  EXPECT_EQ(desk.Opp().stage(), "a") << "stays until it is moved";
  desk.Do(UpdatePipeline, "pipeline { id: 'big' stages { stage: 'b' } }");
  EXPECT_THAT(desk.events, IsEmpty());
  desk.Do(UpdatePipeline, "pipeline { id: 'none' }");
  EXPECT_EQ(desk.reason, "PIPELINE_NOT_FOUND");
}

TEST(Activities, AreMadeChangedAndDeleted) {
  Desk desk;
  desk.Open("opp_1");
  const std::string call =
      "activity_id: 'act_1' activity { kind: ACTIVITY_KIND_CALL subject: 'Ring' opportunity_id: "
      "'opp_1' }";
  EXPECT_EQ(desk.Do(CreateActivity, call).customer_id(), "cus_a") << "its opportunity's";
  EXPECT_THAT(desk.events, ElementsAre("ActivityCreated"));
  desk.Do(CreateActivity, call);
  EXPECT_EQ(desk.reason, "ACTIVITY_ALREADY_EXISTS");
  desk.Do(CreateActivity, "activity { subject: 'Ring' opportunity_id: 'opp_9' }");
  EXPECT_EQ(desk.reason, "ACTIVITY_OPPORTUNITY_UNKNOWN");
  desk.Do(CreateActivity, "activity { subject: ' ' }");
  EXPECT_EQ(desk.reason, "ACTIVITY_SUBJECT_MISSING");
  EXPECT_TRUE(desk.Do(UpdateActivity, "activity { id: 'act_1' done: true }").done());
  EXPECT_THAT(desk.events, ElementsAre("ActivityUpdated"));
  desk.Do(UpdateActivity, "activity { id: 'act_1' done: true }");
  EXPECT_THAT(desk.events, IsEmpty());
  desk.Do(UpdateActivity, "activity { id: 'act_9' done: true }");
  EXPECT_EQ(desk.reason, "ACTIVITY_NOT_FOUND");
  desk.Do(DeleteActivity, "id: 'act_1'");
  EXPECT_THAT(desk.events, ElementsAre("ActivityDeleted"));
  desk.Do(DeleteActivity, "id: 'act_1'");
  EXPECT_THAT(desk.events, IsEmpty());
  EXPECT_EQ(desk.reason, "");
  desk.Do(CreateActivity, call);
  EXPECT_EQ(desk.reason, "ACTIVITY_ALREADY_EXISTS") << "an id never comes back";
  desk.Do(DeleteActivity, "id: 'act_9'");
  EXPECT_EQ(desk.reason, "ACTIVITY_NOT_FOUND");
}

}  // namespace
}  // namespace tandem::opportunity
