// A desk for tests of decisions: a state with nothing in it but what a test puts there, and one
// line a command. Lines are written "prd_a 3"; figures are read as text; events are named in order.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/text_format.h"
#include "platform/base/quantity.h"
#include "platform/base/state.h"
#include "platform/base/status.h"
#include "services/inventory/inventory_decide.h"
#include "services/inventory/inventory_decide_figures.h"
#include "tandem/inventory/v1/events.pb.h"

namespace tandem::inventory {

template <class T>
T Text(absl::string_view text) {
  T message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(std::string(text), &message)) << text;
  return message;
}

inline std::string Pieces(const type::v1::Quantity& quantity) { return quantity.value().value(); }

inline std::string Qty(const std::string& name, const std::string& value,
                       const std::string& unit = "C62") {
  return name + " { value { value: '" + value + "' } unit: '" + unit + "' } ";
}

// "prd_a 3" as the lines of RecordDemand, numbered from 1.
inline std::string WantedLines(const std::vector<std::string>& lines) {
  std::string body;
  int number = 0;
  for (const std::string& line : lines) {
    const size_t space = line.find(' ');
    absl::StrAppend(&body, "lines { line_number: ", ++number, " product_id: '",
                    line.substr(0, space), "' ", Qty("quantity", line.substr(space + 1)),
                    "requested_date { year: 2014 month: 5 day: 6 } } ");
  }
  return body;
}

class Desk {
 public:
  Desk() {
    state.TreatUnknownAsAbsent();
    context.actor = "clerk";
    context.now_micros = 1'000'000;
    context.ids = IdSource(1'000'000, 1, 1);
  }

  // Runs a command; its events are in `events`, its refusal's reason in `reason`.
  template <class Request, class T>
  T Do(absl::StatusOr<T> (*decide)(const Request&, Context&, State&), const Request& request) {
    state.Begin();
    absl::StatusOr<T> answer = decide(request, context, state);
    reason = answer.ok() ? "" : ReasonOf(answer.status());
    field = answer.ok() ? "" : FieldOf(answer.status());
    events.clear();
    messages.clear();
    if (!answer.ok()) {
      state.Begin();  // a refused command leaves nothing
      return T();
    }
    for (const EmittedEvent& event : state.events()) {
      events.push_back(event.type.substr(event.type.rfind('.') + 1));
      messages.push_back(event);
    }
    state.Accept();
    return *answer;
  }
  template <class Request, class T>
  T Do(absl::StatusOr<T> (*decide)(const Request&, Context&, State&), const std::string& text) {
    return Do(decide, Text<Request>(text));
  }

  void Product(const std::string& id, const std::string& more = "") {
    Do(CreateProduct, absl::StrCat("product_id: '", id, "' product { sku: 'SKU-", id,
                                   "' base_unit: 'C62' units { unit: 'BX' numerator: 12 "
                                   "denominator: 1 } ",
                                   more, "}"));
    EXPECT_EQ(reason, "");
  }
  v1::Stock Receive(const std::string& product, const std::string& quantity,
                    const std::string& more = "") {
    return Do(ReceiveStock,
              absl::StrCat("product_id: '", product, "' ", Qty("quantity", quantity), more));
  }
  v1::Stock Adjust(const std::string& product, const std::string& quantity,
                   const std::string& blocked = "0") {
    return Do(AdjustStock,
              absl::StrCat("product_id: '", product, "' reason: 'count' ",
                           Qty("quantity", quantity), Qty("blocked_quantity", blocked)));
  }

  v1::Demand Record(const std::string& order, const std::vector<std::string>& lines,
                    int64_t revision = 1, const std::string& more = "") {
    return Do(RecordDemand, absl::StrCat("order_id: '", order, "' revision: ", revision, " ",
                                         WantedLines(lines), more));
  }
  v1::Demand Reserve(const std::string& order, int64_t revision = 1) {
    return Do(ReserveStock, absl::StrCat("order_id: '", order, "' revision: ", revision));
  }
  // Recorded and reserved in one go.
  v1::Demand Order(const std::string& order, const std::vector<std::string>& lines,
                   const std::string& more = "") {
    Record(order, lines, 1, more);
    return Reserve(order);
  }
  v1::Demand Hold(const std::string& order, int64_t version) {
    return Do(HoldDemand, absl::StrCat("order_id: '", order, "' order_version: ", version));
  }
  v1::Demand Resume(const std::string& order, int64_t version) {
    return Do(ResumeDemand, absl::StrCat("order_id: '", order, "' order_version: ", version));
  }
  v1::Demand Release(const std::string& order) {
    return Do(ReleaseStock, absl::StrCat("order_id: '", order, "'"));
  }
  v1::Shipment Pick(const std::string& shipment) {
    return Do(PickShipment, absl::StrCat("shipment_id: '", shipment, "'"));
  }
  v1::Shipment Ship(const std::string& shipment) {
    return Do(ShipShipment,
              absl::StrCat("shipment_id: '", shipment,
                           "' ship_date { year: 2014 month: 5 day: 8 } carrier: "
                           "'Federal' freight_cost { currency_code: 'USD' units: 7 }"));
  }
  // Takes back `quantity` of line 1.
  v1::Shipment Return(const std::string& shipment, const std::string& id,
                      const std::string& quantity, const std::string& disposition) {
    return Do(ReturnShipment,
              absl::StrCat("shipment_id: '", shipment, "' return_id: '", id,
                           "' return_date { year: 2014 month: 6 day: 1 } lines { line_number: 1 ",
                           Qty("quantity", quantity), "disposition: RETURN_DISPOSITION_",
                           disposition, " }"));
  }

  v1::Demand Demand(const std::string& order) { return state.Answer<v1::Demand>(order); }
  v1::Shipment Shipment(const std::string& id) { return state.Answer<v1::Shipment>(id); }
  // The order's latest shipment.
  std::string ShipmentOf(const std::string& order) {
    const v1::Demand demand = Demand(order);
    return demand.shipment_ids().empty() ? "" : *demand.shipment_ids().rbegin();
  }
  // "3+1 0+2": reserved + backordered, by line.
  std::string Lines(const std::string& order) {
    std::string out;
    const v1::Demand demand = Demand(order);
    for (const v1::DemandLine& line : demand.lines()) {
      absl::StrAppend(&out, out.empty() ? "" : " ", Pieces(line.reserved()), "+",
                      Pieces(line.backordered()));
    }
    return out;
  }
  // "10-1-4=5, 2 wait": on hand, blocked, reserved, available, backordered.
  std::string Stock(const std::string& product, const std::string& warehouse = "MAIN") {
    const v1::Stock stock = state.Answer<v1::Stock>(StockId(product, warehouse));
    return absl::StrCat(Pieces(stock.on_hand()), "-", Pieces(stock.blocked()), "-",
                        Pieces(stock.reserved()), "=", Pieces(stock.available()), ", ",
                        Pieces(stock.backordered()), " wait");
  }
  // The i-th event of the last command.
  template <class Event>
  const Event& EventAt(size_t i) const {
    return static_cast<const Event&>(*messages.at(i).event);
  }

  State state;
  Context context;
  std::vector<std::string> events;  // of the last command, without their package
  std::vector<EmittedEvent> messages;
  std::string reason, field;
};

}  // namespace tandem::inventory
