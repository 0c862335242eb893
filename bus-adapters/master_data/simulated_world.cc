// The simulated runner and network: what a real runner does with queues, tables and calls.
#include "bus-adapters/master_data/simulated_world.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "bus-adapters/master_data/record.h"

namespace tandem::master_data {

void SimulatedWorld::Log(const std::string& line) {
  if (options_.trace) absl::StrAppend(&result_.trace, now_, "  ", line, "\n");
}

std::string SimulatedWorld::FreshId() { return absl::StrCat("new", ++ids_); }

int SimulatedWorld::SystemOf(const std::string& name) const { return name[0] - 'a'; }

// Into the network: lost, doubled or only delayed. What is lost is noticed as a timeout.
void SimulatedWorld::Send(Message message) {
  const bool call = message.kind == Message::Kind::kCall;
  if (message.kind != Message::Kind::kTimeout && random_.Percent(loss_percent_)) {
    if (call) ++result_.lost_requests;
    if (message.kind == Message::Kind::kAnswer) ++result_.lost_answers;
    if (message.kind == Message::Kind::kEvent) return;
    message.kind = Message::Kind::kTimeout;
    network_.push_back(std::move(message));
    return;
  }
  if (random_.Percent(double_percent_)) {
    ++result_.doubled;
    network_.push_back(message);
  }
  if (call && loss_percent_ > 0 && random_.Percent(5)) {  // given up too early
    Message timeout = message;
    timeout.kind = Message::Kind::kTimeout;
    network_.push_back(std::move(timeout));
  }
  network_.push_back(std::move(message));
}

void SimulatedWorld::EmitEvent(int system, const Copy& copy) {
  Message message;
  message.kind = Message::Kind::kEvent;
  message.system = system;
  message.state = systems_[system].StateOf(copy);
  message.state.set_source(v1::SOURCE_EVENT);
  Send(std::move(message));
}

void SimulatedWorld::Deliver(Message message) {
  ++now_;
  ++deliveries_;
  if (IsLate(message)) {
    ++(message.kind == Message::Kind::kEvent ? result_.late_events : result_.late_reads);
  }
  switch (message.kind) {
    case Message::Kind::kEvent: {
      v1::State state = message.state;
      if (Translate(message.system, &state)) {
        Event(message.system, state);
      } else {
        held_.push_back(std::move(message));
      }
      return;
    }
    case Message::Kind::kCall:
      Call(message);
      return;
    case Message::Kind::kAnswer:
      Answer(message.system, std::move(message));
      return;
    case Message::Kind::kTimeout:
      Timeout(message);
      return;
    case Message::Kind::kTick:
      StepRecord(message.record, Input{});
      return;
  }
}

// It tells of a copy what is so no more.
bool SimulatedWorld::IsLate(const Message& message) {
  const v1::State* state = message.kind == Message::Kind::kEvent ? &message.state : nullptr;
  if (const auto* read = std::get_if<ReadAnswered>(&message.input.what)) state = &read->state;
  if (state == nullptr || state->foreign_id().empty()) return false;
  const Copy* copy = systems_[message.system].Find(state->foreign_id());
  return copy != nullptr && copy->token != state->version().token();
}

// Common forms; parents by the crosswalk. False: a parent is not known yet, the state waits.
bool SimulatedWorld::Translate(int system, v1::State* state) {
  for (v1::GroupValue& group : *state->mutable_groups()) {
    v1::Value* value = group.mutable_value();
    const std::string form = value->common();
    if (group.name() == "boss") {
      const auto found = directory_.find({system, form});
      if (found == directory_.end()) return false;
      value->set_common(records_[found->second].record.id());
    } else {
      value->set_common(CommonOf(group.name(), form));
    }
    if (value->common() != form) value->set_form(form);
  }
  return true;
}

bool SimulatedWorld::CreateUnderWayIn(int system) const {
  for (const Slot& slot : records_) {
    const v1::Link* link = FindLink(slot.record, systems_[system].name());
    if (link != nullptr && CreateUnderWay(*link)) return true;
  }
  return false;
}

// By crosswalk, else by strong identifier; -1: none.
int SimulatedWorld::FindRecord(int system, const v1::State& state) {
  const auto found = directory_.find({system, state.foreign_id()});
  if (found != directory_.end()) return found->second;
  if (!identified_) return -1;
  for (const v1::GroupValue& group : state.groups()) {
    if (group.name() != "key") continue;
    for (size_t i = 0; i < records_.size(); ++i) {
      const v1::FieldGroup* key = FindGroup(records_[i].record, "key");
      const v1::FieldGroup* existence = FindGroup(records_[i].record, kExistence);
      const bool gone =
          existence != nullptr && existence->revision() > 0 && !existence->value().present();
      if (key != nullptr && !gone && key->value().present() &&
          key->value().common() == group.value().common()) {
        return static_cast<int>(i);
      }
    }
  }
  return -1;
}

void SimulatedWorld::Event(int system, const v1::State& state) {
  const bool known = directory_.count({system, state.foreign_id()}) > 0;
  if (!known && options_.fault != Fault::kUnknownIdsDoNotWait &&
      RouteUnknownId(CreateUnderWayIn(system)) == Route::kWait) {
    Message message;
    message.kind = Message::Kind::kEvent;
    message.system = system;
    message.state = systems_[system].StateOf(*systems_[system].Find(state.foreign_id()));
    held_.push_back(std::move(message));
    return;
  }
  int record = FindRecord(system, state);
  if (record < 0) {
    if (state.deleted()) return;  // never heard of, and gone
    record = static_cast<int>(records_.size());
    Slot& slot = records_.emplace_back();
    slot.record.set_id(absl::StrCat(recovering_ ? "again" : "rec", record));
    slot.entity = systems_[system].Find(state.foreign_id())->entity;
    directory_[{system, state.foreign_id()}] = record;
    for (int i = 0; i < record; ++i) {
      if (records_[i].entity == slot.entity && Exists(records_[i].record)) {
        auditor_->Violate("two records of one entity");
      }
    }
  }
  Input input;
  input.what = StateArrived{systems_[system].name(), state};
  StepRecord(record, std::move(input));
}

void SimulatedWorld::Call(const Message& message) {
  SimulatedSystem& system = systems_[message.system];
  Message answer;
  answer.kind = Message::Kind::kAnswer;
  answer.system = message.system;
  answer.record = message.record;
  answer.call = message.call;
  const CallDue& call = message.call;
  if (call.kind == v1::CALL_KIND_READ) {
    ReadAnswered read{system.name(), call.number, false, {}};
    if (std::optional<v1::State> state = system.Read(call.foreign_id)) {
      read.found = true;
      read.state = std::move(*state);
    }
    answer.input.what = std::move(read);
  } else if (call.kind == v1::CALL_KIND_MATCH) {
    MatchAnswered match{system.name(), call.number, {}, {}};
    match.strong = system.Match(call.identifiers[0].value().common());
    answer.input.what = std::move(match);
  } else {
    const int entity = records_[message.record].entity;
    v1::PushIntent push = call.push;
    if (!InTermsOf(message.system, &push)) {
      auditor_->Violate("a child was sent before its parent");
      return;
    }
    SimulatedSystem::Written written = system.Push(push, entity, now_);
    written.answer.system = system.name();
    written.answer.call = call.number;
    if (written.taken != nullptr && written.taken->created_at == 0 &&
        directory_.count({message.system, written.taken->id}) == 0) {
      auditor_->Violate("created without having looked for it");
    }
    if (written.copy != nullptr) {
      auditor_->Wrote(entity, system.name());
      if (recovering_) JudgeKept(message.system, *written.copy);
      for (const std::string& group : written.defaults) {
        Cell& cell = written.copy->cells[group];
        cell.edit = auditor_->UserWrote(entity, system.name(), group, cell.form, true);
      }
      EmitEvent(message.system, *written.copy);
      RobotActs(message.system, written.copy);
    }
    answer.input.what = std::move(written.answer);
  }
  Send(std::move(answer));
}

// Parents by this system's ids. False: a parent is not there.
bool SimulatedWorld::InTermsOf(int system, v1::PushIntent* push) {
  for (v1::PushedGroup& group : *push->mutable_groups()) {
    if (group.name() != "boss" || !group.value().present()) continue;
    bool found = false;
    for (const Slot& slot : records_) {
      if (slot.record.id() != group.value().common()) continue;
      const v1::Link* link = FindLink(slot.record, systems_[system].name());
      if (link == nullptr || !IsThere(*link)) return false;
      group.mutable_value()->set_common(link->foreign_id());
      found = true;
      break;
    }
    if (!found) return false;
  }
  return true;
}

void SimulatedWorld::Answer(int system, Message message) {
  Input& input = message.input;
  const Input untranslated = input;
  bool known = true;
  if (auto* push = std::get_if<PushAnswered>(&input.what)) {
    if (push->state.has_value()) known = Translate(system, &*push->state);
  } else if (auto* read = std::get_if<ReadAnswered>(&input.what)) {
    known = Translate(system, &read->state);
  } else if (auto* match = std::get_if<MatchAnswered>(&input.what)) {
    std::vector<v1::State> free;
    for (v1::State& state : match->strong) {
      known = known && Translate(system, &state);
      const auto owner = directory_.find({system, state.foreign_id()});
      known = known && (owner != directory_.end() || !CreateUnderWayIn(system));
      if (owner == directory_.end() || owner->second == message.record) {
        free.push_back(std::move(state));
      } else {
        match->guesses.push_back(state.foreign_id());
      }
    }
    match->strong = std::move(free);
  }
  if (!known) {
    message.input = untranslated;
    held_.push_back(std::move(message));
    return;
  }
  StepRecord(message.record, std::move(input));
}

void SimulatedWorld::Timeout(const Message& message) {
  Input input;
  if (message.call.kind == v1::CALL_KIND_PUSH) {
    PushAnswered unknown;
    unknown.system = systems_[message.system].name();
    unknown.call = message.call.number;
    input.what = std::move(unknown);
  }
  StepRecord(message.record, std::move(input));
}

Before SimulatedWorld::Look(int record, const std::string& system, const Input& input) const {
  Before before;
  before.system = system;
  const v1::AgreedRecord& now = records_[record].record;
  for (const v1::FieldGroup& group : now.groups()) before.agreed[group.name()] = group.revision();
  const v1::Link* link = FindLink(now, system);
  if (link == nullptr) return before;
  const auto* read = std::get_if<ReadAnswered>(&input.what);
  for (const v1::State& waits : link->waiting()) {
    // After the first look at a copy, what is no newer tells nothing.
    const bool old = read != nullptr && link->call().kind() == v1::CALL_KIND_READ &&
                     !link->has_version() && rules_->FindSystem(system)->ordered_versions &&
                     waits.version().order() <= read->state.version().order();
    if (!old) before.system.clear();  // several arrivals in one step
  }
  for (const v1::LinkGroup& group : link->groups()) {
    before.brought[group.name()] = group.settled();
  }
  if (!link->has_call()) return before;
  for (const v1::PushedGroup& group : link->call().push().groups()) {
    int64_t& brought = before.brought[group.name()];
    brought = std::max(brought, group.revision());
  }
  return before;
}

void SimulatedWorld::StepRecord(int record, Input input) {
  ++result_.steps;
  input.time_micros = now_;
  input.fresh_id = FreshId();
  std::string system;
  std::visit(
      [&system](const auto& what) {
        if constexpr (requires { what.system; }) system = what.system;
      },
      input.what);
  const Before before = Look(record, system, input);
  Slot& slot = records_[record];
  Outcome outcome = options_.fault == Fault::kNone
                        ? master_data::Step(*rules_, std::move(slot.record), input)
                        : StepWithFault(*rules_, std::move(slot.record), input, options_.fault);
  slot.record = std::move(outcome.record);
  if (options_.trace) Tell(slot.record, input, outcome);
  std::swap(outcome.record, slot.record);  // the auditor sees the whole outcome
  if (!recovering_) auditor_->Judge(slot.entity, before, outcome);
  std::swap(outcome.record, slot.record);
  result_.conflicts += static_cast<int64_t>(outcome.raised.size());
  Follow(record, outcome);
}

// One step as a person reads it.
void SimulatedWorld::Tell(const v1::AgreedRecord& record, const Input& input,
                          const Outcome& outcome) {
  constexpr const char* kInputs[] = {"tick",          "state arrived",  "link found",
                                     "push answered", "read answered",  "match answered",
                                     "parent linked", "person decided", "push retried"};
  std::string what = kInputs[input.what.index()];
  if (const auto* arrived = std::get_if<StateArrived>(&input.what)) {
    absl::StrAppend(&what, " ", arrived->state.ShortDebugString());
  } else if (const auto* push = std::get_if<PushAnswered>(&input.what)) {
    absl::StrAppend(&what, " of ", push->system, " #", push->call, " outcome ",
                    static_cast<int>(push->outcome), " ",
                    push->state.has_value() ? push->state->ShortDebugString() : "");
  } else if (const auto* read = std::get_if<ReadAnswered>(&input.what)) {
    absl::StrAppend(&what, " of ", read->system, " #", read->call, " ", read->found, " ",
                    read->state.ShortDebugString());
  }
  Log(absl::StrCat(record.id(), " ", what));
  for (const auto& change : outcome.agreed) {
    Log(absl::StrCat("    agreed ", change.group().ShortDebugString()));
  }
  for (const auto& refused : outcome.refused) {
    Log(absl::StrCat("    refused ", refused.ShortDebugString()));
  }
  for (const auto& conflict : outcome.raised) {
    Log(absl::StrCat("    conflict ", conflict.ShortDebugString()));
  }
  for (const auto& call : outcome.calls) {
    Log(absl::StrCat("    call ", v1::CallKind_Name(call.kind), " ", call.system, " #", call.number,
                     " ", call.push.ShortDebugString()));
  }
  for (const auto& link : record.links()) {
    std::string line =
        absl::StrCat("    ", link.system(), " ", v1::LinkState_Name(link.state()), " ",
                     link.foreign_id(), " v", link.version().token(),
                     link.has_call() ? absl::StrCat(" call #", link.call().number()) : "", ":");
    for (const auto& group : link.groups()) {
      absl::StrAppend(&line, " ", group.name(), "=",
                      group.shown().present() ? FormOf(group.shown()) : "-", "@", group.settled());
    }
    Log(line);
  }
}

// The commit, and after it the calls, unless the process dies in between.
void SimulatedWorld::Follow(int record, const Outcome& outcome) {
  for (const v1::Link& link : records_[record].record.links()) {
    const int system = SystemOf(link.system());
    if (!link.foreign_id().empty()) Register(system, link.foreign_id(), record);
    for (const std::string& former : link.former_ids()) Register(system, former, record);
  }
  for (const ParentAwaited& awaited : outcome.awaited) waiters_.emplace_back(record, awaited);
  CheckWaiters();
  if (!outcome.calls.empty() && random_.Percent(crash_percent_)) {
    Crash();
    return;
  }
  for (const CallDue& call : outcome.calls) {
    Message message;
    message.kind = Message::Kind::kCall;
    message.system = SystemOf(call.system);
    message.record = record;
    message.call = call;
    Send(std::move(message));
  }
}

// The crosswalk: every id a link has or had.
void SimulatedWorld::Register(int system, const std::string& id, int record) {
  if (directory_.emplace(std::make_pair(system, id), record).first->second != record) {
    auditor_->Violate("one copy linked to two records");
  }
}

// Whoever waits for a parent that is linked now is told.
void SimulatedWorld::CheckWaiters() {
  for (size_t i = 0; i < waiters_.size();) {
    const auto& [child, awaited] = waiters_[i];
    bool there = false;
    for (const Slot& slot : records_) {
      if (slot.record.id() != awaited.parent) continue;
      const v1::Link* link = FindLink(slot.record, awaited.system);
      there = link != nullptr && IsThere(*link);
    }
    if (!there) {
      ++i;
      continue;
    }
    Message message;
    message.kind = Message::Kind::kAnswer;
    message.system = SystemOf(awaited.system);
    message.record = child;
    message.input.what = ParentLinked{awaited.system, awaited.parent};
    network_.push_back(std::move(message));  // a row of its own tables: not lost
    waiters_.erase(waiters_.begin() + static_cast<int64_t>(i));
  }
}

// The calls of this step are not made; what was sent before is still under way.
void SimulatedWorld::Crash() {
  Log("crash");
  ++result_.crashes;
  for (size_t i = 0; i < records_.size(); ++i) {
    Message message;
    message.kind = Message::Kind::kTick;
    message.record = static_cast<int>(i);
    network_.push_back(std::move(message));
  }
}

}  // namespace tandem::master_data
