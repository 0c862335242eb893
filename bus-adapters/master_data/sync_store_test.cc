// The tables of a synchronisation adapter, on both databases.
#include "bus-adapters/master_data/store.h"
#include "platform/store/drivers_fixture.h"
#include "platform/store/migrations.h"

namespace tandem::master_data {
namespace {

using SyncStore = store::DriversTest;

TEST_P(SyncStore, ItsMigrationsMakeWhatItsMessagesNeed) {
  for (const auto* scripts : {&store::PlatformMigrations(), &SyncMigrations()}) {
    ASSERT_TRUE(store::Migrate(*database_, *scripts).ok());
  }
  const store::Schema schema(SyncTables());
  auto connection = store::Connect(*database_);
  const absl::Status status = store::CheckTables(*connection, schema);
  EXPECT_TRUE(status.ok()) << status << "\n" << store::DdlOf(schema);
}

TEST_P(SyncStore, CallsUnderWayGetTheirNumbersIntoTheirKeys) {
  ASSERT_TRUE(store::Migrate(*database_, store::PlatformMigrations()).ok());
  ASSERT_TRUE(store::Migrate(*database_, {SyncMigrations().front()}).ok());
  auto connection = store::Connect(*database_);
  store::RunScript(*connection,
                   "INSERT INTO calls_under_way (id, number, version) VALUES ('rec_1|crm', 7, 1)");
  ASSERT_TRUE(store::Migrate(*database_, SyncMigrations()).ok());
  const auto calls = store::RunOne(*connection, "SELECT id FROM calls_under_way");
  ASSERT_TRUE(calls.ok()) << calls.status();
  EXPECT_EQ(std::get<std::string>(calls->rows[0][0]), CallId("rec_1", "crm", 7));
}

INSTANTIATE_TEST_SUITE_P(Drivers, SyncStore, testing::Values("sqlite", "postgresql"),
                         store::DriverName);

}  // namespace
}  // namespace tandem::master_data
