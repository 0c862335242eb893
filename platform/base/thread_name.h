// What a thread does, for `top -H`, profiles and core files. The kernel keeps 15 characters.
#pragma once

#include <pthread.h>

#include <string>

#include "absl/strings/string_view.h"

namespace tandem {

inline void NameThread(absl::string_view name) {
  pthread_setname_np(pthread_self(), std::string(name.substr(0, 15)).c_str());
}

}  // namespace tandem
