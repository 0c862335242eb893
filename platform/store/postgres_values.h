// Values as PostgreSQL's binary protocol has them: parameters by the types that the prepared
// statement asks for, results by the types it answers with. Private to the PostgreSQL driver.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <list>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/store/database.h"

namespace tandem::store {

// One statement's parameters, as PQsendQueryPrepared takes them; then another's. Texts and bytes
// are not copied: the values must be there until it has taken them.
class PostgresParameters {
 public:
  // kBug where a value is not of the type asked for, kConstraint where a number does not fit it;
  // `index` is for the error.
  absl::Status Encode(absl::Span<const Value> values, const std::vector<Oid>& types, int index);

  int count() const { return static_cast<int>(pointers_.size()); }
  const char* const* pointers() const { return pointers_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }

 private:
  absl::Status EncodeNumber(int64_t number, Oid type, size_t i, int index);

  // Encoded; not moved once they are pointed at.
  std::vector<uint64_t> numbers_;
  std::list<std::string> numerics_;
  std::vector<const char*> pointers_;
  std::vector<int> lengths_, formats_;
};

// One field of a binary result. Whole numerics (a sum of BIGINT) are numbers, booleans 0 and 1.
absl::StatusOr<Value> PostgresValue(const PGresult* result, int row, int column, int index);

}  // namespace tandem::store
