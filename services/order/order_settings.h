// The settings of the order service beside those of every process.
#pragma once

#include <cstdint>

#include "platform/settings/schema.h"

namespace tandem::order {

struct OrderSettings {
  explicit OrderSettings(settings::Schema& schema)
      : read_threads(schema.Int("order.read_threads",
                                "Threads, and connections, that read orders for Get and List.", 2,
                                1, 64)) {}
  settings::Key<int64_t> read_threads;
};

}  // namespace tandem::order
