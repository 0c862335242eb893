#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/settings/schema.h"

namespace tandem::settings {
namespace {

using ::testing::HasSubstr;

TEST(Reference, IsATablePerGroup) {
  Schema schema;
  schema.Int("server.port", "Where it listens | serves.", 7400, 0, 65535);
  schema.DurationMs("bus.retry_delay_ms", "The wait.", 500, 1, 60'000);
  schema.Secret("storage.password", "Of the database.");
  const std::string page = schema.ReferenceMarkdown();
  EXPECT_THAT(page,
              HasSubstr("## bus\n\n"
                        "| setting | what it does | values | default | environment |\n"
                        "|---|---|---|---|---|\n"
                        "| `bus.retry_delay_ms` | The wait. | duration, 1ms to 1m | `500ms` | "
                        "`TANDEM_BUS_RETRY_DELAY_MS` |\n\n"
                        "## server\n"));
  EXPECT_THAT(page,
              HasSubstr("| `server.port` | Where it listens \\| serves. | integer, 0 to 65535 "
                        "| `7400` | `TANDEM_SERVER_PORT` |\n"));
  EXPECT_THAT(page, HasSubstr("| `storage.password` | Of the database. | secret text | none | "
                              "`TANDEM_STORAGE_PASSWORD` |\n"));
}

}  // namespace
}  // namespace tandem::settings
