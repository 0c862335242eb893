// The last ten units through the whole chain: 64 buyers place their orders at once at two replicas
// of order, and order_to_cash, inventory and billing, two replicas each, on PostgreSQL and Kafka,
// do the rest. The account's limit is exactly what all of them cost.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "platform/base/date.h"
#include "platform/base/fixed.h"
#include "platform/base/money.h"
#include "platform/base/quantity.h"
#include "platform/base/uuid.h"
#include "tandem/billing/v1/billing_service.pb.h"
#include "tandem/inventory/v1/inventory_service.pb.h"
#include "tandem/order/v1/order_service.pb.h"
#include "tests/journeys/buyers.h"
#include "tests/support/kafka_broker.h"

namespace tandem::test {
namespace {

namespace bill = billing::v1;
namespace inv = inventory::v1;
namespace ord = order::v1;

constexpr int kSeeds = 10;
constexpr int64_t kUnits = 10;
constexpr int64_t kPrice = 5;
constexpr char kCurrency[] = "EUR";
constexpr char kUnit[] = "C62";
constexpr char kTaxClass[] = "NONE";
constexpr int32_t kDay = 20'000;

int64_t Pieces(const type::v1::Quantity& quantity) {
  const auto parsed = FromProto(quantity, "");
  return parsed.ok() ? parsed->micros / kMicrosPerUnit : -1;
}

class BuyersOfTheChain : public ::testing::Test {
 protected:
  BuyersOfTheChain()
      : kafka_(*KafkaBroker::Start()),  // nobody else's: these topics are those of a whole company
        replicas_({"billing", "inventory", "order", "order_to_cash"}, kafka_->bootstrap()),
        billing_(replicas_, "billing", 1),
        inventory_(replicas_, "inventory", 2),
        orders_(replicas_, "order", 3) {}

  ~BuyersOfTheChain() override {
    if (HasFailure()) std::cout << replicas_.Output();
  }

  void CreateTaxCode() {
    bill::CreateTaxCodeRequest request;
    request.set_request_id(UuidV4());
    request.set_tax_code_id("NONE");
    request.mutable_tax_code()->set_tax_class(kTaxClass);
    request.mutable_tax_code()->mutable_rate()->set_value("0");
    request.mutable_tax_code()->set_text("No tax");
    billing_.Call<bill::TaxCode>(request);
  }

  std::string CreateCustomer(int64_t limit) {
    bill::CreateCustomerRequest request;
    request.set_request_id(UuidV4());
    request.set_customer_id(NewId("cus_"));
    bill::Customer* customer = request.mutable_customer();
    customer->set_kind(bill::CUSTOMER_KIND_ORGANISATION);
    customer->set_display_name("A crowd");
    customer->set_status(bill::CUSTOMER_STATUS_CUSTOMER);
    customer->set_currency(kCurrency);
    customer->mutable_credit_policy()->set_kind(bill::CREDIT_POLICY_KIND_LIMITED);
    SetMoney(limit * kMicrosPerUnit, kCurrency, customer->mutable_credit_policy()->mutable_limit());
    return billing_.Call<bill::Customer>(request).id();
  }

  std::string CreateProduct() {
    inv::CreateProductRequest request;
    request.set_request_id(UuidV4());
    request.set_product_id(NewId("prd_"));
    inv::Product* product = request.mutable_product();
    product->set_sku(request.product_id());
    product->set_kind(inv::PRODUCT_KIND_GOODS);
    product->set_base_unit(kUnit);
    product->set_tax_class(kTaxClass);
    return inventory_.Call<inv::Product>(request).id();
  }

  void Receive(const std::string& product, int64_t pieces) {
    inv::ReceiveStockRequest request;
    request.set_request_id(UuidV4());
    request.set_product_id(product);
    SetQuantity(pieces * kMicrosPerUnit, kUnit, request.mutable_quantity());
    inventory_.Call<inv::Stock>(request);
  }

  static ord::PlaceOrderRequest PlaceRequest(const std::string& customer,
                                             const std::string& product,
                                             ord::BackorderPolicy policy) {
    ord::PlaceOrderRequest request;
    request.set_order_id(NewId("ord_"));
    request.set_request_id(UuidV4());
    ord::Order* order = request.mutable_order();
    order->set_sold_to_customer_id(customer);
    *order->mutable_order_date() = DateToProto(kDay);
    order->set_currency(kCurrency);
    order->set_backorder_policy(policy);
    ord::OrderLine* line = order->add_lines();
    line->set_line_number(1);
    line->set_product_id(product);
    SetQuantity(kMicrosPerUnit, kUnit, line->mutable_quantity());
    SetMoney(kPrice * kMicrosPerUnit, kCurrency, line->mutable_unit_price());
    return request;
  }

  // How many of the orders are so; all of them where it is asked for them all.
  int64_t Count(const std::vector<std::string>& ids,
                const std::function<bool(const ord::Order&)>& so) {
    ord::BatchGetOrdersRequest request;
    for (const std::string& id : ids) request.add_ids(id);
    const auto answer = orders_.Call<ord::BatchGetOrdersResponse>(request);
    return std::count_if(answer.orders().begin(), answer.orders().end(), so);
  }
  void Await(const std::vector<std::string>& ids, int64_t count, absl::string_view what,
             const std::function<bool(const ord::Order&)>& so) {
    int64_t found = 0;
    EXPECT_TRUE(WaitFor([&] { return (found = Count(ids, so)) == count; }, kCrowdPatience))
        << found << " of " << count << " " << what;
  }

