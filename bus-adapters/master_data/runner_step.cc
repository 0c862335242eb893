#include "bus-adapters/master_data/runner_step.h"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bus-adapters/master_data/record.h"
#include "bus-adapters/master_data/record_view.h"
#include "bus-adapters/master_data/store.h"
#include "platform/base/check.h"
#include "platform/base/id.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"

namespace tandem::master_data {
namespace {

using v1::AgreedRecord;
using v1::Link;
using v1::SyncRecord;

void SetTime(int64_t micros, google::protobuf::Timestamp* time) {
  time->set_seconds(micros / 1'000'000);
  time->set_nanos(static_cast<int32_t>(micros % 1'000'000) * 1000);
}

// The ULID of an id; empty where it has none.
std::string UlidOf(const std::string& id) {
  const size_t at = id.rfind('_');
  const std::string ulid = at == std::string::npos ? "" : id.substr(at + 1);
  return IsUlid(ulid) ? ulid : "";
}

// The row, made where there is none; whoever calls it touches it.
template <class Row>
Row* Put(State& state, const std::string& id) {
  if (Row* row = state.Edit<Row>(id)) return row;
  Row row;
  row.set_id(id);
  return state.Insert(std::move(row));
}

template <class Row>
Row* PutNew(State& state, const std::string& id) {
  Row row;
  row.set_id(id);
  return state.InsertNew(std::move(row));
}

// One input and all that follows from it in this database: the records it reaches are stepped one
// after the other.
class Work {
 public:
  Work(const Entity& entity, Context& context, State& state)
      : entity_(entity), context_(context), state_(state) {}

  absl::StatusOr<bool> Arrive(absl::string_view system, v1::State state, const LookedUp* known) {
    TANDEM_ASSIGN_OR_RETURN(const std::string id, RecordFor(system, state));
    // What is decided before all is loaded is thrown away.
    if (!founded_.empty()) Foresee(state);
    if (Misses()) return false;
    Localise(system, &state);
    todo_.push_back({id, StateArrived{std::string(system), std::move(state)}});
    Run();
    if (known != nullptr) Follow(id, std::string(system), *known);
    return changed_;
  }

  void Happen(const std::string& record_id, What what) {
    if (auto* push = std::get_if<PushAnswered>(&what); push != nullptr && push->state.has_value()) {
      Localise(push->system, &*push->state);
    } else if (auto* read = std::get_if<ReadAnswered>(&what)) {
      Localise(read->system, &read->state);
    } else if (auto* match = std::get_if<MatchAnswered>(&what)) {
      for (v1::State& each : match->strong) Localise(match->system, &each);
    }
    todo_.push_back({record_id, std::move(what)});
    Run();
  }

  void Matched(const std::string& record_id, const std::string& system, int64_t number,
               std::vector<v1::State> found) {
    MatchAnswered answer;
    answer.system = system;
    answer.call = number;
    for (v1::State& each : found) {
      const auto* entry = state_.Find<v1::CrosswalkEntry>(CrosswalkId(system, each.foreign_id()));
      if (entry == nullptr || entry->record_id() == record_id) {
        answer.strong.push_back(std::move(each));
      } else {
        answer.guesses.push_back(each.foreign_id());
      }
    }
    Happen(record_id, std::move(answer));
  }

 private:
  struct Todo {
    std::string record_id;
    What what;
  };

