// The field rules of one entity, as data: who decides each group, in any number of systems.
//
// A system is known here by its name and by what its connector says of it; a third system is one
// more entry. Nothing in the engine names a system.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <functional>
#include <string>
#include <vector>

namespace tandem::master_data {

enum class Decides { kOwner, kShared };
enum class Meaning { kValue, kExistence, kParent };

// One row of a field table.
struct GroupRule {
  // "display_name", or "addresses/{address_id}" for a list whose rows are groups by their key.
  std::string pattern;
  Decides decides = Decides::kOwner;
  // Owner: that one system. Shared: the order of preference, best first. A system that is not in it
  // loses against each that is; two that are not in it need a person.
  std::vector<std::string> order;
  // While no value is agreed, the first from any side stands.
  bool first = false;
  // A parent's common form is the parent's record id.
  Meaning meaning = Meaning::kValue;
  // The systems that have this field; empty: all.
  std::vector<std::string> held_by;
};

GroupRule Owned(std::string pattern, std::string owner);
GroupRule Shared(std::string pattern, std::vector<std::string> order);
// The record's existence; any side may found a record, its owner alone deletes it.
GroupRule Existence(std::string owner);
GroupRule Parent(std::string pattern, std::string owner);
GroupRule First(GroupRule rule);
GroupRule HeldBy(GroupRule rule, std::vector<std::string> systems);

// What a connector describes of its system.
struct SystemRules {
  std::string name;
  // Versions of a copy can be ordered. Otherwise an event is only a prompt to read.
  bool ordered_versions = true;
  // A repeated request id has one effect and the same answer. Otherwise an unknown outcome is
  // looked up.
  bool keeps_request_ids = true;
  // Records that are new elsewhere are created here.
  bool creates_here = true;
  // Before the fresh id under which a copy is created here.
  std::string id_prefix;
  // The form this system would give a value in the common form; null: the same. Needed only to
  // recognise our own write after an unknown outcome.
  std::function<std::string(absl::string_view group, absl::string_view common)> form;
};

// A record is not created in `system` while `group` has one of `values` (common form), or, with
// `or_absent`, none: prospects are not sent.
struct HoldBack {
  std::string system;
  std::string group;
  std::vector<std::string> values;
  bool or_absent = false;
};

// The name of the existence group; its value is the presence alone.
inline constexpr absl::string_view kExistence = "existence";

class EntityRules {
 public:
  EntityRules() = default;  // rules nothing

  // INVALID_ARGUMENT where the rules contradict themselves. `identifiers` are the groups that find
  // a copy without doubt.
  static absl::StatusOr<EntityRules> Create(std::string entity, std::vector<SystemRules> systems,
                                            std::vector<GroupRule> groups,
                                            std::vector<std::string> identifiers = {},
                                            std::vector<HoldBack> hold_backs = {});

  const std::string& entity() const { return entity_; }
  const std::vector<SystemRules>& systems() const { return systems_; }
  const std::vector<GroupRule>& groups() const { return groups_; }
  const std::vector<std::string>& identifiers() const { return identifiers_; }
  const std::vector<HoldBack>& hold_backs() const { return hold_backs_; }

  // The rule of a group by its full name; null: not listed, it stays where it is.
  const GroupRule* Find(absl::string_view name) const;
  // Null: no such system.
  const SystemRules* FindSystem(absl::string_view name) const;

 private:
  std::string entity_;
  std::vector<SystemRules> systems_;
  std::vector<GroupRule> groups_;
  std::vector<std::string> identifiers_;
  std::vector<HoldBack> hold_backs_;
  absl::flat_hash_map<std::string, size_t> by_name_;  // lists by their name with the slash
};

// True where `system` has the groups of `rule`.
bool Holds(const GroupRule& rule, absl::string_view system);

}  // namespace tandem::master_data
