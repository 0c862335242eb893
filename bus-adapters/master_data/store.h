// The tables of a synchronisation adapter: its records, the crosswalk, the calls under way, and
// what lost or waits for a person. The same for every entity.
#pragma once

#include <vector>

#include "absl/strings/string_view.h"
#include "platform/store/migrations.h"
#include "platform/store/table.h"

namespace tandem::master_data {

// Those of the subscriptions included.
std::vector<store::TableSpec> SyncTables();
const std::vector<store::Migration>& SyncMigrations();

// The set of ParentWait rows of a parent, at most kWaitsMax of them.
inline constexpr char kWaitsOfParent[] = "waits_of_parent";
inline constexpr int kWaitsMax = 1000;

// Keys.
std::string CrosswalkId(absl::string_view system, absl::string_view foreign_id);
std::string IdentifierId(absl::string_view group, absl::string_view value);
std::string CallId(absl::string_view record_id, absl::string_view system, int64_t number);
std::string ParentWaitId(absl::string_view parent, absl::string_view system,
                         absl::string_view child);
// Of refused writes and conflicts: sorted by number within a record.
std::string NumberedId(absl::string_view record_id, int64_t number);

}  // namespace tandem::master_data
