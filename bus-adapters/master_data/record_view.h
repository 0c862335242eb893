// The agreed record in the words that people read: rows, figures and values as text.
#pragma once

#include <vector>

#include "tandem/master_data/v1/sync.pb.h"

namespace tandem::master_data {

// Fills in the figures and links of a row from its record.
void Summarise(v1::SyncRecord* row);
// Without its id and time.
v1::RefusedWrite RefusedWriteOf(const v1::AgreedRecord& record, const v1::RefusedProposal& refused);
// All but id and times.
void FillConflict(const v1::AgreedRecord& record, const v1::Conflict& conflict,
                  v1::SyncConflict* row);
// The field groups, by name; existence is one of them.
std::vector<v1::SyncField> FieldsOf(const v1::AgreedRecord& record);

}  // namespace tandem::master_data
