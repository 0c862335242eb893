#include "bus-adapters/master_data/sight.h"

#include <utility>

#include "absl/time/clock.h"
#include "bus-adapters/master_data/store.h"
#include "platform/base/status_macros.h"

namespace tandem::master_data {
namespace {

// After a system did not answer: it holds up nobody, calls find it when it is back.
constexpr absl::Duration kCoolOff = absl::Seconds(60);

}  // namespace

void Sight::LookAt(absl::Span<const bus::Envelope* const> events) {
  auto by_event = std::make_shared<ByEvent>();
  std::vector<Seen*> first;  // of their copies, to be found new or known
  std::vector<std::string> copies;
  for (const bus::Envelope* event : events) {
    absl::StatusOr<v1::State> state = connector_.FromEvent(*event);
    if (!state.ok()) continue;  // its command will say so
    auto seen = std::make_shared<Seen>();
    seen->state = *std::move(state);
    copies.push_back(seen->state.foreign_id());
    const bool is_first = seen->state.version().order() == 1 && !seen->state.deleted();
    if (is_first) first.push_back(seen.get());
    (*by_event)[event->id()] = std::move(seen);
  }
  worker_.AwaitWrites(copies);
  if (first.size() >= parts_.options.look_ahead_min && absl::Now() >= not_before_) {
    if (!LookUp(first).ok()) not_before_ = absl::Now() + kCoolOff;
  }
  absl::MutexLock lock(&mutex_);
  by_event_ = std::move(by_event);
}

std::shared_ptr<const Sight::Seen> Sight::Of(const bus::Envelope& event) const {
  absl::MutexLock lock(&mutex_);
  if (by_event_ == nullptr) return nullptr;
  const auto seen = by_event_->find(event.id());
  return seen == by_event_->end() ? nullptr : seen->second;
}

absl::Status Sight::LookUp(const std::vector<Seen*>& first) {
  const std::string& system = connector_.Describe().rules.name;
  std::vector<std::string> ids;
  for (const Seen* seen : first) ids.push_back(CrosswalkId(system, seen->state.foreign_id()));
  TANDEM_ASSIGN_OR_RETURN(const auto entries,
                          parts_.reader.Get(v1::CrosswalkEntry::descriptor(), ids));
  std::vector<Seen*> fresh;
  std::vector<LookupKey> keys;
  for (size_t i = 0; i < first.size(); ++i) {
    if (entries[i] != nullptr) {
      first[i]->record_id = static_cast<const v1::CrosswalkEntry&>(*entries[i]).record_id();
      continue;
    }
    fresh.push_back(first[i]);
    keys.emplace_back().foreign_id = first[i]->state.foreign_id();
  }
  if (fresh.size() < parts_.options.look_ahead_min) return absl::OkStatus();
  auto copies = connector_.Lookup(keys);
  if (copies.size() != keys.size()) return absl::UnknownError("not an answer a key");
  for (size_t i = 0; i < fresh.size(); ++i) {
    TANDEM_RETURN_IF_ERROR(copies[i].status());
    if (copies[i]->size() == 1) fresh[i]->known.copy = std::move((*copies[i])[0]);
  }
  return Match(fresh);
}

// What the other systems have of them.
absl::Status Sight::Match(const std::vector<Seen*>& fresh) {
  std::vector<Seen*> asked;
  std::vector<LookupKey> keys;
  for (Seen* seen : fresh) {
    LookupKey key;
    if (seen->known.copy.has_value()) key.identifiers = IdentifiersIn(*seen->known.copy);
    if (key.identifiers.empty()) continue;
    asked.push_back(seen);
    keys.push_back(std::move(key));
  }
  for (const auto& other : parts_.connectors) {
    const SystemRules& rules = other->Describe().rules;
    if (other.get() == &connector_ || !rules.creates_here || keys.empty()) continue;
    auto found = other->Lookup(keys);
    if (found.size() != keys.size()) return absl::UnknownError("not an answer a key");
    for (size_t i = 0; i < asked.size(); ++i) {
      TANDEM_RETURN_IF_ERROR(found[i].status());
      asked[i]->known.matches[rules.name] = {keys[i].identifiers, *std::move(found[i])};
    }
  }
  return absl::OkStatus();
}

std::vector<v1::GroupValue> Sight::IdentifiersIn(const v1::State& state) const {
  std::vector<v1::GroupValue> identifiers;
  for (const std::string& name : parts_.entity.rules.identifiers()) {
    for (const v1::GroupValue& group : state.groups()) {
      if (group.name() == name && group.value().present()) identifiers.push_back(group);
    }
  }
  return identifiers;
}

}  // namespace tandem::master_data
