#include "bus-adapters/master_data/simulator.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <utility>

#include "bus-adapters/master_data/record.h"
#include "bus-adapters/master_data/simulated_world.h"

namespace tandem::master_data {
namespace {

constexpr int kMaxDeliveries = 6000;  // beyond it a run does not come to rest
constexpr int kMaxRounds = 40;
constexpr int kSlowness = 85;  // percent of the times that a message of a slow system is put off
constexpr int kLostDatabases = 40;  // percent of the runs where one can be lost

Habits DrawHabits(SimulationRandom& random) {
  Habits habits;
  habits.trims_and_uppers = random.Percent(45);
  habits.reformats_phones = random.Percent(45);
  habits.ordered = random.Percent(65);
  habits.request_ids = random.Percent(65);
  habits.tells_state = random.Percent(70);
  habits.assigns_ids = random.Percent(25);
  habits.tells_tombstones = random.Percent(70);
  if (habits.assigns_ids && !habits.request_ids) {
    // Otherwise nobody could tell the id of a copy that was created and deleted behind a lost
    // answer: a grade no connector may have.
    habits.tells_tombstones = true;
  }
  habits.refuses_bad = random.Percent(30);
  return habits;
}

}  // namespace

SimulationResult Simulate(const SimulationOptions& options) {
  return SimulatedWorld(options).Run();
}

SimulatedWorld::SimulatedWorld(const SimulationOptions& options)
    : options_(options), random_(options.seed, options.tape, options.record) {
  Draw();
}

// What this seed's world is like.
void SimulatedWorld::Draw() {
  const int count = random_.Percent(50) ? 3 : 2;
  identified_ = random_.Percent(75);
  deletes_ = random_.Percent(40);
  parents_ = random_.Percent(25);
  entities_ = parents_ ? 2 : 1;
  constexpr const char* kHot[] = {"phone", "addr/1", "memo", "tax"};
  if (random_.Percent(45)) hot_ = kHot[random_.Below(std::size(kHot))];
  if (random_.Percent(30)) slow_ = random_.Below(count);
  const bool calm = random_.Percent(15);
  loss_percent_ = calm ? 0 : random_.Below(25);
  double_percent_ = calm ? 0 : random_.Below(20);
  crash_percent_ = calm ? 0 : random_.Below(8);
  std::vector<SystemRules> systems;
  for (int i = 0; i < count; ++i) {
    const std::string name(1, static_cast<char>('a' + i));
    const Habits habits = DrawHabits(random_);
    systems_.emplace_back(name, habits);
    SystemRules& rules = systems.emplace_back();
    rules.name = name;
    rules.ordered_versions = habits.ordered;
    rules.keeps_request_ids = habits.request_ids;
    rules.id_prefix = name + "_";
  }
  int normalising = 0;
  for (const SimulatedSystem& system : systems_) {
    const Habits& habits = system.habits();
    normalising += habits.trims_and_uppers || habits.reformats_phones ? 1 : 0;
  }
  result_.two_normalise = normalising > 1;
  // The form is told where an unknown outcome or a write without its state may need it; elsewhere
  // the engine does without.
  for (int i = 0; i < count; ++i) {
    const Habits& habits = systems_[i].habits();
    if (habits.request_ids && habits.tells_state) continue;
    systems[i].form = [this, i](absl::string_view group, absl::string_view common) {
      if (group == "boss") {
        for (const Slot& slot : records_) {
          const v1::Link* link = FindLink(slot.record, systems_[i].name());
          if (slot.record.id() == common && link != nullptr) return link->foreign_id();
        }
      }
      return systems_[i].Normalise(std::string(group), std::string(common));
    };
  }
  std::vector<std::string> phone = {"a", "b"};
  std::vector<std::string> addr = {"b", "a"};
  if (count == 3) {
    phone = {"a", "c", "b"};
    addr = {"b", "c", "a"};
  }
  std::vector<std::string> identifiers;
  if (identified_) identifiers.push_back("key");
  auto rules = EntityRules::Create(
      "simulated", std::move(systems),
      {Existence("a"), First(Owned("key", "a")), First(Owned("name", "a")), Owned("number", "b"),
       First(Owned("tax", "b")), Shared("phone", phone), Shared("memo", {}),
       Shared("addr/{address_id}", addr), First(Owned("stage", "a")), Parent("boss", "a")},
      std::move(identifiers), {{"b", "stage", {"P"}, false}});
  if (!rules.ok()) {
    result_.violations.push_back(rules.status().ToString());
    return;
  }
  rules_ = *std::move(rules);
  auditor_.emplace(&*rules_);
}

SimulationResult SimulatedWorld::Run() {
  if (!rules_.has_value()) return result_;
  for (int entity = 0; entity < entities_; ++entity) {
    const int first = random_.Below(2);
    Found(first, entity);
    // First load: the other side has it as well, and a key tells so.
    if (identified_ && random_.Percent(35)) Found(1 - first, entity);
  }
  int actions = 3 + random_.Below(18);
  const int pace = 15 + random_.Below(50);
  for (int i = 0; actions > 0 && i < 400; ++i) {
    ++now_;
    const bool idle = network_.empty();
    if (idle || random_.Percent(pace)) {
      --actions;
      UserActs();
    } else if (random_.Percent(4)) {  // a page of a reconciliation, read now, delivered whenever
      SimulatedSystem& system = systems_[random_.Below(static_cast<int>(systems_.size()))];
      for (const Copy& copy : system.copies()) EmitEvent(SystemOf(system.name()), copy);
    } else if (!records_.empty() && random_.Percent(3)) {
      PersonActs(random_.Below(static_cast<int>(records_.size())));
    } else if (!idle) {
      const size_t place = static_cast<size_t>(random_.Below(static_cast<int>(network_.size())));
      if (network_[place].system == slow_ && random_.Percent(kSlowness)) continue;
      std::swap(network_[place], network_.back());
      Message message = std::move(network_.back());
      network_.pop_back();
      Deliver(std::move(message));
    }
    if (!held_.empty() && random_.Percent(30)) {
      network_.push_back(std::move(held_.back()));
      held_.pop_back();
    }
  }
  loss_percent_ = double_percent_ = crash_percent_ = 0;
  if (Quiesce()) JudgeEnd();
  if (MayLoseDatabase() && random_.Percent(kLostDatabases)) LoseDatabase();
  for (const std::string& violation : auditor_->violations()) {
    result_.violations.push_back(violation);
  }
  result_.edits = auditor_->edits();
  result_.writes = auditor_->writes();
  return std::move(result_);
}

// All that is under way, in any order. False: it does not end.
bool SimulatedWorld::Deliveries() {
  while (!network_.empty()) {
    if (deliveries_ > kMaxDeliveries) {
      auditor_->Violate("does not come to rest");
      return false;
    }
    const size_t place = static_cast<size_t>(random_.Below(static_cast<int>(network_.size())));
    std::swap(network_[place], network_.back());
    Message message = std::move(network_.back());
    network_.pop_back();
    Deliver(std::move(message));
  }
  return true;
}

// Nothing is lost any more: deliver, reconcile, let persons and users mend what waits for them.
bool SimulatedWorld::Quiesce() {
  for (int round = 0; round < kMaxRounds; ++round) {
    for (Message& message : held_) network_.push_back(std::move(message));
    held_.clear();
    if (!Deliveries()) return false;
    bool under_way = !held_.empty();
    for (size_t i = 0; i < records_.size(); ++i) {
      for (const v1::Link& link : records_[i].record.links()) {
        if (!link.has_call()) continue;
        under_way = true;
        StepRecord(static_cast<int>(i), Input{});
        break;
      }
    }
    if (under_way && round % 3 != 2) continue;
    const int64_t writes = auditor_->writes();
    for (SimulatedSystem& system : systems_) {
      for (const Copy& copy : system.copies()) EmitEvent(SystemOf(system.name()), copy);
    }
    if (!Deliveries()) return false;
    const bool repaired = Repair();
    if (!Deliveries()) return false;
    if (!repaired && held_.empty() && !under_way && auditor_->writes() == writes) return true;
  }
  auditor_->Violate("does not come to rest: rounds");
  return false;
}

// Persons decide what is open, the owner's users correct bad names and promote prospects.
bool SimulatedWorld::Repair() {
  bool repaired = false;
  for (size_t i = 0; i < records_.size(); ++i) {
    while (PersonActs(static_cast<int>(i))) repaired = true;
    const Slot& slot = records_[i];
    bool bad = false;
    bool prospect = false;
    for (const v1::Link& link : slot.record.links()) {
      bad = bad || (link.has_quarantine() && link.quarantine().reason() == "NAME_BAD");
      prospect = prospect || link.state() == v1::LINK_STATE_HELD_BACK;
    }
    Copy* copy = systems_[0].FindLive(slot.entity);
    if (copy == nullptr || !(bad || prospect) || !Exists(slot.record)) continue;
    if (bad) {
      const auto name = copy->cells.find("name");
      if (name != copy->cells.end() && name->second.form.find("BAD") == std::string::npos) {
        bad = false;  // corrected before
      } else {
        Type(0, copy, "name", absl::StrCat("good", ++values_), true);
      }
    }
    if (prospect) Type(0, copy, "stage", NewValue("stage"), true);
    if (!bad && !prospect) continue;
    repaired = true;
    systems_[0].Touch(copy);
    EmitEvent(0, *copy);
  }
  return repaired;
}

void SimulatedWorld::JudgeEnd() {
  for (int i = 0; i < static_cast<int>(systems_.size()); ++i) {
    for (const Copy& copy : systems_[i].copies()) {
      if (!copy.deleted && directory_.count({i, copy.id}) == 0) {
        auditor_->Violate(absl::StrCat(copy.id, " has no record"));
      }
    }
  }
  for (const Slot& slot : records_) {
    if (!recovering_) auditor_->JudgeEnd(slot.entity, slot.record);
    for (int i = 0; i < static_cast<int>(systems_.size()); ++i) {
      const v1::Link* link = FindLink(slot.record, systems_[i].name());
      if (link == nullptr) {
        const v1::FieldGroup* existence = FindGroup(slot.record, kExistence);
        if (existence != nullptr && existence->revision() == 0)
          continue;  // gone before it was read
        auditor_->Violate("a record without a link");
      } else {
        JudgeCopy(slot, i, *link);
      }
    }
  }
}

// All is in step, and a key tells which copies belong together: none was made a second time. Nor is
// there one that a rule would not send, or a system refuse, today.
bool SimulatedWorld::MayLoseDatabase() {
  if (!identified_ || deletes_ || !robots_.empty() || !auditor_->violations().empty()) return false;
  for (const Slot& slot : records_) {
    const v1::FieldGroup* stage = FindGroup(slot.record, "stage");
    const v1::FieldGroup* name = FindGroup(slot.record, "name");
    if (stage != nullptr && stage->value().common() == "P") return false;
    if (name != nullptr && absl::StrContains(name->value().common(), "BAD")) return false;
    if (!Exists(slot.record) || slot.record.conflicts_size() > 0) return false;
    for (const v1::Link& link : slot.record.links()) {
      if (link.state() != v1::LINK_STATE_LINKED || link.has_quarantine() ||
          link.waiting_for_size() > 0) {
        return false;
      }
    }
  }
  return true;
}

// The engine knows nothing any more, and is told everything again, in any order.
void SimulatedWorld::LoseDatabase() {
  Log("the database is lost");
  result_.database_lost = recovering_ = true;
  deliveries_ = 0;
  records_.clear();
  directory_.clear();
  waiters_.clear();
  for (int i = 0; i < static_cast<int>(systems_.size()); ++i) {
    for (const Copy& copy : systems_[i].copies()) kept_[{i, copy.id}] = copy;
    for (const v1::State& state : systems_[i].journal()) {
      Message message;
      message.kind = Message::Kind::kEvent;
      message.system = i;
      message.state = state;
      message.state.set_source(v1::SOURCE_EVENT);
      network_.push_back(std::move(message));
    }
  }
  if (!Quiesce()) return;
  for (int i = 0; i < static_cast<int>(systems_.size()); ++i) {
    for (const Copy& copy : systems_[i].copies()) JudgeKept(i, copy);
  }
  JudgeEnd();
}

// What a copy shows is what it showed, but for the form that its system gives it.
void SimulatedWorld::JudgeKept(int system, const Copy& copy) {
  const auto kept = kept_.find({system, copy.id});
  if (kept == kept_.end()) {
    auditor_->Violate(absl::StrCat("made again: ", copy.id));
    return;
  }
  const Copy& before = kept->second;
  bool same = copy.deleted == before.deleted && copy.cells.size() == before.cells.size();
  for (const auto& [group, cell] : copy.cells) {
    const auto was = before.cells.find(group);
    same = same && was != before.cells.end() &&
           absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(CommonOf(group, cell.form)),
                                  absl::StripAsciiWhitespace(CommonOf(group, was->second.form)));
    if (!same) {
      auditor_->Violate(absl::StrCat("a lost database changed ", copy.id, ": ", group));
      return;
    }
  }
  if (!same) auditor_->Violate(absl::StrCat("a lost database changed ", copy.id));
}

