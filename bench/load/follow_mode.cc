// A subscriber with librdkafka and nothing else: when did each message come?
#include <librdkafka/rdkafka.h>

#include <csignal>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "bench/load/caller.h"
#include "bench/load/modes.h"

namespace tandem::bench {
namespace {

volatile std::sig_atomic_t stopping = 0;
void Stop(int) { stopping = 1; }

std::string Header(const rd_kafka_message_t* message, const char* name) {
  rd_kafka_headers_t* headers = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
      rd_kafka_header_get_last(headers, name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return "-";
  }
  return std::string(static_cast<const char*>(value), size);
}

}  // namespace

int FollowMode(const Flags& flags) {
  std::signal(SIGTERM, Stop);
  char words[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  const std::pair<const char*, std::string> settings[] = {
      {"bootstrap.servers", flags.Text("brokers")},
      {"group.id", "bench"},
      {"enable.auto.commit", "false"},
      {"fetch.wait.max.ms", "100"},
      {"fetch.error.backoff.ms", "1"},
      {"broker.address.family", "v4"}};
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name, value.c_str(), words, sizeof words) != RD_KAFKA_CONF_OK) {
      std::cerr << words << "\n";
      return 2;
    }
  }
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, words, sizeof words);
  if (client == nullptr) return 1;
  rd_kafka_poll_set_consumer(client);
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(8);
  const std::vector<std::string> topics = absl::StrSplit(flags.Text("topics"), ',');
  for (const std::string& topic : topics) {
    rd_kafka_topic_t* handle = rd_kafka_topic_new(client, topic.c_str(), nullptr);
    const rd_kafka_metadata_t* metadata = nullptr;
    if (rd_kafka_metadata(client, 0, handle, &metadata, 10'000) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      std::cerr << "no topic " << topic << "\n";
      return 1;
    }
    for (int i = 0; i < metadata->topics[0].partition_cnt; ++i) {
      int64_t low = 0, high = 0;
      rd_kafka_query_watermark_offsets(client, topic.c_str(), i, &low, &high, 10'000);
      rd_kafka_topic_partition_list_add(list, topic.c_str(), i)->offset = high;
    }
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(handle);
  }
  rd_kafka_assign(client, list);
  rd_kafka_topic_partition_list_destroy(list);
  std::FILE* out = std::fopen(flags.Text("out").c_str(), "w");
  if (out == nullptr) return 2;
  std::puts("ready");
  std::fflush(stdout);
  int64_t count = 0;
  while (stopping == 0) {
    rd_kafka_message_t* message = rd_kafka_consumer_poll(client, 100);
    if (message == nullptr) continue;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      const int64_t now = WallMicros();
      std::fprintf(out, "%s %s %lld\n", Header(message, "ce_subject").c_str(),
                   Header(message, "ce_type").c_str(), static_cast<long long>(now));
      ++count;
    }
    rd_kafka_message_destroy(message);
  }
  std::fclose(out);
  rd_kafka_consumer_close(client);
  rd_kafka_destroy(client);
  std::printf("{\"messages\": %lld}\n", static_cast<long long>(count));
  return 0;
}

}  // namespace tandem::bench
