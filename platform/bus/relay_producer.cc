#include "platform/bus/relay_producer.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/bus/envelope.h"
#include "platform/bus/relay_copy.h"

namespace tandem::bus {
namespace {

constexpr absl::Duration kAskAgain = absl::Seconds(5);
constexpr absl::Duration kLookAgain = absl::Milliseconds(500);
constexpr int kAskTimeoutMs = 3'000;
constexpr int kAskAgainTimeoutMs = 300;
constexpr int kCreateTimeoutMs = 10'000;
// An event carries its entity, now and before; requests end at 4 MiB.
constexpr char kMessageMaxBytes[] = "10485760";
constexpr absl::Duration kAppears = absl::Seconds(5);

KafkaSettings SettingsOf(const RelayOptions& options) {
  return {
      {"enable.idempotence", "true"},
      // A partition without a leader yet (of a new topic, or after a broker's start) may refuse a
      // batch and take the one behind it: a broker knows no sequence of a new producer, and drops
      // the first one when it comes again (KAFKA-15591). So the one behind waits.
      {"max.in.flight.requests.per.connection", "1"},
      {"acks", "all"},
      // While a request is under way, what comes waits for the next one anyway.
      {"linger.ms", "0"},
      {"compression.type", "lz4"},
      {"message.max.bytes", kMessageMaxBytes},
      {"message.timeout.ms", "30000"},
      {"queue.buffering.max.messages", absl::StrCat(std::max(options.in_flight_max, 1))},
      {"queue.buffering.max.kbytes", "65536"},
  };
}

}  // namespace

absl::StatusOr<std::unique_ptr<RelayProducer>> RelayProducer::Open(const RelayOptions& options,
                                                                   const RelayCursor& cursor) {
  std::unique_ptr<RelayProducer> producer(new RelayProducer(options, cursor));
  TANDEM_ASSIGN_OR_RETURN(
      producer->client_,
      OpenKafka(RD_KAFKA_PRODUCER, options.brokers, SettingsOf(options), producer.get(),
                &RelayProducer::Delivered, &RelayProducer::Erred));
  return producer;
}

RelayProducer::~RelayProducer() {
  if (client_ == nullptr) return;
  rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                    RD_KAFKA_PURGE_F_NON_BLOCKING);
  topics_.clear();
  client_ = nullptr;
}

absl::Status RelayProducer::Create(const std::string& name) {
  char words[256];
  const KafkaPtr<rd_kafka_NewTopic_t, &rd_kafka_NewTopic_destroy> topic(rd_kafka_NewTopic_new(
      name.c_str(), options_.partitions, options_.replication, words, sizeof(words)));
  if (topic == nullptr) {
    return Refuse(absl::StatusCode::kInvalidArgument, "KAFKA_SETTING_INVALID", words);
  }
  rd_kafka_NewTopic_set_config(topic.get(), "max.message.bytes", kMessageMaxBytes);
  const KafkaPtr<rd_kafka_AdminOptions_t, &rd_kafka_AdminOptions_destroy> options(
      rd_kafka_AdminOptions_new(client_.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), kCreateTimeoutMs, words, sizeof(words));
  const KafkaQueue queue(rd_kafka_queue_new(client_.get()));
  rd_kafka_NewTopic_t* topics[] = {topic.get()};
  rd_kafka_CreateTopics(client_.get(), topics, 1, options.get(), queue.get());
  const KafkaEvent event(rd_kafka_queue_poll(queue.get(), kCreateTimeoutMs));
  if (event == nullptr) return KafkaFailure("creating a topic", RD_KAFKA_RESP_ERR__TIMED_OUT);
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return KafkaFailure("creating a topic", rd_kafka_event_error(event.get()));
  }
  size_t count = 0;
  const rd_kafka_topic_result_t** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  for (size_t i = 0; i < count; ++i) {
    const rd_kafka_resp_err_t error = rd_kafka_topic_result_error(results[i]);
    // Another relay may have been first.
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR && error != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
      return KafkaFailure(absl::StrCat("creating the topic ", name), error);
    }
  }
  return absl::OkStatus();
}

// The topic with its partitions as the cluster has them now: the client knows them after the
// answer, so that nothing is produced to a partition it does not know.
absl::StatusOr<RelayProducer::Topic*> RelayProducer::Ask(const std::string& topic) {
  const std::string name = absl::StrCat(options_.topic_prefix, topic);
  Topic& known = topics_[topic];
  if (known.partitions > 0 && absl::Now() < known.ask_again) return &known;
  if (known.handle == nullptr) {
    // By the full list first: asking for a topic that is not there would make the client know that.
    TANDEM_ASSIGN_OR_RETURN(auto all, TopicsOf(client_.get(), nullptr, kAskTimeoutMs));
    const absl::Time deadline = absl::Now() + kAppears;
    if (!all.contains(name)) TANDEM_RETURN_IF_ERROR(Create(name));
    while (!all.contains(name)) {
      if (absl::Now() > deadline) {
        return KafkaFailure(absl::StrCat("waiting for the topic ", name),
                            RD_KAFKA_RESP_ERR__TIMED_OUT);
      }
      rd_kafka_poll(client_.get(), 20);
      TANDEM_ASSIGN_OR_RETURN(all, TopicsOf(client_.get(), nullptr, kAskTimeoutMs));
    }
    known.handle.reset(rd_kafka_topic_new(client_.get(), name.c_str(), nullptr));
    if (known.handle == nullptr) {
      return KafkaFailure(absl::StrCat("opening the topic ", name), rd_kafka_last_error());
    }
  }
  auto asked = TopicsOf(client_.get(), known.handle.get(),
                        known.partitions > 0 ? kAskAgainTimeoutMs : kAskTimeoutMs);
  if (!asked.ok()) {
    if (known.partitions == 0) return asked.status();
    // What was known will do; a broker that stays away fails what is on its way.
    known.ask_again = absl::Now() + kAskAgain;
    return &known;
  }
  std::map<std::string, int>& mine = *asked;
  if (mine[name] < std::max(known.partitions, 1)) {
    return KafkaFailure(absl::StrCat("the topic ", name),
                        RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC);  // it was removed, or made anew
  }
  known.partitions = mine[name];
  known.ask_again = absl::Now() + kAskAgain;
  return &known;
}

