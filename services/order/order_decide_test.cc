// The order's lifecycle: each transition, each refusal, each command and fact twice and out of
// order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/order/order_test_desk.h"

namespace tandem::order {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Events = std::vector<std::string>;

// --- PlaceOrder ---

TEST(PlaceOrder, TakesTheOrderDownWithSnapshotsPricesAndTax) {
  Desk desk;
  desk.GiveMasters();
  v1::Order order = desk.Place({"prd_chai 2", "prd_book 1 7.50"});
  EXPECT_EQ(desk.reason, "");
  EXPECT_THAT(desk.events, ElementsAre("OrderPlaced"));
  EXPECT_EQ(order.order_number(), "SO-1001");
  EXPECT_EQ(order.state(), v1::ORDER_STATE_PLACED);
  EXPECT_EQ(order.revision(), 1);
  EXPECT_EQ(order.credit_status(), v1::CREDIT_STATUS_PENDING);
  EXPECT_EQ(order.fulfilment_status(), v1::FULFILMENT_STATUS_OPEN);
  EXPECT_EQ(order.billing_status(), v1::BILLING_STATUS_NONE);
  EXPECT_EQ(order.sold_to_name(), "Alfreds");
  EXPECT_EQ(order.ship_to().address().city(), "Berlin");
  EXPECT_EQ(order.bill_to().name(), "Alfreds GmbH");
  EXPECT_EQ(order.bill_to().tax_id(), "DE1");
  EXPECT_EQ(order.payer_account_id(), "acc_a");
  EXPECT_EQ(order.payer_customer_id(), "cus_a");
  EXPECT_EQ(order.currency(), "EUR");
  EXPECT_EQ(order.delivery_policy(), v1::DELIVERY_POLICY_PARTIAL);
  EXPECT_EQ(order.backorder_policy(), v1::BACKORDER_POLICY_BACKORDER);
  EXPECT_EQ(order.lines(0).line_number(), 1);
  EXPECT_EQ(order.lines(0).sku(), "CHAI");
  EXPECT_EQ(order.lines(0).description(), "The CHAI");
  EXPECT_EQ(order.lines(0).price_source(), v1::PRICE_SOURCE_LIST_PRICE);
  EXPECT_EQ(order.lines(0).tax_code(), "DE19");
  EXPECT_EQ(order.lines(1).price_source(), v1::PRICE_SOURCE_GIVEN);
  EXPECT_EQ(order.lines(1).tax_code(), "OUTSIDE_SCOPE");
  EXPECT_EQ(Eur(order.net_total()), "43.50 EUR");
  EXPECT_EQ(Eur(order.tax_total()), "6.84 EUR");
  EXPECT_EQ(Eur(order.gross_total()), "50.34 EUR");
  EXPECT_EQ(order.etag(), "\"1\"");
}

TEST(PlaceOrder, NumbersOrdersOneAfterTheOther) {
  Desk desk;
  desk.GiveMasters();
  auto place = [&] {
    return desk
        .Do(PlaceOrder, Text<v1::PlaceOrderRequest>("order {" + Desk::Body({"prd_chai 1"}) + "}"))
        .order_number();
  };
  EXPECT_EQ(place(), "SO-1001");
  EXPECT_EQ(place(), "SO-1002");
}

TEST(PlaceOrder, RoundsTheTaxOncePerCode) {
  Desk desk;
  desk.GiveMasters();
  v1::Order order = desk.Place({"prd_chai 1 0.33", "prd_chai 1 0.33", "prd_chai 1 0.33"});
  EXPECT_EQ(Eur(order.tax_total()), "0.19 EUR");
}

TEST(PlaceOrder, ConvertsToTheBaseUnit) {
  Desk desk;
  desk.GiveMasters();
  v1::Order order = desk.Do(PlaceOrder, Text<v1::PlaceOrderRequest>(R"pb(
                              order_id: "ord_1"
                              order {
                                sold_to_customer_id: "cus_a"
                                order_date { year: 2014 month: 5 day: 6 }
                                lines {
                                  product_id: "prd_chai"
                                  quantity {
                                    value { value: "2" }
                                    unit: "BX"
                                  }
                                  unit_price { currency_code: "EUR" units: 100 }
                                  discount { value: "0.25" }
                                }
                              })pb"));
  ASSERT_EQ(desk.reason, "") << desk.last;
  EXPECT_EQ(Pieces(order.lines(0).quantity()), "2");
  EXPECT_EQ(Pieces(order.lines(0).ordered()), "24");
  EXPECT_EQ(order.lines(0).ordered().unit(), "C62");
  EXPECT_EQ(Pieces(order.lines(0).price_per()), "12");
  EXPECT_EQ(Eur(order.lines(0).net()), "150.00 EUR");
}

TEST(PlaceOrder, RefusesADirectOrderForWhatIsWrongWithIt) {
  struct Case {
    const char* what;
    std::function<void(Desk&)> given;
    std::string order;
    const char* reason;
  };
  auto body = [](const std::string& lines, const std::string& more = "") {
    return "sold_to_customer_id: 'cus_a' order_date { year: 2014 month: 5 day: 6 } " + lines + more;
  };
  const std::string chai =
      "lines { product_id: 'prd_chai' quantity { value { value: '1' } unit: "
      "'C62' } }";
  auto nothing = [](Desk&) {};
  const Case cases[] = {
      {"unknown customer", nothing,
       "sold_to_customer_id: 'cus_z' order_date { year: 2014 month: 5 day: 6 } " + chai,
       "ORDER_CUSTOMER_UNKNOWN"},
      {"blocked customer",
       [](Desk& d) {
         d.Learn<v1::CustomerFact>(LearnCustomer, "id: 'cus_a' blocked: true source_version: 2");
       },
       body(chai), "ORDER_CUSTOMER_BLOCKED"},
      {"blocked account",
       [](Desk& d) {
         d.Learn<v1::AccountFact>(LearnAccount,
                                  "id: 'acc_a' customer_id: 'cus_a' currency: 'EUR' "
                                  "blocked: true source_version: 2");
       },
       body(chai), "ORDER_CUSTOMER_BLOCKED"},
      {"unknown product", nothing,
       body("lines { product_id: 'prd_x' quantity { value { value: '1' } unit: 'C62' } }"),
       "ORDER_PRODUCT_UNKNOWN"},
      {"discontinued product",
       [](Desk& d) {
         d.Product("prd_chai", "CHAI", "18", "STANDARD", 2, v1::PRODUCT_FACT_STATE_DISCONTINUED);
       },
       body(chai), "ORDER_PRODUCT_DISCONTINUED"},
      {"no lines", nothing, body(""), "ORDER_NO_LINES"},
      {"quantity 0", nothing,
       body("lines { product_id: 'prd_chai' quantity { value { value: '0' } unit: 'C62' } }"),
       "ORDER_QUANTITY_INVALID"},
      {"quantity below 0", nothing,
       body("lines { product_id: 'prd_chai' quantity { value { value: '-1' } unit: 'C62' } }"),
       "ORDER_QUANTITY_INVALID"},
      {"a unit the product does not have", nothing,
       body("lines { product_id: 'prd_chai' quantity { value { value: '1' } unit: 'KGM' } }"),
       "ORDER_UNIT_NOT_CONVERTIBLE"},
      {"no price", [](Desk& d) { d.Product("prd_chai", "CHAI", "", "STANDARD", 2); }, body(chai),
       "ORDER_PRICE_MISSING"},
      {"no tax rate", [](Desk& d) { d.Product("prd_chai", "CHAI", "18", "REDUCED", 2); },
       body(chai), "ORDER_TAX_NOT_DETERMINED"},
      {"no tax class", [](Desk& d) { d.Product("prd_chai", "CHAI", "18", "", 2); }, body(chai),
       "ORDER_TAX_NOT_DETERMINED"},
      {"no tax rate for the freight", nothing,
       body(chai, " freight { net { currency_code: 'EUR' units: 5 } tax_class: 'REDUCED' }"),
       "ORDER_TAX_NOT_DETERMINED"},
      {"another currency than the account's", nothing, body(chai, " currency: 'USD'"),
       "ORDER_CURRENCY_MISMATCH"},
      {"a price in another currency", nothing,
       body("lines { product_id: 'prd_chai' quantity { value { value: '1' } unit: 'C62' } "
            "unit_price { currency_code: 'USD' units: 1 } }",
            " currency: 'EUR'"),
       "ORDER_CURRENCY_MISMATCH"},
      {"two lines of a number", nothing,
       body("lines { line_number: 1 product_id: 'prd_chai' quantity { value { value: '1' } unit: "
            "'C62' } } lines { line_number: 1 product_id: 'prd_chai' quantity { value { value: "
            "'1' } unit: 'C62' } }"),
       "ORDER_LINE_NUMBER_DUPLICATE"},
      {"a price below 0", nothing,
       body("lines { product_id: 'prd_chai' quantity { value { value: '1' } unit: 'C62' } "
            "unit_price { currency_code: 'EUR' units: -1 } }"),
       "ORDER_PRICE_INVALID"},
      {"no order date", nothing, "sold_to_customer_id: 'cus_a' " + chai, "DATE_INVALID"},
  };
  for (const Case& c : cases) {
    Desk desk;
    desk.GiveMasters();
    c.given(desk);
    desk.Do(PlaceOrder, Text<v1::PlaceOrderRequest>("order_id: 'ord_1' order { " + c.order + " }"));
    EXPECT_EQ(desk.reason, c.reason) << c.what;
    EXPECT_EQ(desk.state.Find<v1::Order>("ord_1"), nullptr) << c.what;
  }
}

TEST(PlaceOrder, RefusesAnIdThatIsTaken) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 1"});
  desk.Place({"prd_chai 1"});
  EXPECT_EQ(desk.reason, "ORDER_ALREADY_EXISTS");
}

TEST(PlaceOrder, NeverRefusesAQuoteButHoldsForEachThingThatIsWrong) {
  struct Case {
    const char* what;
    std::function<void(Desk&)> given;
    std::string line;
    v1::HoldReason reason;
    int line_number;
  };
  auto nothing = [](Desk&) {};
  const Case cases[] = {
      {"blocked customer",
       [](Desk& d) {
         d.Learn<v1::CustomerFact>(LearnCustomer, "id: 'cus_a' blocked: true source_version: 2");
       },
       "prd_chai 1 5", v1::HOLD_REASON_CUSTOMER_BLOCKED, 0},
      {"blocked account",
       [](Desk& d) {
         d.Learn<v1::AccountFact>(LearnAccount,
                                  "id: 'acc_a' customer_id: 'cus_a' currency: 'EUR' "
                                  "blocked: true source_version: 2");
       },
       "prd_chai 1 5", v1::HOLD_REASON_ACCOUNT_BLOCKED, 0},
      {"another currency",
       [](Desk& d) {
         d.Learn<v1::AccountFact>(
             LearnAccount, "id: 'acc_a' customer_id: 'cus_a' currency: 'USD' source_version: 2");
       },
       "prd_chai 1 5", v1::HOLD_REASON_CURRENCY_MISMATCH, 0},
      {"unknown product", nothing, "prd_x 1 5", v1::HOLD_REASON_PRODUCT_UNKNOWN, 1},
      {"discontinued",
       [](Desk& d) {
         d.Product("prd_chai", "CHAI", "18", "STANDARD", 2, v1::PRODUCT_FACT_STATE_DISCONTINUED);
       },
       "prd_chai 1 5", v1::HOLD_REASON_PRODUCT_DISCONTINUED, 1},
      {"no tax", [](Desk& d) { d.Product("prd_chai", "CHAI", "18", "REDUCED", 2); }, "prd_chai 1 5",
       v1::HOLD_REASON_TAX_NOT_DETERMINED, 1},
  };
  for (const Case& c : cases) {
    Desk desk;
    desk.GiveMasters();
    c.given(desk);
    v1::Order order = desk.PlaceQuoted({c.line});
    EXPECT_EQ(desk.reason, "") << c.what;
    EXPECT_THAT(desk.events, ElementsAre("OrderPlaced", "OrderHeld")) << c.what;
    ASSERT_EQ(order.holds_size(), 1) << c.what;
    EXPECT_EQ(order.holds(0).reason(), c.reason) << c.what;
    EXPECT_EQ(order.holds(0).line_number(), c.line_number) << c.what;
    EXPECT_TRUE(desk.Event(0).order_placed().held()) << c.what;
    EXPECT_EQ(Eur(order.net_total()), "5.00 EUR") << c.what;
  }
  Desk desk;  // nothing is known at all
  v1::Order order = desk.PlaceQuoted({"prd_chai 1 5"});
  EXPECT_EQ(order.holds_size(), 2);
  EXPECT_EQ(order.state(), v1::ORDER_STATE_PLACED);
}

TEST(PlaceOrder, TakesTheQuotesPriceAndNetWhateverTheListSays) {
  Desk desk;
  desk.GiveMasters();
  v1::Order order = desk.Do(PlaceOrder, Text<v1::PlaceOrderRequest>(R"pb(
                              order_id: "ord_1"
                              quote_id: "quo_1"
                              quote_version: 1
                              order {
                                sold_to_customer_id: "cus_a"
                                order_date { year: 2014 month: 5 day: 6 }
                                lines {
                                  product_id: "prd_chai"
                                  quantity {
                                    value { value: "3" }
                                    unit: "C62"
                                  }
                                  unit_price { currency_code: "EUR" units: 10 }
                                  net { currency_code: "EUR" units: 29 nanos: 990000000 }
                                }
                              })pb"));
  ASSERT_EQ(desk.reason, "") << desk.last;
  EXPECT_EQ(order.lines(0).price_source(), v1::PRICE_SOURCE_QUOTE);
  EXPECT_EQ(Eur(order.lines(0).net()), "29.99 EUR");
  EXPECT_EQ(Eur(order.lines(0).ordered_net()), "29.99 EUR");
}

TEST(PlaceOrder, MakesOneOrderOfAQuoteVersion) {
  Desk desk;
  desk.GiveMasters();
  v1::Order first = desk.PlaceQuoted({"prd_chai 1 5"});
  v1::PlaceOrderRequest again = Text<v1::PlaceOrderRequest>(
      "quote_id: 'quo_1' quote_version: 2 order {" + Desk::Body({"prd_tofu 9 1"}) + "}");
  v1::Order second = desk.Do(PlaceOrder, again);
  EXPECT_EQ(second.SerializeAsString(), first.SerializeAsString());
  EXPECT_THAT(desk.events, IsEmpty());
  again.set_quote_version(3);
  EXPECT_EQ(desk.Do(PlaceOrder, again).order_number(), "SO-1002");
}

TEST(PlaceOrder, OfNoValueNeedsNoCredit) {
  Desk desk;
  desk.GiveMasters();
  EXPECT_EQ(desk.Place({"prd_chai 1 0"}).credit_status(), v1::CREDIT_STATUS_NOT_NEEDED);
}

// --- Confirmation ---

TEST(ConfirmOrder, ConfirmsWhatIsReservedAndImpliesCredit) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 3"});
  v1::Order order = desk.Confirm(2, "3", "0");
  EXPECT_THAT(desk.events, ElementsAre("OrderConfirmed"));
  EXPECT_TRUE(desk.Event(0).order_confirmed().complete());
  EXPECT_EQ(order.state(), v1::ORDER_STATE_CONFIRMED);
  EXPECT_EQ(order.credit_status(), v1::CREDIT_STATUS_APPROVED);
  EXPECT_EQ(order.fulfilment_status(), v1::FULFILMENT_STATUS_RESERVED);
  EXPECT_EQ(order.lines(0).promised_date().day(), 9);
}

TEST(ConfirmOrder, ConfirmsABackorderAndLaterTellsOnlyTheFigures) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 3"});
  v1::Order order = desk.Confirm(2, "1", "2");
  EXPECT_THAT(desk.events, ElementsAre("OrderConfirmed"));
  EXPECT_FALSE(desk.Event(0).order_confirmed().complete());
  EXPECT_EQ(order.fulfilment_status(), v1::FULFILMENT_STATUS_PARTLY_RESERVED);
  order = desk.Confirm(4, "3", "0");
  EXPECT_THAT(desk.events, ElementsAre("OrderAllocationChanged"));
  EXPECT_EQ(order.fulfilment_status(), v1::FULFILMENT_STATUS_RESERVED);
}

