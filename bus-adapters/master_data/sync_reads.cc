#include "bus-adapters/master_data/sync_reads.h"

#include <memory>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "bus-adapters/master_data/record_view.h"
#include "bus-adapters/master_data/store.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"

namespace tandem::master_data {
namespace {

constexpr absl::string_view kFigures =
    "SELECT COUNT(*), CAST(COALESCE(SUM(in_step), 0) AS BIGINT), "
    "CAST(COALESCE(SUM(calls), 0) AS BIGINT), "
    "CAST(COALESCE(SUM(refused_pushes), 0) AS BIGINT), "
    "CAST(COALESCE(SUM(refused_proposals), 0) AS BIGINT), "
    "CAST(COALESCE(SUM(open_conflicts), 0) AS BIGINT), "
    "CAST(COALESCE(SUM(held_back), 0) AS BIGINT) FROM sync_records";

}  // namespace

absl::Status ReadStatus(const EntityRules& rules, const Runner& runner, store::Reader& reader,
                        v1::SyncStatus* answer) {
  TANDEM_ASSIGN_OR_RETURN(const store::Result result, reader.Select({kFigures, {}}));
  const store::Row& row = result.rows.at(0);
  auto figure = [&row](size_t i) { return std::get<int64_t>(row[i]); };
  answer->set_records(figure(0));
  answer->set_in_step(figure(1));
  answer->set_calls(figure(2));
  answer->set_refused_pushes(figure(3));
  answer->set_refused_proposals(figure(4));
  answer->set_open_conflicts(figure(5));
  answer->set_held_back(figure(6));
  for (const SystemRules& system : rules.systems()) {
    TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<v1::SyncSystem> known,
                            reader.GetOne<v1::SyncSystem>(system.name));
    v1::SyncSystem* shown = answer->add_systems();
    if (known != nullptr) *shown = std::move(*known);
    shown->set_id(system.name);
    if (const std::string error = runner.LastError(system.name); !error.empty()) {
      shown->set_last_error(error);
    }
  }
  return absl::OkStatus();
}

absl::Status ReadRecord(const EntityRules& rules, const std::string& id, store::Reader& reader,
                        v1::GetRecordResponse* answer) {
  TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<v1::SyncRecord> row, reader.GetOne<v1::SyncRecord>(id));
  for (const SystemRules& system : rules.systems()) {
    if (row != nullptr) break;
    TANDEM_ASSIGN_OR_RETURN(const std::unique_ptr<v1::CrosswalkEntry> entry,
                            reader.GetOne<v1::CrosswalkEntry>(CrosswalkId(system.name, id)));
    if (entry == nullptr) continue;
    TANDEM_ASSIGN_OR_RETURN(row, reader.GetOne<v1::SyncRecord>(entry->record_id()));
  }
  if (row == nullptr) {
    return Refuse(absl::StatusCode::kNotFound, "SYNC_RECORD_NOT_FOUND",
                  absl::StrCat("no record, and no copy, has the id ", id), "id");
  }
  for (v1::SyncField& field : FieldsOf(row->record())) *answer->add_fields() = std::move(field);
  *answer->mutable_record() = std::move(*row);
  return absl::OkStatus();
}

}  // namespace tandem::master_data
