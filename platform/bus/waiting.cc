#include "platform/bus/waiting.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "platform/base/status.h"
#include "tandem/operations/v1/quarantine.pb.h"

namespace tandem::bus {

using operations::v1::QuarantinedEvent;
using operations::v1::QuarantinedKey;

namespace {

void SetReason(const absl::Status& why, QuarantinedKey* key) {
  const std::string reason = ReasonOf(why);
  key->set_reason(reason.empty() ? "UNKNOWN" : reason);
  key->set_message(std::string(why.message().substr(0, 1000)));
  key->set_code(static_cast<int32_t>(why.code()));
  key->set_attempts(key->attempts() + 1);
}

}  // namespace

std::string QuarantinedKeyId(absl::string_view reader, absl::string_view key) {
  return absl::StrCat(reader, "|", key);
}

std::string QuarantinedEventId(absl::string_view key_id, int number) {
  return absl::StrFormat("%s|%010d", key_id, number);
}

bool IsQuarantined(const State& state, absl::string_view reader, absl::string_view key) {
  return state.Find<QuarantinedKey>(QuarantinedKeyId(reader, key)) != nullptr;
}

absl::Status Append(Context& context, State& state, absl::string_view reader, absl::string_view key,
                    const Envelope& event, const absl::Status& why) {
  const std::string id = QuarantinedKeyId(reader, key);
  QuarantinedKey* parked = state.Edit<QuarantinedKey>(id);
  if (parked == nullptr) {
    QuarantinedKey fresh;
    fresh.set_id(id);
    fresh.set_reader(std::string(reader));
    fresh.set_key(std::string(key));
    fresh.set_next_number(1);
    fresh.mutable_create_time()->set_seconds(context.now_micros / 1'000'000);
    SetReason(why, &fresh);
    parked = state.Insert(std::move(fresh));
  }
  if (parked->event_count() >= kWaitingMax) {
    return Refuse(absl::StatusCode::kResourceExhausted, "QUARANTINED_KEY_FULL",
                  absl::StrCat("too many events wait behind ", id));
  }
  QuarantinedEvent waiting;
  waiting.set_id(QuarantinedEventId(id, parked->next_number()));
  waiting.set_quarantined_key_id(id);
  waiting.set_number(parked->next_number());
  waiting.set_event_id(event.id());
  waiting.set_event_type(event.type());
  waiting.set_source(event.source());
  waiting.set_position(event.position());
  waiting.set_envelope(event.SerializeAsString());
  parked->set_next_number(parked->next_number() + 1);
  parked->set_event_count(parked->event_count() + 1);
  state.Touch<QuarantinedKey>(id);
  const std::string event_id = waiting.id();
  state.Insert(std::move(waiting));
  state.Touch<QuarantinedEvent>(event_id);
  return absl::OkStatus();
}

void TakeOut(State& state, absl::string_view key_id, absl::string_view event_id) {
  state.Erase<QuarantinedEvent>(event_id);
  QuarantinedKey* parked = state.Edit<QuarantinedKey>(key_id);
  if (parked == nullptr) return;
  parked->set_event_count(parked->event_count() - 1);
  if (parked->event_count() == 0) {
    state.Erase<QuarantinedKey>(key_id);
  } else {
    state.Touch<QuarantinedKey>(key_id);
  }
}

void NoteFailure(State& state, absl::string_view key_id, const absl::Status& why) {
  QuarantinedKey* parked = state.Edit<QuarantinedKey>(key_id);
  if (parked == nullptr) return;
  SetReason(why, parked);
  state.Touch<QuarantinedKey>(key_id);
}

}  // namespace tandem::bus
