// The settings of the customer service beside those of every process.
#pragma once

#include <cstdint>

#include "platform/settings/schema.h"

namespace tandem::customer {

struct CustomerSettings {
  explicit CustomerSettings(settings::Schema& schema)
      : read_threads(schema.Int("customer.read_threads",
                                "Threads, and connections, that read for Get and List.", 2, 1,
                                64)) {}
  settings::Key<int64_t> read_threads;
};

}  // namespace tandem::customer
