#include "services/order/order_decide_document.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/base/fault.h"
#include "platform/base/fixed.h"
#include "platform/base/money.h"
#include "platform/base/quantity.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "tandem/order/v1/events.pb.h"

namespace tandem::order {
namespace {

v1::FulfilmentStatus FulfilmentOf(const v1::Order& order) {
  int64_t open = 0, reserved = 0, shipped = 0;
  for (const v1::OrderLine& line : order.lines()) {
    Figures f = Figures::Of(line);
    // Units differ between lines: what counts is whether there is any, so sums never leave range.
    open += f.open() > 0;
    reserved += f.reserved > 0;
    shipped += f.shipped > 0;
  }
  if (shipped > 0) {
    return open > 0 ? v1::FULFILMENT_STATUS_PARTLY_SHIPPED : v1::FULFILMENT_STATUS_SHIPPED;
  }
  if (reserved == 0) return v1::FULFILMENT_STATUS_OPEN;
  bool all = std::all_of(order.lines().begin(), order.lines().end(), [](const auto& line) {
    Figures f = Figures::Of(line);
    return f.reserved == f.open();
  });
  return all ? v1::FULFILMENT_STATUS_RESERVED : v1::FULFILMENT_STATUS_PARTLY_RESERVED;
}

v1::BillingStatus BillingOf(const v1::Order& order) {
  if (order.invoices().empty()) return v1::BILLING_STATUS_NONE;
  bool all_invoiced = std::all_of(order.lines().begin(), order.lines().end(), [](const auto& line) {
    Figures f = Figures::Of(line);
    return f.invoiced == f.standing();
  });
  bool all_settled = true, any_settled = false;
  for (const v1::RecordedInvoice& invoice : order.invoices()) {
    int64_t open = Micros(invoice.open_amount());
    if (open != 0) all_settled = false;
    if (open < Micros(invoice.total())) any_settled = true;
  }
  if (all_invoiced && all_settled) return v1::BILLING_STATUS_PAID;
  if (any_settled) return v1::BILLING_STATUS_PARTLY_PAID;
  return all_invoiced ? v1::BILLING_STATUS_INVOICED : v1::BILLING_STATUS_PARTLY_INVOICED;
}

}  // namespace

int64_t Micros(const type::v1::Quantity& quantity) {
  return DecimalFromProto(quantity.value(), "").value_or(0);
}

int64_t Micros(const google::type::Money& money) {
  return money.units() * kMicrosPerUnit + money.nanos() / 1000;
}

Figures Figures::Of(const v1::OrderLine& line) {
  Figures f;
  f.ordered = Micros(line.ordered());
  f.cancelled = Micros(line.cancelled());
  f.reserved = Micros(line.reserved());
  f.backordered = Micros(line.backordered());
  f.shipped = Micros(line.shipped());
  f.invoiced = Micros(line.invoiced());
  f.credited = Micros(line.credited());
  f.returned = Micros(line.returned());
  return f;
}

void Figures::WriteTo(v1::OrderLine* line) const {
  const std::string unit = line->ordered().unit();
  SetQuantity(ordered, unit, line->mutable_ordered());
  SetQuantity(cancelled, unit, line->mutable_cancelled());
  SetQuantity(reserved, unit, line->mutable_reserved());
  SetQuantity(backordered, unit, line->mutable_backordered());
  SetQuantity(shipped, unit, line->mutable_shipped());
  SetQuantity(invoiced, unit, line->mutable_invoiced());
  SetQuantity(credited, unit, line->mutable_credited());
  SetQuantity(returned, unit, line->mutable_returned());
}

void Figures::TrimToOpen() {
  int64_t room = std::max<int64_t>(0, open());
  int64_t excess = std::max<int64_t>(0, reserved + backordered - room);
  int64_t from_reserved = std::min(reserved, excess);
  reserved -= from_reserved;
  backordered -= excess - from_reserved;
}

v1::OrderLine* LineOf(v1::Order* order, int32_t line_number) {
  for (v1::OrderLine& line : *order->mutable_lines()) {
    if (line.line_number() == line_number) return &line;
  }
  return nullptr;
}

const v1::OrderLine* LineOf(const v1::Order& order, int32_t line_number) {
  for (const v1::OrderLine& line : order.lines()) {
    if (line.line_number() == line_number) return &line;
  }
  return nullptr;
}

const v1::RecordedShipment* ShipmentOf(const v1::Order& order, absl::string_view shipment_id) {
  for (const v1::RecordedShipment& shipment : order.shipments()) {
    if (shipment.shipment_id() == shipment_id) return &shipment;
  }
  return nullptr;
}

v1::RecordedInvoice* InvoiceOf(v1::Order* order, absl::string_view invoice_id) {
  for (v1::RecordedInvoice& invoice : *order->mutable_invoices()) {
    if (invoice.invoice_id() == invoice_id) return &invoice;
  }
  return nullptr;
}

bool IsFinal(const v1::Order& order) {
  return order.state() == v1::ORDER_STATE_CLOSED || order.state() == v1::ORDER_STATE_CANCELLED;
}

bool HasHold(const v1::Order& order, v1::HoldReason reason) {
  return std::any_of(order.holds().begin(), order.holds().end(),
                     [reason](const v1::Hold& hold) { return hold.reason() == reason; });
}

bool NothingOpen(const v1::Order& order) {
  return std::all_of(order.lines().begin(), order.lines().end(),
                     [](const auto& line) { return Figures::Of(line).open() == 0; });
}

bool MayClose(const v1::Order& order) {
  if (order.state() != v1::ORDER_STATE_CONFIRMED || order.invoices().empty()) return false;
  for (const v1::OrderLine& line : order.lines()) {
    Figures f = Figures::Of(line);
    if (f.open() != 0 || f.invoiced != f.shipped) return false;
  }
  // A row without a net is a settlement whose invoice was not told yet.
  return std::all_of(order.invoices().begin(), order.invoices().end(), [](const auto& invoice) {
    return invoice.has_net() && Micros(invoice.open_amount()) == 0;
  });
}

absl::Status Refresh(v1::Order* order) {
  const std::string& currency = order->currency();
  int64_t net_total = 0;
  std::map<std::pair<std::string, int64_t>, int64_t> net_by_tax;  // code and rate
  auto add = [&](const std::string& code, const google::type::Decimal& rate,
                 int64_t net) -> absl::Status {
    TANDEM_ASSIGN_OR_RETURN(net_total, AddMoney(net_total, net));
    int64_t& sum = net_by_tax[{code, DecimalFromProto(rate, "").value_or(0)}];
    TANDEM_ASSIGN_OR_RETURN(sum, AddMoney(sum, net));
    return absl::OkStatus();
  };
  for (v1::OrderLine& line : *order->mutable_lines()) {
    if (!line.has_ordered_net()) continue;  // not known yet: the order is held
    Figures f = Figures::Of(line);
    int64_t net = Micros(line.ordered_net());
    if (f.cancelled > 0) {
      TANDEM_ASSIGN_OR_RETURN(net, CumulatedPart(net, f.standing(), f.ordered, currency));
    }
    SetMoney(net, currency, line.mutable_net());
    TANDEM_RETURN_IF_ERROR(add(line.tax_code(), line.tax_rate(), net));
  }
  if (order->has_freight() && order->state() != v1::ORDER_STATE_CANCELLED) {
    TANDEM_RETURN_IF_ERROR(add(order->freight().tax_code(), order->freight().tax_rate(),
                               Micros(order->freight().net())));
  }
  int64_t tax_total = 0;
  for (const auto& [tax, net] : net_by_tax) {
    TANDEM_ASSIGN_OR_RETURN(int64_t amount, TaxOn(net, tax.second, currency));
    TANDEM_ASSIGN_OR_RETURN(tax_total, AddMoney(tax_total, amount));
  }
  TANDEM_ASSIGN_OR_RETURN(int64_t gross_total, AddMoney(net_total, tax_total));
  SetMoney(net_total, currency, order->mutable_net_total());
  SetMoney(tax_total, currency, order->mutable_tax_total());
  SetMoney(gross_total, currency, order->mutable_gross_total());
  order->set_fulfilment_status(FulfilmentOf(*order));
  order->set_billing_status(BillingOf(*order));
  return absl::OkStatus();
}

absl::StatusOr<int64_t> FactQuantity(const type::v1::Quantity& quantity, const v1::OrderLine& line,
                                     absl::string_view field) {
  if (quantity.value().value().empty() && quantity.unit().empty()) return 0;
  TANDEM_ASSIGN_OR_RETURN(Quantity value, FromProto(quantity, field));
  if (value.micros < 0) {
    return InvalidField(field, "QUANTITY_OUT_OF_RANGE", "A quantity of a fact is 0 or more.");
  }
  if (value.unit != line.ordered().unit()) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "ORDER_UNIT_MISMATCH",
                  absl::StrCat("Line ", line.line_number(), " is kept in ", line.ordered().unit(),
                               ", not in ", value.unit, "."),
                  field);
  }
  return value.micros;
}

