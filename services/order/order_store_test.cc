// Orders through the writer into both databases and back.
#include "services/order/order_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/store/service_store_fixture.h"
#include "services/order/order_test_desk.h"

namespace tandem::order {
namespace {

using testing::ElementsAre;

class OrderStore : public store::ServiceStoreTest {
 protected:
  OrderStore() : ServiceStoreTest(OrderTables(), Migrations(), "/tandem/order") {}

  template <class Fact>
  void LearnFact(absl::Status (*learn)(const Fact&, Context&, State&), absl::string_view text) {
    const Fact fact = Text<Fact>(text);
    Learn([&](Context& context, State& state) { return learn(fact, context, state); });
  }

  void GiveMasters() {
    LearnFact<v1::CustomerFact>(LearnCustomer, R"pb(
      id: "cus_a"
      display_name: "Alfreds"
      ship_to_address { lines: "Obere Str. 57" city: "Berlin" }
      source_version: 1)pb");
    LearnFact<v1::AccountFact>(
        LearnAccount, "id: 'acc_a' customer_id: 'cus_a' currency: 'EUR' source_version: 1");
    LearnFact<v1::ProductFact>(LearnProduct, R"pb(
      id: "prd_chai"
      sku: "CHAI"
      name: "Chai"
      state: PRODUCT_FACT_STATE_ACTIVE
      base_unit: "C62"
      list_price { currency_code: "EUR" units: 18 }
      tax_class: "OUTSIDE_SCOPE"
      source_version: 1)pb");
  }
};

TEST_P(OrderStore, ItsMigrationsMakeWhatItsMessagesNeed) {
  auto connection = store::Connect(*database_);
  const absl::Status status = store::CheckTables(*connection, schema_);
  EXPECT_TRUE(status.ok()) << status << "\n" << store::DdlOf(schema_);
}

TEST_P(OrderStore, KeepsAnOrderThroughItsWholeLife) {
  Start();
  GiveMasters();
  v1::PlaceOrderRequest place = Text<v1::PlaceOrderRequest>(
      "order_id: 'ord_1' order {" + Desk::Body({"prd_chai 2", "prd_chai 1 5.25"}) + "}");
  auto placed = Ask(PlaceOrder, place);
  ASSERT_TRUE(placed.ok()) << placed.status();
  EXPECT_EQ(placed->SerializeAsString(), Read<v1::Order>("ord_1").SerializeAsString());
  auto confirm = Text<v1::ConfirmOrderRequest>(
      "order_id: 'ord_1' revision: 1 demand_version: 2 lines { line_number: 1 " +
      Desk::Qty("reserved", "2") + "} lines { line_number: 2 " + Desk::Qty("reserved", "1") + "}");
  ASSERT_TRUE(Ask(ConfirmOrder, confirm).ok());
  auto ship = Text<v1::RecordShipmentRequest>(
      "order_id: 'ord_1' shipment_id: 'shp_1' ship_date { year: 2014 month: 5 day: 8 } "
      "lines { line_number: 1 " +
      Desk::Qty("quantity", "2") + "} lines { line_number: 2 " + Desk::Qty("quantity", "1") + "}");
  ASSERT_TRUE(Ask(RecordShipment, ship).ok());
  auto invoice = Text<v1::RecordInvoiceRequest>(
      "order_id: 'ord_1' invoice_id: 'inv_1' shipment_id: 'shp_1' " + Desk::Cash("net", "41.25") +
      Desk::Cash("total", "41.25") + "lines { line_number: 1 " + Desk::Qty("quantity", "2") +
      Desk::Cash("net", "36") + "} lines { line_number: 2 " + Desk::Qty("quantity", "1") +
      Desk::Cash("net", "5.25") + "}");
  ASSERT_TRUE(Ask(RecordInvoice, invoice).ok());
  auto settle = Text<v1::RecordSettlementRequest>(
      "order_id: 'ord_1' invoice_id: 'inv_1' invoice_version: 2 " + Desk::Cash("open_amount", "0") +
      Desk::Cash("total", "41.25"));
  auto closed = Ask(RecordSettlement, settle);
  ASSERT_TRUE(closed.ok()) << closed.status();
  EXPECT_EQ(closed->state(), v1::ORDER_STATE_CLOSED);
  EXPECT_EQ(closed->SerializeAsString(), Read<v1::Order>("ord_1").SerializeAsString());
  EXPECT_THAT(EventTypes(), ElementsAre("OrderPlaced", "OrderConfirmed", "OrderShipmentRecorded",
                                        "OrderInvoiced", "OrderSettlementRecorded", "OrderClosed"));
}

TEST_P(OrderStore, MakesOneOrderOfAQuoteAndHoldsWhatIsUnknownUntilItArrives) {
  Start();
  v1::PlaceOrderRequest place = Text<v1::PlaceOrderRequest>(
      "quote_id: 'quo_1' quote_version: 1 order {" + Desk::Body({"prd_chai 2 9"}) + "}");
  auto first = Ask(PlaceOrder, place);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->holds_size(), 2);
  auto second = Ask(PlaceOrder, place);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->id(), first->id());
  GiveMasters();
  v1::Order order = Read<v1::Order>(first->id());
  EXPECT_EQ(order.holds_size(), 0);
  EXPECT_EQ(order.sold_to_name(), "Alfreds");
  EXPECT_THAT(EventTypes(),
              ElementsAre("OrderPlaced", "OrderHeld", "OrderReleased", "OrderReleased"));
}

