#include "platform/base/field_mask.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/string_view.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "platform/base/check.h"
#include "platform/base/fault.h"
#include "platform/base/field_behavior.h"
#include "platform/base/field_same.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"

namespace tandem {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FieldMask;
using google::protobuf::Message;
using google::protobuf::Reflection;

// The union of the paths. Children are keyed by field name, those of a map by its keys.
struct MaskNode {
  bool whole = false;
  std::map<std::string, MaskNode> children;
};

bool IsMessage(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
}

// The segments, none if the backticks are wrong or there are too many.
std::optional<std::vector<std::string>> Split(absl::string_view path) {
  std::vector<std::string> out;
  for (size_t at = 0;;) {
    if (out.size() == kFieldMaskMaxSegments) return std::nullopt;
    size_t end;
    if (at < path.size() && path[at] == '`') {
      end = path.find('`', at + 1);
      if (end == absl::string_view::npos) return std::nullopt;
      out.emplace_back(path.substr(at + 1, end - at - 1));
      ++end;
      if (end < path.size() && path[end] != '.') return std::nullopt;
    } else {
      end = std::min(path.find('.', at), path.size());
      out.emplace_back(path.substr(at, end - at));
    }
    if (end >= path.size()) return out;
    at = end + 1;
  }
}

// Adds one path; false if it names nothing.
bool AddPath(absl::string_view path, const Descriptor& type, bool for_read, MaskNode* root) {
  const std::optional<std::vector<std::string>> segments = Split(path);
  if (!segments) return false;
  // First whether the path is right, so that a wrong one leaves nothing in the tree.
  std::vector<std::string> steps;
  const Descriptor* in = &type;
  for (size_t i = 0; i < segments->size(); ++i) {
    const std::string& segment = (*segments)[i];
    if (in == nullptr) return false;
    const FieldDescriptor* field = in->FindFieldByName(segment);
    if (field == nullptr) return false;
    steps.push_back(segment);
    in = IsMessage(*field) ? field->message_type() : nullptr;
    const size_t left = segments->size() - i - 1;
    if (left == 0 || !field->is_repeated()) continue;
    if (field->is_map()) {
      const bool text = in->map_key()->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
      if (left != 1 || !text) return false;
      steps.push_back((*segments)[i + 1]);
      break;
    }
    if (!for_read) return false;
    if ((*segments)[i + 1] == "*") ++i;  // "lines.*" is all of them, as "lines" is
  }
  MaskNode* node = root;
  for (std::string& step : steps) node = &node->children[std::move(step)];
  node->whole = true;
  return true;
}

absl::StatusOr<MaskNode> Compile(const FieldMask& mask, const Descriptor& type, bool for_read) {
  const absl::string_view field = for_read ? "read_mask" : "update_mask";
  if (mask.paths_size() > kFieldMaskMaxPaths) {
    return InvalidField(field, "FIELD_MASK_TOO_MANY_PATHS",
                        absl::StrCat("the mask has ", mask.paths_size(), " paths; at most ",
                                     kFieldMaskMaxPaths, " are allowed"));
  }
  MaskNode root;
  for (const std::string& path : mask.paths()) {
    if (path == "*") {
      root.whole = true;
    } else if (!AddPath(path, type, for_read, &root)) {
      const std::string shown = path.substr(0, 200);
      absl::Status status =
          InvalidField(field, "FIELD_MASK_UNKNOWN_PATH",
                       absl::StrCat("'", shown, "' is not a path of ", type.name()));
      AddMetadata(&status, "path", shown);
      return status;
    }
  }
  return root;
}

// The entry of a map with this key, -1 if there is none.
int FindEntry(const Message& message, const FieldDescriptor* map, const std::string& key) {
  const Reflection& r = *message.GetReflection();
  const FieldDescriptor* key_field = map->message_type()->map_key();
  for (int i = 0; i < r.FieldSize(message, map); ++i) {
    const Message& entry = r.GetRepeatedMessage(message, map, i);
    if (entry.GetReflection()->GetString(entry, key_field) == key) return i;
  }
  return -1;
}

void RemoveEntry(Message* message, const FieldDescriptor* map, int index) {
  const Reflection& r = *message->GetReflection();
  r.SwapElements(message, map, index, r.FieldSize(*message, map) - 1);
  r.RemoveLast(message, map);
}

// One update, level by level. `source` is a copy of the request; values are moved out of it.
class Update {
 public:
  // Every field of a message; with `only_set`, every one that the source sets.
  static absl::Status All(bool only_set, Message* source, Message* target, absl::string_view at) {
    const Descriptor& type = *target->GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      if (!Has(*source, field) && (only_set || !Has(*target, field))) continue;
      if (IsServersOwn(field) && !TANDEM_PLANTED("mask_writes_output_only")) continue;
      TANDEM_RETURN_IF_ERROR(
          Field(field, /*named=*/false, source, target, absl::StrCat(at, field.name())));
    }
    return absl::OkStatus();
  }

