#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/inventory/inventory_test_desk.h"

namespace tandem::inventory {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class DemandTest : public testing::Test {
 protected:
  DemandTest() {
    desk.Product("prd_a");
    desk.Product("prd_b");
    desk.Receive("prd_a", "10");
  }
  Desk desk;
};

using RecordDemandTest = DemandTest;
using ReserveStockTest = DemandTest;
using HoldDemandTest = DemandTest;
using ReleaseStockTest = DemandTest;

TEST_F(RecordDemandTest, PutsAnOrderIntoTheScheduleWithoutAClaimOnStock) {
  v1::Demand demand =
      desk.Record("ord_1", {"prd_a 3"}, 1, "order_number: 'SO-1' customer_id: 'cus_a' priority: 2");
  EXPECT_THAT(desk.events, ElementsAre("DemandRecorded"));
  EXPECT_EQ(demand.state(), v1::DEMAND_STATE_RECORDED);
  EXPECT_EQ(demand.outcome(), v1::DEMAND_OUTCOME_DONE);
  EXPECT_EQ(demand.lines(0).week(), "2014-W19");
  EXPECT_EQ(demand.lines(0).warehouse(), "MAIN");
  EXPECT_EQ(Pieces(demand.lines(0).open()), "3");
  EXPECT_EQ(desk.Lines("ord_1"), "0+0");
  EXPECT_EQ(desk.Stock("prd_a"), "10-0-0=10, 0 wait");
  EXPECT_EQ(desk.messages[0].routing_key, "ord_1");
}

TEST_F(RecordDemandTest, TwiceIsDoneOnceAndAnOlderRevisionIsSuperseded) {
  desk.Record("ord_1", {"prd_a 3"}, 2);
  EXPECT_EQ(desk.Record("ord_1", {"prd_a 3"}, 2).outcome(), v1::DEMAND_OUTCOME_DONE);
  EXPECT_THAT(desk.events, IsEmpty());
  EXPECT_EQ(desk.Record("ord_1", {"prd_a 9"}, 1).outcome(), v1::DEMAND_OUTCOME_SUPERSEDED);
  EXPECT_THAT(desk.events, IsEmpty());
  EXPECT_EQ(Pieces(desk.Demand("ord_1").lines(0).ordered()), "3");
}

TEST_F(RecordDemandTest, KeepsQuantitiesInTheBaseUnit) {
  desk.Do(RecordDemand, absl::StrCat("order_id: 'ord_1' revision: 1 lines { line_number: 1 "
                                     "product_id: 'prd_a' ",
                                     Qty("quantity", "2", "BX"), "}"));
  EXPECT_EQ(Pieces(desk.Demand("ord_1").lines(0).ordered()), "24");
  EXPECT_EQ(desk.Demand("ord_1").lines(0).ordered().unit(), "C62");
}

TEST_F(RecordDemandTest, KeepsALineOfAnUnknownProductAndServesItOnceItIsKnown) {
  EXPECT_TRUE(desk.Order("ord_1", {"prd_new 3"}).lines(0).unplaceable());
  EXPECT_THAT(desk.events, ElementsAre("StockShort"));
  EXPECT_EQ(desk.Lines("ord_1"), "0+3");
  desk.Product("prd_new");
  desk.Receive("prd_new", "5");
  EXPECT_THAT(desk.events, ElementsAre("StockMoved"));
  desk.Record("ord_1", {"prd_new 3"}, 2);
  desk.Reserve("ord_1", 2);
  EXPECT_EQ(desk.Lines("ord_1"), "3+0");
  EXPECT_EQ(desk.Stock("prd_new"), "5-0-3=2, 0 wait");
}

TEST_F(RecordDemandTest, ReleasesALineOfAnUnknownProductWithoutATrace) {
  desk.Order("ord_1", {"prd_new 3", "prd_a 2"});
  desk.Release("ord_1");
  EXPECT_EQ(desk.Lines("ord_1"), "0+0 0+0");
  EXPECT_EQ(desk.Stock("prd_a"), "10-0-0=10, 0 wait");
}

TEST_F(RecordDemandTest, SmallerQuantitiesTakeEffectAtOnceAndServeOthers) {
  desk.Order("ord_1", {"prd_a 10"});
  desk.Order("ord_2", {"prd_a 4"});
  EXPECT_EQ(desk.Lines("ord_2"), "0+4");
  desk.Record("ord_1", {"prd_a 7"}, 2);
  EXPECT_THAT(desk.events,
              ElementsAre("DemandRecorded", "ShipmentReplanned", "StockShort", "ShipmentPlanned"));
  EXPECT_EQ(desk.Lines("ord_1"), "7+0");
  EXPECT_EQ(desk.Lines("ord_2"), "3+1");
  EXPECT_EQ(Pieces(desk.Shipment(desk.ShipmentOf("ord_1")).lines(0).quantity()), "7");
}

TEST_F(RecordDemandTest, LargerQuantitiesWaitForReserveStock) {
  desk.Order("ord_1", {"prd_a 3"});
  desk.Record("ord_1", {"prd_a 5", "prd_b 1"}, 2);
  EXPECT_EQ(desk.Lines("ord_1"), "3+0 0+0");
  EXPECT_EQ(desk.Stock("prd_a"), "10-0-3=7, 0 wait");
  desk.Receive("prd_b", "1");
  EXPECT_EQ(desk.Lines("ord_1"), "3+0 0+0");
  EXPECT_EQ(desk.Reserve("ord_1", 2).outcome(), v1::DEMAND_OUTCOME_RESERVED);
  EXPECT_EQ(desk.Lines("ord_1"), "5+0 1+0");
  EXPECT_EQ(desk.EventAt<v1::DemandEvent>(0).stock_reserved().revision(), 2);
}

TEST_F(RecordDemandTest, WhatGrowsLaterStandsBehindThoseWhoWaitAlready) {
  desk.Order("ord_1", {"prd_a 10"});
  desk.Order("ord_2", {"prd_a 4"});
  desk.Record("ord_1", {"prd_a 12"}, 2);
  desk.Reserve("ord_1", 2);
  desk.Receive("prd_a", "4");
  EXPECT_EQ(desk.Lines("ord_1"), "10+2");
  EXPECT_EQ(desk.Lines("ord_2"), "4+0");
}

TEST_F(RecordDemandTest, ALineThatIsNotNamedIsNotWantedAnyMore) {
  desk.Order("ord_1", {"prd_a 3", "prd_b 2"});
  desk.Record("ord_1", {"prd_a 3"}, 2);
  EXPECT_EQ(desk.Lines("ord_1"), "3+0 0+0");
  EXPECT_EQ(desk.Stock("prd_b"), "0-0-0=0, 0 wait");
}

TEST_F(RecordDemandTest, NeverGoesBelowWhatHasShippedOrIsBeingPicked) {
  desk.Order("ord_1", {"prd_a 6"});
  desk.Do(StartPicking, absl::StrCat("shipment_id: '", desk.ShipmentOf("ord_1"), "'"));
  desk.Record("ord_1", {"prd_a 2"}, 2);
  EXPECT_EQ(Pieces(desk.Demand("ord_1").lines(0).ordered()), "6");
  desk.Ship(desk.ShipmentOf("ord_1"));
  EXPECT_EQ(desk.Demand("ord_1").state(), v1::DEMAND_STATE_CLOSED);
}

TEST_F(RecordDemandTest, DownToWhatHasShippedClosesTheDemand) {
  desk.Order("ord_1", {"prd_a 12"});
  desk.Ship(desk.ShipmentOf("ord_1"));
  EXPECT_EQ(desk.Lines("ord_1"), "0+2");
  EXPECT_EQ(desk.Record("ord_1", {"prd_a 10"}, 2).state(), v1::DEMAND_STATE_CLOSED);
  EXPECT_EQ(desk.Stock("prd_a"), "0-0-0=0, 0 wait");
  EXPECT_EQ(desk.Reserve("ord_1", 2).outcome(), v1::DEMAND_OUTCOME_SUPERSEDED);
}

TEST_F(RecordDemandTest, RefusesWhatIsMalformed) {
  desk.Do(RecordDemand,
          absl::StrCat("order_id: 'ord_1' revision: 1 lines { line_number: 1 product_id: 'prd_a' ",
                       Qty("quantity", "1"), "} lines { line_number: 1 product_id: 'prd_b' ",
                       Qty("quantity", "1"), "}"));
  EXPECT_EQ(desk.reason, "DEMAND_LINE_DUPLICATE");
  EXPECT_EQ(desk.field, "lines[1].line_number");
  desk.Record("ord_1", {"prd_a 1"});
  desk.Record("ord_1", {"prd_b 1"}, 2);
  EXPECT_EQ(desk.reason, "DEMAND_LINE_PRODUCT_CHANGED");
  desk.Record("ord_2", {"prd_a -1"});
  EXPECT_EQ(desk.reason, "QUANTITY_NOT_POSITIVE");
}

TEST_F(ReserveStockTest, TakesWhatIsAvailableAndPlansAShipment) {
  v1::Demand demand = desk.Order("ord_1", {"prd_a 4"}, "ship_to_name: 'Alfreds'");
  EXPECT_THAT(desk.events, ElementsAre("StockReserved", "ShipmentPlanned"));
  EXPECT_EQ(demand.state(), v1::DEMAND_STATE_RELEASED);
  EXPECT_EQ(demand.outcome(), v1::DEMAND_OUTCOME_RESERVED);
  EXPECT_EQ(demand.sequence(), 1);
  EXPECT_EQ(desk.Stock("prd_a"), "10-0-4=6, 0 wait");
  const v1::StockReserved& told = desk.EventAt<v1::DemandEvent>(0).stock_reserved();
  EXPECT_EQ(told.order_id(), "ord_1");
  EXPECT_EQ(told.revision(), 1);
  EXPECT_EQ(Pieces(told.lines(0).reserved()), "4");
  EXPECT_EQ(told.lines(0).promised_date().day(), 6);
  EXPECT_EQ(desk.EventAt<v1::DemandEvent>(0).meta().entity_version(), 2);
  v1::Shipment shipment = desk.Shipment(desk.ShipmentOf("ord_1"));
  EXPECT_EQ(shipment.number(), "SH-1001");
  EXPECT_EQ(shipment.state(), v1::SHIPMENT_STATE_PLANNED);
  EXPECT_EQ(shipment.ship_to_name(), "Alfreds");
  EXPECT_EQ(Pieces(shipment.lines(0).quantity()), "4");
  EXPECT_EQ(desk.messages[1].routing_key, "ord_1");
}

TEST_F(ReserveStockTest, TooLittleIsAnOutcomeAndTheRestWaits) {
  EXPECT_EQ(desk.Order("ord_1", {"prd_a 12", "prd_b 1"}).outcome(), v1::DEMAND_OUTCOME_SHORT);
  EXPECT_THAT(desk.events, ElementsAre("StockShort", "ShipmentPlanned"));
  EXPECT_EQ(desk.Lines("ord_1"), "10+2 0+1");
  EXPECT_FALSE(desk.Demand("ord_1").lines(0).has_promised_date());
  EXPECT_EQ(desk.Stock("prd_a"), "10-0-10=0, 2 wait");
}

TEST_F(ReserveStockTest, TwoLinesOfOneProductShareWhatThereIs) {
  desk.Order("ord_1", {"prd_a 7", "prd_a 7"});
  EXPECT_EQ(desk.Lines("ord_1"), "7+0 3+4");
}

TEST_F(ReserveStockTest, TwiceIsDoneOnce) {
  desk.Order("ord_1", {"prd_a 4"});
  EXPECT_EQ(desk.Reserve("ord_1").outcome(), v1::DEMAND_OUTCOME_RESERVED);
  EXPECT_THAT(desk.events, IsEmpty());
  EXPECT_EQ(desk.Stock("prd_a"), "10-0-4=6, 0 wait");
}

TEST_F(ReserveStockTest, AnOlderRevisionThanTheRecordedOneIsSuperseded) {
  desk.Record("ord_1", {"prd_a 4"}, 2);
  EXPECT_EQ(desk.Reserve("ord_1", 1).outcome(), v1::DEMAND_OUTCOME_SUPERSEDED);
  EXPECT_EQ(desk.Lines("ord_1"), "0+0");
}

TEST_F(ReserveStockTest, OvertakingTheRecordIsKeptAndTakesEffectWithIt) {
  EXPECT_EQ(desk.Reserve("ord_1").outcome(), v1::DEMAND_OUTCOME_AWAITED);
  EXPECT_THAT(desk.events, ElementsAre("DemandAwaited"));
  EXPECT_EQ(desk.Reserve("ord_1").outcome(), v1::DEMAND_OUTCOME_AWAITED);
  EXPECT_THAT(desk.events, IsEmpty());
  desk.Record("ord_1", {"prd_a 4"});
  EXPECT_THAT(desk.events, ElementsAre("DemandRecorded", "StockReserved", "ShipmentPlanned"));
  EXPECT_EQ(desk.Lines("ord_1"), "4+0");
}

TEST_F(ReserveStockTest, OvertakingAnAmendmentWaitsForIt) {
  desk.Order("ord_1", {"prd_a 2"});
  EXPECT_EQ(desk.Reserve("ord_1", 2).outcome(), v1::DEMAND_OUTCOME_AWAITED);
  EXPECT_EQ(desk.Reserve("ord_1", 1).outcome(), v1::DEMAND_OUTCOME_SUPERSEDED);
  EXPECT_EQ(desk.Lines("ord_1"), "2+0");
  desk.Record("ord_1", {"prd_a 5"}, 2);
  EXPECT_EQ(desk.Lines("ord_1"), "5+0");
}

TEST_F(ReserveStockTest, NoBackorderTakesAllOrNothing) {
  v1::Demand demand = desk.Order("ord_1", {"prd_a 4", "prd_b 1"},
                                 "backorder_policy: BACKORDER_POLICY_NO_BACKORDER");
  EXPECT_THAT(desk.events, ElementsAre("StockShort"));
  EXPECT_TRUE(desk.EventAt<v1::DemandEvent>(0).stock_short().out_of_stock());
  EXPECT_EQ(demand.outcome(), v1::DEMAND_OUTCOME_SHORT);
  EXPECT_EQ(desk.Lines("ord_1"), "0+4 0+1");
  EXPECT_EQ(desk.Stock("prd_a"), "10-0-0=10, 4 wait");
  // It is about to be cancelled, so it stands in nobody's way, and takes nothing any more.
  EXPECT_EQ(desk.Order("ord_2", {"prd_a 10"}).outcome(), v1::DEMAND_OUTCOME_RESERVED);
  desk.Receive("prd_b", "5");
  EXPECT_EQ(desk.Lines("ord_1"), "0+4 0+1");
  EXPECT_EQ(
      desk.Order("ord_3", {"prd_b 5"}, "backorder_policy: BACKORDER_POLICY_NO_BACKORDER").outcome(),
      v1::DEMAND_OUTCOME_RESERVED);
}

TEST_F(ReserveStockTest, CompleteDeliveryReservesPartsButPlansNothingBeforeAllIsThere) {
  desk.Order("ord_1", {"prd_a 4", "prd_b 1"}, "delivery_policy: DELIVERY_POLICY_COMPLETE");
  EXPECT_THAT(desk.events, ElementsAre("StockShort"));
  EXPECT_EQ(desk.Lines("ord_1"), "4+0 0+1");
  desk.Receive("prd_b", "1");
  EXPECT_THAT(desk.events, ElementsAre("StockMoved", "StockReserved", "ShipmentPlanned"));
  EXPECT_EQ(desk.Shipment(desk.ShipmentOf("ord_1")).lines_size(), 2);
}

TEST_F(ReserveStockTest, AServiceNeedsNoStock) {
  desk.Product("prd_s", "kind: PRODUCT_KIND_SERVICE");
  desk.Order("ord_1", {"prd_s 3"});
  EXPECT_THAT(desk.events, ElementsAre("StockReserved", "ShipmentPlanned"));
  EXPECT_EQ(desk.state.Find<v1::Stock>("prd_s/MAIN"), nullptr);
  desk.Ship(desk.ShipmentOf("ord_1"));
  EXPECT_THAT(desk.events, ElementsAre("ShipmentShipped", "DemandFulfilled"));
}

TEST_F(ReserveStockTest, EveryWarehouseHasItsOwnStockAndQueue) {
  desk.Receive("prd_a", "5", "warehouse: 'EAST'");
  desk.Order("ord_1", {"prd_a 7"}, "warehouse: 'EAST'");
  EXPECT_EQ(desk.Lines("ord_1"), "5+2");
  EXPECT_EQ(desk.Stock("prd_a"), "10-0-0=10, 0 wait");
  EXPECT_EQ(desk.Stock("prd_a", "EAST"), "5-0-5=0, 2 wait");
  desk.Receive("prd_a", "5");
  EXPECT_EQ(desk.Lines("ord_1"), "5+2");
}

TEST_F(HoldDemandTest, AHeldOrderTakesOnlyItsPlaceAndReportsWhenResumed) {
  desk.Record("ord_1", {"prd_a 8"}, 1, "held: true order_version: 1");
  EXPECT_EQ(desk.Reserve("ord_1").outcome(), v1::DEMAND_OUTCOME_HELD);
  EXPECT_THAT(desk.events, ElementsAre("DemandQueued"));
  EXPECT_EQ(desk.Stock("prd_a"), "10-0-0=10, 8 wait");
  desk.Order("ord_2", {"prd_a 5"});
  EXPECT_EQ(desk.Lines("ord_2"), "5+0");
  EXPECT_EQ(desk.Resume("ord_1", 3).outcome(), v1::DEMAND_OUTCOME_SHORT);
  EXPECT_THAT(desk.events, ElementsAre("DemandResumed", "StockShort", "ShipmentPlanned"));
  EXPECT_EQ(desk.Lines("ord_1"), "5+3");
  // Its place was before that of ord_3, which came while it was held.
  desk.Order("ord_3", {"prd_a 1"});
  desk.Receive("prd_a", "3");
  EXPECT_EQ(desk.Lines("ord_1"), "8+0");
  EXPECT_EQ(desk.Lines("ord_3"), "0+1");
}

TEST_F(HoldDemandTest, KeepsWhatIsReservedAndIsPassedOver) {
  desk.Order("ord_1", {"prd_a 12"});
  desk.Order("ord_2", {"prd_a 2"});
  desk.Hold("ord_1", 2);
  EXPECT_THAT(desk.events, ElementsAre("DemandHeld"));
  desk.Receive("prd_a", "2");
  EXPECT_EQ(desk.Lines("ord_1"), "10+2");
  EXPECT_EQ(desk.Lines("ord_2"), "2+0");
}

TEST_F(HoldDemandTest, OlderVersionsChangeNothingInEitherOrder) {
  desk.Record("ord_1", {"prd_a 1"}, 1, "order_version: 1");
  desk.Resume("ord_1", 5);
  EXPECT_EQ(desk.Hold("ord_1", 4).outcome(), v1::DEMAND_OUTCOME_SUPERSEDED);
  EXPECT_THAT(desk.events, IsEmpty());
  EXPECT_FALSE(desk.Demand("ord_1").held());
  desk.Hold("ord_1", 6);
  EXPECT_EQ(desk.Hold("ord_1", 6).outcome(), v1::DEMAND_OUTCOME_DONE);
  EXPECT_THAT(desk.events, IsEmpty());
  EXPECT_EQ(desk.Resume("ord_1", 5).outcome(), v1::DEMAND_OUTCOME_SUPERSEDED);
  EXPECT_TRUE(desk.Demand("ord_1").held());
}

TEST_F(HoldDemandTest, BeforeTheRecordIsKeptAndBeatsTheRecordsOlderWord) {
  EXPECT_EQ(desk.Hold("ord_1", 3).outcome(), v1::DEMAND_OUTCOME_AWAITED);
  desk.Record("ord_1", {"prd_a 1"}, 1, "order_version: 1");
  EXPECT_TRUE(desk.Demand("ord_1").held());
  EXPECT_EQ(desk.Reserve("ord_1").outcome(), v1::DEMAND_OUTCOME_HELD);
}

TEST_F(HoldDemandTest, ResumedBeforeReleasedReportsNoStock) {
  desk.Record("ord_1", {"prd_a 1"}, 1, "held: true order_version: 1");
  desk.Resume("ord_1", 2);
  EXPECT_THAT(desk.events, ElementsAre("DemandResumed"));
  EXPECT_EQ(desk.Stock("prd_a"), "10-0-0=10, 0 wait");
}

TEST_F(HoldDemandTest, ARecordThatEndsTheHoldGivesTheOrderItsTurn) {
  desk.Record("ord_1", {"prd_a 4"}, 1, "held: true order_version: 1");
  desk.Reserve("ord_1");
  desk.Record("ord_1", {"prd_a 4"}, 2, "held: false order_version: 4");
  EXPECT_THAT(desk.events, ElementsAre("DemandRecorded", "StockReserved", "ShipmentPlanned"));
  EXPECT_EQ(desk.EventAt<v1::DemandEvent>(1).stock_reserved().revision(), 1);
}

TEST_F(ReleaseStockTest, ClosesTheDemandAndServesWhoWaitsNext) {
  desk.Order("ord_1", {"prd_a 10"});
  desk.Order("ord_2", {"prd_a 6"});
  v1::Demand demand = desk.Release("ord_1");
  EXPECT_THAT(desk.events, ElementsAre("StockReleased", "ShipmentCancelled", "StockReserved",
                                       "ShipmentPlanned"));
  EXPECT_EQ(demand.state(), v1::DEMAND_STATE_CLOSED);
  const v1::StockReleased& told = desk.EventAt<v1::DemandEvent>(0).stock_released();
  EXPECT_EQ(Pieces(told.lines(0).released()), "10");
  EXPECT_EQ(Pieces(told.lines(0).shipped()), "0");
  EXPECT_EQ(desk.Stock("prd_a"), "10-0-6=4, 0 wait");
  desk.Release("ord_1");
  EXPECT_THAT(desk.events, IsEmpty());
}

TEST_F(ReleaseStockTest, GivesUpWhatIsBeingPickedToo) {
  desk.Order("ord_1", {"prd_a 4"});
  const std::string shipment = desk.ShipmentOf("ord_1");
  desk.Pick(shipment);
  desk.Release("ord_1");
  EXPECT_EQ(desk.Shipment(shipment).state(), v1::SHIPMENT_STATE_CANCELLED);
  EXPECT_EQ(desk.Stock("prd_a"), "10-0-0=10, 0 wait");
  EXPECT_EQ(Pieces(desk.state.Find<v1::Stock>("prd_a/MAIN")->allocated()), "0");
  desk.Ship(shipment);
  EXPECT_EQ(desk.reason, "SHIPMENT_CANCELLED");
}

TEST_F(ReleaseStockTest, AfterPartShippedSaysWhatHasShipped) {
  desk.Order("ord_1", {"prd_a 12"});
  desk.Ship(desk.ShipmentOf("ord_1"));
  desk.Release("ord_1");
  const v1::StockReleased& told = desk.EventAt<v1::DemandEvent>(0).stock_released();
  EXPECT_EQ(Pieces(told.lines(0).released()), "2");
  EXPECT_EQ(Pieces(told.lines(0).shipped()), "10");
}

TEST_F(ReleaseStockTest, AfterAllHasShippedStillAnswersTheOrder) {
  desk.Order("ord_1", {"prd_a 10"});
  desk.Ship(desk.ShipmentOf("ord_1"));
  ASSERT_EQ(desk.Demand("ord_1").state(), v1::DEMAND_STATE_CLOSED);
  desk.Release("ord_1");
  EXPECT_THAT(desk.events, ElementsAre("StockReleased"));
  EXPECT_EQ(Pieces(desk.EventAt<v1::DemandEvent>(0).stock_released().lines(0).shipped()), "10");
  desk.Release("ord_1");
  EXPECT_THAT(desk.events, IsEmpty());
}

TEST_F(ReleaseStockTest, OvertakingReserveStockLeavesNothingForIt) {
  desk.Record("ord_1", {"prd_a 4"});
  desk.Release("ord_1");
  EXPECT_EQ(desk.Reserve("ord_1").outcome(), v1::DEMAND_OUTCOME_SUPERSEDED);
  EXPECT_EQ(desk.Hold("ord_1", 9).outcome(), v1::DEMAND_OUTCOME_SUPERSEDED);
  EXPECT_EQ(desk.Resume("ord_1", 10).outcome(), v1::DEMAND_OUTCOME_SUPERSEDED);
  EXPECT_EQ(desk.Stock("prd_a"), "10-0-0=10, 0 wait");
}

TEST_F(ReleaseStockTest, OvertakingEverythingStaysClosed) {
  EXPECT_EQ(desk.Release("ord_1").state(), v1::DEMAND_STATE_CLOSED);
  EXPECT_THAT(desk.events, ElementsAre("StockReleased"));
  EXPECT_EQ(desk.Record("ord_1", {"prd_a 4"}).outcome(), v1::DEMAND_OUTCOME_SUPERSEDED);
  EXPECT_EQ(desk.Reserve("ord_1").outcome(), v1::DEMAND_OUTCOME_SUPERSEDED);
  EXPECT_THAT(desk.events, IsEmpty());
  EXPECT_EQ(desk.Stock("prd_a"), "10-0-0=10, 0 wait");
}

}  // namespace
}  // namespace tandem::inventory
