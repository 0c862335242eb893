// The service over gRPC, as a process hosts it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/order/order_service.h"
#include "services/order/order_test_desk.h"
#include "tandem/order/v1/order_service.grpc.pb.h"
#include "tests/support/service_over_grpc.h"

namespace tandem::order {
namespace {

constexpr char kCustomer[] = "cus_01hzzzzzzzzzzzzzzzzzzzzzz1";
constexpr char kProduct[] = "prd_01hzzzzzzzzzzzzzzzzzzzzzz1";

class OrderOverGrpc : public test::ServiceOverGrpc<v1::OrderService> {
 protected:
  OrderOverGrpc() : ServiceOverGrpc(DeclareOrder) {
    Learn([](Context& context, State& state) -> absl::Status {
      v1::CustomerFact customer;
      customer.set_id(kCustomer);
      customer.set_display_name("Alfreds");
      customer.set_source_version(1);
      absl::Status status = LearnCustomer(customer, context, state);
      if (!status.ok()) return status;
      v1::ProductFact product = Text<v1::ProductFact>(R"pb(
        sku: "CHAI"
        name: "Chai"
        state: PRODUCT_FACT_STATE_ACTIVE
        base_unit: "C62"
        list_price { currency_code: "EUR" units: 18 }
        tax_class: "OUTSIDE_SCOPE"
        source_version: 1)pb");
      product.set_id(kProduct);
      return LearnProduct(product, context, state);
    });
  }

  static v1::PlaceOrderRequest Request(const std::string& more = "") {
    return Text<v1::PlaceOrderRequest>(
        "order { sold_to_customer_id: '" + std::string(kCustomer) +
        "' order_date { year: 2014 month: 5 day: 6 } lines { product_id: '" + kProduct +
        "' quantity { value { value: '2' } unit: 'C62' } } }" + more);
  }
};

TEST_F(OrderOverGrpc, PlacesReadsAndListsOrders) {
  v1::Order placed, read;
  ASSERT_EQ(Call(&v1::OrderService::Stub::PlaceOrder, Request(), &placed), "OK");
  EXPECT_EQ(placed.order_number(), "SO-1001");
  v1::GetOrderRequest get;
  get.set_id(placed.id());
  ASSERT_EQ(Call(&v1::OrderService::Stub::GetOrder, get, &read), "OK");
  EXPECT_EQ(read.SerializeAsString(), placed.SerializeAsString());
  v1::GetOrderByNumberRequest by_number;
  by_number.set_order_number("SO-1001");
  ASSERT_EQ(Call(&v1::OrderService::Stub::GetOrderByNumber, by_number, &read), "OK");
  EXPECT_EQ(read.id(), placed.id());
  by_number.set_order_number("SO-9");
  EXPECT_EQ(Call(&v1::OrderService::Stub::GetOrderByNumber, by_number, &read), "ORDER_NOT_FOUND");
  v1::BatchGetOrdersRequest batch;
  v1::BatchGetOrdersResponse several;
  batch.add_ids(placed.id());
  ASSERT_EQ(Call(&v1::OrderService::Stub::BatchGetOrders, batch, &several), "OK");
  EXPECT_EQ(several.orders_size(), 1);
  v1::ListOrdersRequest list;
  v1::ListOrdersResponse page;
  list.set_filter("state = ORDER_STATE_PLACED AND gross_total > 30 AND lines.product_id:\"" +
                  std::string(kProduct) + "\"");
  list.set_order_by("order_number desc");
  ASSERT_EQ(Call(&v1::OrderService::Stub::ListOrders, list, &page), "OK");
  EXPECT_EQ(page.orders_size(), 1);
  v1::ListProductFactsResponse products;
  ASSERT_EQ(
      Call(&v1::OrderService::Stub::ListProductFacts, v1::ListProductFactsRequest(), &products),
      "OK");
  EXPECT_EQ(products.product_facts_size(), 1);
}

TEST_F(OrderOverGrpc, AnswersARetriedRequestTheSame) {
  v1::PlaceOrderRequest request = Request("request_id: '6ba7b810-9dad-41d1-80b4-00c04fd430c8'");
  v1::Order first, second;
  ASSERT_EQ(Call(&v1::OrderService::Stub::PlaceOrder, request, &first), "OK");
  ASSERT_EQ(Call(&v1::OrderService::Stub::PlaceOrder, request, &second), "OK");
  EXPECT_EQ(first.SerializeAsString(), second.SerializeAsString());
  request.mutable_order()->set_note("another");
  EXPECT_EQ(Call(&v1::OrderService::Stub::PlaceOrder, request, &second), "REQUEST_ID_REUSED");
}

TEST_F(OrderOverGrpc, ValidatesOnlyWhenAsked) {
  v1::Order answer;
  ASSERT_EQ(Call(&v1::OrderService::Stub::PlaceOrder, Request("validate_only: true"), &answer),
            "OK");
  EXPECT_EQ(answer.order_number(), "SO-1001");
  v1::ListOrdersResponse page;
  ASSERT_EQ(Call(&v1::OrderService::Stub::ListOrders, v1::ListOrdersRequest(), &page), "OK");
  EXPECT_EQ(page.orders_size(), 0);
}

TEST_F(OrderOverGrpc, AnswersEachItemOfABatchByItself) {
  v1::BatchPlaceOrderRequest request;
  *request.add_requests() = Request();
  *request.add_requests() = Request();
  request.mutable_requests(0)->mutable_order()->mutable_lines(0)->set_product_id("prd_x");
  v1::BatchPlaceOrderResponse answer;
  ASSERT_EQ(Call(&v1::OrderService::Stub::BatchPlaceOrder, request, &answer), "OK");
  ASSERT_EQ(answer.results_size(), 2);
  EXPECT_EQ(ReasonOf(FromRpcStatus(answer.results(0).status())), "ORDER_PRODUCT_UNKNOWN");
  EXPECT_EQ(answer.results(1).status().code(), 0);
  EXPECT_EQ(answer.results(1).order().order_number(), "SO-1001");
}

TEST_F(OrderOverGrpc, RefusesMalformedRequestsBeforeDeciding) {
  v1::Order answer;
  v1::PlaceOrderRequest request = Request();
  request.mutable_order()->set_sold_to_customer_id("nobody");
  EXPECT_EQ(Call(&v1::OrderService::Stub::PlaceOrder, request, &answer), "ID_MALFORMED");
  request = Request();
  request.mutable_order()->clear_lines();
  EXPECT_EQ(Call(&v1::OrderService::Stub::PlaceOrder, request, &answer), "ORDER_NO_LINES");
  request = Request();
  request.mutable_order()->mutable_lines(0)->mutable_quantity()->mutable_value()->set_value("-1");
  EXPECT_EQ(Call(&v1::OrderService::Stub::PlaceOrder, request, &answer), "ORDER_QUANTITY_INVALID");
}

}  // namespace
}  // namespace tandem::order
