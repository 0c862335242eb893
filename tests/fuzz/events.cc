#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "bus-adapters/order_to_cash/reactions.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "platform/base/check.h"
#include "platform/base/hash.h"
#include "platform/base/status.h"
#include "platform/bus/envelope.h"
#include "tandem/options/v1/options.pb.h"
#include "tests/fuzz/targets.h"

namespace tandem::fuzz {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

struct EventType {
  const Descriptor* message;
  const FieldDescriptor* what;  // one of its oneof
  std::string source;
};

// Every event of every service.
const std::vector<EventType>& EventTypes() {
  static const auto* types = [] {
    auto* all = new std::vector<EventType>;
    for (const char* service : {"customer", "opportunity", "order", "inventory", "billing"}) {
      const auto* file = google::protobuf::DescriptorPool::generated_pool()->FindFileByName(
          absl::StrCat("tandem/", service, "/v1/events.proto"));
      TANDEM_CHECK(file != nullptr, service);
      for (int i = 0; i < file->message_type_count(); ++i) {
        const Descriptor* message = file->message_type(i);
        if (message->options().GetExtension(options::v1::event).topic().empty()) continue;
        for (int n = 0; n < message->field_count(); ++n) {
          const auto* oneof = message->field(n)->containing_oneof();
          if (oneof == nullptr || oneof->name() != "what") continue;
          all->push_back({message, message->field(n), absl::StrCat("/tandem/", service)});
        }
      }
    }
    TANDEM_CHECK(all->size() > 50, "all events are here");
    return all;
  }();
  return *types;
}

}  // namespace

// Lines `name: value`, the record's key first: what a record of a topic may carry.
void EventHeaders(absl::string_view input) {
  bus::Headers headers;
  const std::vector<std::string> lines = absl::StrSplit(input, '\n');
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::pair<std::string, std::string> header =
        absl::StrSplit(lines[i], absl::MaxSplits(": ", 1));
    headers.push_back(header);
  }
  const auto event = bus::FromRecord(headers, "tandem.order.order.v1", lines[0], "payload");
  if (!event.ok()) {
    TANDEM_CHECK(ReasonOf(event.status()) == "EVENT_HEADERS_MALFORMED", event.status().ToString());
    return;
  }
  const auto again =
      bus::FromRecord(bus::HeadersOf(*event), event->topic(), event->routing_key(), "payload");
  TANDEM_CHECK(again.ok() && again->position() == event->position() &&
                   again->previous_position() == event->previous_position() &&
                   again->lane() == event->lane() && again->id() == event->id(),
               "what was placed once is placed there again");
}

// The first line names the type, or else picks one; the rest is the payload. What reacts to it is
// pure.
void EventPayload(absl::string_view input) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(input, absl::MaxSplits('\n', 1));
  const auto& types = EventTypes();
  auto found = std::find_if(types.begin(), types.end(), [&](const EventType& known) {
    return known.what->message_type()->full_name() == parts.first;
  });
  if (found == types.end()) {
    found = types.begin() + static_cast<long>(StableHash64(parts.first) % types.size());
  }
  const EventType& type = *found;
  bus::Envelope event;
  event.set_id("evt_01jd8zk3v0qweyrt56789m0000");
  event.set_source(type.source);
  event.set_topic(type.message->options().GetExtension(options::v1::event).topic());
  event.set_type(type.what->message_type()->full_name());
  event.set_event_message(type.message->full_name());
  event.set_subject("ord_01jd8zk3v0qweyrt56789m0000");
  event.set_routing_key(event.subject());
  event.set_position(1);
  event.set_payload(std::string(parts.second));
  order_to_cash::KeyOf(event);
  const auto calls = order_to_cash::React(event);
  if (!calls.ok()) TANDEM_CHECK(calls.status().code() != absl::StatusCode::kOk, "an error is one");
}

}  // namespace tandem::fuzz
