// The settings of the inventory service beside those of every process.
#pragma once

#include <cstdint>

#include "platform/settings/schema.h"

namespace tandem::inventory {

struct InventorySettings {
  explicit InventorySettings(settings::Schema& schema)
      : read_threads(schema.Int("inventory.read_threads",
                                "Threads, and connections, that read for Get and List.", 2, 1,
                                64)) {}
  settings::Key<int64_t> read_threads;
};

}  // namespace tandem::inventory
