#include "bus-adapters/order_to_cash/world.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "bus-adapters/order_to_cash/reaction_numbers.h"
#include "bus-adapters/order_to_cash/reactions.h"
#include "services/billing/billing_test_desk.h"
#include "services/inventory/inventory_test_desk.h"
#include "services/order/order_decide_document.h"
#include "services/order/order_test_desk.h"
#include "tandem/opportunity/v1/events.pb.h"

namespace tandem::order_to_cash {
namespace {

using billing::Acc;
using billing::Cus;
using billing::MicrosOf;
using billing::Ord;

constexpr char kAccounts[] = "tandem.billing.debtor_account.v1";
constexpr char kQuotes[] = "tandem.opportunity.quote.v1";
const std::set<std::string> kTopics = {"tandem.order.order.v1",
                                       "tandem.inventory.demand.v1",
                                       "tandem.inventory.shipment.v1",
                                       "tandem.billing.credit_commitment.v1",
                                       "tandem.billing.invoice.v1",
                                       "tandem.billing.credit_note.v1",
                                       kAccounts};

// The order's own consumer of accounts.
absl::Status LearnAccountOf(const bus::Envelope& envelope, Context& context, State& state) {
  billing::v1::DebtorAccountEvent event;
  event.ParseFromString(envelope.payload());
  const billing::v1::DebtorAccount& account = event.debtor_account();
  order::v1::AccountFact fact;
  fact.set_id(account.id());
  fact.set_customer_id(account.customer_id());
  fact.set_currency(account.currency());
  fact.set_blocked(account.order_block().on() || account.delivery_block().on());
  fact.set_source_version(event.meta().entity_version());
  return order::LearnAccount(fact, context, state);
}

int64_t Micros(const type::v1::Quantity& quantity) {
  absl::StatusOr<Quantity> read = FromProto(quantity, "quantity");
  return read.ok() ? read->micros : 0;
}

std::string Whole(int64_t micros) { return FormatMicros(micros); }

}  // namespace

struct World::Parts {
  struct Lane {  // one key of one topic, as one consumer reads it
    std::deque<bus::Envelope> events;
    std::deque<Call> calls;  // of the first event, when it was begun
    bool fact = false;       // read by the order's own consumer
  };
  struct Delivered {  // of one order or account
    int reaction;
    std::string topic;
    int published;  // events that there were by then
  };
  struct Step {
    std::function<void()> act;
    std::function<bool()> when;
  };
  using Method = std::function<absl::Status(const Call&, int* told)>;

  explicit Parts(Manner m) : manner(std::move(m)), random(manner.seed) {
    billing_context.now_micros = 1'767'225'600'000'000;
    billing_context.ids = IdSource(billing_context.now_micros, 3, manner.seed);
    inventory.context.ids = IdSource(billing_context.now_micros, 4, manner.seed);
    order.context.ids = IdSource(billing_context.now_micros, 5, manner.seed);
    Serve("RecordDemand", inventory.state, inventory.context, inventory::RecordDemand);
    Serve("ReserveStock", inventory.state, inventory.context, inventory::ReserveStock);
    Serve("HoldDemand", inventory.state, inventory.context, inventory::HoldDemand);
    Serve("ResumeDemand", inventory.state, inventory.context, inventory::ResumeDemand);
    Serve("ReleaseStock", inventory.state, inventory.context, inventory::ReleaseStock);
    Serve("ReserveCredit", billing.state(), billing_context, billing::ReserveCredit);
    Serve("ReleaseCredit", billing.state(), billing_context, billing::ReleaseCredit);
    Serve("PostInvoice", billing.state(), billing_context, billing::PostInvoice);
    Serve("PostCreditNote", billing.state(), billing_context, billing::PostCreditNote);
    Serve("PlaceOrder", order.state, order.context, order::PlaceOrder);
    Serve("RecordCredit", order.state, order.context, order::RecordCredit);
    Serve("ConfirmOrder", order.state, order.context, order::ConfirmOrder);
    Serve("CompleteCancel", order.state, order.context, order::CompleteCancel);
    Serve("RecordShipment", order.state, order.context, order::RecordShipment);
    Serve("RecordInvoice", order.state, order.context, order::RecordInvoice);
    Serve("RecordSettlement", order.state, order.context, order::RecordSettlement);
    Serve("RecordReturn", order.state, order.context, order::RecordReturn);
    Serve("RecordCreditNote", order.state, order.context, order::RecordCreditNote);
    Serve("HoldAccountOrders", order.state, order.context, order::HoldAccountOrders);
    Serve("ReleaseAccountOrders", order.state, order.context, order::ReleaseAccountOrders);
  }

