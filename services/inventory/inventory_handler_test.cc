// The service over gRPC, as a process hosts it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/inventory/inventory_service.h"
#include "services/inventory/inventory_test_desk.h"
#include "tandem/inventory/v1/inventory_service.grpc.pb.h"
#include "tests/support/service_over_grpc.h"

namespace tandem::inventory {
namespace {

constexpr char kProduct[] = "prd_01hzzzzzzzzzzzzzzzzzzzzzz1";
constexpr char kOrder[] = "ord_01hzzzzzzzzzzzzzzzzzzzzzz1";
constexpr char kOther[] = "ord_01hzzzzzzzzzzzzzzzzzzzzzz2";

class InventoryOverGrpc : public test::ServiceOverGrpc<v1::InventoryService> {
 protected:
  InventoryOverGrpc() : ServiceOverGrpc(DeclareInventory) {}

  void Stocked(int quantity) {
    v1::Product product;
    ASSERT_EQ(Call(&Stub::CreateProduct,
                   absl::StrCat("product_id: '", kProduct,
                                "' product { sku: 'CHAI' base_unit: 'C62' names { key: 'en' value: "
                                "'Chai' } order_multiple { value: '1' } }"),
                   &product),
              "OK");
    v1::Stock stock;
    ASSERT_EQ(
        Call(&Stub::ReceiveStock,
             absl::StrCat("product_id: '", kProduct, "' ", Qty("quantity", absl::StrCat(quantity))),
             &stock),
        "OK");
  }
  static std::string Wanted(const std::string& order, int quantity) {
    return absl::StrCat("order_id: '", order, "' revision: 1 lines { line_number: 1 product_id: '",
                        kProduct, "' ", Qty("quantity", absl::StrCat(quantity)), "}");
  }
};

TEST_F(InventoryOverGrpc, TakesAnOrderFromItsDemandToItsReturn) {
  Stocked(10);
  v1::Demand demand;
  ASSERT_EQ(Call(&Stub::RecordDemand, Wanted(kOrder, 4), &demand), "OK");
  ASSERT_EQ(
      Call(&Stub::ReserveStock, absl::StrCat("order_id: '", kOrder, "' revision: 1"), &demand),
      "OK");
  EXPECT_EQ(demand.outcome(), v1::DEMAND_OUTCOME_RESERVED);
  ASSERT_EQ(demand.shipment_ids_size(), 1);
  const std::string named = absl::StrCat("shipment_id: '", demand.shipment_ids(0), "' ");
  ASSERT_EQ(
      Call(&Stub::HoldDemand, absl::StrCat("order_id: '", kOrder, "' order_version: 2"), &demand),
      "OK");
  v1::Shipment shipment;
  EXPECT_EQ(Call(&Stub::StartPicking, named, &shipment), "SHIPMENT_HELD");
  ASSERT_EQ(
      Call(&Stub::ResumeDemand, absl::StrCat("order_id: '", kOrder, "' order_version: 3"), &demand),
      "OK");
  ASSERT_EQ(Call(&Stub::StartPicking, named, &shipment), "OK");
  ASSERT_EQ(
      Call(&Stub::PickShipment,
           absl::StrCat(named, "lines { line_number: 1 ", Qty("quantity", "4"), "}"), &shipment),
      "OK");
  ASSERT_EQ(Call(&Stub::PackShipment, named, &shipment), "OK");
  ASSERT_EQ(Call(&Stub::ShipShipment,
                 named +
                     "ship_date { year: 2014 month: 5 day: 8 } freight_cost { currency_code: "
                     "'USD' units: 7 } etag: '" +
                     shipment.etag() + "'",
                 &shipment),
            "OK");
  EXPECT_EQ(shipment.state(), v1::SHIPMENT_STATE_SHIPPED);
  ASSERT_EQ(Call(&Stub::ReturnShipment,
                 named + "return_date { year: 2014 month: 6 day: 8 } lines { line_number: 1 " +
                     Qty("quantity", "1") + "disposition: RETURN_DISPOSITION_RESTOCK }",
                 &shipment),
            "OK");
  v1::GetStockRequest get;
  get.set_id(StockId(kProduct, kMainWarehouse));
  v1::Stock stock;
  ASSERT_EQ(Call(&Stub::GetStock, get, &stock), "OK");
  EXPECT_EQ(Pieces(stock.available()), "7");
  v1::ListStockMovesResponse moves;
  ASSERT_EQ(
      Call(&Stub::ListStockMoves,
           absl::StrCat("filter: 'product_id = \"", kProduct, "\"' order_by: 'number'"), &moves),
      "OK");
  ASSERT_EQ(moves.stock_moves_size(), 3);
  EXPECT_EQ(Pieces(moves.stock_moves(2).on_hand_after()), "7");
  v1::ListShipmentReturnsResponse returns;
  ASSERT_EQ(Call(&Stub::ListShipmentReturns, "", &returns), "OK");
  EXPECT_EQ(returns.shipment_returns_size(), 1);
  v1::BatchGetAvailabilityResponse availability;
  ASSERT_EQ(Call(&Stub::BatchGetAvailability, absl::StrCat("product_ids: '", kProduct, "'"),
                 &availability),
            "OK");
  EXPECT_EQ(Pieces(availability.availabilities(0).on_hand()), "7");
}

TEST_F(InventoryOverGrpc, AnswersEachItemOfABatchByItself) {
  Stocked(5);
  v1::BatchRecordDemandRequest record;
  *record.add_requests() = Text<v1::RecordDemandRequest>(Wanted(kOrder, 4));
  *record.add_requests() = Text<v1::RecordDemandRequest>(Wanted(kOther, 4));
  *record.add_requests() = Text<v1::RecordDemandRequest>("order_id: 'no id' revision: 1");
  v1::BatchRecordDemandResponse recorded;
  ASSERT_EQ(Call(&Stub::BatchRecordDemand, record, &recorded), "OK");
  ASSERT_EQ(recorded.results_size(), 3);
  EXPECT_EQ(recorded.results(0).status().code(), 0);
  EXPECT_EQ(ReasonOf(FromRpcStatus(recorded.results(2).status())), "ID_MALFORMED");
  v1::BatchReserveStockRequest reserve;
  for (const char* order : {kOrder, kOther}) {
    v1::ReserveStockRequest* request = reserve.add_requests();
    request->set_order_id(order);
    request->set_revision(1);
  }
  v1::BatchReserveStockResponse reserved;
  ASSERT_EQ(Call(&Stub::BatchReserveStock, reserve, &reserved), "OK");
  EXPECT_EQ(reserved.results(0).demand().outcome(), v1::DEMAND_OUTCOME_RESERVED);
  EXPECT_EQ(reserved.results(1).demand().outcome(), v1::DEMAND_OUTCOME_SHORT);
  v1::ListDemandScheduleResponse schedule;
  ASSERT_EQ(Call(&Stub::ListDemandSchedule, "", &schedule), "OK");
  EXPECT_EQ(Pieces(schedule.entries(0).open()), "8");
}

TEST_F(InventoryOverGrpc, ValidateOnlyChangesNothingAndAWrongRequestIsNamed) {
  Stocked(5);
  v1::Stock stock;
  const std::string adjust =
      absl::StrCat("product_id: '", kProduct, "' reason: 'count' ", Qty("quantity", "-2"));
  ASSERT_EQ(Call(&Stub::AdjustStock, adjust + "validate_only: true", &stock), "OK");
  EXPECT_EQ(Pieces(stock.on_hand()), "3");
  ASSERT_EQ(Call(&Stub::AdjustStock, adjust, &stock), "OK");
  EXPECT_EQ(Pieces(stock.on_hand()), "3");
  EXPECT_EQ(Call(&Stub::ReceiveStock, std::string("quantity { value { value: '1' } unit: 'C62' }"),
                 &stock),
            "REQUIRED_FIELD_MISSING");
  v1::Product product;
  EXPECT_EQ(Call(&Stub::UpdateProduct,
                 absl::StrCat("product { id: '", kProduct,
                              "' category: 'Drinks' } update_mask { paths: 'category' }"),
                 &product),
            "OK");
  EXPECT_EQ(product.category(), "Drinks");
}

}  // namespace
}  // namespace tandem::inventory
