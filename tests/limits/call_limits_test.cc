// The limits of a call, over the wire: the sizes of message, metadata, batch, page and filter, the
// lines and sums of an order, and how many may listen to events. At the limit a call is looked at;
// one past it, it is refused with a reason that stays.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/status.pb.h"
#include "platform/base/status.h"
#include "tandem/billing/v1/billing_service.pb.h"
#include "tandem/customer/v1/customer_service.pb.h"
#include "tandem/order/v1/order_service.pb.h"
#include "tests/battery/calls.h"
#include "tests/battery/served.h"
#include "tests/battery/world.h"

namespace tandem::test {
namespace {

using absl::StatusCode;

constexpr char kListCustomers[] = "/tandem.customer.v1.CustomerService/ListCustomers";
constexpr char kPlaceOrder[] = "/tandem.order.v1.OrderService/PlaceOrder";
constexpr size_t kMebibyte = 1 << 20;

// Bytes of a field that nobody knows, so that the whole has this size.
std::string PaddedTo(size_t size, std::string request = "") {
  request += "\xfa\x3f";
  size_t left = size - request.size();
  left -= left - 3 < (1 << 21) ? 3 : 4;  // its length
  const size_t length = left;
  for (; left > 0x7f; left >>= 7) request.push_back(static_cast<char>(left | 0x80));
  request.push_back(static_cast<char>(left));
  return request.append(length, 'x');
}

class CallLimits : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    served_ = new Served({.orders = 1});
    calls_ = new Calls(served_->address(), 1);
    world_ = new World(*calls_);
  }
  static void TearDownTestSuite() {
    delete world_;
    delete calls_;
    delete served_;
  }
  static std::string ReasonOfCall(const std::string& path, absl::string_view bytes,
                                  const Sent& sent = {}) {
    return ReasonOf(calls_->Call(path, bytes, sent).status);
  }

  static Served* served_;
  static Calls* calls_;
  static World* world_;
};
Served* CallLimits::served_ = nullptr;
Calls* CallLimits::calls_ = nullptr;
World* CallLimits::world_ = nullptr;

TEST_F(CallLimits, ARequestHasAMebibyte) {
  for (const size_t size : {kMebibyte - 1, kMebibyte}) {
    EXPECT_TRUE(calls_->Call(kListCustomers, PaddedTo(size)).status.ok()) << size;
  }
  const absl::Status status = calls_->Call(kListCustomers, PaddedTo(kMebibyte + 1)).status;
  EXPECT_EQ(status.code(), StatusCode::kOutOfRange);
  EXPECT_EQ(ReasonOf(status), "REQUEST_TOO_LARGE");
  const std::string order =
      world_->Good(MethodNamed("OrderService.PlaceOrder"))->SerializeAsString();
  EXPECT_NE(ReasonOfCall(kPlaceOrder, PaddedTo(kMebibyte, order)), "REQUEST_TOO_LARGE");
  EXPECT_EQ(ReasonOfCall(kPlaceOrder, PaddedTo(kMebibyte + 1, order)), "REQUEST_TOO_LARGE");
  EXPECT_EQ(ReasonOfCall("/tandem.events.v1.EventService/GetHeads", PaddedTo(kMebibyte + 1)),
            "REQUEST_TOO_LARGE");
}

TEST_F(CallLimits, ABatchHasFour) {
  const auto& method = MethodNamed("OrderService.BatchPlaceOrder");
  order::v1::BatchPlaceOrderRequest request;
  request.add_requests();
  const std::string bytes = request.SerializeAsString();
  for (const size_t size : {4 * kMebibyte - 1, 4 * kMebibyte}) {
    EXPECT_TRUE(calls_->Call(PathOf(method), PaddedTo(size, bytes)).status.ok()) << size;
  }
  EXPECT_EQ(ReasonOfCall(PathOf(method), PaddedTo(4 * kMebibyte + 1, bytes)), "REQUEST_TOO_LARGE");
}

TEST_F(CallLimits, MetadataHasSixteenKibibytes) {
  const auto fits = [](size_t bytes) {
    const Answered answered =
        calls_->Call(kListCustomers, "", {.metadata = {{"x-limit", std::string(bytes, 'v')}}});
    if (!answered.status.ok()) {
      EXPECT_EQ(ReasonOf(answered.status), "METADATA_TOO_LARGE");
    }
    return answered.status.ok();
  };
  size_t low = 12 << 10, high = 16 << 10;  // the client's own entries take part of it
  ASSERT_TRUE(fits(low));
  ASSERT_FALSE(fits(high));
  while (high - low > 1) {
    const size_t middle = (low + high) / 2;
    (fits(middle) ? low : high) = middle;
  }
  EXPECT_GT(high, (16u << 10) - 512) << "it is 16 KiB of names and values, and not less";
}

