#include "platform/bus/relay_marks.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace tandem::bus {

std::string TextOf(const RelayMarks& marks) {
  std::string text;
  for (const auto& [topic, partitions] : marks) {
    for (const auto& [partition, mark] : partitions) {
      absl::StrAppend(&text, topic, " ", partition, " ", mark.offset, " ", mark.position, "\n");
    }
  }
  return text;
}

RelayMarks MarksIn(absl::string_view text) {
  RelayMarks marks;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
    int partition = 0;
    RelayMark mark;
    if (words.size() == 4 && absl::SimpleAtoi(words[1], &partition) &&
        absl::SimpleAtoi(words[2], &mark.offset) && absl::SimpleAtoi(words[3], &mark.position)) {
      marks[std::string(words[0])][partition] = mark;
    }
  }
  return marks;
}

}  // namespace tandem::bus
