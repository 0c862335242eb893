#include "platform/bus/relay_ends.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "platform/base/status_macros.h"

namespace tandem::bus {
namespace {

constexpr int kAskTimeoutMs = 5'000;
constexpr absl::Duration kReadPatience = absl::Seconds(10);

// The position in the record's chain; 0 where it is none of this incarnation.
int64_t PositionOf(const rd_kafka_message_t& record, absl::string_view incarnation) {
  rd_kafka_headers_t* headers = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  if (rd_kafka_message_headers(&record, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
      rd_kafka_header_get_last(headers, "tandem_chain", &value, &size) !=
          RD_KAFKA_RESP_ERR_NO_ERROR) {
    return 0;
  }
  const std::vector<absl::string_view> parts =
      absl::StrSplit(absl::string_view(static_cast<const char*>(value), size), '/');
  int64_t position = 0;
  if (parts.size() < 3 || parts[0] != incarnation || !absl::SimpleAtoi(parts[2], &position)) {
    return 0;
  }
  return position;
}

}  // namespace

absl::StatusOr<std::vector<PartitionEnd>> EndsOf(const std::string& brokers,
                                                 const std::string& topic, int partitions,
                                                 absl::string_view incarnation) {
  // A reader of its own, in no group, for as long as this takes.
  TANDEM_ASSIGN_OR_RETURN(const KafkaHandle reader,
                          OpenKafka(RD_KAFKA_CONSUMER, brokers,
                                    {{"group.id", "tandem.relay"},
                                     {"enable.auto.commit", "false"},
                                     {"enable.auto.offset.store", "false"},
                                     {"enable.partition.eof", "true"},
                                     {"auto.offset.reset", "earliest"},
                                     {"fetch.wait.max.ms", "20"},
                                     {"queued.min.messages", "1"}}));
  rd_kafka_poll_set_consumer(reader.get());
  std::vector<PartitionEnd> ends(static_cast<size_t>(partitions));
  const KafkaList wanted(rd_kafka_topic_partition_list_new(partitions));
  for (int partition = 0; partition < partitions; ++partition) {
    int64_t low = 0, high = 0;
    const rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(
        reader.get(), topic.c_str(), partition, &low, &high, kAskTimeoutMs);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return KafkaFailure(absl::StrCat("asking where ", topic, " ends"), error);
    }
    ends[static_cast<size_t>(partition)].expired = low == high && high > 0;
    if (low == high) continue;
    rd_kafka_topic_partition_list_add(wanted.get(), topic.c_str(), partition)->offset = high - 1;
  }
  int open = wanted->cnt;
  if (open == 0) return ends;
  const rd_kafka_resp_err_t error = rd_kafka_assign(reader.get(), wanted.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return KafkaFailure("reading a topic's end", error);
  const absl::Time deadline = absl::Now() + kReadPatience;
  while (open > 0) {
    if (absl::Now() > deadline) {
      return KafkaFailure(absl::StrCat("reading the end of ", topic), RD_KAFKA_RESP_ERR__TIMED_OUT);
    }
    const KafkaMessage record(rd_kafka_consumer_poll(reader.get(), 100));
    if (record == nullptr || record->partition < 0 || record->partition >= partitions) continue;
    PartitionEnd& end = ends[static_cast<size_t>(record->partition)];
    if (record->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      --open;
    } else if (record->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      end.position = std::max(end.position, PositionOf(*record, incarnation));
    }
  }
  rd_kafka_assign(reader.get(), nullptr);
  return ends;
}

}  // namespace tandem::bus
