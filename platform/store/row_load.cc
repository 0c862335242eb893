#include "platform/store/row_load.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/base/check.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"

namespace tandem::store {
namespace {

using google::protobuf::Message;
using google::protobuf::MessageFactory;

absl::Status Corrupt(absl::string_view table, absl::string_view what) {
  return Refuse(absl::StatusCode::kInternal, "STORE_ROW_CORRUPT",
                absl::StrCat("table ", table, ": ", what));
}

}  // namespace

std::vector<Query> QueriesByKeys(const BySize& text, const std::vector<std::string>& ids) {
  std::vector<Query> queries;
  for (size_t i = 0; i < ids.size();) {
    const size_t keys = NextKeys(ids.size() - i);
    std::vector<Value> params;
    params.reserve(keys);
    for (size_t k = i; k < i + keys; ++k) params.emplace_back(ids[std::min(k, ids.size() - 1)]);
    i += keys;
    queries.push_back({text.For(keys), std::move(params)});
  }
  return queries;
}

void RowLoad::Add(Kind kind, const TableMap& map, int child, absl::string_view sql,
                  std::vector<Value> params) {
  AddTogether();
  queries_.push_back({sql, std::move(params)});
  steps_.push_back({kind, &map, child, group_});
}

void RowLoad::AddByKeys(Kind kind, const TableMap& map, int child, const BySize& text,
                        const std::vector<std::string>& ids) {
  for (Query& query : QueriesByKeys(text, ids)) {
    Add(kind, map, child, query.sql, std::move(query.params));
  }
}

void RowLoad::AddRows(const TableMap& map, const std::vector<std::string>& ids, bool lock) {
  ++group_;
  AddByKeys(Kind::kRows, map, -1, lock ? map.lock : map.select, ids);
  AddChildren(map, ids);
}

void RowLoad::AddVersions(const TableMap& map, const std::vector<std::string>& ids) {
  if (ids.size() <= kFewKeys) {
    together_.emplace_back(&map, ids);
  } else {
    AddByKeys(Kind::kVersions, map, -1, map.lock_versions, ids);
  }
}

// One after the other, as their statements would be: the parts of a UNION ALL are run in turn.
void RowLoad::AddTogether() {
  const auto together = std::exchange(together_, {});
  if (together.size() == 1) {
    const auto& [map, ids] = together[0];
    AddByKeys(Kind::kVersions, *map, -1, map->lock_versions, ids);
  }
  if (together.size() <= 1) return;
  const auto first = static_cast<int>(tables_.size());
  std::string text;
  std::vector<Value> params;
  for (size_t i = 0; i < together.size(); ++i) {
    const auto& [map, ids] = together[i];
    const size_t keys = NextKeys(ids.size());
    absl::StrAppend(&text, i == 0 ? "" : " UNION ALL ", "SELECT ", i, ", part", i, ".* FROM (",
                    map->LockVersions(params.size() + 1, keys), ") part", i);
    for (size_t k = 0; k < keys; ++k) params.emplace_back(ids[std::min(k, ids.size() - 1)]);
    tables_.push_back(map);
  }
  texts_.push_back(std::make_unique<std::string>(std::move(text)));
  Add(Kind::kVersionsOfMany, *together[0].first, first, *texts_.back(), std::move(params));
}

void RowLoad::AddChildren(const TableMap& map, const std::vector<std::string>& ids) {
  for (size_t child = 0; child < map.children().size(); ++child) {
    AddByKeys(Kind::kChildren, map, static_cast<int>(child), map.children()[child].select, ids);
  }
}

void RowLoad::AddSet(const TableMap& map, int set, const std::string& key, bool verify) {
  ++group_;
  const auto index = static_cast<size_t>(set);
  Add(Kind::kRows, map, -1, map.set_rows[index], {key});
  for (size_t child = 0; child < map.children().size(); ++child) {
    Add(Kind::kChildren, map, static_cast<int>(child), map.children()[child].sets[index], {key});
  }
  if (!verify) return;
  set_ids_[group_];  // also when there is none
  Add(Kind::kIds, map, -1, map.set_ids[index], {key});
}

void RowLoad::AddSetIds(const TableMap& map, int set, const std::string& key) {
  ++group_;
  Add(Kind::kIds, map, -1, map.set_ids[static_cast<size_t>(set)], {key});
}

void RowLoad::AddPage(const TableMap& map, std::string text, std::vector<Value> params) {
  ++group_;
  texts_.push_back(std::make_unique<std::string>(std::move(text)));
  Add(Kind::kRows, map, -1, *texts_.back(), std::move(params));
}

void RowLoad::NextTrip() {
  queries_.clear();
  steps_.clear();
}

absl::Status RowLoad::Take(absl::Span<const Result> results) {
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    for (const Row& row : results[i].rows) {
      switch (step.kind) {
        case Kind::kRows:
          TANDEM_RETURN_IF_ERROR(TakeRow(step, row));
          break;
        case Kind::kChildren:
          TANDEM_RETURN_IF_ERROR(TakeChild(step, row));
          break;
        case Kind::kVersions:
          TANDEM_RETURN_IF_ERROR(TakeVersion(*step.map, row));
          break;
        case Kind::kVersionsOfMany:
          TANDEM_RETURN_IF_ERROR(TakeVersionOfMany(step, row));
          break;
        case Kind::kIds: {
          const auto* id = row.empty() ? nullptr : std::get_if<std::string>(&row[0]);
          if (id == nullptr) return Corrupt(step.map->spec().table, "a set gives no keys");
          set_ids_[step.group].insert({step.map->spec().type, *id});
          break;
        }
      }
    }
  }
  return absl::OkStatus();
}

