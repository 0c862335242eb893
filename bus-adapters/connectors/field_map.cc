#include "bus-adapters/connectors/field_map.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "bus-adapters/connectors/message_text.h"
#include "platform/base/check.h"
#include "platform/base/phone.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"

namespace tandem::connectors {
namespace {

namespace md = master_data::v1;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

const FieldDescriptor* FieldOf(const Message& message, const std::string& name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  TANDEM_CHECK(field != nullptr, absl::StrCat(message.GetDescriptor()->full_name(), ".", name));
  return field;
}

// "CUSTOMER_KIND_" of an enum whose first value is CUSTOMER_KIND_UNSPECIFIED.
absl::string_view PrefixOf(const EnumDescriptor* type) {
  return absl::StripSuffix(type->value(0)->name(), "UNSPECIFIED");
}

absl::Status ParseText(const Field& field, const std::string& text, Message* message) {
  if (ParseMessageText(text, message).ok()) return absl::OkStatus();
  return InvalidField(field.path, "SYNC_VALUE_INVALID", absl::StrCat("not its value: ", text));
}

bool IsEmpty(const Message& message) { return message.ByteSizeLong() == 0; }

std::string PhoneText(const std::string& phone) {
  const std::string normal = NormalisePhone(phone);
  return IsE164(normal) ? normal : phone;
}

// The groups of one map or list share their prefix.
std::string NameOf(const Field& field, absl::string_view key) {
  return absl::StrCat(field.group, "/", key);
}

std::string KeyOf(const Field& field, const Message& row) {
  std::string key;
  for (const std::string& name : field.keys) {
    std::string scratch;
    absl::StrAppend(&key, key.empty() && name == field.keys[0] ? "" : "/",
                    row.GetReflection()->GetStringReference(row, FieldOf(row, name), &scratch));
  }
  return key;
}

bool InList(const Field& field, const Message& row) {
  if (field.row_of.empty()) return true;
  const int kind = row.GetReflection()->GetEnumValue(row, FieldOf(row, field.row_of));
  return std::find(field.row_kinds.begin(), field.row_kinds.end(), kind) != field.row_kinds.end();
}

void Add(std::string name, std::string text, md::State* state, bool reference = false) {
  md::GroupValue* group = state->add_groups();
  group->set_name(std::move(name));
  group->mutable_value()->set_present(true);
  if (reference) {
    group->mutable_value()->set_form(std::move(text));
  } else {
    group->mutable_value()->set_common(std::move(text));
  }
}

void ReadField(const Field& field, const Message& resource, md::State* state) {
  if (field.kind == Kind::kSpecial) {
    std::string text = field.get(resource);
    if (!text.empty()) Add(field.group, std::move(text), state);
    return;
  }
  const Reflection* reflection = resource.GetReflection();
  const FieldDescriptor* of = FieldOf(resource, field.path);
  switch (field.kind) {
    case Kind::kText:
    case Kind::kPhone:
    case Kind::kReference:
    case Kind::kOwnId: {
      std::string text = reflection->GetString(resource, of);
      if (text.empty()) return;
      if (field.kind != Kind::kPhone) {
        Add(field.group, std::move(text), state, field.kind == Kind::kReference);
        return;
      }
      const std::string normal = PhoneText(text);
      Add(field.group, normal, state);
      if (normal != text) {
        state->mutable_groups(state->groups_size() - 1)->mutable_value()->set_form(text);
      }
      return;
    }
    case Kind::kFlag:
      if (reflection->GetBool(resource, of)) Add(field.group, "true", state);
      return;
    case Kind::kEnum: {
      const int number = reflection->GetEnumValue(resource, of);
      if (number == 0 || number == field.absent_number) return;
      const auto* value = of->enum_type()->FindValueByNumber(number);
      Add(field.group,
          value == nullptr
              ? absl::StrCat(number)
              : std::string(absl::StripPrefix(value->name(), PrefixOf(of->enum_type()))),
          state);
      return;
    }
    case Kind::kMessage: {
      if (!reflection->HasField(resource, of)) return;
      const Message& message = reflection->GetMessage(resource, of);
      if (field.empty_is_absent && IsEmpty(message)) return;
      Add(field.group, MessageText(message), state);
      return;
    }
    case Kind::kTextMap:
      for (int i = 0; i < reflection->FieldSize(resource, of); ++i) {
        const Message& entry = reflection->GetRepeatedMessage(resource, of, i);
        const Reflection* entries = entry.GetReflection();
        Add(NameOf(field, entries->GetString(entry, entry.GetDescriptor()->field(0))),
            entries->GetString(entry, entry.GetDescriptor()->field(1)), state);
      }
      return;
    case Kind::kRows:
      for (int i = 0; i < reflection->FieldSize(resource, of); ++i) {
        const Message& row = reflection->GetRepeatedMessage(resource, of, i);
        if (InList(field, row)) Add(NameOf(field, KeyOf(field, row)), MessageText(row), state);
      }
      return;
    case Kind::kSpecial:
      return;
  }
}

absl::Status WriteEnum(const Field& field, const md::Value& value, const FieldDescriptor* of,
                       Message* resource) {
  int number = field.absent_number;
  if (value.present()) {
    const auto* known =
        of->enum_type()->FindValueByName(absl::StrCat(PrefixOf(of->enum_type()), value.common()));
    if (known == nullptr) {
      return InvalidField(field.path, "SYNC_VALUE_INVALID",
                          absl::StrCat("not its value: ", value.common()));
    }
    number = known->number();
  }
  resource->GetReflection()->SetEnumValue(resource, of, number);
  return absl::OkStatus();
}

absl::Status WriteScalar(const Field& field, const md::Value& value, Message* resource) {
  if (field.kind == Kind::kSpecial) {
    field.set(value.present() ? value.common() : "", resource);
    return absl::OkStatus();
  }
  const Reflection* reflection = resource->GetReflection();
  const FieldDescriptor* of = FieldOf(*resource, field.path);
  switch (field.kind) {
    case Kind::kEnum:
      return WriteEnum(field, value, of, resource);
    case Kind::kFlag:
      reflection->SetBool(resource, of, value.present() && value.common() == "true");
      return absl::OkStatus();
    case Kind::kMessage:
      if (!value.present()) {
        reflection->ClearField(resource, of);
        return absl::OkStatus();
      }
      return ParseText(field, value.common(), reflection->MutableMessage(resource, of));
    case Kind::kReference:
      reflection->SetString(resource, of, value.present() ? value.form() : "");
      return absl::OkStatus();
    default:
      reflection->SetString(resource, of, value.present() ? value.common() : "");
      return absl::OkStatus();
  }
}

// The path to a map's entry; keys with anything but letters, digits and '_' are quoted.
std::string EntryPath(const std::string& path, absl::string_view key) {
  const bool plain = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
  });
  return plain ? absl::StrCat(path, ".", key) : absl::StrCat(path, ".`", key, "`");
}