TEST_P(OrderStore, LiftsTaxHoldsOfLinesAndFreight) {
  Start();
  GiveMasters();
  LearnFact<v1::ProductFact>(LearnProduct, R"pb(
    id: "prd_tea"
    sku: "TEA"
    state: PRODUCT_FACT_STATE_ACTIVE
    base_unit: "C62"
    tax_class: "REDUCED"
    source_version: 1)pb");
  auto line = Ask(PlaceOrder, Text<v1::PlaceOrderRequest>(
                                  "order_id: 'ord_1' quote_id: 'quo_1' quote_version: 1 order {" +
                                  Desk::Body({"prd_tea 2 9"}) + "}"));
  ASSERT_TRUE(line.ok()) << line.status();
  auto freight = Ask(
      PlaceOrder,
      Text<v1::PlaceOrderRequest>("order_id: 'ord_2' quote_id: 'quo_2' quote_version: 1 order {" +
                                  Desk::Body({"prd_chai 2 9"}) +
                                  "freight { net { currency_code: 'EUR' units: 5 } tax_class: "
                                  "'REDUCED' } }"));
  ASSERT_TRUE(freight.ok()) << freight.status();
  EXPECT_EQ(freight->holds_size(), 1);
  store::Command command;
  command.method = "learn";
  command.decide = [&](Context& context, State& state) -> absl::StatusOr<std::string> {
    absl::Status status = LearnTaxRate(
        Text<v1::TaxRateFact>(
            "tax_class: 'REDUCED' tax_code: 'DE7' rate { value: '0.07' } source_version: 1"),
        false, "", context, state);
    if (!status.ok()) return status;
    return std::string();
  };
  ASSERT_TRUE(writer_->Call(std::move(command)).ok());
  EXPECT_EQ(Read<v1::Order>("ord_1").holds_size(), 0);
  EXPECT_EQ(Read<v1::Order>("ord_2").holds_size(), 0);
  EXPECT_EQ(Read<v1::Order>("ord_2").freight().tax_code(), "DE7");
}

TEST_P(OrderStore, FindsTheOpenOrdersOfAnAccount) {
  Start();
  GiveMasters();
  for (const char* id : {"ord_1", "ord_2"}) {
    ASSERT_TRUE(
        Ask(PlaceOrder, Text<v1::PlaceOrderRequest>("order_id: '" + std::string(id) + "' order {" +
                                                    Desk::Body({"prd_chai 2"}) + "}"))
            .ok());
  }
  auto held = Ask(HoldAccountOrders,
                  Text<v1::HoldAccountOrdersRequest>("account_id: 'acc_a' account_version: 5"));
  ASSERT_TRUE(held.ok()) << held.status();
  EXPECT_THAT(held->order_ids(), ElementsAre("ord_1", "ord_2"));
  auto released =
      Ask(ReleaseAccountOrders,
          Text<v1::ReleaseAccountOrdersRequest>("account_id: 'acc_a' account_version: 6"));
  ASSERT_TRUE(released.ok()) << released.status();
  EXPECT_THAT(released->order_ids(), ElementsAre("ord_1", "ord_2"));
}

TEST_P(OrderStore, RefusesASecondOrderOfAQuoteInTheDatabaseToo) {
  Start();
  GiveMasters();
  ASSERT_TRUE(Ask(PlaceOrder, Text<v1::PlaceOrderRequest>(
                                  "order_id: 'ord_1' quote_id: 'quo_1' quote_version: 1 order {" +
                                  Desk::Body({"prd_chai 2 9"}) + "}"))
                  .ok());
  ASSERT_TRUE(Ask(PlaceOrder, Text<v1::PlaceOrderRequest>("order_id: 'ord_2' order {" +
                                                          Desk::Body({"prd_chai 2 9"}) + "}"))
                  .ok());
  auto connection = store::Connect(*database_);
  auto result = store::RunOne(
      *connection, "UPDATE orders SET quote_id = 'quo_1', quote_version = 1 WHERE id = 'ord_2'");
  EXPECT_EQ(store::ErrorOf(result.status()).failure, store::Failure::kConstraint);
}

