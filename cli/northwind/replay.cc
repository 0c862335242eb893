#include "cli/northwind/replay.h"

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "cli/northwind/calls.h"
#include "cli/northwind/import.h"
#include "platform/base/date.h"
#include "platform/base/fixed.h"
#include "platform/base/money.h"
#include "platform/base/quantity.h"
#include "platform/base/status_macros.h"

namespace tandem::northwind {
namespace {

namespace bill = billing::v1;
namespace erp = order::v1;
namespace stock = inventory::v1;

erp::PlaceOrderRequest PlaceRequest(const Order& order) {
  erp::PlaceOrderRequest request;
  request.set_order_id(IdOf("ord_", order.key));
  request.set_request_id(RequestIdOf("PlaceOrder", order.key));
  erp::Order* record = request.mutable_order();
  record->set_sold_to_customer_id(IdOf("cus_", order.customer));
  record->mutable_ship_to()->set_name(order.ship_name);
  *record->mutable_ship_to()->mutable_address() = order.ship_to;
  *record->mutable_order_date() = DateToProto(order.order_day);
  *record->mutable_requested_date() = DateToProto(order.required_day);
  record->set_currency(kCurrency);
  record->set_customer_reference(order.key);
  int32_t number = 0;
  for (const Line& line : order.lines) {
    erp::OrderLine* item = record->add_lines();
    item->set_line_number(++number);
    item->set_product_id(IdOf("prd_", line.product));
    SetQuantity(line.pieces * kMicrosPerUnit, kUnit, item->mutable_quantity());
    SetMoney(line.price_micros, kCurrency, item->mutable_unit_price());
    *item->mutable_discount() = DecimalToProto(line.discount_micros);
  }
  return request;
}

class Days {
 public:
  Days(const Company& company, Parts& parts) : company_(company), parts_(parts) {
    for (size_t i = 0; i < company.orders.size(); ++i) {
      const Order& order = company.orders[i];
      placed_[order.order_day].push_back(i);
      days_.insert(order.order_day);
      if (!order.ship_day.has_value()) continue;
      shipped_[*order.ship_day].push_back(i);
      paid_[*order.ship_day + kPaymentDays].push_back(i);
      days_.insert(*order.ship_day);
      days_.insert(*order.ship_day + kPaymentDays);
    }
  }

  absl::Status Run(const std::function<void(size_t, size_t)>& progress) {
    TANDEM_ASSIGN_OR_RETURN(const Done done, ReadDone());
    size_t placed = 0;
    for (int32_t day : days_) {
      for (size_t i : paid_[day]) {
        const Order& order = company_.orders[i];
        if (!done.paid.contains(order.key)) TANDEM_RETURN_IF_ERROR(Pay(order, day));
      }
      for (size_t i : placed_[day]) {
        const Order& order = company_.orders[i];
        if (!done.placed.contains(order.key)) TANDEM_RETURN_IF_ERROR(Place(order));
        progress(++placed, company_.orders.size());
      }
      for (size_t i : shipped_[day]) {
        const Order& order = company_.orders[i];
        if (!done.shipped.contains(order.key)) TANDEM_RETURN_IF_ERROR(Ship(order));
      }
    }
    return AwaitAllClosed();
  }

 private:
  // What an earlier replay has done and waited for; nobody undoes it. By the orders' keys.
  struct Done {
    std::set<std::string> placed, shipped, paid, closed;
  };
  absl::StatusOr<Done> ReadDone() {
    std::map<std::string, std::string> order_key, payment_key;  // by id
    for (const Order& order : company_.orders) {
      order_key[IdOf("ord_", order.key)] = order.key;
      payment_key[IdOf("pay_", order.key)] = order.key;
    }
    Done done;
    const auto note_orders = [&](const erp::ListOrdersResponse& page) {
      for (const erp::Order& order : page.orders()) {
        const auto key = order_key.find(order.id());
        if (key == order_key.end()) continue;
        if (IsPlaced(order)) done.placed.insert(key->second);
        if (!order.invoices().empty()) done.shipped.insert(key->second);
        if (order.state() == erp::ORDER_STATE_CLOSED) done.closed.insert(key->second);
      }
      return absl::OkStatus();
    };
    const auto note_payments = [&](const bill::ListPaymentsResponse& page) {
      for (const bill::Payment& payment : page.payments()) {
        const auto key = payment_key.find(payment.id());
        if (key != payment_key.end()) done.paid.insert(key->second);
      }
      return absl::OkStatus();
    };
    TANDEM_RETURN_IF_ERROR(
        ForEachPage(*parts_.order, &erp::OrderService::Stub::ListOrders, note_orders));
    TANDEM_RETURN_IF_ERROR(
        ForEachPage(*parts_.billing, &bill::BillingService::Stub::ListPayments, note_payments));
    return done;
  }

