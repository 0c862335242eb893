// Reads entities for Get and List: by key, and by page with a condition, on connections of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "platform/store/database.h"
#include "platform/store/read_memory.h"
#include "platform/store/table.h"

namespace tandem::store {

// A page: rows that satisfy `where` (SQL over the table's columns, parameters from $1) in
// `order_by`. Texts are made by platform/rpc from a filter and an order_by; a service may give its
// own.
struct ListQuery {
  std::string where;  // empty: all
  std::vector<Value> params;
  std::string order_by;  // "column, id"; empty: by key
  int limit = 50;
};

class Reader {
 public:
  // `connections` are opened at need, at most so many; callers beyond wait.
  static std::unique_ptr<Reader> Open(Database& database, const Schema& schema,
                                      int connections = 2);
  virtual ~Reader() = default;

  // The entities by key, in the order of the ids, null where absent; etag filled in.
  virtual absl::StatusOr<std::vector<std::unique_ptr<google::protobuf::Message>>> Get(
      const google::protobuf::Descriptor* type, const std::vector<std::string>& ids) = 0;
  virtual absl::StatusOr<std::vector<std::unique_ptr<google::protobuf::Message>>> List(
      const google::protobuf::Descriptor* type, const ListQuery& query) = 0;
  // The same, serialised. Of a remembered table (TableSpec::remembered) only the versions are asked
  // for, in one round trip; rows are read where they are not known in that version.
  virtual absl::StatusOr<std::vector<SharedBytes>> GetBytes(
      const google::protobuf::Descriptor* type, const std::vector<std::string>& ids) = 0;
  virtual absl::StatusOr<std::vector<SharedBytes>> ListBytes(
      const google::protobuf::Descriptor* type, const ListQuery& query) = 0;
  virtual const Schema& schema() const = 0;
  // Any SELECT, for reports and natural-key lookups.
  virtual absl::StatusOr<Result> Select(const Query& query) = 0;

  template <class T>
  absl::StatusOr<std::unique_ptr<T>> GetOne(const std::string& id) {  // null when absent
    auto rows = Get(T::descriptor(), {id});
    if (!rows.ok()) return rows.status();
    return std::unique_ptr<T>(static_cast<T*>((*rows)[0].release()));
  }
};

}  // namespace tandem::store
