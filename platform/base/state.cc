#include "platform/base/state.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "google/protobuf/arena.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "platform/base/check.h"
#include "platform/base/field_same.h"
#include "tandem/events/v1/event.pb.h"
#include "tandem/options/v1/options.pb.h"

namespace tandem {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

google::protobuf::Timestamp ToTimestamp(int64_t micros) {
  google::protobuf::Timestamp time;
  int64_t seconds = micros / 1'000'000;
  int64_t rest = micros % 1'000'000;
  if (rest < 0) {
    --seconds;
    rest += 1'000'000;
  }
  time.set_seconds(seconds);
  time.set_nanos(static_cast<int32_t>(rest * 1000));
  return time;
}

void SetTime(Message* row, const char* field_name, int64_t now_micros, bool only_when_unset) {
  const FieldDescriptor* field = row->GetDescriptor()->FindFieldByName(field_name);
  if (field == nullptr || field->message_type() != google::protobuf::Timestamp::descriptor())
    return;
  if (only_when_unset && row->GetReflection()->HasField(*row, field)) return;
  static_cast<google::protobuf::Timestamp*>(row->GetReflection()->MutableMessage(row, field))
      ->CopyFrom(ToTimestamp(now_micros));
}

bool SameEntity(const Message& a, const Message& b) {
  const Descriptor& type = *a.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    if (!SameField(a, b, *type.field(i))) return false;
  }
  return true;
}

// How an event message of one type is filled in; found once per type.
struct EventShape {
  const FieldDescriptor* meta;
  const FieldDescriptor* entity;
  const FieldDescriptor* changed;
  const FieldDescriptor* previous;
  const google::protobuf::OneofDescriptor* what;
  options::v1::EventOptions options;
  const FieldDescriptor* routing;
};

const EventShape& ShapeOf(const Descriptor* event, const Descriptor* entity) {
  static absl::Mutex mutex(absl::kConstInit);
  static auto* shapes = new absl::flat_hash_map<const Descriptor*, std::unique_ptr<EventShape>>();
  absl::MutexLock lock(&mutex);
  std::unique_ptr<EventShape>& shape = (*shapes)[event];
  if (shape == nullptr) {
    shape = std::make_unique<EventShape>();
    shape->meta = event->FindFieldByName("meta");
    shape->changed = event->FindFieldByName("changed");
    shape->previous = event->FindFieldByName("previous");
    shape->entity = nullptr;
    for (int i = 0; i < event->field_count(); ++i) {
      const FieldDescriptor* field = event->field(i);
      if (field->message_type() == entity && field != shape->previous &&
          field->real_containing_oneof() == nullptr) {
        shape->entity = field;
        break;
      }
    }
    TANDEM_CHECK(
        shape->meta != nullptr && shape->entity != nullptr && event->real_oneof_decl_count() > 0,
        absl::StrCat(event->full_name(), " lacks meta, entity or oneof"));
    shape->what = event->oneof_decl(0);
    shape->options = event->options().GetExtension(options::v1::event);
    TANDEM_CHECK(!shape->options.topic().empty(),
                 absl::StrCat(event->full_name(), " lacks its event option"));
    shape->routing = shape->options.routing_field().empty()
                         ? entity->field(0)
                         : entity->FindFieldByName(shape->options.routing_field());
    TANDEM_CHECK(shape->routing != nullptr &&
                     shape->routing->cpp_type() == FieldDescriptor::CPPTYPE_STRING &&
                     !shape->routing->is_repeated(),
                 absl::StrCat(event->full_name(), ": routing_field must name a string field"));
  }
  return *shape;
}

// The event in memory of its own: with the entity that it tells it is a hundred small messages and
// more, which are made and freed as one.
std::shared_ptr<Message> InOnePiece(const Message& event) {
  google::protobuf::ArenaOptions options;
  options.start_block_size = 4096;
  auto arena = std::make_shared<google::protobuf::Arena>(options);
  Message* own = event.New(arena.get());
  own->CopyFrom(event);
  return std::shared_ptr<Message>(std::move(arena), own);
}

}  // namespace

std::string State::KeyOf(const Message& row) {
  const FieldDescriptor* field = row.GetDescriptor()->field(0);
  TANDEM_CHECK(field->cpp_type() == FieldDescriptor::CPPTYPE_STRING,
               absl::StrCat(row.GetDescriptor()->full_name(), ": the first field must be the key"));
  return row.GetReflection()->GetString(row, field);
}

