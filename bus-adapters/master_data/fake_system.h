// A system in memory behind the connector's port, with the ways of foreign systems: it may be away,
// lose answers, refuse values, give its own ids, forget request ids, and write things its own way.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "bus-adapters/master_data/connector.h"

namespace tandem::master_data {

class FakeSystem {
 public:
  using Groups = std::map<std::string, std::string>;
  struct Copy {
    int64_t version = 0;
    Groups groups;
  };

  explicit FakeSystem(std::string name) : name_(std::move(name)) {}

  // What is to go wrong, or otherwise.
  void Away(bool away) {
    absl::MutexLock l(&m_);
    away_ = away;
  }
  void LoseAnswers(int n) {
    absl::MutexLock l(&m_);
    lose_ = n;
  }
  void Refuse(std::string value) {
    absl::MutexLock l(&m_);
    refused_ = std::move(value);
  }
  void UpperCase() {
    absl::MutexLock l(&m_);
    upper_ = true;
  }
  void GiveIds() { gives_ids_ = true; }

  // A user's write here; the state, as an event would tell it.
  v1::State Write(const std::string& id, const Groups& groups) {
    absl::MutexLock l(&m_);
    for (const auto& [name, text] : groups) Put(id, name, text);
    copies_[id].version++;
    return StateOf(id);
  }
  Copy Read(const std::string& id) const {
    absl::MutexLock l(&m_);
    const auto copy = copies_.find(id);
    return copy == copies_.end() ? Copy() : copy->second;
  }
  std::vector<std::string> Ids() const {
    absl::MutexLock l(&m_);
    std::vector<std::string> ids;
    for (const auto& [id, copy] : copies_) ids.push_back(id);
    return ids;
  }
  int writes() const {
    absl::MutexLock l(&m_);
    return writes_;
  }
  std::set<std::string> seeds() const {
    absl::MutexLock l(&m_);
    return seeds_;
  }

  std::unique_ptr<Connector> Connect() { return std::make_unique<Port>(*this); }

 private:
  class Port final : public Connector {
   public:
    explicit Port(FakeSystem& system) : system_(system) {
      description_.rules.name = system.name_;
      description_.takes_our_ids = !system.gives_ids_;
      description_.source = absl::StrCat("/fake/", system.name_);
      description_.topics = {"things"};
    }
    const Description& Describe() const override { return description_; }
    // An event's payload is the state.
    absl::StatusOr<v1::State> FromEvent(const bus::Envelope& event) const override {
      v1::State state;
      if (!state.ParseFromString(event.payload())) return absl::InvalidArgumentError("no state");
      state.set_source(v1::SOURCE_EVENT);
      return state;
    }
    absl::StatusOr<Page> Pull(const std::string& cursor) override { return system_.Pull(cursor); }
    std::vector<PushResult> Push(const std::vector<const v1::CallUnderWay*>& pushes) override {
      std::vector<PushResult> results;
      for (const auto* call : pushes) results.push_back(system_.Take(*call));
      return results;
    }
    std::vector<absl::StatusOr<std::vector<v1::State>>> Lookup(
        const std::vector<LookupKey>& keys) override {
      std::vector<absl::StatusOr<std::vector<v1::State>>> found;
      for (const LookupKey& key : keys) found.push_back(system_.Find(key));
      return found;
    }

   private:
    FakeSystem& system_;
    Description description_;
  };

  void Put(const std::string& id, const std::string& name, const std::string& text)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(m_) {
    if (text.empty()) {
      copies_[id].groups.erase(name);
    } else {
      copies_[id].groups[name] = upper_ ? absl::AsciiStrToUpper(text) : text;
    }
  }