  template <class Request, class Answer>
  void Serve(const std::string& name, State& state, Context& context,
             absl::StatusOr<Answer> (*decide)(const Request&, Context&, State&)) {
    methods[name] = [&state, &context, decide](const Call& call, int* told) {
      state.Begin();
      absl::StatusOr<Answer> answer =
          decide(static_cast<const Request&>(*call.request), context, state);
      *told = answer.ok() ? static_cast<int>(state.events().size()) : 0;
      if (answer.ok()) {
        state.Accept();
      } else {
        state.Begin();
      }
      return answer.status();
    };
  }
  // What a person asks for; they take no for an answer.
  template <class Request, class Answer>
  bool Ask(State& state, Context& context,
           absl::StatusOr<Answer> (*decide)(const Request&, Context&, State&),
           const Request& request) {
    state.Begin();
    absl::StatusOr<Answer> answer = decide(request, context, state);
    if (answer.ok()) {
      state.Accept();
    } else {
      state.Begin();
    }
    Collect();
    return answer.ok();
  }
  template <class Request, class Answer>
  void AskOrder(absl::StatusOr<Answer> (*decide)(const Request&, Context&, State&), int n) {
    Request request;
    request.set_order_id(IdOf(n));
    Ask(order.state, order.context, decide, request);
  }

  std::string IdOf(int n) {
    if (n > 0) return Ord(n);
    const auto orders = order.state.All<order::v1::Order>();
    return orders.empty() ? "ord_none" : orders.front()->id();
  }
  const order::v1::Order* OrderOf(int n) { return order.state.Find<order::v1::Order>(IdOf(n)); }
  bool Is(Moment moment, int n) {  // `n` 0: the only order
    if (OrderOf(n) == nullptr) return n > 0 && moment == Moment::kAny;
    const auto* commitment = billing.state().Find<billing::v1::CreditCommitment>(IdOf(n));
    switch (moment) {
      case Moment::kAny:
        return true;
      case Moment::kReserved:
      case Moment::kAsItShips:
        return Shippable(n) != nullptr;
      case Moment::kRefused:
        return commitment != nullptr &&
               (commitment->has_waiting() ||  // or it went on before anybody saw that
                commitment->state() == billing::v1::CREDIT_COMMITMENT_STATE_CLOSED);
      case Moment::kPaid:
        return Paid(n);
      case Moment::kHeld:
        return order::HasHold(*OrderOf(n), order::v1::HOLD_REASON_MANUAL);
    }
    return true;
  }

  int Pick(size_t n) { return static_cast<int>(random() % n); }

  // New events take their place at the end of their lanes.
  void Collect() {
    Collect("/tandem/order", order.state);
    Collect("/tandem/inventory", inventory.state);
    Collect("/tandem/billing", billing.state());
  }
  void Collect(const std::string& source, State& state) {
    for (const EmittedEvent& event : state.accepted_events()) {
      if (!kTopics.contains(event.topic)) continue;
      bus::Envelope envelope;
      envelope.set_type(event.type);
      envelope.set_source(source);
      envelope.set_subject(event.entity_id);
      envelope.set_topic(event.topic);
      envelope.set_routing_key(event.routing_key);
      envelope.set_entity_version(event.entity_version);
      envelope.set_payload(event.event->SerializeAsString());
      Publish(envelope);
    }
    state.accepted_events().clear();
  }
  void Publish(bus::Envelope envelope) {
    envelope.set_id(absl::StrCat("evt_", ++published));
    const std::string lane = absl::StrCat(envelope.topic(), "/", KeyOf(envelope));
    lanes[lane].events.push_back(envelope);
    if (envelope.topic() != kAccounts) return;
    lanes[lane + "/fact"].fact = true;
    lanes[lane + "/fact"].events.push_back(envelope);
  }

