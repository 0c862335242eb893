// Where a relay's events stand in the topics: what it saves with its cursor, and what a new relay
// compares with the topics. Everything up to the cursor that is in a partition stands at or before
// its mark. A broker loses the ends of its logs, or whole logs, and nothing in between; so where
// the mark's record is still in its place, nothing before it is missing.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace tandem::bus {

// The last record of a partition that the broker answered for.
struct RelayMark {
  int64_t offset = 0;
  int64_t position = 0;  // in the journal
  bool operator==(const RelayMark&) const = default;
};
using PartitionMarks = std::map<int, RelayMark>;
using RelayMarks = std::map<std::string, PartitionMarks>;  // by topic, as the journal names it

struct RelayCursor {
  int64_t position = 0;  // everything up to here was answered for
  RelayMarks marks;
};

// Where a topic's partition ends, as far as a journal is concerned.
struct PartitionEnd {
  int64_t position = 0;  // of its last record; 0 where it is empty or of another incarnation
  bool expired = false;  // it held records, which are all gone by their age: nothing is known
  bool marked = false;   // it has a mark, and the mark's record is in its place, or has expired
  bool cut = false;      // it has a mark, and another record is there, or none
};

// Lines of "topic partition offset position", and back; a line that is none is left out.
std::string TextOf(const RelayMarks& marks);
RelayMarks MarksIn(absl::string_view text);

}  // namespace tandem::bus