void State::FillEtag(Message* message, int64_t version) {
  const FieldDescriptor* field = message->GetDescriptor()->FindFieldByName("etag");
  if (field == nullptr || field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) return;
  message->GetReflection()->SetString(message, field, absl::StrCat("\"", version, "\""));
}

const State::Slot* State::SlotOf(const RowKey& key) const {
  auto it = overlay_.find(key);
  if (it != overlay_.end()) return &it->second;
  it = base_.find(key);
  return it == base_.end() ? nullptr : &it->second;
}

const Message* State::FindRow(const Descriptor* type, absl::string_view id) const {
  if (id.empty()) return nullptr;
  RowKey key{type, std::string(id)};
  const Slot* slot = SlotOf(key);
  if (slot == nullptr) {
    if (!closed_world_) missing_.rows.insert(std::move(key));
    return nullptr;
  }
  return slot->row.get();
}

Message* State::EditRow(const Descriptor* type, absl::string_view id) {
  if (FindRow(type, id) == nullptr) return nullptr;
  RowKey key{type, std::string(id)};
  auto it = overlay_.find(key);
  if (it == overlay_.end()) {
    const Slot& known = base_.at(key);
    Slot copy = known;
    std::shared_ptr<Message> row(known.row->New());
    row->CopyFrom(*known.row);
    copy.row = std::move(row);
    it = overlay_.emplace(std::move(key), std::move(copy)).first;
  }
  it->second.changed = true;
  return const_cast<Message*>(it->second.row.get());  // the overlay's own copy
}

Message* State::InsertRow(std::shared_ptr<Message> row, bool fresh) {
  RowKey key{row->GetDescriptor(), KeyOf(*row)};
  Slot slot;
  TANDEM_CHECK(!key.id.empty(), absl::StrCat(row->GetDescriptor()->full_name(), " without a key"));
  if (const Slot* known = SlotOf(key)) {
    // A command that something was missing for may take a wrong turn: it is run again anyway.
    TANDEM_CHECK(known->row == nullptr || !missing_.empty(),
                 absl::StrCat("inserted twice: ", key.id));
    slot = *known;
  } else if (!closed_world_ && !fresh) {
    missing_.rows.insert(key);
  }
  Message* raw = row.get();
  slot.row = std::move(row);
  slot.changed = true;
  overlay_[key] = std::move(slot);
  return raw;
}

void State::EraseRow(const Descriptor* type, absl::string_view id) {
  if (EditRow(type, id) == nullptr) return;
  overlay_[RowKey{type, std::string(id)}].row = nullptr;
}

void State::TouchRow(const Descriptor* type, absl::string_view id) {
  if (EditRow(type, id) == nullptr) return;
  overlay_[RowKey{type, std::string(id)}].version++;
}

void State::LoadSet(const SetKey& set) {
  if (closed_world_ || loaded_sets_.contains(set)) return;
  missing_.sets.insert(set);
}

std::vector<const Message*> State::AllRows(const Descriptor* type) const {
  // The command's own, few, between those of the batch, both in the order of the keys.
  std::vector<std::pair<absl::string_view, const Message*>> own;
  for (const auto& [key, slot] : overlay_) {
    if (key.type == type) own.emplace_back(key.id, slot.row.get());
  }
  std::sort(own.begin(), own.end());
  std::vector<const Message*> out;
  auto take = [&out](const Message* row) {
    if (row != nullptr) out.push_back(row);
  };
  auto next = own.begin();
  if (auto known = by_type_.find(type); known != by_type_.end()) {
    out.reserve(known->second.size() + own.size());
    for (const auto& [id, slot] : known->second) {
      for (; next != own.end() && next->first < id; ++next) take(next->second);
      if (next != own.end() && next->first == id) {
        take((next++)->second);
      } else {
        take(slot->row.get());
      }
    }
  }
  for (; next != own.end(); ++next) take(next->second);
  return out;
}

int64_t State::VersionOf(const Descriptor* type, absl::string_view id) const {
  const Slot* slot = SlotOf({type, std::string(id)});
  return slot == nullptr ? 0 : slot->version;
}

