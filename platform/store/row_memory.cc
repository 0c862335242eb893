#include "platform/store/row_memory.h"

#include <utility>

namespace tandem::store {

const RowMemory::Known* RowMemory::Find(const RowKey& key) {
  auto type = types_.find(key.type);
  if (type == types_.end()) return nullptr;
  Rows& rows = type->second;
  if (auto it = rows.recent.find(key.id); it != rows.recent.end()) return &it->second;
  auto it = rows.before.find(key.id);
  if (it == rows.before.end()) return nullptr;
  Known known = std::move(it->second);
  rows.before.erase(it);
  return Keep(rows, key.id, std::move(known));
}

void RowMemory::Put(const RowKey& key, std::shared_ptr<const google::protobuf::Message> row,
                    int64_t version, size_t bytes) {
  Forget(key);
  // One that would push out many others is not worth it.
  if (bytes <= bytes_max_ / 16) Keep(types_[key.type], key.id, {std::move(row), version, bytes});
}

const RowMemory::Known* RowMemory::Keep(Rows& rows, const std::string& id, Known known) {
  if (rows.bytes + known.bytes > bytes_max_ / 2) {
    if (given_up_.size() > 3) given_up_.clear();  // nobody takes them
    given_up_.push_back(std::exchange(rows.before, std::exchange(rows.recent, {})));
    rows.bytes = 0;
  }
  rows.bytes += known.bytes;
  return &(rows.recent[id] = std::move(known));
}

void RowMemory::Forget(const RowKey& key) {
  auto type = types_.find(key.type);
  if (type == types_.end()) return;
  Rows& rows = type->second;
  rows.before.erase(key.id);
  auto it = rows.recent.find(key.id);
  if (it == rows.recent.end()) return;
  rows.bytes -= it->second.bytes;
  rows.recent.erase(it);
}

void RowMemory::Clear() {
  types_.clear();
  given_up_.clear();
}

}  // namespace tandem::store
