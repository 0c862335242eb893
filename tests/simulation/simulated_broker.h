// A broker in memory, as Kafka may be met: topics of partitions, records that are lost at the end,
// written again or are no events, partitions that are added, committed offsets that go back. And
// the two who use it: a feed for a subscription, and the producer's side of a relay.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "platform/bus/envelope.h"
#include "platform/bus/feed.h"
#include "platform/bus/relay_copy.h"
#include "tests/simulation/simulated_store.h"

namespace tandem::simulation {

class Broker {
 public:
  struct Record {
    bus::Headers headers;
    std::string key, value;
    int64_t position = 0;  // of the event; 0 for what is none
  };
  using Partition = std::vector<std::shared_ptr<const Record>>;
  using At = std::pair<std::string, int>;  // a topic's partition

  explicit Broker(int partitions) : partitions_(partitions) {}

  // The topic, made where it is not there yet.
  std::vector<Partition>& Topic(const std::string& name);
  std::map<std::string, std::vector<Partition>>& topics() { return topics_; }
  // A topic that there is, by a number; nullptr while there is none.
  std::vector<Partition>* Some(uint64_t which);
  // By group.
  std::map<std::string, std::map<At, size_t>>& committed() { return committed_; }

  // Where an end was lost and no relay has looked since.
  std::set<At>& wounds() { return wounds_; }
  void Wound(const std::vector<Partition>& topic, const Partition* partition);
  // Somebody else has written there: a copy may now be where the record of the mark was.
  void WroteAnother(const std::vector<Partition>& topic, const Partition* partition);
  // Topics that lack what was lost, and no relay can know it: another wrote.
  std::set<std::string>& forgiven() { return forgiven_; }

  int away = 0;  // for so many moves nobody is answered
  // How often it has begun anew: it loses nothing in between, and nobody's connection outlives it.
  int starts() const { return starts_; }

 private:
  At AtOf(const std::vector<Partition>& topic, const Partition* partition) const;

  const int partitions_;
  std::map<std::string, std::vector<Partition>> topics_;
  int starts_ = 0;
  std::map<std::string, std::map<At, size_t>> committed_;
  std::set<At> wounds_;
  std::set<std::string> forgiven_;
};

// Where a feed asks the source itself: its event stream.
struct Stream {
  SimulatedStore* store;
  const bool* up;  // whether the source serves
};

class BrokerFeed final : public bus::Feed {
 public:
  BrokerFeed(Broker& broker, Wire& wire, std::string group, std::vector<std::string> topics,
             Stream stream)
      : broker_(broker),
        wire_(wire),
        group_(std::move(group)),
        topics_(std::move(topics)),
        stream_(stream) {}

  absl::Status Start(int64_t looked_at) override;
  absl::StatusOr<bus::FeedBatch> Next(int max, absl::Duration timeout) override;
  void Settled() override;
  absl::StatusOr<std::vector<bus::Envelope>> Fill(const bus::LaneId& lane, int64_t after,
                                                  int max) override;
  absl::StatusOr<bus::SourceHeads> Heads() override;
  bool may_lose() const override { return true; }

  void Rebalance() { next_.clear(); }  // begins again at the committed offsets

 private:
  Broker& broker_;
  Wire& wire_;
  const std::string group_;
  const std::vector<std::string> topics_;
  const Stream stream_;
  std::map<Broker::At, size_t> next_;
};

// One relay of a part; two of them may be at work.
class SimulatedRelay final : public bus::RelayPorts {
 public:
  SimulatedRelay(Broker& broker, SimulatedStore& store, Wire& wire, const int64_t& clock_micros,
                 int page_max)
      : broker_(broker),
        store_(store),
        wire_(wire),
        clock_micros_(clock_micros),
        page_max_(page_max) {}

  // Begins to lead where it does not, and copies a page. False when nothing was left to do. After
  // an error it begins again from the cursor.
  absl::StatusOr<bool> Step();

 private:
  absl::Time Now() override { return absl::FromUnixMicros(clock_micros_); }
  absl::Status KeepLeading() override;
  absl::StatusOr<bus::RelayCursor> ReadCursor() override;
  absl::StatusOr<bool> MoveCursor(int64_t from, const bus::RelayCursor& to) override;
  store::JournalReader& journal() override { return *journal_; }
  absl::StatusOr<int> PartitionsOf(const std::string& topic) override;
  absl::StatusOr<std::vector<bus::PartitionEnd>> EndsOf(const std::string& topic,
                                                        int partitions) override;
  absl::StatusOr<bool> Send(const bus::Envelope& event, bool refill) override;
  absl::Status Poll(int timeout_ms) override;
  int64_t acknowledged() override { return acknowledged_; }
  bus::RelayMarks& marks() override { return marks_; }
  size_t in_flight() override { return on_their_way_.size(); }
  void Saved(int64_t) override {}
  void Sent(bool) override {}

  absl::Status Deliver();

  Broker& broker_;
  SimulatedStore& store_;
  Wire& wire_;
  const int64_t& clock_micros_;
  const int page_max_;
  std::unique_ptr<store::JournalReader> journal_;
  std::unique_ptr<bus::RelayCopy> copy_;  // while it leads
  bus::RelayCursor saved_;                // as it was when it began
  // The producer.
  struct OnItsWay {
    bus::Envelope event;
    bool refill;
  };
  std::deque<OnItsWay> on_their_way_;
  int64_t acknowledged_ = 0;
  bus::RelayMarks marks_;
  int starts_ = 0;  // the broker's, when it connected
  absl::Status failure_;
};

}  // namespace tandem::simulation
