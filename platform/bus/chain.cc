#include "platform/bus/chain.h"

#include "absl/strings/str_cat.h"
#include "platform/base/fault.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"

namespace tandem::bus {

using operations::v1::Cursor;

namespace {

constexpr char kGap[] = "EVENT_GAP";
constexpr char kStopped[] = "SUBSCRIPTION_STOPPED";

}  // namespace

std::string CursorId(absl::string_view reader, absl::string_view source, const LaneId& lane) {
  return absl::StrCat(reader, "|", source, "|", lane.topic, "|", lane.lane);
}

std::string LookedAtId(absl::string_view reader, absl::string_view source) {
  return absl::StrCat(reader, "|", source, "|*");
}

absl::StatusOr<Verdict> Judge(const Cursor& cursor, const Envelope& event) {
  if (!cursor.incarnation().empty() && cursor.incarnation() != event.incarnation()) {
    return OtherIncarnation(event.source(), event.incarnation(), cursor.incarnation());
  }
  if (event.position() <= cursor.position()) return Verdict::kDrop;
  // Not even a previous position that lies behind the cursor will do: the two cannot both be true,
  // and the source knows.
  return event.previous_position() == cursor.position() ? Verdict::kApply : Verdict::kGap;
}

absl::StatusOr<bool> MoveCursor(State& state, const std::string& id, const Envelope& event) {
  Cursor* cursor = state.Edit<Cursor>(id);
  if (cursor == nullptr) {
    Cursor fresh;
    fresh.set_id(id);
    cursor = state.Insert(std::move(fresh));
  }
  TANDEM_ASSIGN_OR_RETURN(const Verdict verdict, Judge(*cursor, event));
  if (verdict == Verdict::kDrop) return TANDEM_PLANTED("duplicate_is_applied");
  if (verdict == Verdict::kGap) return Gap(event, cursor->position());
  cursor->set_position(event.position());
  cursor->set_incarnation(event.incarnation());
  state.Touch<Cursor>(id);
  return true;
}

absl::Status Gap(const Envelope& event, int64_t behind) {
  return Refuse(absl::StatusCode::kAborted, kGap,
                absl::StrCat("lane ", event.lane(), " of ", event.topic(), " has a gap between ",
                             behind, " and ", event.position()));
}

bool IsGap(const absl::Status& status) { return ReasonOf(status) == kGap; }

absl::Status Stopped(absl::string_view why) {
  return Refuse(absl::StatusCode::kDataLoss, kStopped, why);
}

bool IsStopped(const absl::Status& status) { return ReasonOf(status) == kStopped; }

absl::Status OtherIncarnation(absl::string_view source, absl::string_view now,
                              absl::string_view before) {
  return Stopped(absl::StrCat(source, " is of incarnation ", now, ", not of ", before,
                              " as before: its database was replaced"));
}

}  // namespace tandem::bus
