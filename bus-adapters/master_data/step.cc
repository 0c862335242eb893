// The engine's inputs, one by one; what follows from each is planned once at the end.
#include "bus-adapters/master_data/step.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "bus-adapters/master_data/stepper.h"
#include "platform/base/fault.h"

namespace tandem::master_data {

using v1::FieldGroup;
using v1::Link;
using v1::LinkGroup;
using v1::State;
using v1::Value;

Outcome Step(const EntityRules& rules, v1::AgreedRecord record, const Input& input) {
  Fault fault = Fault::kNone;
  if (TANDEM_PLANTED("sync_last_writer_wins")) fault = Fault::kNeverConcurrent;
  if (TANDEM_PLANTED("sync_not_restored")) fault = Fault::kSettledAfterRefusal;
  if (TANDEM_PLANTED("sync_loser_not_kept")) fault = Fault::kDropLoser;
  return StepWithFault(rules, std::move(record), input, fault);
}

Outcome StepWithFault(const EntityRules& rules, v1::AgreedRecord record, const Input& input,
                      Fault fault) {
  return Stepper(rules, std::move(record), input, fault).Run();
}

Stepper::Stepper(const EntityRules& rules, v1::AgreedRecord record, const Input& input, Fault fault)
    : rules_(rules), input_(input), fault_(fault), record_(outcome_.record) {
  record_ = std::move(record);
}

Outcome Stepper::Run() {
  std::visit([this](const auto& what) { On(what); }, input_.what);
  Plan();
  return std::move(outcome_);
}

void Stepper::On(const Tick&) {
  for (Link& link : *record_.mutable_links()) {
    if (!link.has_call()) continue;
    if (Plants(Fault::kNewRequestIdOnRetry) && link.call().kind() == v1::CALL_KIND_PUSH) {
      link.mutable_call()->mutable_push()->mutable_request_seed()->append("+");
    }
    Send(link);
  }
}

void Stepper::On(const StateArrived& arrived) {
  if (rules_.FindSystem(arrived.system) == nullptr) return;
  Arrive(MutableLink(&record_, arrived.system), arrived.state);
}

void Stepper::On(const LinkFound& found) {
  if (rules_.FindSystem(found.system) == nullptr) return;
  Link* link = MutableLink(&record_, found.system);
  State state;  // of that copy, and nothing known of it
  state.set_foreign_id(found.foreign_id);
  if (!IsOfLink(link, state)) return;
  if (link->foreign_id().empty()) {
    MoveId(link, found.foreign_id);
    link->clear_call();
    Close(found.system, "");
  }
  if (!IsThere(*link) && !link->has_call()) link->set_state(v1::LINK_STATE_LINKED);
  link->set_read_wanted(true);
}

void Stepper::On(const PushAnswered& answer) {
  Link* link = LinkOfCall(answer.system, answer.call);
  if (link == nullptr || link->call().kind() != v1::CALL_KIND_PUSH ||
      link->call().number() != answer.call) {
    return;
  }
  v1::Call* call = link->mutable_call();
  const v1::PushKind kind = call->push().kind();
  if (call->phase() == v1::PUSH_PHASE_READING_BACK &&
      (answer.outcome != PushOutcome::kOk || !answer.state.has_value())) {
    return;  // it is known to be written
  }
  State gone;
  gone.set_deleted(true);
  switch (answer.outcome) {
    case PushOutcome::kOk:
      if (!answer.foreign_id.empty() && answer.foreign_id != link->foreign_id()) {
        MoveId(link, answer.foreign_id);
      }
      if (answer.state.has_value()) {
        EndPush(link, *answer.state, Claim::kCertain);
      } else if (kind == v1::PUSH_KIND_DELETE) {
        if (!answer.written.token().empty()) *gone.mutable_version() = answer.written;
        EndPush(link, gone, Claim::kCertain);
      } else {
        *call->mutable_written() = answer.written;
        ReadForPush(link, v1::PUSH_PHASE_READING_BACK);
      }
      return;
    case PushOutcome::kMismatch:
      // Without request ids the version may have been moved by an earlier repetition of this call.
      if (!KeepsRequestIds(answer.system) || kind == v1::PUSH_KIND_CREATE) {
        if (answer.state.has_value()) {
          Resolve(link, *answer.state);
        } else {
          call->set_taken(kind == v1::PUSH_KIND_CREATE);
          ReadForPush(link, v1::PUSH_PHASE_RESOLVING);
        }
      } else if (answer.state.has_value()) {
        EndPush(link, *answer.state, Claim::kNone);
      } else {
        link->clear_call();
        link->set_read_wanted(true);
        Drain(link);
      }
      return;
    case PushOutcome::kRefused:
      Quarantine(link, answer.reason);
      return;
    case PushOutcome::kUnknown:
      if (call->phase() != v1::PUSH_PHASE_SENT) return;
      call->mutable_push()->set_attempt(call->push().attempt() + 1);
      if (Plants(Fault::kUnknownMeansFailed)) {
        link->clear_call();
        Drain(link);
      } else if (KeepsRequestIds(answer.system)) {
        if (Plants(Fault::kNewRequestIdOnRetry)) {
          call->mutable_push()->mutable_request_seed()->append("+");
        }
        Send(*link);
      } else {
        ReadForPush(link, v1::PUSH_PHASE_RESOLVING);
      }
      return;
    case PushOutcome::kNotFound:
      if (kind == v1::PUSH_KIND_CREATE) {
        Quarantine(link, answer.reason);
        return;
      }
      if (kind != v1::PUSH_KIND_DELETE && KeepsRequestIds(answer.system)) {
        EndPush(link, gone, Claim::kNone);
      } else {
        Resolve(link, gone);  // an earlier repetition may have written it
      }
      return;
  }
}

// Refused for good: this push alone stops.
void Stepper::Quarantine(Link* link, const std::string& reason) {
  v1::Quarantine* quarantine = link->mutable_quarantine();
  *quarantine->mutable_push() = std::move(*link->mutable_call()->mutable_push());
  quarantine->set_revision(0);
  for (const v1::PushedGroup& group : quarantine->push().groups()) {
    quarantine->set_revision(std::max(quarantine->revision(), group.revision()));
  }
  quarantine->set_reason(reason);
  quarantine->set_time_micros(input_.time_micros);
  link->clear_call();
  Drain(link);
}

void Stepper::On(const ReadAnswered& answer) {
  Link* link = LinkOfCall(answer.system, answer.call);
  if (link == nullptr || link->call().kind() == v1::CALL_KIND_MATCH) return;
  State state = answer.state;
  if (!answer.found) {
    state.Clear();
    state.set_deleted(true);
  }
  v1::Call* call = link->mutable_call();
  if (call->kind() == v1::CALL_KIND_READ) {
    link->clear_call();
    for (const State& told : link->waiting()) {  // the event that told of this very version
      if (state.change_id().empty() && told.version().token() == state.version().token()) {
        state.set_change_id(told.change_id());
      }
    }
    const bool ranked = state.has_version() && Ordered(answer.system) && link->has_version();
    if (answer.found && ranked) {
      *link->add_waiting() = std::move(state);  // in its place among what arrived meanwhile
      Drain(link);
    } else if (answer.found) {
      Observe(link, state, nullptr, Claim::kNone);
      Drain(link);
    } else {
      // A copy that was shown meanwhile may be newer than this answer, or gone since: read again.
      const bool shown = std::any_of(link->waiting().begin(), link->waiting().end(),
                                     [](const State& told) { return !told.deleted(); });
      Drain(link);
      if (shown) {
        link->set_read_wanted(true);
      } else {
        Observe(link, state, nullptr, Claim::kNone);
      }
    }
    return;
  }
  if (answer.call != call->read_number()) return;
  const v1::PushIntent& push = call->push();
  const bool not_written = call->phase() == v1::PUSH_PHASE_RESOLVING &&
                           (push.kind() == v1::PUSH_KIND_CREATE
                                ? !answer.found && !call->taken()
                                : answer.found && push.has_condition() &&
                                      state.version().token() == push.condition().token());
  if (not_written) {  // the same call again
    call->set_phase(v1::PUSH_PHASE_SENT);
    call->clear_read_number();
    Send(*link);
    return;
  }
  Resolve(link, state);
}

void Stepper::On(const MatchAnswered& answer) {
  Link* link = LinkOfCall(answer.system, answer.call);
  if (link == nullptr || link->call().kind() != v1::CALL_KIND_MATCH) return;
  link->clear_call();
  if (!Exists(record_)) {  // deleted meanwhile: what was found is none of its
    link->set_state(v1::LINK_STATE_UNMATCHED);
  } else if (answer.strong.size() == 1) {
    MoveId(link, answer.strong[0].foreign_id());
    Observe(link, answer.strong[0], nullptr, Claim::kNone);
  } else if (answer.strong.empty() && answer.guesses.empty()) {
    link->set_state(v1::LINK_STATE_UNMATCHED);
  } else {  // a guess never links by itself
    std::vector<std::string> candidates = answer.guesses;
    for (const State& state : answer.strong) candidates.push_back(state.foreign_id());
    link->set_state(v1::LINK_STATE_AMBIGUOUS);
    Raise(v1::CONFLICT_KIND_AMBIGUOUS_MATCH, answer.system, "", Value(), "", std::move(candidates));
  }
  Drain(link);
}

void Stepper::On(const ParentLinked& parent) {
  if (rules_.FindSystem(parent.system) == nullptr) return;
  Link* link = MutableLink(&record_, parent.system);
  auto* waiting = link->mutable_waiting_for();
  waiting->erase(std::remove(waiting->begin(), waiting->end(), parent.parent), waiting->end());
  const auto& there = link->parents_there();
  if (std::find(there.begin(), there.end(), parent.parent) == there.end()) {
    link->add_parents_there(parent.parent);
  }
}

void Stepper::On(const PushRetried& retried) {
  if (FindLink(record_, retried.system) == nullptr) return;
  MutableLink(&record_, retried.system)->clear_quarantine();
}

void Stepper::On(const PersonDecided& decided) {
  auto* conflicts = record_.mutable_conflicts();
  for (int i = 0; i < conflicts->size(); ++i) {
    if (conflicts->Get(i).number() != decided.conflict) continue;
    const v1::Conflict conflict = std::move(*conflicts->Mutable(i));
    conflicts->DeleteSubrange(i, 1);
    outcome_.closed.push_back(conflict.number());
    switch (conflict.kind()) {
      case v1::CONFLICT_KIND_AMBIGUOUS_MATCH:
      case v1::CONFLICT_KIND_DUPLICATE_COPY:
        DecideMatch(conflict, decided);
        return;
      case v1::CONFLICT_KIND_DELETE_VERSUS_CHANGE:
        DecideDelete(conflict, decided);
        return;
      default:
        DecideValue(conflict, decided);
        return;
    }
  }
}

void Stepper::DecideMatch(const v1::Conflict& conflict, const PersonDecided& decided) {
  Link* link = MutableLink(&record_, conflict.system());
  if (decided.choice == Choice::kLinkCandidate) {
    MoveId(link, decided.candidate);
    link->clear_groups();
    link->clear_call();
    link->set_state(v1::LINK_STATE_LINKED);
    link->set_read_wanted(true);
  } else if (conflict.kind() == v1::CONFLICT_KIND_AMBIGUOUS_MATCH) {
    link->set_state(v1::LINK_STATE_UNMATCHED);
  }
}

void Stepper::DecideDelete(const v1::Conflict& conflict, const PersonDecided& decided) {
  FieldGroup* existence = MutableGroup(&record_, kExistence);
  LinkGroup* seen = MutableGroup(MutableLink(&record_, conflict.system()), kExistence);
  if (decided.choice == Choice::kTakeProposed) {
    Accept(existence, seen, conflict.system(), conflict.proposed(), v1::DECIDED_BY_PERSON,
           decided.change_id);
  } else if (!conflict.proposed().present()) {
    KeepLoser(conflict.system(), *existence, conflict.agreed(), conflict.proposed(),
              existence->value(), existence->origin(), v1::REFUSED_BECAUSE_PERSON,
              conflict.change_id());
  }
  auto* conflicts = record_.mutable_conflicts();  // the same question from other sides
  for (int i = conflicts->size() - 1; i >= 0; --i) {
    if (conflicts->Get(i).kind() != v1::CONFLICT_KIND_DELETE_VERSUS_CHANGE) continue;
    outcome_.closed.push_back(conflicts->Get(i).number());
    conflicts->DeleteSubrange(i, 1);
  }
}

void Stepper::DecideValue(const v1::Conflict& conflict, const PersonDecided& decided) {
  const std::string& system = conflict.system();
  FieldGroup* group = MutableGroup(&record_, conflict.group());
  Link* link = MutableLink(&record_, system);
  LinkGroup* seen = MutableGroup(link, conflict.group());
  if (decided.choice == Choice::kTakeProposed) {
    if (group->revision() > 0 && group->origin() != system) {
      KeepLoser(group->origin(), *group, Value(), group->value(), conflict.proposed(), system,
                v1::REFUSED_BECAUSE_PERSON, group->change_id());
    }
    const bool shows = SameForm(seen->shown(), conflict.proposed());
    Accept(group, shows ? seen : nullptr, system, conflict.proposed(), v1::DECIDED_BY_PERSON,
           decided.change_id);
    return;
  }
  seen->clear_refused();
  seen->clear_refused_count();
  if (conflict.kind() == v1::CONFLICT_KIND_CONCURRENT) {
    KeepLoser(system, *group, Value(), conflict.proposed(), group->value(), group->origin(),
              v1::REFUSED_BECAUSE_PERSON, conflict.change_id());
  }
}

// The link whose call, or whose push's read, has this number.
Link* Stepper::LinkOfCall(const std::string& system, int64_t call) {
  if (FindLink(record_, system) == nullptr) return nullptr;
  Link* link = MutableLink(&record_, system);
  if (!link->has_call() || (link->call().number() != call && link->call().read_number() != call)) {
    return nullptr;
  }
  return link;
}

bool Stepper::Ordered(absl::string_view system) const {
  return rules_.FindSystem(system)->ordered_versions;
}

bool Stepper::KeepsRequestIds(absl::string_view system) const {
  return rules_.FindSystem(system)->keeps_request_ids;
}

}  // namespace tandem::master_data
