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

struct InsertColumn {
  absl::string_view name, type;
};

// The first column is a position: the head's and an offset, so that no round trip lies between. Of
// many rows the head is read once; then the first row says the types, which a list of values has
// not of itself.
BySize InsertsAtHead(absl::string_view table, const std::vector<InsertColumn>& columns) {
  return BySize([&](size_t rows) {
    std::string names, values, selected;
    for (const InsertColumn& column : columns) {
      absl::StrAppend(&names, names.empty() ? "" : ", ", column.name);
    }
    const size_t width = columns.size();
    for (size_t row = 0; row < rows; ++row) {
      absl::StrAppend(&values, row == 0 ? "(" : ", (");
      for (size_t i = 0; i < width; ++i) {
        absl::StrAppend(&values, i == 0 ? "" : ", ");
        if (rows == 1 && i == 0) {
          absl::StrAppend(&values, "(SELECT position FROM journal_head WHERE id = 1) + ");
        }
        const std::string parameter = absl::StrCat("$", row * width + i + 1);
        if (rows > 1 && row == 0) {
          absl::StrAppend(&values, "CAST(", parameter, " AS ", columns[i].type, ")");
        } else {
          absl::StrAppend(&values, parameter);
        }
      }
      absl::StrAppend(&values, ")");
    }
    const std::string insert = absl::StrCat("INSERT INTO ", table, " (", names, ") ");
    if (rows == 1) return absl::StrCat(insert, "VALUES ", values);
    for (size_t i = 0; i < width; ++i) {
      absl::StrAppend(&selected, i == 0 ? "h.position + " : ", ", "v.column", i + 1);
    }
    return absl::StrCat(insert, "SELECT ", selected, " FROM journal_head h, (VALUES ", values,
                        ") v WHERE h.id = 1");
  });
}

const std::vector<InsertColumn>& JournalColumns() {
  static const auto* columns = new std::vector<InsertColumn>{{"position", "BIGINT"},
                                                             {"id", "TEXT"},
                                                             {"topic", "TEXT"},
                                                             {"lane", "BIGINT"},
                                                             {"aggregatetype", "TEXT"},
                                                             {"aggregateid", "TEXT"},
                                                             {"entity_version", "BIGINT"},
                                                             {"type", "TEXT"},
                                                             {"event_message", "TEXT"},
                                                             {"routing_key", "TEXT"},
                                                             {"actor", "TEXT"},
                                                             {"cause", "TEXT"},
                                                             {"correlation", "TEXT"},
                                                             {"request_id", "TEXT"},
                                                             {"traceparent", "TEXT"},
                                                             {"time_micros", "BIGINT"},
                                                             {"payload", "BYTEA"}};
  return *columns;
}

const std::vector<InsertColumn>& RequestColumns() {
  static const auto* columns = new std::vector<InsertColumn>{{"position", "BIGINT"},
                                                             {"request_id", "TEXT"},
                                                             {"method", "TEXT"},
                                                             {"hash", "TEXT"},
                                                             {"answer", "BYTEA"}};
  return *columns;
}

const BySize& InsertJournal() {
  static const auto* text = new BySize(InsertsAtHead("journal", JournalColumns()));
  return *text;
}

const BySize& InsertRequests() {
  static const auto* text = new BySize(InsertsAtHead("requests", RequestColumns()));
  return *text;
}

// A small commit's end in one statement, where statements cost more than their rows: the head moves
// by $1, then as many requests as events. PostgreSQL alone lets one statement change many tables.
constexpr size_t kEndTogetherMax = 8;
const BySize& WholeEnd() {
  static const auto* text = new BySize([](size_t rows) {
    if (rows > kEndTogetherMax) return std::string();
    size_t next = 2;
    const auto insert = [&](absl::string_view table, const std::vector<InsertColumn>& columns) {
      std::string names, values, selected;
      for (size_t i = 0; i < columns.size(); ++i) {
        absl::StrAppend(&names, i == 0 ? "" : ", ", columns[i].name);
        absl::StrAppend(&selected, i == 0 ? "head.position + " : ", ", "v.column", i + 1);
      }
      for (size_t row = 0; row < rows; ++row) {
        for (size_t i = 0; i < columns.size(); ++i) {
          absl::StrAppend(&values, i > 0 ? ", " : row > 0 ? "), (" : "(");
          const std::string parameter = absl::StrCat("$", next++);
          absl::StrAppend(
              &values,
              row > 0 ? parameter : absl::StrCat("CAST(", parameter, " AS ", columns[i].type, ")"));
        }
      }
      return absl::StrCat("INSERT INTO ", table, " (", names, ") SELECT ", selected,
                          " FROM head, (VALUES ", values, ")) v");
    };
    const std::string requests = insert("requests", RequestColumns());
    return absl::StrCat("WITH head AS (", kMoveHead, " RETURNING position), kept AS (", requests,
                        ") ", insert("journal", JournalColumns()));
  });
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
                     std::vector<size_t> owners, int64_t must_affect, bool or_fails) {
  queries_.push_back({sql, std::move(params)});
  notes_.push_back({part, std::move(owners), must_affect, or_fails});
}

