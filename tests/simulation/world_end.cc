// What must hold of the whole world when everything is delivered.
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/customer/customer_consumer.h"
#include "services/opportunity/opportunity_consumer.h"
#include "services/order/order_consumer.h"
#include "tandem/customer/v1/dealings.pb.h"
#include "tandem/opportunity/v1/facts.pb.h"
#include "tandem/opportunity/v1/opportunity.pb.h"
#include "tandem/opportunity/v1/quote.pb.h"
#include "tandem/order/v1/facts.pb.h"
#include "tandem/order/v1/order_service.pb.h"
#include "tests/simulation/world.h"

namespace tandem::simulation {
namespace {

using google::protobuf::Message;

std::vector<bus::LocalConsumer> ConsumersOf(Part part) {
  return part == kCustomer      ? customer::CustomerConsumers()
         : part == kOpportunity ? opportunity::OpportunityConsumers()
                                : order::OrderConsumers();
}

// The tables that are filled from events and by nothing else.
const std::set<std::string>& ReadModels() {
  static const auto* names = new std::set<std::string>{
      customer::v1::DealingsDocument::descriptor()->full_name(),
      customer::v1::DealingsHistory::descriptor()->full_name(),
      customer::v1::CreditStanding::descriptor()->full_name(),
      opportunity::v1::CustomerFact::descriptor()->full_name(),
      opportunity::v1::OrderResult::descriptor()->full_name(),
      opportunity::v1::ResultDocument::descriptor()->full_name(),
      order::v1::ProductFact::descriptor()->full_name(),
      order::v1::CustomerFact::descriptor()->full_name(),
      order::v1::AccountFact::descriptor()->full_name(),
      order::v1::TaxRateFact::descriptor()->full_name(),
  };
  return *names;
}

// Without when it was written, and without what a command says of it: which opportunity an order
// won.
std::string ContentOf(const Message& row) {
  std::unique_ptr<Message> copy(row.New());
  copy->CopyFrom(row);
  for (const char* name : {"create_time", "update_time", "etag", "opportunity_id"}) {
    const auto* field = row.GetDescriptor()->FindFieldByName(name);
    if (field != nullptr) copy->GetReflection()->ClearField(copy.get(), field);
  }
  return copy->ShortDebugString();
}

}  // namespace

void World::CheckEnd() {
  std::array<State*, kParts> states;
  for (int p = 0; p < kParts; ++p) states[p] = &parts_[p].store->state();
  auditor_.AtRest(states);
  CheckAnswers();
  CheckReadModels();
  CheckTopics();
}

// I1 and I12: what was acknowledged is there, once, with the same answer for good.
void World::CheckAnswers() {
  std::map<std::string, int> orders;  // by what people wrote on them
  State& state = StateOf(kOrder);
  state.Begin();
  for (const auto* order : state.All<order::v1::Order>()) {
    if (!order->customer_reference().empty()) ++orders[order->customer_reference()];
  }
  for (const Asked& asked : asked_) {
    const Method& method = MethodOf(*asked.request);
    const auto& requests = parts_[method.part].store->requests();
    const auto kept = requests.find(asked.request_id);
    if (!asked.known) {
      auditor_.Violate(absl::StrCat("never answered: ", asked.request->ShortDebugString()));
    }
    if (asked.accepted != (kept != requests.end()) ||
        (asked.accepted && kept->second.answer != asked.answer)) {
      auditor_.Violate(absl::StrCat("I12: acknowledged ", asked.accepted, ", kept ",
                                    kept != requests.end(), ": ", asked.request_id, " ",
                                    asked.request->ShortDebugString()));
    }
    if (method.request != order::v1::PlaceOrderRequest::descriptor()) continue;
    const auto& request = static_cast<const order::v1::PlaceOrderRequest&>(*asked.request);
    if (orders[request.order().customer_reference()] != (asked.accepted ? 1 : 0)) {
      auditor_.Violate(absl::StrCat("I1: ", orders[request.order().customer_reference()],
                                    " orders of ", request.ShortDebugString()));
    }
  }
}

// I8: what a reader keeps is what the journals give that are read once, in order.
void World::CheckReadModels() {
  for (const Part part : {kCustomer, kOpportunity, kOrder}) {
    State fold;
    fold.TreatUnknownAsAbsent();
    State& kept = StateOf(part);
    if (part == kOpportunity) {  // results follow from quotes
      kept.Begin();
      for (const auto* quote : kept.All<opportunity::v1::Quote>()) fold.Given(*quote);
      for (const auto* each : kept.All<opportunity::v1::Opportunity>()) fold.Given(*each);
    }
    Context context;
    context.now_micros = clock_micros_;
    context.ids = IdSource(clock_micros_, 1, 1);
    for (const bus::LocalConsumer& consumer : ConsumersOf(part)) {
      for (const PartState& source : parts_) {
        if (source.store->source() != consumer.source) continue;
        for (const store::JournalRow& row : source.store->journal()) {
          if (std::find(consumer.topics.begin(), consumer.topics.end(), row.topic) ==
              consumer.topics.end()) {
            continue;
          }
          fold.Begin();
          const absl::Status applied = consumer.apply(
              bus::EnvelopeOf(row, consumer.source, source.store->incarnation()), context, fold);
          if (applied.ok()) fold.Accept();
          fold.accepted_events().clear();
        }
      }
    }
    for (const auto& [key, slot] : kept.slots()) {
      if (slot.row == nullptr || !ReadModels().contains(key.type->full_name())) continue;
      if (!fold.slots().contains(key)) {
        auditor_.Violate(absl::StrCat("I8: nothing told of ", key.type->full_name(), " ", key.id));
      }
    }
    for (const auto& [key, slot] : fold.slots()) {
      if (slot.row == nullptr || !ReadModels().contains(key.type->full_name())) continue;
      const auto own = kept.slots().find(key);
      const std::string now = own == kept.slots().end() || own->second.row == nullptr
                                  ? "nothing"
                                  : ContentOf(*own->second.row);
      if (now != ContentOf(*slot.row)) {
        auditor_.Violate(absl::StrCat("I8: ", kPartNames[part], " keeps ", now, ", told was ",
                                      ContentOf(*slot.row)));
      }
    }
  }
}

// I6 and I7: every event is in its topic, every copy the same bytes, and nothing else is.
void World::CheckTopics() {
  if (!broker_.has_value()) return;
  for (int p = 0; p < kParts; ++p) {  // at its start a relay compares the topics with its cursor
    Crash(static_cast<Part>(p));
    Restart(static_cast<Part>(p));
    for (int i = 0; i < 1000 && StepRelay(static_cast<Part>(p), 0); ++i) {
    }
    const SimulatedStore& store = *parts_[p].store;
    std::set<int64_t> told;
    for (const auto& [name, topic] : broker_->topics()) {
      if (!absl::StartsWith(name, absl::StrCat("tandem.", kPartNames[p], "."))) continue;
      for (const Broker::Partition& partition : topic) {
        for (const auto& record : partition) {
          if (record->position == 0) continue;
          const store::JournalRow& row = store.journal()[static_cast<size_t>(record->position - 1)];
          if (record->value != row.payload || record->key != row.routing_key ||
              record->headers[1].second != row.id) {
            auditor_.Violate(absl::StrCat("I7: another copy of ", name, " ", record->position));
          }
          told.insert(record->position);
        }
      }
    }
    for (const store::JournalRow& row : store.journal()) {
      if (told.contains(row.position) || broker_->forgiven().contains(row.topic)) continue;
      auditor_.Violate(
          absl::StrCat("I6: not in its topic: ", row.topic, " ", row.position, " ", row.type));
    }
  }
}

}  // namespace tandem::simulation
