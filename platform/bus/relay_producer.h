// The relay's producer: sends journal rows in order and says up to which position the broker has
// answered for everything. Used by one thread. After an error it is given up as a whole: a new one
// begins behind what was acknowledged.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "absl/container/node_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/bus/kafka_client.h"
#include "platform/bus/relay.h"
#include "platform/bus/relay_marks.h"
#include "platform/bus/subscription.h"

namespace tandem::bus {

class RelayProducer {
 public:
  // `cursor`: everything up to its position is in the topics, at or before its marks.
  static absl::StatusOr<std::unique_ptr<RelayProducer>> Open(const RelayOptions& options,
                                                             const RelayCursor& cursor);
  ~RelayProducer();

  // How many partitions the topic has in the cluster; creates it where it does not exist. Known for
  // a few seconds, then asked again.
  absl::StatusOr<int> PartitionsOf(const std::string& topic);

  // Sends an event, the next one of the journal, or one again (`refill`), which acknowledged() does
  // not count. False when as many as may be are on their way: Poll, then try again.
  absl::StatusOr<bool> Send(const Envelope& event, bool refill);

  // Serves the broker's answers, at most so long; returns with the first. The first failure, once
  // there was one: nothing more is to be sent then. That the broker was away and is back is one:
  // who knows what it still has.
  absl::Status Poll(int timeout_ms);

  int64_t acknowledged() const { return acknowledged_; }
  RelayMarks& marks() { return marks_; }
  size_t in_flight() const { return on_their_way_.size() + refills_; }
  rd_kafka_t* client() const { return client_.get(); }

 private:
  struct Topic {
    KafkaTopic handle;
    int partitions = 0;
    absl::Time ask_again;
  };

  RelayProducer(const RelayOptions& options, const RelayCursor& cursor)
      : options_(options), marks_(cursor.marks), acknowledged_(cursor.position) {}
  static void Delivered(rd_kafka_t*, const rd_kafka_message_t* record, void* self);
  static void Erred(rd_kafka_t*, int error, const char* words, void* self);
  void Note(const rd_kafka_message_t& record);
  absl::StatusOr<Topic*> Ask(const std::string& topic);
  absl::Status Create(const std::string& name);

  const RelayOptions options_;
  absl::node_hash_map<std::string, Topic> topics_;  // by their names in the journal
  // Of the last answer: the next one's, most often.
  const rd_kafka_topic_t* answered_ = nullptr;
  std::pair<const std::string, PartitionMarks>* answered_marks_ = nullptr;
  RelayMarks marks_;
  std::deque<bool> on_their_way_;  // answered, of the positions behind acknowledged_
  size_t refills_ = 0;             // sent again and not answered
  int64_t acknowledged_;
  bool away_ = false;  // the connection to the broker broke
  absl::Time look_again_ = absl::InfinitePast();
  absl::Status failure_;
  KafkaHandle client_;
};

}  // namespace tandem::bus
