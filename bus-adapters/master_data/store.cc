#include "bus-adapters/master_data/store.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "master_data_migrations.h"
#include "platform/bus/runner.h"
#include "tandem/master_data/v1/sync.pb.h"

namespace tandem::master_data {
namespace {

constexpr char kWaitsOfParentSql[] =
    "SELECT id FROM parent_waits WHERE parent_id = $1 ORDER BY id LIMIT 1000";
static_assert(kWaitsMax == 1000);

}  // namespace

std::vector<store::TableSpec> SyncTables() {
  std::vector<store::TableSpec> tables = bus::SubscriptionTables();
  tables.push_back({v1::SyncSystem::descriptor(), "sync_systems", {}, 10});
  tables.push_back(
      {v1::CrosswalkEntry::descriptor(), "crosswalk", {}, 20, store::Remembered::kByWriter});
  tables.push_back(
      {v1::IdentifierEntry::descriptor(), "identifiers", {}, 30, store::Remembered::kByWriter});
  tables.push_back(
      {v1::SyncRecord::descriptor(), "sync_records", {}, 40, store::Remembered::kByWriter});
  tables.push_back(
      {v1::ParentWait::descriptor(), "parent_waits", {{kWaitsOfParent, kWaitsOfParentSql}}, 50});
  tables.push_back(
      {v1::CallUnderWay::descriptor(), "calls_under_way", {}, 60, store::Remembered::kByWriter});
  tables.push_back({v1::RefusedWrite::descriptor(), "refused_writes", {}, 70});
  tables.push_back({v1::SyncConflict::descriptor(), "sync_conflicts", {}, 80});
  return tables;
}

const std::vector<store::Migration>& SyncMigrations() { return Master_dataMigrations(); }

std::string CrosswalkId(absl::string_view system, absl::string_view foreign_id) {
  return absl::StrCat(system, "|", foreign_id);
}

std::string IdentifierId(absl::string_view group, absl::string_view value) {
  return absl::StrCat(group, "|", value);
}

std::string CallId(absl::string_view record_id, absl::string_view system, int64_t number) {
  return absl::StrCat(record_id, "|", system, "|", number);
}

std::string ParentWaitId(absl::string_view parent, absl::string_view system,
                         absl::string_view child) {
  return absl::StrCat(parent, "|", system, "|", child);
}

std::string NumberedId(absl::string_view record_id, int64_t number) {
  return absl::StrFormat("%s|%06d", record_id, number);
}

}  // namespace tandem::master_data
