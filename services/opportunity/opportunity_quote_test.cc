// Writing, issuing and revising quotes: prices from the catalogue, each refusal, each command
// twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/opportunity/opportunity_test_desk.h"

namespace tandem::opportunity {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CreateQuote, BeginsADraftWithEstimates) {
  Desk desk;
  desk.Open("opp_1");
  v1::Quote quote = desk.Draft({"chai 3", "tofu 2 3 0.1"}, "opportunity_id: 'opp_1'");
  EXPECT_THAT(desk.events, ElementsAre("QuoteCreated", "OpportunityUpdated"));
  EXPECT_EQ(quote.state(), v1::QUOTE_STATE_DRAFT);
  EXPECT_EQ(quote.display_number(), "Q-1001/1");
  EXPECT_EQ(quote.quote_version(), 1);
  EXPECT_EQ(quote.customer_id(), "cus_a") << "the opportunity's";
  EXPECT_EQ(quote.customer_name(), "Alfreds");
  EXPECT_EQ(quote.currency(), "EUR");
  EXPECT_EQ(desk.Opp().primary_quote_id(), "quo_1");
  const v1::QuoteLine& chai = quote.lines(0);
  EXPECT_EQ(chai.line_number(), 1);
  EXPECT_EQ(chai.sku(), "CHAI");
  EXPECT_EQ(chai.product_id(), "prd_CHAI");
  EXPECT_EQ(chai.description(), "Das CHAI") << "in the customer's language";
  EXPECT_EQ(Show(chai.net()), "54.00 EUR");
  EXPECT_FALSE(chai.has_unit_price()) << "nothing is frozen yet";
  EXPECT_EQ(Show(quote.lines(1).net()), "5.40 EUR");
  EXPECT_EQ(quote.lines(1).price_source(), v1::PRICE_SOURCE_GIVEN);
  EXPECT_EQ(Show(quote.net_total()), "59.40 EUR");
  EXPECT_EQ(desk.Draft({}, "", "quo_2").display_number(), "Q-1002/1");
}

TEST(CreateQuote, RefusesWhatIsWrong) {
  struct Row {
    std::string fields, reason, field;
  };
  const std::vector<Row> rows = {
      {"customer_id: 'cus_none'", "QUOTE_CUSTOMER_UNKNOWN", "quote.customer_id"},
      {"customer_id: 'cus_deleted'", "QUOTE_CUSTOMER_UNKNOWN", "quote.customer_id"},
      {"customer_id: 'cus_old'", "QUOTE_CUSTOMER_ARCHIVED", "quote.customer_id"},
      {"customer_id: 'cus_old' opportunity_id: 'opp_1'", "QUOTE_CUSTOMER_MISMATCH",
       "quote.customer_id"},
      {"opportunity_id: 'opp_none'", "OPPORTUNITY_NOT_FOUND", "id"},
      {"opportunity_id: 'opp_lost'", "OPPORTUNITY_CLOSED", ""},
      {Desk::Line("none 1"), "QUOTE_PRODUCT_NOT_OFFERED", "quote.lines[0].catalogue_item_id"},
      {Desk::Line("gone 1"), "QUOTE_PRODUCT_NOT_OFFERED", "quote.lines[0].catalogue_item_id"},
      {Desk::Line("off 1"), "QUOTE_PRODUCT_NOT_OFFERED", "quote.lines[0].catalogue_item_id"},
      {Desk::Line("soon 1"), "QUOTE_PRODUCT_NOT_OFFERED", "quote.lines[0].catalogue_item_id"},
      {Desk::Line("past 1"), "QUOTE_PRODUCT_NOT_OFFERED", "quote.lines[0].catalogue_item_id"},
      {"lines { catalogue_item_id: 'cat_chai' quantity { value { value: '1' } unit: 'KGM' } }",
       "QUOTE_UNIT_NOT_CONVERTIBLE", "quote.lines[0].quantity"},
      {"lines { catalogue_item_id: 'cat_chai' quantity { value { value: '0' } unit: 'C62' } }",
       "QUANTITY_NOT_POSITIVE", "quote.lines[0].quantity"},
      {"currency: 'USD' " + Desk::Line("chai 1 5"), "QUOTE_CURRENCY_MISMATCH",
       "quote.lines[0].unit_price"},
      {Desk::Line("chai 1 -5"), "QUOTE_PRICE_INVALID", "quote.lines[0].unit_price"},
      {Desk::Line("chai 1 5 1.5"), "DECIMAL_OUT_OF_RANGE", "quote.lines[0].discount"},
      {"lines { line_number: 1 catalogue_item_id: 'cat_chai' } lines { line_number: 1 }",
       "QUOTE_LINE_NUMBER_DUPLICATE", "quote.lines[1].line_number"},
      {"freight { " + Eur("net", "1.005") + "}", "QUOTE_PRICE_INVALID", "quote.freight.net"},
      {"requested_date { year: 2014 month: 13 day: 1 }", "DATE_INVALID", "quote.requested_date"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.fields);
    Desk desk;
    desk.Item("cat_gone", "GONE", "1", "state: CATALOGUE_ITEM_STATE_DISCONTINUED");
    desk.Item("cat_off", "OFF", "1", "offered { on: false }");
    desk.Item("cat_soon", "SOON", "1", "offered { on: true " + May("from", 11) + "}");
    desk.Item("cat_past", "PAST", "1", "offered { on: true " + May("to", 9) + "}");
    desk.Open("opp_1");
    desk.Open("opp_lost");
    desk.Do(LoseOpportunity, "id: 'opp_lost' reason: 'price'");
    desk.Draft({}, row.fields);
    EXPECT_EQ(desk.reason, row.reason);
    EXPECT_EQ(desk.field, row.field);
    EXPECT_THAT(desk.events, IsEmpty());
  }
  Desk desk;
  desk.Draft({});
  desk.Draft({});
  EXPECT_EQ(desk.reason, "QUOTE_ALREADY_EXISTS");
}