void State::EmitEvent(Context& context, const Descriptor* type, absl::string_view id,
                      std::shared_ptr<Message> event, bool with_previous) {
  RowKey key{type, std::string(id)};
  auto it = overlay_.find(key);
  if (it == overlay_.end()) {
    // A fact about an entity that did not change still moves its version.
    if (EditRow(type, id) == nullptr) {  // not loaded yet: the command is run again
      TANDEM_CHECK(!missing_.empty(), absl::StrCat("event about nothing: ", id));
      return;
    }
    it = overlay_.find(key);
  }
  Slot& slot = it->second;
  Message* row = const_cast<Message*>(slot.row.get());
  if (row == nullptr) {  // erased: tell it with the last state there was
    auto known = base_.find(key);
    if (known == base_.end() || known->second.row == nullptr) {
      TANDEM_CHECK(!missing_.empty(), absl::StrCat("event about nothing: ", id));
      return;
    }
    slot.version++;
    row = const_cast<Message*>(known->second.row.get());
  } else {
    slot.version++;
    SetTime(row, "create_time", context.now_micros, /*only_when_unset=*/true);
    SetTime(row, "update_time", context.now_micros, /*only_when_unset=*/false);
  }
  event = InOnePiece(*event);
  const EventShape& shape = ShapeOf(event->GetDescriptor(), type);
  const auto* reflection = event->GetReflection();

  Message* after = reflection->MutableMessage(event.get(), shape.entity);
  after->CopyFrom(*row);
  FillEtag(after, slot.version);

  const Message* before = nullptr;
  for (auto e = events_.rbegin(); e != events_.rend() && before == nullptr; ++e) {
    if (e->entity_type == type && e->entity_id == id) {
      before = &e->event->GetReflection()->GetMessage(*e->event, shape.entity);
    }
  }
  if (before == nullptr) {
    auto known = base_.find(key);
    if (known != base_.end()) before = known->second.row.get();
  }
  if (shape.changed != nullptr && before != nullptr) {
    auto* mask = static_cast<google::protobuf::FieldMask*>(
        reflection->MutableMessage(event.get(), shape.changed));
    Message* previous = with_previous && shape.previous != nullptr
                            ? reflection->MutableMessage(event.get(), shape.previous)
                            : nullptr;
    std::unique_ptr<Message> copy;  // of the whole, from which the changed fields are taken
    if (previous != nullptr) {
      copy.reset(before->New());
      copy->CopyFrom(*before);
    }
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      if (field->name() == "etag" || field->name() == "update_time") continue;
      if (SameField(*before, *row, *field)) continue;
      mask->add_paths(field->name());
      if (previous != nullptr) {
        previous->GetReflection()->SwapFields(copy.get(), previous, {field});
      }
    }
  }

  EmittedEvent emitted;
  const FieldDescriptor* what = reflection->GetOneofFieldDescriptor(*event, shape.what);
  TANDEM_CHECK(what != nullptr,
               absl::StrCat(event->GetDescriptor()->full_name(), ": the oneof is not set"));
  auto* meta =
      static_cast<events::v1::EventMeta*>(reflection->MutableMessage(event.get(), shape.meta));

  meta->set_id(context.ids.Next("evt_"));
  meta->set_entity_version(slot.version);
  meta->set_actor(context.actor);
  meta->set_cause_event_id(context.cause_event_id);
  meta->set_correlation_id(context.correlation_id.empty() ? meta->id() : context.correlation_id);
  meta->set_request_id(context.request_id);
  *meta->mutable_event_time() = ToTimestamp(context.now_micros);
  emitted.entity_type = type;
  emitted.type = what->message_type()->full_name();
  emitted.topic = shape.options.topic();
  emitted.entity = shape.options.entity();
  emitted.entity_id = std::string(id);
  emitted.routing_key = row->GetReflection()->GetString(*row, shape.routing);
  emitted.entity_version = slot.version;
  emitted.event = std::move(event);
  events_.push_back(std::move(emitted));
}

void State::PutLoaded(const RowKey& key, std::shared_ptr<const Message> row, int64_t version) {
  auto [it, fresh] = base_.try_emplace(key);
  if (!fresh) return;  // what the batch already knows, and may have changed, stands
  by_type_[key.type][key.id] = &it->second;
  it->second.row = std::move(row);
  it->second.version = version;
  it->second.stored_version = it->second.row == nullptr ? 0 : version;
}

void State::Begin() {
  overlay_.clear();
  events_.clear();
  missing_ = Wanted();
}

void State::Accept() {
  for (auto& [key, slot] : overlay_) {
    auto [it, fresh] = base_.try_emplace(key);
    if (fresh) by_type_[key.type][key.id] = &it->second;
    // What was changed and told by no event, nor touched, still gets a version of its own; what was
    // opened for change and left as it was does not count.
    if (slot.row != nullptr && slot.version == it->second.version) {
      if (it->second.row != nullptr && SameEntity(*slot.row, *it->second.row)) continue;
      slot.version++;
    }
    it->second = std::move(slot);
  }
  overlay_.clear();
  for (EmittedEvent& event : events_) accepted_events_.push_back(std::move(event));
  events_.clear();
}

}  // namespace tandem
