#include "bus-adapters/master_data/simulated_system.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>

#include <utility>

namespace tandem::master_data {
namespace {

std::string Digits(const std::string& text) {
  std::string digits;
  for (const char c : text) {
    if (absl::ascii_isdigit(c)) digits.push_back(c);
  }
  return digits;
}

}  // namespace

std::string CommonOf(const std::string& group, const std::string& form) {
  return group == "phone" ? Digits(form) : form;
}

Copy* SimulatedSystem::Find(const std::string& id_or_reference) {
  for (Copy& copy : copies_) {
    if (copy.id == id_or_reference || copy.reference == id_or_reference) return &copy;
  }
  return nullptr;
}

Copy* SimulatedSystem::FindLive(int entity) {
  for (Copy& copy : copies_) {
    if (copy.entity == entity && !copy.deleted) return &copy;
  }
  return nullptr;
}

std::string SimulatedSystem::Normalise(const std::string& group, const std::string& typed) const {
  if (group == "phone") {
    if (!habits_.reformats_phones) return typed;
    const std::string digits = Digits(typed);
    return absl::StrCat("(", digits.substr(0, 3), ") ", digits.substr(3));
  }
  if (!habits_.trims_and_uppers || group == "boss") return typed;
  return absl::AsciiStrToUpper(absl::StripAsciiWhitespace(typed));
}

Copy* SimulatedSystem::Create(int entity, int64_t now) {
  Copy& copy = copies_.emplace_back();
  copy.id = absl::StrCat(name_, "_own", ++ids_);
  copy.entity = entity;
  copy.created_at = now;
  copy.order = 0;
  return &copy;
}

void SimulatedSystem::Touch(Copy* copy) {
  ++copy->order;
  copy->token = habits_.ordered ? absl::StrCat(copy->order) : absl::StrCat("t", ++tokens_);
  journal_.push_back(StateOf(*copy));
}

v1::State SimulatedSystem::StateOf(const Copy& copy) const {
  v1::State state;
  state.set_foreign_id(copy.id);
  state.mutable_version()->set_token(copy.token);
  if (habits_.ordered) state.mutable_version()->set_order(copy.order);
  state.set_deleted(copy.deleted);
  if (copy.deleted) return state;
  for (const auto& [name, cell] : copy.cells) {
    v1::GroupValue* group = state.add_groups();
    group->set_name(name);
    group->mutable_value()->set_present(true);
    group->mutable_value()->set_common(cell.form);
  }
  return state;
}

void SimulatedSystem::Answer(const Copy& copy, PushAnswered* answer) const {
  answer->foreign_id = copy.id;
  if (habits_.tells_state) {
    answer->state = StateOf(copy);
  } else {
    answer->written = StateOf(copy).version();
  }
}

SimulatedSystem::Written SimulatedSystem::Push(const v1::PushIntent& push, int entity,
                                               int64_t now) {
  Written written;
  PushAnswered& answer = written.answer;
  if (habits_.request_ids) {
    const auto before = answers_.find(push.request_seed());
    if (before != answers_.end()) {
      answer = before->second;
      return written;
    }
  }
  Copy* copy = Find(push.foreign_id());
  bool bad = false;
  std::string key;
  for (const v1::PushedGroup& group : push.groups()) {
    if (!group.value().present()) continue;
    bad = bad || (habits_.refuses_bad && group.name() == "name" &&
                  group.value().common().find("BAD") != std::string::npos);
    if (group.name() == "key") key = group.value().common();
  }
  const bool create = push.kind() == v1::PUSH_KIND_CREATE;
  if (create && copy == nullptr) {
    for (const Copy& other : copies_) {
      const auto taken = other.cells.find("key");
      if (key.empty() || other.deleted || taken == other.cells.end() || taken->second.form != key) {
        continue;
      }
      answer.outcome = PushOutcome::kRefused;
      answer.reason = "KEY_TAKEN";
      written.taken = &other;
      return written;
    }
  } else if (!create && (copy == nullptr || copy->deleted)) {
    answer.outcome = PushOutcome::kNotFound;
    return written;
  } else if (create || (push.has_condition() && push.condition().token() != copy->token)) {
    answer.outcome = PushOutcome::kMismatch;
    if (habits_.tells_state) answer.state = StateOf(*copy);
    return written;
  }
  if (bad && push.kind() != v1::PUSH_KIND_DELETE) {
    answer.outcome = PushOutcome::kRefused;
    answer.reason = "NAME_BAD";
    return written;
  }
  if (create) {
    copy = Create(entity, now);
    copy->reference = push.foreign_id();
    if (!habits_.assigns_ids) copy->id = push.foreign_id();
  }
  copy->deleted = push.kind() == v1::PUSH_KIND_DELETE;
  for (const v1::PushedGroup& group : push.groups()) {
    if (group.name() == kExistence) continue;
    const auto cell = copy->cells.find(group.name());
    if (cell != copy->cells.end() && cell->second.edit >= 0) {
      written.overwritten.push_back(cell->second.edit);
    }
    if (group.value().present()) {
      copy->cells[group.name()] = {Normalise(group.name(), group.value().common()), -1};
    } else if (cell != copy->cells.end()) {
      copy->cells.erase(cell);
    }
  }
  if (create && name_ == "b" && copy->cells.count("number") == 0) {
    copy->cells["number"].form = absl::StrCat("N", entity, ".", ++ids_);
    written.defaults.push_back("number");
  }
  Touch(copy);
  answer.outcome = PushOutcome::kOk;
  Answer(*copy, &answer);
  written.copy = copy;
  if (habits_.request_ids) answers_[push.request_seed()] = answer;
  return written;
}

std::optional<v1::State> SimulatedSystem::Read(const std::string& id) {
  const Copy* copy = Find(id);
  if (copy == nullptr || (copy->deleted && !habits_.tells_tombstones)) return std::nullopt;
  return StateOf(*copy);
}

std::vector<v1::State> SimulatedSystem::Match(const std::string& key) {
  std::vector<v1::State> found;
  for (const Copy& copy : copies_) {
    const auto cell = copy.cells.find("key");
    if (!copy.deleted && cell != copy.cells.end() && cell->second.form == key) {
      found.push_back(StateOf(copy));
    }
  }
  return found;
}

}  // namespace tandem::master_data
