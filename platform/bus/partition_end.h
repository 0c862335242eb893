// Where a topic's partition ends, as far as a journal is concerned.
#pragma once

#include <cstdint>

namespace tandem::bus {

struct PartitionEnd {
  int64_t position = 0;  // of its last record; 0 where it is empty or of another incarnation
  bool expired = false;  // it held records, which are all gone by their age: nothing is known
};

}  // namespace tandem::bus
