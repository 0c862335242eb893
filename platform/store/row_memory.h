// What a writer remembers of the rows of its tables (TableSpec::remembered), from one batch to the
// next: which version it knows, and how that row looks. It never says that the row is still so: the
// database does, by the version that it has when the row is locked. Used by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "google/protobuf/message.h"
#include "platform/base/state.h"

namespace tandem::store {

class RowMemory {
 public:
  struct Known {
    std::shared_ptr<const google::protobuf::Message> row;
    int64_t version = 0;
    size_t bytes = 0;  // serialised, about
  };
  // Serialised bytes of one type's rows; in memory they take some times as much.
  static constexpr size_t kBytesMaxDefault = 2 << 20;

  explicit RowMemory(size_t bytes_max = kBytesMaxDefault) : bytes_max_(bytes_max) {}

  // Null where nothing is known; else good until the next call.
  const Known* Find(const RowKey& key);
  // `bytes`: about how many the row serialises to.
  void Put(const RowKey& key, std::shared_ptr<const google::protobuf::Message> row, int64_t version,
           size_t bytes);
  void Forget(const RowKey& key);
  void Clear();

  // What was given up since the last call: freeing so many messages takes time, and need not be the
  // writer's.
  using ById = absl::flat_hash_map<std::string, Known>;
  std::vector<ById> TakeGivenUp() { return std::exchange(given_up_, {}); }

 private:
  // Of one type: what is not asked for while `recent` fills up goes with `before`.
  struct Rows {
    ById recent, before;
    size_t bytes = 0;  // of recent
  };
  const Known* Keep(Rows& rows, const std::string& id, Known known);

  const size_t bytes_max_;
  absl::flat_hash_map<const google::protobuf::Descriptor*, Rows> types_;
  std::vector<ById> given_up_;
};

}  // namespace tandem::store