TEST(ConfirmOrder, TwiceOrOlderChangesNothing) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 3"});
  v1::Order order = desk.Confirm(3, "3", "0");
  EXPECT_EQ(desk.Confirm(3, "3", "0").SerializeAsString(), order.SerializeAsString());
  EXPECT_THAT(desk.events, IsEmpty());
  EXPECT_EQ(desk.Confirm(2, "1", "2").SerializeAsString(), order.SerializeAsString());
  EXPECT_THAT(desk.events, IsEmpty());
}

TEST(ConfirmOrder, WhileHeldTakesTheFiguresOnly) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 3"});
  desk.Do(HoldOrder, Text<v1::HoldOrderRequest>("order_id: 'ord_1'"));
  EXPECT_EQ(desk.Confirm(2, "3", "0").state(), v1::ORDER_STATE_PLACED);
  EXPECT_THAT(desk.events, ElementsAre("OrderAllocationChanged"));
  desk.Do(ReleaseOrder, Text<v1::ReleaseOrderRequest>("order_id: 'ord_1'"));
  EXPECT_EQ(desk.Confirm(3, "3", "0").state(), v1::ORDER_STATE_CONFIRMED);
}

TEST(ConfirmOrder, ShortUnderNoBackorderAsksForCancellation) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 3"}, "backorder_policy: BACKORDER_POLICY_NO_BACKORDER");
  v1::Order order = desk.Confirm(2, "0", "3");
  EXPECT_THAT(desk.events, ElementsAre("OrderCancelRequested"));
  EXPECT_TRUE(order.cancel_requested());
  EXPECT_EQ(order.cancel_reason(), v1::CANCEL_REASON_OUT_OF_STOCK);
  EXPECT_EQ(order.state(), v1::ORDER_STATE_PLACED);
}

