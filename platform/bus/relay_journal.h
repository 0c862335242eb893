// A journal for one who copies all of it: pages are read ahead on a connection of their own, while
// the one before is being sent, with no more columns than an envelope has. Everything else (a
// topic's rows, heads, waiting) is the journal's own reader's.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "platform/store/database.h"
#include "platform/store/journal.h"

namespace tandem::bus {

absl::StatusOr<std::unique_ptr<store::JournalReader>> OpenRelayJournal(store::Database& database,
                                                                       const std::string& source);

}  // namespace tandem::bus
