// What is learned from the masters, and the holds that go with it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "services/order/order_test_desk.h"

namespace tandem::order {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(LearnProduct, OlderThanWhatIsKnownChangesNothing) {
  Desk desk;
  desk.Product("prd_chai", "CHAI", "18", "STANDARD", 3);
  desk.Product("prd_chai", "OLD", "17", "STANDARD", 2);
  EXPECT_EQ(desk.state.Find<v1::ProductFact>("prd_chai")->sku(), "CHAI");
}

TEST(LearnProduct, ThatArrivesLateLiftsTheHoldAndAmendsWhatFollows) {
  Desk desk;
  desk.GiveMasters();
  v1::Order order = desk.PlaceQuoted({"prd_new 2 50"});
  EXPECT_EQ(Eur(order.gross_total()), "100.00 EUR") << "the tax is not known yet";
  desk.Product("prd_new", "NEW", "60", "STANDARD");
  EXPECT_THAT(desk.events, ElementsAre("OrderAmended", "OrderReleased"));
  EXPECT_TRUE(desk.Event(1).order_released().last());
  order = desk.Now();
  EXPECT_THAT(order.holds(), IsEmpty());
  EXPECT_EQ(order.revision(), 2);
  EXPECT_EQ(order.lines(0).sku(), "NEW");
  EXPECT_EQ(order.lines(0).tax_code(), "DE19");
  EXPECT_EQ(Eur(order.net_total()), "100.00 EUR") << "the accepted price binds";
  EXPECT_EQ(Eur(order.gross_total()), "119.00 EUR");
  desk.Product("prd_new", "NEW", "60", "STANDARD");  // the same event again
  EXPECT_THAT(desk.events, IsEmpty());
}

TEST(LearnProduct, ThatArrivesDiscontinuedTurnsOneHoldIntoAnother) {
  Desk desk;
  desk.GiveMasters();
  desk.PlaceQuoted({"prd_new 2 50"});
  desk.Product("prd_new", "NEW", "", "OUTSIDE_SCOPE", 1, v1::PRODUCT_FACT_STATE_DISCONTINUED);
  EXPECT_THAT(desk.events, ElementsAre("OrderHeld", "OrderReleased"));
  EXPECT_FALSE(desk.Event(1).order_released().last());
  ASSERT_EQ(desk.Now().holds_size(), 1);
  EXPECT_EQ(desk.Now().holds(0).reason(), v1::HOLD_REASON_PRODUCT_DISCONTINUED);
  EXPECT_EQ(desk.Now().revision(), 1) << "no amount changed";
}

TEST(LearnProduct, DoesNotBringBackAHoldThatAPersonLifted) {
  Desk desk;
  desk.GiveMasters();
  desk.Product("prd_chai", "CHAI", "18", "REDUCED", 2, v1::PRODUCT_FACT_STATE_DISCONTINUED);
  desk.PlaceQuoted({"prd_chai 1 5"});
  desk.Do(ReleaseOrder, Text<v1::ReleaseOrderRequest>(
                            "order_id: 'ord_1' reason: HOLD_REASON_PRODUCT_DISCONTINUED"));
  EXPECT_EQ(desk.Now().holds_size(), 1);
  desk.Tax("DE7", "REDUCED", "0.07", 1);
  EXPECT_THAT(desk.events, ElementsAre("OrderAmended", "OrderReleased"));
  EXPECT_THAT(desk.Now().holds(), IsEmpty());
  EXPECT_EQ(desk.Now().lines(0).tax_code(), "DE7");
}

TEST(LearnProduct, DiscontinuedAfterPlacingLeavesTheOrderAlone) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 1"});
  desk.Product("prd_chai", "CHAI", "99", "STANDARD", 2, v1::PRODUCT_FACT_STATE_DISCONTINUED);
  EXPECT_THAT(desk.events, IsEmpty());
  EXPECT_EQ(Eur(desk.Now().net_total()), "18.00 EUR");
}

TEST(LearnCustomer, ThatArrivesLateFillsInThePartiesAndLiftsTheHold) {
  Desk desk;
  desk.Tax("DE19", "STANDARD", "0.19", 1);
  desk.Product("prd_chai", "CHAI", "18", "STANDARD");
  desk.Learn<v1::AccountFact>(LearnAccount,
                              "id: 'acc_a' customer_id: 'cus_a' currency: 'EUR' source_version: 1");
  v1::Order order = desk.PlaceQuoted({"prd_chai 1 5"});
  ASSERT_EQ(order.holds_size(), 1) << "an account alone does not make a customer known";
  EXPECT_EQ(order.holds(0).reason(), v1::HOLD_REASON_CUSTOMER_UNKNOWN);
  desk.Learn<v1::CustomerFact>(LearnCustomer, R"pb(
    id: "cus_a"
    display_name: "Alfreds"
    ship_to_address { city: "Berlin" }
    account_id: "acc_a"
    source_version: 1)pb");
  EXPECT_THAT(desk.events, ElementsAre("OrderReleased"));
  order = desk.Now();
  EXPECT_THAT(order.holds(), IsEmpty());
  EXPECT_EQ(order.sold_to_name(), "Alfreds");
  EXPECT_EQ(order.ship_to().address().city(), "Berlin");
  EXPECT_EQ(order.payer_account_id(), "acc_a");
}

