#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/inventory/inventory_test_desk.h"

namespace tandem::inventory {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ShipmentTest : public testing::Test {
 protected:
  ShipmentTest() {
    desk.Product("prd_a", "standard_cost { currency_code: 'EUR' units: 2 }");
    desk.Receive("prd_a", "10");
    desk.Order("ord_1", {"prd_a 12"});
    shipment = desk.ShipmentOf("ord_1");
  }
  void Start(const std::string& more = "") {
    desk.Do(StartPicking, absl::StrCat("shipment_id: '", shipment, "' ", more));
  }
  void Pick(const std::string& lines = "") {
    desk.Do(PickShipment, absl::StrCat("shipment_id: '", shipment, "' ", lines));
  }
  void Pack() { desk.Do(PackShipment, absl::StrCat("shipment_id: '", shipment, "'")); }
  static std::string Picked(int line, const std::string& quantity) {
    return absl::StrCat("lines { line_number: ", line, " ", Qty("quantity", quantity), "} ");
  }
  v1::ShipmentState State() { return desk.Shipment(shipment).state(); }
  std::string Allocated() {
    return Pieces(desk.state.Find<v1::Stock>("prd_a/MAIN")->allocated()) + " " +
           Pieces(desk.Demand("ord_1").lines(0).allocated());
  }
  Desk desk;
  std::string shipment;
};

TEST_F(ShipmentTest, IsPickedPackedAndShippedStepByStep) {
  Start();
  EXPECT_THAT(desk.events, ElementsAre("ShipmentPickingStarted", "DemandAllocated"));
  EXPECT_EQ(State(), v1::SHIPMENT_STATE_PICKING);
  EXPECT_EQ(Allocated(), "10 10");
  Pick(Picked(1, "10"));
  EXPECT_THAT(desk.events, ElementsAre("ShipmentPicked"));
  EXPECT_EQ(State(), v1::SHIPMENT_STATE_PICKED);
  Pack();
  EXPECT_THAT(desk.events, ElementsAre("ShipmentPacked"));
  EXPECT_EQ(State(), v1::SHIPMENT_STATE_PACKED);
  desk.Ship(shipment);
  EXPECT_THAT(desk.events, ElementsAre("ShipmentShipped", "DemandFulfilled", "StockMoved"));
  EXPECT_EQ(State(), v1::SHIPMENT_STATE_SHIPPED);
  EXPECT_EQ(Allocated(), "0 0");
  EXPECT_EQ(desk.Stock("prd_a"), "0-0-0=0, 2 wait");
}

TEST_F(ShipmentTest, EachStepTwiceIsDoneOnce) {
  Start();
  Start();
  EXPECT_THAT(desk.events, IsEmpty());
  Pick();
  Pick();
  EXPECT_THAT(desk.events, IsEmpty());
  Pack();
  Pack();
  EXPECT_THAT(desk.events, IsEmpty());
  desk.Ship(shipment);
  EXPECT_EQ(desk.Ship(shipment).state(), v1::SHIPMENT_STATE_SHIPPED);
  EXPECT_THAT(desk.events, IsEmpty());
  EXPECT_EQ(desk.Stock("prd_a"), "0-0-0=0, 2 wait");
}

TEST_F(ShipmentTest, ShippedFromPlannedPicksAllAndTellsTheCumulatedTotal) {
  desk.Ship(shipment);
  EXPECT_THAT(desk.events, ElementsAre("ShipmentShipped", "DemandFulfilled", "StockMoved"));
  const v1::ShipmentShipped& told = desk.EventAt<v1::ShipmentEvent>(0).shipment_shipped();
  EXPECT_EQ(told.order_id(), "ord_1");
  EXPECT_EQ(told.shipment_number(), "SH-1001");
  EXPECT_EQ(told.ship_date().day(), 8);
  EXPECT_EQ(Pieces(told.lines(0).quantity()), "10");
  EXPECT_EQ(Pieces(told.lines(0).shipped_total()), "10");
  const v1::StockEvent& move = desk.EventAt<v1::StockEvent>(2);
  EXPECT_EQ(Pieces(move.stock_move().delta()), "-10");
  EXPECT_EQ(move.stock_move().reference(), shipment);
  EXPECT_EQ(move.stock_move().number(), 2);
  EXPECT_EQ(move.stock_moved().unit_cost().units(), 2);
  EXPECT_EQ(desk.messages[2].routing_key, "prd_a");
  v1::Shipment shipped = desk.Shipment(shipment);
  EXPECT_EQ(Pieces(shipped.lines(0).picked()), "10");
  EXPECT_EQ(shipped.freight_cost().units(), 7);
  EXPECT_EQ(shipped.carrier(), "Federal");

  desk.Receive("prd_a", "2");
  desk.Ship(desk.ShipmentOf("ord_1"));
  const v1::ShipmentShipped& rest = desk.EventAt<v1::ShipmentEvent>(0).shipment_shipped();
  EXPECT_EQ(rest.shipment_number(), "SH-1002");
  EXPECT_EQ(Pieces(rest.lines(0).quantity()), "2");
  EXPECT_EQ(Pieces(rest.lines(0).shipped_total()), "12");
  EXPECT_TRUE(desk.EventAt<v1::DemandEvent>(1).demand_fulfilled().complete());
  EXPECT_EQ(desk.Demand("ord_1").state(), v1::DEMAND_STATE_CLOSED);
}

TEST_F(ShipmentTest, WhatIsReservedLaterJoinsAPlannedShipment) {
  desk.Receive("prd_a", "2");
  EXPECT_THAT(desk.events, ElementsAre("StockMoved", "StockReserved", "ShipmentReplanned"));
  EXPECT_EQ(desk.ShipmentOf("ord_1"), shipment);
  EXPECT_EQ(Pieces(desk.Shipment(shipment).lines(0).quantity()), "12");
}

TEST_F(ShipmentTest, WhatIsReservedLaterGetsItsOwnOnceItIsBeingPicked) {
  Start();
  desk.Receive("prd_a", "2");
  EXPECT_THAT(desk.events, ElementsAre("StockMoved", "StockReserved", "ShipmentPlanned"));
  EXPECT_NE(desk.ShipmentOf("ord_1"), shipment);
  EXPECT_EQ(Pieces(desk.Shipment(desk.ShipmentOf("ord_1")).lines(0).quantity()), "2");
}

TEST_F(ShipmentTest, OfAHeldOrderIsNeitherPickedNorShipped) {
  desk.Hold("ord_1", 2);
  Start();
  EXPECT_EQ(desk.reason, "SHIPMENT_HELD");
  Pick();
  EXPECT_EQ(desk.reason, "SHIPMENT_HELD");
  desk.Ship(shipment);
  EXPECT_EQ(desk.reason, "SHIPMENT_HELD");
  desk.Resume("ord_1", 3);
  EXPECT_EQ(desk.Ship(shipment).state(), v1::SHIPMENT_STATE_SHIPPED);
}

TEST_F(ShipmentTest, OnceCancelledIsNeitherPickedPackedNorShipped) {
  desk.Release("ord_1");
  Start();
  EXPECT_EQ(desk.reason, "SHIPMENT_CANCELLED");
  Pick();
  EXPECT_EQ(desk.reason, "SHIPMENT_CANCELLED");
  Pack();
  EXPECT_EQ(desk.reason, "SHIPMENT_CANCELLED");
  desk.Ship(shipment);
  EXPECT_EQ(desk.reason, "SHIPMENT_CANCELLED");
  desk.Return(shipment, "ret_1", "1", "RESTOCK");
  EXPECT_EQ(desk.reason, "SHIPMENT_NOT_SHIPPED");
}

TEST_F(ShipmentTest, RefusesWhatIsNotPlanned) {
  Pack();
  EXPECT_EQ(desk.reason, "SHIPMENT_NOT_PICKED");
  Pick(Picked(1, "11"));
  EXPECT_EQ(desk.reason, "SHIPMENT_OVER_PICKED");
  Pick(Picked(1, "9"));
  EXPECT_EQ(desk.reason, "SHIPMENT_SHORT_PICK");
  Pick(Picked(2, "1"));
  EXPECT_EQ(desk.reason, "SHIPMENT_LINE_UNKNOWN");
  Start("etag: '\"7\"'");
  EXPECT_EQ(desk.reason, "ETAG_MISMATCH");
  desk.Ship("shp_none");
  EXPECT_EQ(desk.reason, "SHIPMENT_NOT_FOUND");
  desk.Return(shipment, "ret_1", "1", "RESTOCK");
  EXPECT_EQ(desk.reason, "SHIPMENT_NOT_SHIPPED");
}

TEST_F(ShipmentTest, WithNothingInItIsNotShipped) {
  v1::Shipment empty;
  empty.set_id("shp_empty");
  empty.set_order_id("ord_1");
  empty.set_state(v1::SHIPMENT_STATE_PLANNED);
  desk.state.Given(empty);
  desk.Ship("shp_empty");
  EXPECT_EQ(desk.reason, "SHIPMENT_EMPTY");
}

TEST_F(ShipmentTest, RestockedGoodsServeWhoWaits) {
  desk.Ship(shipment);
  desk.Return(shipment, "ret_1", "3", "RESTOCK");
  EXPECT_THAT(desk.events, ElementsAre("ShipmentReturned", "DemandFulfilled", "StockMoved",
                                       "StockReserved", "ShipmentPlanned"));
  EXPECT_EQ(desk.Stock("prd_a"), "3-0-2=1, 0 wait");
  const v1::ShipmentReturned& told = desk.EventAt<v1::ShipmentEvent>(0).shipment_returned();
  EXPECT_EQ(told.return_id(), "ret_1");
  EXPECT_EQ(Pieces(told.lines(0).quantity()), "3");
  EXPECT_EQ(Pieces(told.lines(0).returned_total()), "3");
  desk.Return(shipment, "ret_2", "2", "RESTOCK");
  EXPECT_EQ(
      Pieces(desk.EventAt<v1::ShipmentEvent>(0).shipment_returned().lines(0).returned_total()),
      "5");
}

TEST_F(ShipmentTest, ScrappedGoodsComeAndGoAndServeNobody) {
  desk.Ship(shipment);
  desk.Return(shipment, "ret_1", "3", "SCRAP");
  EXPECT_THAT(desk.events,
              ElementsAre("ShipmentReturned", "DemandFulfilled", "StockMoved", "StockMoved"));
  EXPECT_EQ(desk.Stock("prd_a"), "0-0-0=0, 2 wait");
  EXPECT_EQ(desk.EventAt<v1::StockEvent>(3).stock_move().kind(), v1::STOCK_MOVE_KIND_SCRAP);
}

TEST_F(ShipmentTest, GoodsToBeInspectedAreBlockedUntilSomeoneLiftsIt) {
  desk.Ship(shipment);
  desk.Return(shipment, "ret_1", "3", "INSPECT");
  EXPECT_EQ(desk.Stock("prd_a"), "3-3-0=0, 2 wait");
  desk.Adjust("prd_a", "0", "-3");
  EXPECT_EQ(desk.Stock("prd_a"), "3-0-2=1, 0 wait");
}

TEST_F(ShipmentTest, AReturnIsRecordedOnceAndNeverBeyondWhatWasShipped) {
  desk.Ship(shipment);
  desk.Return(shipment, "ret_1", "3", "RESTOCK");
  desk.Return(shipment, "ret_1", "3", "RESTOCK");
  EXPECT_EQ(desk.reason, "");
  EXPECT_THAT(desk.events, IsEmpty());
  desk.Return(shipment, "ret_2", "8", "RESTOCK");
  EXPECT_EQ(desk.reason, "RETURN_OVER_SHIPPED");
  desk.Ship(desk.ShipmentOf("ord_1"));
  desk.Return(desk.ShipmentOf("ord_1"), "ret_1", "1", "RESTOCK");
  EXPECT_EQ(desk.reason, "RETURN_ALREADY_EXISTS");
  desk.Do(ReturnShipment,
          absl::StrCat("shipment_id: '", shipment, "' return_id: 'ret_3' ",
                       "return_date { year: 2014 month: 6 day: 1 } ", "lines { line_number: 1 ",
                       Qty("quantity", "4"), "disposition: RETURN_DISPOSITION_RESTOCK } ",
                       "lines { line_number: 1 ", Qty("quantity", "4"),
                       "disposition: RETURN_DISPOSITION_SCRAP }"));
  EXPECT_EQ(desk.reason, "RETURN_OVER_SHIPPED");
  desk.Do(ReturnShipment,
          absl::StrCat("shipment_id: '", shipment, "' return_id: 'ret_3' ",
                       "return_date { year: 2014 month: 6 day: 1 } ", "lines { line_number: 9 ",
                       Qty("quantity", "4"), "disposition: RETURN_DISPOSITION_RESTOCK }"));
  EXPECT_EQ(desk.reason, "SHIPMENT_LINE_UNKNOWN");
  desk.Do(ReturnShipment,
          absl::StrCat("shipment_id: '", shipment, "' return_id: 'ret_3' ",
                       "return_date { year: 2014 month: 6 day: 1 } ", "lines { line_number: 1 ",
                       Qty("quantity", "1", "KGM"), "disposition: RETURN_DISPOSITION_RESTOCK }"));
  EXPECT_EQ(desk.reason, "RETURN_UNIT_NOT_CONVERTIBLE");
}

TEST_F(ShipmentTest, CancelAgainstShipWhicheverIsFirst) {
  // Ship first: it has shipped, and the rest is released.
  desk.Ship(shipment);
  desk.Release("ord_1");
  EXPECT_EQ(Pieces(desk.EventAt<v1::DemandEvent>(0).stock_released().lines(0).shipped()), "10");
  EXPECT_EQ(Pieces(desk.EventAt<v1::DemandEvent>(0).stock_released().lines(0).released()), "2");
  EXPECT_EQ(State(), v1::SHIPMENT_STATE_SHIPPED);
  EXPECT_EQ(desk.Stock("prd_a"), "0-0-0=0, 0 wait");
}

}  // namespace
}  // namespace tandem::inventory