  // Answers the calls that the record asks for now, as far as their answers are known: as if they
  // had been made at once, with nothing between.
  void Follow(const std::string& record_id, const std::string& system, const LookedUp& known) {
    bool read = known.copy.has_value();
    std::set<std::string> matched;
    for (bool answered = true; answered && !Misses();) {
      answered = false;
      const SyncRecord* row = state_.Find<SyncRecord>(record_id);
      if (row == nullptr) return;
      for (const Link& link : row->record().links()) {
        if (!link.has_call()) continue;
        const int64_t number = link.call().number();
        if (link.call().kind() == v1::CALL_KIND_READ && read && link.system() == system &&
            link.foreign_id() == known.copy->foreign_id()) {
          read = false;
          answered = true;
          Happen(record_id, ReadAnswered{system, number, true, *known.copy});
          break;  // the record is another now
        }
        const auto match = known.matches.find(link.system());
        if (link.call().kind() == v1::CALL_KIND_MATCH && match != known.matches.end() &&
            !matched.contains(link.system()) && IsFoundBy(row->record(), match->second)) {
          matched.insert(link.system());
          answered = true;
          Matched(record_id, std::string(link.system()), number, match->second.found);
          break;
        }
      }
    }
  }

  // Whether the record would be looked for as it was.
  bool IsFoundBy(const AgreedRecord& record, const LookedUp::Match& match) const {
    size_t same = 0;
    for (const std::string& name : entity_.rules.identifiers()) {
      const v1::FieldGroup* group = FindGroup(record, name);
      if (group == nullptr || !group->value().present()) continue;
      if (same == match.identifiers.size() || match.identifiers[same].name() != name ||
          match.identifiers[same].value().common() != group->value().common()) {
        return false;
      }
      ++same;
    }
    return same == match.identifiers.size();
  }

  // Whether the work is done again with more loaded. What has a new id is not waited for.
  bool Misses() const {
    const Wanted& missing = state_.missing();
    return !missing.sets.empty() ||
           std::any_of(missing.rows.begin(), missing.rows.end(), [this](const RowKey& key) {
             return std::find(founded_.begin(), founded_.end(), key.id) == founded_.end();
           });
  }

  // Notes what a new record is going to write: the copies under the same name.
  void Foresee(const v1::State& shown) {
    const std::string ulid = UlidOf(shown.foreign_id());
    if (ulid.empty()) return;
    for (const SystemRules& system : entity_.rules.systems()) {
      (void)state_.Find<v1::CrosswalkEntry>(
          CrosswalkId(system.name, absl::StrCat(system.id_prefix, ulid)));
    }
  }

  void Run() {
    while (!todo_.empty()) {
      Todo next = std::move(todo_.front());
      todo_.pop_front();
      StepOne(next.record_id, std::move(next.what));
    }
  }

  // The record of a copy: by crosswalk, by strong identifier, or a new one.
  absl::StatusOr<std::string> RecordFor(absl::string_view system, const v1::State& state) {
    const std::string crosswalk = CrosswalkId(system, state.foreign_id());
    if (const auto* known = state_.Find<v1::CrosswalkEntry>(crosswalk)) return known->record_id();
    const auto& waits = entity_.gives_ids;
    if (std::find(waits.begin(), waits.end(), system) != waits.end()) {
      const auto* row = state_.Find<v1::SyncSystem>(system);
      if (RouteUnknownId(row != nullptr && row->creates_under_way() > 0) == Route::kWait) {
        return Refuse(
            absl::StatusCode::kAborted, "SYNC_CREATE_UNDER_WAY",
            absl::StrCat(state.foreign_id(), " may be what is being created in ", system));
      }
    }
    for (const std::string& name : entity_.rules.identifiers()) {
      for (const v1::GroupValue& group : state.groups()) {
        if (group.name() != name || !group.value().present()) continue;
        const auto* entry =
            state_.Find<v1::IdentifierEntry>(IdentifierId(name, group.value().common()));
        if (entry != nullptr && !entry->record_id().empty()) return entry->record_id();
      }
    }
    return Found(system, state.foreign_id());
  }

  // A new record, with nothing but the copy that made it known.
  std::string Found(absl::string_view system, absl::string_view foreign_id) {
    SyncRecord row;
    row.set_id(context_.ids.Next("rec_"));
    row.mutable_record()->set_id(row.id());
    SetTime(context_.now_micros, row.mutable_create_time());
    const std::string id = row.id();
    state_.Insert(std::move(row));
    state_.Touch<SyncRecord>(id);
    PutCrosswalk(system, foreign_id, id);
    founded_.push_back(id);
    return id;
  }