  v1::State StateOf(const std::string& id) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(m_) {
    v1::State state;
    const Copy& copy = copies_.at(id);
    state.set_foreign_id(id);
    state.mutable_version()->set_token(absl::StrCat("v", copy.version));
    state.mutable_version()->set_order(copy.version);
    state.set_change_id(absl::StrCat(name_, "/", id, "/", copy.version));
    for (const auto& [name, text] : copy.groups) {
      v1::GroupValue* group = state.add_groups();
      group->set_name(name);
      group->mutable_value()->set_present(true);
      if (name == "parent") {
        group->mutable_value()->set_form(text);
      } else {
        group->mutable_value()->set_common(text);
      }
    }
    return state;
  }

  absl::StatusOr<Page> Pull(const std::string& cursor) {
    absl::MutexLock l(&m_);
    if (away_) return absl::UnavailableError("away");
    Page page;  // of one copy, so that places are saved often
    auto next = copies_.upper_bound(cursor);
    if (next == copies_.end()) return page;
    page.states.push_back(StateOf(next->first));
    if (std::next(next) != copies_.end()) page.next = next->first;
    return page;
  }

  PushResult Take(const v1::CallUnderWay& call) {
    absl::MutexLock l(&m_);
    PushResult result;
    if (away_) {
      result.reason = "away";
      return result;
    }
    const v1::PushIntent& push = call.push();
    seeds_.insert(push.request_seed());
    if (const auto done = answers_.find(push.request_seed()); done != answers_.end()) {
      return done->second;
    }
    for (const v1::PushedGroup& group : push.groups()) {
      if (refused_.empty() || group.value().common() != refused_) continue;
      result.outcome = PushOutcome::kRefused;
      result.reason = "FAKE_VALUE_REFUSED";
      return result;
    }
    std::string id = push.foreign_id();
    if (push.kind() == v1::PUSH_KIND_CREATE) {
      if (gives_ids_) id = absl::StrCat(name_, "-", ++last_id_);
      result.foreign_id = id;
    } else if (copies_[id].version != push.condition().order()) {
      result.outcome = PushOutcome::kMismatch;
      result.state = StateOf(id);
      return result;
    }
    for (const v1::PushedGroup& group : push.groups()) {
      const v1::Value& value = group.value();
      if (group.name() == kExistence) continue;
      Put(id, group.name(),
          !value.present()           ? ""
          : group.name() == "parent" ? value.form()
                                     : value.common());
    }
    copies_[id].version++;
    writes_++;
    result.outcome = PushOutcome::kOk;
    result.state = StateOf(id);
    answers_[push.request_seed()] = result;
    if (lose_ > 0) {
      lose_--;
      return PushResult();
    }
    return result;
  }

  absl::StatusOr<std::vector<v1::State>> Find(const LookupKey& key) const {
    absl::MutexLock l(&m_);
    if (away_) return absl::UnavailableError("away");
    std::vector<v1::State> found;
    for (const auto& [id, copy] : copies_) {
      bool fits = id == key.foreign_id;
      for (const v1::GroupValue& identifier : key.identifiers) {
        const auto group = copy.groups.find(identifier.name());
        fits = fits || (group != copy.groups.end() && group->second == identifier.value().common());
      }
      if (fits) found.push_back(StateOf(id));
    }
    return found;
  }

  const std::string name_;
  bool gives_ids_ = false;
  mutable absl::Mutex m_;
  bool away_ ABSL_GUARDED_BY(m_) = false;
  bool upper_ ABSL_GUARDED_BY(m_) = false;
  int lose_ ABSL_GUARDED_BY(m_) = 0;
  int last_id_ ABSL_GUARDED_BY(m_) = 0;
  std::string refused_ ABSL_GUARDED_BY(m_);
  std::map<std::string, Copy> copies_ ABSL_GUARDED_BY(m_);
  std::map<std::string, PushResult> answers_ ABSL_GUARDED_BY(m_);
  std::set<std::string> seeds_ ABSL_GUARDED_BY(m_);
  int writes_ ABSL_GUARDED_BY(m_) = 0;
};

}  // namespace tandem::master_data
