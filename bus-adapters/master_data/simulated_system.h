// A foreign system of the simulation: copies with versions, users who write them, and the calls the
// engine makes. Its habits are drawn from the seed: how it normalises, versions, answers and names.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bus-adapters/master_data/step.h"

namespace tandem::master_data {

struct Habits {
  bool trims_and_uppers = false;
  bool reformats_phones = false;
  bool ordered = true;
  bool request_ids = true;
  bool tells_state = true;       // with the answer to a write
  bool assigns_ids = false;      // takes ours as a reference only
  bool tells_tombstones = true;  // a deleted copy is read as deleted, not as unknown
  bool refuses_bad = false;      // refuses names with BAD for good
};

struct Cell {
  std::string form;
  int edit = -1;  // the user's edit that it still shows; -1: written by the engine
};

struct Copy {
  std::string id;
  std::string reference;  // the id under which the engine created it
  int entity = 0;         // what it is in the real world
  int64_t created_at = 0;
  bool deleted = false;
  int64_t order = 1;
  std::string token;
  std::map<std::string, Cell> cells;
};

class SimulatedSystem {
 public:
  SimulatedSystem(std::string name, Habits habits) : name_(std::move(name)), habits_(habits) {}

  const std::string& name() const { return name_; }
  const Habits& habits() const { return habits_; }
  std::vector<Copy>& copies() { return copies_; }
  // Every state that a copy had, as its events told them.
  const std::vector<v1::State>& journal() const { return journal_; }
  Copy* Find(const std::string& id_or_reference);
  Copy* FindLive(int entity);

  // How this system keeps what is typed.
  std::string Normalise(const std::string& group, const std::string& typed) const;

  // A user's create, for an entity; the copy has its key only.
  Copy* Create(int entity, int64_t now);
  // Moves the copy's version; every write ends with it.
  void Touch(Copy* copy);
  // The state as the system tells it, in its own form only.
  v1::State StateOf(const Copy& copy) const;

  struct Written {
    PushAnswered answer;
    Copy* copy = nullptr;               // written now, not before: an event is due
    std::vector<int> overwritten;       // edits that the write replaced
    std::vector<std::string> defaults;  // groups the system filled in itself
    const Copy* taken = nullptr;        // refused: this copy has its key
  };
  // `push` carries values in this system's terms (parents as ids here).
  Written Push(const v1::PushIntent& push, int entity, int64_t now);
  std::optional<v1::State> Read(const std::string& id);
  std::vector<v1::State> Match(const std::string& key);

 private:
  void Answer(const Copy& copy, PushAnswered* answer) const;

  std::string name_;
  Habits habits_;
  std::vector<Copy> copies_;
  std::vector<v1::State> journal_;
  std::map<std::string, PushAnswered> answers_;  // by request id
  int ids_ = 0;
  int tokens_ = 0;
};

// The common form of what a system shows; parents are mapped by the caller.
std::string CommonOf(const std::string& group, const std::string& form);

}  // namespace tandem::master_data