  void Make(const Call& call, bool again) {
    auto method = methods.find(call.method);
    if (method == methods.end()) {
      if (!again) recorded.insert(absl::StrCat(call.method, " ", call.entity));
      return;
    }
    int told = 0;
    const absl::Status status = method->second(call, &told);
    EXPECT_TRUE(status.ok()) << call.method << " " << status << "\n"
                             << call.request->ShortDebugString();
    // One order more may stand under a block by now.
    const bool of_account = call.part == "order" && call.entity.rfind("acc_", 0) == 0;
    // A wish for credit that waits is judged again, and may be refused for another reason.
    const auto* waits = billing.state().Find<billing::v1::CreditCommitment>(call.entity);
    const bool judged = call.method == "ReserveCredit" && waits != nullptr && waits->has_waiting();
    if (again && !of_account && !judged) {
      EXPECT_EQ(told, 0) << "repeated " << call.method << " " << call.request->ShortDebugString();
    }
    Collect();
  }
  void MakeSometimesAgain(const Call& call) {
    Make(call, false);
    if (Pick(4) == 0) Make(call, true);
    if (Pick(6) == 0) old.push_back(call);
  }
  void Deliver(Lane& lane) {
    if (lane.fact) {
      order.state.Begin();
      EXPECT_TRUE(LearnAccountOf(lane.events.front(), order.context, order.state).ok());
      order.state.Accept();
      lane.events.pop_front();
      Collect();
      return;
    }
    if (lane.calls.empty()) {
      absl::StatusOr<std::vector<Call>> calls = React(lane.events.front());
      ASSERT_TRUE(calls.ok()) << calls.status();
      if (!calls->empty()) {
        types.insert(lane.events.front().type());
        Note(lane.events.front());
      }
      lane.calls.assign(calls->begin(), calls->end());
    }
    if (!lane.calls.empty()) {
      const Call call = lane.calls.front();
      lane.calls.pop_front();
      MakeSometimesAgain(call);
    }
    if (lane.calls.empty()) lane.events.pop_front();
  }

  // What could have come after this event and came before it: of the same order, or between an
  // order and its account.
  void Note(const bus::Envelope& event) {
    const std::string key = KeyOf(event);
    const int number = std::stoi(event.id().substr(4));
    const int reaction = ReactionOf(event.type());
    std::vector<std::string> others = {key};
    for (const auto* each : order.state.All<order::v1::Order>()) {
      if (each->id() == key) others.push_back(each->payer_account_id());
      if (each->payer_account_id() == key) others.push_back(each->id());
    }
    for (const std::string& other : others) {
      for (const Delivered& before : delivered[other]) {
        if (before.topic == event.topic() || number <= before.published) {
          met.emplace(before.reaction, reaction);
        }
      }
    }
    delivered[key].push_back({reaction, event.topic(), published});
  }

