#include "bus-adapters/master_data/rules.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <set>
#include <utility>

namespace tandem::master_data {
namespace {

// What a group is found by: its name, or its list's name with the slash.
absl::string_view ListKey(absl::string_view name) {
  const size_t slash = name.find('/');
  return slash == absl::string_view::npos ? name : name.substr(0, slash + 1);
}

absl::Status Wrong(absl::string_view entity, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("rules of ", entity, ": ", what));
}

}  // namespace

GroupRule Owned(std::string pattern, std::string owner) {
  GroupRule rule;
  rule.pattern = std::move(pattern);
  rule.order = {std::move(owner)};
  return rule;
}

GroupRule Shared(std::string pattern, std::vector<std::string> order) {
  GroupRule rule;
  rule.pattern = std::move(pattern);
  rule.decides = Decides::kShared;
  rule.order = std::move(order);
  return rule;
}

GroupRule Existence(std::string owner) {
  GroupRule rule = First(Owned(std::string(kExistence), std::move(owner)));
  rule.meaning = Meaning::kExistence;
  return rule;
}

GroupRule Parent(std::string pattern, std::string owner) {
  GroupRule rule = Owned(std::move(pattern), std::move(owner));
  rule.meaning = Meaning::kParent;
  return rule;
}

GroupRule First(GroupRule rule) {
  rule.first = true;
  return rule;
}

GroupRule HeldBy(GroupRule rule, std::vector<std::string> systems) {
  rule.held_by = std::move(systems);
  return rule;
}

bool Holds(const GroupRule& rule, absl::string_view system) {
  return rule.held_by.empty() ||
         std::find(rule.held_by.begin(), rule.held_by.end(), system) != rule.held_by.end();
}

absl::StatusOr<EntityRules> EntityRules::Create(std::string entity,
                                                std::vector<SystemRules> systems,
                                                std::vector<GroupRule> groups,
                                                std::vector<std::string> identifiers,
                                                std::vector<HoldBack> hold_backs) {
  EntityRules rules;
  rules.entity_ = std::move(entity);
  rules.systems_ = std::move(systems);
  rules.groups_ = std::move(groups);
  rules.identifiers_ = std::move(identifiers);
  rules.hold_backs_ = std::move(hold_backs);
  std::set<std::string> names;
  for (const SystemRules& system : rules.systems_) {
    if (system.name.empty() || !names.insert(system.name).second) {
      return Wrong(rules.entity_, absl::StrCat("system named twice or not at all: ", system.name));
    }
  }
  int existence = 0;
  for (size_t i = 0; i < rules.groups_.size(); ++i) {
    const GroupRule& rule = rules.groups_[i];
    if (!rules.by_name_.emplace(ListKey(rule.pattern), i).second) {
      return Wrong(rules.entity_, absl::StrCat("two rules for ", rule.pattern));
    }
    if (rule.decides == Decides::kOwner && rule.order.size() != 1) {
      return Wrong(rules.entity_, absl::StrCat(rule.pattern, " needs one owner"));
    }
    for (const auto* list : {&rule.order, &rule.held_by}) {
      for (const std::string& name : *list) {
        if (names.count(name) == 0) {
          return Wrong(rules.entity_, absl::StrCat(rule.pattern, " names unknown system ", name));
        }
      }
    }
    const bool is_existence = rule.meaning == Meaning::kExistence;
    if (is_existence != (rule.pattern == kExistence) ||
        (is_existence && (rule.decides != Decides::kOwner || !rule.held_by.empty()))) {
      return Wrong(rules.entity_, "existence is one owned group that every system has");
    }
    existence += is_existence ? 1 : 0;
  }
  if (existence != 1) return Wrong(rules.entity_, "no existence group");
  for (const std::string& name : rules.identifiers_) {
    if (rules.Find(name) == nullptr) {
      return Wrong(rules.entity_, absl::StrCat("identifier without a rule: ", name));
    }
  }
  for (const HoldBack& hold : rules.hold_backs_) {
    if (names.count(hold.system) == 0 || rules.Find(hold.group) == nullptr) {
      return Wrong(rules.entity_,
                   absl::StrCat("hold-back of an unknown system or group: ", hold.group));
    }
  }
  return rules;
}

const GroupRule* EntityRules::Find(absl::string_view name) const {
  const auto it = by_name_.find(ListKey(name));
  return it == by_name_.end() ? nullptr : &groups_[it->second];
}

const SystemRules* EntityRules::FindSystem(absl::string_view name) const {
  for (const SystemRules& system : systems_) {
    if (system.name == name) return &system;
  }
  return nullptr;
}

}  // namespace tandem::master_data