void PutEntry(const std::string& key, const std::string& text, const FieldDescriptor* of,
              Message* resource) {
  Message* entry = resource->GetReflection()->AddMessage(resource, of);
  entry->GetReflection()->SetString(entry, entry->GetDescriptor()->field(0), key);
  entry->GetReflection()->SetString(entry, entry->GetDescriptor()->field(1), text);
}

// The group's field and key; null where the map does not have it.
const Field* FindField(const FieldMap& map, absl::string_view group, std::string* key) {
  const size_t slash = group.find('/');
  const absl::string_view name = group.substr(0, slash);
  if (slash != absl::string_view::npos) *key = std::string(group.substr(slash + 1));
  for (const Field& field : map) {
    const bool list = field.kind == Kind::kTextMap || field.kind == Kind::kRows;
    if (field.group == name && list == (slash != absl::string_view::npos)) return &field;
  }
  return nullptr;
}

void Name(const std::string& path, google::protobuf::FieldMask* mask) {
  for (const std::string& known : mask->paths()) {
    if (known == path) return;
  }
  mask->add_paths(path);
}

// A repeated field as it is to be: rows by key, of all lists that it holds.
absl::Status WriteRows(const FieldMap& map, const std::string& path, const md::CallUnderWay& call,
                       Message* resource) {
  std::map<std::string, std::pair<const Field*, const md::Value*>> rows;
  std::string key;
  auto of_path = [&](const std::string& group) -> const Field* {
    const Field* field = FindField(map, group, &key);
    return field != nullptr && field->kind == Kind::kRows && field->path == path ? field : nullptr;
  };
  for (const md::GroupValue& shown : call.shown()) {
    if (const Field* field = of_path(shown.name())) rows[key] = {field, &shown.value()};
  }
  for (const bool present : {false, true}) {  // a row that changes its list goes, and comes
    for (const md::PushedGroup& pushed : call.push().groups()) {
      const Field* field = of_path(pushed.name());
      if (field == nullptr || pushed.value().present() != present) continue;
      if (present) {
        rows[key] = {field, &pushed.value()};
      } else if (auto known = rows.find(key); known != rows.end() && known->second.first == field) {
        rows.erase(known);
      }
    }
  }
  const FieldDescriptor* of = FieldOf(*resource, path);
  for (const auto& [unused, row] : rows) {
    TANDEM_RETURN_IF_ERROR(ParseText(*row.first, row.second->common(),
                                     resource->GetReflection()->AddMessage(resource, of)));
  }
  return absl::OkStatus();
}

}  // namespace

void ReadGroups(const FieldMap& map, const Message& resource, md::State* state) {
  for (const Field& field : map) ReadField(field, resource, state);
}

absl::Status WriteGroups(const FieldMap& map, const md::CallUnderWay& call, Message* resource,
                         google::protobuf::FieldMask* mask) {
  std::set<std::string> lists;
  for (const md::PushedGroup& pushed : call.push().groups()) {
    std::string key;
    const Field* field = FindField(map, pushed.name(), &key);
    if (field == nullptr || field->read_only || field->kind == Kind::kOwnId) continue;
    if (field->kind == Kind::kRows) {
      if (!lists.insert(field->path).second) continue;
      TANDEM_RETURN_IF_ERROR(WriteRows(map, field->path, call, resource));
      Name(field->path, mask);
    } else if (field->kind == Kind::kTextMap) {
      if (pushed.value().present()) {
        PutEntry(key, pushed.value().common(), FieldOf(*resource, field->path), resource);
      }
      Name(EntryPath(field->path, key), mask);
    } else {
      TANDEM_RETURN_IF_ERROR(WriteScalar(*field, pushed.value(), resource));
      if (field->kind != Kind::kSpecial) Name(field->path, mask);
      for (const std::string& path : field->set_paths) Name(path, mask);
    }
  }
  return absl::OkStatus();
}

void WriteAbsentDefaults(const FieldMap& map, Message* resource) {
  for (const Field& field : map) {
    if (field.kind != Kind::kEnum || field.read_only || field.absent_number == 0) continue;
    resource->GetReflection()->SetEnumValue(resource, FieldOf(*resource, field.path),
                                            field.absent_number);
  }
}

}  // namespace tandem::connectors
