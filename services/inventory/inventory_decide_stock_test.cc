#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/inventory/inventory_test_desk.h"

namespace tandem::inventory {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class StockTest : public testing::Test {
 protected:
  StockTest() { desk.Product("prd_a"); }
  Desk desk;
};

using ReceiveStockTest = StockTest;
using AdjustStockTest = StockTest;

TEST_F(ReceiveStockTest, RaisesWhatIsOnHandByAMoveWithItsCause) {
  v1::Stock stock = desk.Receive("prd_a", "10", "reason: 'purchase' reference: 'DN-7'");
  EXPECT_THAT(desk.events, ElementsAre("StockMoved"));
  EXPECT_EQ(stock.id(), "prd_a/MAIN");
  EXPECT_EQ(stock.etag(), "\"1\"");
  EXPECT_EQ(desk.Stock("prd_a"), "10-0-0=10, 0 wait");
  const v1::StockMove& move = desk.EventAt<v1::StockEvent>(0).stock_move();
  EXPECT_EQ(move.kind(), v1::STOCK_MOVE_KIND_RECEIPT);
  EXPECT_EQ(Pieces(move.delta()), "10");
  EXPECT_EQ(Pieces(move.on_hand_after()), "10");
  EXPECT_EQ(move.reason(), "purchase");
  EXPECT_EQ(move.reference(), "DN-7");
  EXPECT_EQ(desk.messages[0].topic, "tandem.inventory.stock.v1");
}

TEST_F(ReceiveStockTest, ConvertsOtherUnitsExactly) {
  desk.Do(ReceiveStock, absl::StrCat("product_id: 'prd_a' ", Qty("quantity", "1.5", "BX")));
  EXPECT_EQ(desk.Stock("prd_a"), "18-0-0=18, 0 wait");
  desk.Do(ReceiveStock, absl::StrCat("product_id: 'prd_a' ", Qty("quantity", "1", "KGM")));
  EXPECT_EQ(desk.reason, "STOCK_UNIT_NOT_CONVERTIBLE");
}

TEST_F(ReceiveStockTest, AMoveIsRecordedOnce) {
  desk.Product("prd_b");
  desk.Receive("prd_a", "10", "stock_move_id: 'stm_1'");
  desk.Receive("prd_a", "10", "stock_move_id: 'stm_1'");
  EXPECT_THAT(desk.events, IsEmpty());
  EXPECT_EQ(desk.Stock("prd_a"), "10-0-0=10, 0 wait");
  desk.Receive("prd_b", "10", "stock_move_id: 'stm_1'");
  EXPECT_EQ(desk.reason, "STOCK_MOVE_ALREADY_EXISTS");
}

TEST_F(ReceiveStockTest, Refusals) {
  desk.Receive("prd_none", "1");
  EXPECT_EQ(desk.reason, "PRODUCT_NOT_FOUND");
  desk.Receive("prd_a", "0");
  EXPECT_EQ(desk.reason, "QUANTITY_NOT_POSITIVE");
  desk.Product("prd_s", "kind: PRODUCT_KIND_SERVICE");
  desk.Receive("prd_s", "1");
  EXPECT_EQ(desk.reason, "STOCK_PRODUCT_NOT_STOCKED");
  desk.Receive("prd_a", "1000000000000");
  desk.Receive("prd_a", "1");
  EXPECT_EQ(desk.reason, "STOCK_OUT_OF_RANGE");
  desk.Product("prd_old");
  desk.Do(DiscontinueProduct, "id: 'prd_old'");
  desk.Do(ArchiveProduct, "id: 'prd_old'");
  desk.Receive("prd_old", "1");
  EXPECT_EQ(desk.reason, "PRODUCT_ARCHIVED");
}

TEST_F(AdjustStockTest, CorrectsWhatIsOnHandAndServesTheQueue) {
  desk.Order("ord_1", {"prd_a 4"});
  desk.Adjust("prd_a", "3");
  EXPECT_THAT(desk.events, ElementsAre("StockMoved", "StockShort", "ShipmentPlanned"));
  EXPECT_EQ(desk.Lines("ord_1"), "3+1");
}

TEST_F(AdjustStockTest, TakesWhatIsMissingFromTheEndOfTheQueue) {
  desk.Receive("prd_a", "10");
  desk.Order("ord_1", {"prd_a 4"});
  desk.Order("ord_2", {"prd_a 3"});
  desk.Order("ord_3", {"prd_a 3"}, "priority: 1");
  desk.Adjust("prd_a", "-4");
  EXPECT_THAT(desk.events, ElementsAre("StockMoved", "StockShort", "ShipmentCancelled",
                                       "StockShort", "ShipmentReplanned"));
  EXPECT_EQ(desk.Lines("ord_1"), "3+1");
  EXPECT_EQ(desk.Lines("ord_2"), "0+3");
  EXPECT_EQ(desk.Lines("ord_3"), "3+0");
  EXPECT_EQ(desk.Stock("prd_a"), "6-0-6=0, 4 wait");
}

TEST_F(AdjustStockTest, LeavesWhatIsBeingPickedAlone) {
  desk.Receive("prd_a", "10");
  desk.Order("ord_1", {"prd_a 4"});
  desk.Order("ord_2", {"prd_a 6"});
  desk.Pick(desk.ShipmentOf("ord_2"));
  desk.Adjust("prd_a", "-4");
  EXPECT_EQ(desk.Lines("ord_1"), "0+4");
  desk.Adjust("prd_a", "-1");
  EXPECT_EQ(desk.reason, "STOCK_ALLOCATED");
  EXPECT_EQ(desk.Stock("prd_a"), "6-0-6=0, 4 wait");
}

TEST_F(AdjustStockTest, BlockedStockIsNotPromised) {
  desk.Receive("prd_a", "10");
  desk.Adjust("prd_a", "0", "4");
  desk.Order("ord_1", {"prd_a 8"});
  EXPECT_EQ(desk.Lines("ord_1"), "6+2");
  EXPECT_EQ(desk.Stock("prd_a"), "10-4-6=0, 2 wait");
  desk.Adjust("prd_a", "-3", "-3");
  EXPECT_EQ(desk.Stock("prd_a"), "7-1-6=0, 2 wait");
  desk.Adjust("prd_a", "0", "-1");
  EXPECT_EQ(desk.Stock("prd_a"), "7-0-7=0, 1 wait");
}

TEST_F(AdjustStockTest, WhatWasAllOrNothingAndIsTakenBackIsOutOfStock) {
  desk.Receive("prd_a", "4");
  desk.Order("ord_1", {"prd_a 4"}, "backorder_policy: BACKORDER_POLICY_NO_BACKORDER");
  desk.Adjust("prd_a", "-1");
  EXPECT_TRUE(desk.EventAt<v1::DemandEvent>(1).stock_short().out_of_stock());
  desk.Receive("prd_a", "1");
  EXPECT_EQ(desk.Lines("ord_1"), "3+1");
}

TEST_F(AdjustStockTest, Refusals) {
  desk.Receive("prd_a", "3");
  desk.Adjust("prd_a", "-4");
  EXPECT_EQ(desk.reason, "STOCK_BELOW_ZERO");
  desk.Adjust("prd_a", "0", "4");
  EXPECT_EQ(desk.reason, "STOCK_BLOCKED_INVALID");
  desk.Adjust("prd_a", "0", "-1");
  EXPECT_EQ(desk.reason, "STOCK_BLOCKED_INVALID");
  desk.Adjust("prd_a", "0", "0");
  EXPECT_EQ(desk.reason, "STOCK_ADJUSTMENT_EMPTY");
  desk.Adjust("prd_none", "1");
  EXPECT_EQ(desk.reason, "PRODUCT_NOT_FOUND");
  EXPECT_EQ(desk.Stock("prd_a"), "3-0-0=3, 0 wait");
}

}  // namespace
}  // namespace tandem::inventory
