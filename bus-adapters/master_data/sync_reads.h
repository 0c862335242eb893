// What the service of a synchronisation adapter reads beside pages of rows.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "bus-adapters/master_data/rules.h"
#include "bus-adapters/master_data/runner.h"
#include "platform/store/reader.h"
#include "tandem/master_data/v1/sync.pb.h"

namespace tandem::master_data {

absl::Status ReadStatus(const EntityRules& rules, const Runner& runner, store::Reader& reader,
                        v1::SyncStatus* answer);
// By the record's id, or that of a copy in any system. NOT_FOUND SYNC_RECORD_NOT_FOUND.
absl::Status ReadRecord(const EntityRules& rules, const std::string& id, store::Reader& reader,
                        v1::GetRecordResponse* answer);

}  // namespace tandem::master_data
