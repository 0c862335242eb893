// Quarantine as data: how an event is put behind its key and taken out again, in a State, so that
// it commits with the lane's position (pure; the runner and the quarantine commands call it).
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "platform/base/state.h"
#include "platform/bus/subscription.h"

namespace tandem::bus {

// More than so many events behind one key hold the lane instead (RESOURCE_EXHAUSTED
// QUARANTINED_KEY_FULL): somebody has to look at it.
inline constexpr int kWaitingMax = 10'000;

std::string QuarantinedKeyId(absl::string_view reader, absl::string_view key);
std::string QuarantinedEventId(absl::string_view key_id, int number);

// Whether the key is in quarantine.
bool IsQuarantined(const State& state, absl::string_view reader, absl::string_view key);

// Puts the event behind its key, which is put into quarantine with `why` where it is not yet.
absl::Status Append(Context& context, State& state, absl::string_view reader, absl::string_view key,
                    const Envelope& event, const absl::Status& why);

// Takes out an applied or skipped event; the key is free when it was the last. The key's reason is
// then that of nobody: it waits for its next try.
void TakeOut(State& state, absl::string_view key_id, absl::string_view event_id);

// Notes one more failed try of the key's first event.
void NoteFailure(State& state, absl::string_view key_id, const absl::Status& why);

}  // namespace tandem::bus
