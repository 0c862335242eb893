#include "bus-adapters/master_data/auditor.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "bus-adapters/master_data/record.h"

namespace tandem::master_data {
namespace {

std::optional<std::string> CommonOf(const v1::Value& value) {
  if (!value.present()) return std::nullopt;
  return value.common();
}

// Equal but for what a system that normalises drops.
bool SameTyped(const std::optional<std::string>& a, const std::optional<std::string>& b) {
  return a.has_value() == b.has_value() &&
         (!a.has_value() ||
          absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(*a), absl::StripAsciiWhitespace(*b)));
}

size_t Place(const GroupRule& rule, const std::string& system) {
  return std::find(rule.order.begin(), rule.order.end(), system) - rule.order.begin();
}

int64_t RevisionOf(const std::map<std::string, int64_t>& revisions, const std::string& group) {
  const auto found = revisions.find(group);
  return found == revisions.end() ? 0 : found->second;
}

}  // namespace

std::string Auditor::Key(int entity, const std::string& system, const std::string& group,
                         const std::optional<std::string>& common) {
  if (group == kExistence) {
    return absl::StrCat(entity, "|", system, "|", group, common.has_value() ? "|there" : "|gone");
  }
  // Without what a system that normalises drops: typed again in another form it is the same.
  return absl::StrCat(entity, "|", system, "|", group, common.has_value() ? "|=" : "|-",
                      absl::AsciiStrToUpper(absl::StripAsciiWhitespace(common.value_or(""))));
}

int Auditor::UserWrote(int entity, const std::string& system, const std::string& group,
                       const std::optional<std::string>& common, bool must_be_known) {
  std::string key = Key(entity, system, group, common);
  ++tallies_[key].typed;
  // Typing an old value again can hide our write under it, which is then owed once more.
  if (!must_be_known) ++due_[{entity, system}];
  const GroupRule* rule = rules_->Find(group);
  if (rule->decides == Decides::kOwner && rule->order[0] == system) {
    owners_[{entity, group}] = common;
  }
  edits_.push_back({std::move(key), must_be_known});
  return static_cast<int>(edits_.size()) - 1;
}

void Auditor::Replaced(int edit) { edits_[edit].must_be_known = false; }

void Auditor::UserDeleted(int entity, const std::string& system) {
  for (auto it = owners_.begin(); it != owners_.end();) {
    const bool its =
        it->first.first == entity && rules_->Find(it->first.second)->order[0] == system;
    it = its ? owners_.erase(it) : std::next(it);
  }
}

void Auditor::PersonDecided(int entity, const std::string& group) {
  persons_[{entity, group}] = true;
  for (const SystemRules& system : rules_->systems()) ++due_[{entity, system.name}];
}

void Auditor::Violate(absl::string_view what) { violations_.emplace_back(what); }

int64_t Auditor::writes() const {
  int64_t sum = 0;
  for (const auto& [key, count] : writes_) sum += count;
  return sum;
}

void Auditor::Know(int entity, const std::string& system, const std::string& group,
                   const v1::Value& value) {
  tallies_[Key(entity, system, group, CommonOf(value))].known = true;
}

// One edit is decided once. A second decision, or one about what nobody typed, is an echo.
void Auditor::Decided(int entity, const std::string& system, const std::string& group,
                      const v1::Value& value) {
  const std::string key = Key(entity, system, group, CommonOf(value));
  Tally& tally = tallies_[key];
  tally.known = true;
  if (++tally.decided > tally.typed) {
    Violate(absl::StrCat("echo: ", key, " decided ", tally.decided, " times, typed ", tally.typed));
  }
}

