#include "tests/simulation/simulated_store.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "google/protobuf/message.h"
#include "platform/base/check.h"
#include "platform/base/status.h"
#include "tandem/events/v1/event.pb.h"
#include "tandem/operations/v1/quarantine.pb.h"

namespace tandem::simulation {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Message;

const events::v1::EventMeta& MetaOf(const Message& event) {
  const auto* field = event.GetDescriptor()->FindFieldByName("meta");
  return static_cast<const events::v1::EventMeta&>(event.GetReflection()->GetMessage(event, field));
}

std::unique_ptr<Message> Copy(const Message& row) {
  std::unique_ptr<Message> copy(row.New());
  copy->CopyFrom(row);
  return copy;
}

class SimulatedJournal final : public store::JournalReader {
 public:
  SimulatedJournal(SimulatedStore& store, Wire& wire)
      : store_(store), wire_(wire), incarnation_(store.incarnation()) {}

  absl::StatusOr<std::vector<store::JournalRow>> Read(const store::JournalQuery& query) override {
    if (wire_.Next(Wire::Kind::kRead) != Fault::kNone) return Wire::Away("the journal");
    std::vector<store::JournalRow> rows;
    const auto& all = store_.journal();
    for (size_t i = static_cast<size_t>(query.after_position);
         i < all.size() && static_cast<int>(rows.size()) < query.limit; ++i) {
      if (!query.topic.empty() && all[i].topic != query.topic) continue;
      if (query.lane >= 0 && all[i].lane != query.lane) continue;
      rows.push_back(all[i]);
    }
    return rows;
  }
  absl::StatusOr<int64_t> Head() override {
    if (wire_.Next(Wire::Kind::kRead) != Fault::kNone) return Wire::Away("the journal");
    return static_cast<int64_t>(store_.journal().size());
  }
  absl::StatusOr<std::vector<store::LaneHeadRow>> LaneHeads() override {
    std::vector<store::LaneHeadRow> rows;
    for (const auto& [lane, position] : store_.heads()) {
      rows.push_back({lane.topic, lane.lane, position});
    }
    return rows;
  }
  absl::StatusOr<bool> WaitBeyond(int64_t position, absl::Duration) override {
    return static_cast<int64_t>(store_.journal().size()) > position;
  }
  const std::string& incarnation() const override { return incarnation_; }
  const std::string& source() const override { return store_.source(); }

 private:
  SimulatedStore& store_;
  Wire& wire_;
  const std::string incarnation_;
};

}  // namespace

SimulatedStore::SimulatedStore(std::string source, uint64_t seed, Wire& wire,
                               const int64_t& clock_micros)
    : source_(std::move(source)), seed_(seed), wire_(wire), clock_micros_(clock_micros) {
  state_.TreatUnknownAsAbsent();
}

absl::StatusOr<std::string> SimulatedStore::RunOne(store::Command& command) {
  Context& context = command.context;
  if (!context.request_id.empty()) {
    const auto known = requests_.find(context.request_id);
    if (known != requests_.end()) {
      if (known->second.method == command.method && known->second.hash == command.request_hash) {
        return known->second.answer;
      }
      return Refuse(absl::StatusCode::kAlreadyExists, "REQUEST_ID_REUSED",
                    "the request id was used with another content");
    }
  }
  if (context.now_micros == 0) {
    context.now_micros = clock_micros_ + skew_micros;
    Chance chance(seed_ ^ ++given_);
    const uint64_t high = chance.Next();
    context.ids = IdSource(context.now_micros, high, chance.Next());
  }
  state_.Begin();
  absl::StatusOr<std::string> outcome = command.decide(context, state_);
  if (!outcome.ok()) {
    state_.Begin();
    return outcome;
  }
  state_.Accept();
  ++commands;
  Write();
  if (!context.request_id.empty()) {
    requests_[context.request_id] = {command.method, command.request_hash, *outcome};
  }
  return outcome;
}

void SimulatedStore::Write() {
  told_.clear();
  told_.swap(state_.accepted_events());
  for (const EmittedEvent& event : told_) {
    const events::v1::EventMeta& meta = MetaOf(*event.event);
    store::JournalRow& row = journal_.emplace_back();
    row.position = static_cast<int64_t>(journal_.size());
    row.id = meta.id();
    row.topic = event.topic;
    row.aggregatetype = event.entity;
    row.aggregateid = event.entity_id;
    row.entity_version = event.entity_version;
    row.type = event.type;
    row.event_message = event.event->GetDescriptor()->full_name();
    row.routing_key = event.routing_key;
    row.lane = store::LaneOf(event.routing_key);
    int64_t& head = heads_[{row.topic, row.lane}];
    row.lane_previous = head;
    head = row.position;
    row.request_id = meta.request_id();
    row.cause = meta.cause_event_id();
    row.time_micros = meta.event_time().seconds() * 1'000'000 + meta.event_time().nanos() / 1000;
    row.payload = event.event->SerializeAsString();
  }
  if (watch_ && !told_.empty()) watch_(told_, state_);
}

