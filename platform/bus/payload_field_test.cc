#include "platform/bus/payload_field.h"

#include <gtest/gtest.h>

#include <string>

#include "tandem/events/v1/event.pb.h"
#include "tandem/events/v1/event_service.pb.h"

namespace tandem::bus {
namespace {

using events::v1::EventEnvelope;
using events::v1::ReadEventsResponse;

std::string Sample() {
  ReadEventsResponse message;
  EventEnvelope* event = message.add_events();
  event->set_id("evt_1");
  event->set_position(300);
  event->set_routing_key(std::string(200, 'k'));
  message.set_incarnation("inc");
  return message.SerializeAsString();
}

TEST(PayloadField, IsFoundWithoutParsingTheRest) {
  const std::string bytes = Sample();
  constexpr int kEvents = ReadEventsResponse::kEventsFieldNumber;
  EXPECT_EQ(std::string(TextAt(bytes, {kEvents, EventEnvelope::kIdFieldNumber})), "evt_1");
  EXPECT_EQ(std::string(TextAt(bytes, {kEvents, EventEnvelope::kRoutingKeyFieldNumber})),
            std::string(200, 'k'));
  EXPECT_EQ(std::string(TextAt(bytes, {ReadEventsResponse::kIncarnationFieldNumber})), "inc");
  EXPECT_EQ(std::string(TextAt(bytes, {kEvents, EventEnvelope::kTopicFieldNumber})), "");
  EXPECT_EQ(std::string(TextAt(bytes, {99})), "");
}

TEST(PayloadField, WhateverTheBytesAre) {
  const std::string bytes = Sample();
  for (size_t size = 0; size <= bytes.size(); ++size) {
    (void)TextAt(absl::string_view(bytes).substr(0, size), {1, 2});
  }
  EXPECT_EQ(std::string(TextAt("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", {1})), "");
  EXPECT_EQ(std::string(TextAt("\x0a\x7f", {1})), "") << "longer than there is";
}

}  // namespace
}  // namespace tandem::bus