  void PutCrosswalk(absl::string_view system, absl::string_view foreign_id,
                    const std::string& record_id) {
    const std::string id = CrosswalkId(system, foreign_id);
    const auto* known = state_.Find<v1::CrosswalkEntry>(id);
    if (known != nullptr && known->record_id() == record_id) return;
    Put<v1::CrosswalkEntry>(state_, id)->set_record_id(record_id);
    state_.Touch<v1::CrosswalkEntry>(id);
  }

  // A parent's common form is its record; one that nobody has seen yet is made known and read.
  void Localise(absl::string_view system, v1::State* state) {
    for (v1::GroupValue& group : *state->mutable_groups()) {
      const GroupRule* rule = entity_.rules.Find(group.name());
      v1::Value* value = group.mutable_value();
      if (rule == nullptr || rule->meaning != Meaning::kParent || !value->present()) continue;
      const auto* known = state_.Find<v1::CrosswalkEntry>(CrosswalkId(system, value->form()));
      if (known != nullptr) {
        value->set_common(known->record_id());
        continue;
      }
      const std::string parent = Found(system, value->form());
      value->set_common(parent);
      todo_.push_back({parent, LinkFound{std::string(system), value->form()}});
    }
  }

  // What a copy created by this step is named by: as its first copy elsewhere, so that people see
  // one id; a new one where that was used up.
  std::string FreshId(const AgreedRecord& record, const What& what) {
    const std::string fresh = context_.ids.Next("");
    const std::string* shown_by = ShownBy(what);  // its copy is there, whatever was known of it
    std::string first;
    for (const Link& link : record.links()) {
      const bool there = shown_by != nullptr && *shown_by == link.system();
      if (link.former_ids_size() > 0 || (link.state() == v1::LINK_STATE_DELETED && !there)) {
        return fresh;
      }
      if (first.empty()) first = UlidOf(link.foreign_id());
    }
    if (first.empty()) {
      if (const auto* arrived = std::get_if<StateArrived>(&what)) {
        first = UlidOf(arrived->state.foreign_id());
      }
    }
    return first.empty() ? fresh : first;
  }

  // The system whose copy this input shows; null: none.
  static const std::string* ShownBy(const What& what) {
    if (const auto* arrived = std::get_if<StateArrived>(&what)) return &arrived->system;
    const auto* read = std::get_if<ReadAnswered>(&what);
    return read != nullptr && read->found ? &read->system : nullptr;
  }

  const EntityRules& RulesFor(const AgreedRecord& record, const What& what) const {
    if (const v1::FieldGroup* existence = FindGroup(record, kExistence);
        existence != nullptr && existence->revision() > 0) {
      return entity_.rules;
    }
    const std::string& owner = entity_.rules.Find(kExistence)->order[0];
    const std::string* system = ShownBy(what);
    return system == nullptr || *system == owner ? entity_.rules : entity_.founding;
  }

  void StepOne(const std::string& record_id, What what) {
    const SyncRecord* known = state_.Find<SyncRecord>(record_id);
    if (known == nullptr) return;
    const AgreedRecord& before = known->record();  // stands until the row itself is changed
    const auto* arrived = std::get_if<StateArrived>(&what);
    if (arrived != nullptr && IsNoNews(before, *arrived)) {
      FreeChildren(record_id);
      return;
    }
    Input input;
    input.time_micros = context_.now_micros;
    input.fresh_id = FreshId(before, what);
    const EntityRules& rules = RulesFor(before, what);
    input.what = std::move(what);
    Outcome outcome = Step(rules, before, input);
    const bool told = !outcome.agreed.empty() || !outcome.refused.empty() ||
                      !outcome.raised.empty() || !outcome.closed.empty();
    changed_ |= told;
    const bool same = !told && outcome.awaited.empty() && outcome.calls.empty() &&
                      outcome.record.SerializeAsString() == before.SerializeAsString();
    if (!same) Save(before, &outcome);
    FreeChildren(record_id);
  }

