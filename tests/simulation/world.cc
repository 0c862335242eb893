#include "tests/simulation/world.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "bus-adapters/order_to_cash/reaction_numbers.h"
#include "bus-adapters/order_to_cash/reactions.h"
#include "platform/base/check.h"
#include "platform/base/hash.h"
#include "platform/bus/chain.h"
#include "platform/bus/journal_feed.h"
#include "services/customer/customer_consumer.h"
#include "services/opportunity/opportunity_consumer.h"
#include "services/order/order_consumer.h"
#include "tandem/operations/v1/cursor.pb.h"
#include "tandem/operations/v1/quarantine.pb.h"
#include "tests/simulation/people.h"

namespace tandem::simulation {
namespace {

using google::protobuf::Message;
using operations::v1::Cursor;
using operations::v1::QuarantinedKey;

constexpr char kReactor[] = "order_to_cash";
constexpr int kRoundsToRest = 60;
constexpr int kStepsOfRound = 4000;
constexpr int kSyncsMax = 200;
constexpr int64_t kBackoffMaxMicros = 6'000'000;
constexpr int64_t kHeadCheckMicros = 61'000'000;

struct Reading {
  const char* source;
  std::vector<std::string> topics;
};
// As in order_to_cash_part.cc.
const std::vector<Reading>& Reactions() {
  static const auto* all = new std::vector<Reading>{
      {"/tandem/opportunity", {"tandem.opportunity.quote.v1"}},
      {"/tandem/order", {"tandem.order.order.v1"}},
      {"/tandem/inventory", {"tandem.inventory.demand.v1", "tandem.inventory.shipment.v1"}},
      {"/tandem/billing",
       {"tandem.billing.credit_commitment.v1", "tandem.billing.invoice.v1",
        "tandem.billing.credit_note.v1", "tandem.billing.debtor_account.v1"}},
  };
  return *all;
}

const std::vector<bus::LocalConsumer>& ConsumersOf(Part part) {
  static const auto* customer = new std::vector<bus::LocalConsumer>(customer::CustomerConsumers());
  static const auto* opportunity =
      new std::vector<bus::LocalConsumer>(opportunity::OpportunityConsumers());
  static const auto* order = new std::vector<bus::LocalConsumer>(order::OrderConsumers());
  static const auto* none = new std::vector<bus::LocalConsumer>();
  return part == kCustomer      ? *customer
         : part == kOpportunity ? *opportunity
         : part == kOrder       ? *order
                                : *none;
}

// The same words each time: an error's details have no order.
std::string Words(const absl::Status& status) {
  return absl::StrCat(ReasonOf(status), " ", status.message());
}

Part PartOfSource(const std::string& source) {
  for (int part = 0; part < kParts; ++part) {
    if (source == absl::StrCat("/tandem/", kPartNames[part])) return static_cast<Part>(part);
  }
  return kParts;
}

}  // namespace

Result Simulate(const Schedule& schedule, bool trace) { return World(schedule, trace).Run(); }

World::World(const Schedule& schedule, bool trace)
    : schedule_(schedule),
      temper_(schedule.seed),
      tracing_(trace),
      wire_(coverage_),
      auditor_(coverage_) {
  wire_.BeginPeace(schedule.seed);
  if (!temper_.embedded) broker_.emplace(temper_.partitions);
  Build();
}

World::~World() = default;

// --- The parts

void World::Build() {
  for (int p = 0; p < kParts; ++p) {
    const Part part = static_cast<Part>(p);
    parts_[p].store = std::make_unique<SimulatedStore>(
        absl::StrCat("/tandem/", kPartNames[p]), schedule_.seed * 16 + p, wire_, clock_micros_);
    parts_[p].store->SetWatch([this, part](const std::vector<EmittedEvent>& events, State& state) {
      for (const EmittedEvent& event : events) {
        fingerprint_ = StableHash64(
            absl::StrCat(fingerprint_, event.type, event.entity_id, event.entity_version));
        if (tracing_) {
          Log(absl::StrCat("    ", event.type.substr(7), " ", event.entity_id, " v",
                           event.entity_version));
        }
      }
      auditor_.Told(part, events, state);
    });
  }
  BuildReaders();
  for (int p = 0; p < kParts; ++p) Start(static_cast<Part>(p));
}

void World::BuildReaders() {
  const int instances = temper_.two_readers ? 2 : 1;
  for (int p = 0; p < kParts; ++p) {
    for (const bus::LocalConsumer& consumer : ConsumersOf(static_cast<Part>(p))) {
      Reader& reader = readers_.emplace_back();
      reader.part = static_cast<Part>(p);
      reader.source = consumer.source;
      reader.name = consumer.reader;
      reader.topics = consumer.topics;
      reader.instances = instances;
    }
  }
  for (const Reading& reading : Reactions()) {
    Reader& reader = readers_.emplace_back();
    reader.part = kOrderToCash;
    reader.source = reading.source;
    reader.name = kReactor;
    reader.topics = reading.topics;
    reader.instances = instances;
  }
}

std::unique_ptr<bus::Runner> World::MakeRunner(Reader& reader, int instance) {
  PartState& source = parts_[PartOfSource(reader.source)];
  std::unique_ptr<bus::Feed> feed;
  if (broker_.has_value()) {
    auto from_broker = std::make_unique<BrokerFeed>(
        *broker_, wire_, absl::StrCat(reader.name, ".on.", reader.source), reader.topics,
        Stream{source.store.get(), &source.up});
    reader.feeds[instance] = from_broker.get();
    feed = std::move(from_broker);
  } else {
    feed = bus::MakeJournalFeed(source.store->OpenJournal());
  }
  bus::RunnerOptions options;
  options.batch_max = temper_.batch_max;
  options.now = [this] { return absl::FromUnixMicros(clock_micros_); };
  SimulatedStore& own = *parts_[reader.part].store;
  if (reader.part != kOrderToCash) {
    for (const bus::LocalConsumer& each : ConsumersOf(reader.part)) {
      if (each.source != reader.source) continue;
      bus::LocalConsumer consumer = each;
      consumer.apply = [this, &reader, apply = each.apply](const bus::Envelope& event,
                                                           Context& context, State& state) {
        if (Refuses(reader, event)) return Refusal();
        ++coverage_.applied;
        return apply(event, context, state);
      };
      return std::make_unique<bus::Runner>(std::move(consumer), std::move(feed), own, own, options);
    }
  }
  bus::RemoteConsumer consumer;
  consumer.reader = reader.name;
  consumer.source = reader.source;
  consumer.topics = reader.topics;
  consumer.key = order_to_cash::KeyOf;
  consumer.handle = [this, &reader](absl::Span<const bus::Envelope* const> events) {
    const auto react =
        [this,
         &reader](const bus::Envelope& event) -> absl::StatusOr<std::vector<order_to_cash::Call>> {
      if (Refuses(reader, event)) return Refusal();
      ++coverage_.applied;
      absl::StatusOr<std::vector<order_to_cash::Call>> calls = order_to_cash::React(event);
      if (calls.ok() && !calls->empty()) {
        ++coverage_.reactions[static_cast<size_t>(order_to_cash::ReactionOf(event.type()))];
      }
      return calls;
    };
    return order_to_cash::RunRounds(
        events, order_to_cash::KeyOf, react,
        [this](const std::vector<const order_to_cash::Call*>& calls) { return MakeCalls(calls); });
  };
  return std::make_unique<bus::Runner>(std::move(consumer), std::move(feed), own, own, options);
}

absl::Status World::Refusal() {
  wire_.Bit(Fault::kEventRefused);
  return absl::InvalidArgumentError("EVENT_MALFORMED");
}

// The reader's defect of these days. Its own kind of event, so that others of a key follow behind.
bool World::Refuses(const Reader& reader, const bus::Envelope& event) const {
  const int rest = parts_[reader.part].refuses;
  return rest > 0 && event.position() % 7 == rest - 1;
}

void World::Start(Part part) {
  parts_[part].up = true;
  if (broker_.has_value()) {
    for (auto& relay : parts_[part].relays) {
      relay = std::make_unique<SimulatedRelay>(*broker_, *parts_[part].store, wire_, clock_micros_,
                                               temper_.page_max);
    }
  }
  for (Reader& reader : readers_) {
    if (reader.part != part) continue;
    for (int i = 0; i < reader.instances; ++i) reader.runners[i] = MakeRunner(reader, i);
  }
}

void World::Crash(Part part) {
  parts_[part].up = false;
  for (auto& relay : parts_[part].relays) relay = nullptr;
  for (Reader& reader : readers_) {
    if (reader.part != part) continue;
    for (auto& runner : reader.runners) runner = nullptr;
    reader.feeds = {};
  }
}

void World::CrashOf(Part part) {
  if (!temper_.embedded) return Crash(part);
  for (int p = 0; p < kParts; ++p) Crash(static_cast<Part>(p));
}

void World::Restart(Part part) {
  if (temper_.embedded) {
    if (parts_[0].up) return;
    for (int p = 0; p < kParts; ++p) Start(static_cast<Part>(p));
  } else if (!parts_[part].up) {
    Start(part);
  }
}

// --- The network

std::vector<absl::StatusOr<std::string>> World::Serve(
    Part part, const std::vector<std::shared_ptr<Message>>& requests, absl::string_view actor) {
  std::vector<store::Command> commands;
  commands.reserve(requests.size());
  for (const std::shared_ptr<Message>& request : requests) {
    commands.push_back(CommandOf(MethodOf(*request), AsReceived(*request), actor));
  }
  coverage_.commands += static_cast<int64_t>(commands.size());
  return parts_[part].store->Commit(commands);
}

std::vector<absl::StatusOr<std::string>> World::Call(
    const std::vector<std::shared_ptr<Message>>& requests, absl::string_view actor) {
  const Part part = MethodOf(*requests[0]).part;
  ++coverage_.calls;
  const std::vector<absl::StatusOr<std::string>> lost(
      requests.size(), absl::StatusOr<std::string>(Wire::Away(kPartNames[part])));
  const Fault fault = wire_.Next(Wire::Kind::kCall);
  if (fault == Fault::kRequestLost || fault == Fault::kCrashBefore) return lost;
  if (!parts_[part].up || doomed_.contains(part)) {
    wire_.Bit(Fault::kServerDown);
    return lost;
  }
  if (fault == Fault::kCallLate) {
    late_.push_back({requests, std::string(actor)});
    return lost;
  }
  if (fault == Fault::kServerCrashBefore) {
    doomed_.insert(part);
    if (temper_.embedded) wire_.Kill();  // it is the caller's own process
    return lost;
  }
  std::vector<absl::StatusOr<std::string>> answers = Serve(part, requests, actor);
  if (fault == Fault::kCallDoubled) return Serve(part, requests, actor);
  if (fault == Fault::kServerCrashAfter) {
    doomed_.insert(part);
    if (temper_.embedded) wire_.Kill();
  }
  return fault == Fault::kNone ? answers : lost;
}

// As BatchCaller makes them: those of one method together.
std::vector<order_to_cash::Outcome> World::MakeCalls(
    const std::vector<const order_to_cash::Call*>& calls) {
  std::vector<order_to_cash::Outcome> outcomes(calls.size());
  std::map<std::string, std::vector<size_t>> by_method;
  for (size_t i = 0; i < calls.size(); ++i) {
    by_method[absl::StrCat(calls[i]->service, "/", calls[i]->method)].push_back(i);
  }
  for (const auto& [name, index] : by_method) {
    std::vector<std::shared_ptr<Message>> requests;
    for (size_t i : index) requests.push_back(calls[i]->request);
    const Method& method = MethodOf(*requests[0]);
    std::vector<absl::StatusOr<std::string>> answers = Call(requests, kReactor);
    for (size_t n = 0; n < index.size(); ++n) {
      order_to_cash::Outcome& outcome = outcomes[index[n]];
      outcome.status = answers[n].status();
      if (answers[n].ok()) outcome.again = method.again && method.again(*answers[n]);
      if (DispositionOf(outcome.status) == Disposition::kPark) {
        auditor_.Refused(absl::StrCat("order to cash: ", name, " is refused: ",
                                      Words(outcome.status), " ", requests[n]->ShortDebugString()));
      }
    }
  }
  return outcomes;
}

std::optional<std::string> World::Ask(Message& request) {
  Asked& asked = asked_.emplace_back();
  asked.request_id = absl::StrCat("asked-", asked_.size());
  SetRequestId(&request, asked.request_id);
  asked.request.reset(request.New());
  asked.request->CopyFrom(request);
  const size_t index = asked_.size() - 1;
  if (tracing_) {
    Log(absl::StrCat("  ", request.GetDescriptor()->name(), " ", request.ShortDebugString()));
  }
  Send(asked);
  const Asked& now = asked_[index];
  if (!now.accepted) return std::nullopt;
  return now.answer;
}

void World::Send(Asked& asked) {
  const absl::StatusOr<std::string> answer = std::move(Call({asked.request}, "person")[0]);
  if (answer.ok()) {
    if (asked.accepted && asked.answer != *answer) {
      auditor_.Violate(absl::StrCat("I12: another answer to ", asked.request_id, ": ",
                                    asked.request->ShortDebugString()));
    }
    asked.known = asked.accepted = true;
    asked.answer = *answer;
    return;
  }
  if (DispositionOf(answer.status()) == Disposition::kRetry && !absl::IsAborted(answer.status())) {
    return;  // unknown
  }
  if (asked.accepted) {
    auditor_.Violate(
        absl::StrCat("I12: accepted, then refused: ", asked.request->ShortDebugString(), " ",
                     answer.status().ToString()));
  }
  asked.known = true;
  last_refusal_ = answer.status();
  if (tracing_) Log(absl::StrCat("    refused: ", Words(answer.status())));
}

std::string World::NewId(absl::string_view prefix) {
  Chance chance(schedule_.seed ^ (++ids_ << 32));
  const uint64_t high = chance.Next();
  return IdSource(clock_micros_, high, chance.Next()).Next(prefix);
}

void World::Log(absl::string_view text) {
  if (tracing_) absl::StrAppend(&trace_, text, "\n");
}

// --- Moves

bool World::StepReader(Reader& reader, int instance) {
  bus::Runner* runner = reader.runners[instance].get();
  if (runner == nullptr) return false;
  const absl::StatusOr<bool> more = runner->Step(absl::ZeroDuration());
  if (more.ok()) return *more;
  if (bus::IsStopped(more.status())) {
    auditor_.Violate(
        absl::StrCat(reader.name, " on ", reader.source, " stopped: ", more.status().ToString()));
  }
  return false;
}

bool World::StepRelay(Part part, int instance) {
  SimulatedRelay* relay = parts_[part].relays[instance].get();
  if (relay == nullptr) return false;
  const absl::StatusOr<bool> more = relay->Step();
  if (!more.ok() && absl::IsDataLoss(more.status())) {
    auditor_.Violate(absl::StrCat(kPartNames[part], "'s relay: ", more.status().ToString()));
  }
  return more.ok() && *more;
}

// What got no answer, or, now and then, what did.
void World::AskAgain() {
  if (asked_.empty()) return;
  std::vector<size_t> open;
  for (size_t i = 0; i < asked_.size(); ++i) {
    if (!asked_[i].known) open.push_back(i);
  }
  const bool repeat = open.empty() || chance().Percent(20);
  const size_t index =
      repeat ? static_cast<size_t>(chance().Below(static_cast<int>(asked_.size())))
             : open[static_cast<size_t>(chance().Below(static_cast<int>(open.size())))];
  if (asked_[index].known && !asked_[index].accepted) return;
  Send(asked_[index]);
}

void World::BrokerMove(const Move& move) {
  if (!broker_.has_value()) return;
  std::vector<Broker::Partition>* topic = broker_->Some(move.which);
  if (topic == nullptr) return;
  Broker::Partition& partition = (*topic)[move.chance % topic->size()];
  const int size = static_cast<int>(partition.size());
  switch (move.mover) {
    case Mover::kRebalance:
      for (Reader& reader : readers_) {
        for (BrokerFeed* feed : reader.feeds) {
          if (feed != nullptr) feed->Rebalance();
        }
      }
      wire_.Bit(Fault::kRebalance);
      if (chance().Percent(30)) {
        for (auto& [group, offsets] : broker_->committed()) {
          for (auto& [at, offset] : offsets) {
            offset -= std::min<size_t>(offset, static_cast<size_t>(chance().Below(5)));
          }
        }
        wire_.Bit(Fault::kOffsetsLost);
      }
      break;
    case Mover::kTailLost:
      if (size == 0) break;
      partition.resize(static_cast<size_t>(size - chance().Between(1, std::min(size, 4))));
      broker_->Wound(*topic, &partition);
      wire_.Bit(Fault::kTailLost);
      break;
    case Mover::kTopicWiped:
      for (Broker::Partition& each : *topic) {
        each.clear();
        broker_->Wound(*topic, &each);
      }
      wire_.Bit(Fault::kTopicWiped);
      break;
    case Mover::kPartition:
      if (topic->size() >= 4) break;
      topic->emplace_back();
      wire_.Bit(Fault::kPartitionAdded);
      break;
    case Mover::kCopies: {
      if (size == 0) break;
      const int from = chance().Below(size);
      const int count = chance().Between(1, 5);
      for (int i = from; i < std::min(size, from + count); ++i) {
        partition.push_back(partition[static_cast<size_t>(i)]);
      }
      broker_->WroteAnother(*topic, &partition);
      wire_.Bit(Fault::kCopies);
      break;
    }
    case Mover::kGarbage: {
      auto record = std::make_shared<Broker::Record>();
      if (size > 0 && chance().Percent(70)) {
        *record = *partition[static_cast<size_t>(chance().Below(size))];
        const size_t drop = static_cast<size_t>(chance().Below(3));
        if (drop == 0) record->headers.clear();
        if (drop == 1) record->key += "x";  // on a lane that is not its own
        if (drop == 2 && !record->headers.empty()) record->headers.back().second = "garbage";
        if (drop == 1 && store::LaneOf(record->key) ==
                             store::LaneOf(record->key.substr(0, record->key.size() - 1))) {
          record->headers.clear();
        }
        record->position = 0;
      }
      partition.push_back(std::move(record));
      broker_->WroteAnother(*topic, &partition);
      wire_.Bit(Fault::kGarbage);
      break;
    }
    case Mover::kBrokerAway:
      broker_->away = chance().Between(3, 25);
      wire_.Bit(Fault::kBrokerAway);
      break;
    default:
      break;
  }
}

// The defects are mended, and what was parked is tried again.
void World::Mend() {
  for (PartState& part : parts_) part.refuses = 0;
  for (int p = 0; p < kParts; ++p) {
    if (!parts_[p].up) continue;
    std::vector<const bus::Runner*> runners;
    std::string name;
    for (const Reader& reader : readers_) {
      if (reader.part != p) continue;
      name = reader.name;
      if (reader.runners[0] != nullptr) runners.push_back(reader.runners[0].get());
    }
    if (runners.empty()) continue;
    bus::Quarantine quarantine(name, *parts_[p].store, *parts_[p].store, runners);
    const auto keys = quarantine.List("", 1000);
    if (!keys.ok()) continue;
    for (const QuarantinedKey& key : *keys) {
      (void)quarantine.Retry(key.id(), /*skip_first=*/false);
      if (wire_.dead()) {
        doomed_.insert(static_cast<Part>(p));
        return;
      }
    }
  }
}

void World::Make(const Move& move) {
  const bool process =
      move.mover == Mover::kReader || move.mover == Mover::kRelay || move.mover == Mover::kMend;
  wire_.Begin(move, process);
  doomed_.clear();
  clock_micros_ += chance().Between(1, 40'000);
  if (broker_.has_value() && broker_->away > 0) --broker_->away;
  const size_t logged = trace_.size();
  std::string who;
  Part actor = kParts;
  switch (move.mover) {
    case Mover::kPerson:
      Act(*this);
      break;
    case Mover::kClient:
      AskAgain();
      break;
    case Mover::kReader: {
      const size_t count = readers_.size();
      const int instance = static_cast<int>((move.which >> 16) & 1);
      for (size_t i = 0; i < count; ++i) {
        Reader& reader = readers_[(move.which + i) % count];
        const int which = reader.instances == 2 ? instance : 0;
        if (!StepReader(reader, which) && !wire_.dead() && wire_.befell().empty()) continue;
        actor = reader.part;
        if (tracing_) who = absl::StrCat(reader.name, " on ", reader.source.substr(8), " ", which);
        if (++reader.moved[which] == 1 && which == 1) wire_.Bit(Fault::kTwoReaders);
        break;
      }
      break;
    }
    case Mover::kRelay: {
      if (!broker_.has_value()) break;
      const int instance = temper_.two_relays ? static_cast<int>((move.which >> 16) & 1) : 0;
      for (int i = 0; i < kParts; ++i) {
        const Part part = static_cast<Part>((move.which + static_cast<uint32_t>(i)) % kParts);
        if (!StepRelay(part, instance) && !wire_.dead() && wire_.befell().empty()) continue;
        actor = part;
        if (tracing_) who = absl::StrCat(kPartNames[part], " ", instance);
        if (++parts_[part].relay_moved[instance] == 1 && instance == 1) {
          wire_.Bit(Fault::kTwoRelays);
        }
        break;
      }
      break;
    }
    case Mover::kSync:
      Sync(*this);
      break;
    case Mover::kLate:
      if (!late_.empty()) {
        const size_t at = move.which % late_.size();
        const Late late = std::move(late_[at]);
        late_.erase(late_.begin() + static_cast<long>(at));
        const Part part = MethodOf(*late.requests[0]).part;
        if (parts_[part].up) Serve(part, late.requests, late.actor);
      }
      break;
    case Mover::kCrash: {
      const Part part = static_cast<Part>(move.which % kParts);
      if (parts_[part].up) {
        wire_.Bit(Fault::kCrash);
        doomed_.insert(part);
      }
      break;
    }
    case Mover::kRestart:
      for (uint32_t i = 0; i < kParts; ++i) {
        const Part part = static_cast<Part>((move.which + i) % kParts);
        if (parts_[part].up) continue;
        if (tracing_) who = kPartNames[part];
        Restart(part);
        break;
      }
      break;
    case Mover::kTime:
      clock_micros_ += int64_t{chance().Between(100, 90'000)} * 1000;
      break;
    case Mover::kClock:
      parts_[move.which % kParts].store->skew_micros =
          (int64_t{chance().Below(2'000'000)} - 1'000'000) * 1'000'000;
      wire_.Bit(Fault::kClockSet);
      break;
    case Mover::kRefusing: {
      constexpr Part kReading[] = {kCustomer, kOpportunity, kOrder, kOrderToCash, kOrderToCash};
      parts_[kReading[move.which % std::size(kReading)]].refuses = 1 + chance().Below(7);
      break;
    }
    case Mover::kMend:
      Mend();
      break;
    default:
      BrokerMove(move);
      break;
  }
  if (wire_.dead() && actor != kParts) doomed_.insert(actor);
  for (Part part : doomed_) CrashOf(part);
  fingerprint_ = StableHash64(absl::StrCat(fingerprint_, wire_.befell()));
  if (tracing_) {
    const std::string line = absl::StrCat("#", coverage_.moves, " ", NameOf(move.mover), " ", who,
                                          wire_.befell().empty() ? "" : " |", wire_.befell(), "\n");
    trace_.insert(logged, line);
  }
}

// Nothing befalls anybody any more, and everything is delivered.
void World::Peace() {
  wire_.BeginPeace(schedule_.seed);
  doomed_.clear();
  if (broker_.has_value()) broker_->away = 0;
  for (int p = 0; p < kParts; ++p) Restart(static_cast<Part>(p));
  for (PartState& part : parts_) part.refuses = 0;
  for (const Late& late : late_) {
    Serve(MethodOf(*late.requests[0]).part, late.requests, late.actor);
  }
  late_.clear();
  for (size_t i = 0; i < asked_.size(); ++i) {
    if (!asked_[i].known) Send(asked_[i]);
  }
  std::string behind;
  for (int round = 0; round < kRoundsToRest; ++round) {
    int steps = 0;
    for (bool more = true; more && steps < kStepsOfRound;) {
      more = false;
      for (int p = 0; p < kParts; ++p) {
        while (StepRelay(static_cast<Part>(p), 0) && ++steps < kStepsOfRound) more = true;
      }
      for (Reader& reader : readers_) {
        for (int i = 0; i < reader.instances; ++i) {
          if (StepReader(reader, i)) more = true;
          ++steps;
        }
      }
      if (!auditor_.violations().empty()) return;
    }
    Mend();
    for (int i = 0; i < kSyncsMax && Sync(*this); ++i) {
    }
    behind.clear();
    for (int p = 0; p < kParts; ++p) {
      SimulatedStore& store = *parts_[p].store;
      if (broker_.has_value() &&
          store.relay_cursor.position < static_cast<int64_t>(store.journal().size())) {
        absl::StrAppend(&behind, kPartNames[p], "'s relay ");
      }
      for (const auto& [key, slot] : store.state().slots()) {
        if (key.type == QuarantinedKey::descriptor() && slot.row != nullptr) {
          absl::StrAppend(&behind, "parked ", key.id, " ");
        }
      }
    }
    for (const Reader& reader : readers_) {
      State& own = parts_[reader.part].store->state();
      own.Begin();
      for (const auto& [lane, head] : parts_[PartOfSource(reader.source)].store->heads()) {
        if (std::find(reader.topics.begin(), reader.topics.end(), lane.topic) ==
            reader.topics.end()) {
          continue;
        }
        const auto* cursor = own.Find<Cursor>(bus::CursorId(reader.name, reader.source, lane));
        if (cursor == nullptr || cursor->position() != head) {
          absl::StrAppend(&behind, reader.name, " on ", lane.topic, "/", lane.lane, " ");
        }
      }
    }
    if (behind.empty()) return;
    // Lanes that are held come again; ends that were lost are looked for.
    clock_micros_ += round % 2 == 0 ? kBackoffMaxMicros : kHeadCheckMicros;
  }
  auditor_.Violate(absl::StrCat("does not come to rest: ", behind));
}

Result World::Run() {
  SetUp(*this);
  Peace();
  coverage_.seeds = 1;
  for (const Move& move : schedule_.moves) {
    if (!auditor_.violations().empty()) break;
    Make(move);
    ++coverage_.moves;
  }
  if (auditor_.violations().empty()) {
    Log("# peace");
    Peace();
  }
  if (auditor_.violations().empty()) CheckEnd();
  result_.violations = auditor_.violations();
  result_.moves = static_cast<int>(coverage_.moves);
  result_.fingerprint = fingerprint_;
  result_.coverage = std::move(coverage_);
  result_.trace = std::move(trace_);
  return std::move(result_);
}

}  // namespace tandem::simulation
