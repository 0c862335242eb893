// What a state that arrives means: rules 0 to 4 of the engine, in their order.
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

enum class Rank { kBeats, kLoses, kUndecided };

Rank RankOf(const GroupRule& rule, const std::string& a, const std::string& b) {
  const auto place_a = std::find(rule.order.begin(), rule.order.end(), a);
  const auto place_b = std::find(rule.order.begin(), rule.order.end(), b);
  if (place_a < place_b) return Rank::kBeats;
  return place_a > place_b ? Rank::kLoses : Rank::kUndecided;
}

const PushedGroup* FindPushed(const PushIntent* sent, absl::string_view name) {
  if (sent == nullptr) return nullptr;
  for (const PushedGroup& group : sent->groups()) {
    if (group.name() == name) return &group;
  }
  return nullptr;
}

void ForgetRefusals(LinkGroup* seen) {
  seen->clear_refused();
  seen->clear_refused_count();
}

Value Present() {
  Value value;
  value.set_present(true);
  return value;
}

}  // namespace

void Stepper::Arrive(Link* link, const State& state) {
  if (!IsOfLink(link, state)) return;
  if (link->foreign_id().empty()) {  // the caller found the record for it
    MoveId(link, state.foreign_id());
    link->set_state(v1::LINK_STATE_LINKED);
    link->clear_call();
    Close(link->system(), "");
  }
  if (IsFirstSight(*link, state)) {
    Hint(state);
    if (!draining_) Wait(link, state);  // it may tell of the very version that is read
    link->set_state(v1::LINK_STATE_LINKED);
    link->set_read_wanted(true);
    return;
  }
  if (!Ordered(link->system()) && !Plants(Fault::kTrustUnorderedStates)) {
    // Rule 0: it may be older than what was read; only a version seen already is no news.
    if (state.deleted() && link->state() == v1::LINK_STATE_DELETED) {
      return;
    } else if (state.version().token().empty() ||
               state.version().token() != link->version().token()) {
      link->set_read_wanted(true);
    }
    return;
  }
  // A state without its version, or after a deletion whose version nobody told, may be older.
  const bool gone = link->state() == v1::LINK_STATE_DELETED;
  if (gone && state.deleted() && !state.has_version()) return;
  if (!state.has_version() || (gone && !link->has_version() && !state.deleted())) {
    link->set_read_wanted(true);
    return;
  }
  if (link->has_call() && !Plants(Fault::kNoWaiting)) {
    Wait(link, state);
    return;
  }
  Observe(link, state, nullptr, Claim::kNone);
}

// The first event seen of a copy may be as old as its journal (a new adapter, a lost database), so
// the copy is read before anything is decided. What identifies it finds the record until then.
bool Stepper::IsFirstSight(const Link& link, const State& state) const {
  return !link.has_version() && !link.has_call() && !state.deleted() &&
         link.state() != v1::LINK_STATE_DELETED &&
         (state.source() == v1::SOURCE_EVENT || !Ordered(link.system())) &&
         !Plants(Fault::kTrustFirstSight);
}

void Stepper::Hint(const State& state) {
  const FieldGroup* existence = FindGroup(record_, kExistence);
  if (existence != nullptr && existence->revision() > 0) return;
  for (const v1::GroupValue& shown : state.groups()) {
    const auto& identifiers = rules_.identifiers();
    if (std::find(identifiers.begin(), identifiers.end(), shown.name()) == identifiers.end()) {
      continue;
    }
    Value* value = MutableGroup(&record_, shown.name())->mutable_value();
    value->set_present(shown.value().present());
    value->set_common(shown.value().common());
  }
}

// Until the call under way is answered. Where too much waits, what lies between the oldest and the
// newest is left out: the newest shows it all.
void Stepper::Wait(Link* link, const State& state) {
  if (link->waiting_size() < kMaxWaiting) {
    *link->add_waiting() = state;
    return;
  }
  State* newest = link->mutable_waiting(0);
  for (State& waiting : *link->mutable_waiting()) {
    if (waiting.version().order() >= newest->version().order()) newest = &waiting;
  }
  if (state.version().order() >= newest->version().order()) *newest = state;
}

