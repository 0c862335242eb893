// What a reader remembers of rows that it read: how an entity is serialised, children and etag
// included, at the version that it had. Like RowMemory it never says that the row is still so; the
// version in the database does, which rises with each change of the row and its children. Bounded
// by bytes: what was not asked for longest goes. Safe from any thread.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "google/protobuf/descriptor.h"
#include "platform/base/state.h"

namespace tandem::store {

using SharedBytes = std::shared_ptr<const std::string>;

class ReadMemory {
 public:
  struct Known {
    SharedBytes bytes;  // null: nothing is known
    int64_t version = 0;
  };
  static constexpr size_t kBytesMaxDefault = 8 << 20;

  explicit ReadMemory(size_t bytes_max = kBytesMaxDefault) : bytes_max_(bytes_max) {}

  // What is known of each, in order; and the era, which Put is to be told.
  int64_t Find(const google::protobuf::Descriptor* type, const std::vector<std::string>& ids,
               std::vector<Known>* known);
  // Nothing where the memory was cleared since.
  void Put(RowKey key, Known known, int64_t era);
  void Forget(const RowKey& key);
  // Forgets everything, and begins another era.
  void Clear();
  int64_t era() const;
  size_t bytes() const;

 private:
  struct Entry {
    RowKey key;
    Known known;
  };
  using Entries = std::list<Entry>;  // what was asked for last comes first

  static size_t SizeOf(const Entry& entry);
  void Drop(Entries::iterator entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t bytes_max_;
  mutable absl::Mutex mutex_;
  Entries entries_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<RowKey, Entries::iterator> by_key_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t era_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace tandem::store
