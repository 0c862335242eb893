#include "platform/bus/envelope.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "platform/base/status.h"

namespace tandem::bus {
namespace {

absl::Status Malformed(absl::string_view header) {
  return InvalidField(header, "EVENT_HEADERS_MALFORMED",
                      absl::StrCat("the header ", header, " is missing or malformed"));
}

}  // namespace

Envelope EnvelopeOf(const store::JournalRow& row, absl::string_view source,
                    absl::string_view incarnation) {
  Envelope event;
  event.set_id(row.id);
  event.set_type(row.type);
  event.set_source(std::string(source));
  event.set_subject(row.aggregateid);
  event.set_topic(row.topic);
  event.set_routing_key(row.routing_key);
  event.set_incarnation(std::string(incarnation));
  event.set_position(row.position);
  event.set_lane(row.lane);
  event.set_previous_position(row.lane_previous);
  event.set_entity_version(row.entity_version);
  event.mutable_event_time()->set_seconds(row.time_micros / 1'000'000);
  event.mutable_event_time()->set_nanos(static_cast<int32_t>(row.time_micros % 1'000'000) * 1000);
  event.set_traceparent(row.traceparent);
  event.set_payload(row.payload);
  event.set_event_message(row.event_message);
  return event;
}

Headers HeadersOf(const Envelope& event) {
  const absl::Time time = absl::FromUnixSeconds(event.event_time().seconds()) +
                          absl::Nanoseconds(event.event_time().nanos());
  Headers headers = {
      {"ce_specversion", "1.0"},
      {"ce_id", event.id()},
      {"ce_type", event.type()},
      {"ce_source", event.source()},
      {"ce_subject", event.subject()},
      {"ce_time", absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", time, absl::UTCTimeZone())},
      {"tandem_chain", absl::StrCat(event.incarnation(), "/", event.lane(), "/", event.position(),
                                    "/", event.previous_position(), "/", event.entity_version(),
                                    "/", event.event_message())},
  };
  if (!event.traceparent().empty()) headers.emplace_back("traceparent", event.traceparent());
  return headers;
}

absl::StatusOr<Envelope> FromRecord(const Headers& headers, absl::string_view topic,
                                    absl::string_view key, absl::string_view value) {
  Envelope event;
  std::string chain, time;
  for (const auto& [name, text] : headers) {
    if (name == "ce_id") event.set_id(text);
    if (name == "ce_type") event.set_type(text);
    if (name == "ce_source") event.set_source(text);
    if (name == "ce_subject") event.set_subject(text);
    if (name == "ce_time") time = text;
    if (name == "traceparent") event.set_traceparent(text);
    if (name == "tandem_chain") chain = text;
  }
  if (event.id().empty()) return Malformed("ce_id");
  if (event.type().empty()) return Malformed("ce_type");
  if (event.source().empty()) return Malformed("ce_source");
  const std::vector<std::string> parts = absl::StrSplit(chain, '/');
  int32_t lane = 0;
  int64_t position = 0, previous = 0, version = 0;
  if (parts.size() != 6 || parts[0].empty() || !absl::SimpleAtoi(parts[1], &lane) || lane < 0 ||
      lane >= store::kLanes || !absl::SimpleAtoi(parts[2], &position) || position <= 0 ||
      !absl::SimpleAtoi(parts[3], &previous) || previous < 0 || previous >= position ||
      !absl::SimpleAtoi(parts[4], &version)) {
    return Malformed("tandem_chain");
  }
  if (lane != store::LaneOf(key)) return Malformed("tandem_chain");  // another event's key
  event.set_incarnation(parts[0]);
  event.set_lane(lane);
  event.set_position(position);
  event.set_previous_position(previous);
  event.set_entity_version(version);
  event.set_event_message(parts[5]);
  absl::Time parsed;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, time, &parsed, &error)) {
    const int64_t micros = absl::ToUnixMicros(parsed);
    event.mutable_event_time()->set_seconds(micros / 1'000'000);
    event.mutable_event_time()->set_nanos(static_cast<int32_t>(micros % 1'000'000) * 1000);
  }
  event.set_topic(std::string(topic));
  event.set_routing_key(std::string(key));
  event.set_payload(std::string(value));
  return event;
}

}  // namespace tandem::bus
