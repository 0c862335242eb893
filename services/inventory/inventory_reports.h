// What is read across rows: what may be promised, and the master demand schedule.
#pragma once

#include "absl/status/status.h"
#include "platform/store/reader.h"
#include "tandem/inventory/v1/inventory_service.pb.h"

namespace tandem::inventory {

absl::Status ReadAvailability(store::Reader& reader, const v1::BatchGetAvailabilityRequest& request,
                              v1::BatchGetAvailabilityResponse* answer);

// INVALID_ARGUMENT DATE_INVALID, PAGE_SIZE_INVALID, PAGE_TOKEN_INVALID, PAGE_TOKEN_QUERY_CHANGED.
absl::Status ReadDemandSchedule(store::Reader& reader, const v1::ListDemandScheduleRequest& request,
                                v1::ListDemandScheduleResponse* answer);

}  // namespace tandem::inventory