  // With its credit and its stock.
  static bool IsPlaced(const erp::Order& order) {
    return order.state() == erp::ORDER_STATE_CONFIRMED || order.state() == erp::ORDER_STATE_CLOSED;
  }

  absl::StatusOr<erp::Order> Get(const Order& order) {
    erp::GetOrderRequest request;
    request.set_id(IdOf("ord_", order.key));
    return rpc::Call(*parts_.order, &erp::OrderService::Stub::GetOrder, request);
  }

  // And waits for it: the next one queues behind it.
  absl::Status Place(const Order& order) {
    TANDEM_RETURN_IF_ERROR(
        Ask(*parts_.order, &erp::OrderService::Stub::PlaceOrder, PlaceRequest(order)).status());
    return Await(absl::StrCat("the confirmation of order ", order.key),
                 [&]() -> absl::StatusOr<bool> {
                   TANDEM_ASSIGN_OR_RETURN(erp::Order now, Get(order));
                   return IsPlaced(now);
                 });
  }

  // Handed over and billed.
  absl::Status Ship(const Order& order) {
    stock::GetDemandRequest demand;
    demand.set_id(IdOf("ord_", order.key));
    std::string shipment_id;
    TANDEM_RETURN_IF_ERROR(
        Await(absl::StrCat("the shipment of order ", order.key), [&]() -> absl::StatusOr<bool> {
          TANDEM_ASSIGN_OR_RETURN(
              stock::Demand now,
              rpc::Call(*parts_.inventory, &stock::InventoryService::Stub::GetDemand, demand));
          if (now.shipment_ids().empty()) return false;
          shipment_id = now.shipment_ids(0);
          return true;
        }));
    stock::ShipShipmentRequest request;
    request.set_shipment_id(shipment_id);
    request.set_request_id(RequestIdOf("ShipShipment", order.key));
    *request.mutable_ship_date() = DateToProto(*order.ship_day);
    request.set_carrier(order.carrier);
    SetMoney(order.freight_micros, kCurrency, request.mutable_freight_cost());
    TANDEM_RETURN_IF_ERROR(
        Ask(*parts_.inventory, &stock::InventoryService::Stub::ShipShipment, request).status());
    return Await(absl::StrCat("the invoice of order ", order.key), [&]() -> absl::StatusOr<bool> {
      TANDEM_ASSIGN_OR_RETURN(erp::Order now, Get(order));
      return now.invoices_size() > 0;
    });
  }

  absl::Status Pay(const Order& order, int32_t day) {
    erp::Order now;
    TANDEM_RETURN_IF_ERROR(UntilAnswered([&]() -> absl::Status {
      TANDEM_ASSIGN_OR_RETURN(now, Get(order));
      return absl::OkStatus();
    }));
    bill::RecordPaymentRequest request;
    request.set_payment_id(IdOf("pay_", order.key));
    request.set_request_id(RequestIdOf("RecordPayment", order.key));
    request.set_account_id(now.payer_account_id());
    request.set_order_id(now.id());
    request.set_reference(now.order_number());
    *request.mutable_amount() = now.invoices(0).total();
    *request.mutable_payment_date() = DateToProto(day);
    return Ask(*parts_.billing, &bill::BillingService::Stub::RecordPayment, request).status();
  }

  absl::Status AwaitAllClosed() {
    TANDEM_ASSIGN_OR_RETURN(const Done done, ReadDone());
    for (const Order& order : company_.orders) {
      if (!order.ship_day.has_value() || done.closed.contains(order.key)) continue;
      TANDEM_RETURN_IF_ERROR(
          Await(absl::StrCat("the end of order ", order.key), [&]() -> absl::StatusOr<bool> {
            TANDEM_ASSIGN_OR_RETURN(erp::Order now, Get(order));
            return now.state() == erp::ORDER_STATE_CLOSED;
          }));
    }
    return absl::OkStatus();
  }

  const Company& company_;
  Parts& parts_;
  std::set<int32_t> days_;
  std::map<int32_t, std::vector<size_t>> placed_, shipped_, paid_;
};

}  // namespace

absl::Status Replay(const Company& company, Parts& parts,
                    const std::function<void(size_t placed, size_t of)>& progress) {
  return Days(company, parts).Run(progress);
}

}  // namespace tandem::northwind
