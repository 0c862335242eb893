#include "bus-adapters/master_data/record.h"

#include <string>

namespace tandem::master_data {
namespace {

using v1::AgreedRecord;
using v1::FieldGroup;
using v1::Link;
using v1::LinkGroup;

const std::string& KeyOf(const FieldGroup& group) { return group.name(); }
const std::string& KeyOf(const LinkGroup& group) { return group.name(); }
const std::string& KeyOf(const Link& link) { return link.system(); }
void SetKey(FieldGroup* group, absl::string_view key) { group->set_name(key.data(), key.size()); }
void SetKey(LinkGroup* group, absl::string_view key) { group->set_name(key.data(), key.size()); }
void SetKey(Link* link, absl::string_view key) { link->set_system(key.data(), key.size()); }

// The first place whose key is not below `key`.
template <typename List>
int Place(const List& list, absl::string_view key) {
  int low = 0;
  int high = list.size();
  while (low < high) {
    const int middle = (low + high) / 2;
    if (KeyOf(list.Get(middle)) < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

template <typename List>
auto Find(const List& list, absl::string_view key) -> decltype(&list.Get(0)) {
  const int place = Place(list, key);
  if (place == list.size() || KeyOf(list.Get(place)) != key) return nullptr;
  return &list.Get(place);
}

template <typename List>
auto FindOrAdd(List* list, absl::string_view key) -> decltype(list->Add()) {
  const int place = Place(*list, key);
  if (place < list->size() && KeyOf(list->Get(place)) == key) return list->Mutable(place);
  SetKey(list->Add(), key);
  for (int i = list->size() - 1; i > place; --i) list->SwapElements(i, i - 1);
  return list->Mutable(place);
}

}  // namespace

const FieldGroup* FindGroup(const AgreedRecord& record, absl::string_view name) {
  return Find(record.groups(), name);
}

FieldGroup* MutableGroup(AgreedRecord* record, absl::string_view name) {
  return FindOrAdd(record->mutable_groups(), name);
}

const Link* FindLink(const AgreedRecord& record, absl::string_view system) {
  return Find(record.links(), system);
}

Link* MutableLink(AgreedRecord* record, absl::string_view system) {
  return FindOrAdd(record->mutable_links(), system);
}

const LinkGroup* FindGroup(const Link& link, absl::string_view name) {
  return Find(link.groups(), name);
}

LinkGroup* MutableGroup(Link* link, absl::string_view name) {
  return FindOrAdd(link->mutable_groups(), name);
}

const v1::Conflict* FindConflict(const AgreedRecord& record, absl::string_view system,
                                 absl::string_view group) {
  for (const v1::Conflict& conflict : record.conflicts()) {
    if (conflict.system() == system && conflict.group() == group) return &conflict;
  }
  return nullptr;
}

const std::string& FormOf(const v1::Value& value) {
  return value.has_form() ? value.form() : value.common();
}

bool SameForm(const v1::Value& a, const v1::Value& b) {
  return a.present() == b.present() && (!a.present() || FormOf(a) == FormOf(b));
}

bool SameCommon(const v1::Value& a, const v1::Value& b) {
  return a.present() == b.present() && (!a.present() || a.common() == b.common());
}

bool Exists(const AgreedRecord& record) {
  const FieldGroup* existence = FindGroup(record, "existence");
  return existence != nullptr && existence->value().present();
}

bool IsThere(const Link& link) {
  const LinkGroup* existence = FindGroup(link, "existence");
  return existence != nullptr && existence->shown().present();
}

int64_t NumberUnderWay(const v1::Link& link) {
  if (!link.has_call()) return 0;
  const v1::Call& call = link.call();
  const bool reads = call.kind() == v1::CALL_KIND_PUSH && call.phase() != v1::PUSH_PHASE_SENT;
  return reads ? call.read_number() : call.number();
}

Route RouteUnknownId(bool create_under_way_in_system) {
  return create_under_way_in_system ? Route::kWait : Route::kFindOrFound;
}

bool CreateUnderWay(const Link& link) {
  return link.has_call() && link.call().kind() == v1::CALL_KIND_PUSH &&
         link.call().push().kind() == v1::PUSH_KIND_CREATE;
}

}  // namespace tandem::master_data
