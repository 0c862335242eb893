// What the engine must have done, kept apart from the engine: it sees what users typed, what the
// systems wrote and what each step said, and recomputes from the whole history what may follow.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/strings/string_view.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bus-adapters/master_data/step.h"

namespace tandem::master_data {

// A record before a step, as far as the auditor judges the step by it.
struct Before {
  std::string system;                      // the one the input came from
  std::map<std::string, int64_t> brought;  // by group, the revision that system was brought to
  std::map<std::string, int64_t> agreed;   // by group, the agreed revision
};

class Auditor {
 public:
  explicit Auditor(const EntityRules* rules) : rules_(rules) {}

  // A user wrote a group in a system. Unset: no value. `must_be_known` is false for values typed
  // before, whose fate nobody can tell apart. Answers the edit's number.
  int UserWrote(int entity, const std::string& system, const std::string& group,
                const std::optional<std::string>& common, bool must_be_known);
  // The user's own later write replaced it: nobody need have seen it.
  void Replaced(int edit);
  // A user deleted the copy: what its system said as an owner went with it.
  void UserDeleted(int entity, const std::string& system);
  // A system wrote for the engine.
  void Wrote(int entity, const std::string& system) { ++writes_[{entity, system}]; }
  void PersonDecided(int entity, const std::string& group);

  void Judge(int entity, const Before& before, const Outcome& outcome);
  void Violate(absl::string_view what);
  void JudgeEnd(int entity, const v1::AgreedRecord& record);

  const std::vector<std::string>& violations() const { return violations_; }
  int64_t edits() const { return static_cast<int64_t>(edits_.size()); }
  int64_t writes() const;

 private:
  struct Edit {
    std::string key;
    bool must_be_known;
  };
  struct Tally {
    int typed = 0;
    int decided = 0;
    bool known = false;
  };
  struct Agreed {
    std::string origin;
    int64_t revision;
  };
  static std::string Key(int entity, const std::string& system, const std::string& group,
                         const std::optional<std::string>& common);
  void Decided(int entity, const std::string& system, const std::string& group,
               const v1::Value& value);
  void Know(int entity, const std::string& system, const std::string& group,
            const v1::Value& value);
  bool Known(const std::string& key) const;
  void JudgeShared(const Before& before, const v1::AgreedChange& change);
  void JudgeDelete(const Before& before, const v1::AgreedChange& change);

  const EntityRules* rules_;
  std::vector<Edit> edits_;
  absl::flat_hash_map<std::string, Tally> tallies_;
  std::map<std::pair<std::string, std::string>, std::vector<Agreed>> history_;  // by record, group
  std::map<std::pair<int, std::string>, std::optional<std::string>> owners_;    // the owner's last
  std::map<std::pair<int, std::string>, int> writes_;                           // by entity, system
  std::map<std::pair<int, std::string>, int> due_;                              // reasons to write
  std::map<std::pair<int, std::string>, bool> persons_;                         // by entity, group
  std::vector<std::string> violations_;
};

}  // namespace tandem::master_data