TEST(ConfirmOrder, RefusesWhatCannotBeTrue) {
  Desk desk;
  desk.Do(ConfirmOrder, Text<v1::ConfirmOrderRequest>("order_id: 'ord_9' revision: 1"));
  EXPECT_EQ(desk.reason, "ORDER_NOT_FOUND");
  desk.GiveMasters();
  desk.Place({"prd_chai 3"});
  desk.Confirm(2, "3", "0", /*revision=*/2);
  EXPECT_EQ(desk.reason, "ORDER_REVISION_UNKNOWN");
  desk.Do(ConfirmOrder, Text<v1::ConfirmOrderRequest>(
                            "order_id: 'ord_1' revision: 1 demand_version: 2 lines { line_number: "
                            "7 }"));
  EXPECT_EQ(desk.reason, "ORDER_LINE_UNKNOWN");
}

// --- Credit ---

TEST(RecordCredit, RefusedHoldsWithFiguresAndApprovedLifts) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 2"});
  v1::Order order = desk.Credit("REFUSED", 1);
  EXPECT_THAT(desk.events, ElementsAre("OrderHeld"));
  EXPECT_EQ(order.credit_status(), v1::CREDIT_STATUS_REFUSED);
  ASSERT_EQ(order.holds_size(), 1);
  EXPECT_EQ(order.holds(0).credit_reason(), "OVER_LIMIT");
  EXPECT_EQ(Eur(order.holds(0).shortfall()), "32.84 EUR");
  order = desk.Credit("APPROVED", 2);
  EXPECT_THAT(desk.events, ElementsAre("OrderReleased"));
  EXPECT_TRUE(desk.Event(0).order_released().last());
  EXPECT_EQ(order.credit_status(), v1::CREDIT_STATUS_APPROVED);
  EXPECT_THAT(order.holds(), IsEmpty());
}

