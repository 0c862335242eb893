#include "platform/bus/kafka_feed.h"

#include <algorithm>
#include <memory>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "platform/base/fault.h"
#include "platform/base/retry.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/bus/envelope.h"
#include "platform/bus/kafka_client.h"

namespace tandem::bus {
namespace {

constexpr absl::Duration kCommitEvery = absl::Milliseconds(500);
// Topics that do not exist yet are looked for, less and less often.
constexpr int64_t kLookAgainBaseMs = 50;
constexpr int64_t kLookAgainMaxMs = 2'000;
constexpr int kTopicsTimeoutMs = 1000;
constexpr absl::Duration kLeavePatience = absl::Seconds(1);
constexpr absl::Duration kClosePatience = absl::Seconds(3);

KafkaSettings SettingsOf(const KafkaFeedOptions& options) {
  const bool rests = options.rest > absl::ZeroDuration();
  KafkaSettings settings = {
      {"group.id", options.group},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"auto.offset.reset", "earliest"},
      {"isolation.level", "read_committed"},
      {"partition.assignment.strategy", "range"},
      {"session.timeout.ms", "10000"},
      {"heartbeat.interval.ms", "1000"},
      {"max.poll.interval.ms", "300000"},
      {"socket.timeout.ms", "10000"},
      // A broker answers as soon as there is so much; the time bounds how long a new partition
      // waits. Much less, and what all idle readers ask keeps a small broker busy.
      {"fetch.min.bytes", rests ? "65536" : "1"},
      {"fetch.wait.max.ms", rests ? absl::StrCat(absl::ToInt64Milliseconds(options.rest)) : "250"},
      {"fetch.error.backoff.ms", "50"},
      // What waits in memory is bounded: 16 MiB a partition, and one fetch beyond.
      {"queued.min.messages", "10000"},
      {"queued.max.messages.kbytes", "16384"},
  };
  if (!options.instance.empty()) settings.emplace_back("group.instance.id", options.instance);
  return settings;
}

// Whether the group counts the client among its members, as the client knows.
bool IsMember(rd_kafka_t* client) {
  char* id = rd_kafka_memberid(client);
  const bool is = id != nullptr && *id != '\0';
  if (id != nullptr) rd_kafka_mem_free(client, id);
  return is;
}

HeaderViews HeadersIn(const rd_kafka_message_t& record) {
  HeaderViews headers;
  rd_kafka_headers_t* raw = nullptr;
  if (rd_kafka_message_headers(&record, &raw) != RD_KAFKA_RESP_ERR_NO_ERROR) return headers;
  const char* name;
  const void* value;
  size_t size;
  for (size_t i = 0;
       rd_kafka_header_get_all(raw, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    headers.emplace_back(name, value == nullptr
                                   ? absl::string_view()
                                   : absl::string_view(static_cast<const char*>(value), size));
  }
  return headers;
}

absl::string_view BytesOf(const void* data, size_t size) {
  return data == nullptr ? "" : absl::string_view(static_cast<const char*>(data), size);
}

class KafkaFeed final : public Feed {
 public:
  explicit KafkaFeed(KafkaFeedOptions options) : options_(std::move(options)) {}
  ~KafkaFeed() override {
    Commit();
    Close();
  }

  absl::Status Start(int64_t) override { return options_.source->Start(0); }

  absl::StatusOr<FeedBatch> Next(int max, absl::Duration timeout) override {
    TANDEM_RETURN_IF_ERROR(Ready());
    const absl::Time deadline = absl::Now() + timeout;
    FeedBatch batch;
    while (static_cast<int>(batch.events.size()) < max) {
      const bool first = batch.events.empty();
      const absl::Duration left = std::max(deadline - absl::Now(), absl::ZeroDuration());
      const int wait_ms = first ? static_cast<int>(absl::ToInt64Milliseconds(left)) : 0;
      const KafkaMessage record(rd_kafka_consumer_poll(client_.get(), wait_ms));
      if (record == nullptr) break;
      if (record->err == RD_KAFKA_RESP_ERR__FATAL) {
        char words[256];
        const rd_kafka_resp_err_t error = rd_kafka_fatal_error(client_.get(), words, sizeof(words));
        Close();
        if (!first) return batch;  // the next call begins with a new client
        return KafkaFailure(absl::StrCat("reading topics (", words, ")"), error);
      }
      // Other errors of a broker, a topic or the group are the client's to get over.
      if (record->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (absl::Now() >= deadline) break;
        continue;
      }
      Take(*record, &batch);
    }
    return batch;
  }

  void Settled() override {
    for (const auto& [partition, next] : next_) settled_[partition] = next;
    next_.clear();
    if (absl::Now() >= next_commit_) Commit();
  }

  absl::StatusOr<std::vector<Envelope>> Fill(const LaneId& lane, int64_t after, int max) override {
    return options_.source->Fill(lane, after, max);
  }
  absl::StatusOr<SourceHeads> Heads() override { return options_.source->Heads(); }
  bool may_lose() const override { return true; }

 private:
  using Partition = std::pair<std::string, int32_t>;

  // A client that is subscribed to those topics that exist; the others are looked for.
  absl::Status Ready() {
    if (client_ == nullptr) {
      TANDEM_ASSIGN_OR_RETURN(client_,
                              OpenKafka(RD_KAFKA_CONSUMER, options_.brokers, SettingsOf(options_)));
      rd_kafka_poll_set_consumer(client_.get());
      subscribed_.clear();
      next_look_ = absl::InfinitePast();
    }
    if (subscribed_.size() == options_.topics.size() || absl::Now() < next_look_) {
      return absl::OkStatus();
    }
    next_look_ = absl::Now() + absl::Milliseconds(look_again_.NextMs());
    const auto topics = TopicsOf(client_.get(), nullptr, kTopicsTimeoutMs);
    // With some topics there already, a broker that is away is the client's to get over.
    if (!topics.ok()) return subscribed_.empty() ? topics.status() : absl::OkStatus();
    std::set<std::string> found;
    for (const std::string& topic : options_.topics) {
      const std::string name = absl::StrCat(options_.topic_prefix, topic);
      if (topics->contains(name)) found.insert(name);
    }
    if (found.size() <= subscribed_.size()) return absl::OkStatus();
    const KafkaList list(rd_kafka_topic_partition_list_new(static_cast<int>(found.size())));
    for (const std::string& name : found) {
      rd_kafka_topic_partition_list_add(list.get(), name.c_str(), RD_KAFKA_PARTITION_UA);
    }
    const rd_kafka_resp_err_t error = rd_kafka_subscribe(client_.get(), list.get());
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return KafkaFailure("subscribing", error);
    subscribed_ = std::move(found);
    return absl::OkStatus();
  }

  void Take(const rd_kafka_message_t& record, FeedBatch* batch) {
    const std::string name = rd_kafka_topic_name(record.rkt);
    next_[{name, record.partition}] = record.offset + 1;
    absl::StatusOr<Envelope> event =
        FromRecord(HeadersIn(record), absl::string_view(name).substr(options_.topic_prefix.size()),
                   BytesOf(record.key, record.key_len), BytesOf(record.payload, record.len));
    if (event.ok()) {
      batch->events.push_back(*std::move(event));
    } else if (options_.passed_over) {
      absl::Status why = event.status();
      AddMetadata(&why, "record", absl::StrCat(name, "/", record.partition, "/", record.offset));
      options_.passed_over(why);
    }
  }

  // Without waiting for the answer: who is no member any more commits nothing, and need not.
  void Commit() {
    if (client_ == nullptr || settled_.empty()) return;
    const KafkaList list(rd_kafka_topic_partition_list_new(static_cast<int>(settled_.size())));
    for (const auto& [partition, offset] : settled_) {
      rd_kafka_topic_partition_list_add(list.get(), partition.first.c_str(), partition.second)
          ->offset = offset;
    }
    TANDEM_FAILPOINT("kafka.before_offsets");
    rd_kafka_commit(client_.get(), list.get(), /*async=*/1);
    settled_.clear();
    next_commit_ = absl::Now() + kCommitEvery;
  }

  // Leaves the group, so that another member takes over at once; goes without when the broker does
  // not answer.
  void Close() {
    if (client_ == nullptr) return;
    Leave(absl::Now() + kLeavePatience);
    CloseClient(absl::Now() + kClosePatience);
    Destroy(client_.release());
    next_.clear();
    settled_.clear();
  }

  // A member with an instance stays one when it is closed, but not when it wants no topics.
  void Leave(absl::Time deadline) {
    if (options_.instance.empty() || !IsMember(client_.get())) return;
    rd_kafka_unsubscribe(client_.get());
    while (IsMember(client_.get()) && absl::Now() < deadline) {
      const KafkaMessage served(rd_kafka_consumer_poll(client_.get(), 5));
    }
  }

  void CloseClient(absl::Time deadline) {
    const KafkaQueue queue(rd_kafka_queue_new(client_.get()));
    rd_kafka_error_t* error = rd_kafka_consumer_close_queue(client_.get(), queue.get());
    while (error == nullptr && rd_kafka_consumer_closed(client_.get()) == 0 &&
           absl::Now() < deadline) {
      const KafkaEvent served(rd_kafka_queue_poll(queue.get(), 20));
    }
    if (error != nullptr) rd_kafka_error_destroy(error);
  }

  // In a thread of its own, which is left to itself when it takes long: librdkafka waits for
  // requests that a broker does not answer, and now and then for a thread of its own that does not
  // end.
  static void Destroy(rd_kafka_t* client) {
    const auto done = std::make_shared<absl::Notification>();
    std::thread([client, done] {
      rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
      done->Notify();
    }).detach();
    done->WaitForNotificationWithTimeout(kClosePatience);
  }

  KafkaFeedOptions options_;
  KafkaHandle client_;
  std::set<std::string> subscribed_;
  Backoff look_again_{kLookAgainBaseMs, kLookAgainMaxMs, 1};
  absl::Time next_look_ = absl::InfinitePast();
  std::map<Partition, int64_t> next_;     // behind what was given
  std::map<Partition, int64_t> settled_;  // to be committed
  absl::Time next_commit_ = absl::InfinitePast();
};

}  // namespace

absl::StatusOr<std::unique_ptr<Feed>> MakeKafkaFeed(KafkaFeedOptions options) {
  if (options.brokers.empty() || options.group.empty() || options.topics.empty() ||
      options.source == nullptr) {
    return Refuse(absl::StatusCode::kInvalidArgument, "KAFKA_SETTING_INVALID",
                  "a feed needs brokers, a group, topics and a source");
  }
  const std::set<std::string> once(options.topics.begin(), options.topics.end());
  options.topics.assign(once.begin(), once.end());
  return std::unique_ptr<Feed>(std::make_unique<KafkaFeed>(std::move(options)));
}

}  // namespace tandem::bus