  const inventory::v1::Demand* DemandOf(const std::string& order_id) {
    return inventory.state.Find<inventory::v1::Demand>(order_id);
  }
  bool CanShip(const inventory::v1::Shipment& shipment) {
    if (shipment.state() >= inventory::v1::SHIPMENT_STATE_SHIPPED) return false;
    const auto* demand = DemandOf(shipment.order_id());
    return demand != nullptr && !demand->held();
  }
  void Ship(const std::string& id) {
    inventory::v1::ShipShipmentRequest request;
    request.set_shipment_id(id);
    *request.mutable_ship_date() = billing::Day("2026-01-15");
    EXPECT_TRUE(Ask(inventory.state, inventory.context, inventory::ShipShipment, request)) << id;
  }
  void Pay(const billing::v1::Invoice& invoice) {
    billing::v1::RecordPaymentRequest request;
    request.set_payment_id(billing::Pay(++payments));
    request.set_account_id(invoice.account_id());
    *request.mutable_amount() = invoice.open_amount();
    *request.mutable_payment_date() = billing::Day("2026-02-14");
    request.add_invoice_ids(invoice.id());
    payment_of[invoice.order_id()] = request.payment_id();
    EXPECT_TRUE(Ask(billing.state(), billing_context, billing::RecordPayment, request));
  }
  void ReturnOne(const std::string& order_id) {  // "": of any order
    for (const auto* shipment : inventory.state.All<inventory::v1::Shipment>()) {
      if ((!order_id.empty() && shipment->order_id() != order_id) ||
          shipment->state() != inventory::v1::SHIPMENT_STATE_SHIPPED ||
          Micros(shipment->lines(0).returned()) == Micros(shipment->lines(0).shipped())) {
        continue;
      }
      inventory::v1::ReturnShipmentRequest request;
      request.set_shipment_id(shipment->id());
      request.set_return_id(absl::StrCat("ret_", ++returns));
      *request.mutable_return_date() = billing::Day("2026-03-01");
      auto* line = request.add_lines();
      line->set_line_number(shipment->lines(0).line_number());
      SetQuantity(kMicrosPerUnit, "C62", line->mutable_quantity());
      line->set_disposition(inventory::v1::RETURN_DISPOSITION_RESTOCK);
      EXPECT_TRUE(Ask(inventory.state, inventory.context, inventory::ReturnShipment, request));
      return;
    }
  }
  void Bounce(const std::string& payment) {
    billing::v1::ReversePaymentRequest request;
    request.set_payment_id(payment);
    request.set_reason("no cover");
    *request.mutable_reversal_date() = billing::Day("2026-02-20");
    EXPECT_TRUE(Ask(billing.state(), billing_context, billing::ReversePayment, request));
  }
  bool Shipped(int n) {
    const auto* demand = DemandOf(Ord(n));
    return demand != nullptr && demand->lines_size() > 0 && Micros(demand->lines(0).shipped()) > 0;
  }
  bool Paid(int n) {  // by the books: the order may not know it yet
    bool any = false;
    for (const auto* invoice : billing.state().All<billing::v1::Invoice>()) {
      if (invoice->order_id() != IdOf(n)) continue;
      if (MicrosOf(invoice->open_amount()) != 0) return false;
      any = true;
    }
    return any;
  }
  // A shipment of the order that could leave now; nullptr for none.
  const inventory::v1::Shipment* Shippable(int n) {
    for (const auto* shipment : inventory.state.All<inventory::v1::Shipment>()) {
      if (shipment->order_id() == IdOf(n) && CanShip(*shipment)) return shipment;
    }
    return nullptr;
  }