  // Rule 0, of a copy with no call under way: most events of an adapter are echoes of its own
  // writes, whose states it knows already. The step says the same, and takes longer.
  bool IsNoNews(const AgreedRecord& record, const StateArrived& arrived) const {
    const Link* link = FindLink(record, arrived.system);
    const SystemRules* system = entity_.rules.FindSystem(arrived.system);
    return link != nullptr && system != nullptr && system->ordered_versions &&
           link->state() == v1::LINK_STATE_LINKED && !link->has_call() && link->has_version() &&
           arrived.state.has_version() && arrived.state.foreign_id() == link->foreign_id() &&
           arrived.state.version().order() <= link->version().order();
  }

  // `outcome` loses its record to the row, last of all.
  void Save(const AgreedRecord& before, Outcome* outcome) {
    const AgreedRecord& record = outcome->record;
    const std::string record_id = record.id();
    for (const Link& link : record.links()) {
      if (link.foreign_id().empty()) continue;
      const Link* was = FindLink(before, link.system());
      if (was != nullptr && was->foreign_id() == link.foreign_id()) continue;
      PutCrosswalk(link.system(), link.foreign_id(), record_id);
    }
    SaveIdentifiers(before, record);
    SaveCalls(before, *outcome);
    SaveConflicts(*outcome);
    SyncRecord* row = state_.Edit<SyncRecord>(record_id);
    for (const v1::RefusedProposal& refused : outcome->refused) {
      row->set_refused_proposals(row->refused_proposals() + 1);
      v1::RefusedWrite kept = RefusedWriteOf(record, refused);
      kept.set_id(NumberedId(record_id, row->refused_proposals()));
      SetTime(context_.now_micros, kept.mutable_create_time());
      const std::string id = kept.id();
      state_.Insert(std::move(kept));
      state_.Touch<v1::RefusedWrite>(id);
    }
    row = state_.Edit<SyncRecord>(record_id);
    row->mutable_record()->Swap(&outcome->record);
    Summarise(row);
    SetTime(context_.now_micros, row->mutable_update_time());
    state_.Touch<SyncRecord>(record_id);
    for (const ParentAwaited& awaited : outcome->awaited) Await(record_id, awaited);
  }

  void SaveIdentifiers(const AgreedRecord& before, const AgreedRecord& record) {
    for (const std::string& name : entity_.rules.identifiers()) {
      const v1::FieldGroup* was = FindGroup(before, name);
      const v1::FieldGroup* is = FindGroup(record, name);
      const bool had = was != nullptr && was->value().present();
      const bool has = is != nullptr && is->value().present();
      if (had && has && was->value().common() == is->value().common()) continue;
      if (had) {
        const std::string id = IdentifierId(name, was->value().common());
        const auto* entry = state_.Find<v1::IdentifierEntry>(id);
        if (entry != nullptr && entry->record_id() == record.id()) {
          state_.Edit<v1::IdentifierEntry>(id)->clear_record_id();
          state_.Touch<v1::IdentifierEntry>(id);
        }
      }
      if (has) {
        const std::string id = IdentifierId(name, is->value().common());
        Put<v1::IdentifierEntry>(state_, id)->set_record_id(record.id());
        state_.Touch<v1::IdentifierEntry>(id);
      }
    }
  }