  // The fields that a mask names below this level.
  static absl::Status Paths(const MaskNode& node, Message* source, Message* target,
                            absl::string_view at) {
    for (const auto& [name, child] : node.children) {
      const FieldDescriptor& field = *target->GetDescriptor()->FindFieldByName(name);
      if (IsServersOwn(field) && !TANDEM_PLANTED("mask_writes_output_only")) continue;
      const std::string path = absl::StrCat(at, name);
      if (child.whole) {
        TANDEM_RETURN_IF_ERROR(Field(field, /*named=*/true, source, target, path));
        continue;
      }
      std::unique_ptr<Message> before;
      if (HasBehavior(field, google::api::IMMUTABLE)) {
        before.reset(target->New());
        before->CopyFrom(*target);
      }
      if (field.is_map()) {
        for (const auto& [key, unused] : child.children) Entry(field, key, *source, target);
      } else {
        TANDEM_RETURN_IF_ERROR(Within(field, source, target, [&](Message* from, Message* to) {
          return Paths(child, from, to, path + ".");
        }));
      }
      if (before != nullptr && !SameField(*before, *target, field)) return Immutable(path);
    }
    return absl::OkStatus();
  }

 private:
  static bool Has(const Message& message, const FieldDescriptor& field) {
    const Reflection& r = *message.GetReflection();
    return field.is_repeated() ? r.FieldSize(message, &field) > 0 : r.HasField(message, &field);
  }

  static absl::Status Immutable(absl::string_view path) {
    return InvalidField(path, "FIELD_IMMUTABLE", absl::StrCat("'", path, "' cannot be changed"));
  }

  static absl::Status Field(const FieldDescriptor& field, bool named, Message* source,
                            Message* target, const std::string& path) {
    if (HasBehavior(field, google::api::IMMUTABLE)) {
      const bool meant = named || Has(*source, field);
      return meant && !SameField(*source, *target, field) ? Immutable(path) : absl::OkStatus();
    }
    if (IsMessage(field) && !field.is_repeated()) {
      return Within(field, source, target, [&](Message* from, Message* to) {
        return All(/*only_set=*/false, from, to, path + ".");
      });
    }
    const Reflection& r = *target->GetReflection();
    if (!Has(*source, field)) {
      r.ClearField(target, &field);
      return absl::OkStatus();
    }
    r.SwapFields(target, source, {&field});
    // A whole oneof is swapped: what came back must not be taken for the request's.
    if (const auto* oneof = field.real_containing_oneof()) r.ClearOneof(source, oneof);
    for (int i = 0; IsMessage(field) && i < r.FieldSize(*target, &field); ++i) {
      ClearOutputOnly(r.MutableRepeatedMessage(target, &field, i));
    }
    return absl::OkStatus();
  }

  // Goes into a message. It is unset in the end if the request has none and nothing is left in it.
  template <typename Step>
  static absl::Status Within(const FieldDescriptor& field, Message* source, Message* target,
                             const Step& step) {
    const bool wanted = Has(*source, field);
    if (!wanted && !Has(*target, field)) return absl::OkStatus();
    const Reflection& r = *target->GetReflection();
    Message* to = r.MutableMessage(target, &field);
    std::unique_ptr<Message> none(wanted ? nullptr : to->New());
    TANDEM_RETURN_IF_ERROR(step(wanted ? r.MutableMessage(source, &field) : none.get(), to));
    if (!wanted && to->ByteSizeLong() == 0) r.ClearField(target, &field);
    return absl::OkStatus();
  }