absl::Status RowLoad::TakeRow(const Step& step, const Row& row) {
  const TableMap& map = *step.map;
  if (row.size() != map.columns().size() + 1) return Corrupt(map.spec().table, "wrong columns");
  const auto* id = std::get_if<std::string>(&row[0]);
  const auto* version = std::get_if<int64_t>(&row.back());
  if (id == nullptr) return Corrupt(map.spec().table, "a key is NULL");
  if (version == nullptr || *version < 1) {
    return Corrupt(map.spec().table, absl::StrCat(*id, ": versions begin at 1"));
  }
  RowKey key{map.spec().type, *id};
  auto [it, fresh] = rows_.try_emplace(key);
  if (!fresh) return absl::OkStatus();  // also a member of another set
  const Message* prototype = MessageFactory::generated_factory()->GetPrototype(map.spec().type);
  Loaded loaded{std::unique_ptr<Message>(prototype->New()), *version, step.group};
  TANDEM_RETURN_IF_ERROR(
      map.columns().Decode(absl::MakeSpan(row).first(map.columns().size()), loaded.row.get()));
  it->second = std::move(loaded);
  order_.push_back(std::move(key));
  return absl::OkStatus();
}

absl::Status RowLoad::TakeChild(const Step& step, const Row& row) {
  const TableMap& map = *step.map;
  const TableMap::Child& child = map.children()[static_cast<size_t>(step.child)];
  const auto* parent = row.size() < 2 ? nullptr : std::get_if<std::string>(&row[0]);
  const auto* n = row.size() < 2 ? nullptr : std::get_if<int64_t>(&row[1]);
  if (parent == nullptr || n == nullptr) return Corrupt(child.table, "a key is NULL");
  auto it = rows_.find(RowKey{map.spec().type, *parent});
  if (it == rows_.end() || it->second.group != step.group) return absl::OkStatus();
  Message* owner = MutableOwnerOf(child.repeated, it->second.row.get());
  if (owner->GetReflection()->FieldSize(*owner, child.repeated.field) != *n) {
    return Corrupt(child.table, absl::StrCat("the rows of ", *parent, " are not numbered 0, 1, …"));
  }
  return child.columns.DecodeElement(absl::MakeSpan(row).subspan(2), owner);
}

absl::Status RowLoad::TakeVersion(const TableMap& map, absl::Span<const Value> row) {
  const auto* id = row.size() != 2 ? nullptr : std::get_if<std::string>(&row[0]);
  const auto* version = row.size() != 2 ? nullptr : std::get_if<int64_t>(&row[1]);
  if (id == nullptr || version == nullptr) {
    return Corrupt(map.spec().table, "a key or version is NULL");
  }
  versions_[RowKey{map.spec().type, *id}] = *version;
  return absl::OkStatus();
}

absl::Status RowLoad::TakeVersionOfMany(const Step& step, const Row& row) {
  const auto* part = row.empty() ? nullptr : std::get_if<int64_t>(&row[0]);
  TANDEM_CHECK(part != nullptr, "a part's number is written in the statement");
  return TakeVersion(*tables_[static_cast<size_t>(step.child + *part)],
                     absl::MakeConstSpan(row).subspan(1));
}

std::vector<RowKey> RowLoad::Unsettled(const State& known) {
  std::vector<RowKey> unsettled;
  for (const auto& [group, ids] : set_ids_) {
    for (const RowKey& key : ids) {
      if (!rows_.contains(key) && !known.slots().contains(key)) unsettled.push_back(key);
    }
  }
  for (auto it = rows_.begin(); it != rows_.end();) {
    auto ids = set_ids_.find(it->second.group);
    if (ids != set_ids_.end() && !ids->second.contains(it->first)) {
      if (!known.slots().contains(it->first)) unsettled.push_back(it->first);
      rows_.erase(it++);
    } else {
      ++it;
    }
  }
  return unsettled;
}

}  // namespace tandem::store
