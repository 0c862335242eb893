// The parsers of bytes from outside, each as a function that takes any bytes: it must not crash,
// hang, or break what it promises (TANDEM_CHECK). The same for libFuzzer (libfuzzer.cc) and for the
// run without it (replay.cc).
#pragma once

#include <vector>

#include "absl/strings/string_view.h"

namespace tandem::fuzz {

struct Target {
  const char* name;  // of its folder in corpus/
  void (*run)(absl::string_view input);
};

const std::vector<Target>& Targets();

// queries.cc
void Filter(absl::string_view input);
void OrderByText(absl::string_view input);
void PageToken(absl::string_view input);
void Request(absl::string_view input);
// events.cc
void EventHeaders(absl::string_view input);
void EventPayload(absl::string_view input);
// texts.cc
void DecimalAndMoney(absl::string_view input);
void Settings(absl::string_view input);

}  // namespace tandem::fuzz