// Promise 6: the copy equals the agreed record, in the form its system gives it.
void SimulatedWorld::JudgeCopy(const Slot& slot, int system, const v1::Link& link) {
  const std::string where = absl::StrCat(slot.record.id(), " in ", link.system());
  Copy* copy = link.foreign_id().empty() ? nullptr : systems_[system].Find(link.foreign_id());
  const bool there = copy != nullptr && !copy->deleted;
  if (link.has_call()) auditor_->Violate(absl::StrCat(where, ": a call is still under way"));
  if (there != Exists(slot.record)) {
    // Where the owner's copy was refused there is no user to promote the prospect.
    const bool held =
        link.state() == v1::LINK_STATE_HELD_BACK && systems_[0].FindLive(slot.entity) == nullptr;
    if (!link.has_quarantine() && link.waiting_for_size() == 0 && !held) {
      auditor_->Violate(absl::StrCat(where, there ? ": still there" : ": not there"));
    }
    return;
  }
  if (!there || link.has_quarantine()) return;
  for (const v1::FieldGroup& group : slot.record.groups()) {
    if (group.name() == kExistence) continue;
    const auto cell = copy->cells.find(group.name());
    std::string expected = group.value().common();
    if (group.name() == "boss") {
      for (const Slot& parent : records_) {
        if (parent.record.id() != expected) continue;
        expected = FindLink(parent.record, link.system())->foreign_id();
        break;
      }
      if (link.waiting_for_size() > 0) continue;
    }
    if (group.value().present()) expected = systems_[system].Normalise(group.name(), expected);
    const bool present = cell != copy->cells.end();
    // What a plain system was typed differs from the common form only in a phone's spaces.
    const bool same = present == group.value().present() &&
                      (!present || cell->second.form == expected ||
                       CommonOf(group.name(), cell->second.form) == expected);
    if (!same) {
      auditor_->Violate(absl::StrCat(where, ": ", group.name(), " is ",
                                     present ? cell->second.form : "none", ", agreed is ",
                                     group.value().present() ? expected : "none"));
    }
  }
  for (const auto& [name, cell] : copy->cells) {
    if (FindGroup(slot.record, name) == nullptr) {
      auditor_->Violate(absl::StrCat(where, ": ", name, " was never agreed"));
    }
  }
}

}  // namespace tandem::master_data