  static void Entry(const FieldDescriptor& map, const std::string& key, const Message& source,
                    Message* target) {
    const Reflection& r = *target->GetReflection();
    if (const int old = FindEntry(*target, &map, key); old >= 0) RemoveEntry(target, &map, old);
    const int wanted = FindEntry(source, &map, key);
    if (wanted < 0) return;
    Message* entry = r.AddMessage(target, &map);
    entry->CopyFrom(r.GetRepeatedMessage(source, &map, wanted));
    ClearOutputOnly(entry);
  }
};

void Prune(const MaskNode& node, Message* message) {
  const Reflection& r = *message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  r.ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    const auto found = node.children.find(field->name());
    if (found == node.children.end()) {
      r.ClearField(message, field);
      continue;
    }
    const MaskNode& child = found->second;
    if (child.whole) continue;
    if (!field->is_repeated()) {
      Prune(child, r.MutableMessage(message, field));
      continue;
    }
    for (int i = r.FieldSize(*message, field) - 1; i >= 0; --i) {
      Message* item = r.MutableRepeatedMessage(message, field, i);
      if (!field->is_map()) {
        Prune(child, item);
      } else if (!child.children.contains(
                     item->GetReflection()->GetString(*item, field->message_type()->map_key()))) {
        RemoveEntry(message, field, i);
      }
    }
  }
}

bool IsValue(const Descriptor& type) {
  return absl::StartsWith(type.full_name(), "google.") ||
         absl::StartsWith(type.full_name(), "tandem.type.");
}

void Diff(const Message& before, const Message& after, absl::string_view at, int depth,
          FieldMask* out) {
  const Reflection& r = *before.GetReflection();
  const Descriptor& type = *before.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (SameField(before, after, field)) continue;
    const std::string path = absl::StrCat(at, field.name());
    if (IsMessage(field) && !field.is_repeated() && !IsValue(*field.message_type()) &&
        r.HasField(before, &field) && r.HasField(after, &field) && depth < kFieldMaskMaxSegments) {
      Diff(r.GetMessage(before, &field), r.GetMessage(after, &field), path + ".", depth + 1, out);
    } else {
      out->add_paths(path);
    }
  }
}

}  // namespace

absl::Status ApplyUpdateMask(const FieldMask& mask, const Message& request, Message* stored) {
  TANDEM_CHECK(request.GetDescriptor() == stored->GetDescriptor(), "both are the resource");
  TANDEM_ASSIGN_OR_RETURN(const MaskNode root,
                          Compile(mask, *stored->GetDescriptor(), /*for_read=*/false));
  const std::unique_ptr<Message> source(request.New());
  source->CopyFrom(request);
  const std::unique_ptr<Message> target(stored->New());
  target->CopyFrom(*stored);
  if (root.whole || mask.paths().empty()) {
    TANDEM_RETURN_IF_ERROR(Update::All(/*only_set=*/!root.whole, source.get(), target.get(), ""));
  } else {
    TANDEM_RETURN_IF_ERROR(Update::Paths(root, source.get(), target.get(), ""));
  }
  stored->GetReflection()->Swap(stored, target.get());
  return absl::OkStatus();
}

absl::Status ApplyReadMask(const FieldMask& mask, Message* message) {
  TANDEM_ASSIGN_OR_RETURN(const MaskNode root,
                          Compile(mask, *message->GetDescriptor(), /*for_read=*/true));
  if (!root.whole && !mask.paths().empty()) Prune(root, message);
  return absl::OkStatus();
}

FieldMask ChangedPaths(const Message& before, const Message& after) {
  TANDEM_CHECK(before.GetDescriptor() == after.GetDescriptor(), "both are the resource");
  FieldMask out;
  Diff(before, after, "", 1, &out);
  return out;
}

std::unique_ptr<Message> PreviousValues(const Message& before, const FieldMask& paths) {
  MaskNode root;
  for (const std::string& path : paths.paths()) {
    if (path == "*") root.whole = true;
    AddPath(path, *before.GetDescriptor(), /*for_read=*/true, &root);
  }
  std::unique_ptr<Message> out(before.New());
  out->CopyFrom(before);
  if (!root.whole) Prune(root, out.get());
  return out;
}

}  // namespace tandem