TEST(RecordCredit, TwiceOlderOrOfAnOlderRevisionChangesNothing) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 2"});
  desk.Credit("REFUSED", 1);
  EXPECT_EQ(desk.Credit("REFUSED", 1).holds_size(), 1);
  EXPECT_THAT(desk.events, IsEmpty());
  desk.Credit("OVERRIDDEN", 3);
  EXPECT_THAT(desk.events, ElementsAre("OrderReleased"));
  EXPECT_THAT(desk.Credit("REFUSED", 2).holds(), IsEmpty());
  EXPECT_THAT(desk.events, IsEmpty());
  desk.Credit("APPROVED", 4, /*revision=*/2);
  EXPECT_EQ(desk.reason, "ORDER_REVISION_UNKNOWN");
}

TEST(RecordCredit, RefusesWhatIsNoAnswerOfBillings) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 2"});
  desk.Credit("PENDING", 1);
  EXPECT_EQ(desk.reason, "ORDER_CREDIT_STATUS_INVALID");
  EXPECT_EQ(desk.field, "status");
}

TEST(RecordCredit, WithoutAHoldTellsTheStatus) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 2"});
  EXPECT_EQ(desk.Credit("APPROVED", 1).credit_status(), v1::CREDIT_STATUS_APPROVED);
  EXPECT_THAT(desk.events, ElementsAre("OrderCreditRecorded"));
}

// --- Holds ---

TEST(HoldOrder, HoldsOnceAndReleasesOnce) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 2"});
  v1::HoldOrderRequest hold = Text<v1::HoldOrderRequest>("order_id: 'ord_1' note: 'call first'");
  v1::Order order = desk.Do(HoldOrder, hold);
  EXPECT_THAT(desk.events, ElementsAre("OrderHeld"));
  EXPECT_EQ(order.holds(0).actor(), "clerk");
  EXPECT_EQ(order.holds(0).note(), "call first");
  EXPECT_EQ(desk.Do(HoldOrder, hold).SerializeAsString(), order.SerializeAsString());
  EXPECT_THAT(desk.events, IsEmpty());
  v1::ReleaseOrderRequest release = Text<v1::ReleaseOrderRequest>("order_id: 'ord_1'");
  EXPECT_THAT(desk.Do(ReleaseOrder, release).holds(), IsEmpty());
  EXPECT_THAT(desk.events, ElementsAre("OrderReleased"));
  desk.Do(ReleaseOrder, release);
  EXPECT_EQ(desk.reason, "");
  EXPECT_THAT(desk.events, IsEmpty());
}

