// librdkafka with the settings that the relay has, and nothing else around it.
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "bench/limit/limits.h"
#include "bench/load/caller.h"
#include "bench/load/histogram.h"

namespace tandem::bench {
namespace {

std::atomic<int64_t> delivered{0}, failed{0};

void Delivered(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  ++(message->err == RD_KAFKA_RESP_ERR_NO_ERROR ? delivered : failed);
}

using Settings = std::vector<std::pair<const char*, std::string>>;

rd_kafka_t* Open(rd_kafka_type_t type, const Settings& settings) {
  char words[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name, value.c_str(), words, sizeof words) != RD_KAFKA_CONF_OK) {
      std::fprintf(stderr, "%s\n", words);
      std::exit(2);
    }
  }
  if (type == RD_KAFKA_PRODUCER) rd_kafka_conf_set_dr_msg_cb(conf, Delivered);
  rd_kafka_t* client = rd_kafka_new(type, conf, words, sizeof words);
  if (client == nullptr) {
    std::fprintf(stderr, "%s\n", words);
    std::exit(1);
  }
  return client;
}

// Spread over the partitions by a key as an order's id is.
bool Send(rd_kafka_t* client, const char* topic, int64_t i, void* data, size_t size) {
  char key[31];
  std::snprintf(key, sizeof key, "ord_%026lld", static_cast<long long>(i));
  while (true) {
    const rd_kafka_resp_err_t error = rd_kafka_producev(
        client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_KEY(key, 30), RD_KAFKA_V_VALUE(data, size),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return true;
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) return false;
    rd_kafka_poll(client, 10);
  }
}

// Bytes that compress about as little as an event does.
std::vector<char> Payload(size_t size) {
  std::vector<char> data(size);
  uint32_t random = 1;
  for (char& c : data) c = "0123456789abcdef"[(random = random * 1664525 + 1013904223) >> 28];
  return data;
}

}  // namespace

int Produce(int argc, char** argv) {
  const std::string topic = Flag(argc, argv, "topic");
  const int64_t count = std::atoll(Flag(argc, argv, "count", "100000").c_str());
  std::vector<char> data = Payload(std::atoi(Flag(argc, argv, "bytes", "400").c_str()));
  rd_kafka_t* client = Open(RD_KAFKA_PRODUCER, {{"bootstrap.servers", Flag(argc, argv, "brokers")},
                                                {"enable.idempotence", "true"},
                                                {"acks", "all"},
                                                {"linger.ms", "5"},
                                                {"compression.type", "lz4"},
                                                {"queue.buffering.max.messages", "500000"}});
  TellBegin();
  const int64_t begin = NowNanos();
  for (int64_t i = 0; i < count; ++i) {
    if (!Send(client, topic.c_str(), i, data.data(), data.size())) ++failed;
    if (i % 1024 == 0) rd_kafka_poll(client, 0);
  }
  rd_kafka_flush(client, 60'000);
  const double seconds = static_cast<double>(NowNanos() - begin) / 1e9;
  TellEnd();
  rd_kafka_destroy(client);
  std::printf("{\"sent\": %lld, \"accepted\": %lld, \"refused\": %lld, \"per_second\": %.1f}\n",
              static_cast<long long>(count), static_cast<long long>(delivered.load()),
              static_cast<long long>(failed.load()),
              static_cast<double>(delivered.load()) / seconds);
  return delivered == count ? 0 : 1;
}

int Latency(int argc, char** argv) {
  const std::string topic = Flag(argc, argv, "topic"), brokers = Flag(argc, argv, "brokers");
  const double rate = std::atof(Flag(argc, argv, "rate", "1000").c_str());
  const double seconds = std::atof(Flag(argc, argv, "seconds", "5").c_str());
  std::vector<char> data =
      Payload(std::max(8, std::atoi(Flag(argc, argv, "bytes", "400").c_str())));
  rd_kafka_t* consumer = Open(RD_KAFKA_CONSUMER, {{"bootstrap.servers", brokers},
                                                  {"group.id", "bench-limit"},
                                                  {"enable.auto.commit", "false"},
                                                  {"fetch.wait.max.ms", "100"},
                                                  {"fetch.error.backoff.ms", "1"}});
  rd_kafka_poll_set_consumer(consumer);
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, topic.c_str(), 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
  rd_kafka_assign(consumer, list);
  rd_kafka_topic_partition_list_destroy(list);
  rd_kafka_t* producer = Open(RD_KAFKA_PRODUCER, {{"bootstrap.servers", brokers},
                                                  {"enable.idempotence", "true"},
                                                  {"acks", "all"},
                                                  {"linger.ms", "0"}});
  const auto count = static_cast<int64_t>(rate * seconds), warm = static_cast<int64_t>(rate / 2);
  Histogram latency;
  std::thread reader([&] {
    const int64_t until = NowNanos() + static_cast<int64_t>((seconds + 30) * 1e9);
    for (int64_t seen = 0; seen < count + warm && NowNanos() < until;) {
      rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer, 100);
      if (message == nullptr) continue;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR && message->len >= 8) {
        int64_t sent = 0;
        std::memcpy(&sent, message->payload, 8);
        if (seen++ >= warm) latency.Add((NowNanos() - sent) / 1000);
      }
      rd_kafka_message_destroy(message);
    }
  });
  TellBegin();
  const int64_t begin = NowNanos();
  for (int64_t i = 0; i < count + warm; ++i) {
    const int64_t intended = begin + static_cast<int64_t>(static_cast<double>(i) / rate * 1e9);
    SleepUntil(intended);
    std::memcpy(data.data(), &intended, 8);
    if (!Send(producer, topic.c_str(), 0, data.data(), data.size())) ++failed;
    rd_kafka_poll(producer, 0);
  }
  rd_kafka_flush(producer, 30'000);
  reader.join();
  TellEnd();
  rd_kafka_destroy(producer);
  rd_kafka_consumer_close(consumer);
  rd_kafka_destroy(consumer);
  std::printf("{\"sent\": %lld, \"accepted\": %lld, \"latency\": %s}\n",
              static_cast<long long>(count), static_cast<long long>(latency.count()),
              latency.Json().c_str());
  return latency.count() == count ? 0 : 1;
}

}  // namespace tandem::bench
