#include "tests/battery/state.h"

#include <functional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "platform/base/check.h"
#include "tandem/events/v1/event_service.pb.h"

namespace tandem::test {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr const char* kSources[] = {"customer", "opportunity",   "order",        "inventory",
                                    "billing",  "customer_sync", "product_sync", "order_to_cash"};
constexpr char kEvents[] = "/tandem.events.v1.EventService/";
constexpr int kPagesMax = 100;

// Every page of a list; 0 where it is not to be had without more (a parent, say).
uint64_t HashOf(Calls& calls, const google::protobuf::MethodDescriptor& method) {
  const FieldDescriptor* size = method.input_type()->FindFieldByName("page_size");
  const FieldDescriptor* token = method.input_type()->FindFieldByName("page_token");
  const FieldDescriptor* next = method.output_type()->FindFieldByName("next_page_token");
  if (size == nullptr || token == nullptr || next == nullptr) return 0;
  const auto request = NewMessage(method.input_type());
  request->GetReflection()->SetInt32(request.get(), size, 1000);
  uint64_t hash = 0;
  for (int page = 0; page < kPagesMax; ++page) {
    const Answered answered = calls.Call(PathOf(method), request->SerializeAsString());
    if (!answered.status.ok()) return 0;
    const auto answer = NewMessage(method.output_type());
    TANDEM_CHECK(answer->ParseFromString(answered.bytes), method.full_name());
    const std::string more = answer->GetReflection()->GetString(*answer, next);
    answer->GetReflection()->ClearField(answer.get(), next);  // sealed anew each time
    hash = hash * 1'099'511'628'211u + std::hash<std::string>()(answer->SerializeAsString());
    if (more.empty()) return hash;
    request->GetReflection()->SetString(request.get(), token, more);
  }
  return hash;
}

}  // namespace

Heads HeadsOf(Calls& calls) {
  Heads heads;
  for (const char* part : kSources) {
    events::v1::GetHeadsRequest request;
    request.set_source(absl::StrCat("/tandem/", part));
    const Answered answered =
        calls.Call(absl::StrCat(kEvents, "GetHeads"), request.SerializeAsString());
    events::v1::GetHeadsResponse answer;
    TANDEM_CHECK(answered.status.ok() && answer.ParseFromString(answered.bytes),
                 answered.status.ToString());
    heads[request.source()] = answer.head();
  }
  return heads;
}

bool WaitUntilQuiet(Calls& calls) {
  // Reactions follow within tens of milliseconds, and reconciliation looks once a second.
  constexpr absl::Duration kQuiet = absl::Milliseconds(2'500);
  const absl::Time end = absl::Now() + absl::Minutes(1);
  absl::Time since = absl::Now();
  Heads last = HeadsOf(calls);
  while (absl::Now() < end) {
    absl::SleepFor(absl::Milliseconds(100));
    Heads now = HeadsOf(calls);
    if (now != last) since = absl::Now();
    if (absl::Now() - since > kQuiet) return true;
    last = std::move(now);
  }
  return false;
}

std::map<std::string, uint64_t> StateOf(Calls& calls) {
  std::map<std::string, uint64_t> state;
  for (const auto& [source, head] : HeadsOf(calls)) state[source] = static_cast<uint64_t>(head);
  for (const auto* method : AllMethods()) {
    if (absl::StartsWith(method->name(), "List")) {
      state[method->full_name()] = HashOf(calls, *method);
    }
  }
  return state;
}

std::set<std::string> ActorsSince(Calls& calls, const Heads& heads) {
  std::set<std::string> actors;
  for (const auto& [source, head] : heads) {
    events::v1::ReadEventsRequest request;
    request.set_source(source);
    request.set_after_position(head);
    while (true) {
      const Answered answered =
          calls.Call(absl::StrCat(kEvents, "ReadEvents"), request.SerializeAsString());
      events::v1::ReadEventsResponse page;
      TANDEM_CHECK(answered.status.ok() && page.ParseFromString(answered.bytes),
                   answered.status.ToString());
      for (const auto& event : page.events()) {
        const auto payload = NewMessage(event.event_message());
        TANDEM_CHECK(payload != nullptr && payload->ParseFromString(event.payload()),
                     event.event_message());
        const FieldDescriptor* meta = payload->GetDescriptor()->FindFieldByName("meta");
        actors.insert(static_cast<const events::v1::EventMeta&>(
                          payload->GetReflection()->GetMessage(*payload, meta))
                          .actor());
      }
      if (page.position() <= request.after_position() || page.events().empty()) break;
      request.set_after_position(page.position());
    }
  }
  return actors;
}

}  // namespace tandem::test
