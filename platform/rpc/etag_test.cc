#include "platform/base/etag.h"

#include <gtest/gtest.h>

#include <string>

#include "platform/base/status.h"

namespace tandem::rpc {
namespace {

TEST(Etag, IsTheVersionInQuotes) {
  EXPECT_EQ(EtagOf(7), "\"7\"");
  EXPECT_EQ(EtagOf(0), "\"0\"");
}

TEST(CheckEtag, LetsNoConditionAndTheSameVersionPass) {
  EXPECT_TRUE(CheckEtag("", 7).ok());
  EXPECT_TRUE(CheckEtag("\"7\"", 7).ok());
}

TEST(CheckEtag, RefusesAnotherVersionAndNamesBoth) {
  const absl::Status status = CheckEtag("\"6\"", 7);
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReasonOf(status), "ETAG_MISMATCH");
  EXPECT_EQ(MetadataOf(status)["current"], "\"7\"");
  EXPECT_EQ(MetadataOf(status)["yours"], "\"6\"");
}

TEST(CheckEtag, RefusesWhatIsNoEtagOfOurs) {
  for (const char* given : {"7", "W/\"7\"", "*", "\"\"", "\"", "\"07\"", "\"+7\"", "\" 7\"",
                            "\"-7\"", "\"a\"", "\"7", "7\"", "\"99999999999999999999\""}) {
    const absl::Status status = CheckEtag(given, 7);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << given;
    EXPECT_EQ(ReasonOf(status), "ETAG_MALFORMED") << given;
    EXPECT_EQ(FieldOf(status), "etag") << given;
  }
}

}  // namespace
}  // namespace tandem::rpc
