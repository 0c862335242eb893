// What a command decides over: the entities it reads and changes, in memory.
//
// A Decide function is pure: `StatusOr<Answer> Decide(request, Context&, State&)`. It looks
// entities up, edits copies of them and emits events; it does no I/O. A State is an overlay: what a
// command changed in it is merged into the batch when the command succeeds and dropped when it is
// refused.
//
// Entities that nobody loaded yet read as absent and are noted as *missing*. The caller then loads
// them and runs the command again, so a Decide function need not announce its keys; a command's
// `hints` only save the round trip. Until nothing is missing the command's result is thrown away,
// so a Decide function must survive (not trust) an entity that seems absent.
//
// Every entity has one text key: the first field of its message ("id" or the like), and a version
// that rises by one with each event emitted about it. Its field `etag`, where it has one, is filled
// in from the version; `create_time` and `update_time`, where it has them, from the Context.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/node_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "platform/base/id.h"

namespace tandem {

// What comes with a command from outside: its time, ids and cause. Same context, same result.
struct Context {
  int64_t now_micros = 0;      // the service's clock when the command arrived; decides nothing
  IdSource ids{0, 0, 0};       // new ids, the same ones each time the command is run again
  std::string actor;           // who asks
  std::string request_id;      // UUID of the command, or empty
  std::string cause_event_id;  // the event that caused the command, or empty
  std::string correlation_id;  // the first event of the chain, or empty
  std::string traceparent;
};

// An event that a command emitted, as the journal will keep it.
struct EmittedEvent {
  std::shared_ptr<google::protobuf::Message> event;  // meta and entity filled in
  const google::protobuf::Descriptor* entity_type;
  std::string type;  // full name of the message in the oneof
  std::string topic;
  std::string entity;  // the journal's aggregatetype
  std::string entity_id;
  std::string routing_key;
  int64_t entity_version = 0;
};

// Names a set of entities that is loaded as a whole, for example the demands that wait for a
// product. `name` is one of the sets that the service's store declares for the table.
struct SetKey {
  const google::protobuf::Descriptor* type;
  std::string name;
  std::string key;
  friend bool operator<(const SetKey& a, const SetKey& b) {
    return std::tie(a.type, a.name, a.key) < std::tie(b.type, b.name, b.key);
  }
  friend bool operator==(const SetKey&, const SetKey&) = default;
};

struct RowKey {
  const google::protobuf::Descriptor* type;
  std::string id;
  friend bool operator<(const RowKey& a, const RowKey& b) {
    return std::tie(a.type, a.id) < std::tie(b.type, b.id);
  }
  friend bool operator==(const RowKey&, const RowKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const RowKey& k) {
    return H::combine(std::move(h), k.type, k.id);
  }
};

// What is wanted of the database: rows by key, and sets.
struct Wanted {
  std::set<RowKey> rows;
  std::set<SetKey> sets;
  bool empty() const { return rows.empty() && sets.empty(); }
  template <class T>
  void Row(absl::string_view id) {
    if (!id.empty()) rows.insert({T::descriptor(), std::string(id)});
  }
  template <class T>
  void Set(absl::string_view name, absl::string_view key) {
    sets.insert({T::descriptor(), std::string(name), std::string(key)});
  }
};

class State {
 public:
  // One entity as it is known: `row` is null where it is known to be absent.
  struct Slot {
    std::shared_ptr<const google::protobuf::Message> row;
    int64_t version = 0;         // of the entity as the journal counts; 0 when it never was
    int64_t stored_version = 0;  // as the database has it; 0 for a row to be inserted
    bool changed = false;        // differs from the database
  };
  using Slots = absl::node_hash_map<RowKey, Slot>;  // slots stay where they are

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // The entity, or null when it is absent or not loaded yet (then it is noted as missing).
  template <class T>
  const T* Find(absl::string_view id) const {
    return static_cast<const T*>(FindRow(T::descriptor(), id));
  }

  // The entity to change in place, or null as in Find. Each change must be told by an event, except
  // in tables that are nobody's business outside (read models, counters): for those call Touch.
  template <class T>
  T* Edit(absl::string_view id) {
    return static_cast<T*>(EditRow(T::descriptor(), id));
  }

  // Adds an entity; its key must be absent (look it up first).
  template <class T>
  T* Insert(T row) {
    return static_cast<T*>(InsertRow(std::make_shared<T>(std::move(row))));
  }

  // The same, under a key that nobody has ever used and the caller need not look up: a number that
  // an entity which is held here gives out once.
  template <class T>
  T* InsertNew(T row) {
    return static_cast<T*>(InsertRow(std::make_shared<T>(std::move(row)), /*fresh=*/true));
  }

  // Takes an entity out for good.
  template <class T>
  void Erase(absl::string_view id) {
    EraseRow(T::descriptor(), id);
  }

