#include "platform/bus/waiting.h"

#include <gtest/gtest.h>

#include "platform/base/status.h"
#include "tandem/operations/v1/quarantine.pb.h"

namespace tandem::bus {
namespace {

using operations::v1::QuarantinedEvent;
using operations::v1::QuarantinedKey;

constexpr char kKeyId[] = "order|a";

class Waiting : public testing::Test {
 protected:
  Waiting() {
    state_.TreatUnknownAsAbsent();
    state_.Begin();
  }
  absl::Status Add(int64_t position) {
    Envelope event;
    event.set_id("evt");
    event.set_position(position);
    return Append(context_, state_, "order", "a", event,
                  Refuse(absl::StatusCode::kNotFound, "ORDER_UNKNOWN", "no such order"));
  }
  const QuarantinedKey* Key() { return state_.Find<QuarantinedKey>(kKeyId); }

  State state_;
  Context context_;
};

TEST_F(Waiting, TheFirstRefusalPutsTheKeyIntoQuarantine) {
  context_.now_micros = 5'000'000;
  EXPECT_FALSE(IsQuarantined(state_, "order", "a"));
  ASSERT_TRUE(Add(10).ok());
  EXPECT_TRUE(IsQuarantined(state_, "order", "a"));
  EXPECT_FALSE(IsQuarantined(state_, "billing", "a"));
  EXPECT_EQ(Key()->reason(), "ORDER_UNKNOWN");
  EXPECT_EQ(Key()->code(), static_cast<int>(absl::StatusCode::kNotFound));
  EXPECT_EQ(Key()->attempts(), 1);
  EXPECT_EQ(Key()->create_time().seconds(), 5);
}

TEST_F(Waiting, EventsAreNumberedInTheirOrder) {
  for (int64_t position : {10, 20, 30}) ASSERT_TRUE(Add(position).ok());
  EXPECT_EQ(Key()->event_count(), 3);
  for (int number : {1, 2, 3}) {
    const auto* event = state_.Find<QuarantinedEvent>(QuarantinedEventId(kKeyId, number));
    ASSERT_NE(event, nullptr);
    EXPECT_EQ(event->position(), 10 * number);
  }
}

TEST_F(Waiting, TheKeyIsFreeWhenTheLastIsTakenOut) {
  ASSERT_TRUE(Add(10).ok());
  ASSERT_TRUE(Add(20).ok());
  TakeOut(state_, kKeyId, QuarantinedEventId(kKeyId, 1));
  EXPECT_EQ(Key()->event_count(), 1);
  TakeOut(state_, kKeyId, QuarantinedEventId(kKeyId, 2));
  EXPECT_FALSE(IsQuarantined(state_, "order", "a"));
}

TEST_F(Waiting, AFailedTryIsNoted) {
  ASSERT_TRUE(Add(10).ok());
  NoteFailure(state_, kKeyId, absl::UnavailableError("away"));
  EXPECT_EQ(Key()->attempts(), 2);
  EXPECT_EQ(Key()->message(), "away");
  EXPECT_EQ(Key()->reason(), "UNKNOWN");
}

TEST_F(Waiting, SoManyAndNoMoreWaitBehindOneKey) {
  for (int i = 1; i <= kWaitingMax; ++i) ASSERT_TRUE(Add(i).ok());
  const absl::Status full = Add(kWaitingMax + 1);
  EXPECT_EQ(ReasonOf(full), "QUARANTINED_KEY_FULL");
  EXPECT_EQ(DispositionOf(full), Disposition::kRetry);
}

}  // namespace
}  // namespace tandem::bus
