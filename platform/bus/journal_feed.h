// The journal bus: a feed that reads its source's journal by position, in the source's own process
// (embedded), through the owner's reader. Woken by the owner's commits, with a tick beside it.
#pragma once

#include <memory>

#include "platform/bus/feed.h"
#include "platform/store/journal.h"

namespace tandem::bus {

std::unique_ptr<Feed> MakeJournalFeed(std::unique_ptr<store::JournalReader> journal);

}  // namespace tandem::bus
