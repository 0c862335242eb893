#include "bus-adapters/connectors/message_text.h"

#include <google/protobuf/util/json_util.h>

#include <limits>
#include <memory>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/type/decimal.pb.h"
#include "platform/base/check.h"
#include "platform/base/fixed.h"

namespace tandem::connectors {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Decimals in their shortest form, however deep they stand.
void Normalise(Message* message) {
  if (auto* decimal = dynamic_cast<google::type::Decimal*>(message)) {
    const absl::StatusOr<int64_t> micros = DecimalFromProto(*decimal, "");
    if (micros.ok()) *decimal = DecimalToProto(*micros);
    return;
  }
  const Reflection* reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field->is_map()) continue;
    if (!field->is_repeated()) {
      Normalise(reflection->MutableMessage(message, field));
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
      Normalise(reflection->MutableRepeatedMessage(message, field, i));
    }
  }
}

// Whether a byte stands in JSON as it is, by Protocol Buffers' rules.
bool IsPlain(char c) {
  return c >= ' ' && c < 0x7f && c != '"' && c != '\\' && c != '<' && c != '>';
}

bool IsOurs(const Message& message) {  // and not one with a JSON form of its own
  return !absl::StartsWith(absl::string_view(message.GetDescriptor()->full_name()),
                           "google.protobuf.");
}

bool WriteText(const std::string& text, std::string* out) {
  for (const char c : text) {
    if (!IsPlain(c)) return false;
  }
  absl::StrAppend(out, "\"", text, "\"");
  return true;
}

bool Write(const Message& message, std::string* out);

// One value of a field; `index` is -1 for a singular one.
bool WriteValue(const Message& message, const FieldDescriptor* field, int index, std::string* out) {
  const Reflection* reflection = message.GetReflection();
  const bool one = index < 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      if (field->type() != FieldDescriptor::TYPE_STRING) return false;
      std::string scratch;
      return WriteText(
          one ? reflection->GetStringReference(message, field, &scratch)
              : reflection->GetRepeatedStringReference(message, field, index, &scratch),
          out);
    }
    case FieldDescriptor::CPPTYPE_BOOL: {
      const bool value = one ? reflection->GetBool(message, field)
                             : reflection->GetRepeatedBool(message, field, index);
      absl::StrAppend(out, value ? "true" : "false");
      return true;
    }
    case FieldDescriptor::CPPTYPE_INT32:
      absl::StrAppend(out, one ? reflection->GetInt32(message, field)
                               : reflection->GetRepeatedInt32(message, field, index));
      return true;
    case FieldDescriptor::CPPTYPE_INT64:
      absl::StrAppend(out, "\"",
                      one ? reflection->GetInt64(message, field)
                          : reflection->GetRepeatedInt64(message, field, index),
                      "\"");
      return true;
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int number = one ? reflection->GetEnumValue(message, field)
                             : reflection->GetRepeatedEnumValue(message, field, index);
      const auto* value = field->enum_type()->FindValueByNumber(number);
      if (value == nullptr) return false;
      absl::StrAppend(out, "\"", value->name(), "\"");
      return true;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return Write(one ? reflection->GetMessage(message, field)
                       : reflection->GetRepeatedMessage(message, field, index),
                   out);
    default:
      return false;
  }
}

// False where there is something that Protocol Buffers must write.
bool Write(const Message& message, std::string* out) {
  if (!IsOurs(message)) return false;
  if (message.GetDescriptor() == google::type::Decimal::descriptor()) {
    const auto& decimal = static_cast<const google::type::Decimal&>(message);
    const absl::StatusOr<int64_t> micros = DecimalFromProto(decimal, "");
    const std::string value = micros.ok() ? DecimalToProto(*micros).value() : decimal.value();
    absl::StrAppend(out, value.empty() ? "{" : "{\"value\":");
    if (!value.empty() && !WriteText(value, out)) return false;
    absl::StrAppend(out, "}");
    return true;
  }
  const Reflection* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;  // by number, as on the wire
  reflection->ListFields(message, &fields);
  char next = '{';
  for (const FieldDescriptor* field : fields) {
    if (field->is_map() || field->is_extension()) return false;
    out->push_back(next);
    next = ',';
    absl::StrAppend(out, "\"", field->name(), "\":");
    if (!field->is_repeated()) {
      if (!WriteValue(message, field, -1, out)) return false;
      continue;
    }
    char separator = '[';
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      out->push_back(separator);
      separator = ',';
      if (!WriteValue(message, field, i, out)) return false;
    }
    out->push_back(']');
  }
  if (next == '{') out->push_back('{');
  out->push_back('}');
  return true;
}

// Reads what Write writes, and gives up at anything else.
class PlainReader {
 public:
  explicit PlainReader(absl::string_view text) : rest_(text) {}