TEST_P(OrderStore, RefusesQuantitiesThatCannotBeInTheDatabaseToo) {
  Start();
  GiveMasters();
  ASSERT_TRUE(Ask(PlaceOrder, Text<v1::PlaceOrderRequest>("order_id: 'ord_1' order {" +
                                                          Desk::Body({"prd_chai 2"}) + "}"))
                  .ok());
  auto connection = store::Connect(*database_);
  for (const char* set : {"shipped_micros = 3000000", "returned_micros = 1", "invoiced_micros = 1",
                          "credited_micros = 1", "cancelled_micros = 2000001",
                          "reserved_micros = 2000001", "backordered_micros = -1"}) {
    const std::string sql =
        std::string("UPDATE orders_lines SET ") + set + " WHERE parent = 'ord_1'";
    auto result = store::RunOne(*connection, sql);
    EXPECT_EQ(store::ErrorOf(result.status()).failure, store::Failure::kConstraint) << set;
  }
}

// What was stored before the lines of addresses became columns.
class OrderMigrations : public store::DriversTest {
 protected:
  void Migrate(size_t service) {
    std::vector<store::Migration> migrations = store::PlatformMigrations();
    migrations.insert(migrations.end(), Migrations().begin(),
                      Migrations().begin() + static_cast<std::ptrdiff_t>(service));
    const absl::Status status = store::Migrate(*database_, migrations);
    ASSERT_TRUE(status.ok()) << status;
  }
};

TEST_P(OrderMigrations, CarryTheLinesOfAddressesOver) {
  Migrate(1);
  auto connection = store::Connect(*database_);
  auto run = [&](absl::string_view sql, std::vector<store::Value> params = {}) {
    auto result = store::RunOne(*connection, sql, std::move(params));
    ASSERT_TRUE(result.ok()) << result.status();
  };
  for (const char* id : {"ord_1", "ord_2", "ord_3"}) {
    run("INSERT INTO orders (id, order_number, revision, state, payer_account_id, "
        "payer_customer_id, quote_id, net_total_micros, tax_total_micros, gross_total_micros, "
        "ship_to_present, ship_to_address_present, bill_to_present, bill_to_address_present, "
        "version) "
        "VALUES ($1, $1, 1, 1, '', 'cus_a', '', 0, 0, 0, 1, $2, 1, 1, 1)",
        {id, std::string(id) == "ord_3" ? store::Value() : store::Value(int64_t{1})});
  }
  run("INSERT INTO customer_facts (id, ship_to_address_present, version) VALUES ('cus_a', 1, 1)");
  int n = 0;
  std::vector<std::string> lines;
  for (const char* line : {"Obere Str. 57", "\"Haus\" \\ Hof", "a\nb\tc", "", "größe", "6", "7",
                           "8", "9", "10", "11"}) {
    lines.emplace_back(line);
    run("INSERT INTO orders_ship_to_address_lines (parent, n, value) VALUES ('ord_1', $1, $2)",
        {int64_t{n++}, std::string(line)});
  }
  run("INSERT INTO orders_bill_to_address_lines (parent, n, value) VALUES ('ord_2', 0, 'Hof')");
  run("INSERT INTO customer_facts_ship_to_address_lines (parent, n, value) "
      "VALUES ('cus_a', 0, 'Tor'), ('cus_a', 1, 'Tür')");
  connection = nullptr;
  Migrate(Migrations().size());
  const store::Schema schema(OrderTables());
  auto reader = store::Reader::Open(*database_, schema);
  auto get = [&](const char* id) { return *reader->GetOne<v1::Order>(id); };
  EXPECT_THAT(get("ord_1")->ship_to().address().lines(), testing::ElementsAreArray(lines));
  EXPECT_THAT(get("ord_1")->bill_to().address().lines(), ElementsAre());
  EXPECT_THAT(get("ord_2")->bill_to().address().lines(), ElementsAre("Hof"));
  EXPECT_THAT(get("ord_2")->ship_to().address().lines(), ElementsAre());
  EXPECT_THAT(get("ord_3")->bill_to().address().lines(), ElementsAre());
  EXPECT_THAT((**reader->GetOne<v1::CustomerFact>("cus_a")).ship_to_address().lines(),
              ElementsAre("Tor", "Tür"));
}

INSTANTIATE_TEST_SUITE_P(Drivers, OrderMigrations, testing::Values("sqlite", "postgresql"),
                         store::DriverName);
INSTANTIATE_TEST_SUITE_P(Drivers, OrderStore, testing::Values("sqlite", "postgresql"),
                         store::DriverName);

}  // namespace
}  // namespace tandem::order