TEST(HoldOrder, RefusesWhatIsNotAPersonsToSay) {
  Desk desk;
  desk.GiveMasters();
  desk.PlaceQuoted({"prd_x 1 5"});
  desk.Do(HoldOrder, Text<v1::HoldOrderRequest>("order_id: 'ord_1' reason: HOLD_REASON_CREDIT"));
  EXPECT_EQ(desk.reason, "ORDER_HOLD_REASON_INVALID");
  desk.Do(HoldOrder, Text<v1::HoldOrderRequest>("order_id: 'ord_1' etag: '\"9\"'"));
  EXPECT_EQ(desk.reason, "ETAG_MISMATCH");
  desk.Credit("REFUSED", 1);
  desk.Do(ReleaseOrder,
          Text<v1::ReleaseOrderRequest>("order_id: 'ord_1' reason: HOLD_REASON_CREDIT"));
  EXPECT_EQ(desk.reason, "ORDER_CREDIT_HOLD");
  desk.Do(ReleaseOrder,
          Text<v1::ReleaseOrderRequest>("order_id: 'ord_1' reason: HOLD_REASON_PRODUCT_UNKNOWN"));
  EXPECT_EQ(desk.reason, "ORDER_HOLD_FACT_MISSING");
  desk.Cancel();
  desk.Released(5, "1", "0");
  desk.Do(HoldOrder, Text<v1::HoldOrderRequest>("order_id: 'ord_1'"));
  EXPECT_EQ(desk.reason, "ORDER_CLOSED");
  desk.Do(ReleaseOrder, Text<v1::ReleaseOrderRequest>("order_id: 'ord_1'"));
  EXPECT_EQ(desk.reason, "ORDER_CLOSED");
}

TEST(HoldAccountOrders, HoldsAndReleasesTheOpenOrdersOfTheAccount) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 2"});
  auto hold = Text<v1::HoldAccountOrdersRequest>(
      "account_id: 'acc_a' customer_id: 'cus_a' account_version: 5 reason: 'unpaid'");
  auto release = Text<v1::ReleaseAccountOrdersRequest>(
      "account_id: 'acc_a' customer_id: 'cus_a' account_version: 6");
  auto held = desk.Do(HoldAccountOrders, hold);
  EXPECT_THAT(held.order_ids(), ElementsAre("ord_1"));
  EXPECT_FALSE(held.remaining());
  EXPECT_THAT(desk.events, ElementsAre("OrderHeld"));
  EXPECT_EQ(desk.Now().holds(0).note(), "unpaid");
  EXPECT_THAT(desk.Do(HoldAccountOrders, hold).order_ids(), IsEmpty());
  // Orders placed from now on see the block.
  desk.Do(PlaceOrder, Text<v1::PlaceOrderRequest>("order {" + Desk::Body({"prd_chai 1"}) + "}"));
  EXPECT_EQ(desk.reason, "ORDER_CUSTOMER_BLOCKED");
  EXPECT_THAT(desk.Do(ReleaseAccountOrders, release).order_ids(), ElementsAre("ord_1"));
  EXPECT_THAT(desk.events, ElementsAre("OrderReleased"));
  // The older call comes again, or comes late: superseded.
  EXPECT_THAT(desk.Do(HoldAccountOrders, hold).order_ids(), IsEmpty());
  EXPECT_THAT(desk.Now().holds(), IsEmpty());
}

TEST(HoldAccountOrders, ReleaseThatOvertakesTheHoldWins) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 2"});
  desk.Do(ReleaseAccountOrders,
          Text<v1::ReleaseAccountOrdersRequest>("account_id: 'acc_a' account_version: 6"));
  desk.Do(HoldAccountOrders,
          Text<v1::HoldAccountOrdersRequest>("account_id: 'acc_a' account_version: 5"));
  EXPECT_THAT(desk.Now().holds(), IsEmpty());
}

TEST(HoldAccountOrders, AnswersThatMoreRemain) {
  Desk desk;
  desk.GiveMasters();
  v1::PlaceOrderRequest place =
      Text<v1::PlaceOrderRequest>("order {" + Desk::Body({"prd_chai 1"}) + "}");
  for (size_t i = 0; i < kAccountOrdersMax + 1; ++i) desk.Do(PlaceOrder, place);
  auto hold = Text<v1::HoldAccountOrdersRequest>("account_id: 'acc_a' account_version: 5");
  auto first = desk.Do(HoldAccountOrders, hold);
  EXPECT_EQ(first.order_ids_size(), static_cast<int>(kAccountOrdersMax));
  EXPECT_TRUE(first.remaining());
  auto second = desk.Do(HoldAccountOrders, hold);
  EXPECT_EQ(second.order_ids_size(), 1);
  EXPECT_FALSE(second.remaining());
}

// --- Cancellation ---

TEST(CancelOrder, BeforeShippingIsCompletedByInventorysAnswer) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 3"});
  desk.Confirm(2, "3", "0");
  v1::Order order = desk.Cancel();
  EXPECT_THAT(desk.events, ElementsAre("OrderCancelRequested"));
  EXPECT_TRUE(order.cancel_requested());
  EXPECT_EQ(order.state(), v1::ORDER_STATE_CONFIRMED);
  EXPECT_EQ(order.cancel_reason(), v1::CANCEL_REASON_CUSTOMER_REQUEST);
  desk.Cancel();
  EXPECT_THAT(desk.events, IsEmpty());
  order = desk.Released(3, "3", "0");
  EXPECT_THAT(desk.events, ElementsAre("OrderCancelled"));
  EXPECT_EQ(order.state(), v1::ORDER_STATE_CANCELLED);
  EXPECT_FALSE(order.cancel_requested());
  EXPECT_EQ(Eur(desk.Event(0).order_cancelled().net_total()), "54.00 EUR");
  EXPECT_EQ(Eur(order.gross_total()), "0.00 EUR");
  EXPECT_EQ(Pieces(order.lines(0).cancelled()), "3");
  EXPECT_EQ(Pieces(order.lines(0).reserved()), "0");
  desk.Released(3, "3", "0");
  EXPECT_THAT(desk.events, IsEmpty());
  desk.Cancel();
  EXPECT_EQ(desk.reason, "");
  EXPECT_THAT(desk.events, IsEmpty());
}