void Auditor::Judge(int entity, const Before& before, const Outcome& outcome) {
  bool changed_deleted = false;
  for (const v1::AgreedChange& change : outcome.agreed) {
    const v1::FieldGroup& group = change.group();
    if (SameCommon(change.previous(), group.value())) {
      Violate(absl::StrCat("a change that changes nothing: ", group.name()));
    }
    for (const SystemRules& system : rules_->systems()) {
      if (system.name != group.origin()) ++due_[{entity, system.name}];
    }
    if (group.decided_by() != v1::DECIDED_BY_PERSON) {
      Decided(entity, group.origin(), group.name(), group.value());
      JudgeShared(before, change);
      if (group.name() == kExistence && !group.value().present()) JudgeDelete(before, change);
      const v1::FieldGroup* existence = FindGroup(outcome.record, kExistence);
      changed_deleted =
          changed_deleted || (group.name() != kExistence && !existence->value().present() &&
                              existence->revision() < group.revision());
    }
    history_[{change.record_id(), group.name()}].push_back({group.origin(), group.revision()});
  }
  for (const v1::RefusedProposal& refused : outcome.refused) {
    Know(entity, refused.system(), refused.group(), refused.refused());
    if (refused.because() != v1::REFUSED_BECAUSE_NOT_OWNER &&
        refused.because() != v1::REFUSED_BECAUSE_NOT_PREFERRED) {
      continue;
    }
    ++due_[{entity, refused.system()}];
    Decided(entity, refused.system(), refused.group(), refused.refused());
    if (SameCommon(refused.refused(), refused.agreed())) {
      Violate(absl::StrCat("refused what is agreed: ", refused.group()));
    }
  }
  bool asked = false;
  for (const v1::Conflict& conflict : outcome.raised) {
    const bool deletes = conflict.kind() == v1::CONFLICT_KIND_DELETE_VERSUS_CHANGE;
    asked = asked || deletes;
    if (conflict.kind() == v1::CONFLICT_KIND_CONCURRENT ||
        (deletes && !conflict.proposed().present())) {
      Decided(entity, conflict.system(), conflict.group(), conflict.proposed());
    }
  }
  if (changed_deleted && !asked) Violate("changed while agreed to be deleted, and nobody asked");
}

// A shared write beats every origin since the revision its system was brought to.
void Auditor::JudgeShared(const Before& before, const v1::AgreedChange& change) {
  const GroupRule& rule = *rules_->Find(change.group().name());
  if (rule.decides != Decides::kShared || change.group().origin() != before.system) return;
  const int64_t since = RevisionOf(before.brought, change.group().name());
  for (const Agreed& agreed : history_[{change.record_id(), change.group().name()}]) {
    if (agreed.revision <= since || agreed.origin == before.system) continue;
    if (Place(rule, before.system) >= Place(rule, agreed.origin)) {
      Violate(absl::StrCat(before.system, " overruled ", agreed.origin, " in ",
                           change.group().name(), " unseen"));
    }
  }
}

// Nobody's agreed change is deleted unseen.
void Auditor::JudgeDelete(const Before& before, const v1::AgreedChange& change) {
  if (change.group().origin() != before.system) return;
  for (const auto& [group, revision] : before.agreed) {
    if (group != kExistence && revision > std::max<int64_t>(RevisionOf(before.brought, group), 0)) {
      Violate(absl::StrCat(before.system, " deleted without having seen ", group));
    }
  }
}

// Known from its own system, or agreed with the same value from another.
bool Auditor::Known(const std::string& key) const {
  const size_t system = key.find('|') + 1;
  for (const SystemRules& rules : rules_->systems()) {
    std::string other = key;
    other[system] = rules.name[0];
    const auto tally = tallies_.find(other);
    if (tally != tallies_.end() && tally->second.known) return true;
  }
  return false;
}

void Auditor::JudgeEnd(int entity, const v1::AgreedRecord& record) {
  for (const Edit& edit : edits_) {
    if (edit.must_be_known && !Known(edit.key)) {
      Violate(absl::StrCat("lost without a trace: ", edit.key));
      break;
    }
  }
  for (const auto& [key, count] : writes_) {
    if (key.first == entity && count > due_[key]) {
      Violate(absl::StrCat(count, " writes to ", key.second, " for ", due_[key], " reasons"));
    }
  }
  if (!Exists(record) || persons_.count({entity, std::string(kExistence)}) > 0) return;
  for (const auto& [key, common] : owners_) {
    if (key.first != entity || key.second == kExistence || persons_.count(key) > 0) continue;
    const v1::FieldGroup* group = FindGroup(record, key.second);
    const std::optional<std::string> agreed =
        group == nullptr ? std::nullopt : CommonOf(group->value());
    // What its owner cleared, the first to give it again may have given.
    const GroupRule& rule = *rules_->Find(key.second);
    if (!SameTyped(agreed, common) && !(rule.first && !common.has_value())) {
      Violate(absl::StrCat("the owner's ", key.second, " does not stand: ", common.value_or("none"),
                           " against ", agreed.value_or("none")));
    }
  }
}

}  // namespace tandem::master_data