  // The set's members, in key order, as far as they are loaded, with this command's and earlier
  // commands' changes to the loaded rows; entities inserted or edited into the set by the same
  // batch are NOT added by themselves, and ones edited out of it are still returned: use `All` with
  // your own condition for those. Notes the set as missing when it was not loaded. Usual form:
  // `state.Load<Demand>("waiting_for_product", product_id); for (d : state.All<Demand>())`.
  template <class T>
  void Load(absl::string_view set, absl::string_view key) {
    LoadSet({T::descriptor(), std::string(set), std::string(key)});
  }

  // Every entity of the type that is known here, loaded or made by this batch, in key order. The
  // pointers hold until the next change of the state.
  template <class T>
  std::vector<const T*> All() const {
    std::vector<const T*> out;
    for (const google::protobuf::Message* m : AllRows(T::descriptor())) {
      out.push_back(static_cast<const T*>(m));
    }
    return out;
  }

  // Tells what happened to an entity: `event` is the event message with its oneof set; its `meta`,
  // entity, `changed` and, with `with_previous`, `previous` are filled in from the state. The
  // entity must be there; one that was erased in this command is told with its last state. Raises
  // its version by one.
  template <class Row, class Event>
  void Emit(Context& context, absl::string_view id, Event event, bool with_previous = false) {
    EmitEvent(context, Row::descriptor(), id, std::make_shared<Event>(std::move(event)),
              with_previous);
  }

  // Marks a changed entity that has no events: raises its version by one without a journal row. Not
  // for entities that have events too: their versions are their events', without a gap.
  template <class T>
  void Touch(absl::string_view id) {
    TouchRow(T::descriptor(), id);
  }

  // A copy of the entity as a caller sees it: with its etag.
  template <class T>
  T Answer(absl::string_view id) const {
    const T* row = Find<T>(id);
    T out;
    if (row != nullptr) {
      out = *row;
      FillEtag(&out, VersionOf(T::descriptor(), id));
    }
    return out;
  }

  // The version of a known entity; 0 when absent.
  int64_t VersionOf(const google::protobuf::Descriptor* type, absl::string_view id) const;
  template <class T>
  int64_t Version(absl::string_view id) const {
    return VersionOf(T::descriptor(), id);
  }

  // Writes `"<version>"` into the message's etag field, where it has one.
  static void FillEtag(google::protobuf::Message* message, int64_t version);

  // --- For the unit of work and for tests ---

  // Puts a row, or a known absence (null), that came from the database.
  void PutLoaded(const RowKey& key, std::shared_ptr<const google::protobuf::Message> row,
                 int64_t version);
  void MarkLoaded(const SetKey& set) { loaded_sets_.insert(set); }
  template <class T>
  void Given(T row, int64_t version = 1) {  // for tests of Decide functions
    RowKey key{T::descriptor(), KeyOf(row)};
    PutLoaded(key, std::make_shared<T>(std::move(row)), version);
  }
  // For tests of Decide functions: everything that is not given is known to be absent.
  void TreatUnknownAsAbsent() { closed_world_ = true; }

  // What the current command asked for and was not there; cleared by Begin.
  const Wanted& missing() const { return missing_; }

  void Begin();   // starts a command: drops overlay, events and missing
  void Accept();  // merges the command's overlay and events into the batch
  const std::vector<EmittedEvent>& events() const { return events_; }        // the command's
  std::vector<EmittedEvent>& accepted_events() { return accepted_events_; }  // the batch's
  const std::vector<EmittedEvent>& accepted_events() const { return accepted_events_; }
  const Slots& slots() const { return base_; }       // the batch's
  const Slots& overlay() const { return overlay_; }  // the command's
  bool IsLoaded(const SetKey& set) const { return loaded_sets_.contains(set); }

  static std::string KeyOf(const google::protobuf::Message& row);

 private:
  const google::protobuf::Message* FindRow(const google::protobuf::Descriptor* type,
                                           absl::string_view id) const;
  google::protobuf::Message* EditRow(const google::protobuf::Descriptor* type,
                                     absl::string_view id);
  google::protobuf::Message* InsertRow(std::shared_ptr<google::protobuf::Message> row,
                                       bool fresh = false);
  void EraseRow(const google::protobuf::Descriptor* type, absl::string_view id);
  void TouchRow(const google::protobuf::Descriptor* type, absl::string_view id);
  void LoadSet(const SetKey& set);
  std::vector<const google::protobuf::Message*> AllRows(
      const google::protobuf::Descriptor* type) const;
  void EmitEvent(Context& context, const google::protobuf::Descriptor* type, absl::string_view id,
                 std::shared_ptr<google::protobuf::Message> event, bool with_previous);
  const Slot* SlotOf(const RowKey& key) const;

  Slots base_;
  // The slots of base_ by type, in the order of the keys: what All goes through.
  absl::flat_hash_map<const google::protobuf::Descriptor*, std::map<std::string, const Slot*>>
      by_type_;
  Slots overlay_;
  std::set<SetKey> loaded_sets_;
  mutable Wanted missing_;
  std::vector<EmittedEvent> events_;
  std::vector<EmittedEvent> accepted_events_;
  bool closed_world_ = false;
};

}  // namespace tandem