  // A row for each call under way; none where none is. Its number is new, or that of a push which
  // was read for meanwhile and is sent again: its row went when the read began, and whoever knew it
  // finds the record changed.
  void SaveCalls(const AgreedRecord& before, const Outcome& outcome) {
    const AgreedRecord& record = outcome.record;
    for (const CallDue& due : outcome.calls) {
      const Link& link = *FindLink(record, due.system);
      const Link* was = FindLink(before, due.system);
      if (NumberUnderWay(link) != due.number) continue;  // over by now
      const std::string id = CallId(record.id(), due.system, due.number);
      const bool again = was != nullptr && NumberUnderWay(*was) == due.number;
      v1::CallUnderWay* row =
          again ? Put<v1::CallUnderWay>(state_, id) : PutNew<v1::CallUnderWay>(state_, id);
      row->set_record_id(record.id());
      row->set_system(due.system);
      row->set_number(due.number);
      row->set_kind(due.kind);
      row->set_attempts(due.push.attempt());
      row->set_foreign_id(due.foreign_id);
      *row->mutable_push() = due.push;
      row->clear_identifiers();
      for (const v1::GroupValue& each : due.identifiers) *row->add_identifiers() = each;
      row->clear_shown();
      if (due.kind == v1::CALL_KIND_PUSH) CompletePush(link, row);
      state_.Touch<v1::CallUnderWay>(id);
    }
    for (const Link& link : record.links()) {
      const Link* was = FindLink(before, link.system());
      if (was != nullptr && was->has_call() && NumberUnderWay(*was) != NumberUnderWay(link)) {
        state_.Erase<v1::CallUnderWay>(CallId(record.id(), link.system(), NumberUnderWay(*was)));
      }
      const auto& gives = entity_.gives_ids;
      if (std::find(gives.begin(), gives.end(), link.system()) == gives.end()) continue;
      const int moved =
          (CreateUnderWay(link) ? 1 : 0) - (was != nullptr && CreateUnderWay(*was) ? 1 : 0);
      if (moved == 0) continue;
      v1::SyncSystem* system = Put<v1::SyncSystem>(state_, link.system());
      system->set_creates_under_way(system->creates_under_way() + moved);
      state_.Touch<v1::SyncSystem>(link.system());
    }
  }

  // What the system's connector needs beside the intent: the parents' ids there, and the rows of
  // lists that stand beside those written. Both hold still while the call is under way.
  void CompletePush(const Link& link, v1::CallUnderWay* row) {
    bool lists = false;
    for (v1::PushedGroup& group : *row->mutable_push()->mutable_groups()) {
      lists = lists || group.name().find('/') != std::string::npos;
      const GroupRule* rule = entity_.rules.Find(group.name());
      if (rule == nullptr || rule->meaning != Meaning::kParent || !group.value().present())
        continue;
      const SyncRecord* parent = state_.Find<SyncRecord>(group.value().common());
      if (parent == nullptr) continue;
      const Link* there = FindLink(parent->record(), link.system());
      if (there != nullptr) group.mutable_value()->set_form(there->foreign_id());
    }
    if (!lists) return;
    for (const v1::LinkGroup& seen : link.groups()) {
      if (!seen.shown().present() || seen.name().find('/') == std::string::npos) continue;
      v1::GroupValue* shown = row->add_shown();
      shown->set_name(seen.name());
      *shown->mutable_value() = seen.shown();
    }
  }

  void SaveConflicts(const Outcome& outcome) {
    const std::string& record = outcome.record.id();
    for (const v1::Conflict& raised : outcome.raised) {
      const std::string id = NumberedId(record, raised.number());
      v1::SyncConflict* row = Put<v1::SyncConflict>(state_, id);
      FillConflict(outcome.record, raised, row);
      if (!row->has_create_time()) SetTime(context_.now_micros, row->mutable_create_time());
      SetTime(context_.now_micros, row->mutable_update_time());
      state_.Touch<v1::SyncConflict>(id);
    }
    for (const int64_t number : outcome.closed) {
      const std::string id = NumberedId(record, number);
      v1::SyncConflict* row = state_.Edit<v1::SyncConflict>(id);
      if (row == nullptr) continue;
      row->set_open(false);
      SetTime(context_.now_micros, row->mutable_update_time());
      state_.Touch<v1::SyncConflict>(id);
    }
  }

