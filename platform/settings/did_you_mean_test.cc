#include "platform/settings/did_you_mean.h"

#include <gtest/gtest.h>

namespace tandem::settings {
namespace {

TEST(DidYouMean, NamesTheNearest) {
  const std::vector<std::string> names = {"server.port", "storage.dir", "bus.retry_delay_ms"};
  EXPECT_EQ(DidYouMean("server.prot", names), "server.port");
  EXPECT_EQ(DidYouMean("storagedir", names), "storage.dir");
  EXPECT_EQ(DidYouMean("bus.retry_delay", names), "bus.retry_delay_ms");
}

TEST(DidYouMean, SaysNothingWhenNothingIsNear) {
  EXPECT_EQ(DidYouMean("frobnicate", {"server.port"}), std::nullopt);
  EXPECT_EQ(DidYouMean("", {"a.b.c"}), std::nullopt);
  EXPECT_EQ(DidYouMean("x", {}), std::nullopt);
}

}  // namespace
}  // namespace tandem::settings
