#include "platform/store/row_check.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace tandem::store {

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
  for (size_t part = 0; part < parts.size(); ++part) {
    const auto& [map, versions] = parts[part];
    absl::StrAppend(&text, part == 0 ? "" : " UNION ALL ", "SELECT 1 FROM (SELECT 1 FROM (VALUES ");
    const size_t rows = NextKeys(versions.size());
    for (size_t i = 0; i < rows; ++i) {
      const auto& [key, version] = versions[std::min(i, versions.size() - 1)];
      params.emplace_back(std::string(key));
      params.emplace_back(version);
      // The first row says the types, which a list of values has not of itself.
      if (i == 0) {
        absl::StrAppend(&text, "(CAST($", params.size() - 1, " AS TEXT), CAST($", params.size(),
                        " AS BIGINT))");
      } else {
        absl::StrAppend(&text, ", ($", params.size() - 1, ", $", params.size(), ")");
      }
    }
    absl::StrAppend(&text, ") known (key, version) JOIN ", map->spec().table, " t ON t.\"",
                    map->key(), "\" = known.key AND t.\"version\" = known.version ORDER BY t.\"",
                    map->key(), "\" FOR UPDATE OF t) part", part);
  }
  texts_.push_back(std::make_unique<std::string>(
      absl::StrCat("SELECT 1 / (count(*) / ", params.size() / 2, ") FROM (", text, ") locked")));
  queries_.push_back({*texts_.back(), std::move(params)});
}

}  // namespace tandem::store