  static inv::Stock StockOf(Client& client, const std::string& product) {
    inv::GetStockRequest request;
    request.set_id(absl::StrCat(product, "/MAIN"));
    return client.Call<inv::Stock>(request);
  }
  void ExpectStock(const std::string& product, int64_t on_hand, int64_t reserved,
                   int64_t backordered) {
    const inv::Stock stock = StockOf(inventory_, product);
    EXPECT_EQ(Pieces(stock.on_hand()), on_hand);
    EXPECT_EQ(Pieces(stock.reserved()), reserved);
    EXPECT_EQ(Pieces(stock.available()), on_hand - reserved);
    EXPECT_EQ(Pieces(stock.backordered()), backordered);
  }

  int64_t Committed(const std::string& customer) {
    bill::GetCustomerRequest request;
    request.set_id(customer);
    bill::GetAccountExposureRequest exposure;
    exposure.set_id(billing_.Call<bill::Customer>(request).account_id());
    const auto answer = billing_.Call<bill::AccountExposure>(exposure);
    EXPECT_LE(answer.highest_exposure().units(), kPrice * kBuyers);
    return answer.committed().units();
  }

  void TenUnits(uint64_t seed, ord::BackorderPolicy policy, bool kill);

  const absl::Time started_ = absl::Now();
  const std::unique_ptr<KafkaBroker> kafka_;
  Replicas replicas_;
  Client billing_, inventory_, orders_;
};

void BuyersOfTheChain::TenUnits(uint64_t seed, ord::BackorderPolicy policy, bool kill) {
  const std::string customer = CreateCustomer(kPrice * kBuyers);
  const std::string product = CreateProduct();
  Receive(product, kUnits);
  // Both replicas of order read one database: once it knows who orders what, both do.
  ord::PlaceOrderRequest check = PlaceRequest(customer, product, policy);
  check.set_validate_only(true);
  ord::Order checked;
  absl::Status known;
  ASSERT_TRUE(
      WaitFor([&] { return (known = orders_.AskOnce(check, &checked, 0)).ok(); }, kCrowdPatience))
      << known;

  Client reader(replicas_, "inventory", seed);
  Watch never_oversold([&reader, product]() -> std::string {
    const inv::Stock stock = StockOf(reader, product);
    return Pieces(stock.reserved()) <= Pieces(stock.on_hand()) ? "" : stock.ShortDebugString();
  });
  std::vector<std::string> ids(kBuyers);
  AllAtOnce(kBuyers, [&](int i) {
    Client client(replicas_, "order", seed * 1000 + static_cast<uint64_t>(i));
    const auto request = PlaceRequest(customer, product, policy);
    ids[static_cast<size_t>(i)] = client.Call<ord::Order>(request).id();
  });
  if (kill) replicas_.Kill("inventory", 1);  // whoever worked with it goes to the other

  const auto reserved = [](const ord::Order& order) {
    return order.state() == ord::ORDER_STATE_CONFIRMED && Pieces(order.lines(0).reserved()) == 1;
  };
  Await(ids, kUnits, "confirmed and reserved", reserved);
  if (policy == ord::BACKORDER_POLICY_NO_BACKORDER) {
    Await(ids, kBuyers - kUnits, "out of stock", [](const ord::Order& order) {
      return order.state() == ord::ORDER_STATE_CANCELLED &&
             order.cancel_reason() == ord::CANCEL_REASON_OUT_OF_STOCK;
    });
    EXPECT_TRUE(WaitFor([&] { return Committed(customer) == kPrice * kUnits; }, kCrowdPatience));
    ExpectStock(product, kUnits, kUnits, 0);
    Receive(product, kBuyers - kUnits);
    ExpectStock(product, kBuyers, kUnits, 0);
  } else {
    Await(ids, kBuyers - kUnits, "confirmed and waiting", [](const ord::Order& order) {
      return order.state() == ord::ORDER_STATE_CONFIRMED &&
             Pieces(order.lines(0).backordered()) == 1;
    });
    EXPECT_EQ(Committed(customer), kPrice * kBuyers);
    ExpectStock(product, kUnits, kUnits, kBuyers - kUnits);
    Receive(product, kBuyers - kUnits);
    Await(ids, kBuyers, "reserved", reserved);
    ExpectStock(product, kBuyers, kBuyers, 0);
  }
  EXPECT_EQ(never_oversold.Stop(), "");
  if (kill) replicas_.Restart("inventory", 1);
  // Seen from outside: no order without its answer, and nothing lies in quarantine.
  EXPECT_EQ(replicas_.Query("order_to_cash", "SELECT count(*) FROM quarantined_keys"), "0");
  EXPECT_EQ(replicas_.Query("inventory",
                            "SELECT count(*) FROM stocks s WHERE on_hand_micros <> (SELECT "
                            "sum(delta_micros) FROM stock_moves m WHERE m.product_id = "
                            "s.product_id)"),
            "0");
}

TEST_F(BuyersOfTheChain, Of10UnitsTenAreServedAndTheRestInTheirTurn) {
  std::cout << "ready after " << absl::Now() - started_ << "\n";
  CreateTaxCode();
  for (const uint64_t seed : Seeds(kSeeds)) {
    SCOPED_TRACE(absl::StrCat("TANDEM_TEST_SEED=", seed));
    const absl::Time start = absl::Now();
    TenUnits(seed,
             seed % 2 == 1 ? ord::BACKORDER_POLICY_BACKORDER : ord::BACKORDER_POLICY_NO_BACKORDER,
             /*kill=*/seed % 4 >= 2);
    std::cout << "seed " << seed << ": " << absl::Now() - start << "\n";
    if (HasFailure()) break;
  }
}

}  // namespace
}  // namespace tandem::test
