#include "cli/trace.h"

#include <grpcpp/channel.h>

#include <algorithm>
#include <iostream>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "cli/output.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/bus/event_meta.h"
#include "platform/rpc/client.h"
#include "platform/store/journal.h"
#include "tandem/events/v1/event_service.grpc.pb.h"
#include "tandem/order/v1/order_service.grpc.pb.h"

namespace tandem::cli {
namespace {

using events::v1::EventEnvelope;

struct Topic {
  const char* part;
  const char* topic;
};
// Where an order leaves traces, each keyed by the order.
constexpr Topic kTopics[] = {
    {"order", "tandem.order.order.v1"},
    {"inventory", "tandem.inventory.demand.v1"},
    {"inventory", "tandem.inventory.shipment.v1"},
    {"billing", "tandem.billing.credit_commitment.v1"},
    {"billing", "tandem.billing.invoice.v1"},
    {"billing", "tandem.billing.credit_note.v1"},
};

absl::StatusOr<order::v1::Order> FindOrder(const Arguments& arguments, const std::string& name) {
  auto stub = order::v1::OrderService::NewStub(ChannelTo(arguments, "order"));
  if (absl::StartsWith(name, "ord_")) {
    order::v1::GetOrderRequest request;
    request.set_id(name);
    return rpc::Call(*stub, &order::v1::OrderService::Stub::GetOrder, request);
  }
  order::v1::GetOrderByNumberRequest request;
  request.set_order_number(name);
  return rpc::Call(*stub, &order::v1::OrderService::Stub::GetOrderByNumber, request);
}

// The events of one key on one topic: its lane, read from the start.
absl::Status ReadKey(const Arguments& arguments, const Topic& topic, const std::string& key,
                     std::vector<EventEnvelope>* out) {
  auto stub = events::v1::EventService::NewStub(ChannelTo(arguments, topic.part));
  events::v1::ReadEventsRequest request;
  request.set_source(absl::StrCat("/tandem/", topic.part));
  request.set_topic(topic.topic);
  request.set_lane(store::LaneOf(key));
  while (true) {
    TANDEM_ASSIGN_OR_RETURN(events::v1::ReadEventsResponse page,
                            rpc::Call(*stub, &events::v1::EventService::Stub::ReadEvents, request));
    for (EventEnvelope& event : *page.mutable_events()) {
      if (event.routing_key() == key) out->push_back(std::move(event));
    }
    if (page.position() >= page.head()) return absl::OkStatus();
    request.set_after_position(page.position());
  }
}

absl::Time TimeOf(const EventEnvelope& event) {
  return absl::FromUnixSeconds(event.event_time().seconds()) +
         absl::Nanoseconds(event.event_time().nanos());
}

std::string ShortType(const EventEnvelope& event) {
  return event.type().substr(event.type().rfind('.') + 1);
}

}  // namespace

int TraceOrder(const Arguments& arguments) {
  if (arguments.words.size() < 3) {
    std::cerr << "usage: tandem order trace ORDER (its id or number)\n";
    return 2;
  }
  absl::StatusOr<order::v1::Order> order = FindOrder(arguments, arguments.words[2]);
  if (!order.ok()) return Complain(order.status());
  std::vector<EventEnvelope> events;
  for (const Topic& topic : kTopics) {
    absl::Status status = ReadKey(arguments, topic, order->id(), &events);
    // A service that is away hides its own steps, not the others'.
    if (!status.ok()) {
      std::cerr << "(" << topic.part << " does not answer: " << status.message() << ")\n";
    }
  }
  std::stable_sort(
      events.begin(), events.end(),
      [](const EventEnvelope& a, const EventEnvelope& b) { return TimeOf(a) < TimeOf(b); });
  std::vector<std::vector<std::string>> rows = {
      {"time", "after", "service", "event", "of", "version", "because of"}};
  std::map<std::string, std::string> types;  // by event id
  for (const EventEnvelope& event : events) types[event.id()] = ShortType(event);
  for (const EventEnvelope& event : events) {
    const auto cause = types.find(bus::MetaOf(event).cause_event_id());
    const absl::Time time = TimeOf(event);
    rows.push_back(
        {absl::FormatTime("%Y-%m-%d %H:%M:%E3S", time, absl::UTCTimeZone()),
         absl::StrFormat("%.1f ms", absl::ToDoubleMilliseconds(time - TimeOf(events[0]))),
         event.source().substr(event.source().rfind('/') + 1), ShortType(event), event.subject(),
         absl::StrCat(event.entity_version()), cause == types.end() ? "" : cause->second});
  }
  std::cout << order->order_number() << " " << order->id() << "\n";
  PrintTable(rows, std::cout);
  return 0;
}

}  // namespace tandem::cli
