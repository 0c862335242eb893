#include "tests/simulation/auditor.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/message.h"
#include "services/inventory/inventory_decide_figures.h"
#include "tandem/billing/v1/events.pb.h"
#include "tandem/inventory/v1/events.pb.h"
#include "tandem/order/v1/events.pb.h"
#include "tests/simulation/amounts.h"

namespace tandem::simulation {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using inventory::MicrosOf;

constexpr size_t kViolationsMax = 10;

// How an event's entity is found, and its state read.
struct Kind {
  std::string name;  // "order.Order"
  const FieldDescriptor* entity = nullptr;
  const FieldDescriptor* state = nullptr;
  const FieldDescriptor* settlement = nullptr;
};

const std::set<std::string>& EntitiesWithStates() {
  static const auto* all = [] {
    auto* names = new std::set<std::string>();
    for (const Transition& each : Transitions()) names->insert(each.entity);
    return names;
  }();
  return *all;
}
const std::set<std::string>& Allowed() {
  static const auto* all = [] {
    auto* names = new std::set<std::string>();
    for (const auto* all : {&Transitions(), &OvertakingTransitions()}) {
      for (const Transition& each : *all) {
        names->insert(absl::StrCat(each.entity, " ", each.from, ">", each.to));
      }
    }
    return names;
  }();
  return *all;
}

// "tandem.order.v1.Order" without what all have.
std::string Short(const std::string& full_name) {
  const size_t service = full_name.find('.') + 1;
  return absl::StrCat(full_name.substr(service, full_name.find('.', service) - service),
                      full_name.substr(full_name.rfind('.')));
}

const Kind& KindOf(const EmittedEvent& event) {
  static auto* kinds = new std::map<const Descriptor*, Kind>();
  auto [it, fresh] = kinds->try_emplace(event.entity_type);
  Kind& kind = it->second;
  if (!fresh) return kind;
  kind.name = Short(event.entity_type->full_name());
  const Descriptor* type = event.event->GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->message_type() == event.entity_type && field->name() != "previous") {
      kind.entity = field;
      break;
    }
  }
  if (EntitiesWithStates().contains(kind.name)) {
    kind.state = event.entity_type->FindFieldByName("state");
  }
  if (EntitiesWithStates().contains(kind.name + ".settlement")) {
    kind.settlement = event.entity_type->FindFieldByName("settlement");
  }
  return kind;
}

// "PLACED" of ORDER_STATE_PLACED.
std::string ValueOf(const Message& entity, const FieldDescriptor* field) {
  const std::string& name = entity.GetReflection()->GetEnum(entity, field)->name();
  for (const char* mark : {"_STATE_", "_SETTLEMENT_"}) {
    const size_t at = name.find(mark);
    if (at != std::string::npos) return name.substr(at + std::string(mark).size());
  }
  return name;
}

bool Has(const EmittedEvent& event, absl::string_view type) {
  return absl::EndsWith(event.type, absl::StrCat(".", type));
}

bool AnyShipped(const order::v1::Order& order) {
  return std::any_of(order.lines().begin(), order.lines().end(),
                     [](const auto& line) { return MicrosOf(line.shipped()) > 0; });
}
bool NeedsStock(const inventory::v1::DemandLine& line) {
  return !line.unstocked() && !line.unplaceable();
}
auto PlaceOf(const inventory::v1::Demand& demand) {
  return std::make_tuple(-int64_t{demand.priority()}, demand.sequence(), demand.order_id());
}

}  // namespace

void Auditor::Violate(const std::string& what) {
  if (violations_.size() < kViolationsMax) violations_.push_back(what);
}

void Auditor::Told(Part part, const std::vector<EmittedEvent>& events, State& state) {
  bool stock = false, money = false;
  for (const EmittedEvent& event : events) {
    Step(part, event);
    if (part == kOrder) OrderTold(event);
    if (part == kBilling) BillingTold(event, state);
    stock = stock || event.topic == "tandem.inventory.demand.v1" ||
            event.topic == "tandem.inventory.stock.v1" ||
            event.topic == "tandem.inventory.shipment.v1";
    money = money || part == kBilling;
  }
  if (part == kInventory && stock) InventoryTold(events, state);
  if (money) ExposuresNow(state);
}

// I4 and I7: versions without a gap, and only DOMAIN's transitions.
void Auditor::Step(Part, const EmittedEvent& event) {
  const Kind& kind = KindOf(event);
  ++coverage_.events[Short(event.type)];
  const std::string key = absl::StrCat(kind.name, " ", event.entity_id);
  int64_t& version = versions_[key];
  if (event.entity_version != version + 1) {
    Violate(absl::StrCat("I7: ", key, " told version ", event.entity_version, " after ", version));
  }
  version = event.entity_version;
  if (kind.entity == nullptr) return;
  const Message& entity = event.event->GetReflection()->GetMessage(*event.event, kind.entity);
  for (const FieldDescriptor* field : {kind.state, kind.settlement}) {
    if (field == nullptr) continue;
    const std::string name =
        field == kind.state ? kind.name : absl::StrCat(kind.name, ".settlement");
    const std::string now = ValueOf(entity, field);
    std::string& before = states_[absl::StrCat(name, " ", event.entity_id)];
    if (before == now) continue;
    const std::string step = absl::StrCat(name, " ", before, ">", now);
    if (!Allowed().contains(step)) {
      Violate(absl::StrCat("I4: ", step, " of ", event.entity_id, " by ", event.type));
    }
    ++coverage_.transitions[step];
    before = now;
  }
}