  // The record waits for a parent; answered at once where the parent is there already.
  void Await(const std::string& child, const ParentAwaited& awaited) {
    const SyncRecord* parent = state_.Find<SyncRecord>(awaited.parent);
    if (parent == nullptr) return;
    const Link* link = FindLink(parent->record(), awaited.system);
    if (awaited.parent == child || (link != nullptr && IsThere(*link))) {
      todo_.push_back({child, ParentLinked{awaited.system, awaited.parent}});
      return;
    }
    v1::ParentWait wait;
    wait.set_id(ParentWaitId(awaited.parent, awaited.system, child));
    if (state_.Find<v1::ParentWait>(wait.id()) != nullptr) return;
    wait.set_parent_id(awaited.parent);
    wait.set_system(awaited.system);
    wait.set_child_id(child);
    const std::string id = wait.id();
    state_.Insert(std::move(wait));
    state_.Touch<v1::ParentWait>(id);
    SyncRecord* row = state_.Edit<SyncRecord>(awaited.parent);
    row->set_awaited_by(row->awaited_by() + 1);
    state_.Touch<SyncRecord>(awaited.parent);
  }

  // Records that waited for this one, where it is there now: at most kWaitsMax at a time, the rest
  // with the record's next input.
  void FreeChildren(const std::string& record_id) {
    const SyncRecord* row = state_.Find<SyncRecord>(record_id);
    if (row == nullptr || row->awaited_by() == 0) return;
    const AgreedRecord record = row->record();
    if (std::none_of(record.links().begin(), record.links().end(), IsThere)) return;
    state_.Load<v1::ParentWait>(kWaitsOfParent, record.id());
    std::vector<v1::ParentWait> freed;
    for (const v1::ParentWait* wait : state_.All<v1::ParentWait>()) {
      if (wait->parent_id() != record.id()) continue;
      const Link* link = FindLink(record, wait->system());
      if (link != nullptr && IsThere(*link)) freed.push_back(*wait);
    }
    if (freed.empty()) return;
    for (const v1::ParentWait& wait : freed) {
      state_.Erase<v1::ParentWait>(wait.id());
      todo_.push_back({wait.child_id(), ParentLinked{wait.system(), wait.parent_id()}});
    }
    SyncRecord* edited = state_.Edit<SyncRecord>(record.id());
    edited->set_awaited_by(std::max(0, edited->awaited_by() - static_cast<int>(freed.size())));
    state_.Touch<SyncRecord>(record.id());
  }

