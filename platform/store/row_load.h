// Loads entities with their children: collects the statements of one round trip, and makes messages
// of their results. Results are matched by key.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "google/protobuf/message.h"
#include "platform/base/state.h"
#include "platform/store/database.h"
#include "platform/store/table_map.h"

namespace tandem::store {

// The statements of `text` that look these keys up, few of them: in the order of the keys.
std::vector<Query> QueriesByKeys(const BySize& text, const std::vector<std::string>& ids);

class RowLoad {
 public:
  struct Loaded {
    std::unique_ptr<google::protobuf::Message> row;
    int64_t version = 0;
    int group = 0;
  };

  // Rows by key, locked in the order of the keys where `lock`. Children come in statements behind
  // the rows', so they are at least as new; under a lock they are the same age.
  void AddRows(const TableMap& map, const std::vector<std::string>& ids, bool lock);
  // Only the versions of rows by key, locked in the order of the keys: told by versions(). Of few
  // keys, those of tables that follow one another are one statement.
  void AddVersions(const TableMap& map, const std::vector<std::string>& ids);
  // The members of a set, locked. With `verify` the ids are read once more at the end: a member
  // that joined or left while the lock was waited for is told by Unsettled. Not needed where a
  // transaction is the only writer.
  void AddSet(const TableMap& map, int set, const std::string& key, bool verify);
  // Only the ids of a set that was loaded before: members nobody knows are told by Unsettled.
  void AddSetIds(const TableMap& map, int set, const std::string& key);
  // A page: `head` is a statement that gives the columns and version (TableMap::list_head …).
  void AddPage(const TableMap& map, std::string text, std::vector<Value> params);
  // The children of rows that the last AddPage gave, in another round trip.
  void AddChildren(const TableMap& map, const std::vector<std::string>& ids);
  // After Take: what follows is another round trip for the same rows.
  void NextTrip();

  const std::vector<Query>& queries() {
    AddTogether();
    return queries_;
  }
  bool empty() const { return queries_.empty() && together_.empty(); }

  // Takes the results of queries(), in order.
  absl::Status Take(absl::Span<const Result> results);

  // What was found; move out of it at will.
  absl::flat_hash_map<RowKey, Loaded>& rows() { return rows_; }
  // What AddVersions asked for and is there.
  const absl::flat_hash_map<RowKey, int64_t>& versions() const { return versions_; }
  // The keys in the order of the results (pages).
  const std::vector<RowKey>& order() const { return order_; }
  // Members of sets that are to be loaded by key, because they joined the set meanwhile, or left it
  // and so may lack children. What is in `known` is settled already.
  std::vector<RowKey> Unsettled(const State& known);

 private:
  enum class Kind { kRows, kChildren, kIds, kVersions, kVersionsOfMany };
  struct Step {
    Kind kind;
    const TableMap* map;
    int child;  // index, for kChildren; of the first table, for kVersionsOfMany
    int group;  // rows and children that belong together
  };

  void Add(Kind kind, const TableMap& map, int child, absl::string_view sql,
           std::vector<Value> params);
  void AddByKeys(Kind kind, const TableMap& map, int child, const BySize& text,
                 const std::vector<std::string>& ids);
  void AddTogether();
  absl::Status TakeRow(const Step& step, const Row& row);
  absl::Status TakeChild(const Step& step, const Row& row);
  absl::Status TakeVersion(const TableMap& map, absl::Span<const Value> row);
  absl::Status TakeVersionOfMany(const Step& step, const Row& row);

  std::vector<Query> queries_;
  std::vector<Step> steps_;
  std::vector<std::unique_ptr<std::string>> texts_;  // of pages, and of versions together
  // Versions that are asked for and no statement yet; the tables of such statements.
  std::vector<std::pair<const TableMap*, std::vector<std::string>>> together_;
  std::vector<const TableMap*> tables_;
  int group_ = 0;
  absl::flat_hash_map<RowKey, Loaded> rows_;
  absl::flat_hash_map<RowKey, int64_t> versions_;
  std::vector<RowKey> order_;
  absl::flat_hash_map<int, std::set<RowKey>> set_ids_;  // by group, what the last reading gave
};

}  // namespace tandem::store
