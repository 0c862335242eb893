// What a unit of work writes: rows, children, journal, answers.
#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "platform/base/check.h"
#include "platform/base/fault.h"
#include "platform/base/status_macros.h"
#include "platform/store/journal.h"
#include "platform/store/table_map.h"
#include "platform/store/unit_of_work.h"
#include "tandem/events/v1/event.pb.h"

namespace tandem::store {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Message;

constexpr absl::string_view kMoveHead =
    "UPDATE journal_head SET position = position + $1 WHERE id = 1";

// The first column is a position: the head's and an offset, so that no round trip lies between.
BySize InsertsAtHead(absl::string_view table, absl::string_view columns, int width) {
  auto text = [&](int rows) {
    std::string out = absl::StrCat("INSERT INTO ", table, " (", columns, ") VALUES ");
    for (int row = 0; row < rows; ++row) {
      absl::StrAppend(&out, row == 0 ? "(" : ", (",
                      "(SELECT position FROM journal_head WHERE id = 1) + $", row * width + 1);
      for (int i = 2; i <= width; ++i) absl::StrAppend(&out, ", $", row * width + i);
      absl::StrAppend(&out, ")");
    }
    return out;
  };
  return {text(1), text(kManyRows)};
}

const BySize& InsertJournal() {
  static const auto* text = new BySize(InsertsAtHead(
      "journal",
      "position, id, topic, lane, aggregatetype, aggregateid, entity_version, type, "
      "event_message, routing_key, actor, cause, correlation, request_id, traceparent, "
      "time_micros, payload",
      17));
  return *text;
}

const BySize& InsertRequests() {
  static const auto* text =
      new BySize(InsertsAtHead("requests", "position, request_id, method, hash, answer", 5));
  return *text;
}

const events::v1::EventMeta& MetaOf(const EmittedEvent& emitted) {
  const Message& event = *emitted.event;
  const auto* field = event.GetDescriptor()->FindFieldByName("meta");
  return static_cast<const events::v1::EventMeta&>(event.GetReflection()->GetMessage(event, field));
}

int64_t MicrosOf(const google::protobuf::Timestamp& time) {
  return time.seconds() * 1'000'000 + time.nanos() / 1000;
}

}  // namespace

const std::string& EventId(const EmittedEvent& event) { return MetaOf(event).id(); }

void UnitOfWork::Add(absl::string_view sql, std::vector<Value> params, Failed::Part part,
                     std::vector<size_t> owners, int64_t must_affect) {
  queries_.push_back({sql, std::move(params)});
  notes_.push_back({part, std::move(owners), must_affect});
}

const std::vector<size_t>& UnitOfWork::OwnersOf(const Descriptor* type,
                                                const std::string& id) const {
  static const auto* nobody = new std::vector<size_t>();
  auto it = owners_.find(RowKey{type, id});
  return it == owners_.end() ? *nobody : it->second;
}

void UnitOfWork::WriteMany(const BySize& text, std::vector<std::vector<Value>> rows,
                           const std::vector<std::vector<size_t>>& owners, Failed::Part part) {
  for (size_t i = 0; i < rows.size();) {
    const size_t count = rows.size() - i >= kManyRows ? kManyRows : 1;
    std::vector<Value> params = std::move(rows[i]);
    std::vector<size_t> whose = owners[i];
    params.reserve(params.size() * count);
    for (size_t k = i + 1; k < i + count; ++k) {
      std::move(rows[k].begin(), rows[k].end(), std::back_inserter(params));
      whose.insert(whose.end(), owners[k].begin(), owners[k].end());
    }
    std::sort(whose.begin(), whose.end());
    whose.erase(std::unique(whose.begin(), whose.end()), whose.end());
    Add(count == 1 ? text.one : text.many, std::move(params), part, std::move(whose));
    i += count;
  }
}

absl::Status UnitOfWork::WriteRows() {
  absl::flat_hash_map<const Descriptor*, Changed> by_type;
  for (const auto& [key, slot] : state_.slots()) {
    if (!slot.changed) continue;
    if (slot.row == nullptr && slot.stored_version == 0) continue;  // came and went
    by_type[key.type].emplace_back(&key.id, &slot);
  }
  std::vector<const TableMap*> maps;
  for (const auto& [type, changed] : by_type) maps.push_back(&schema_.MapOf(type));
  std::sort(maps.begin(), maps.end(), [](const TableMap* a, const TableMap* b) {
    return std::make_pair(a->spec().lock_order, absl::string_view(a->spec().table)) <
           std::make_pair(b->spec().lock_order, absl::string_view(b->spec().table));
  });
  for (const TableMap* map : maps) {
    Changed& changed = by_type[map->spec().type];
    std::sort(changed.begin(), changed.end(),
              [](const auto& a, const auto& b) { return *a.first < *b.first; });
    TANDEM_RETURN_IF_ERROR(WriteTable(*map, changed));
  }
  return absl::OkStatus();
}

