// What a unit of work decides from memory, and tells it.
#include <map>

#include "platform/base/fault.h"
#include "platform/base/status_macros.h"
#include "platform/store/table_map.h"
#include "platform/store/unit_of_work.h"

namespace tandem::store {

absl::StatusOr<bool> UnitOfWork::DecideFromMemory(absl::Span<Item* const> items, bool connected) {
  Take(items);
  connected_ = connected;
  if (!wanted_.sets.empty() || !Trust()) return false;
  trusting_ = true;
  // The database checks while we decide.
  if (connected_ && AheadEvery(items_.size()) > 0) TANDEM_RETURN_IF_ERROR(GiveAhead());
  TANDEM_RETURN_IF_ERROR(Decide());
  TANDEM_FAILPOINT("store.after_decide");
  TANDEM_RETURN_IF_ERROR(WriteRows());
  return true;
}

// Takes what is wanted as it is remembered. False, with nothing done, where something is not, where
// a command did not say what it wants, or where no commit may follow that checks it.
bool UnitOfWork::Trust() {
  for (const Item* item : items_) {
    if (!item->command.hints || item->command.validate_only) return false;
  }
  std::map<std::pair<int, absl::string_view>, RowCheck::Rows> by_table;  // in the order of locking
  std::vector<RowMemory::Known> all;
  all.reserve(wanted_.rows.size());
  for (const RowKey& key : wanted_.rows) {
    const TableMap& map = schema_.MapOf(key.type);
    const RowMemory::Known* known =
        map.spec().remembered == Remembered::kNot ? nullptr : memory_.Find(key);
    if (known == nullptr) return false;
    all.push_back(*known);
    if (only_writer_) continue;  // CheckMemory
    RowCheck::Rows& rows = by_table[{map.spec().lock_order, map.spec().table}];
    rows.map = &map;
    rows.versions.emplace_back(key.id, known->version);
  }
  auto known = all.begin();
  for (const RowKey& key : wanted_.rows) {
    originals_[key] = known->row;
    state_.PutLoaded(key, std::move(known->row), known->version);
    ++known;
  }
  std::vector<RowCheck::Rows> rows;
  for (auto& [order, of] : by_table) rows.push_back(std::move(of));
  check_ = std::make_unique<RowCheck>(std::move(rows));
  for (Query& query : check_->queries()) {
    Add(query.sql, std::move(query.params), Failed::Part::kRow, {}, -1, /*or_fails=*/true);
  }
  return true;
}

absl::Status UnitOfWork::Distrust() {
  distrusted_ = true;
  return Fail(MakeError(Failure::kConflict, "this cannot be decided from memory alone"),
              Failed::Part::kOther);
}

// In the transaction that commits, where it is the only writer and a statement costs no round trip.
absl::Status UnitOfWork::CheckMemory() {
  std::map<const TableMap*, std::vector<std::string>> by_table;
  for (const auto& [key, row] : originals_) by_table[&schema_.MapOf(key.type)].push_back(key.id);
  if (by_table.empty()) return absl::OkStatus();
  RowLoad load;
  for (const auto& [map, ids] : by_table) load.AddVersions(*map, ids);
  TANDEM_ASSIGN_OR_RETURN(const std::vector<Result> results, RunLoad(load.queries()));
  if (absl::Status taken = load.Take(results); !taken.ok()) {
    return Fail(taken, Failed::Part::kLoad);
  }
  for (const auto& [key, row] : originals_) {
    const auto version = load.versions().find(key);
    const int64_t stored = version == load.versions().end() ? 0 : version->second;
    if (stored != state_.slots().at(key).stored_version) return Distrust();
  }
  return absl::OkStatus();
}

void UnitOfWork::Remember() {
  for (const auto& [key, slot] : state_.slots()) {
    const TableSpec& spec = schema_.MapOf(key.type).spec();
    if (!slot.changed || spec.remembered == Remembered::kNot) continue;
    if (slot.row == nullptr || !spec.writer_remembers_rows()) {
      memory_.Forget(key);
    } else {
      auto size = sizes_.find(key);
      memory_.Put(key, slot.row, slot.version,
                  size == sizes_.end() ? slot.row->ByteSizeLong() : size->second);
    }
  }
  given_up_ = memory_.TakeGivenUp();
}

void UnitOfWork::Forget() {
  for (const auto& [key, slot] : state_.slots()) {
    if (slot.changed) memory_.Forget(key);
  }
}

}  // namespace tandem::store