TEST(CreateQuote, AcceptsTheFirstAndTheLastDayOfAnOffer) {
  Desk desk;
  desk.Item("cat_day", "DAY", "1", "offered { on: true " + May("from", 10) + May("to", 10) + "}");
  desk.Draft({"day 1"});
  EXPECT_EQ(desk.reason, "");
}

TEST(UpdateQuote, ReplacesItsLinesAndPricesThemAnew) {
  Desk desk;
  desk.Draft({"chai 3"});
  v1::Quote now = desk.Do(
      UpdateQuote, "quote { id: 'quo_1' " + Desk::Line("tofu 3") + Desk::Line("chai 1 20") + "}");
  EXPECT_THAT(desk.events, ElementsAre("QuoteUpdated"));
  ASSERT_EQ(now.lines_size(), 2);
  EXPECT_EQ(Show(now.lines(0).net()), "10.01 EUR") << "3 × 3.335, rounded once";
  EXPECT_EQ(Show(now.net_total()), "30.01 EUR");
  desk.Do(UpdateQuote, "quote { id: 'quo_1' notes: 'hurry' }");
  EXPECT_EQ(desk.Quote().lines_size(), 2);
  desk.Do(UpdateQuote, "quote { id: 'quo_1' notes: 'hurry' }");
  EXPECT_THAT(desk.events, IsEmpty());
}

TEST(UpdateQuote, RefusesWhatIsWrong) {
  Desk desk;
  desk.Open("opp_1");
  desk.Draft({"chai 3"});
  desk.Do(UpdateQuote, "quote { id: 'quo_1' customer_id: 'cus_b' }");
  EXPECT_EQ(desk.reason, "QUOTE_FIELD_FIXED");
  desk.Do(UpdateQuote, "quote { id: 'quo_1' opportunity_id: 'opp_1' }");
  EXPECT_EQ(desk.reason, "QUOTE_FIELD_FIXED");
  desk.Do(UpdateQuote, "quote { id: 'quo_1' } update_mask { paths: 'quote_date' }");
  EXPECT_EQ(desk.reason, "DATE_INVALID");
  desk.Do(UpdateQuote, "quote { id: 'quo_1' " + Desk::Line("none 1") + "}");
  EXPECT_EQ(desk.reason, "QUOTE_PRODUCT_NOT_OFFERED");
  desk.Do(UpdateQuote, "quote { id: 'quo_1' notes: 'n' } etag: '\"9\"'");
  EXPECT_EQ(desk.reason, "ETAG_MISMATCH");
  desk.Do(UpdateQuote, "quote { id: 'quo_9' }");
  EXPECT_EQ(desk.reason, "QUOTE_NOT_FOUND");
  desk.Issue();
  desk.Do(UpdateQuote, "quote { id: 'quo_1' notes: 'n' }");
  EXPECT_EQ(desk.reason, "QUOTE_NOT_DRAFT");
}