// What goes before what comes, so that a unique value can change hands; parents before children.
absl::Status UnitOfWork::WriteTable(const TableMap& map, const Changed& changed) {
  const Descriptor* type = map.spec().type;
  absl::flat_hash_set<absl::string_view> told;
  for (const EmittedEvent& event : state_.accepted_events()) {
    if (event.entity_type == type) told.insert(event.entity_id);
  }
  for (const auto& [id, slot] : changed) {
    if (slot->row != nullptr) continue;
    unguarded_ |= !told.contains(*id);
    for (const TableMap::Child& child : map.children()) {
      Add(child.erase_from, {*id, int64_t{0}}, Failed::Part::kRow, OwnersOf(type, *id));
    }
    Add(map.erase, {*id, slot->stored_version}, Failed::Part::kRow, OwnersOf(type, *id), 1);
  }
  std::vector<std::vector<Value>> inserts;
  std::vector<std::vector<size_t>> owners;
  for (const auto& [id, slot] : changed) {
    if (slot->row == nullptr) continue;
    std::vector<Value> values;
    values.reserve(map.columns().size() + 3);
    absl::Status encoded = map.columns().Encode(*slot->row, &values);
    if (!encoded.ok()) return Fail(encoded, Failed::Part::kRow, OwnersOf(type, *id));
    TANDEM_CHECK(std::get<std::string>(values[0]) == *id, "a command changed an entity's key");
    values.emplace_back(slot->version);
    if (slot->stored_version == 0) {
      inserts.push_back(std::move(values));
      owners.push_back(OwnersOf(type, *id));
      continue;
    }
    unguarded_ |= !told.contains(*id);
    values.emplace_back(*id);
    values.emplace_back(slot->stored_version);
    Add(map.update, std::move(values), Failed::Part::kRow, OwnersOf(type, *id), 1);
  }
  WriteMany(map.insert, std::move(inserts), owners, Failed::Part::kRow);
  return WriteChildren(map, changed);
}

// Only the elements that differ from those stored, by n; then those too many go.
absl::Status UnitOfWork::WriteChildren(const TableMap& map, const Changed& changed) {
  const Descriptor* type = map.spec().type;
  for (const TableMap::Child& child : map.children()) {
    std::vector<std::vector<Value>> upserts;
    std::vector<std::vector<size_t>> owners;
    for (const auto& [id, slot] : changed) {
      if (slot->row == nullptr) continue;
      auto now = EncodeChildren(child, *slot->row);
      if (!now.ok()) return Fail(now.status(), Failed::Part::kRow, OwnersOf(type, *id));
      std::vector<std::vector<Value>> stored;
      auto original = originals_.find(RowKey{type, *id});
      if (original != originals_.end()) {
        auto encoded = EncodeChildren(child, *original->second);
        if (!encoded.ok()) return Fail(encoded.status(), Failed::Part::kRow, OwnersOf(type, *id));
        stored = *std::move(encoded);
      }
      if (stored.size() > now->size()) {
        Add(child.erase_from, {*id, static_cast<int64_t>(now->size())}, Failed::Part::kRow,
            OwnersOf(type, *id));
      }
      for (size_t n = 0; n < now->size(); ++n) {
        std::vector<Value>& element = (*now)[n];
        if (n < stored.size() && stored[n] == element) continue;
        std::vector<Value> values;
        values.reserve(element.size() + 2);
        values.emplace_back(*id);
        values.emplace_back(static_cast<int64_t>(n));
        std::move(element.begin(), element.end(), std::back_inserter(values));
        upserts.push_back(std::move(values));
        owners.push_back(OwnersOf(type, *id));
      }
    }
    WriteMany(child.upsert, std::move(upserts), owners, Failed::Part::kRow);
  }
  return absl::OkStatus();
}

void UnitOfWork::WriteJournal() {
  const std::vector<EmittedEvent>& events = state_.accepted_events();
  const auto n = static_cast<int64_t>(events.size());
  if (n == 0) return;
  Add(kMoveHead, {n}, Failed::Part::kOther, {});
  std::vector<std::vector<Value>> rows;
  std::vector<std::vector<size_t>> owners;
  rows.reserve(events.size());
  for (const Accepted& accepted : accepted_) {
    const Context& context = items_[accepted.item]->command.context;
    for (size_t i = accepted.first_event; i < accepted.last_event; ++i) {
      const EmittedEvent& event = events[i];
      const events::v1::EventMeta& meta = MetaOf(event);
      std::vector<Value> row;
      row.reserve(17);
      row.emplace_back(static_cast<int64_t>(i) + 1 - n);  // behind the moved head
      row.emplace_back(meta.id());
      row.emplace_back(event.topic);
      row.emplace_back(TANDEM_PLANTED("lane_by_chance") ? int64_t{LaneOf(meta.id())}
                                                        : int64_t{LaneOf(event.routing_key)});
      row.emplace_back(event.entity);
      row.emplace_back(event.entity_id);
      row.emplace_back(event.entity_version);
      row.emplace_back(event.type);
      row.emplace_back(event.event->GetDescriptor()->full_name());
      row.emplace_back(event.routing_key);
      row.emplace_back(meta.actor());
      row.emplace_back(meta.cause_event_id());
      row.emplace_back(meta.correlation_id());
      row.emplace_back(meta.request_id());
      row.emplace_back(context.traceparent);
      row.emplace_back(MicrosOf(meta.event_time()));
      row.emplace_back(Bytes{event.event->SerializeAsString()});
      rows.push_back(std::move(row));
      owners.push_back({accepted.item});
    }
  }
  WriteMany(InsertJournal(), std::move(rows), owners, Failed::Part::kGuard);
}

// The position is the command's first event's; of a command without events, the one before.
void UnitOfWork::WriteRequests() {
  const auto n = static_cast<int64_t>(state_.accepted_events().size());
  std::vector<std::vector<Value>> rows;
  std::vector<std::vector<size_t>> owners;
  for (const Accepted& accepted : accepted_) {
    const Item& item = *items_[accepted.item];
    if (item.command.context.request_id.empty() || TANDEM_PLANTED("request_not_kept")) continue;
    const bool events = accepted.first_event < accepted.last_event;
    rows.push_back({static_cast<int64_t>(accepted.first_event) + (events ? 1 : 0) - n,
                    item.command.context.request_id, item.command.method, item.command.request_hash,
                    Bytes{*item.outcome}});
    owners.push_back({accepted.item});
  }
  WriteMany(InsertRequests(), std::move(rows), owners, Failed::Part::kGuard);
}

}  // namespace tandem::store