bool Stepper::IsOfLink(Link* link, const State& state) {
  const std::string& id = state.foreign_id();
  if (id.empty() || link->foreign_id().empty() || id == link->foreign_id()) return true;
  for (const std::string& former : link->former_ids()) {
    if (former == id) return false;
  }
  if (link->state() == v1::LINK_STATE_CREATING && link->has_call()) {
    Wait(link, state);  // it may be what is being created
    return false;
  }
  if (link->state() == v1::LINK_STATE_LINKED) {
    if (FindConflict(record_, link->system(), "") == nullptr) {
      Raise(v1::CONFLICT_KIND_DUPLICATE_COPY, link->system(), "", Value(), state.change_id(), {id});
    }
    return false;
  }
  // Ours was never created there, or is gone: this is the copy.
  MoveId(link, id);
  link->set_state(v1::LINK_STATE_LINKED);
  link->clear_quarantine();
  return true;
}

void Stepper::Observe(Link* link, const State& state, const PushIntent* sent, Claim claim) {
  if (!state.foreign_id().empty() && state.foreign_id() != link->foreign_id()) {
    MoveId(link, state.foreign_id());
  }
  if (state.has_version()) {
    if (claim != Claim::kCertain && Ordered(link->system()) &&
        state.version().order() <= link->version().order() && !Plants(Fault::kIgnoreVersions)) {
      return;  // rule 0
    }
    *link->mutable_version() = state.version();
  }
  if (state.deleted()) {
    ObserveGone(link, state, sent, claim);
    return;
  }
  link->set_state(v1::LINK_STATE_LINKED);
  if (FieldGroup* existence = MutableGroup(&record_, kExistence); existence->revision() == 0) {
    for (FieldGroup& group : *record_.mutable_groups()) group.clear_value();  // hints, until now
  }
  const size_t decided = outcome_.agreed.size() + outcome_.raised.size();
  static const Value kAbsent;
  static const Value kPresent = Present();
  ObserveGroup(link, *rules_.Find(kExistence), std::string(kExistence), kPresent,
               FindPushed(sent, kExistence), claim, state.change_id());

  // A state is whole: what was shown or sent and is not in it is absent.
  std::vector<std::pair<absl::string_view, const Value*>> values;
  values.reserve(state.groups_size() + link->groups_size());
  for (const v1::GroupValue& group : state.groups())
    values.emplace_back(group.name(), &group.value());
  for (const LinkGroup& seen : link->groups()) {
    if (seen.shown().present()) values.emplace_back(seen.name(), nullptr);
  }
  if (sent != nullptr) {
    for (const PushedGroup& group : sent->groups()) values.emplace_back(group.name(), nullptr);
  }
  std::stable_sort(values.begin(), values.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  absl::string_view last;
  for (const auto& [name, value] : values) {
    if (name == last || name == kExistence) continue;
    last = name;
    const GroupRule* rule = rules_.Find(name);
    if (rule == nullptr || !Holds(*rule, link->system())) continue;  // stays where it is
    ObserveGroup(link, *rule, std::string(name), value == nullptr ? kAbsent : *value,
                 FindPushed(sent, name), claim, state.change_id());
  }
  if (outcome_.agreed.size() + outcome_.raised.size() > decided) {
    RaiseDeleteVersusChange(*link, state.change_id());
  }
}

// The record is agreed to be deleted, and this side, not having seen that, changed it.
void Stepper::RaiseDeleteVersusChange(const Link& link, const std::string& change_id) {
  const FieldGroup* existence = FindGroup(record_, kExistence);
  const LinkGroup* seen = FindGroup(link, kExistence);
  if (existence->value().present() || existence->revision() == 0 ||
      seen->settled() == existence->revision() || Plants(Fault::kDeleteWins)) {
    return;
  }
  Raise(v1::CONFLICT_KIND_DELETE_VERSUS_CHANGE, link.system(), std::string(kExistence), Present(),
        change_id);
}

void Stepper::ObserveGroup(Link* link, const GroupRule& rule, const std::string& name,
                           const Value& value, const PushedGroup* sent, Claim claim,
                           const std::string& change_id) {
  LinkGroup* seen = MutableGroup(link, name);
  if (sent != nullptr && claim != Claim::kNone && !Plants(Fault::kAnswerIsAChange)) {
    const bool ours = claim == Claim::kCertain ||
                      (!Plants(Fault::kNothingSentIsOurs) &&
                       SameForm(value, InFormOf(link->system(), name, sent->value())));
    if (ours || claim == Claim::kWritten) {
      *seen->mutable_shown() = ours ? value : InFormOf(link->system(), name, sent->value());
      seen->set_settled(sent->revision());
    }
    if (ours) return;
  }
  if (SameForm(value, seen->shown()) && !Plants(Fault::kForgetShown)) return;  // rule 1
  const Value old = std::move(*seen->mutable_shown());
  *seen->mutable_shown() = value;
  FieldGroup* group = MutableGroup(&record_, name);
  if (SameCommon(value, group->value()) && !Plants(Fault::kForgetAgreement)) {  // rule 2
    seen->set_settled(group->revision());
    ForgetRefusals(seen);
    Close(link->system(), name);
    return;
  }
  Decide(link, rule, group, seen, old, change_id);
}

// A copy that is gone shows nothing and was brought to nothing; its deletion stays known, and so
// does what it showed that was not decided yet.
void Stepper::ForgetGroups(Link* link) {
  auto* groups = link->mutable_groups();
  for (int i = groups->size() - 1; i >= 0; --i) {
    const LinkGroup& seen = groups->Get(i);
    if (seen.name() == kExistence) continue;
    if (seen.settled() == kSettledLater) {
      const FieldGroup& group = *MutableGroup(&record_, seen.name());
      KeepLoser(link->system(), group, Value(), seen.shown(), group.value(), group.origin(),
                v1::REFUSED_BECAUSE_NOT_OWNER, group.change_id());
    }
    groups->DeleteSubrange(i, 1);
  }
}

void Stepper::ObserveGone(Link* link, const State& state, const PushIntent* sent, Claim claim) {
  LinkGroup* seen = MutableGroup(link, kExistence);
  if (sent != nullptr && sent->kind() == v1::PUSH_KIND_CREATE && claim != Claim::kNone) {
    // It was created, and deleted there before we saw it: it did show what we sent.
    *seen->mutable_shown() = Present();
    for (const PushedGroup& group : sent->groups()) {
      MutableGroup(link, group.name())->set_settled(group.revision());
    }
  }
  link->set_state(v1::LINK_STATE_DELETED);
  if (!state.has_version()) link->clear_version();
  FieldGroup* existence = MutableGroup(&record_, kExistence);
  bool unseen = false;  // an agreed change that this side was not brought to when it deleted
  for (const FieldGroup& group : record_.groups()) {
    if (group.revision() == 0 || group.name() == kExistence) continue;
    const GroupRule* rule = rules_.Find(group.name());
    if (rule == nullptr || !Holds(*rule, link->system())) continue;
    const LinkGroup* held = FindGroup(*link, group.name());
    unseen = unseen || held == nullptr || held->settled() != group.revision();
  }
  ForgetGroups(link);
  seen = MutableGroup(link, kExistence);
  if (sent != nullptr && sent->kind() == v1::PUSH_KIND_DELETE && claim != Claim::kNone) {
    seen->clear_shown();
    seen->set_settled(FindPushed(sent, kExistence)->revision());
    return;
  }
  if (!seen->shown().present()) return;  // rule 1
  const Value old = std::move(*seen->mutable_shown());
  seen->clear_shown();
  if (!existence->value().present()) {  // rule 2
    seen->set_settled(existence->revision());
    ForgetRefusals(seen);
    Close(link->system(), kExistence);
    return;
  }
  const GroupRule& rule = *rules_.Find(kExistence);
  if (rule.order[0] == link->system() && unseen && !Plants(Fault::kDeleteWins)) {
    seen->set_settled(kSettledNone);
    Raise(v1::CONFLICT_KIND_DELETE_VERSUS_CHANGE, link->system(), std::string(kExistence), Value(),
          state.change_id());
    return;
  }
  Decide(link, rule, existence, seen, old, state.change_id());
}

// Rules 3 and 4. `seen` shows the new value already.
void Stepper::Decide(Link* link, const GroupRule& rule, FieldGroup* group, LinkGroup* seen,
                     const Value& old, const std::string& change_id) {
  if (rule.decides == Decides::kShared) {
    DecideShared(link, rule, group, seen, old, change_id);
    return;
  }
  const std::string& system = link->system();
  const bool concurrent = seen->settled() != group->revision() && !Plants(Fault::kNeverConcurrent);
  const bool owner = rule.order[0] == system;
  const bool first =
      rule.first && !group->value().present() && (group->revision() == 0 || !concurrent);
  if (!owner && !first) {
    if (group->revision() == 0 && !OwnerSeen(rule) && !Plants(Fault::kDecideBeforeTheOwner)) {
      seen->set_settled(kSettledLater);
      group->set_change_id(change_id);
      return;
    }
    Refuse(link, group, seen, old, change_id);
    return;
  }
  if (concurrent && group->revision() > 0 && group->origin() != system) {
    KeepLoser(group->origin(), *group, Value(), group->value(), seen->shown(), system,
              v1::REFUSED_BECAUSE_OVERRULED, group->change_id());
  }
  Accept(group, seen, system, seen->shown(), owner ? v1::DECIDED_BY_OWNER : v1::DECIDED_BY_FIRST,
         change_id);
}

void Stepper::DecideShared(Link* link, const GroupRule& rule, FieldGroup* group, LinkGroup* seen,
                           const Value& old, const std::string& change_id) {
  const std::string& system = link->system();
  const int64_t since = std::max<int64_t>(seen->settled(), 0);
  bool rivals = false;
  bool loses = false;
  bool undecided = false;
  if (seen->settled() != group->revision() && !Plants(Fault::kNeverConcurrent)) {  // rule 3
    for (const v1::Given& given : group->given()) {
      if (given.system() == system || given.revision() <= since) continue;
      if (Plants(Fault::kLastOriginOnly) && given.revision() != group->revision()) continue;
      const Rank rank = RankOf(rule, system, given.system());
      rivals = true;
      loses = loses || rank == Rank::kLoses;
      undecided = undecided || rank == Rank::kUndecided;
    }
  }
  if (loses) {  // settled stays behind, so the agreed value goes back
    KeepLoser(system, *group, old, seen->shown(), group->value(), group->origin(),
              v1::REFUSED_BECAUSE_NOT_PREFERRED, change_id);
    Close(system, group->name());
    return;
  }
  if (undecided) {
    Raise(v1::CONFLICT_KIND_CONCURRENT, system, group->name(), seen->shown(), change_id);
    return;
  }
  if (rivals && group->origin() != system) {
    KeepLoser(group->origin(), *group, Value(), group->value(), seen->shown(), system,
              v1::REFUSED_BECAUSE_OVERRULED, group->change_id());
  }
  Accept(group, seen, system, seen->shown(),
         rivals ? v1::DECIDED_BY_PREFERENCE : v1::DECIDED_BY_SHARED, change_id);
}

void Stepper::Accept(FieldGroup* group, LinkGroup* seen, const std::string& system,
                     const Value& value, v1::DecidedBy by, const std::string& change_id) {
  v1::AgreedChange& change = outcome_.agreed.emplace_back();
  change.set_record_id(record_.id());
  change.set_time_micros(input_.time_micros);
  *change.mutable_previous() = group->value();
  const std::string first_proposed_by = group->revision() == 0 ? group->change_id() : "";
  record_.set_revision(record_.revision() + 1);
  group->set_revision(record_.revision());
  group->mutable_value()->set_present(value.present());
  group->mutable_value()->set_common(value.common());
  group->set_origin(system);
  group->set_change_id(change_id);
  group->set_decided_by(by);
  v1::Given* given = nullptr;
  for (v1::Given& other : *group->mutable_given()) {
    if (other.system() == system) given = &other;
  }
  if (given == nullptr) {
    given = group->add_given();
    given->set_system(system);
  }
  given->set_revision(record_.revision());
  if (seen != nullptr) {
    seen->set_settled(record_.revision());
    ForgetRefusals(seen);
  }
  *change.mutable_group() = *group;
  Close(system, group->name());
  AgreeElsewhere(*group);
  DecideLater(group, first_proposed_by);
}

// What was shown before its owner's copy was seen, once there is something to hold it against.
void Stepper::DecideLater(FieldGroup* group, const std::string& change_id) {
  for (Link& link : *record_.mutable_links()) {
    const LinkGroup* waits = FindGroup(link, group->name());
    if (waits == nullptr || waits->settled() != kSettledLater) continue;
    LinkGroup* seen = MutableGroup(&link, group->name());
    if (SameCommon(seen->shown(), group->value())) {
      seen->set_settled(group->revision());
    } else {
      Refuse(&link, group, seen, Value(), change_id);
    }
  }
}

bool Stepper::OwnerSeen(const GroupRule& rule) const {
  const Link* owner = FindLink(record_, rule.order[0]);
  return owner != nullptr && (IsThere(*owner) || owner->state() == v1::LINK_STATE_DELETED);
}

// What another side proposed to a person is what is agreed now: nobody need be asked.
void Stepper::AgreeElsewhere(const FieldGroup& group) {
  auto* conflicts = record_.mutable_conflicts();
  for (int i = conflicts->size() - 1; i >= 0; --i) {
    const v1::Conflict& conflict = conflicts->Get(i);
    if (conflict.group() != group.name() || !SameCommon(conflict.proposed(), group.value())) {
      continue;
    }
    LinkGroup* seen = MutableGroup(MutableLink(&record_, conflict.system()), group.name());
    if (SameForm(seen->shown(), conflict.proposed())) seen->set_settled(group.revision());
    ForgetRefusals(seen);
    outcome_.closed.push_back(conflict.number());
    conflicts->DeleteSubrange(i, 1);
  }
}

void Stepper::Refuse(Link* link, FieldGroup* group, LinkGroup* seen, const Value& old,
                     const std::string& change_id) {
  if (!Plants(Fault::kSettledAfterRefusal)) seen->set_settled(kSettledNone);
  KeepLoser(link->system(), *group, old, seen->shown(), group->value(), group->origin(),
            v1::REFUSED_BECAUSE_NOT_OWNER, change_id);
  if (seen->refused_count() > 0 && SameForm(seen->refused(), seen->shown())) {
    seen->set_refused_count(seen->refused_count() + 1);
  } else {
    *seen->mutable_refused() = seen->shown();
    seen->set_refused_count(1);
  }
  if (seen->refused_count() >= kMaxSameRefusals && !Plants(Fault::kRefuseForEver)) {
    Raise(v1::CONFLICT_KIND_REPEATED_REFUSAL, link->system(), group->name(), seen->shown(),
          change_id);
  } else {
    Close(link->system(), group->name());
  }
}

void Stepper::KeepLoser(const std::string& system, const FieldGroup& group, const Value& old,
                        const Value& refused, const Value& stands, const std::string& origin,
                        v1::RefusedBecause because, const std::string& change_id) {
  if (Plants(Fault::kDropLoser)) return;
  v1::RefusedProposal& kept = outcome_.refused.emplace_back();
  kept.set_record_id(record_.id());
  kept.set_system(system);
  kept.set_group(group.name());
  *kept.mutable_old() = old;
  *kept.mutable_refused() = refused;
  *kept.mutable_agreed() = stands;
  kept.set_agreed_origin(origin);
  kept.set_revision(group.revision());
  kept.set_because(because);
  kept.set_change_id(change_id);
  kept.set_time_micros(input_.time_micros);
}

void Stepper::Raise(v1::ConflictKind kind, const std::string& system, const std::string& group,
                    const Value& proposed, const std::string& change_id,
                    std::vector<std::string> candidates) {
  v1::Conflict* conflict = nullptr;
  for (v1::Conflict& open : *record_.mutable_conflicts()) {
    if (open.system() == system && open.group() == group) conflict = &open;
  }
  const FieldGroup* agreed = FindGroup(record_, group);
  if (conflict == nullptr) {
    conflict = record_.add_conflicts();
    record_.set_conflicts_raised(record_.conflicts_raised() + 1);
    conflict->set_number(record_.conflicts_raised());
    conflict->set_record_id(record_.id());
    conflict->set_system(system);
    conflict->set_group(group);
  } else if (conflict->kind() == v1::CONFLICT_KIND_CONCURRENT) {
    KeepLoser(system, *agreed, Value(), conflict->proposed(), proposed, system,
              v1::REFUSED_BECAUSE_REPLACED, conflict->change_id());
  }
  conflict->set_kind(kind);
  *conflict->mutable_proposed() = proposed;
  conflict->set_change_id(change_id);
  conflict->set_time_micros(input_.time_micros);
  if (agreed != nullptr) {
    *conflict->mutable_agreed() = agreed->value();
    conflict->set_revision(agreed->revision());
  }
  conflict->clear_candidates();
  for (std::string& id : candidates) conflict->add_candidates(std::move(id));
  outcome_.raised.push_back(*conflict);
}

// What an open conflict was about is settled by what that side did since.
void Stepper::Close(const std::string& system, absl::string_view group) {
  auto* conflicts = record_.mutable_conflicts();
  for (int i = conflicts->size() - 1; i >= 0; --i) {
    const v1::Conflict& conflict = conflicts->Get(i);
    if (conflict.system() != system || conflict.group() != group) continue;
    if (conflict.kind() == v1::CONFLICT_KIND_CONCURRENT) {
      const FieldGroup& agreed = *MutableGroup(&record_, group);
      KeepLoser(system, agreed, Value(), conflict.proposed(), agreed.value(), agreed.origin(),
                v1::REFUSED_BECAUSE_REPLACED, conflict.change_id());
    }
    outcome_.closed.push_back(conflict.number());
    conflicts->DeleteSubrange(i, 1);
  }
}

}  // namespace tandem::master_data
