#include "bus-adapters/master_data/record_view.h"

#include <string>

#include "bus-adapters/master_data/record.h"

namespace tandem::master_data {
namespace {

// A value as its system gave it; nothing where it is absent.
template <class Set>
void SetText(const v1::Value& value, const Set& set) {
  if (value.present()) set(FormOf(value));
}

bool AtRest(const v1::Link& link) {
  if (link.has_call() || link.waiting_for_size() > 0 || link.read_wanted()) return false;
  return link.state() == v1::LINK_STATE_LINKED || link.state() == v1::LINK_STATE_DELETED ||
         link.state() == v1::LINK_STATE_HELD_BACK;
}

std::string ForeignId(const v1::AgreedRecord& record, const std::string& system) {
  const v1::Link* link = FindLink(record, system);
  return link == nullptr ? "" : link->foreign_id();
}

}  // namespace

void Summarise(v1::SyncRecord* row) {
  const v1::AgreedRecord& record = row->record();
  // Also where every copy was gone before it was read: then it is of nothing.
  bool in_step = record.links_size() > 0 && record.conflicts_size() == 0;
  int calls = 0;
  int refused = 0;
  int held_back = 0;
  row->clear_links();
  for (const v1::Link& link : record.links()) {
    in_step = in_step && AtRest(link) && !link.has_quarantine();
    calls += link.has_call() ? 1 : 0;
    refused += link.has_quarantine() ? 1 : 0;
    held_back += link.state() == v1::LINK_STATE_HELD_BACK ? 1 : 0;
    v1::SyncLink* shown = row->add_links();
    shown->set_system(link.system());
    shown->set_foreign_id(link.foreign_id());
    shown->set_state(link.state());
    shown->set_version(link.version().token());
    if (link.has_call()) shown->set_call(link.call().kind());
    *shown->mutable_waiting_for() = link.waiting_for();
    if (!link.has_quarantine()) continue;
    shown->set_refused_reason(link.quarantine().reason());
    for (const v1::PushedGroup& group : link.quarantine().push().groups()) {
      shown->add_refused_groups(group.name());
    }
  }
  row->set_in_step(in_step);
  row->set_calls(calls);
  row->set_refused_pushes(refused);
  row->set_held_back(held_back);
  row->set_open_conflicts(record.conflicts_size());
}

v1::RefusedWrite RefusedWriteOf(const v1::AgreedRecord& record,
                                const v1::RefusedProposal& refused) {
  v1::RefusedWrite row;
  row.set_record_id(record.id());
  row.set_system(refused.system());
  row.set_foreign_id(ForeignId(record, refused.system()));
  row.set_field(refused.group());
  SetText(refused.old(), [&](const std::string& text) { row.set_old_value(text); });
  SetText(refused.refused(), [&](const std::string& text) { row.set_refused_value(text); });
  SetText(refused.agreed(), [&](const std::string& text) { row.set_agreed_value(text); });
  row.set_agreed_origin(refused.agreed_origin());
  row.set_because(refused.because());
  row.set_change_id(refused.change_id());
  return row;
}

void FillConflict(const v1::AgreedRecord& record, const v1::Conflict& conflict,
                  v1::SyncConflict* row) {
  row->set_record_id(record.id());
  row->set_number(conflict.number());
  row->set_open(true);
  row->set_kind(conflict.kind());
  row->set_system(conflict.system());
  row->set_foreign_id(ForeignId(record, conflict.system()));
  row->set_field(conflict.group());
  row->clear_proposed_value();
  row->clear_agreed_value();
  SetText(conflict.proposed(), [&](const std::string& text) { row->set_proposed_value(text); });
  SetText(conflict.agreed(), [&](const std::string& text) { row->set_agreed_value(text); });
  *row->mutable_candidates() = conflict.candidates();
  row->set_change_id(conflict.change_id());
}

std::vector<v1::SyncField> FieldsOf(const v1::AgreedRecord& record) {
  std::vector<v1::SyncField> fields;
  for (const v1::FieldGroup& group : record.groups()) {
    v1::SyncField& field = fields.emplace_back();
    field.set_name(group.name());
    SetText(group.value(), [&](const std::string& text) { field.set_value(text); });
    field.set_revision(group.revision());
    field.set_origin(group.origin());
    field.set_change_id(group.change_id());
    field.set_decided_by(group.decided_by());
    for (const v1::Link& link : record.links()) {
      const v1::LinkGroup* seen = FindGroup(link, group.name());
      if (seen == nullptr) continue;
      v1::SyncFieldCopy* copy = field.add_copies();
      copy->set_system(link.system());
      SetText(seen->shown(), [&](const std::string& text) { copy->set_shown(text); });
      copy->set_settled(seen->settled() == group.revision());
    }
  }
  return fields;
}

}  // namespace tandem::master_data
