// What became of quotes: each transition, each refusal, each command twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/opportunity/opportunity_test_desk.h"

namespace tandem::opportunity {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(AcceptQuote, WinsTheOpportunityInTheSameTransaction) {
  Desk desk;
  desk.Bring(v1::QUOTE_STATE_ISSUED);
  v1::Quote accepted = desk.Accept();
  EXPECT_THAT(desk.events, ElementsAre("QuoteAccepted", "OpportunityWon"));
  EXPECT_EQ(accepted.state(), v1::QUOTE_STATE_ACCEPTED);
  EXPECT_EQ(accepted.acceptance_date().day(), 15);
  EXPECT_EQ(desk.Opp().state(), v1::OPPORTUNITY_STATE_WON);
  EXPECT_EQ(desk.Opp().won_quote_id(), "quo_1");
  EXPECT_EQ(desk.Opp().closed_date().day(), 15);
  EXPECT_EQ(desk.Accept().etag(), accepted.etag()) << "twice is once";
  EXPECT_THAT(desk.events, IsEmpty());
  desk.Order();
  desk.Accept();
  EXPECT_EQ(desk.reason, "");
}

TEST(AcceptQuote, TellsEverythingThatAnOrderNeeds) {
  Desk desk;
  desk.Draft({"chai 3 17.50 0.1"},
             "ship_to { name: 'Lager' address { city: 'Berlin' } } customer_id: 'cus_a' "
             "payer_customer_id: 'cus_p' "
             "delivery_policy: DELIVERY_POLICY_COMPLETE customer_reference: 'PO-7' "
             "backorder_policy: BACKORDER_POLICY_NO_BACKORDER freight { tax_class: 'STANDARD' " +
                 Eur("net", "9.90") + "} " + May("requested_date", 30));
  desk.Issue();
  desk.Accept();
  const v1::QuoteAccepted& accepted = desk.QuoteEvent(0).quote_accepted();
  EXPECT_EQ(accepted.quote_id(), "quo_1");
  EXPECT_EQ(accepted.quote_version(), 1);
  EXPECT_EQ(accepted.quote_number(), "Q-1001");
  EXPECT_EQ(accepted.customer_id(), "cus_a");
  EXPECT_EQ(accepted.customer_name(), "Alfreds");
  EXPECT_EQ(accepted.payer_customer_id(), "cus_p");
  EXPECT_EQ(accepted.ship_to().address().city(), "Berlin");
  EXPECT_EQ(accepted.acceptance_date().day(), 15);
  EXPECT_EQ(accepted.price_date().day(), 10);
  EXPECT_EQ(accepted.requested_date().day(), 30);
  EXPECT_EQ(accepted.currency(), "EUR");
  EXPECT_EQ(accepted.delivery_policy(), v1::DELIVERY_POLICY_COMPLETE);
  EXPECT_EQ(accepted.backorder_policy(), v1::BACKORDER_POLICY_NO_BACKORDER);
  EXPECT_EQ(accepted.customer_reference(), "PO-7");
  EXPECT_EQ(Show(accepted.freight().net()), "9.90 EUR");
  EXPECT_EQ(Show(accepted.net_total()), "57.15 EUR");
  ASSERT_EQ(accepted.lines_size(), 1);
  const v1::AcceptedLine& line = accepted.lines(0);
  EXPECT_EQ(line.product_id(), "prd_CHAI");
  EXPECT_EQ(line.sku(), "CHAI");
  EXPECT_EQ(line.quantity().value().value(), "3");
  EXPECT_EQ(Show(line.unit_price()), "17.50 EUR");
  EXPECT_EQ(line.discount().value(), "0.1");
  EXPECT_EQ(Show(line.net()), "47.25 EUR");
}

TEST(AcceptQuote, BindsThePriceAndWantsNoMasterAnyMore) {
  Desk desk;
  desk.Bring(v1::QUOTE_STATE_ISSUED);
  desk.ChangeItem("cat_chai", "state: CATALOGUE_ITEM_STATE_DISCONTINUED list_price { " +
                                  Eur("amount", "99") + "}");
  desk.state.Begin();
  desk.Learned(LearnCustomer(
      Text<v1::CustomerFact>("id: 'cus_a' blocked: true archived: true source_version: 5"),
      desk.state));
  desk.Accept();
  EXPECT_EQ(desk.reason, "") << "the order will hold";
  EXPECT_EQ(Show(desk.QuoteEvent(0).quote_accepted().lines(0).unit_price()), "18.00 EUR");
}

TEST(AcceptQuote, GoesByTheAcceptanceDateAlone) {
  for (int day : {9, 10, 20}) {
    Desk desk;
    desk.Bring(v1::QUOTE_STATE_ISSUED);
    desk.Accept(day);
    EXPECT_EQ(desk.reason, "") << day;
  }
  Desk desk;
  desk.Bring(v1::QUOTE_STATE_ISSUED);
  desk.Accept(21);
  EXPECT_EQ(desk.reason, "QUOTE_EXPIRED");
  EXPECT_EQ(desk.Opp().state(), v1::OPPORTUNITY_STATE_OPEN);
}

TEST(AcceptQuote, RefusesWhatIsNotIssued) {
  const std::vector<std::pair<v1::QuoteState, std::string>> rows = {
      {v1::QUOTE_STATE_DRAFT, "QUOTE_NOT_ISSUED"}, {v1::QUOTE_STATE_DECLINED, "QUOTE_CLOSED"},
      {v1::QUOTE_STATE_EXPIRED, "QUOTE_EXPIRED"},  {v1::QUOTE_STATE_SUPERSEDED, "QUOTE_SUPERSEDED"},
      {v1::QUOTE_STATE_WITHDRAWN, "QUOTE_CLOSED"},
  };
  for (const auto& [from, reason] : rows) {
    Desk desk;
    desk.Bring(from);
    desk.Accept();
    EXPECT_EQ(desk.reason, reason) << v1::QuoteState_Name(from);
    EXPECT_THAT(desk.events, IsEmpty());
  }
  Desk desk;
  desk.Accept();
  EXPECT_EQ(desk.reason, "QUOTE_NOT_FOUND");
  desk.Bring(v1::QUOTE_STATE_ISSUED);
  desk.Do(AcceptQuote, "id: 'quo_1' quote_version: 2 " + May("acceptance_date", 15));
  EXPECT_EQ(desk.reason, "QUOTE_SUPERSEDED") << "another version than the customer has seen";
  desk.Do(AcceptQuote, "id: 'quo_1'");
  EXPECT_EQ(desk.reason, "DATE_INVALID");
}

TEST(AcceptQuote, OfAWonOpportunityIsAnotherOrder) {
  Desk desk;
  desk.Bring(v1::QUOTE_STATE_ISSUED);
  desk.Draft({"tofu 1"}, "opportunity_id: 'opp_1'", "quo_2");
  desk.Issue("quo_2");
  desk.Accept();
  desk.Accept(15, "quo_2");
  EXPECT_THAT(desk.events, ElementsAre("QuoteAccepted"));
  EXPECT_EQ(desk.Opp().won_quote_id(), "quo_1");
}

TEST(DeclineQuote, EndsAnIssuedOne) {
  Desk desk;
  desk.Bring(v1::QUOTE_STATE_ISSUED);
  EXPECT_EQ(desk.Do(DeclineQuote, "id: 'quo_1' reason: 'too dear'").closed_reason(), "too dear");
  EXPECT_THAT(desk.events, ElementsAre("QuoteDeclined"));
  desk.Do(DeclineQuote, "id: 'quo_1'");
  EXPECT_THAT(desk.events, IsEmpty());
  EXPECT_EQ(desk.reason, "");
  const std::vector<std::pair<v1::QuoteState, std::string>> rows = {
      {v1::QUOTE_STATE_DRAFT, "QUOTE_NOT_ISSUED"},  {v1::QUOTE_STATE_ACCEPTED, "QUOTE_CLOSED"},
      {v1::QUOTE_STATE_ORDERED, "QUOTE_CLOSED"},    {v1::QUOTE_STATE_EXPIRED, "QUOTE_CLOSED"},
      {v1::QUOTE_STATE_SUPERSEDED, "QUOTE_CLOSED"}, {v1::QUOTE_STATE_WITHDRAWN, "QUOTE_CLOSED"},
  };
  for (const auto& [from, reason] : rows) {
    Desk other;
    other.Bring(from);
    other.Do(DeclineQuote, "id: 'quo_1'");
    EXPECT_EQ(other.reason, reason) << v1::QuoteState_Name(from);
  }
}

TEST(WithdrawQuote, EndsAnIssuedOneOrADraft) {
  for (v1::QuoteState from : {v1::QUOTE_STATE_DRAFT, v1::QUOTE_STATE_ISSUED}) {
    Desk desk;
    desk.Bring(from);
    desk.Do(WithdrawQuote, "id: 'quo_1' reason: 'wrong price'");
    EXPECT_THAT(desk.events, ElementsAre("QuoteWithdrawn"));
    desk.Do(WithdrawQuote, "id: 'quo_1'");
    EXPECT_THAT(desk.events, IsEmpty());
    EXPECT_EQ(desk.reason, "");
  }
  for (v1::QuoteState from :
       {v1::QUOTE_STATE_ACCEPTED, v1::QUOTE_STATE_ORDERED, v1::QUOTE_STATE_DECLINED,
        v1::QUOTE_STATE_EXPIRED, v1::QUOTE_STATE_SUPERSEDED}) {
    Desk desk;
    desk.Bring(from);
    desk.Do(WithdrawQuote, "id: 'quo_1'");
    EXPECT_EQ(desk.reason, "QUOTE_CLOSED") << v1::QuoteState_Name(from);
  }
}

TEST(ExpireQuotes, EndsWhatWasValidBeforeTheDay) {
  Desk desk;
  desk.Bring(v1::QUOTE_STATE_ISSUED);
  desk.Draft({"chai 1"}, "", "quo_draft");
  EXPECT_THAT(desk.Do(ExpireQuotes, May("as_of", 20)).quote_ids(), IsEmpty())
      << "still valid on its last day";
  v1::ExpireQuotesResponse expired = desk.Do(ExpireQuotes, May("as_of", 21));
  EXPECT_THAT(expired.quote_ids(), ElementsAre("quo_1"));
  EXPECT_FALSE(expired.remaining());
  EXPECT_THAT(desk.events, ElementsAre("QuoteExpired"));
  EXPECT_EQ(desk.QuoteEvent(0).quote_expired().as_of().day(), 21);
  EXPECT_THAT(desk.Do(ExpireQuotes, May("as_of", 21)).quote_ids(), IsEmpty());
}

TEST(ExpireQuotes, EndsAtMostSoManyAtATime) {
  Desk desk;
  for (int i = 0; i <= kExpireMax; ++i) {
    desk.state.Given(Text<v1::Quote>(
        absl::StrCat("id: 'quo_", i, "' state: QUOTE_STATE_ISSUED ", May("valid_until", 20))));
  }
  v1::ExpireQuotesResponse first = desk.Do(ExpireQuotes, May("as_of", 21));
  EXPECT_EQ(first.quote_ids_size(), kExpireMax);
  EXPECT_TRUE(first.remaining());
  v1::ExpireQuotesResponse second = desk.Do(ExpireQuotes, May("as_of", 21));
  EXPECT_EQ(second.quote_ids_size(), 1);
  EXPECT_FALSE(second.remaining());
}

TEST(RecordOrder, TiesTheOrderToTheQuoteAndItsOpportunity) {
  Desk desk;
  desk.Bring(v1::QUOTE_STATE_ACCEPTED);
  v1::Quote ordered = desk.Order();
  EXPECT_THAT(desk.events, ElementsAre("QuoteOrdered", "OpportunityOrderRecorded"));
  EXPECT_EQ(ordered.state(), v1::QUOTE_STATE_ORDERED);
  EXPECT_EQ(ordered.order_number(), "SO-1001");
  EXPECT_EQ(desk.Opp().order_id(), "ord_1");
  desk.Order();
  EXPECT_THAT(desk.events, IsEmpty());
  EXPECT_EQ(desk.reason, "");
  desk.Order("ord_2");
  EXPECT_EQ(desk.reason, "QUOTE_HAS_ORDER");
}

TEST(RecordOrder, RefusesWhatCannotBeTrue) {
  for (v1::QuoteState from :
       {v1::QUOTE_STATE_DRAFT, v1::QUOTE_STATE_ISSUED, v1::QUOTE_STATE_DECLINED,
        v1::QUOTE_STATE_EXPIRED, v1::QUOTE_STATE_SUPERSEDED, v1::QUOTE_STATE_WITHDRAWN}) {
    Desk desk;
    desk.Bring(from);
    desk.Order();
    EXPECT_EQ(desk.reason, "QUOTE_NOT_ACCEPTED") << v1::QuoteState_Name(from);
  }
  Desk desk;
  desk.Order();
  EXPECT_EQ(desk.reason, "QUOTE_NOT_FOUND");
  desk.Bring(v1::QUOTE_STATE_ACCEPTED);
  desk.Do(RecordOrder, "quote_id: 'quo_1' quote_version: 2 order_id: 'ord_1'");
  EXPECT_EQ(desk.reason, "QUOTE_NOT_FOUND");
}

}  // namespace
}  // namespace tandem::opportunity