absl::StatusOr<int> RelayProducer::PartitionsOf(const std::string& topic) {
  TANDEM_ASSIGN_OR_RETURN(const Topic* known, Ask(topic));
  return known->partitions;
}

absl::StatusOr<bool> RelayProducer::Send(const Envelope& event, bool refill) {
  if (!failure_.ok()) return failure_;
  if (in_flight() >= static_cast<size_t>(options_.in_flight_max)) return false;
  TANDEM_ASSIGN_OR_RETURN(Topic * topic, Ask(event.topic()));
  rd_kafka_headers_t* headers = rd_kafka_headers_new(9);
  ForEachHeader(event, [headers](absl::string_view name, absl::string_view value) {
    rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  });
  // An empty payload is an empty value, not a null one: that would be a tombstone.
  const std::string& value = event.payload();
  const intptr_t position = event.position();
  void* const opaque = reinterpret_cast<void*>(refill ? -position : position);
  const rd_kafka_resp_err_t error =
      rd_kafka_producev(client_.get(), RD_KAFKA_V_RKT(topic->handle.get()),
                        RD_KAFKA_V_PARTITION(event.lane() % topic->partitions),
                        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                        RD_KAFKA_V_KEY(event.routing_key().data(), event.routing_key().size()),
                        RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
                        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(opaque), RD_KAFKA_V_END);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (refill) {
      ++refills_;
    } else {
      on_their_way_.push_back(false);
    }
    return true;
  }
  rd_kafka_headers_destroy(headers);
  if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) return false;
  failure_ = KafkaFailure("producing", error);
  return failure_;
}

absl::Status RelayProducer::Poll(int timeout_ms) {
  rd_kafka_poll(client_.get(), timeout_ms);
  if (failure_.ok()) {
    char words[256];
    const rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(client_.get(), words, sizeof(words));
    if (fatal != RD_KAFKA_RESP_ERR_NO_ERROR) {
      failure_ = KafkaFailure(absl::StrCat("producing (", words, ")"), fatal);
    }
  }
  if (failure_.ok() && away_ && absl::Now() >= look_again_) {
    look_again_ = absl::Now() + kLookAgain;
    if (TopicsOf(client_.get(), nullptr, kAskAgainTimeoutMs).ok()) failure_ = BrokerWasAway();
  }
  return failure_;
}

// Called by rd_kafka_poll. A connection may be closed for having been idle as well: then the
// comparison is for nothing, and cheap.
void RelayProducer::Erred(rd_kafka_t*, int error, const char*, void* self) {
  if (error == RD_KAFKA_RESP_ERR__TRANSPORT || error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    static_cast<RelayProducer*>(self)->away_ = true;
  }
}

void RelayProducer::Delivered(rd_kafka_t*, const rd_kafka_message_t* record, void* self) {
  static_cast<RelayProducer*>(self)->Note(*record);
}

void RelayProducer::Note(const rd_kafka_message_t& record) {
  if (record.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (failure_.ok()) failure_ = KafkaFailure("delivering", record.err);
    return;
  }
  // librdkafka tells of a broken connection before it tells of answers on the next one.
  if (away_ && failure_.ok()) failure_ = BrokerWasAway();
  if (!failure_.ok()) return;
  if (record.rkt != answered_) {
    const std::string name = rd_kafka_topic_name(record.rkt);
    answered_ = record.rkt;
    answered_marks_ = &*marks_.try_emplace(name.substr(options_.topic_prefix.size())).first;
  }
  const intptr_t position = reinterpret_cast<intptr_t>(record._private);
  auto [mark, first] = answered_marks_->second.try_emplace(record.partition);
  if (record.offset < 0) {
    failure_ = Refuse(absl::StatusCode::kAborted, "KAFKA_OFFSET_UNKNOWN",
                      absl::StrCat("the broker does not say where in ", answered_marks_->first,
                                   " it has put a record"));
  } else if (!first && record.offset <= mark->second.offset) {
    // What was there is gone: a new producer compares the topics with the marks and sends it again.
    failure_ = TopicTruncated(answered_marks_->first, record.partition);
  }
  if (!failure_.ok()) return;
  mark->second = {record.offset, std::abs(position)};
  if (position < 0) {
    --refills_;
    return;
  }
  const auto at = static_cast<size_t>(position - acknowledged_ - 1);
  if (at < on_their_way_.size()) on_their_way_[at] = true;
  while (!on_their_way_.empty() && on_their_way_.front()) {
    on_their_way_.pop_front();
    ++acknowledged_;
  }
}

}  // namespace tandem::bus