const std::vector<size_t>& UnitOfWork::OwnersOf(const Descriptor* type,
                                                const std::string& id) const {
  static const auto* nobody = new std::vector<size_t>();
  auto it = owners_.find(RowKey{type, id});
  return it == owners_.end() ? *nobody : it->second;
}

void UnitOfWork::WriteMany(const BySize& text, Rows rows, Failed::Part part, Check check) {
  for (size_t i = 0; i < rows.values.size();) {
    // SQLite keeps a copy of every page that a statement of many rows changes, to undo half of it;
    // of one row it needs none.
    const size_t count = only_writer_ ? 1 : NextRows(rows.values.size() - i);
    std::vector<Value> params = std::move(rows.values[i]);
    std::vector<size_t> whose = std::move(rows.owners[i]);
    params.reserve(params.size() * count);
    for (size_t k = i + 1; k < i + count; ++k) {
      std::move(rows.values[k].begin(), rows.values[k].end(), std::back_inserter(params));
      whose.insert(whose.end(), rows.owners[k].begin(), rows.owners[k].end());
    }
    std::sort(whose.begin(), whose.end());
    whose.erase(std::unique(whose.begin(), whose.end()), whose.end());
    const int64_t must_affect = check == Check::kAffected ? static_cast<int64_t>(count) : -1;
    Add(text.For(count), std::move(params), part, std::move(whose), must_affect,
        check == Check::kOrFails);
    i += count;
  }
}

// Gives the database the rows that were made so far. What goes may have to go before what comes
// (WriteTable), so types with other changes wait for the end.
absl::Status UnitOfWork::WriteAhead() {
  ChangedByType by_type;
  for (const RowKey& key : std::exchange(made_, {})) {
    const auto slot = state_.slots().find(key);
    if (slot->second.row == nullptr || edited_.contains(key.type)) continue;
    auto [written, fresh] = written_.try_emplace(key);
    if (!fresh) continue;
    written->second = {key, {slot->second.row, slot->second.version}};
    by_type[key.type].push_back({&slot->first.id, &slot->second, 0, nullptr});
  }
  TANDEM_RETURN_IF_ERROR(WriteTables(std::move(by_type)));
  return GiveAhead();
}

absl::Status UnitOfWork::GiveAhead() {
  absl::StatusOr<bool> given = connection_.Ahead(absl::MakeConstSpan(queries_).subspan(given_));
  if (!given.ok()) return FailAt(given.status(), answered_);
  if (*given) given_ = queries_.size();
  return absl::OkStatus();
}

absl::Status UnitOfWork::WriteRows() {
  ChangedByType by_type;
  for (const auto& [key, slot] : state_.slots()) {
    if (!slot.changed) continue;
    if (auto written = written_.find(key); written != written_.end()) {
      const RowMemory::Known& known = written->second.known;
      if (known.row == slot.row) continue;
      by_type[key.type].push_back({&key.id, &slot, known.version, known.row.get()});
      continue;
    }
    if (slot.row == nullptr && slot.stored_version == 0) continue;  // came and went
    auto original = originals_.find(key);
    by_type[key.type].push_back({&key.id, &slot, slot.stored_version,
                                 original == originals_.end() ? nullptr : original->second.get()});
  }
  return WriteTables(std::move(by_type));
}

absl::Status UnitOfWork::WriteTables(ChangedByType by_type) {
  std::vector<const TableMap*> maps;
  for (const auto& [type, changed] : by_type) maps.push_back(&schema_.MapOf(type));
  std::sort(maps.begin(), maps.end(), [](const TableMap* a, const TableMap* b) {
    return std::make_pair(a->spec().lock_order, absl::string_view(a->spec().table)) <
           std::make_pair(b->spec().lock_order, absl::string_view(b->spec().table));
  });
  for (const TableMap* map : maps) {
    Changed& changed = by_type[map->spec().type];
    std::sort(changed.begin(), changed.end(),
              [](const Change& a, const Change& b) { return *a.id < *b.id; });
    TANDEM_RETURN_IF_ERROR(WriteTable(*map, changed));
  }
  return absl::OkStatus();
}

