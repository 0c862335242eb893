// The people of the simulation: they type, clear, delete and decide; a robot insists.
#include <absl/strings/str_cat.h>

#include "bus-adapters/master_data/record.h"
#include "bus-adapters/master_data/simulated_world.h"

namespace tandem::master_data {
namespace {

constexpr const char* kEdited[] = {"name", "tax",   "phone", "memo",  "addr/1", "addr/2", "number",
                                   "name", "phone", "memo",  "stage", "boss",   "addr/1", "phone"};
constexpr int kReverts = 12;    // percent
constexpr int kClears = 10;     // percent
constexpr int kDeletes = 8;     // percent
constexpr int kBadNames = 6;    // percent
constexpr int kRobots = 3;      // percent
constexpr int kProspects = 20;  // percent

std::string KeyOf(int entity) { return absl::StrCat("K", entity); }

}  // namespace

std::string SimulatedWorld::NewValue(const std::string& group) {
  const int number = ++values_;
  if (group == "phone") {
    return absl::StrCat(random_.Percent(50) ? "030 " : "030", 1000 + number,
                        random_.Percent(30) ? " " : "");
  }
  if (group == "stage") return absl::StrCat("C", number);
  if (group == "name" && random_.Percent(kBadNames)) return absl::StrCat("BADv", number);
  return absl::StrCat(random_.Percent(40) ? " v" : "v", number, random_.Percent(40) ? "x " : "");
}

void SimulatedWorld::Type(int system, Copy* copy, const std::string& group,
                          const std::string& typed, bool must_be_known) {
  const std::string form = systems_[system].Normalise(group, typed);
  const auto cell = copy->cells.find(group);
  if (cell != copy->cells.end() && cell->second.form == form) return;
  if (cell != copy->cells.end() && cell->second.edit >= 0) auditor_->Replaced(cell->second.edit);
  std::string common = CommonOf(group, form);
  if (group == "boss") common = records_[directory_.at({system, form})].record.id();
  Log(absl::StrCat("user of ", systems_[system].name(), " types ", group, "=", form, " in ",
                   copy->id));
  const int edit =
      auditor_->UserWrote(copy->entity, systems_[system].name(), group, common, must_be_known);
  copy->cells[group] = {form, edit};
}

void SimulatedWorld::Clear(int system, Copy* copy, const std::string& group) {
  const auto cell = copy->cells.find(group);
  if (cell == copy->cells.end()) return;
  Log(absl::StrCat("user of ", systems_[system].name(), " clears ", group, " in ", copy->id));
  if (cell->second.edit >= 0) auditor_->Replaced(cell->second.edit);
  copy->cells.erase(cell);
  auditor_->UserWrote(copy->entity, systems_[system].name(), group, std::nullopt, false);
}

void SimulatedWorld::DeleteCopy(int system, Copy* copy) {
  Log(absl::StrCat("user of ", systems_[system].name(), " deletes ", copy->id));
  for (auto& [group, cell] : copy->cells) {
    if (cell.edit >= 0) auditor_->Replaced(cell.edit);
  }
  auditor_->UserDeleted(copy->entity, systems_[system].name());
  copy->deleted = true;
  copy->cells.clear();
  auditor_->UserWrote(copy->entity, systems_[system].name(), std::string(kExistence), std::nullopt,
                      false);
  systems_[system].Touch(copy);
  EmitEvent(system, *copy);
}

// A user creates the entity's copy.
void SimulatedWorld::Found(int system, int entity) {
  Copy* copy = systems_[system].Create(entity, now_);
  const std::string& name = systems_[system].name();
  auditor_->UserWrote(entity, name, std::string(kExistence), "", false);
  if (identified_) Type(system, copy, "key", KeyOf(entity), false);
  Type(system, copy, "name", NewValue("name"), true);
  if (name == "b") Type(system, copy, "number", absl::StrCat("N", ++values_), true);
  if (name == "a" && random_.Percent(kProspects)) Type(system, copy, "stage", "P", false);
  for (const char* group : {"tax", "phone", "memo", "addr/1"}) {
    if (random_.Percent(50)) Type(system, copy, group, NewValue(group), true);
  }
  systems_[system].Touch(copy);
  EmitEvent(system, *copy);
}

void SimulatedWorld::UserActs() {
  const int system = random_.Below(static_cast<int>(systems_.size()));
  const int entity = random_.Below(entities_);
  Copy* copy = systems_[system].FindLive(entity);
  if (copy != nullptr) Edit(system, copy);
}

void SimulatedWorld::Edit(int system, Copy* copy) {
  // A parent is not deleted: its own system would refuse that.
  const bool is_parent = parents_ && copy->entity == 0;
  if (deletes_ && !is_parent && random_.Percent(kDeletes)) {
    DeleteCopy(system, copy);
    return;
  }
  const int groups = 1 + random_.Below(2);
  for (int i = 0; i < groups; ++i) {
    const std::string group =
        !hot_.empty() && random_.Percent(70) ? hot_ : kEdited[random_.Below(std::size(kEdited))];
    if (group == "boss") {
      const Copy* parent = systems_[system].FindLive(0);
      if (!parents_ || copy->entity == 0 || parent == nullptr ||
          directory_.count({system, parent->id}) == 0) {
        continue;
      }
      Type(system, copy, "boss", parent->id, false);
    } else if (group == "stage" && systems_[system].name() != "a") {
      continue;
    } else if (group != "name" && group != "number" && random_.Percent(kClears)) {
      Clear(system, copy, group);
    } else if (!old_values_.empty() && random_.Percent(kReverts)) {
      const auto& [old_group, typed] =
          old_values_[random_.Below(static_cast<int>(old_values_.size()))];
      Type(system, copy, old_group, typed, false);
    } else {
      const std::string typed = NewValue(group);
      if (group != "stage") old_values_.emplace_back(group, typed);
      Type(system, copy, group, typed, true);
      if (group == "name" && systems_[system].name() != "a" &&
          typed.find("BAD") == std::string::npos && robots_.empty() && random_.Percent(kRobots)) {
        robots_.push_back({system, copy->entity, group, typed});
      }
    }
  }
  systems_[system].Touch(copy);
  EmitEvent(system, *copy);
}

void SimulatedWorld::RobotActs(int system, Copy* copy) {
  for (const Robot& robot : robots_) {
    if (robot.system != system || robot.entity != copy->entity || copy->deleted) continue;
    const auto cell = copy->cells.find(robot.group);
    const std::string form = systems_[system].Normalise(robot.group, robot.value);
    if (cell != copy->cells.end() && cell->second.form == form) continue;
    Type(system, copy, robot.group, robot.value, false);
    systems_[system].Touch(copy);
    EmitEvent(system, *copy);
  }
}

// A person decides the record's first open conflict. False: there is none.
bool SimulatedWorld::PersonActs(int record) {
  const Slot& slot = records_[record];
  if (slot.record.conflicts_size() == 0) return false;
  const v1::Conflict& conflict = slot.record.conflicts(0);
  Log(absl::StrCat("person decides ", conflict.ShortDebugString()));
  PersonDecided decided;
  decided.conflict = conflict.number();
  decided.change_id = "person";
  decided.choice = random_.Percent(50) ? Choice::kKeepAgreed : Choice::kTakeProposed;
  if (conflict.kind() == v1::CONFLICT_KIND_REPEATED_REFUSAL) {
    // Against a robot only giving in ends it.
    decided.choice = Choice::kTakeProposed;
  }
  if (conflict.kind() == v1::CONFLICT_KIND_DELETE_VERSUS_CHANGE) {
    for (const Slot& other : records_) {  // it was founded anew meanwhile: the old one goes
      if (&other == &slot || other.entity != slot.entity || !Exists(other.record)) continue;
      decided.choice = conflict.proposed().present() ? Choice::kKeepAgreed : Choice::kTakeProposed;
    }
  }
  if (conflict.group().empty()) decided.choice = Choice::kCreateNew;
  auditor_->PersonDecided(slot.entity, conflict.group());
  Input input;
  input.what = decided;
  StepRecord(record, std::move(input));
  return true;
}

}  // namespace tandem::master_data