TEST(IssueQuote, FreezesPricesTextsAndTaxClasses) {
  Desk desk;
  desk.Draft({"chai 3", "tofu 2 3"});
  desk.ChangeItem("cat_chai", "list_price { " + Eur("amount", "20") + "} tax_class: 'REDUCED'");
  v1::Quote quote = desk.Issue();
  EXPECT_THAT(desk.events, ElementsAre("QuoteIssued"));
  EXPECT_EQ(quote.state(), v1::QUOTE_STATE_ISSUED);
  EXPECT_EQ(Show(quote.lines(0).unit_price()), "20.00 EUR") << "as the catalogue has it now";
  EXPECT_EQ(quote.lines(0).price_source(), v1::PRICE_SOURCE_LIST_PRICE);
  EXPECT_EQ(quote.lines(0).price_per().unit(), "C62");
  EXPECT_EQ(quote.lines(0).tax_class(), "REDUCED");
  EXPECT_EQ(Show(quote.lines(1).unit_price()), "3.00 EUR");
  EXPECT_EQ(Show(quote.net_total()), "66.00 EUR");
  desk.ChangeItem("cat_chai", "list_price { " + Eur("amount", "99") + "}");
  EXPECT_EQ(Show(desk.Issue().lines(0).unit_price()), "20.00 EUR") << "issued before: as it is";
  EXPECT_THAT(desk.events, IsEmpty());
}

TEST(IssueQuote, PricesBoxesByThePiece) {
  Desk desk;
  desk.ChangeItem("cat_chai", "list_price { " + Eur("amount", "100") +
                                  "per { value { value: '2' } unit: 'BX' } }");
  desk.Draft({"chai 6"});
  v1::Quote quote = desk.Issue();
  EXPECT_EQ(Show(quote.lines(0).net()), "25.00 EUR") << "6 of 24 pieces at 100";
  EXPECT_EQ(quote.lines(0).price_per().unit(), "BX");
}

TEST(IssueQuote, RefusesWhatIsWrong) {
  Desk desk;
  desk.Item("cat_new", "NEW", "5");
  desk.ChangeItem("cat_new", "names { key: 'en' value: 'New' }");
  desk.Do(UpdateCatalogueItem,
          "catalogue_item { id: 'cat_new' } update_mask { paths: 'product_id' }");
  auto issue = [&desk](const std::string& more) {
    desk.Do(IssueQuote, "id: 'quo_1' " + more);
    return desk.reason;
  };
  EXPECT_EQ(issue(May("valid_until", 20)), "QUOTE_NOT_FOUND");
  desk.Draft({});
  EXPECT_EQ(issue(May("valid_until", 20)), "QUOTE_NO_LINES");
  desk.Do(UpdateQuote, "quote { id: 'quo_1' " + Desk::Line("free 1") + "}");
  EXPECT_EQ(issue(May("valid_until", 20)), "QUOTE_PRICE_MISSING");
  EXPECT_EQ(desk.field, "quote.lines[0].unit_price");
  EXPECT_EQ(issue(""), "QUOTE_VALIDITY_INVALID");
  EXPECT_EQ(issue(May("valid_until", 9)), "QUOTE_VALIDITY_INVALID");
  desk.Do(UpdateQuote, "quote { id: 'quo_1' " + Desk::Line("new 1") + "}");
  EXPECT_EQ(issue(May("valid_until", 20)), "QUOTE_PRODUCT_NOT_LINKED");
  desk.Do(UpdateQuote, "quote { id: 'quo_1' currency: 'USD' " + Desk::Line("chai 1") +
                           "} update_mask { paths: 'currency' paths: 'lines' }");
  EXPECT_EQ(desk.reason, "");
  EXPECT_EQ(issue(May("valid_until", 20)), "QUOTE_PRICE_MISSING") << "not in that currency";
  desk.Do(UpdateQuote, "quote { id: 'quo_1' currency: 'EUR' }");
  desk.ChangeItem("cat_chai", "state: CATALOGUE_ITEM_STATE_ARCHIVED");
  EXPECT_EQ(issue(May("valid_until", 20)), "QUOTE_PRODUCT_NOT_OFFERED");
  desk.ChangeItem("cat_chai", "state: CATALOGUE_ITEM_STATE_ACTIVE");
  EXPECT_EQ(issue(May("valid_until", 10)), "") << "for one day";
  desk.Do(WithdrawQuote, "id: 'quo_1'");
  EXPECT_EQ(issue(May("valid_until", 20)), "QUOTE_NOT_DRAFT");
}

