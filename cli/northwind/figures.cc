#include "cli/northwind/figures.h"

#include <algorithm>

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

int YearOf(int32_t day) { return DateToProto(day).year(); }

int64_t MicrosOf(const google::type::Money& money) {
  return money.units() * kMicrosPerUnit + money.nanos() / 1000;
}

absl::StatusOr<int64_t> PiecesOf(const type::v1::Quantity& quantity) {
  if (quantity.value().value().empty()) return 0;
  TANDEM_ASSIGN_OR_RETURN(Quantity value, FromProto(quantity, "quantity"));
  return value.micros / kMicrosPerUnit;
}

// Who stood highest, and how high, when each order raised what its customer stood for.
void ExposureOfFiles(const Company& company, const std::map<std::string, int64_t>& order_net,
                     Figures* figures) {
  struct Step {
    int32_t day;
    bool order;  // a day's payments come first
    std::string key, customer;
    int64_t micros;
    bool operator<(const Step& other) const {
      return std::tie(day, order, key) < std::tie(other.day, other.order, other.key);
    }
  };
  std::vector<Step> steps;
  for (const Order& order : company.orders) {
    const int64_t net = order_net.at(order.key);
    steps.push_back({order.order_day, true, order.key, order.customer, net});
    if (order.ship_day.has_value()) {
      steps.push_back({*order.ship_day + kPaymentDays, false, order.key, order.customer, -net});
    }
  }
  std::sort(steps.begin(), steps.end());
  std::map<std::string, int64_t> exposure;
  for (const Step& step : steps) {
    int64_t& now = exposure[step.customer];
    now += step.micros;
    if (now > figures->highest_exposure_micros) {
      figures->highest_exposure_micros = now;
      figures->highest_exposure_customer = step.customer;
    }
  }
}

}  // namespace

absl::StatusOr<Figures> FiguresOfFiles(const Company& company) {
  Figures figures;
  std::map<std::string, int64_t> order_net;
  for (const Order& order : company.orders) {
    int64_t net = 0;
    for (const Line& line : order.lines) {
      TANDEM_ASSIGN_OR_RETURN(int64_t line_net, NetMicros(line));
      net += line_net;
      figures.ordered_by_product[line.product] += line_net;
      figures.units += line.pieces;
      if (!order.ship_day.has_value()) figures.reserved += line.pieces;
      ++figures.lines;
    }
    ++figures.orders;
    figures.ordered_micros += net;
    figures.ordered_by_year[YearOf(order.order_day)] += net;
    figures.ordered_by_customer[order.customer] += net;
    if (order.ship_day.has_value()) {
      ++figures.invoices;
      figures.invoiced_micros += net;
      figures.paid_micros += net;
      figures.invoiced_by_year[YearOf(*order.ship_day)] += net;
      figures.freight_shipped_micros += order.freight_micros;
    } else {
      figures.open_micros += net;
    }
    order_net[order.key] = net;
  }
  for (const Product& product : company.products) {
    figures.available[product.key] = product.in_stock;
    figures.on_hand += product.in_stock;
  }
  figures.on_hand += figures.reserved;
  ExposureOfFiles(company, order_net, &figures);
  return figures;
}

