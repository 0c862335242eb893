#include "platform/store/row_check.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace tandem::store {
namespace {

// A parameter of a list of values, of which the first row says the types.
std::string Typed(size_t param, absl::string_view type, size_t row) {
  return row == 0 ? absl::StrCat("CAST($", param, " AS ", type, ")") : absl::StrCat("$", param);
}

}  // namespace

RowCheck::RowCheck(std::vector<Rows> rows) {
  std::vector<Rows> together;
  const auto flush = [&] {
    if (!together.empty()) Add(std::exchange(together, {}));
  };
  for (Rows& of : rows) {
    if (of.versions.size() <= kFewKeys) {
      together.push_back(std::move(of));
      continue;
    }
    flush();
    for (size_t i = 0; i < of.versions.size();) {
      const size_t end = std::min(i + NextKeys(of.versions.size() - i), of.versions.size());
      Add({{of.map,
            {of.versions.begin() + static_cast<std::ptrdiff_t>(i),
             of.versions.begin() + static_cast<std::ptrdiff_t>(end)}}});
      i = end;
    }
  }
  flush();
}

// Each part has as many rows as a statement is made for, the last one repeated. Of a row that
// another is changing, PostgreSQL looks at the version again when it has the lock.
void RowCheck::Add(const std::vector<Rows>& parts) {
  std::string text;
  std::vector<Value> params;
  size_t count = 0;
  for (size_t part = 0; part < parts.size(); ++part) {
    const auto& [map, versions] = parts[part];
    const bool absent = map->spec().remembered == Remembered::kAbsence;
    const size_t rows = NextKeys(versions.size());
    count += rows;
    absl::StrAppend(&text, part == 0 ? "" : " UNION ALL ", "SELECT 1 FROM (SELECT 1 FROM (VALUES ");
    for (size_t i = 0; i < rows; ++i) {
      const auto& [key, version] = versions[std::min(i, versions.size() - 1)];
      params.emplace_back(std::string(key));
      absl::StrAppend(&text, i == 0 ? "(" : ", (", Typed(params.size(), "TEXT", i));
      if (!absent) {
        params.emplace_back(version);
        absl::StrAppend(&text, ", ", Typed(params.size(), "BIGINT", i));
      }
      absl::StrAppend(&text, ")");
    }
    const std::string key = absl::StrCat("t.\"", map->key(), "\"");
    if (absent) {
      absl::StrAppend(&text, ") known (key) WHERE NOT EXISTS (SELECT 1 FROM ", map->spec().table,
                      " t WHERE ", key, " = known.key)) part", part);
    } else {
      absl::StrAppend(&text, ") known (key, version) JOIN ", map->spec().table, " t ON ", key,
                      " = known.key AND t.\"version\" = known.version ORDER BY ", key,
                      " FOR UPDATE OF t) part", part);
    }
  }
  texts_.push_back(std::make_unique<std::string>(
      absl::StrCat("SELECT 1 / (count(*) / ", count, ") FROM (", text, ") checked")));
  queries_.push_back({*texts_.back(), std::move(params)});
}

}  // namespace tandem::store
