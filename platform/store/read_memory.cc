#include "platform/store/read_memory.h"

#include <utility>

namespace tandem::store {

// With what an entry takes beside its bytes: the keys, twice, and the nodes.
size_t ReadMemory::SizeOf(const Entry& entry) {
  return entry.known.bytes->size() + 2 * entry.key.id.size() + 256;
}

int64_t ReadMemory::Find(const google::protobuf::Descriptor* type,
                         const std::vector<std::string>& ids, std::vector<Known>* known) {
  known->assign(ids.size(), {});
  RowKey key{type, {}};
  absl::MutexLock lock(&mutex_);
  for (size_t i = 0; i < ids.size(); ++i) {
    key.id = ids[i];
    auto it = by_key_.find(key);
    if (it == by_key_.end()) continue;
    entries_.splice(entries_.begin(), entries_, it->second);
    (*known)[i] = it->second->known;
  }
  return era_;
}

void ReadMemory::Put(RowKey key, Known known, int64_t era) {
  Entry entry{std::move(key), std::move(known)};
  const size_t size = SizeOf(entry);
  // One that would push out many others is not worth it.
  const bool worth = size <= bytes_max_ / 16;
  absl::MutexLock lock(&mutex_);
  if (era != era_) return;
  if (auto it = by_key_.find(entry.key); it != by_key_.end()) Drop(it->second);
  if (!worth) return;
  bytes_ += size;
  entries_.push_front(std::move(entry));
  by_key_.emplace(entries_.front().key, entries_.begin());
  while (bytes_ > bytes_max_) Drop(std::prev(entries_.end()));
}

void ReadMemory::Forget(const RowKey& key) {
  absl::MutexLock lock(&mutex_);
  if (auto it = by_key_.find(key); it != by_key_.end()) Drop(it->second);
}

void ReadMemory::Drop(Entries::iterator entry) {
  bytes_ -= SizeOf(*entry);
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

void ReadMemory::Clear() {
  absl::MutexLock lock(&mutex_);
  by_key_.clear();
  entries_.clear();
  bytes_ = 0;
  ++era_;
}

int64_t ReadMemory::era() const {
  absl::MutexLock lock(&mutex_);
  return era_;
}

size_t ReadMemory::bytes() const {
  absl::MutexLock lock(&mutex_);
  return bytes_;
}

}  // namespace tandem::store