  Manner manner;
  std::mt19937_64 random;
  order::Desk order;
  inventory::Desk inventory;
  billing::Desk billing;
  Context billing_context;
  std::map<std::string, Method> methods;
  std::map<std::string, Lane> lanes;
  std::deque<Step> steps;
  std::vector<Call> old;  // to be made again some time
  std::multiset<std::string> recorded;
  std::set<std::string> types;
  std::map<std::string, std::vector<Delivered>> delivered;
  Pairs met;
  std::map<std::string, std::string> payment_of;  // the order's latest
  std::map<std::string, int64_t> received;        // by product, in micros
  int published = 0, payments = 0, returns = 0;
};

World::World(Manner manner) : parts_(std::make_unique<Parts>(std::move(manner))) {
  parts_->order.Tax("DE19", "STANDARD", "0.19", 1);
}
World::~World() = default;

void World::Buyer(int buyer, const std::string& limit) {
  parts_->billing.Account(buyer, limit);
  order::v1::CustomerFact customer;
  customer.set_id(Cus(buyer));
  customer.set_display_name("Buyer");
  customer.set_source_version(1);
  State& state = parts_->order.state;
  state.Begin();
  EXPECT_TRUE(order::LearnCustomer(customer, parts_->order.context, state).ok());
  state.Accept();
  parts_->Collect();
  for (auto& [name, lane] : parts_->lanes) {  // the account is known before anything happens
    while (!lane.events.empty()) parts_->Deliver(lane);
  }
}

void World::Product(const std::string& id) {
  parts_->inventory.Product(id);
  parts_->order.Product(id, "SKU-" + id, "", "STANDARD");
}

void World::ProductUnknownToOrders(const std::string& id) { parts_->inventory.Product(id); }
void World::LearnProduct(const std::string& id) {
  Then([this, id] {
    parts_->order.Product(id, "SKU-" + id, "", "STANDARD", 2);
    parts_->Collect();
  });
}

void World::Stock(const std::string& product, const std::string& quantity) {
  parts_->inventory.Receive(product, quantity);
  parts_->received[product] += *ParseMicros(quantity);
  parts_->Collect();
}

void World::Then(std::function<void()> step, std::function<bool()> when) {
  parts_->steps.push_back({std::move(step), std::move(when)});
}

void World::Place(int order, int buyer, const std::vector<std::string>& lines,
                  const std::string& more) {
  order::v1::PlaceOrderRequest request =
      order::Text<order::v1::PlaceOrderRequest>(absl::StrCat("order { ", more, " }"));
  request.set_order_id(Ord(order));
  request.mutable_order()->set_sold_to_customer_id(Cus(buyer));
  *request.mutable_order()->mutable_order_date() = billing::Day("2026-01-10");
  for (const std::string& text : lines) {
    const std::vector<std::string> parts = absl::StrSplit(text, ' ');
    auto* line = request.mutable_order()->add_lines();
    line->set_product_id(parts[0]);
    SetQuantity(*ParseMicros(parts[1]), "C62", line->mutable_quantity());
    *line->mutable_unit_price() = billing::Usd(parts[2]);
  }
  Then([this, request] {
    const bool placed =
        parts_->Ask(parts_->order.state, parts_->order.context, order::PlaceOrder, request);
    const auto* account = parts_->order.state.Find<order::v1::AccountFact>(
        billing::Acc(std::stoi(request.order().sold_to_customer_id().substr(4))));
    EXPECT_TRUE(placed || (account != nullptr && account->blocked()))
        << "only the blocked are sent away";
  });
}

void World::AcceptQuote(int quote, int buyer, const std::string& product,
                        const std::string& quantity) {
  opportunity::v1::QuoteEvent event;
  auto* accepted = event.mutable_quote_accepted();
  accepted->set_quote_id(billing::Id("quo_", quote));
  accepted->set_quote_version(2);
  accepted->set_customer_id(Cus(buyer));
  accepted->set_currency("USD");
  *accepted->mutable_acceptance_date() = billing::Day("2026-01-09");
  auto* line = accepted->add_lines();
  line->set_line_number(1);
  line->set_product_id(product);
  SetQuantity(*ParseMicros(quantity), "C62", line->mutable_quantity());
  *line->mutable_unit_price() = billing::Usd("10");
  bus::Envelope envelope;
  envelope.set_type("tandem.opportunity.v1.QuoteAccepted");
  envelope.set_source("/tandem/opportunity");
  envelope.set_topic(kQuotes);
  envelope.set_subject(accepted->quote_id());
  envelope.set_payload(event.SerializeAsString());
  Then([this, envelope] { parts_->Publish(envelope); });
}

void World::Cancel(int n, Moment moment) {
  Parts& p = *parts_;
  Then(
      [&p, n, moment] {
        p.AskOrder(order::CancelOrder, n);
        if (moment == Moment::kAsItShips) p.Ship(p.Shippable(n)->id());
      },
      [&p, n, moment] { return p.Is(moment, n); });
}
void World::Hold(int n) {
  Then([this, n] { parts_->AskOrder(order::HoldOrder, n); });
}
void World::Release(int n) {
  Then([this, n] { parts_->AskOrder(order::ReleaseOrder, n); });
}
void World::Block(int buyer) {
  billing::v1::BlockAccountRequest request;
  request.set_account_id(Acc(buyer));
  request.set_kind(billing::v1::BLOCK_KIND_ORDER);
  request.set_reason("legal dispute");
  Then([this, request] {
    parts_->Ask(parts_->billing.state(), parts_->billing_context, billing::BlockAccount, request);
  });
}
void World::Unblock(int buyer) {
  billing::v1::UnblockAccountRequest request;
  request.set_account_id(Acc(buyer));
  request.set_kind(billing::v1::BLOCK_KIND_ORDER);
  Then([this, request] {
    parts_->Ask(parts_->billing.state(), parts_->billing_context, billing::UnblockAccount, request);
  });
}
void World::LiftLimit(int buyer, Moment moment) {
  billing::v1::SetCreditRequest request;
  request.set_account_id(Acc(buyer));
  *request.mutable_credit_policy() = billing::Desk::Policy("");
  Parts& p = *parts_;
  Then([&p, request] { p.Ask(p.billing.state(), p.billing_context, billing::SetCredit, request); },
       [&p, moment] { return moment == Moment::kAny || p.Is(moment, 0); });
}
void World::Override(int n) {
  billing::v1::OverrideCreditRequest request;
  request.set_order_id(Ord(n));
  *request.mutable_amount() = billing::Usd("10000");
  request.set_reason("good customer");
  request.set_authorised_by("Ms Stern");
  Then([this, request] {
    parts_->Ask(parts_->billing.state(), parts_->billing_context, billing::OverrideCredit, request);
  });
}
void World::Receive(const std::string& product, const std::string& quantity) {
  Then([this, product, quantity] { Stock(product, quantity); });
}
void World::ReturnOne(int n) {
  Then([this, n] { parts_->ReturnOne(Ord(n)); }, [this, n] { return parts_->Shipped(n); });
}
void World::ReturnOneWhenPaid(int n) {
  Then([this, n] { parts_->ReturnOne(Ord(n)); }, [this, n] { return parts_->Paid(n); });
}
void World::Bounce(int n) {
  Then([this, n] { parts_->Bounce(parts_->payment_of[Ord(n)]); },
       [this, n] { return parts_->payment_of.contains(Ord(n)); });
}
void World::ReturnSomeOne(Moment moment) {
  Then([this] { parts_->ReturnOne(""); },
       [this, moment] { return moment == Moment::kAny || parts_->Is(moment, 0); });
}
void World::BounceSome() {
  Then([this] {
    if (!parts_->payment_of.empty()) parts_->Bounce(parts_->payment_of.rbegin()->second);
  });
}

void World::Run() {
  Parts& p = *parts_;
  struct Choice {
    int rank;
    std::function<void()> act;
  };
  const int people = p.manner.eager_people ? 0 : 1;
  for (int turn = 0; turn < 100'000 && !testing::Test::HasFailure(); ++turn) {
    std::vector<Choice> choices;
    for (auto& [name, lane] : p.lanes) {
      if (lane.events.empty()) continue;
      const std::string& type = lane.events.front().type();
      const int rank = type == p.manner.latest ? 3 : type == p.manner.late ? 2 : 1;
      Parts::Lane* to = &lane;
      choices.push_back({rank, [&p, to] { p.Deliver(*to); }});
    }
    if (!p.old.empty()) {
      choices.push_back({1, [&p] {
                           const int i = p.Pick(p.old.size());
                           const Call call = p.old[i];
                           p.old.erase(p.old.begin() + i);
                           p.Make(call, true);
                         }});
    }
    if (!p.steps.empty() && (p.steps.front().when == nullptr || p.steps.front().when())) {
      choices.push_back({people, [&p] {
                           const Parts::Step step = std::move(p.steps.front());
                           p.steps.pop_front();
                           step.act();
                         }});
    }
    if (ships_) {
      for (const auto* shipment : p.inventory.state.All<inventory::v1::Shipment>()) {
        if (!p.CanShip(*shipment)) continue;
        choices.push_back({people, [&p, id = shipment->id()] { p.Ship(id); }});
      }
    }
    if (pays_) {
      for (const auto* invoice : p.billing.state().All<billing::v1::Invoice>()) {
        if (MicrosOf(invoice->open_amount()) == 0) continue;
        choices.push_back({people, [&p, invoice = *invoice] { p.Pay(invoice); }});
      }
    }
    if (choices.empty()) break;
    int first = 3;
    for (const Choice& choice : choices) first = std::min(first, choice.rank);
    std::erase_if(choices, [first](const Choice& choice) { return choice.rank > first; });
    choices[p.Pick(choices.size())].act();
  }
  EXPECT_TRUE(p.steps.empty()) << p.steps.size() << " steps could not be done";
  Audit();
}

void World::Audit() {
  Parts& p = *parts_;
  p.billing.Audit();  // exposure, settlement, books and numbers, from the documents alone
  p.order.state.Begin();
  p.inventory.state.Begin();
  std::map<std::string, int64_t> reserved, moved;  // by product
  for (const auto* demand : p.inventory.state.All<inventory::v1::Demand>()) {
    for (const auto& line : demand->lines()) {
      reserved[line.product_id()] += Micros(line.reserved());
      moved[line.product_id()] += Micros(line.returned()) - Micros(line.shipped());
    }
  }
  for (const auto* stock : p.inventory.state.All<inventory::v1::Stock>()) {
    EXPECT_LE(Micros(stock->reserved()), Micros(stock->on_hand()) - Micros(stock->blocked()));
    EXPECT_EQ(Micros(stock->reserved()), reserved[stock->product_id()]);
    EXPECT_EQ(Micros(stock->on_hand()),
              p.received[stock->product_id()] + moved[stock->product_id()])
        << "goods are neither made nor lost";
  }
  std::map<std::string, int64_t> billed;  // order/line
  for (const auto* invoice : p.billing.state().All<billing::v1::Invoice>()) {
    for (const auto& line : invoice->lines()) {
      billed[absl::StrCat(invoice->order_id(), "/", line.line_number())] += Micros(line.quantity());
    }
  }
  for (const auto* order : p.order.state.All<order::v1::Order>()) {
    const std::string what = order->order_number() + ": " + order->ShortDebugString();
    const auto* demand = p.DemandOf(order->id());
    const auto* commitment = p.billing.state().Find<billing::v1::CreditCommitment>(order->id());
    ASSERT_NE(demand, nullptr) << what;
    ASSERT_NE(commitment, nullptr) << what;
    const bool final = order::IsFinal(*order);
    EXPECT_FALSE(order->cancel_requested()) << what;
    if (final) {  // nothing reserved or committed outlives its order
      EXPECT_EQ(demand->state(), inventory::v1::DEMAND_STATE_CLOSED) << what;
      EXPECT_EQ(commitment->state(), billing::v1::CREDIT_COMMITMENT_STATE_CLOSED) << what;
      EXPECT_EQ(billing::HeldBy(*commitment), 0) << what;
    } else {
      if (order->holds().empty()) {  // a held demand answers when it is resumed
        EXPECT_NE(order->credit_status(), order::v1::CREDIT_STATUS_PENDING) << what;
      }
      if (demand->state() != inventory::v1::DEMAND_STATE_CLOSED) {
        EXPECT_EQ(demand->held(), order->holds_size() > 0) << what;
      }
    }
    for (const auto& line : order->lines()) {
      const order::Figures figures = order::Figures::Of(line);
      const inventory::v1::DemandLine* wanted = nullptr;
      for (const auto& each : demand->lines()) {
        if (each.line_number() == line.line_number()) wanted = &each;
      }
      ASSERT_NE(wanted, nullptr) << what;
      EXPECT_EQ(figures.shipped, Micros(wanted->shipped())) << what;
      EXPECT_EQ(figures.returned, Micros(wanted->returned())) << what;
      EXPECT_EQ(figures.reserved, Micros(wanted->reserved())) << what;
      if (!final && order->holds().empty()) {
        EXPECT_EQ(figures.backordered, Micros(wanted->backordered())) << what;
      }
      EXPECT_EQ(figures.invoiced, figures.shipped) << "shipped and not billed: " << what;
      EXPECT_EQ(figures.credited, figures.returned) << "returned and not credited: " << what;
      EXPECT_EQ(billed[absl::StrCat(order->id(), "/", line.line_number())], figures.invoiced);
    }
  }
}

std::string World::Digest() {
  Parts& p = *parts_;
  std::string out;
  for (const auto* order : p.order.state.All<order::v1::Order>()) {
    absl::StrAppend(&out, order->order_number(), " ", order::v1::OrderState_Name(order->state()),
                    " ", order::v1::FulfilmentStatus_Name(order->fulfilment_status()), " ",
                    order::v1::BillingStatus_Name(order->billing_status()), " holds ",
                    order->holds_size());
    for (const auto& line : order->lines()) {
      const order::Figures f = order::Figures::Of(line);
      absl::StrAppend(&out, " [", Whole(f.ordered), " -", Whole(f.cancelled), " res ",
                      Whole(f.reserved), " back ", Whole(f.backordered), " shp ", Whole(f.shipped),
                      " inv ", Whole(f.invoiced), " ret ", Whole(f.returned), " crd ",
                      Whole(f.credited), " net ", Whole(MicrosOf(line.invoiced_net())), " ",
                      Whole(MicrosOf(line.credited_net())), "]");
    }
    const auto* demand = p.DemandOf(order->id());
    const auto* commitment = p.billing.state().Find<billing::v1::CreditCommitment>(order->id());
    absl::StrAppend(&out, " demand ", demand == nullptr ? 0 : demand->state(), " committed ",
                    commitment == nullptr ? 0 : billing::HeldBy(*commitment), " ",
                    // While the order is open, one that holds nothing may be closed (by the last
                    // invoice) or wait for the order's end (when nobody knew it was the last).
                    commitment == nullptr || !order::IsFinal(*order) ? 0 : commitment->state(),
                    "\n");
  }
  for (const auto* stock : p.inventory.state.All<inventory::v1::Stock>()) {
    absl::StrAppend(&out, stock->id(), " ", inventory::Pieces(stock->on_hand()), " - ",
                    inventory::Pieces(stock->reserved()), "\n");
  }
  for (const auto* exposure : p.billing.state().All<billing::v1::AccountExposure>()) {
    absl::StrAppend(&out, exposure->account_id().substr(26), " receivable ",
                    billing::Text(exposure->receivable()), " unapplied ",
                    billing::Text(exposure->unapplied()), " committed ",
                    billing::Text(exposure->committed()), "\n");
  }
  return out;
}

std::string World::StateOf(int n) {
  const auto* order = parts_->order.state.Find<order::v1::Order>(Ord(n));
  return order == nullptr ? "" : order::v1::OrderState_Name(order->state()).substr(12);
}
int World::Orders(const std::string& state) {
  int count = 0;
  for (const auto* order : parts_->order.state.All<order::v1::Order>()) {
    count += order::v1::OrderState_Name(order->state()).substr(12) == state;
  }
  return count;
}
int64_t World::Reserved(const std::string& product) {
  const auto* stock = parts_->inventory.state.Find<inventory::v1::Stock>(
      inventory::StockId(product, inventory::kMainWarehouse));
  return stock == nullptr ? 0 : Micros(stock->reserved()) / kMicrosPerUnit;
}
int64_t World::Available(const std::string& product) {
  const auto* stock = parts_->inventory.state.Find<inventory::v1::Stock>(
      inventory::StockId(product, inventory::kMainWarehouse));
  return stock == nullptr ? 0 : Micros(stock->available()) / kMicrosPerUnit;
}
std::multiset<std::string> World::recorded_calls() const { return parts_->recorded; }
const std::set<std::string>& World::types() const { return parts_->types; }
const World::Pairs& World::met() const { return parts_->met; }

}  // namespace tandem::order_to_cash
