// What is due (rule 5), and the life of a call to a system. A link has one call under way at most;
// its intent stands in the record before it is made.
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "bus-adapters/master_data/stepper.h"

namespace tandem::master_data {
namespace {

using v1::FieldGroup;
using v1::Link;
using v1::LinkGroup;
using v1::PushedGroup;
using v1::PushIntent;
using v1::State;
using v1::Value;

void AddPushed(PushIntent* intent, const FieldGroup& group) {
  PushedGroup* pushed = intent->add_groups();
  pushed->set_name(group.name());
  *pushed->mutable_value() = group.value();
  pushed->set_revision(group.revision());
}

template <typename List>
bool Contains(const List& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

}  // namespace

// The outcome of the push is not told, or was told without the state: `state` and what arrived
// meanwhile are taken in their order, the first with what is known of our write.
void Stepper::Resolve(Link* link, const State& state) {
  const v1::Call call = std::move(*link->mutable_call());
  link->clear_call();
  std::vector<State> states(link->waiting().begin(), link->waiting().end());
  link->clear_waiting();
  states.push_back(state);
  if (Ordered(link->system())) {
    std::stable_sort(states.begin(), states.end(), [](const State& a, const State& b) {
      return a.has_version() && (!b.has_version() || a.version().order() < b.version().order());
    });
  }
  bool first = true;
  for (const State& seen : states) {
    const bool old = Ordered(link->system()) && seen.has_version() &&
                     seen.version().order() <= link->version().order();
    if (!first || old) {
      Arrive(link, seen);
      continue;
    }
    if (!IsOfLink(link, seen)) continue;
    first = false;
    Claim claim = Claim::kBySight;
    if (call.phase() == v1::PUSH_PHASE_READING_BACK) {
      const std::string& written = call.written().token();
      claim =
          !written.empty() && written == seen.version().token() ? Claim::kCertain : Claim::kWritten;
    }
    Observe(link, seen, &call.push(), claim);
  }
}

void Stepper::EndPush(Link* link, const State& state, Claim claim) {
  const PushIntent sent = std::move(*link->mutable_call()->mutable_push());
  link->clear_call();
  if (claim == Claim::kCertain) link->clear_quarantine();
  const bool last = state.deleted() && !state.has_version();  // newer than all that was seen
  if (last) Drain(link);
  Observe(link, state, &sent, claim);
  if (!last) Drain(link);
}

// What arrived while a call was under way, in the order of versions.
void Stepper::Drain(Link* link) {
  if (link->waiting_size() == 0) return;
  google::protobuf::RepeatedPtrField<State> waiting;
  waiting.Swap(link->mutable_waiting());
  if (Ordered(link->system())) {
    std::stable_sort(
        waiting.pointer_begin(), waiting.pointer_end(),
        [](const State* a, const State* b) { return a->version().order() < b->version().order(); });
  }
  draining_ = true;
  for (const State& state : waiting) Arrive(link, state);
  draining_ = false;
}

// Asks the caller to make the call that the record says is under way.
void Stepper::Send(const Link& link) {
  const v1::Call& call = link.call();
  CallDue& due = outcome_.calls.emplace_back();
  due.system = link.system();
  due.number = NumberUnderWay(link);
  due.kind = call.kind();
  due.foreign_id = link.foreign_id();
  if (call.kind() == v1::CALL_KIND_PUSH) {
    if (call.phase() == v1::PUSH_PHASE_SENT) {
      due.push = call.push();
    } else {
      due.kind = v1::CALL_KIND_READ;
    }
  } else if (call.kind() == v1::CALL_KIND_MATCH) {
    for (const std::string& name : rules_.identifiers()) {
      const FieldGroup* group = FindGroup(record_, name);
      if (group == nullptr || !group->value().present()) continue;
      v1::GroupValue& identifier = due.identifiers.emplace_back();
      identifier.set_name(name);
      *identifier.mutable_value() = group->value();
    }
  }
}

void Stepper::StartRead(Link* link) {
  link->set_read_wanted(false);
  link->set_calls(link->calls() + 1);
  link->mutable_call()->set_number(link->calls());
  link->mutable_call()->set_kind(v1::CALL_KIND_READ);
  Send(*link);
}

void Stepper::ReadForPush(Link* link, v1::PushPhase phase) {
  link->set_calls(link->calls() + 1);
  link->mutable_call()->set_phase(phase);
  link->mutable_call()->set_read_number(link->calls());
  Send(*link);
}

void Stepper::StartPush(Link* link, PushIntent intent) {
  link->set_calls(link->calls() + 1);
  intent.set_request_seed(absl::StrCat(record_.id(), "/", link->system(), "/", link->calls()));
  intent.set_foreign_id(link->foreign_id());
  if (intent.kind() != v1::PUSH_KIND_CREATE && !Plants(Fault::kNoCondition)) {
    *intent.mutable_condition() = link->version();
  }
  v1::Call* call = link->mutable_call();
  call->set_number(link->calls());
  call->set_kind(v1::CALL_KIND_PUSH);
  call->set_phase(v1::PUSH_PHASE_SENT);
  *call->mutable_push() = std::move(intent);
  Send(*link);
}

void Stepper::Plan() {
  const FieldGroup* existence = FindGroup(record_, kExistence);
  if (existence == nullptr || existence->revision() == 0) {  // not founded: only reads are due
    for (Link& link : *record_.mutable_links()) {
      if (!link.has_call() && link.read_wanted()) StartRead(&link);
    }
    return;
  }
  for (const SystemRules& system : rules_.systems()) {
    Link* link = MutableLink(&record_, system.name);
    if (link->state() == v1::LINK_STATE_UNSPECIFIED) link->set_state(v1::LINK_STATE_WANTED);
  }
  // Copies that are to be found or made come first: what they will show decides what waits for it.
  for (const bool there : {false, true}) {
    if (there) DecideWaiting();
    for (const SystemRules& system : rules_.systems()) {
      Link* link = MutableLink(&record_, system.name);
      if (!link->has_call() && IsThere(*link) == there) PlanLink(link);
    }
  }
}

// Decides what waited for its owner's copy where none is being looked for or made.
void Stepper::DecideWaiting() {
  for (int i = 0; i < record_.groups_size(); ++i) {
    FieldGroup* group = record_.mutable_groups(i);
    const GroupRule* rule = rules_.Find(group->name());
    if (group->revision() > 0 || rule == nullptr || rule->decides != Decides::kOwner) continue;
    const Link* owner = FindLink(record_, rule->order[0]);
    if (owner != nullptr && !IsThere(*owner) &&
        (owner->has_call() || owner->state() == v1::LINK_STATE_AMBIGUOUS)) {
      continue;
    }
    DecideLater(group, std::string(group->change_id()));
  }
}

void Stepper::PlanLink(Link* link) {
  if (link->read_wanted() && !link->foreign_id().empty()) {
    StartRead(link);
    return;
  }
  waited_.assign(link->waiting_for().begin(), link->waiting_for().end());
  link->clear_waiting_for();
  const FieldGroup& existence = *FindGroup(record_, kExistence);
  const bool there = IsThere(*link);
  if (existence.value().present() && !there) {
    PlanCreate(link);
    return;
  }
  if (existence.value().present() == there) {  // there or gone as agreed: nothing to write
    if (there || link->state() == v1::LINK_STATE_DELETED) {
      MutableGroup(link, kExistence)->set_settled(existence.revision());
    }
    if (there) PlanUpdate(link);
    return;
  }
  if (ExistenceBlocked(*link)) return;
  PushIntent intent;
  intent.set_kind(v1::PUSH_KIND_DELETE);
  AddPushed(&intent, existence);
  if (!Quarantined(*link, intent)) StartPush(link, std::move(intent));
}

void Stepper::PlanCreate(Link* link) {
  const SystemRules& system = *rules_.FindSystem(link->system());
  if (!system.creates_here || link->state() == v1::LINK_STATE_AMBIGUOUS ||
      ExistenceBlocked(*link)) {
    return;
  }
  const bool new_there = link->state() == v1::LINK_STATE_WANTED ||
                         link->state() == v1::LINK_STATE_HELD_BACK ||
                         link->state() == v1::LINK_STATE_UNMATCHED;
  if (new_there && HeldBack(link->system())) {
    link->set_state(v1::LINK_STATE_HELD_BACK);
    return;
  }
  if (new_there && link->state() != v1::LINK_STATE_UNMATCHED && StartMatch(link)) return;

  PushIntent intent;
  intent.set_kind(v1::PUSH_KIND_CREATE);
  bool waits = false;
  for (const FieldGroup& group : record_.groups()) {
    const GroupRule* rule = rules_.Find(group.name());
    if (rule == nullptr || !Holds(*rule, link->system()) || !group.value().present()) continue;
    if (rule->meaning == Meaning::kParent && Waits(link, group)) waits = true;
    AddPushed(&intent, group);
  }
  if (waits || Quarantined(*link, intent)) return;
  if (link->foreign_id().empty() || link->state() == v1::LINK_STATE_DELETED) {
    MoveId(link, absl::StrCat(system.id_prefix, input_.fresh_id));
  }
  link->set_state(v1::LINK_STATE_CREATING);
  StartPush(link, std::move(intent));
}

bool Stepper::StartMatch(Link* link) {
  bool identified = false;
  for (const std::string& name : rules_.identifiers()) {
    const FieldGroup* group = FindGroup(record_, name);
    identified = identified || (group != nullptr && group->value().present() &&
                                Holds(*rules_.Find(name), link->system()));
  }
  if (!identified || Plants(Fault::kCreateWithoutMatch)) {
    link->set_state(v1::LINK_STATE_UNMATCHED);
    return false;
  }
  link->set_state(v1::LINK_STATE_MATCHING);
  link->set_calls(link->calls() + 1);
  link->mutable_call()->set_number(link->calls());
  link->mutable_call()->set_kind(v1::CALL_KIND_MATCH);
  Send(*link);
  return true;
}

void Stepper::PlanUpdate(Link* link) {
  PushIntent intent;
  intent.set_kind(v1::PUSH_KIND_UPDATE);
  for (const FieldGroup& group : record_.groups()) {
    if (group.name() == kExistence) continue;
    const GroupRule* rule = rules_.Find(group.name());
    if (rule == nullptr || !Holds(*rule, link->system())) continue;
    const LinkGroup* seen = FindGroup(*link, group.name());
    if (seen != nullptr && seen->settled() == kSettledLater) continue;
    const bool settled =
        seen == nullptr ? group.revision() == 0 : seen->settled() == group.revision();
    const bool differs = Plants(Fault::kPushWhileValuesDiffer) && seen != nullptr &&
                         seen->shown().present() && FormOf(seen->shown()) != group.value().common();
    if ((settled && !differs) || FindConflict(record_, link->system(), group.name()) != nullptr) {
      continue;
    }
    if (!group.value().present() && (seen == nullptr || !seen->shown().present())) {
      MutableGroup(link, group.name())->set_settled(group.revision());
      continue;  // absent here and there
    }
    if (rule->meaning == Meaning::kParent && group.value().present() && Waits(link, group)) {
      continue;
    }
    AddPushed(&intent, group);
  }
  if (intent.groups_size() == 0 || Quarantined(*link, intent)) return;
  StartPush(link, std::move(intent));
}

bool Stepper::HeldBack(absl::string_view system) const {
  for (const HoldBack& hold : rules_.hold_backs()) {
    if (hold.system != system) continue;
    const FieldGroup* group = FindGroup(record_, hold.group);
    const bool present = group != nullptr && group->value().present();
    if (present ? Contains(hold.values, group->value().common()) : hold.or_absent) return true;
  }
  return false;
}

// True while the parent is not known to be in the link's system; it is asked for once.
bool Stepper::Waits(Link* link, const FieldGroup& group) {
  const std::string& parent = group.value().common();
  if (Plants(Fault::kParentsDoNotWait) || Contains(link->parents_there(), parent)) return false;
  if (!Contains(link->waiting_for(), parent)) link->add_waiting_for(parent);
  if (!Contains(waited_, parent)) outcome_.awaited.push_back({link->system(), parent});
  return true;
}

// While a person decides between a delete and a change, the record stays as it is everywhere.
bool Stepper::ExistenceBlocked(const Link& link) const {
  if (FindConflict(record_, link.system(), kExistence) != nullptr) return true;
  for (const v1::Conflict& conflict : record_.conflicts()) {
    if (conflict.kind() == v1::CONFLICT_KIND_DELETE_VERSUS_CHANGE) return true;
  }
  return false;
}

// The same was refused for good, and nothing in it was agreed since.
bool Stepper::Quarantined(const Link& link, const PushIntent& intent) const {
  if (!link.has_quarantine() || Plants(Fault::kQuarantineForgets)) return false;
  for (const PushedGroup& group : intent.groups()) {
    if (group.revision() > link.quarantine().revision()) return false;
  }
  return true;
}

Value Stepper::InFormOf(absl::string_view system, absl::string_view name,
                        const Value& value) const {
  const SystemRules* rules = rules_.FindSystem(system);
  Value shown = value;
  if (value.present() && rules->form) shown.set_form(rules->form(name, value.common()));
  return shown;
}

void Stepper::MoveId(Link* link, const std::string& foreign_id) {
  if (!link->foreign_id().empty()) link->add_former_ids(link->foreign_id());
  link->set_foreign_id(foreign_id);
  link->clear_version();
}

}  // namespace tandem::master_data