absl::StatusOr<Figures> FiguresOfServices(const Company& company, Parts& parts) {
  Figures figures;
  std::map<std::string, std::string> customer_key, product_key;  // by id
  for (const Customer& customer : company.customers) {
    customer_key[IdOf("cus_", customer.key)] = customer.key;
  }
  for (const Product& product : company.products) {
    product_key[IdOf("prd_", product.key)] = product.key;
  }
  TANDEM_RETURN_IF_ERROR(ForEachPage(
      *parts.order, &erp::OrderService::Stub::ListOrders,
      [&](const erp::ListOrdersResponse& page) -> absl::Status {
        for (const erp::Order& order : page.orders()) {
          const int64_t net = MicrosOf(order.net_total());
          ++figures.orders;
          figures.ordered_micros += net;
          TANDEM_ASSIGN_OR_RETURN(int32_t day, DateFromProto(order.order_date(), "order_date"));
          figures.ordered_by_year[YearOf(day)] += net;
          figures.ordered_by_customer[customer_key[order.sold_to_customer_id()]] += net;
          const bool shipped = order.fulfilment_status() == erp::FULFILMENT_STATUS_SHIPPED;
          if (!shipped) figures.open_micros += net;
          for (const erp::OrderLine& line : order.lines()) {
            ++figures.lines;
            TANDEM_ASSIGN_OR_RETURN(int64_t pieces, PiecesOf(line.ordered()));
            figures.units += pieces;
            figures.ordered_by_product[product_key[line.product_id()]] += MicrosOf(line.net());
          }
        }
        return absl::OkStatus();
      }));
  TANDEM_RETURN_IF_ERROR(
      ForEachPage(*parts.billing, &bill::BillingService::Stub::ListInvoices,
                  [&](const bill::ListInvoicesResponse& page) -> absl::Status {
                    for (const bill::Invoice& invoice : page.invoices()) {
                      ++figures.invoices;
                      figures.invoiced_micros += MicrosOf(invoice.total());
                      TANDEM_ASSIGN_OR_RETURN(
                          int32_t day, DateFromProto(invoice.invoice_date(), "invoice_date"));
                      figures.invoiced_by_year[YearOf(day)] += MicrosOf(invoice.total());
                    }
                    return absl::OkStatus();
                  }));
  TANDEM_RETURN_IF_ERROR(ForEachPage(*parts.billing, &bill::BillingService::Stub::ListPayments,
                                     [&](const bill::ListPaymentsResponse& page) -> absl::Status {
                                       for (const bill::Payment& payment : page.payments()) {
                                         figures.paid_micros += MicrosOf(payment.applied());
                                       }
                                       return absl::OkStatus();
                                     }));
  TANDEM_RETURN_IF_ERROR(
      ForEachPage(*parts.billing, &bill::BillingService::Stub::ListAccountExposures,
                  [&](const bill::ListAccountExposuresResponse& page) -> absl::Status {
                    for (const bill::AccountExposure& exposure : page.account_exposures()) {
                      if (MicrosOf(exposure.highest_exposure()) <= figures.highest_exposure_micros)
                        continue;
                      figures.highest_exposure_micros = MicrosOf(exposure.highest_exposure());
                      figures.highest_exposure_customer = customer_key[exposure.customer_id()];
                    }
                    return absl::OkStatus();
                  }));
  TANDEM_RETURN_IF_ERROR(
      ForEachPage(*parts.inventory, &stock::InventoryService::Stub::ListStocks,
                  [&](const stock::ListStocksResponse& page) -> absl::Status {
                    for (const stock::Stock& held : page.stocks()) {
                      TANDEM_ASSIGN_OR_RETURN(int64_t available, PiecesOf(held.available()));
                      TANDEM_ASSIGN_OR_RETURN(int64_t on_hand, PiecesOf(held.on_hand()));
                      TANDEM_ASSIGN_OR_RETURN(int64_t reserved, PiecesOf(held.reserved()));
                      figures.available[product_key[held.product_id()]] += available;
                      figures.on_hand += on_hand;
                      figures.reserved += reserved;
                    }
                    return absl::OkStatus();
                  }));
  TANDEM_RETURN_IF_ERROR(
      ForEachPage(*parts.inventory, &stock::InventoryService::Stub::ListShipments,
                  [&](const stock::ListShipmentsResponse& page) -> absl::Status {
                    for (const stock::Shipment& shipment : page.shipments()) {
                      if (shipment.state() == stock::SHIPMENT_STATE_SHIPPED) {
                        figures.freight_shipped_micros += MicrosOf(shipment.freight_cost());
                      }
                    }
                    return absl::OkStatus();
                  }));
  return figures;
}

}  // namespace tandem::northwind
