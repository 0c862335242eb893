#include "platform/base/uuid.h"

#include <gtest/gtest.h>

#include <set>

#include "platform/base/status.h"

namespace tandem {
namespace {

constexpr char kDns[] = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

TEST(Uuid, IsReadInEitherCaseAndKeptInLower) {
  EXPECT_EQ(*ParseUuid("6BA7B810-9DAD-11D1-80B4-00C04FD430C8"), kDns);
  EXPECT_TRUE(IsUuid("00000000-0000-0000-0000-000000000000"));
  for (const char* text :
       {"", "6ba7b8109dad11d180b400c04fd430c8", "6ba7b810-9dad-11d1-80b4-00c04fd430c",
        "{6ba7b810-9dad-11d1-80b4-00c04fd430c8}", "6ba7b810-9dad-11d1-80b4_00c04fd430c8",
        "6ba7b810-9dad-11d1-80b4-00c04fd430cg"}) {
    const auto uuid = ParseUuid(text, "request_id");
    EXPECT_EQ(ReasonOf(uuid.status()), "UUID_INVALID") << text;
    EXPECT_EQ(FieldOf(uuid.status()), "request_id");
  }
}

TEST(Uuid, OfANameIsTheOneOfRfc4122) {
  EXPECT_EQ(UuidV5(kDns, "python.org"), "886313e1-3b8a-5372-9b90-0c9aee199e5d");
  EXPECT_EQ(UuidV5(kDns, "tandem"), "75611312-38e5-5472-bb06-e5022237a2b9");
}

TEST(Uuid, OfChanceIsVersion4AndDoesNotRepeat) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string uuid = UuidV4();
    ASSERT_TRUE(IsUuid(uuid)) << uuid;
    ASSERT_EQ(uuid[14], '4');
    ASSERT_NE(std::string("89ab").find(uuid[19]), std::string::npos) << uuid;
    seen.insert(uuid);
  }
  EXPECT_EQ(seen.size(), 1000u);
}

TEST(CallRequestId, NeverChangesForTheSameCall) {
  EXPECT_EQ(CallRequestId("evt_01", "tandem.order.v1.OrderService/PlaceOrder", "ord_01"),
            "f90d61fc-4659-58e0-91e2-f2bae3e2c71b");
  EXPECT_NE(CallRequestId("evt_01", "tandem.order.v1.OrderService/PlaceOrder", "ord_02"),
            CallRequestId("evt_02", "tandem.order.v1.OrderService/PlaceOrder", "ord_01"));
}

}  // namespace
}  // namespace tandem