// What goes before what comes, so that a unique value can change hands; parents before children.
absl::Status UnitOfWork::WriteTable(const TableMap& map, const Changed& changed) {
  const Descriptor* type = map.spec().type;
  const bool guards = std::any_of(changed.begin(), changed.end(),
                                  [](const Change& change) { return change.stored_version != 0; });
  absl::flat_hash_set<absl::string_view> told;
  for (const EmittedEvent& event : state_.accepted_events()) {
    if (guards && event.entity_type == type) told.insert(event.entity_id);
  }
  for (const auto& [id, slot, stored_version, original] : changed) {
    if (slot->row != nullptr) continue;
    unguarded_ |= !told.contains(*id);
    for (const TableMap::Child& child : map.children()) {
      Add(child.erase_from, {*id, int64_t{0}}, Failed::Part::kRow, OwnersOf(type, *id));
    }
    Add(map.erase, {*id, stored_version}, Failed::Part::kRow, OwnersOf(type, *id), 1);
  }
  Rows inserts, guarded, others;
  for (const auto& [id, slot, stored_version, original] : changed) {
    if (slot->row == nullptr) continue;
    std::vector<Value> values;
    values.reserve(map.columns().size() + 3);
    absl::Status encoded = map.columns().Encode(*slot->row, &values);
    if (!encoded.ok()) return Fail(encoded, Failed::Part::kRow, OwnersOf(type, *id));
    TANDEM_CHECK(std::get<std::string>(values[0]) == *id, "a command changed an entity's key");
    values.emplace_back(slot->version);
    if (stored_version != 0) {
      values.emplace_back(*id);
      values.emplace_back(stored_version);
    }
    Rows& rows = stored_version == 0 ? inserts : told.contains(*id) ? guarded : others;
    rows.values.push_back(std::move(values));
    rows.owners.push_back(OwnersOf(type, *id));
  }
  WriteMany(map.update, std::move(guarded), Failed::Part::kRow, Check::kAffected);
  if (!others.values.empty()) {
    // A round trip of its own to be sure costs nothing where there is only one writer.
    (only_writer_ ? unguarded_ : checked_) = true;
    WriteMany(only_writer_ ? map.update : map.update_or_fail, std::move(others), Failed::Part::kRow,
              only_writer_ ? Check::kAffected : Check::kOrFails);
  }
  WriteMany(map.insert, std::move(inserts), Failed::Part::kRow);
  return WriteChildren(map, changed);
}

// Only the elements that differ from those stored, by n; then those too many go.
absl::Status UnitOfWork::WriteChildren(const TableMap& map, const Changed& changed) {
  const Descriptor* type = map.spec().type;
  for (const TableMap::Child& child : map.children()) {
    Rows inserts, upserts;
    for (const auto& [id, slot, stored_version, original] : changed) {
      if (slot->row == nullptr) continue;
      auto now = EncodeChildren(child, *slot->row);
      if (!now.ok()) return Fail(now.status(), Failed::Part::kRow, OwnersOf(type, *id));
      std::vector<std::vector<Value>> stored;
      if (original != nullptr) {
        auto encoded = EncodeChildren(child, *original);
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
        // What was loaded with its parent is all there is, so behind it is nothing to be met.
        Rows& rows = n < stored.size() ? upserts : inserts;
        rows.values.push_back(std::move(values));
        rows.owners.push_back(OwnersOf(type, *id));
      }
    }
    WriteMany(child.insert, std::move(inserts), Failed::Part::kRow);
    WriteMany(child.upsert, std::move(upserts), Failed::Part::kRow);
  }
  return absl::OkStatus();
}

// The head, the events and the answers: the last that a commit writes, as the head is locked then.
void UnitOfWork::WriteJournal() {
  Rows events = JournalRows(), requests = RequestRows();
  const size_t count = events.values.size();
  const auto moved = static_cast<int64_t>(count);
  if (!only_writer_ && count == requests.values.size() && count <= kEndTogetherMax && count > 0 &&
      NextRows(count) == count) {
    std::vector<Value> params{moved};
    std::vector<size_t> owners;
    for (Rows* rows : {&requests, &events}) {
      for (std::vector<Value>& row : rows->values) {
        std::move(row.begin(), row.end(), std::back_inserter(params));
      }
      for (const std::vector<size_t>& whose : rows->owners) {
        owners.insert(owners.end(), whose.begin(), whose.end());
      }
    }
    Add(WholeEnd().For(count), std::move(params), Failed::Part::kGuard, std::move(owners));
    return;
  }
  if (count > 0) Add(kMoveHead, {moved}, Failed::Part::kOther, {});
  WriteMany(InsertJournal(), std::move(events), Failed::Part::kGuard);
  WriteMany(InsertRequests(), std::move(requests), Failed::Part::kGuard);
}

UnitOfWork::Rows UnitOfWork::JournalRows() {
  const std::vector<EmittedEvent>& events = state_.accepted_events();
  const auto n = static_cast<int64_t>(events.size());
  Rows rows;
  rows.values.reserve(events.size());
  rows.owners.reserve(events.size());
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
      row.emplace_back(Bytes{std::move(payloads_[i])});
      rows.values.push_back(std::move(row));
      rows.owners.push_back({accepted.item});
    }
  }
  return rows;
}

// The position is the command's first event's; of a command without events, the one before.
UnitOfWork::Rows UnitOfWork::RequestRows() const {
  const auto n = static_cast<int64_t>(state_.accepted_events().size());
  Rows rows;
  for (const Accepted& accepted : accepted_) {
    const Item& item = *items_[accepted.item];
    if (item.command.context.request_id.empty() || TANDEM_PLANTED("request_not_kept")) continue;
    const bool events = accepted.first_event < accepted.last_event;
    rows.values.push_back({static_cast<int64_t>(accepted.first_event) + (events ? 1 : 0) - n,
                           item.command.context.request_id, item.command.method,
                           item.command.request_hash, Bytes{*item.outcome}});
    rows.owners.push_back({accepted.item});
  }
  return rows;
}

}  // namespace tandem::store
