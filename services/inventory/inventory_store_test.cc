// Products, stock, demands and shipments through the writer into both databases and back.
#include "services/inventory/inventory_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "google/protobuf/util/message_differencer.h"
#include "platform/store/service_store_fixture.h"
#include "services/inventory/inventory_reports.h"
#include "services/inventory/inventory_test_desk.h"

namespace tandem::inventory {
namespace {

using google::protobuf::util::MessageDifferencer;
using testing::ElementsAre;

class InventoryStore : public store::ServiceStoreTest {
 protected:
  InventoryStore() : ServiceStoreTest(InventoryTables(), Migrations(), "/tandem/inventory") {}

  template <class Request, class T>
  T Do(absl::StatusOr<T> (*decide)(const Request&, Context&, State&), const std::string& text) {
    const absl::StatusOr<T> answer = Ask(decide, Text<Request>(text));
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? *answer : T();
  }

  void Product(const std::string& id) {
    Do(CreateProduct,
       absl::StrCat("product_id: '", id, "' product { sku: 'SKU-", id, "' base_unit: 'C62' ",
                    "names { key: 'en' value: 'Chai' } names { key: 'de' value: 'Tee' } ",
                    "units { unit: 'BX' numerator: 12 denominator: 1 } weight { value { value: "
                    "'0.5' } unit: 'KGM' } list_price { amount { currency_code: 'USD' units: 18 } "
                    "} attributes { key: 'colour' value: 'green' } offered { on: true from { year: "
                    "2014 month: 1 day: 1 } } }"));
  }
  void Receive(const std::string& product, int quantity) {
    Do(ReceiveStock,
       absl::StrCat("product_id: '", product, "' ", Qty("quantity", absl::StrCat(quantity))));
  }
  void Record(const std::string& order, const std::vector<std::string>& lines,
              const std::string& more = "", int revision = 1) {
    Do(RecordDemand,
       absl::StrCat("order_id: '", order, "' revision: ", revision, " ", WantedLines(lines), more));
  }
  v1::Demand Reserve(const std::string& order) {
    return Do(ReserveStock, absl::StrCat("order_id: '", order, "' revision: 1"));
  }
};

TEST_P(InventoryStore, ItsMigrationsMakeWhatItsMessagesNeed) {
  auto connection = store::Connect(*database_);
  const absl::Status status = store::CheckTables(*connection, schema_);
  EXPECT_TRUE(status.ok()) << status << "\n" << store::DdlOf(schema_);
}

TEST_P(InventoryStore, KeepsEverythingThroughAnOrdersWholeLife) {
  Start();
  Product("prd_a");
  Receive("prd_a", 10);
  Record("ord_1", {"prd_a 12"},
         "order_number: 'SO-1' ship_to_name: 'Alfreds' ship_to_address { lines: 'Obere Str. 57' "
         "city: 'Berlin' } customer_id: 'cus_a'");
  const v1::Demand reserved = Reserve("ord_1");
  EXPECT_EQ(Pieces(reserved.lines(0).reserved()), "10");
  ASSERT_EQ(reserved.shipment_ids_size(), 1);
  const std::string shipment = reserved.shipment_ids(0);
  Do(StartPicking, absl::StrCat("shipment_id: '", shipment, "'"));
  const v1::Shipment shipped =
      Do(ShipShipment, absl::StrCat("shipment_id: '", shipment,
                                    "' ship_date { year: 2014 month: 5 day: 8 } carrier: 'Federal' "
                                    "freight_cost { currency_code: 'USD' units: 7 }"));
  EXPECT_TRUE(MessageDifferencer::Equals(shipped, Read<v1::Shipment>(shipment)))
      << shipped.DebugString() << Read<v1::Shipment>(shipment).DebugString();
  EXPECT_EQ(shipped.ship_to_address().city(), "Berlin");
  Do(ReturnShipment,
     absl::StrCat("shipment_id: '", shipment,
                  "' return_id: 'ret_1' return_date { year: 2014 "
                  "month: 6 day: 1 } lines { line_number: 1 ",
                  Qty("quantity", "3"), "disposition: RETURN_DISPOSITION_RESTOCK }"));
  EXPECT_EQ(Read<v1::ShipmentReturn>("ret_1").shipment_id(), shipment);
  const v1::Demand closed = Do(ReleaseStock, "order_id: 'ord_1'");
  v1::Demand stored = Read<v1::Demand>("ord_1");
  stored.set_outcome(v1::DEMAND_OUTCOME_DONE);
  EXPECT_TRUE(MessageDifferencer::Equals(closed, stored));
  EXPECT_EQ(Pieces(Read<v1::Stock>("prd_a/MAIN").available()), "3");
  EXPECT_THAT(
      EventTypes(),
      ElementsAre("ProductCreated", "StockMoved", "DemandRecorded", "StockShort", "ShipmentPlanned",
                  "ShipmentPickingStarted", "DemandAllocated", "ShipmentShipped", "DemandFulfilled",
                  "StockMoved", "ShipmentReturned", "DemandFulfilled", "StockMoved",
                  "StockReserved", "ShipmentPlanned", "StockReleased", "ShipmentCancelled"));
}

TEST_P(InventoryStore, KeepsAProductWithAllItsFields) {
  Start();
  Product("prd_a");
  v1::Product product = Read<v1::Product>("prd_a");
  EXPECT_EQ(product.names().at("de"), "Tee");
  EXPECT_EQ(product.attributes().at("colour"), "green");
  EXPECT_EQ(product.units(0).numerator(), 12);
  EXPECT_EQ(product.offered().from().year(), 2014);
  const v1::Product updated =
      Do(UpdateProduct, "product { id: 'prd_a' sku: 'NEW' } update_mask { paths: 'sku' }");
  EXPECT_TRUE(MessageDifferencer::Equals(updated, Read<v1::Product>("prd_a")));
  EXPECT_EQ(Read<v1::ProductSku>("NEW").product_id(), "prd_a");
  EXPECT_EQ(Read<v1::ProductSku>("SKU-prd_a").product_id(), "");
  Receive("prd_a", 1);
  absl::StatusOr<std::string> fixed = writer_->Call(CommandOf(
      UpdateProduct, Text<v1::UpdateProductRequest>(
                         "product { id: 'prd_a' sku: 'X' } update_mask { paths: 'sku' }")));
  EXPECT_EQ(ReasonOf(fixed.status()), "PRODUCT_FIELD_FIXED");
}

TEST_P(InventoryStore, FindsWhoWaitsInTheDatabaseWhenStockArrives) {
  Start();
  Product("prd_a");
  Product("prd_b");
  for (int i = 1; i <= 5; ++i) {
    const std::string order = absl::StrCat("ord_", i);
    Record(order, {i == 3 ? "prd_b 2" : "prd_a 2"});
    Reserve(order);
  }
  writer_ = nullptr;  // nothing is remembered
  writer_ = NewWriter();
  Receive("prd_a", 5);
  EXPECT_EQ(Pieces(Read<v1::Demand>("ord_1").lines(0).reserved()), "2");
  EXPECT_EQ(Pieces(Read<v1::Demand>("ord_2").lines(0).reserved()), "2");
  EXPECT_EQ(Pieces(Read<v1::Demand>("ord_3").lines(0).reserved()), "0");
  EXPECT_EQ(Pieces(Read<v1::Demand>("ord_4").lines(0).reserved()), "1");
  EXPECT_EQ(Pieces(Read<v1::Demand>("ord_5").lines(0).reserved()), "0");
  Do(AdjustStock, absl::StrCat("product_id: 'prd_a' reason: 'count' ", Qty("quantity", "-2")));
  EXPECT_EQ(Pieces(Read<v1::Demand>("ord_4").lines(0).reserved()), "0");
  EXPECT_EQ(Pieces(Read<v1::Demand>("ord_2").lines(0).reserved()), "1");
}

TEST_P(InventoryStore, NeverPromisesAUnitTwiceThroughTwoWritersAtOnce) {
  Start();
  std::vector<std::unique_ptr<store::Writer>> writers;
  writers.push_back(NewWriter());
  // A second program can only be there where the database is a server.
  if (database_->dialect() == "postgresql") writers.push_back(NewWriter());
  Product("prd_a");
  Receive("prd_a", 10);
  constexpr int kBuyers = 64;
  std::vector<std::thread> buyers;
  std::atomic<int> failed = 0;
  for (size_t w = 0; w < writers.size(); ++w) {
    buyers.emplace_back([&, w] {
      for (int i = static_cast<int>(w); i < kBuyers; i += static_cast<int>(writers.size())) {
        const std::string order = absl::StrCat("ord_", i / 10, i % 10);
        for (store::Command command :
             {CommandOf(RecordDemand,
                        Text<v1::RecordDemandRequest>(absl::StrCat(
                            "order_id: '", order, "' revision: 1 ", WantedLines({"prd_a 1"})))),
              CommandOf(ReserveStock, Text<v1::ReserveStockRequest>(
                                          absl::StrCat("order_id: '", order, "' revision: 1")))}) {
          if (!writers[w]->Call(std::move(command)).ok()) ++failed;
        }
      }
    });
  }
  for (std::thread& buyer : buyers) buyer.join();
  EXPECT_EQ(failed, 0);
  v1::Stock stock = Read<v1::Stock>("prd_a/MAIN");
  EXPECT_EQ(Pieces(stock.reserved()), "10");
  EXPECT_EQ(Pieces(stock.available()), "0");
  EXPECT_EQ(Pieces(stock.backordered()), "54");
  Receive("prd_a", 54);
  stock = Read<v1::Stock>("prd_a/MAIN");
  EXPECT_EQ(Pieces(stock.reserved()), "64");
  EXPECT_EQ(Pieces(stock.backordered()), "0");
  for (int i = 0; i < kBuyers; ++i) {
    EXPECT_EQ(Pieces(Read<v1::Demand>(absl::StrCat("ord_", i / 10, i % 10)).lines(0).reserved()),
              "1");
  }
}

// Receipts, orders, cancellations and shipments of the same few products from several threads: what
// is reserved is what the lines say, and what is on hand is the sum of the moves.
TEST_P(InventoryStore, KeepsItsSumsUnderConcurrentCommands) {
  Start();
  std::vector<std::unique_ptr<store::Writer>> writers;
  writers.push_back(NewWriter());
  if (database_->dialect() == "postgresql") writers.push_back(NewWriter());
  Product("prd_a");
  Product("prd_b");
  constexpr int kSteps = 60;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(static_cast<uint32_t>(t + 1));
      store::Writer& writer = *writers[t % writers.size()];
      auto send = [&](auto* decide, auto request) -> std::string {
        absl::StatusOr<std::string> answer = writer.Call(CommandOf(decide, std::move(request)));
        const absl::StatusCode code = answer.status().code();
        EXPECT_TRUE(answer.ok() || code == absl::StatusCode::kFailedPrecondition)
            << answer.status();
        return answer.ok() ? *answer : "";
      };
      for (int i = 0; i < kSteps; ++i) {
        const std::string product = random() % 2 == 0 ? "prd_a" : "prd_b";
        const std::string order = absl::StrCat("ord_", t, "_", random() % 6);
        switch (random() % 5) {
          case 0:
            send(ReceiveStock, Text<v1::ReceiveStockRequest>(absl::StrCat(
                                   "product_id: '", product, "' ", Qty("quantity", "3"))));
            break;
          case 1:
            send(RecordDemand,
                 Text<v1::RecordDemandRequest>(absl::StrCat("order_id: '", order, "' revision: 1 ",
                                                            WantedLines({"prd_a 2", "prd_b 2"}))));
            break;
          case 2:
            send(ReserveStock, Text<v1::ReserveStockRequest>(
                                   absl::StrCat("order_id: '", order, "' revision: 1")));
            break;
          case 3: {
            const std::string answer = send(
                ReserveStock,
                Text<v1::ReserveStockRequest>(absl::StrCat("order_id: '", order, "' revision: 1")));
            v1::Demand demand;
            if (demand.ParseFromString(answer) && demand.shipment_ids_size() > 0) {
              send(ShipShipment, Text<v1::ShipShipmentRequest>(
                                     absl::StrCat("shipment_id: '", *demand.shipment_ids().rbegin(),
                                                  "' ship_date { year: 2014 month: 5 day: 8 }")));
            }
            break;
          }
          case 4:
            if (random() % 3 == 0) {
              send(ReleaseStock,
                   Text<v1::ReleaseStockRequest>(absl::StrCat("order_id: '", order, "'")));
            }
            break;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  auto connection = store::Connect(*database_);
  auto wrong = store::RunOne(
      *connection,
      "SELECT s.id FROM stocks s WHERE s.reserved_micros <> (SELECT "
      "COALESCE(SUM(l.reserved_micros), "
      "0) FROM demands_lines l WHERE l.product_id = s.product_id) OR s.backordered_micros <> "
      "(SELECT "
      "COALESCE(SUM(l.backordered_micros), 0) FROM demands_lines l WHERE l.product_id = "
      "s.product_id) OR s.on_hand_micros <> (SELECT COALESCE(SUM(m.delta_micros), 0) FROM "
      "stock_moves m WHERE m.product_id = s.product_id) OR (s.available_micros > 0 AND "
      "s.backordered_micros > 0)");
  ASSERT_TRUE(wrong.ok()) << wrong.status();
  EXPECT_TRUE(wrong->rows.empty());
}

TEST_P(InventoryStore, TellsWhatMayBePromisedAndWhatIsWantedByWeek) {
  Start();
  Product("prd_a");
  Product("prd_b");
  Receive("prd_a", 10);
  Do(ReceiveStock, absl::StrCat("product_id: 'prd_a' warehouse: 'EAST' ", Qty("quantity", "4")));
  Record("ord_1", {"prd_a 3", "prd_b 1"});
  Record("ord_2", {"prd_a 5"}, "held: true order_version: 1");
  Reserve("ord_1");
  v1::BatchGetAvailabilityRequest asked;
  for (const char* id : {"prd_a", "prd_b", "prd_none"}) asked.add_product_ids(id);
  v1::BatchGetAvailabilityResponse answer;
  ASSERT_TRUE(ReadAvailability(*reader_, asked, &answer).ok());
  ASSERT_EQ(answer.availabilities_size(), 3);
  EXPECT_EQ(Pieces(answer.availabilities(0).available()), "11");
  EXPECT_EQ(answer.availabilities(0).stocks_size(), 2);
  EXPECT_EQ(Pieces(answer.availabilities(1).backordered()), "1");
  EXPECT_EQ(Pieces(answer.availabilities(2).available()), "0");
  asked.set_warehouse("EAST");
  answer.Clear();
  ASSERT_TRUE(ReadAvailability(*reader_, asked, &answer).ok());
  EXPECT_EQ(Pieces(answer.availabilities(0).available()), "4");

  v1::ListDemandScheduleRequest list;
  list.set_page_size(1);
  v1::ListDemandScheduleResponse page;
  ASSERT_TRUE(ReadDemandSchedule(*reader_, list, &page).ok());
  ASSERT_EQ(page.entries_size(), 1);
  EXPECT_EQ(page.entries(0).week(), "2014-W19");
  EXPECT_EQ(Pieces(page.entries(0).open()), "8");
  EXPECT_EQ(Pieces(page.entries(0).held()), "5");
  EXPECT_EQ(Pieces(page.entries(0).reserved()), "3");
  EXPECT_EQ(page.entries(0).line_count(), 2);
  list.set_page_token(page.next_page_token());
  page.Clear();
  ASSERT_TRUE(ReadDemandSchedule(*reader_, list, &page).ok());
  ASSERT_EQ(page.entries_size(), 1);
  EXPECT_EQ(page.entries(0).product_id(), "prd_b");
  EXPECT_EQ(Pieces(page.entries(0).backordered()), "1");
  EXPECT_EQ(page.next_page_token(), "");
  list.set_product_id("prd_a");
  EXPECT_EQ(ReasonOf(ReadDemandSchedule(*reader_, list, &page)), "PAGE_TOKEN_QUERY_CHANGED");
  list.set_page_token("?");
  EXPECT_EQ(ReasonOf(ReadDemandSchedule(*reader_, list, &page)), "PAGE_TOKEN_INVALID");
  list.clear_page_token();
  list.set_from_week("2014-W20");
  page.Clear();
  ASSERT_TRUE(ReadDemandSchedule(*reader_, list, &page).ok());
  EXPECT_EQ(page.entries_size(), 0);
  list.set_from_week("2014-20");
  EXPECT_EQ(ReasonOf(ReadDemandSchedule(*reader_, list, &page)), "DATE_INVALID");
}

TEST_P(InventoryStore, RefusesFiguresThatCannotBeInTheDatabaseToo) {
  Start();
  Product("prd_a");
  Receive("prd_a", 10);
  Record("ord_1", {"prd_a 4"});
  Reserve("ord_1");
  auto connection = store::Connect(*database_);
  for (const char* sql :
       {"UPDATE stocks SET on_hand_micros = -1", "UPDATE stocks SET reserved_micros = 11000000",
        "UPDATE stocks SET available_micros = 7000000", "UPDATE stocks SET allocated_micros = -1",
        "UPDATE demands_lines SET reserved_micros = 5000000",
        "UPDATE demands_lines SET shipped_micros = 1",
        "UPDATE demands_lines SET backordered_micros = 1",
        "UPDATE demands_lines SET returned_micros = 1",
        "UPDATE shipments_lines SET shipped_micros = 1"}) {
    auto result = store::RunOne(*connection, sql);
    EXPECT_EQ(store::ErrorOf(result.status()).failure, store::Failure::kConstraint) << sql;
  }
}

INSTANTIATE_TEST_SUITE_P(Drivers, InventoryStore, testing::Values("sqlite", "postgresql"),
                         store::DriverName);

}  // namespace
}  // namespace tandem::inventory
