// Where a reader stands in a lane, and what that says about an event: the chain that makes effects
// happen exactly once (DESIGN section 4). Pure.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "platform/base/state.h"
#include "platform/bus/feed.h"
#include "tandem/operations/v1/cursor.pb.h"

namespace tandem::bus {

// The ids of the rows: a lane's position, and how far a journal was looked at.
std::string CursorId(absl::string_view reader, absl::string_view source, const LaneId& lane);
std::string LookedAtId(absl::string_view reader, absl::string_view source);

enum class Verdict {
  kApply,  // the lane's next event
  kDrop,   // it was dealt with: a repeat
  kGap,    // something is missing before it
};

// Stopped (see below) for an event of another history than the cursor's.
absl::StatusOr<Verdict> Judge(const operations::v1::Cursor& cursor, const Envelope& event);

// Moves the lane's cursor over the event; false when it was there already. Gap and Stopped as
// errors.
absl::StatusOr<bool> MoveCursor(State& state, const std::string& id, const Envelope& event);

// ABORTED EVENT_GAP.
absl::Status Gap(const Envelope& event, int64_t behind);
bool IsGap(const absl::Status& status);

// DATA_LOSS SUBSCRIPTION_STOPPED: only a person can say how to go on.
absl::Status Stopped(absl::string_view why);
bool IsStopped(const absl::Status& status);
absl::Status OtherIncarnation(absl::string_view source, absl::string_view now,
                              absl::string_view before);

}  // namespace tandem::bus