google::protobuf::Timestamp TimestampOf(int64_t micros) {
  google::protobuf::Timestamp time;
  int64_t rest = micros % 1'000'000;
  if (rest < 0) rest += 1'000'000;
  time.set_seconds((micros - rest) / 1'000'000);
  time.set_nanos(static_cast<int32_t>(rest * 1000));
  return time;
}

absl::StatusOr<const v1::Order*> FindOrder(absl::string_view id, const State& state) {
  const v1::Order* order = state.Find<v1::Order>(id);
  if (order == nullptr) {
    return Refuse(absl::StatusCode::kNotFound, "ORDER_NOT_FOUND",
                  absl::StrCat("There is no order ", id, "."), "order_id");
  }
  return order;
}

absl::Status LineUnknown(const v1::Order& order, int32_t line_number) {
  return Refuse(absl::StatusCode::kFailedPrecondition, "ORDER_LINE_UNKNOWN",
                absl::StrCat(order.order_number(), " has no line ", line_number, "."),
                "lines.line_number");
}

void CloseIfDone(Context& context, State& state, const std::string& id) {
  const v1::Order* now = state.Find<v1::Order>(id);
  const bool early = TANDEM_PLANTED("closes_before_paid") && now != nullptr && !IsFinal(*now) &&
                     !now->invoices().empty();
  if (now == nullptr || !(MayClose(*now) || early)) return;
  v1::Order* order = state.Edit<v1::Order>(id);
  order->set_state(v1::ORDER_STATE_CLOSED);
  order->set_cancel_requested(false);  // nothing is left to cancel
  order->clear_holds();
  v1::OrderEvent event;
  event.mutable_order_closed()->set_last_billed(order->last_billed());
  state.Emit<v1::Order>(context, id, std::move(event), /*with_previous=*/true);
}

}  // namespace tandem::order