void Auditor::OrderTold(const EmittedEvent& emitted) {
  if (emitted.topic != "tandem.order.order.v1") return;
  const auto& event = static_cast<const order::v1::OrderEvent&>(*emitted.event);
  const order::v1::Order& order = event.order();
  const auto violate = [&](const std::string& what) {
    Violate(absl::StrCat(what, ": ", order.order_number(), " ", order.ShortDebugString()));
  };
  if (event.has_order_confirmed() && !order.holds().empty() && !AnyShipped(order) &&
      order.cancel_reason() == order::v1::CANCEL_REASON_UNSPECIFIED) {
    violate("a held order is confirmed");
  }
  if (event.has_order_cancel_requested() && AnyShipped(order)) {
    violate("an order of which goods left is to be cancelled");
  }
  for (const order::v1::OrderLine& line : order.lines()) {
    const int64_t ordered = MicrosOf(line.ordered()), cancelled = MicrosOf(line.cancelled());
    const int64_t shipped = MicrosOf(line.shipped()), returned = MicrosOf(line.returned());
    const int64_t invoiced = MicrosOf(line.invoiced());
    if (returned < 0 || returned > shipped || shipped > ordered - cancelled || invoiced > shipped) {
      violate("the quantities of a line");
    }
    if (event.has_order_closed() && (ordered - cancelled != shipped || invoiced != shipped)) {
      violate("I4: closed with an open line");
    }
    // DOMAIN 6.2 and 6.4, in whole cents.
    if (event.has_order_placed() && line.has_unit_price()) {
      const int64_t per = line.has_price_per() ? MicrosOf(line.price_per()) : kOne;
      const int64_t net =
          Cents(MicrosOf(line.quantity()), Money(line.unit_price()), per, Decimal(line.discount()));
      if (net != Money(line.ordered_net())) violate(absl::StrCat("I2: a net is not ", net));
    }
    if (line.has_billed_net() && ordered > 0 &&
        Money(line.billed_net()) != ShareOf(Money(line.ordered_net()), shipped, ordered)) {
      violate("I2: what is billed is not the part that was shipped");
    }
  }
  if (event.has_order_closed()) {
    for (const order::v1::RecordedInvoice& invoice : order.invoices()) {
      if (Money(invoice.open_amount()) != 0) violate("I4: closed with an open invoice");
    }
  }
}

void Auditor::BillingTold(const EmittedEvent& emitted, State& state) {
  if (emitted.topic == "tandem.billing.credit_commitment.v1") {
    const auto& event = static_cast<const billing::v1::CreditCommitmentEvent&>(*emitted.event);
    if (!event.has_credit_reserved() || event.credit_reserved().overridden()) return;
    const billing::v1::CreditCommitment& now = event.credit_commitment();
    // Only what grows is asked for.
    const auto& paths = event.changed().paths();
    const bool changed = emitted.entity_version == 1 ||
                         std::find(paths.begin(), paths.end(), "committed") != paths.end();
    const auto* account = state.Find<billing::v1::DebtorAccount>(now.account_id());
    if (account == nullptr || !changed ||
        Money(now.committed()) <= Money(event.previous().committed()) ||
        Money(now.committed()) <= Money(now.invoiced())) {
      return;
    }
    if (account->credit_policy().kind() != billing::v1::CREDIT_POLICY_KIND_LIMITED) return;
    const int64_t exposure = Money(event.credit_reserved().account_exposure().exposure());
    if (exposure > Money(account->credit_policy().limit())) {
      Violate(absl::StrCat("a promise beyond the limit: ", event.ShortDebugString()));
    }
  }
  if (emitted.topic == "tandem.billing.invoice.v1") {
    const auto& event = static_cast<const billing::v1::InvoiceEvent&>(*emitted.event);
    if (!event.has_invoice_posted()) return;
    // DOMAIN 6.5: the tax is rounded once per code.
    const billing::v1::Invoice& invoice = event.invoice();
    std::map<std::string, int64_t> bases;
    int64_t net = 0, tax = 0;
    for (const billing::v1::InvoiceLine& line : invoice.lines()) {
      bases[line.tax_code()] += Money(line.net());
      net += Money(line.net());
      if (Money(line.net()) % kCent != 0) Violate("I2: a net in parts of a cent");
    }
    for (const billing::v1::DocumentTax& row : invoice.taxes()) {
      tax += Money(row.tax());
      if (Money(row.base()) != bases[row.tax_code()] ||
          Money(row.tax()) != Tax(Money(row.base()), Decimal(row.tax_rate()))) {
        Violate(absl::StrCat("I2: the tax of ", invoice.ShortDebugString()));
      }
    }
    if (Money(invoice.net()) != net || Money(invoice.tax()) != tax ||
        Money(invoice.total()) != net + tax) {
      Violate(absl::StrCat("I2: the sums of ", invoice.ShortDebugString()));
    }
  }
}