  bool Read(Message* message) { return ReadMessage(message) && rest_.empty(); }

 private:
  bool Take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool Take(absl::string_view word) {
    if (!absl::StartsWith(rest_, word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  bool TakeText(absl::string_view* text) {
    if (!Take('"')) return false;
    size_t size = 0;
    while (size < rest_.size() && IsPlain(rest_[size])) ++size;
    *text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return Take('"');
  }

  // At most 18 digits: no number that does not fit.
  bool TakeNumber(int64_t* number) {
    size_t size = !rest_.empty() && rest_.front() == '-' ? 1 : 0;
    while (size < rest_.size() && rest_[size] >= '0' && rest_[size] <= '9') ++size;
    if (size > 18 || !absl::SimpleAtoi(rest_.substr(0, size), number)) return false;
    rest_.remove_prefix(size);
    return true;
  }

  bool ReadMessage(Message* message) {
    if (!IsOurs(*message) || !Take('{')) return false;
    if (Take('}')) return true;
    do {
      absl::string_view name;
      if (!TakeText(&name) || !Take(':')) return false;
      const FieldDescriptor* field = message->GetDescriptor()->FindFieldByName(std::string(name));
      if (field == nullptr || field->is_map() || field->real_containing_oneof() != nullptr) {
        return false;
      }
      const Reflection* reflection = message->GetReflection();
      if (field->is_repeated() ? reflection->FieldSize(*message, field) > 0
                               : reflection->HasField(*message, field)) {
        return false;  // named twice
      }
      if (!field->is_repeated()) {
        if (!ReadValue(message, field)) return false;
        continue;
      }
      if (!Take('[')) return false;
      do {
        if (!ReadValue(message, field)) return false;
      } while (Take(','));
      if (!Take(']')) return false;
    } while (Take(','));
    return Take('}');
  }

  bool ReadValue(Message* message, const FieldDescriptor* field) {
    const Reflection* reflection = message->GetReflection();
    const bool many = field->is_repeated();
    absl::string_view text;
    int64_t number = 0;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        if (field->type() != FieldDescriptor::TYPE_STRING || !TakeText(&text)) return false;
        if (many) {
          reflection->AddString(message, field, std::string(text));
        } else {
          reflection->SetString(message, field, std::string(text));
        }
        return true;
      case FieldDescriptor::CPPTYPE_BOOL: {
        const bool value = Take(absl::string_view("true"));
        if (!value && !Take(absl::string_view("false"))) return false;
        if (many) {
          reflection->AddBool(message, field, value);
        } else {
          reflection->SetBool(message, field, value);
        }
        return true;
      }
      case FieldDescriptor::CPPTYPE_INT32:
        if (!TakeNumber(&number) || number < std::numeric_limits<int32_t>::min() ||
            number > std::numeric_limits<int32_t>::max()) {
          return false;
        }
        if (many) {
          reflection->AddInt32(message, field, static_cast<int32_t>(number));
        } else {
          reflection->SetInt32(message, field, static_cast<int32_t>(number));
        }
        return true;
      case FieldDescriptor::CPPTYPE_INT64:
        if (!Take('"') || !TakeNumber(&number) || !Take('"')) return false;
        if (many) {
          reflection->AddInt64(message, field, number);
        } else {
          reflection->SetInt64(message, field, number);
        }
        return true;
      case FieldDescriptor::CPPTYPE_ENUM: {
        if (!TakeText(&text)) return false;
        const auto* value = field->enum_type()->FindValueByName(std::string(text));
        if (value == nullptr) return false;
        if (many) {
          reflection->AddEnumValue(message, field, value->number());
        } else {
          reflection->SetEnumValue(message, field, value->number());
        }
        return true;
      }
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return ReadMessage(many ? reflection->AddMessage(message, field)
                                : reflection->MutableMessage(message, field));
      default:
        return false;
    }
  }

  absl::string_view rest_;
};

}  // namespace

std::string MessageText(const Message& message) {
  std::string text;
  text.reserve(256);
  return Write(message, &text) ? text : SlowMessageText(message);
}

absl::Status ParseMessageText(const std::string& text, Message* message) {
  if (PlainReader(text).Read(message)) return absl::OkStatus();
  message->Clear();
  return SlowParseMessageText(text, message);
}

std::string SlowMessageText(const Message& message) {
  std::unique_ptr<Message> copy(message.New());
  copy->CopyFrom(message);
  Normalise(copy.get());
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string text;
  const auto status = google::protobuf::util::MessageToJsonString(*copy, &text, options);
  TANDEM_CHECK(status.ok(), std::string(status.message()));
  return text;
}

absl::Status SlowParseMessageText(const std::string& text, Message* message) {
  const auto status = google::protobuf::util::JsonStringToMessage(text, message);
  if (status.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(std::string(status.message()));
}

}  // namespace tandem::connectors
