#include "platform/bus/quarantine.h"

#include "absl/strings/str_cat.h"
#include "platform/base/fault.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/bus/waiting.h"

namespace tandem::bus {

using operations::v1::QuarantinedEvent;
using operations::v1::QuarantinedKey;

Quarantine::Quarantine(std::string reader, store::Writer& writer, store::Reader& rows,
                       std::vector<const Runner*> runners)
    : reader_(std::move(reader)), writer_(writer), rows_(rows), runners_(std::move(runners)) {}

absl::StatusOr<std::vector<QuarantinedKey>> Quarantine::List(const std::string& after,
                                                             int max) const {
  store::ListQuery query;
  query.where = "reader = $1 AND id > $2";
  query.params = {reader_, after};
  query.order_by = "id";
  query.limit = max;
  TANDEM_ASSIGN_OR_RETURN(auto rows, rows_.List(QuarantinedKey::descriptor(), query));
  std::vector<QuarantinedKey> keys;
  for (auto& row : rows) keys.push_back(std::move(static_cast<QuarantinedKey&>(*row)));
  return keys;
}

absl::StatusOr<QuarantinedKey> Quarantine::Get(const std::string& id) const {
  TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<QuarantinedKey> key, rows_.GetOne<QuarantinedKey>(id));
  if (key == nullptr || key->reader() != reader_) {
    return Refuse(absl::StatusCode::kNotFound, "QUARANTINED_KEY_NOT_FOUND",
                  absl::StrCat(id, " is not in quarantine"), "id");
  }
  return *key;
}

absl::StatusOr<std::vector<QuarantinedEvent>> Quarantine::Events(const std::string& id,
                                                                 int max) const {
  store::ListQuery query;
  query.where = "quarantined_key_id = $1";
  query.params = {id};
  query.order_by = "id";
  query.limit = max;
  TANDEM_ASSIGN_OR_RETURN(auto rows, rows_.List(QuarantinedEvent::descriptor(), query));
  std::vector<QuarantinedEvent> events;
  for (auto& row : rows) events.push_back(std::move(static_cast<QuarantinedEvent&>(*row)));
  return events;
}

absl::Status Quarantine::ApplyFirst(const QuarantinedEvent& first, bool skip) {
  Envelope event;
  if (!event.ParseFromString(first.envelope()))
    return absl::InternalError("a waiting event is lost");
  const Runner* runner = nullptr;
  for (const Runner* candidate : runners_) {
    if (candidate->Reads(event)) runner = candidate;
  }
  absl::Status status;
  if (!skip && runner == nullptr) {
    status = Refuse(absl::StatusCode::kFailedPrecondition, "QUARANTINED_EVENT_UNREAD",
                    absl::StrCat("nobody here reads ", event.topic(), " any more"));
  }
  TANDEM_FAILPOINT("quarantine.before_apply");
  if (status.ok() && !skip && !runner->local()) status = runner->HandleRemote(event);
  TANDEM_FAILPOINT("quarantine.before_take_out");
  if (status.ok()) {
    store::Command command;
    command.method = absl::StrCat(reader_, ".quarantine");
    command.decide = [&, skip](Context& context, State& state) -> absl::StatusOr<std::string> {
      // Somebody else may have taken it out meanwhile: then it is done.
      if (state.Find<QuarantinedEvent>(first.id()) == nullptr) return std::string();
      TakeOut(state, first.quarantined_key_id(), first.id());
      if (!skip && runner->local()) {
        TANDEM_RETURN_IF_ERROR(runner->ApplyLocal(event, context, state));
      }
      return std::string();
    };
    status = writer_.Call(std::move(command)).status();
  }
  if (status.ok()) {
    if (!skip) runner->Committed();
    return status;
  }
  store::Command note;
  note.method = absl::StrCat(reader_, ".quarantine");
  note.decide = [&](Context&, State& state) -> absl::StatusOr<std::string> {
    NoteFailure(state, first.quarantined_key_id(), status);
    return std::string();
  };
  absl::Status noted = writer_.Call(std::move(note)).status();
  return noted.ok() ? status : noted;
}

absl::StatusOr<int> Quarantine::Retry(const std::string& id, bool skip_first) {
  TANDEM_RETURN_IF_ERROR(Get(id).status());
  int applied = 0;
  for (int i = 0; i <= kWaitingMax; ++i) {
    TANDEM_ASSIGN_OR_RETURN(std::vector<QuarantinedEvent> first, Events(id, 1));
    if (first.empty()) break;
    const bool skip = skip_first && i == 0;
    if (!ApplyFirst(first[0], skip).ok()) break;  // noted on the key
    applied += skip ? 0 : 1;
  }
  return applied;
}

}  // namespace tandem::bus