// I2: exposure is its formula, whatever was told.
void Auditor::ExposuresNow(State& state) {
  for (const auto* row : state.All<billing::v1::AccountExposure>()) {
    if (Money(row->exposure()) !=
        Money(row->receivable()) - Money(row->unapplied()) + Money(row->committed())) {
      Violate(absl::StrCat("I2: exposure: ", row->ShortDebugString()));
    }
  }
}

// I3, and who is served.
void Auditor::InventoryTold(const std::vector<EmittedEvent>& events, State& state) {
  using inventory::v1::Demand;
  using inventory::v1::DemandLine;
  using inventory::v1::Stock;
  state.Begin();
  for (const EmittedEvent& emitted : events) {
    if (emitted.topic == "tandem.inventory.stock.v1") {
      const auto& event = static_cast<const inventory::v1::StockEvent&>(*emitted.event);
      const std::string id =
          inventory::StockId(event.stock_move().product_id(), event.stock_move().warehouse());
      on_hand_[id] += MicrosOf(event.stock_move().delta());
      blocked_[id] += MicrosOf(event.stock_move().blocked_delta());
      if (event.stock_move().id().empty()) Violate("I3: a move without an id");
    }
    if (Has(emitted, "ShipmentShipped") || Has(emitted, "ShipmentPickingStarted") ||
        Has(emitted, "ShipmentPicked")) {
      const auto& event = static_cast<const inventory::v1::ShipmentEvent&>(*emitted.event);
      const auto* demand = state.Find<Demand>(event.shipment().order_id());
      if (demand == nullptr || demand->held()) {
        Violate(absl::StrCat("goods of a held order: ", emitted.type, " ", emitted.entity_id));
      }
    }
  }
  std::map<std::string, const Stock*> stocks;
  for (const Stock* stock : state.All<Stock>()) stocks[stock->id()] = stock;
  std::map<std::string, int64_t> reserved;  // by stock
  struct Line {
    const Demand* demand;
    const DemandLine* line;
    std::string key;
    bool waits;
  };
  std::map<std::string, std::vector<Line>> lines;  // by stock
  for (const Demand* demand : state.All<Demand>()) {
    for (const DemandLine& line : demand->lines()) {
      const int64_t held = MicrosOf(line.reserved()), open = MicrosOf(line.open());
      if (held < 0 || held > open || MicrosOf(line.backordered()) > open - held) {
        Violate(absl::StrCat("I3: a demand's figures: ", demand->ShortDebugString()));
      }
      if (!NeedsStock(line)) continue;
      const std::string stock = inventory::StockId(line.product_id(), line.warehouse());
      reserved[stock] += held;
      const bool waits = demand->state() == inventory::v1::DEMAND_STATE_RELEASED &&
                         !demand->held() && !demand->out_of_stock() &&
                         MicrosOf(line.backordered()) > 0;
      lines[stock].push_back(
          {demand, &line, absl::StrCat(demand->order_id(), "/", line.line_number()), waits});
    }
  }
  for (const auto& [id, stock] : stocks) {
    const int64_t on_hand = MicrosOf(stock->on_hand()), blocked = MicrosOf(stock->blocked());
    const int64_t held = MicrosOf(stock->reserved());
    if (on_hand < 0 || blocked < 0 || held < 0 || held > on_hand - blocked) {
      Violate(absl::StrCat("I3: oversold: ", stock->ShortDebugString()));
    }
    if (on_hand != on_hand_[id] || blocked != blocked_[id]) {
      Violate(absl::StrCat("I3: not the sum of its moves: ", stock->ShortDebugString()));
    }
    if (held != reserved[id]) {
      Violate(absl::StrCat("I3: reserved for nobody, or not enough: ", stock->ShortDebugString(),
                           " demands have ", reserved[id]));
    }
    if (MicrosOf(stock->available()) != on_hand - blocked - held) {
      Violate(absl::StrCat("I3: available: ", stock->ShortDebugString()));
    }
    for (const Line& line : lines[id]) {
      if (line.waits && MicrosOf(stock->available()) > 0) {
        Violate(absl::StrCat("waits for what is there: ", line.demand->ShortDebugString()));
      }
      const int64_t now = MicrosOf(line.line->reserved());
      if (now <= reserved_[line.key]) continue;
      for (const Line& other : lines[id]) {  // somebody was given something: nobody before waits
        if (other.waits && waiting_[other.key] > 0 && other.demand != line.demand &&
            PlaceOf(*other.demand) < PlaceOf(*line.demand)) {
          Violate(absl::StrCat("out of turn: ", line.demand->ShortDebugString(), " before ",
                               other.demand->ShortDebugString()));
        }
      }
    }
  }
  for (const auto& [id, all] : lines) {
    for (const Line& line : all) {
      reserved_[line.key] = MicrosOf(line.line->reserved());
      waiting_[line.key] = line.waits ? MicrosOf(line.line->backordered()) : 0;
    }
  }
}

}  // namespace tandem::simulation