TEST(CancelOrder, AfterShippingIsRefused) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 3"});
  desk.Ship("shp_1", "1");
  desk.Cancel();
  EXPECT_EQ(desk.reason, "ORDER_ALREADY_SHIPPED");
}

TEST(CancelOrder, OfAClosedOrderIsRefused) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 1"});
  desk.Ship("shp_1", "1");
  desk.Invoice("inv_1", "shp_1", "1", "18", "21.42");
  EXPECT_EQ(desk.Settle("inv_1", 2, "0", "21.42").state(), v1::ORDER_STATE_CLOSED);
  desk.Cancel();
  EXPECT_EQ(desk.reason, "ORDER_CLOSED");
}

TEST(CancelOrder, ThatLosesToShippingCancelsTheRemainder) {
  for (bool shipment_first : {true, false}) {
    Desk desk;
    desk.GiveMasters();
    desk.Place({"prd_chai 3"});
    desk.Confirm(2, "3", "0");
    desk.Cancel();
    if (shipment_first) {
      desk.Ship("shp_1", "1");
      EXPECT_FALSE(desk.Event(0).order_shipment_recorded().last());
      desk.Released(5, "2", "1");
      EXPECT_THAT(desk.events, ElementsAre("OrderAmended"));
    } else {
      desk.Released(5, "2", "1");
      EXPECT_THAT(desk.events, ElementsAre("OrderAmended"));
      desk.Ship("shp_1", "1");
      EXPECT_TRUE(desk.Event(0).order_shipment_recorded().last());
    }
    v1::Order order = desk.Now();
    EXPECT_EQ(order.state(), v1::ORDER_STATE_CONFIRMED);
    EXPECT_EQ(order.revision(), 2);
    EXPECT_FALSE(order.cancel_requested());
    EXPECT_EQ(Pieces(order.lines(0).cancelled()), "2");
    EXPECT_EQ(Eur(order.net_total()), "18.00 EUR");
    EXPECT_EQ(order.fulfilment_status(), v1::FULFILMENT_STATUS_SHIPPED);
    EXPECT_EQ(order.last_billed(), !shipment_first);
    desk.Invoice("inv_1", "shp_1", "1", "18", "21.42");
    order = desk.Settle("inv_1", 2, "0", "21.42");
    EXPECT_THAT(desk.events, ElementsAre("OrderSettlementRecorded", "OrderClosed"));
    EXPECT_EQ(desk.Event(1).order_closed().last_billed(), !shipment_first);
    EXPECT_EQ(order.billing_status(), v1::BILLING_STATUS_PAID);
  }
}

TEST(CancelOrder, ThatLosesToShippingEverythingHasNoRemainder) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 3"});
  desk.Cancel();
  desk.Released(5, "0", "3");  // the shipment is not recorded here yet
  EXPECT_THAT(desk.events, ElementsAre("OrderConfirmed", "OrderAmended"));
  EXPECT_EQ(desk.Now().revision(), 1);
  desk.Ship("shp_1", "3");
  EXPECT_TRUE(desk.Event(0).order_shipment_recorded().last());
}

TEST(CompleteCancel, ConfirmsAnOrderAsItStoodAndThenAmendsIt) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 3"});
  desk.Cancel();
  desk.Released(5, "2", "1");  // neither its stock nor its shipment is recorded here yet
  EXPECT_THAT(desk.events, ElementsAre("OrderConfirmed", "OrderAmended"));
  const v1::Order& confirmed = desk.Event(0).order();
  EXPECT_EQ(confirmed.revision(), 1);
  EXPECT_TRUE(confirmed.cancel_requested());
  EXPECT_EQ(Pieces(confirmed.lines(0).cancelled()), "0");
  EXPECT_EQ(Eur(confirmed.net_total()), "54.00 EUR");
  const v1::Order& amended = desk.Event(1).order();
  EXPECT_EQ(amended.revision(), 2);
  EXPECT_FALSE(amended.cancel_requested());
  EXPECT_EQ(Pieces(amended.lines(0).cancelled()), "2");
  EXPECT_EQ(Eur(amended.net_total()), "18.00 EUR");
}

TEST(CompleteCancel, ClosesAnOrderWhoseInvoicesAreSettled) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 3"});
  desk.Ship("shp_1", "1");
  desk.Invoice("inv_1", "shp_1", "1", "18", "21.42");
  desk.Settle("inv_1", 2, "0", "21.42");
  EXPECT_EQ(desk.Now().billing_status(), v1::BILLING_STATUS_PARTLY_PAID);
  v1::Order order = desk.Released(9, "2", "1");
  EXPECT_THAT(desk.events, ElementsAre("OrderAmended", "OrderClosed"));
  EXPECT_FALSE(desk.Event(1).order_closed().last_billed());
  EXPECT_EQ(order.state(), v1::ORDER_STATE_CLOSED);
}

// --- Shipping ---

TEST(RecordShipment, ConfirmsFirstAndSaysWhatToBill) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 3"},
             "freight { net { currency_code: 'EUR' units: 5 } tax_class: "
             "'STANDARD' }");
  v1::Order order = desk.Ship("shp_1", "2");
  EXPECT_THAT(desk.events, ElementsAre("OrderConfirmed", "OrderShipmentRecorded"));
  const v1::OrderShipmentRecorded& what = desk.Event(1).order_shipment_recorded();
  EXPECT_EQ(what.shipment_number(), "SH-1");
  EXPECT_EQ(what.payer_account_id(), "acc_a");
  EXPECT_EQ(what.bill_to().name(), "Alfreds GmbH");
  EXPECT_FALSE(what.last());
  ASSERT_EQ(what.lines_size(), 2);
  EXPECT_EQ(Eur(what.lines(0).net()), "36.00 EUR");
  EXPECT_EQ(what.lines(0).tax_code(), "DE19");
  EXPECT_EQ(Pieces(what.lines(0).quantity()), "2");
  EXPECT_TRUE(what.lines(1).freight());
  EXPECT_EQ(what.lines(1).line_number(), 2);
  EXPECT_EQ(Eur(what.lines(1).net()), "5.00 EUR");
  EXPECT_EQ(order.fulfilment_status(), v1::FULFILMENT_STATUS_PARTLY_SHIPPED);
  desk.Ship("shp_2", "1");
  EXPECT_EQ(desk.Event(0).order_shipment_recorded().lines_size(), 1) << "freight is billed once";
  EXPECT_TRUE(desk.Event(0).order_shipment_recorded().last());
}

