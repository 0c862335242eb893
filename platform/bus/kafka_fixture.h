// What the tests of the relay and the Kafka feed share: a topic as it lies in Kafka, and a reader
// of it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "platform/bus/bus_fixture.h"
#include "platform/bus/envelope.h"
#include "platform/bus/kafka_client.h"

namespace tandem::bus {

inline const std::vector<std::string> kTopics = {kBoxTopic, kThingTopic};

// A topic as it lies in Kafka: partition after partition, each in its order.
struct Stored {
  int partition;
  std::string key, value, headers;
  int64_t position;
};
inline std::vector<Stored> ReadTopic(test::KafkaBroker& broker, const std::string& topic) {
  auto client = OpenKafka(RD_KAFKA_CONSUMER, broker.bootstrap(),
                          {{"group.id", "reads-all"},
                           {"enable.partition.eof", "true"},
                           {"auto.offset.reset", "earliest"}});
  EXPECT_TRUE(client.ok());
  rd_kafka_poll_set_consumer(client->get());
  std::vector<Stored> all;
  const auto topics = TopicsOf(client->get(), nullptr, 10'000);
  if (!topics.ok() || !topics->contains(topic)) return all;
  const int partitions = topics->at(topic);
  const KafkaList list(rd_kafka_topic_partition_list_new(partitions));
  for (int p = 0; p < partitions; ++p) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), p)->offset =
        RD_KAFKA_OFFSET_BEGINNING;
  }
  rd_kafka_assign(client->get(), list.get());
  const absl::Time deadline = absl::Now() + test::kPatience;
  for (int open = partitions; open > 0 && absl::Now() < deadline;) {
    const KafkaMessage record(rd_kafka_consumer_poll(client->get(), 100));
    if (record == nullptr) continue;
    if (record->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) --open;
    if (record->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    Stored one{record->partition, std::string(static_cast<char*>(record->key), record->key_len),
               std::string(static_cast<char*>(record->payload), record->len), "", 0};
    Headers headers;
    rd_kafka_headers_t* raw = nullptr;
    rd_kafka_message_headers(record.get(), &raw);
    const char* name;
    const void* value;
    size_t size;
    for (size_t i = 0; rd_kafka_header_get_all(raw, i, &name, &value, &size) == 0; ++i) {
      headers.emplace_back(name, std::string(static_cast<const char*>(value), size));
      absl::StrAppend(&one.headers, name, "=", headers.back().second, "\n");
    }
    const auto event = FromRecord(headers, "any", one.key, one.value);
    EXPECT_TRUE(event.ok()) << event.status();
    if (event.ok()) one.position = event->position();
    all.push_back(std::move(one));
  }
  return all;
}

// Every position of the topic is there; copies are alike; each key's first copies come in order.
inline void ExpectWhole(const std::vector<Stored>& all, size_t events) {
  std::map<int64_t, const Stored*> first;
  std::map<std::string, int64_t> last;
  for (const Stored& one : all) {
    auto [it, fresh] = first.emplace(one.position, &one);
    if (!fresh) {
      EXPECT_EQ(it->second->headers, one.headers);
      EXPECT_EQ(it->second->value, one.value);
      EXPECT_EQ(it->second->key, one.key);
      continue;
    }
    EXPECT_LT(last[one.key], one.position);
    last[one.key] = one.position;
  }
  EXPECT_EQ(first.size(), events);
}

// A relay counts an event as sent again when it hands it over, before the broker has it.
inline bool ComesToHold(test::KafkaBroker& broker, const std::string& topic, size_t events) {
  return test::WaitFor([&] {
    std::set<int64_t> there;
    for (const Stored& one : ReadTopic(broker, topic)) there.insert(one.position);
    return there.size() == events;
  });
}

struct KafkaReader {
  KafkaReader(KafkaBus& bus, Ledger& ledger)
      : runner(CountingConsumer(ledger, kTopics), bus.MakeFeed("ledger", kTopics), ledger.writer(),
               ledger.rows(), QuickOptions()) {}
  Runner runner;
};

}  // namespace tandem::bus
