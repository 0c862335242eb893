#include "platform/bus/kafka_client.h"

#include "absl/strings/str_cat.h"
#include "platform/base/status.h"

namespace tandem::bus {
namespace {

void Silent(const rd_kafka_t*, int, const char*, const char*) {}
void IgnoreError(rd_kafka_t*, int, const char*, void*) {}

constexpr std::pair<const char*, const char*> kCommon[] = {
    {"allow.auto.create.topics", "false"},
    {"client.id", "tandem"},
    {"reconnect.backoff.ms", "50"},
    {"reconnect.backoff.max.ms", "1000"},
    {"retry.backoff.ms", "50"},
    {"socket.nagle.disable", "true"},
    {"socket.keepalive.enable", "true"},
    // New partitions, and topics that come back, are seen within so long.
    {"topic.metadata.refresh.interval.ms", "5000"},
};

}  // namespace

absl::StatusOr<KafkaHandle> OpenKafka(rd_kafka_type_t type, const std::string& brokers,
                                      const KafkaSettings& settings, void* opaque,
                                      DeliveryReport delivered, ErrorReport erred) {
  KafkaPtr<rd_kafka_conf_t, &rd_kafka_conf_destroy> conf(rd_kafka_conf_new());
  char error[512];
  auto set = [&](const char* name, const char* value) -> absl::Status {
    if (rd_kafka_conf_set(conf.get(), name, value, error, sizeof(error)) == RD_KAFKA_CONF_OK) {
      return absl::OkStatus();
    }
    return Refuse(absl::StatusCode::kInvalidArgument, "KAFKA_SETTING_INVALID", error);
  };
  absl::Status status = set("bootstrap.servers", brokers.c_str());
  for (const auto& [name, value] : kCommon) status.Update(set(name, value));
  for (const auto& [name, value] : settings) status.Update(set(name.c_str(), value.c_str()));
  if (!status.ok()) return status;
  rd_kafka_conf_set_log_cb(conf.get(), Silent);
  rd_kafka_conf_set_error_cb(conf.get(), erred == nullptr ? IgnoreError : erred);
  rd_kafka_conf_set_opaque(conf.get(), opaque);
  if (delivered != nullptr) rd_kafka_conf_set_dr_msg_cb(conf.get(), delivered);
  rd_kafka_t* client = rd_kafka_new(type, conf.get(), error, sizeof(error));
  if (client == nullptr) {
    return Refuse(absl::StatusCode::kInvalidArgument, "KAFKA_SETTING_INVALID", error);
  }
  conf.release();  // the client's now
  return KafkaHandle(client);
}

absl::Status KafkaFailure(absl::string_view doing, rd_kafka_resp_err_t error) {
  return Refuse(absl::StatusCode::kUnavailable, "KAFKA_UNAVAILABLE",
                absl::StrCat(doing, ": ", rd_kafka_err2str(error)));
}

absl::StatusOr<std::map<std::string, int>> TopicsOf(rd_kafka_t* client, rd_kafka_topic_t* topic,
                                                    int timeout_ms) {
  const rd_kafka_metadata_t* raw = nullptr;
  const rd_kafka_resp_err_t error =
      rd_kafka_metadata(client, topic == nullptr ? 1 : 0, topic, &raw, timeout_ms);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return KafkaFailure("asking for the topics", error);
  const KafkaPtr<const rd_kafka_metadata_t, &rd_kafka_metadata_destroy> metadata(raw);
  std::map<std::string, int> topics;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& one = metadata->topics[i];
    if (one.err == RD_KAFKA_RESP_ERR_NO_ERROR && one.partition_cnt > 0) {
      topics[one.topic] = one.partition_cnt;
    }
  }
  return topics;
}

}  // namespace tandem::bus