  const Entity& entity_;
  Context& context_;
  State& state_;
  std::deque<Todo> todo_;
  bool changed_ = false;
  std::vector<std::string> founded_;  // records, by this work
};

absl::StatusOr<Choice> ChoiceOf(v1::ConflictChoice choice) {
  switch (choice) {
    case v1::CONFLICT_CHOICE_KEEP_AGREED:
      return Choice::kKeepAgreed;
    case v1::CONFLICT_CHOICE_TAKE_PROPOSED:
      return Choice::kTakeProposed;
    case v1::CONFLICT_CHOICE_LINK_CANDIDATE:
      return Choice::kLinkCandidate;
    case v1::CONFLICT_CHOICE_CREATE_NEW:
      return Choice::kCreateNew;
    default:
      return InvalidField("choice", "SYNC_CHOICE_INVALID", "say what is chosen");
  }
}

// Takes a copy from the record that it founded by itself, which goes with it.
absl::Status Absorb(const Entity& entity, const std::string& system, const std::string& copy,
                    const std::string& into, State& state) {
  const std::string crosswalk = CrosswalkId(system, copy);
  const auto* entry = state.Find<v1::CrosswalkEntry>(crosswalk);
  if (entry == nullptr || entry->record_id() == into) return absl::OkStatus();
  const std::string other = entry->record_id();
  const SyncRecord* row = state.Find<SyncRecord>(other);
  if (row == nullptr) return absl::OkStatus();
  int copies = 0;
  for (const Link& link : row->record().links()) copies += link.foreign_id().empty() ? 0 : 1;
  if (copies > 1 || row->awaited_by() > 0) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "SYNC_CANDIDATE_LINKED",
                  absl::StrCat(copy, " belongs to ", other, ", which has other copies"),
                  "candidate");
  }
  const AgreedRecord gone = row->record();
  for (const Link& link : gone.links()) {
    if (!link.has_call()) continue;
    state.Erase<v1::CallUnderWay>(CallId(other, link.system(), NumberUnderWay(link)));
  }
  for (const std::string& name : entity.rules.identifiers()) {
    const v1::FieldGroup* group = FindGroup(gone, name);
    if (group == nullptr || !group->value().present()) continue;
    const std::string id = IdentifierId(name, group->value().common());
    const auto* identifier = state.Find<v1::IdentifierEntry>(id);
    if (identifier == nullptr || identifier->record_id() != other) continue;
    state.Edit<v1::IdentifierEntry>(id)->set_record_id(into);
    state.Touch<v1::IdentifierEntry>(id);
  }
  for (const v1::Conflict& open : gone.conflicts()) {
    const std::string id = NumberedId(other, open.number());
    if (v1::SyncConflict* conflict = state.Edit<v1::SyncConflict>(id)) {
      conflict->set_open(false);
      state.Touch<v1::SyncConflict>(id);
    }
  }
  state.Edit<v1::CrosswalkEntry>(crosswalk)->set_record_id(into);
  state.Touch<v1::CrosswalkEntry>(crosswalk);
  state.Erase<SyncRecord>(other);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<bool> Arrive(const Entity& entity, absl::string_view system, v1::State state,
                            Context& context, State& state_of, const LookedUp* known) {
  return Work(entity, context, state_of).Arrive(system, std::move(state), known);
}

void ArriveHints(absl::string_view system, absl::string_view foreign_id, Wanted& wanted) {
  wanted.Row<v1::CrosswalkEntry>(CrosswalkId(system, foreign_id));
}

void FoundHints(const Entity& entity, const v1::State& state, Wanted& wanted) {
  const std::string ulid = UlidOf(state.foreign_id());
  for (const SystemRules& system : entity.rules.systems()) {
    if (ulid.empty()) break;
    wanted.Row<v1::CrosswalkEntry>(CrosswalkId(system.name, absl::StrCat(system.id_prefix, ulid)));
  }
  const std::vector<std::string>& identifiers = entity.rules.identifiers();
  for (const v1::GroupValue& group : state.groups()) {
    if (!group.value().present() ||
        std::find(identifiers.begin(), identifiers.end(), group.name()) == identifiers.end()) {
      continue;
    }
    wanted.Row<v1::IdentifierEntry>(IdentifierId(group.name(), group.value().common()));
  }
}

void AnswerHints(const std::string& record_id, const std::string& call_id, Wanted& wanted) {
  wanted.Row<v1::SyncRecord>(record_id);
  wanted.Row<v1::CallUnderWay>(call_id);
}

absl::Status Happen(const Entity& entity, const std::string& record_id, What what, Context& context,
                    State& state) {
  Work(entity, context, state).Happen(record_id, std::move(what));
  return absl::OkStatus();
}

absl::Status Matched(const Entity& entity, const v1::CallUnderWay& call,
                     std::vector<v1::State> found, Context& context, State& state) {
  Work(entity, context, state)
      .Matched(call.record_id(), call.system(), call.number(), std::move(found));
  return absl::OkStatus();
}

absl::StatusOr<v1::SyncConflict> ResolveConflict(const Entity& entity,
                                                 const v1::ResolveConflictRequest& request,
                                                 Context& context, State& state) {
  TANDEM_ASSIGN_OR_RETURN(const Choice choice, ChoiceOf(request.choice()));
  const v1::SyncConflict* found = state.Find<v1::SyncConflict>(request.id());
  if (found == nullptr) {
    return Refuse(absl::StatusCode::kNotFound, "SYNC_CONFLICT_NOT_FOUND",
                  absl::StrCat("no conflict ", request.id()), "id");
  }
  if (!found->open()) return *found;
  const bool about_copies = found->kind() == v1::CONFLICT_KIND_AMBIGUOUS_MATCH ||
                            found->kind() == v1::CONFLICT_KIND_DUPLICATE_COPY;
  const bool links = choice == Choice::kLinkCandidate;
  if (about_copies ? choice == Choice::kTakeProposed : links || choice == Choice::kCreateNew) {
    return InvalidField("choice", "SYNC_CHOICE_INVALID",
                        "a value is kept or taken; a copy is linked or created");
  }
  const auto& candidates = found->candidates();
  if (links &&
      std::find(candidates.begin(), candidates.end(), request.candidate()) == candidates.end()) {
    return InvalidField("candidate", "SYNC_CHOICE_INVALID", "none of the conflict's candidates");
  }
  const std::string record_id = found->record_id();
  if (links) {
    TANDEM_RETURN_IF_ERROR(Absorb(entity, found->system(), request.candidate(), record_id, state));
  }
  PersonDecided decided;
  decided.conflict = found->number();
  decided.choice = choice;
  decided.candidate = request.candidate();
  decided.change_id = request.request_id();
  TANDEM_RETURN_IF_ERROR(Happen(entity, record_id, std::move(decided), context, state));
  v1::SyncConflict* row = state.Edit<v1::SyncConflict>(request.id());
  if (row == nullptr) return absl::AbortedError("being loaded");
  row->set_decided_by(context.actor);
  state.Touch<v1::SyncConflict>(request.id());
  return *row;
}

absl::StatusOr<v1::SyncRecord> RetryPush(const Entity& entity, const v1::RetryPushRequest& request,
                                         Context& context, State& state) {
  if (state.Find<SyncRecord>(request.record_id()) == nullptr ||
      entity.rules.FindSystem(request.system()) == nullptr) {
    return Refuse(absl::StatusCode::kNotFound, "SYNC_RECORD_NOT_FOUND",
                  absl::StrCat("no record ", request.record_id(), " in ", request.system()),
                  "record_id");
  }
  TANDEM_RETURN_IF_ERROR(
      Happen(entity, request.record_id(), PushRetried{request.system()}, context, state));
  return *state.Find<SyncRecord>(request.record_id());
}

absl::StatusOr<v1::ReconcileResponse> Reconcile(const Entity& entity,
                                                const v1::ReconcileRequest& request,
                                                Context& context, State& state) {
  if (!request.system().empty() && entity.rules.FindSystem(request.system()) == nullptr) {
    return InvalidField("system", "SYNC_SYSTEM_UNKNOWN",
                        absl::StrCat("there is no system ", request.system()));
  }
  v1::ReconcileResponse answer;
  for (const SystemRules& system : entity.rules.systems()) {
    if (!request.system().empty() && request.system() != system.name) continue;
    v1::SyncSystem* row = Put<v1::SyncSystem>(state, system.name);
    if (!row->reconciling()) {
      const int creates = row->creates_under_way();
      row->Clear();
      row->set_id(system.name);
      row->set_creates_under_way(creates);
      row->set_reconciling(true);
      SetTime(context.now_micros, row->mutable_reconcile_start_time());
    }
    state.Touch<v1::SyncSystem>(system.name);
    *answer.add_systems() = *row;
  }
  return answer;
}

}  // namespace tandem::master_data