TEST_F(CallLimits, ABatchHasAThousandItems) {
  customer::v1::BatchCreateCustomersRequest request;
  const std::string path = PathOf(MethodNamed("CustomerService.BatchCreateCustomers"));
  for (int i = 0; i < 999; ++i) request.add_requests();  // each is refused by itself
  for (const int items : {999, 1'000}) {
    while (request.requests_size() < items) request.add_requests();
    const Answered answered = calls_->Call(path, request.SerializeAsString());
    ASSERT_TRUE(answered.status.ok()) << answered.status;
    customer::v1::BatchCreateCustomersResponse answer;
    ASSERT_TRUE(answer.ParseFromString(answered.bytes));
    EXPECT_EQ(answer.results_size(), items);
  }
  request.add_requests();
  const absl::Status status = calls_->Call(path, request.SerializeAsString()).status;
  EXPECT_EQ(ReasonOf(status), "BATCH_TOO_LARGE");
  EXPECT_EQ(FieldOf(status), "requests");
}

TEST_F(CallLimits, APageHasAThousandRowsAndFiftyWhereNobodySays) {
  const auto rows = [](int32_t page_size) {
    customer::v1::ListCustomersRequest request;
    request.set_page_size(page_size);
    const Answered answered = calls_->Call(kListCustomers, request.SerializeAsString());
    customer::v1::ListCustomersResponse page;
    EXPECT_TRUE(answered.status.ok() && page.ParseFromString(answered.bytes)) << answered.status;
    return page.customers_size();
  };
  EXPECT_EQ(rows(0), 50);
  EXPECT_EQ(rows(49), 49);
  for (const int32_t size : {999, 1'000, 1'001, std::numeric_limits<int32_t>::max()}) {
    EXPECT_EQ(rows(size), 91) << "all that there are";
  }
  customer::v1::ListCustomersRequest request;
  request.set_page_size(-1);
  EXPECT_NE(ReasonOfCall(kListCustomers, request.SerializeAsString()), "");
}

TEST_F(CallLimits, AFilterHasTwoKibibytesSixteenLevelsAndSixtyFourTerms) {
  const auto reason = [](const std::string& filter) {
    customer::v1::ListCustomersRequest request;
    request.set_filter(filter);
    return ReasonOfCall(kListCustomers, request.SerializeAsString());
  };
  const auto terms = [](int count) {
    std::string filter = "id = a";
    for (int i = 1; i < count; ++i) filter += " OR id = a";
    return filter;
  };
  const auto deep = [](size_t levels) {
    return std::string(levels, '(') + "id = a" + std::string(levels, ')');
  };
  const auto long_one = [](size_t bytes) {
    const std::string head = "id = \"", tail = "\"";
    return head + std::string(bytes - head.size() - tail.size(), 'x') + tail;
  };
  EXPECT_EQ(reason(terms(63)), "");
  EXPECT_EQ(reason(terms(64)), "");
  EXPECT_EQ(reason(terms(65)), "FILTER_TOO_MANY_TERMS");
  EXPECT_EQ(reason(deep(15)), "");
  EXPECT_EQ(reason(deep(16)), "");
  EXPECT_EQ(reason(deep(17)), "FILTER_TOO_DEEP");
  EXPECT_EQ(reason(long_one(2'047)), "");
  EXPECT_EQ(reason(long_one(2'048)), "");
  EXPECT_NE(reason(long_one(2'049)), "");
}

class OrderLimits : public CallLimits {
 protected:
  static order::v1::PlaceOrderRequest OrderOf(int lines, int64_t price, const char* quantity) {
    auto made = world_->Good(MethodNamed("OrderService.PlaceOrder"));
    auto request = static_cast<order::v1::PlaceOrderRequest&>(*made);
    const order::v1::OrderLine line = request.order().lines(0);
    request.mutable_order()->clear_lines();
    request.mutable_order()->set_currency("USD");
    for (int i = 0; i < lines; ++i) {
      order::v1::OrderLine* item = request.mutable_order()->add_lines();
      *item = line;
      item->set_line_number(i + 1);
      item->mutable_quantity()->mutable_value()->set_value(quantity);
      item->mutable_quantity()->set_unit("C62");
      item->mutable_unit_price()->set_currency_code("USD");
      item->mutable_unit_price()->set_units(price);
    }
    return request;
  }
  static absl::Status Place(const order::v1::PlaceOrderRequest& request) {
    return calls_->Call(kPlaceOrder, request.SerializeAsString()).status;
  }
};

TEST_F(OrderLimits, AnOrderHasAThousandLines) {
  EXPECT_TRUE(Place(OrderOf(999, 1, "1")).ok());
  EXPECT_TRUE(Place(OrderOf(1'000, 1, "1")).ok());
  const absl::Status status = Place(OrderOf(1'001, 1, "1"));
  EXPECT_EQ(ReasonOf(status), "TOO_MANY_ITEMS");
  EXPECT_EQ(FieldOf(status), "order.lines");
}

TEST_F(OrderLimits, WhatAddsUpToMoreThanAnAmountCanBeIsOutOfRange) {
  constexpr int64_t kMax = 1'000'000'000'000;
  EXPECT_TRUE(Place(OrderOf(1, kMax / 2, "2")).ok()) << Place(OrderOf(1, kMax / 2, "2"));
  for (const auto& request : {OrderOf(1, kMax, "1.000001"), OrderOf(2, kMax / 2 + 1, "1"),
                              OrderOf(1, kMax, "1000000"), OrderOf(1'000, kMax, "1000000000000")}) {
    const absl::Status status = Place(request);
    EXPECT_EQ(status.code(), StatusCode::kOutOfRange) << status;
    EXPECT_NE(ReasonOf(status), "");
  }
}

TEST_F(CallLimits, AHundredMayListenToEvents) {
  // Each holds its stream for as long as the test says.
  Calls listeners(served_->address(), 4, 300);
  std::atomic<int> full{0};
  const std::string watch = "/tandem.events.v1.EventService/WatchEvents";
  const std::string from_now = "\x0a\x0d/tandem/order";
  for (int i = 0; i < 101; ++i) {
    listeners.Start(watch, from_now, {.timeout = absl::Seconds(5)}, [&full](Answered answered) {
      if (answered.status.code() == StatusCode::kDeadlineExceeded) return;  // it listened
      EXPECT_EQ(ReasonOf(answered.status), "EVENT_STREAMS_FULL") << answered.status;
      ++full;
    });
  }
  listeners.Wait();
  EXPECT_EQ(full, 1);
}

}  // namespace
}  // namespace tandem::test