TEST(IssueQuote, RefusesOneOfAClosedOpportunity) {
  Desk desk;
  desk.Open("opp_1");
  desk.Draft({"chai 1"}, "opportunity_id: 'opp_1'");
  desk.Do(WinOpportunity, "id: 'opp_1' order_id: 'ord_9'");
  desk.Issue();
  EXPECT_EQ(desk.reason, "OPPORTUNITY_CLOSED");
}

TEST(ReviseQuote, PutsANewDraftInItsPlace) {
  Desk desk;
  desk.Open("opp_1");
  desk.Draft({"chai 3", "tofu 1 3"}, "opportunity_id: 'opp_1'");
  desk.Issue();
  desk.ChangeItem("cat_chai", "list_price { " + Eur("amount", "20") + "}");
  v1::Quote next = desk.Do(ReviseQuote, "id: 'quo_1' new_quote_id: 'quo_2'");
  EXPECT_THAT(desk.events, ElementsAre("QuoteSuperseded", "QuoteCreated", "OpportunityUpdated"));
  EXPECT_EQ(next.id(), "quo_2");
  EXPECT_EQ(next.display_number(), "Q-1001/2");
  EXPECT_EQ(next.state(), v1::QUOTE_STATE_DRAFT);
  EXPECT_EQ(next.supersedes(), "quo_1");
  EXPECT_FALSE(next.lines(0).has_unit_price()) << "the list price is taken anew";
  EXPECT_EQ(Show(next.lines(0).net()), "60.00 EUR");
  EXPECT_EQ(Show(next.lines(1).unit_price()), "3.00 EUR") << "what was given stands";
  EXPECT_FALSE(next.has_valid_until());
  EXPECT_EQ(desk.Quote("quo_1").state(), v1::QUOTE_STATE_SUPERSEDED);
  EXPECT_EQ(Show(desk.Quote("quo_1").lines(0).unit_price()), "18.00 EUR") << "evidence";
  EXPECT_EQ(desk.Opp().primary_quote_id(), "quo_2");
  EXPECT_EQ(desk.Do(ReviseQuote, "id: 'quo_1'").id(), "quo_2") << "revised before: that version";
  EXPECT_THAT(desk.events, IsEmpty());
}

TEST(ReviseQuote, IsPossibleWhenAnItemIsGone) {
  Desk desk;
  desk.Draft({"chai 3"});
  desk.Issue();
  desk.ChangeItem("cat_chai", "state: CATALOGUE_ITEM_STATE_DISCONTINUED");
  desk.Do(ReviseQuote, "id: 'quo_1' new_quote_id: 'quo_2'");
  EXPECT_EQ(desk.reason, "") << "to take the line out";
  desk.Issue("quo_2");
  EXPECT_EQ(desk.reason, "QUOTE_PRODUCT_NOT_OFFERED");
}

TEST(ReviseQuote, RefusesWhatIsNotIssued) {
  const std::vector<std::pair<v1::QuoteState, std::string>> rows = {
      {v1::QUOTE_STATE_DRAFT, "QUOTE_NOT_ISSUED"}, {v1::QUOTE_STATE_ACCEPTED, "QUOTE_CLOSED"},
      {v1::QUOTE_STATE_ORDERED, "QUOTE_CLOSED"},   {v1::QUOTE_STATE_DECLINED, "QUOTE_CLOSED"},
      {v1::QUOTE_STATE_EXPIRED, "QUOTE_CLOSED"},   {v1::QUOTE_STATE_WITHDRAWN, "QUOTE_CLOSED"},
  };
  for (const auto& [from, reason] : rows) {
    Desk desk;
    desk.Bring(from);
    desk.Do(ReviseQuote, "id: 'quo_1'");
    EXPECT_EQ(desk.reason, reason) << v1::QuoteState_Name(from);
  }
  Desk desk;
  desk.Draft({"chai 1"});
  desk.Issue();
  desk.Draft({}, "", "quo_2");
  desk.Do(ReviseQuote, "id: 'quo_1' new_quote_id: 'quo_2'");
  EXPECT_EQ(desk.reason, "QUOTE_ALREADY_EXISTS");
}

}  // namespace
}  // namespace tandem::opportunity
