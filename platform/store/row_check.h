// What a writer remembers, taken as it is and checked by the commit itself: statements that lock
// rows, in the order of locking, and fail, dividing by zero, where one is gone or of another
// version, or where one is there that was not. They give no row back, so nobody waits for them.
// PostgreSQL.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "platform/store/database.h"
#include "platform/store/table_map.h"

namespace tandem::store {

class RowCheck {
 public:
  struct Rows {
    const TableMap* map = nullptr;
    // By key, in their order; of a table whose absent rows are remembered, 0.
    std::vector<std::pair<absl::string_view, int64_t>> versions;
  };

  // One statement for the tables that have few rows and follow one another; of many rows, one for
  // 64. The queries' texts live as long as this does.
  explicit RowCheck(std::vector<Rows> rows);
  std::vector<Query>& queries() { return queries_; }

 private:
  void Add(const std::vector<Rows>& parts);  // of one statement

  std::vector<std::unique_ptr<std::string>> texts_;
  std::vector<Query> queries_;
};

}  // namespace tandem::store
