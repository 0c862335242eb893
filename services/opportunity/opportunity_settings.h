// The settings of the opportunity service beside those of every process.
#pragma once

#include <cstdint>

#include "platform/settings/schema.h"

namespace tandem::opportunity {

struct OpportunitySettings {
  explicit OpportunitySettings(settings::Schema& schema)
      : read_threads(schema.Int("opportunity.read_threads",
                                "Threads, and connections, that read for Get and List.", 2, 1,
                                64)) {}
  settings::Key<int64_t> read_threads;
};

}  // namespace tandem::opportunity
