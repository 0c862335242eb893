#include "tests/simulation/simulated_broker.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "platform/base/status_macros.h"

namespace tandem::simulation {

namespace {

constexpr size_t kInFlightMax = 64;

}  // namespace

std::vector<Broker::Partition>& Broker::Topic(const std::string& name) {
  std::vector<Partition>& topic = topics_[name];
  if (topic.empty()) topic.resize(static_cast<size_t>(partitions_));
  return topic;
}

std::vector<Broker::Partition>* Broker::Some(uint64_t which) {
  if (topics_.empty()) return nullptr;
  auto it = topics_.begin();
  std::advance(it, static_cast<long>(which % topics_.size()));
  return &it->second;
}

void Broker::Wound(const std::vector<Partition>& topic, const Partition* partition) {
  wounds_.insert(AtOf(topic, partition));
  ++starts_;
}

void Broker::WroteAnother(const std::vector<Partition>& topic, const Partition* partition) {
  const At at = AtOf(topic, partition);
  if (wounds_.erase(at) > 0) forgiven_.insert(at.first);
}

Broker::At Broker::AtOf(const std::vector<Partition>& topic, const Partition* partition) const {
  for (const auto& [name, each] : topics_) {
    if (&each == &topic) return {name, static_cast<int>(partition - topic.data())};
  }
  return {};
}

// --- The feed

absl::Status BrokerFeed::Start(int64_t) {
  next_.clear();
  return absl::OkStatus();
}

absl::StatusOr<bus::FeedBatch> BrokerFeed::Next(int max, absl::Duration) {
  bus::FeedBatch batch;
  if (broker_.away > 0) return batch;
  if (wire_.Next(Wire::Kind::kRead) != Fault::kNone) return Wire::Away("the broker");
  int left = max;
  const size_t first = static_cast<size_t>(wire_.chance().Below(16));
  for (size_t t = 0; t < topics_.size(); ++t) {
    const std::string& name = topics_[(t + first) % topics_.size()];
    const auto topic = broker_.topics().find(name);
    if (topic == broker_.topics().end()) continue;
    for (size_t i = 0; i < topic->second.size() && left > 0; ++i) {
      const size_t p = (i + first) % topic->second.size();
      const Broker::Partition& records = topic->second[p];
      const Broker::At at{name, static_cast<int>(p)};
      auto [next, fresh] = next_.try_emplace(at, 0);
      if (fresh) {
        const auto& committed = broker_.committed()[group_];
        const auto known = committed.find(at);
        if (known != committed.end()) next->second = known->second;
      }
      if (next->second > records.size()) next->second = 0;  // out of range: the earliest
      while (next->second < records.size() && left > 0) {
        const Broker::Record& record = *records[next->second++];
        --left;
        absl::StatusOr<bus::Envelope> event =
            bus::FromRecord(record.headers, name, record.key, record.value);
        if (event.ok()) batch.events.push_back(*std::move(event));
      }
    }
  }
  if (!batch.events.empty() && wire_.chance().Percent(2)) {
    // A client's own defect: what it read and did not hand over.
    wire_.Bit(Fault::kRecordsSkipped);
    const size_t keep =
        static_cast<size_t>(wire_.chance().Below(static_cast<int>(batch.events.size())));
    batch.events.resize(keep);
  }
  return batch;
}

void BrokerFeed::Settled() {
  if (wire_.dead() || broker_.away > 0) return;
  for (const auto& [at, next] : next_) broker_.committed()[group_][at] = next;
}

absl::StatusOr<std::vector<bus::Envelope>> BrokerFeed::Fill(const bus::LaneId& lane, int64_t after,
                                                            int max) {
  if (!*stream_.up) {
    wire_.Bit(Fault::kServerDown);
    return Wire::Away("the source");
  }
  store::JournalQuery query;
  query.after_position = after;
  query.limit = max;
  query.topic = lane.topic;
  query.lane = lane.lane;
  const std::unique_ptr<store::JournalReader> journal = stream_.store->OpenJournal();
  TANDEM_ASSIGN_OR_RETURN(const std::vector<store::JournalRow> rows, journal->Read(query));
  std::vector<bus::Envelope> events;
  for (const store::JournalRow& row : rows) {
    events.push_back(bus::EnvelopeOf(row, stream_.store->source(), journal->incarnation()));
  }
  return events;
}

absl::StatusOr<bus::SourceHeads> BrokerFeed::Heads() {
  if (!*stream_.up) {
    wire_.Bit(Fault::kServerDown);
    return Wire::Away("the source");
  }
  const std::unique_ptr<store::JournalReader> journal = stream_.store->OpenJournal();
  bus::SourceHeads heads;
  heads.incarnation = journal->incarnation();
  TANDEM_ASSIGN_OR_RETURN(heads.head, journal->Head());
  for (const auto& [lane, position] : stream_.store->heads()) heads.lanes[lane] = position;
  return heads;
}

// --- The relay

absl::StatusOr<bool> SimulatedRelay::Step() {
  absl::Status ended;
  if (copy_ == nullptr) {
    journal_ = store_.OpenJournal();
    TANDEM_ASSIGN_OR_RETURN(saved_, ReadCursor());
    on_their_way_.clear();
    marks_ = saved_.marks;
    starts_ = broker_.starts();
    acknowledged_ = saved_.position;
    failure_ = absl::OkStatus();
    copy_ = std::make_unique<bus::RelayCopy>(*this, store_.source(), page_max_, saved_);
    ended = copy_->Refill();
  }
  bool idle = false;
  if (ended.ok()) {
    absl::StatusOr<bool> step = copy_->Step();
    ended = step.status();
    idle = step.ok() && *step;
  }
  if (ended.ok()) return !idle;
  // A process that is being stopped saves what was answered for, wherever it was.
  if (wire_.chance().Percent(30)) (void)copy_->Save();
  copy_ = nullptr;
  return ended;
}

// Asked while it sends again what a topic lost: a process may be stopped then as well.
absl::Status SimulatedRelay::KeepLeading() {
  const bool stops = !wire_.in_peace() && wire_.chance().Percent(10);
  return wire_.dead() || stops ? Wire::Away("this process") : absl::OkStatus();
}

absl::StatusOr<bus::RelayCursor> SimulatedRelay::ReadCursor() {
  if (wire_.Next(Wire::Kind::kRead) != Fault::kNone) return Wire::Away("the database");
  return store_.relay_cursor;
}

absl::StatusOr<bool> SimulatedRelay::MoveCursor(int64_t from, const bus::RelayCursor& to) {
  const Fault fault = wire_.Next(Wire::Kind::kCommit);
  bool moved = false;
  if (fault == Fault::kNone || fault == Fault::kCommitUnknown || fault == Fault::kCrashAfter) {
    moved = store_.relay_cursor.position == from;
    if (moved) store_.relay_cursor = to;
  }
  if (fault != Fault::kNone) return Wire::Away("the database");
  return moved;
}

absl::StatusOr<int> SimulatedRelay::PartitionsOf(const std::string& topic) {
  if (broker_.away > 0) return Wire::Away("the broker");
  return static_cast<int>(broker_.Topic(topic).size());
}

absl::StatusOr<std::vector<bus::PartitionEnd>> SimulatedRelay::EndsOf(const std::string& topic,
                                                                      int partitions) {
  if (broker_.away > 0) return Wire::Away("the broker");
  if (wire_.Next(Wire::Kind::kRead) != Fault::kNone) return Wire::Away("the broker");
  std::vector<bus::PartitionEnd> ends(static_cast<size_t>(partitions));
  const std::vector<Broker::Partition>& all = broker_.Topic(topic);
  const bus::PartitionMarks& marks = saved_.marks[topic];
  for (size_t p = 0; p < ends.size() && p < all.size(); ++p) {
    if (!all[p].empty()) ends[p].position = all[p].back()->position;
    broker_.wounds().erase({topic, static_cast<int>(p)});
    const auto mark = marks.find(static_cast<int>(p));
    if (mark == marks.end()) continue;
    const size_t offset = static_cast<size_t>(mark->second.offset);
    ends[p].marked = offset < all[p].size() && all[p][offset]->position == mark->second.position;
    ends[p].cut = !ends[p].marked;
  }
  return ends;
}

absl::StatusOr<bool> SimulatedRelay::Send(const bus::Envelope& event, bool refill) {
  if (!failure_.ok()) return failure_;
  if (on_their_way_.size() >= kInFlightMax) return false;
  on_their_way_.push_back({event, refill});
  return true;
}

// The first one on its way arrives, or does not.
absl::Status SimulatedRelay::Deliver() {
  const OnItsWay first = std::move(on_their_way_.front());
  on_their_way_.pop_front();
  if (broker_.away > 0) return Wire::Away("the broker");
  const Fault fault = wire_.Next(Wire::Kind::kSend);
  if (fault == Fault::kSendFailed || fault == Fault::kCrashBefore) return Wire::Away("the broker");
  std::vector<Broker::Partition>& topic = broker_.Topic(first.event.topic());
  const size_t p = static_cast<size_t>(first.event.lane()) % topic.size();
  auto record = std::make_shared<Broker::Record>();
  record->headers = bus::HeadersOf(first.event);
  record->key = first.event.routing_key();
  record->value = first.event.payload();
  record->position = first.event.position();
  const auto offset = static_cast<int64_t>(topic[p].size());
  topic[p].push_back(std::move(record));
  if (starts_ != broker_.starts()) {
    // Of two relays the one behind may write, where an end was lost, the very record of the mark.
    const bus::PartitionMarks& marks = store_.relay_cursor.marks[first.event.topic()];
    const auto mark = marks.find(static_cast<int>(p));
    if (mark != marks.end() && mark->second == bus::RelayMark{offset, first.event.position()}) {
      broker_.WroteAnother(topic, &topic[p]);
    }
  }
  if (fault != Fault::kNone) return Wire::Away("the broker");
  if (starts_ != broker_.starts()) return bus::BrokerWasAway();
  const auto [mark, fresh] = marks_[first.event.topic()].try_emplace(static_cast<int>(p));
  if (!fresh && offset <= mark->second.offset) {
    return bus::TopicTruncated(first.event.topic(),
                               static_cast<int>(p));  // as RelayProducer has it
  }
  mark->second = {offset, first.event.position()};
  if (!first.refill) acknowledged_ = first.event.position();
  return absl::OkStatus();
}

absl::Status SimulatedRelay::Poll(int timeout_ms) {
  size_t count = on_their_way_.size();
  if (timeout_ms == 0 && count > 0) {
    count = static_cast<size_t>(wire_.chance().Below(static_cast<int>(count) + 1));
  }
  for (; count > 0 && failure_.ok(); --count) failure_ = Deliver();
  if (failure_.ok() && starts_ != broker_.starts()) failure_ = bus::BrokerWasAway();
  return failure_;
}

}  // namespace tandem::simulation
