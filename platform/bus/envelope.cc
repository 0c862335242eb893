#include "platform/bus/envelope.h"

#include <array>
#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "platform/base/status.h"

namespace tandem::bus {
namespace {

// "2024-02-29T12:34:56.789012Z". Formatting a time by its pattern takes longer than the rest of a
// record's headers.
constexpr size_t kTimeSize = 27;
constexpr int64_t kDaySeconds = 24 * 60 * 60;

void Digits(int64_t number, int count, char* out) {
  for (int i = count - 1; i >= 0; --i, number /= 10) out[i] = static_cast<char>('0' + number % 10);
}

// False for a year that has not four digits.
bool WriteTime(const google::protobuf::Timestamp& time, char* out) {
  const int64_t seconds = time.seconds();
  if (seconds < 0 || seconds >= int64_t{253'402'300'800}) return false;
  const absl::CivilDay day = absl::CivilDay(1970, 1, 1) + seconds / kDaySeconds;
  const int64_t of_day = seconds % kDaySeconds;
  std::memcpy(out, "0000-00-00T00:00:00.000000Z", kTimeSize + 1);
  Digits(day.year(), 4, out);
  Digits(day.month(), 2, out + 5);
  Digits(day.day(), 2, out + 8);
  Digits(of_day / 3600, 2, out + 11);
  Digits(of_day / 60 % 60, 2, out + 14);
  Digits(of_day % 60, 2, out + 17);
  Digits(time.nanos() / 1000, 6, out + 20);
  return true;
}

void SetTime(int64_t micros, google::protobuf::Timestamp* time) {
  time->set_seconds(micros / 1'000'000);
  time->set_nanos(static_cast<int32_t>(micros % 1'000'000) * 1000);
}

// False where it is not written as WriteTime does.
bool ReadTime(absl::string_view text, google::protobuf::Timestamp* time) {
  constexpr absl::string_view kForm = "0000-00-00T00:00:00.000000Z";
  if (text.size() != kTimeSize) return false;
  for (size_t i = 0; i < kTimeSize; ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == '0' ? !digit : text[i] != kForm[i]) return false;
  }
  auto number = [text](size_t at, size_t count) {
    int64_t value = 0;
    for (size_t i = at; i < at + count; ++i) value = value * 10 + (text[i] - '0');
    return value;
  };
  const absl::CivilDay day(number(0, 4), number(5, 2), number(8, 2));
  const int64_t hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
  if (day.year() < 1970 || day.month() != number(5, 2) || day.day() != number(8, 2) || hour > 23 ||
      minute > 59 || second > 59) {
    return false;
  }
  const int64_t seconds =
      (day - absl::CivilDay(1970, 1, 1)) * kDaySeconds + hour * 3600 + minute * 60 + second;
  SetTime(seconds * 1'000'000 + number(20, 6), time);
  return true;
}

absl::Status Malformed(absl::string_view header) {
  return InvalidField(header, "EVENT_HEADERS_MALFORMED",
                      absl::StrCat("the header ", header, " is missing or malformed"));
}

}  // namespace

Envelope EnvelopeOf(const store::JournalRow& row, absl::string_view source,
                    absl::string_view incarnation) {
  return EnvelopeOf(store::JournalRow(row), source, incarnation);
}

Envelope EnvelopeOf(store::JournalRow&& row, absl::string_view source,
                    absl::string_view incarnation) {
  Envelope event;
  event.set_id(std::move(row.id));
  event.set_type(std::move(row.type));
  event.set_source(source.data(), source.size());
  event.set_subject(std::move(row.aggregateid));
  event.set_topic(std::move(row.topic));
  event.set_routing_key(std::move(row.routing_key));
  event.set_incarnation(incarnation.data(), incarnation.size());
  event.set_position(row.position);
  event.set_lane(row.lane);
  event.set_previous_position(row.lane_previous);
  event.set_entity_version(row.entity_version);
  event.mutable_event_time()->set_seconds(row.time_micros / 1'000'000);
  event.mutable_event_time()->set_nanos(static_cast<int32_t>(row.time_micros % 1'000'000) * 1000);
  event.set_traceparent(std::move(row.traceparent));
  event.set_payload(std::move(row.payload));
  event.set_event_message(std::move(row.event_message));
  return event;
}

Headers HeadersOf(const Envelope& event) {
  Headers headers;
  ForEachHeader(event, [&headers](absl::string_view name, absl::string_view value) {
    headers.emplace_back(std::string(name), std::string(value));
  });
  return headers;
}

void ForEachHeader(const Envelope& event,
                   absl::FunctionRef<void(absl::string_view name, absl::string_view value)> take) {
  take("ce_specversion", "1.0");
  take("ce_id", event.id());
  take("ce_type", event.type());
  take("ce_source", event.source());
  take("ce_subject", event.subject());
  char time[kTimeSize + 1];
  if (WriteTime(event.event_time(), time)) {
    take("ce_time", absl::string_view(time, kTimeSize));
  } else {
    take("ce_time", absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ",
                                     absl::FromUnixSeconds(event.event_time().seconds()) +
                                         absl::Nanoseconds(event.event_time().nanos()),
                                     absl::UTCTimeZone()));
  }
  take("tandem_chain", absl::StrCat(event.incarnation(), "/", event.lane(), "/", event.position(),
                                    "/", event.previous_position(), "/", event.entity_version(),
                                    "/", event.event_message()));
  if (!event.traceparent().empty()) take("traceparent", event.traceparent());
}

absl::StatusOr<Envelope> FromRecord(const Headers& headers, absl::string_view topic,
                                    absl::string_view key, absl::string_view value) {
  HeaderViews views;
  views.reserve(headers.size());
  for (const auto& [name, text] : headers) views.emplace_back(name, text);
  return FromRecord(views, topic, key, value);
}

absl::StatusOr<Envelope> FromRecord(const HeaderViews& headers, absl::string_view topic,
                                    absl::string_view key, absl::string_view value) {
  Envelope event;
  absl::string_view chain, time;
  for (const auto& [name, text] : headers) {
    if (name == "ce_id") event.set_id(text.data(), text.size());
    if (name == "ce_type") event.set_type(text.data(), text.size());
    if (name == "ce_source") event.set_source(text.data(), text.size());
    if (name == "ce_subject") event.set_subject(text.data(), text.size());
    if (name == "ce_time") time = text;
    if (name == "traceparent") event.set_traceparent(text.data(), text.size());
    if (name == "tandem_chain") chain = text;
  }
  if (event.id().empty()) return Malformed("ce_id");
  if (event.type().empty()) return Malformed("ce_type");
  if (event.source().empty()) return Malformed("ce_source");
  std::array<absl::string_view, 6> parts;
  size_t count = 0;
  for (absl::string_view part : absl::StrSplit(chain, '/')) {
    if (count < parts.size()) parts[count] = part;
    ++count;
  }
  int32_t lane = 0;
  int64_t position = 0, previous = 0, version = 0;
  if (count != 6 || parts[0].empty() || !absl::SimpleAtoi(parts[1], &lane) || lane < 0 ||
      lane >= store::kLanes || !absl::SimpleAtoi(parts[2], &position) || position <= 0 ||
      !absl::SimpleAtoi(parts[3], &previous) || previous < 0 || previous >= position ||
      !absl::SimpleAtoi(parts[4], &version)) {
    return Malformed("tandem_chain");
  }
  if (lane != store::LaneOf(key)) return Malformed("tandem_chain");  // another event's key
  event.set_incarnation(parts[0].data(), parts[0].size());
  event.set_lane(lane);
  event.set_position(position);
  event.set_previous_position(previous);
  event.set_entity_version(version);
  event.set_event_message(parts[5].data(), parts[5].size());
  absl::Time parsed;
  std::string error;
  if (!ReadTime(time, event.mutable_event_time())) {
    event.clear_event_time();
    if (absl::ParseTime(absl::RFC3339_full, time, &parsed, &error)) {
      SetTime(absl::ToUnixMicros(parsed), event.mutable_event_time());
    }
  }
  event.set_topic(topic.data(), topic.size());
  event.set_routing_key(key.data(), key.size());
  event.set_payload(value.data(), value.size());
  return event;
}

}  // namespace tandem::bus
