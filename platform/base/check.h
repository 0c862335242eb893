// TANDEM_CHECK: what only a bug can break. It is on in every build; a process that finds itself
// wrong says where and stops, and its database is as the last commit left it. What the world can
// break is an absl::Status instead.
#pragma once

#include <absl/strings/string_view.h>

#include <cstdio>
#include <cstdlib>

namespace tandem {

[[noreturn]] inline void CheckFailed(const char* file, int line, const char* condition,
                                     absl::string_view message) {
  std::fprintf(stderr, "%s:%d: check failed: %s: %.*s\n", file, line, condition,
               static_cast<int>(message.size()), message.data());
  std::abort();
}

}  // namespace tandem

// TANDEM_CHECK(condition, "why it holds" or an absl::StrCat): always on.
#define TANDEM_CHECK(condition, message)                                \
  do {                                                                  \
    if (!(condition)) [[unlikely]]                                      \
      ::tandem::CheckFailed(__FILE__, __LINE__, #condition, (message)); \
  } while (false)