std::vector<absl::StatusOr<std::string>> SimulatedStore::Commit(
    std::vector<store::Command>& commands) {
  std::vector<absl::StatusOr<std::string>> outcomes;
  outcomes.reserve(commands.size());
  for (store::Command& command : commands) outcomes.push_back(RunOne(command));
  return outcomes;
}

void SimulatedStore::Submit(store::Command command) {
  std::vector<store::Command> one;
  one.push_back(std::move(command));
  SubmitGroup(std::move(one));
}

void SimulatedStore::SubmitGroup(std::vector<store::Command> commands) {
  const Fault fault = wire_.Next(Wire::Kind::kCommit);
  const bool held =
      fault == Fault::kNone || fault == Fault::kCommitUnknown || fault == Fault::kCrashAfter;
  std::vector<absl::StatusOr<std::string>> outcomes;
  if (held) outcomes = Commit(commands);
  for (size_t i = 0; i < commands.size(); ++i) {
    if (!commands[i].done) continue;
    if (fault == Fault::kNone) {
      commands[i].done(std::move(outcomes[i]));
    } else {
      commands[i].done(Wire::Away("the database"));
    }
  }
}

absl::StatusOr<std::vector<std::unique_ptr<Message>>> SimulatedStore::Get(
    const Descriptor* type, const std::vector<std::string>& ids) {
  if (wire_.Next(Wire::Kind::kRead) != Fault::kNone) return Wire::Away("the database");
  std::vector<std::unique_ptr<Message>> rows;
  rows.reserve(ids.size());
  for (const std::string& id : ids) {
    const auto slot = state_.slots().find(RowKey{type, id});
    const bool there = slot != state_.slots().end() && slot->second.row != nullptr;
    rows.push_back(there ? Copy(*slot->second.row) : nullptr);
  }
  return rows;
}

namespace {

absl::StatusOr<std::vector<store::SharedBytes>> Serialized(
    absl::StatusOr<std::vector<std::unique_ptr<Message>>> rows) {
  if (!rows.ok()) return rows.status();
  std::vector<store::SharedBytes> bytes;
  for (const std::unique_ptr<Message>& row : *rows) {
    bytes.push_back(row == nullptr ? nullptr
                                   : std::make_shared<const std::string>(row->SerializeAsString()));
  }
  return bytes;
}

}  // namespace

absl::StatusOr<std::vector<store::SharedBytes>> SimulatedStore::GetBytes(
    const Descriptor* type, const std::vector<std::string>& ids) {
  return Serialized(Get(type, ids));
}

absl::StatusOr<std::vector<store::SharedBytes>> SimulatedStore::ListBytes(
    const Descriptor* type, const store::ListQuery& query) {
  return Serialized(List(type, query));
}

// The two lists that a quarantine asks for.
absl::StatusOr<std::vector<std::unique_ptr<Message>>> SimulatedStore::List(
    const Descriptor* type, const store::ListQuery& query) {
  using operations::v1::QuarantinedEvent;
  using operations::v1::QuarantinedKey;
  const bool keys = query.where == "reader = $1 AND id > $2";
  TANDEM_CHECK(keys || query.where == "quarantined_key_id = $1", query.where);
  const std::string& given = std::get<std::string>(query.params[0]);
  std::map<std::string, const Message*> found;
  for (const auto& [key, slot] : state_.slots()) {
    if (key.type != type || slot.row == nullptr) continue;
    const bool matches =
        keys ? static_cast<const QuarantinedKey&>(*slot.row).reader() == given &&
                   key.id > std::get<std::string>(query.params[1])
             : static_cast<const QuarantinedEvent&>(*slot.row).quarantined_key_id() == given;
    if (matches) found[key.id] = slot.row.get();
  }
  std::vector<std::unique_ptr<Message>> rows;
  for (const auto& [id, row] : found) {
    if (static_cast<int>(rows.size()) == query.limit) break;
    rows.push_back(Copy(*row));
  }
  return rows;
}

const store::Schema& SimulatedStore::schema() const {
  static const auto* none = new store::Schema({});
  return *none;
}

absl::StatusOr<store::Result> SimulatedStore::Select(const store::Query&) {
  return absl::UnimplementedError("nobody selects here");
}

std::unique_ptr<store::JournalReader> SimulatedStore::OpenJournal() {
  return std::make_unique<SimulatedJournal>(*this, wire_);
}

}  // namespace tandem::simulation
