#include "platform/bus/envelope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/protobuf/util/message_differencer.h"
#include "platform/base/status.h"

namespace tandem::bus {
namespace {

Envelope Sample() {
  store::JournalRow row;
  row.position = 42;
  row.id = "evt_1";
  row.topic = "tandem.order.order.v1";
  row.aggregateid = "ord_1";
  row.entity_version = 3;
  row.type = "tandem.order.v1.OrderPlaced";
  row.event_message = "tandem.order.v1.OrderEvent";
  row.routing_key = "ord_1";
  row.lane = store::LaneOf(row.routing_key);
  row.lane_previous = 17;
  row.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  row.time_micros = 1'700'000'000'123'456;
  row.payload = std::string("\x00payload\xff", 9);
  return EnvelopeOf(row, "/tandem/order", "inc");
}

absl::StatusOr<Envelope> Through(const Envelope& event, Headers headers) {
  return FromRecord(headers, event.topic(), event.routing_key(), event.payload());
}

TEST(Envelope, GoesThroughARecordUnchanged) {
  const Envelope event = Sample();
  const auto back = Through(event, HeadersOf(event));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->SerializeAsString(), event.SerializeAsString());
}

TEST(Envelope, IsACloudEventInBinaryMode) {
  EXPECT_THAT(
      HeadersOf(Sample()),
      testing::ElementsAre(
          testing::Pair("ce_specversion", "1.0"), testing::Pair("ce_id", "evt_1"),
          testing::Pair("ce_type", "tandem.order.v1.OrderPlaced"),
          testing::Pair("ce_source", "/tandem/order"), testing::Pair("ce_subject", "ord_1"),
          testing::Pair("ce_time", "2023-11-14T22:13:20.123456Z"),
          testing::Pair("tandem_chain", testing::EndsWith("/42/17/3/tandem.order.v1.OrderEvent")),
          testing::Pair("traceparent", testing::_)));
}

TEST(Envelope, RefusesARecordThatCannotBePlaced) {
  const Envelope event = Sample();
  for (const char* name : {"ce_id", "ce_type", "ce_source", "tandem_chain"}) {
    Headers headers = HeadersOf(event);
    std::erase_if(headers, [&](const auto& header) { return header.first == name; });
    const auto back = Through(event, headers);
    EXPECT_EQ(ReasonOf(back.status()), "EVENT_HEADERS_MALFORMED") << name;
    EXPECT_EQ(FieldOf(back.status()), name);
  }
}

TEST(Envelope, RefusesAChainThatCannotBe) {
  const Envelope event = Sample();
  const std::string lane = std::to_string(event.lane());
  for (const std::string& chain : std::vector<std::string>{
           "", "inc/" + lane + "/42/17/3", "/" + lane + "/42/17/3/m", "inc/64/42/17/3/m",
           "inc/-1/42/17/3/m", "inc/" + lane + "/0/0/3/m", "inc/" + lane + "/42/42/3/m",
           "inc/" + lane + "/42/-1/3/m", "inc/" + lane + "/x/17/3/m", "inc/" + lane + "/42/17/x/m",
           "inc/" + std::to_string((event.lane() + 1) % 64) + "/42/17/3/m"}) {
    Headers headers = HeadersOf(event);
    for (auto& [name, value] : headers) {
      if (name == "tandem_chain") value = chain;
    }
    EXPECT_EQ(ReasonOf(Through(event, headers).status()), "EVENT_HEADERS_MALFORMED") << chain;
  }
}

TEST(Envelope, RefusesAnotherLanesKey) {
  const Envelope event = Sample();
  EXPECT_FALSE(FromRecord(HeadersOf(event), event.topic(), "another", event.payload()).ok());
}

}  // namespace
}  // namespace tandem::bus