TEST(RecordShipment, BillsDifferencesOfCumulatedAmounts) {
  Desk desk;
  desk.GiveMasters();
  EXPECT_EQ(Eur(desk.Place({"prd_tofu 3"}).net_total()), "10.01 EUR");
  std::vector<std::string> nets;
  for (const char* shipment : {"shp_1", "shp_2", "shp_3"}) {
    desk.Ship(shipment, "1");
    nets.push_back(Eur(desk.messages.back().order_shipment_recorded().lines(0).net()));
  }
  EXPECT_THAT(nets, ElementsAre("3.34 EUR", "3.33 EUR", "3.34 EUR"));
}

TEST(RecordShipment, TwiceChangesNothing) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 3"});
  v1::Order order = desk.Ship("shp_1", "2");
  EXPECT_EQ(desk.Ship("shp_1", "2").SerializeAsString(), order.SerializeAsString());
  EXPECT_THAT(desk.events, IsEmpty());
}

TEST(RecordShipment, IsRecordedWhileHeldAndLowersWhatIsReserved) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 5"});
  desk.Confirm(2, "3", "2");
  desk.Credit("REFUSED", 1);
  v1::Order order = desk.Ship("shp_1", "3");
  EXPECT_EQ(order.state(), v1::ORDER_STATE_CONFIRMED);
  EXPECT_EQ(order.holds_size(), 1);
  EXPECT_EQ(Pieces(order.lines(0).reserved()), "0");
  EXPECT_EQ(Pieces(order.lines(0).backordered()), "2");
}

TEST(RecordShipment, ThatOvertakesTheConfirmationLeavesNothingReserved) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 5"});
  desk.Ship("shp_1", "3");
  v1::Order order = desk.Confirm(2, "3", "2");  // as it was before the goods left
  EXPECT_EQ(Pieces(order.lines(0).reserved()), "0");
  EXPECT_EQ(Pieces(order.lines(0).backordered()), "2");
}

TEST(RecordShipment, TakesNothingOffWhatWasReservedBehindIt) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 10"});
  desk.Confirm(2, "5", "5");
  desk.Confirm(4, "5", "0");  // 5 have left, and a receipt served the rest: told first
  v1::Order order = desk.Ship("shp_1", "5");
  EXPECT_EQ(Pieces(order.lines(0).reserved()), "5");
  EXPECT_EQ(Pieces(order.lines(0).backordered()), "0");
  order = desk.Ship("shp_2", "5");
  EXPECT_EQ(Pieces(order.lines(0).reserved()), "0");
}

TEST(RecordShipment, RefusesWhatCannotBeTrue) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 3"});
  desk.Do(RecordShipment, R"pb(
    order_id: "ord_1"
    shipment_id: "shp_1"
    ship_date { year: 2014 month: 5 day: 8 }
    lines {
      line_number: 1
      quantity {
        value { value: "1" }
        unit: "KGM"
      }
    })pb");
  EXPECT_EQ(desk.reason, "ORDER_UNIT_MISMATCH");
  desk.Ship("shp_1", "4");
  EXPECT_EQ(desk.reason, "ORDER_OVER_SHIPPED");
  desk.Ship("shp_1", "1", /*line=*/9);
  EXPECT_EQ(desk.reason, "ORDER_LINE_UNKNOWN");
  desk.Cancel();
  desk.Released(2, "3", "0");
  desk.Ship("shp_1", "1");
  EXPECT_EQ(desk.reason, "ORDER_CANCELLED");
}

// --- Billing ---

TEST(RecordInvoice, AndSettlementsCloseTheOrder) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 2"});
  desk.Ship("shp_1", "1");
  v1::Order order = desk.Invoice("inv_1", "shp_1", "1", "18", "21.42");
  EXPECT_THAT(desk.events, ElementsAre("OrderInvoiced"));
  EXPECT_EQ(order.billing_status(), v1::BILLING_STATUS_PARTLY_INVOICED);
  desk.Ship("shp_2", "1");
  order = desk.Invoice("inv_2", "shp_2", "1", "18", "21.42");
  EXPECT_EQ(order.billing_status(), v1::BILLING_STATUS_INVOICED);
  order = desk.Settle("inv_1", 2, "10", "21.42");
  EXPECT_THAT(desk.events, ElementsAre("OrderSettlementRecorded"));
  EXPECT_EQ(order.billing_status(), v1::BILLING_STATUS_PARTLY_PAID);
  desk.Settle("inv_1", 3, "0", "21.42");
  order = desk.Settle("inv_2", 2, "0", "21.42");
  EXPECT_THAT(desk.events, ElementsAre("OrderSettlementRecorded", "OrderClosed"));
  EXPECT_TRUE(desk.Event(1).order_closed().last_billed());
  EXPECT_EQ(order.state(), v1::ORDER_STATE_CLOSED);
  EXPECT_EQ(order.billing_status(), v1::BILLING_STATUS_PAID);
}

TEST(RecordInvoice, TwiceChangesNothingAndTooMuchIsRefused) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 2"});
  desk.Ship("shp_1", "1");
  desk.Invoice("inv_1", "shp_1", "1", "18", "21.42");
  desk.Invoice("inv_1", "shp_1", "1", "18", "21.42");
  EXPECT_THAT(desk.events, IsEmpty());
  desk.Invoice("inv_2", "shp_2", "1", "18", "21.42");
  EXPECT_EQ(desk.reason, "ORDER_OVER_INVOICED");
}