TEST(LearnCustomer, UnblockedLiftsTheHold) {
  Desk desk;
  desk.GiveMasters();
  desk.Learn<v1::CustomerFact>(LearnCustomer, "id: 'cus_a' blocked: true source_version: 2");
  desk.PlaceQuoted({"prd_chai 1 5"});
  desk.Learn<v1::CustomerFact>(LearnCustomer, "id: 'cus_a' source_version: 3");
  EXPECT_THAT(desk.events, ElementsAre("OrderReleased"));
}

TEST(LearnAccount, KeepsTheFirstOpenAccountOfItsCustomer) {
  Desk desk;
  desk.GiveMasters();
  desk.Learn<v1::AccountFact>(LearnAccount,
                              "id: 'acc_b' customer_id: 'cus_a' currency: 'USD' source_version: 1");
  EXPECT_EQ(desk.state.Find<v1::CustomerFact>("cus_a")->account_id(), "acc_a");
  desk.Learn<v1::AccountFact>(LearnAccount,
                              "id: 'acc_a' customer_id: 'cus_a' currency: 'EUR' "
                              "closed: true source_version: 2");
  EXPECT_EQ(desk.state.Find<v1::CustomerFact>("cus_a")->account_id(), "");
}

TEST(LearnAccount, ThatIsClosedIsNobodysWhicheverEventComesFirst) {
  const auto customer = [](Desk& desk, const std::string& more) {
    desk.Learn<v1::CustomerFact>(LearnCustomer, "id: 'cus_a' " + more);
  };
  const auto account = [](Desk& desk, const std::string& more) {
    desk.Learn<v1::AccountFact>(LearnAccount,
                                "id: 'acc_a' customer_id: 'cus_a' currency: 'EUR' " + more);
  };
  std::vector<int> order = {0, 1, 2, 3};  // 0 comes before 1, and 2 before 3: each on its lane
  do {
    const auto at = [&](int which) { return std::find(order.begin(), order.end(), which); };
    if (at(0) > at(1) || at(2) > at(3)) continue;
    Desk desk;
    for (const int which : order) {
      if (which == 0) customer(desk, "account_id: 'acc_a' source_version: 5");
      if (which == 1) customer(desk, "source_version: 6");
      if (which == 2) account(desk, "source_version: 4");
      if (which == 3) account(desk, "closed: true source_version: 5");
    }
    EXPECT_EQ(desk.state.Find<v1::CustomerFact>("cus_a")->account_id(), "");
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(LearnAccount, DoesNotUndoALaterBlockThatACallTold) {
  Desk desk;
  desk.GiveMasters();
  desk.Do(HoldAccountOrders,
          Text<v1::HoldAccountOrdersRequest>("account_id: 'acc_a' account_version: 5"));
  desk.Learn<v1::AccountFact>(LearnAccount,
                              "id: 'acc_a' customer_id: 'cus_a' currency: 'EUR' source_version: 4");
  EXPECT_TRUE(desk.state.Find<v1::AccountFact>("acc_a")->blocked());
  desk.Learn<v1::AccountFact>(LearnAccount,
                              "id: 'acc_a' customer_id: 'cus_a' currency: 'EUR' source_version: 6");
  EXPECT_FALSE(desk.state.Find<v1::AccountFact>("acc_a")->blocked());
}

TEST(LearnAccount, WithTheRightCurrencyLiftsTheHold) {
  Desk desk;
  desk.GiveMasters();
  desk.Learn<v1::AccountFact>(LearnAccount,
                              "id: 'acc_a' customer_id: 'cus_a' currency: 'USD' source_version: 2");
  desk.PlaceQuoted({"prd_chai 1 5"});
  desk.Learn<v1::AccountFact>(LearnAccount,
                              "id: 'acc_a' customer_id: 'cus_a' currency: 'EUR' source_version: 3");
  EXPECT_THAT(desk.events, ElementsAre("OrderReleased"));
}

TEST(LearnTaxRate, ARetiredOrMovedCodeIsNoClassesAnyMore) {
  Desk desk;
  desk.GiveMasters();
  desk.Tax("DE19", "OTHER", "0.19", 2, false, "STANDARD");
  desk.Place({"prd_chai 1"});
  EXPECT_EQ(desk.reason, "ORDER_TAX_NOT_DETERMINED");
  desk.Tax("DE16", "STANDARD", "0.16", 1);
  EXPECT_EQ(desk.Place({"prd_chai 1"}).lines(0).tax_code(), "DE16");
  desk.Tax("DE16", "STANDARD", "0.16", 2, /*retired=*/true);
  desk.Place({"prd_chai 1"});
  EXPECT_EQ(desk.reason, "ORDER_ALREADY_EXISTS");
  EXPECT_EQ(desk.state.Find<v1::TaxRateFact>("STANDARD")->tax_code(), "");
}

}  // namespace
}  // namespace tandem::order
