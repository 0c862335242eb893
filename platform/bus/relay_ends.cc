#include "platform/bus/relay_ends.h"

#include <map>
#include <set>

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

// The position of the first record at or behind each of these offsets, by partition; none where
// there is no record.
absl::StatusOr<std::map<int, RelayMark>> RecordsAt(rd_kafka_t* reader, const std::string& topic,
                                                   const std::map<int, int64_t>& offsets,
                                                   absl::string_view incarnation) {
  std::map<int, RelayMark> found;
  if (offsets.empty()) return found;
  const KafkaList wanted(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const auto& [partition, offset] : offsets) {
    rd_kafka_topic_partition_list_add(wanted.get(), topic.c_str(), partition)->offset = offset;
  }
  const rd_kafka_resp_err_t error = rd_kafka_assign(reader, wanted.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return KafkaFailure("reading a topic's end", error);
  const absl::Time deadline = absl::Now() + kReadPatience;
  std::set<int> answered;
  while (answered.size() < offsets.size()) {
    if (absl::Now() > deadline) {
      return KafkaFailure(absl::StrCat("reading the end of ", topic), RD_KAFKA_RESP_ERR__TIMED_OUT);
    }
    const KafkaMessage record(rd_kafka_consumer_poll(reader, 100));
    if (record == nullptr || !offsets.contains(record->partition)) continue;
    if (record->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      answered.insert(record->partition);
    } else if (record->err == RD_KAFKA_RESP_ERR_NO_ERROR &&
               answered.insert(record->partition).second) {
      found[record->partition] = {record->offset, PositionOf(*record, incarnation)};
    }
  }
  rd_kafka_assign(reader, nullptr);
  return found;
}

}  // namespace

absl::StatusOr<std::vector<PartitionEnd>> EndsOf(const std::string& brokers,
                                                 const std::string& topic, int partitions,
                                                 absl::string_view incarnation,
                                                 const PartitionMarks& marks) {
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
  std::map<int, int64_t> last, marked;  // where to read; most often a mark is the last record
  for (int partition = 0; partition < partitions; ++partition) {
    int64_t low = 0, high = 0;
    const rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(
        reader.get(), topic.c_str(), partition, &low, &high, kAskTimeoutMs);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return KafkaFailure(absl::StrCat("asking where ", topic, " ends"), error);
    }
    PartitionEnd& end = ends[static_cast<size_t>(partition)];
    end.expired = low == high && high > 0;
    if (low < high) last[partition] = high - 1;
    const auto mark = marks.find(partition);
    if (mark == marks.end()) continue;
    end.marked = mark->second.offset < low;
    if (mark->second.offset >= low && mark->second.offset < high - 1) {
      marked[partition] = mark->second.offset;
    }
  }
  TANDEM_ASSIGN_OR_RETURN(const auto ended, RecordsAt(reader.get(), topic, last, incarnation));
  TANDEM_ASSIGN_OR_RETURN(const auto there, RecordsAt(reader.get(), topic, marked, incarnation));
  for (int partition = 0; partition < partitions; ++partition) {
    PartitionEnd& end = ends[static_cast<size_t>(partition)];
    const auto ends_with = ended.find(partition);
    if (ends_with != ended.end()) end.position = ends_with->second.position;
    const auto mark = marks.find(partition);
    if (mark == marks.end() || end.marked) continue;
    const auto& read = marked.contains(partition) ? there : ended;
    const auto record = read.find(partition);
    end.marked = record != read.end() && record->second == mark->second;
    end.cut = !end.marked;
  }
  return ends;
}

}  // namespace tandem::bus