TEST(RecordSettlement, BeforeTheInvoiceIsKept) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 1"});
  desk.Ship("shp_1", "1");
  EXPECT_EQ(desk.Settle("inv_1", 2, "0", "21.42").state(), v1::ORDER_STATE_CONFIRMED);
  EXPECT_EQ(desk.Invoice("inv_1", "shp_1", "1", "18", "21.42").state(), v1::ORDER_STATE_CLOSED);
  EXPECT_THAT(desk.events, ElementsAre("OrderInvoiced", "OrderClosed"));
}

TEST(RecordSettlement, OlderChangesNothingAndABounceDoesNotReopen) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 1"});
  desk.Ship("shp_1", "1");
  desk.Invoice("inv_1", "shp_1", "1", "18", "21.42");
  desk.Settle("inv_1", 3, "0", "21.42");
  desk.Settle("inv_1", 2, "10", "21.42");
  EXPECT_THAT(desk.events, IsEmpty());
  v1::Order order = desk.Settle("inv_1", 4, "21.42", "21.42");  // the payment bounced
  EXPECT_EQ(order.state(), v1::ORDER_STATE_CLOSED);
  EXPECT_EQ(order.billing_status(), v1::BILLING_STATUS_INVOICED);
}

std::string ReturnText(const std::string& id, const std::string& shipment,
                       const std::string& quantity) {
  return "order_id: 'ord_1' return_id: '" + id + "' shipment_id: '" + shipment +
         "' return_date { year: 2014 month: 6 day: 1 } lines { line_number: 1 " +
         Desk::Qty("quantity", quantity) + "}";
}

TEST(RecordReturn, CreditsWhatTheShipmentWasBilledAtExactly) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_tofu 3"});
  desk.Ship("shp_1", "1");
  desk.Ship("shp_2", "2");
  EXPECT_EQ(Eur(desk.messages[0].order_shipment_recorded().lines(0).net()), "6.67 EUR");
  auto back = [&](const std::string& text) {
    desk.Do(RecordReturn, Text<v1::RecordReturnRequest>(text));
    EXPECT_THAT(desk.events, ElementsAre("OrderReturnRecorded")) << text << desk.reason;
    return Eur(desk.Event(0).order_return_recorded().lines(0).net());
  };
  EXPECT_EQ(back(ReturnText("ret_1", "shp_2", "1")), "3.34 EUR");
  EXPECT_EQ(back(ReturnText("ret_2", "shp_2", "1")), "3.33 EUR");
  EXPECT_EQ(back(ReturnText("ret_3", "shp_1", "1")), "3.34 EUR");
  EXPECT_EQ(Pieces(desk.Now().lines(0).returned()), "3");
  desk.Do(RecordReturn, Text<v1::RecordReturnRequest>(ReturnText("ret_3", "shp_1", "1")));
  EXPECT_THAT(desk.events, IsEmpty());
  EXPECT_EQ(desk.reason, "");
  desk.Do(RecordReturn, Text<v1::RecordReturnRequest>(ReturnText("ret_4", "shp_1", "1")));
  EXPECT_EQ(desk.reason, "ORDER_OVER_RETURNED");
  desk.Do(RecordReturn, Text<v1::RecordReturnRequest>(ReturnText("ret_4", "shp_9", "1")));
  EXPECT_EQ(desk.reason, "ORDER_SHIPMENT_UNKNOWN");
}

TEST(RecordCreditNote, IsRecordedOnceAlsoBeforeItsInvoice) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 2"});
  desk.Ship("shp_1", "2");
  const std::string text = "order_id: 'ord_1' credit_note_id: 'crn_1' " + Desk::Cash("net", "18") +
                           Desk::Cash("total", "21.42") + "lines { line_number: 1 " +
                           Desk::Qty("quantity", "1") + Desk::Cash("net", "18") + "}";
  v1::Order order = desk.Do(RecordCreditNote, Text<v1::RecordCreditNoteRequest>(text));
  EXPECT_THAT(desk.events, ElementsAre("OrderCreditNoteRecorded"));
  EXPECT_EQ(Pieces(order.lines(0).credited()), "1");
  desk.Do(RecordCreditNote, Text<v1::RecordCreditNoteRequest>(text));
  EXPECT_THAT(desk.events, IsEmpty());
  const std::string too_much = "order_id: 'ord_1' credit_note_id: 'crn_2' " +
                               Desk::Cash("net", "18.01") + Desk::Cash("total", "21.43") +
                               "lines { line_number: 1 " + Desk::Cash("net", "18.01") + "}";
  desk.Do(RecordCreditNote, Text<v1::RecordCreditNoteRequest>(too_much));
  EXPECT_EQ(desk.reason, "ORDER_OVER_CREDITED");
}

TEST(OrderEvent, CarriesTheOrderTheChangedFieldsAndTheirValuesBefore) {
  Desk desk;
  desk.GiveMasters();
  desk.Place({"prd_chai 3"});
  desk.Confirm(2, "3", "0");
  const v1::OrderEvent& event = desk.Event(0);
  EXPECT_EQ(event.meta().entity_version(), 2);
  EXPECT_EQ(event.order().state(), v1::ORDER_STATE_CONFIRMED);
  EXPECT_EQ(event.order().etag(), "\"2\"");
  EXPECT_EQ(event.previous().state(), v1::ORDER_STATE_PLACED);
  EXPECT_THAT(event.changed().paths(),
              testing::UnorderedElementsAre("state", "credit_status", "fulfilment_status", "lines",
                                            "demand_version"));
}

}  // namespace
}  // namespace tandem::order
