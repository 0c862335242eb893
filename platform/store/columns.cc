#include "platform/store/columns.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/type/date.pb.h"
#include "google/type/decimal.pb.h"
#include "google/type/money.pb.h"
#include "platform/base/check.h"
#include "platform/base/date.h"
#include "platform/base/fixed.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/store/text_list.h"
#include "tandem/options/v1/options.pb.h"
#include "tandem/type/v1/quantity.pb.h"

namespace tandem::store {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Messages nest a few deep; one that holds itself has no end and must be packed.
constexpr int kMaxDepth = 12;

bool IsPacked(const FieldDescriptor* field) {
  return field->options().GetExtension(options::v1::packed);
}

ColumnKind KindOf(const FieldDescriptor* field) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return field->type() == FieldDescriptor::TYPE_BYTES ? ColumnKind::kBytes : ColumnKind::kText;
    case FieldDescriptor::CPPTYPE_BOOL:
      return ColumnKind::kBool;
    case FieldDescriptor::CPPTYPE_INT32:
      return ColumnKind::kInt32;
    case FieldDescriptor::CPPTYPE_INT64:
      return ColumnKind::kInt64;
    case FieldDescriptor::CPPTYPE_UINT32:
      return ColumnKind::kUint32;
    case FieldDescriptor::CPPTYPE_UINT64:
      return ColumnKind::kUint64;
    case FieldDescriptor::CPPTYPE_ENUM:
      return ColumnKind::kEnum;
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      if (IsPacked(field)) return ColumnKind::kPackedMessage;
      const Descriptor* type = field->message_type();
      if (type == google::type::Money::descriptor()) return ColumnKind::kMoney;
      if (type == google::type::Decimal::descriptor()) return ColumnKind::kDecimal;
      if (type == type::v1::Quantity::descriptor()) return ColumnKind::kQuantity;
      if (type == google::protobuf::Timestamp::descriptor()) return ColumnKind::kTimestamp;
      if (type == google::type::Date::descriptor()) return ColumnKind::kDate;
      return ColumnKind::kMessage;
    }
    default:
      TANDEM_CHECK(false, absl::StrCat(field->full_name(), ": floating point is not stored"));
  }
}

absl::Status Invalid(absl::string_view column, absl::string_view why) {
  absl::Status status = Refuse(absl::StatusCode::kInvalidArgument, "STORE_VALUE_INVALID",
                               absl::StrCat("column ", column, ": ", why));
  AddMetadata(&status, "column", column);
  return status;
}

absl::Status Corrupt(absl::string_view column) {
  return Refuse(absl::StatusCode::kInternal, "STORE_VALUE_CORRUPT",
                absl::StrCat("column ", column, " holds a value of another type"));
}

// units and nanos to micros; what a Money can say but micros cannot is refused, not cut.
absl::StatusOr<int64_t> MicrosOf(const google::type::Money& money, absl::string_view column) {
  const Int128 micros = static_cast<Int128>(money.units()) * kMicrosPerUnit + money.nanos() / 1000;
  if (money.nanos() % 1000 != 0) return Invalid(column, "nanos are not a multiple of 1000");
  if (micros > std::numeric_limits<int64_t>::max() ||
      micros < std::numeric_limits<int64_t>::min()) {
    return Invalid(column, "an amount out of range");
  }
  return static_cast<int64_t>(micros);
}

std::string PackOne(const Message& message) {
  std::string out;
  message.SerializePartialToString(&out);
  return out;
}

// A message of the owner's type that has this field alone.
std::string PackRepeated(const Message& owner, const FieldDescriptor* field) {
  if (owner.GetReflection()->FieldSize(owner, field) == 0) return "";
  std::unique_ptr<Message> copy(owner.New());
  copy->CopyFrom(owner);
  std::unique_ptr<Message> alone(owner.New());
  owner.GetReflection()->SwapFields(copy.get(), alone.get(), {field});
  return PackOne(*alone);
}

}  // namespace

std::vector<int> MapOrder(const Message& owner, const FieldDescriptor* field) {
  const Reflection* reflection = owner.GetReflection();
  const FieldDescriptor* key = field->message_type()->map_key();
  std::vector<std::pair<std::string, int>> keys;
  for (int i = 0; i < reflection->FieldSize(owner, field); ++i) {
    const Message& entry = reflection->GetRepeatedMessage(owner, field, i);
    keys.emplace_back(key->cpp_type() == FieldDescriptor::CPPTYPE_STRING
                          ? entry.GetReflection()->GetString(entry, key)
                          : PackOne(entry),
                      i);
  }
  std::sort(keys.begin(), keys.end());
  std::vector<int> order;
  for (const auto& [text, i] : keys) order.push_back(i);
  return order;
}

Columns::Node Columns::NodeOf(const FieldDescriptor* field, ColumnKind kind,
                              const std::string& name) {
  Node node{field, kind, list_.size(), 1, nullptr, {}};
  if (field->message_type() != nullptr && !field->is_repeated()) {
    node.absent =
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(field->message_type());
  }
  auto add = [&](absl::string_view suffix, absl::string_view type) {
    list_.push_back({absl::StrCat(name, suffix), type});
  };
  switch (kind) {
    case ColumnKind::kText:
    case ColumnKind::kTexts:
      add("", "TEXT");
      break;
    case ColumnKind::kBytes:
    case ColumnKind::kPackedMessage:
    case ColumnKind::kPackedRepeated:
      add("", "BYTEA");
      break;
    case ColumnKind::kMoney:
      add("_micros", "BIGINT");
      add("_currency", "TEXT");
      break;
    case ColumnKind::kQuantity:
      add("_micros", "BIGINT");
      add("_unit", "TEXT");
      break;
    case ColumnKind::kDecimal:
    case ColumnKind::kTimestamp:
      add("_micros", "BIGINT");
      break;
    case ColumnKind::kDate:
      add("_days", "BIGINT");
      break;
    case ColumnKind::kMessage:
      add("_present", "BIGINT");
      break;
    default:
      add("", "BIGINT");
  }
  node.width = list_.size() - node.first;
  return node;
}

void Columns::AddFields(const Descriptor* type, const std::string& prefix, bool skip_etag,
                        std::vector<const FieldDescriptor*>* path,
                        std::vector<RepeatedField>* repeated, int depth, std::vector<Node>* nodes) {
  TANDEM_CHECK(depth < kMaxDepth,
               absl::StrCat(type->full_name(), " holds itself: mark the field packed"));
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (skip_etag && field->name() == "etag") continue;
    const std::string name = absl::StrCat(prefix, field->name());
    if (field->is_repeated()) {
      if (texts_in_row_ && repeated != nullptr && !IsPacked(field) &&
          field->type() == FieldDescriptor::TYPE_STRING) {
        nodes->push_back(NodeOf(field, ColumnKind::kTexts, name));
      } else if (repeated != nullptr && !IsPacked(field)) {
        repeated->push_back({*path, field, name});
      } else {
        nodes->push_back(NodeOf(field, ColumnKind::kPackedRepeated, name));
      }
      continue;
    }
    Node node = NodeOf(field, KindOf(field), name);
    if (node.kind == ColumnKind::kMessage) {
      path->push_back(field);
      AddFields(field->message_type(), absl::StrCat(name, "_"), false, path, repeated, depth + 1,
                &node.nodes);
      path->pop_back();
      node.width = list_.size() - node.first;
    }
    nodes->push_back(std::move(node));
  }
}

Columns Columns::OfMessage(const Descriptor* type, bool skip_etag,
                           std::vector<RepeatedField>* repeated, bool texts_in_row) {
  Columns columns;
  columns.texts_in_row_ = texts_in_row;
  std::vector<const FieldDescriptor*> path;
  columns.AddFields(type, "", skip_etag, &path, repeated, 0, &columns.nodes_);
  return columns;
}

Columns Columns::OfElement(const FieldDescriptor* field) {
  Columns columns;
  columns.element_ = true;
  columns.element_field_ = field;
  const ColumnKind kind = KindOf(field);
  if (kind == ColumnKind::kMessage) {
    columns.element_is_message_ = true;
    std::vector<const FieldDescriptor*> path;
    columns.AddFields(field->message_type(), "", false, &path, nullptr, 0, &columns.nodes_);
  } else {
    columns.nodes_.push_back(columns.NodeOf(field, kind, "value"));
  }
  return columns;
}

absl::Status Columns::Encode(const Message& message, std::vector<Value>* out) const {
  return EncodeNodes(nodes_, message, out);
}

absl::Status Columns::EncodeElement(const Message& owner, int i, std::vector<Value>* out) const {
  if (!element_is_message_) return EncodeValue(nodes_[0], *owner.GetReflection(), owner, i, out);
  return EncodeNodes(nodes_, owner.GetReflection()->GetRepeatedMessage(owner, element_field_, i),
                     out);
}

absl::Status Columns::EncodeNodes(const std::vector<Node>& nodes, const Message& message,
                                  std::vector<Value>* out) const {
  const Reflection* reflection = message.GetReflection();
  for (const Node& node : nodes) {
    if (node.kind == ColumnKind::kPackedRepeated) {
      out->emplace_back(Bytes{PackRepeated(message, node.field)});
    } else if (node.kind == ColumnKind::kTexts) {
      TANDEM_RETURN_IF_ERROR(EncodeTexts(node, message, out));
    } else if (node.absent != nullptr) {
      const Message& value = reflection->GetMessage(message, node.field);
      if (&value == node.absent) {
        out->resize(out->size() + node.width);
      } else {
        TANDEM_RETURN_IF_ERROR(EncodeSpecial(node, value, out));
      }
    } else if (node.field->has_presence() && !reflection->HasField(message, node.field)) {
      out->resize(out->size() + node.width);
    } else {
      TANDEM_RETURN_IF_ERROR(EncodeValue(node, *reflection, message, -1, out));
    }
  }
  return absl::OkStatus();
}

absl::Status Columns::EncodeTexts(const Node& node, const Message& message,
                                  std::vector<Value>* out) const {
  const Reflection* r = message.GetReflection();
  const int count = r->FieldSize(message, node.field);
  std::string list = "[", scratch;
  for (int i = 0; i < count; ++i) {
    const std::string& text = r->GetRepeatedStringReference(message, node.field, i, &scratch);
    if (text.find('\0') != std::string::npos) {
      return Invalid(list_[node.first].name, "a text with a zero byte");
    }
    if (i > 0) list += ',';
    AppendJsonText(text, &list);
  }
  list += ']';
  out->emplace_back(std::move(list));
  return absl::OkStatus();
}

// A field of `message`, or with index >= 0 an element of it.
absl::Status Columns::EncodeValue(const Node& node, const Reflection& reflection,
                                  const Message& message, int index,
                                  std::vector<Value>* out) const {
  const Reflection* r = &reflection;
  const FieldDescriptor* f = node.field;
  const bool one = index < 0;
  switch (node.kind) {
    case ColumnKind::kText:
    case ColumnKind::kBytes: {
      std::string scratch;
      const std::string& text = one ? r->GetStringReference(message, f, &scratch)
                                    : r->GetRepeatedStringReference(message, f, index, &scratch);
      if (node.kind == ColumnKind::kBytes) {
        out->emplace_back(Bytes{text});
        return absl::OkStatus();
      }
      if (text.find('\0') != std::string::npos) {
        return Invalid(list_[node.first].name, "a text with a zero byte");
      }
      out->emplace_back(text);
      return absl::OkStatus();
    }
    case ColumnKind::kBool:
      out->emplace_back(
          int64_t{one ? r->GetBool(message, f) : r->GetRepeatedBool(message, f, index)});
      return absl::OkStatus();
    case ColumnKind::kInt32:
      out->emplace_back(
          int64_t{one ? r->GetInt32(message, f) : r->GetRepeatedInt32(message, f, index)});
      return absl::OkStatus();
    case ColumnKind::kInt64:
      out->emplace_back(
          int64_t{one ? r->GetInt64(message, f) : r->GetRepeatedInt64(message, f, index)});
      return absl::OkStatus();
    case ColumnKind::kUint32:
      out->emplace_back(
          int64_t{one ? r->GetUInt32(message, f) : r->GetRepeatedUInt32(message, f, index)});
      return absl::OkStatus();
    case ColumnKind::kUint64:  // the same bits: above 2^63 it is negative in SQL
      out->emplace_back(static_cast<int64_t>(one ? r->GetUInt64(message, f)
                                                 : r->GetRepeatedUInt64(message, f, index)));
      return absl::OkStatus();
    case ColumnKind::kEnum:
      out->emplace_back(
          int64_t{one ? r->GetEnumValue(message, f) : r->GetRepeatedEnumValue(message, f, index)});
      return absl::OkStatus();
    default:
      return EncodeSpecial(
          node, one ? r->GetMessage(message, f) : r->GetRepeatedMessage(message, f, index), out);
  }
}

absl::Status Columns::EncodeSpecial(const Node& node, const Message& value,
                                    std::vector<Value>* out) const {
  const std::string& column = list_[node.first].name;
  auto text = [&](const std::string& content) -> absl::Status {
    if (content.find('\0') != std::string::npos) return Invalid(column, "a text with a zero byte");
    out->emplace_back(content);
    return absl::OkStatus();
  };
  switch (node.kind) {
    case ColumnKind::kMoney: {
      const auto& money = static_cast<const google::type::Money&>(value);
      TANDEM_ASSIGN_OR_RETURN(const int64_t micros, MicrosOf(money, column));
      out->emplace_back(micros);
      return text(money.currency_code());
    }
    case ColumnKind::kDecimal:
    case ColumnKind::kQuantity: {
      const bool plain = node.kind == ColumnKind::kDecimal;
      const auto& decimal = plain ? static_cast<const google::type::Decimal&>(value)
                                  : static_cast<const type::v1::Quantity&>(value).value();
      absl::StatusOr<int64_t> micros = DecimalFromProto(decimal, column);
      if (!micros.ok()) return Invalid(column, micros.status().message());
      out->emplace_back(*micros);
      return plain ? absl::OkStatus() : text(static_cast<const type::v1::Quantity&>(value).unit());
    }
    case ColumnKind::kTimestamp: {
      const auto& time = static_cast<const google::protobuf::Timestamp&>(value);
      constexpr int64_t kMaxSeconds = 253'402'300'799;  // the year 9999
      if (time.seconds() > kMaxSeconds || time.seconds() < -kMaxSeconds) {
        return Invalid(column, "a time out of range");
      }
      out->emplace_back(time.seconds() * 1'000'000 + time.nanos() / 1000);
      return absl::OkStatus();
    }
    case ColumnKind::kDate: {
      absl::StatusOr<int32_t> days =
          DateFromProto(static_cast<const google::type::Date&>(value), column);
      if (!days.ok()) return Invalid(column, days.status().message());
      out->emplace_back(int64_t{*days});
      return absl::OkStatus();
    }
    case ColumnKind::kMessage:
      out->emplace_back(int64_t{1});
      return EncodeNodes(node.nodes, value, out);
    default:  // kPackedMessage
      out->emplace_back(Bytes{PackOne(value)});
      return absl::OkStatus();
  }
}

absl::Status Columns::Decode(absl::Span<const Value> values, Message* out) const {
  return DecodeNodes(nodes_, values, out);
}

absl::Status Columns::DecodeElement(absl::Span<const Value> values, Message* owner) const {
  if (!element_is_message_) return DecodeValue(nodes_[0], values, /*add=*/true, owner);
  return DecodeNodes(nodes_, values, owner->GetReflection()->AddMessage(owner, element_field_));
}

absl::Status Columns::DecodeNodes(const std::vector<Node>& nodes, absl::Span<const Value> values,
                                  Message* out) const {
  for (const Node& node : nodes) {
    if (std::holds_alternative<std::monostate>(values[node.first])) continue;
    TANDEM_RETURN_IF_ERROR(DecodeValue(node, values, /*add=*/false, out));
  }
  return absl::OkStatus();
}

absl::Status Columns::DecodeValue(const Node& node, absl::Span<const Value> values, bool add,
                                  Message* out) const {
  const Reflection* r = out->GetReflection();
  const FieldDescriptor* f = node.field;
  const std::string& column = list_[node.first].name;
  const Value& value = values[node.first];
  const auto* number = std::get_if<int64_t>(&value);
  auto message = [&] { return add ? r->AddMessage(out, f) : r->MutableMessage(out, f); };
  // The text in the column behind, of an amount or quantity; absent reads as empty.
  auto second = [&]() -> const std::string& {
    static const auto* empty = new std::string();
    const auto* text = std::get_if<std::string>(&values[node.first + 1]);
    return text == nullptr ? *empty : *text;
  };
  switch (node.kind) {
    case ColumnKind::kText: {
      const auto* text = std::get_if<std::string>(&value);
      if (text == nullptr) return Corrupt(column);
      add ? r->AddString(out, f, *text) : r->SetString(out, f, *text);
      return absl::OkStatus();
    }
    case ColumnKind::kTexts: {
      const auto* list = std::get_if<std::string>(&value);
      std::vector<std::string> texts;
      if (list == nullptr || !ParseTextList(*list, &texts)) return Corrupt(column);
      for (std::string& text : texts) r->AddString(out, f, std::move(text));
      return absl::OkStatus();
    }
    case ColumnKind::kBytes:
    case ColumnKind::kPackedMessage:
    case ColumnKind::kPackedRepeated: {
      const auto* bytes = std::get_if<Bytes>(&value);
      if (bytes == nullptr) return Corrupt(column);
      if (node.kind == ColumnKind::kBytes) {
        add ? r->AddString(out, f, bytes->data) : r->SetString(out, f, bytes->data);
        return absl::OkStatus();
      }
      Message* into = node.kind == ColumnKind::kPackedMessage ? message() : out;
      return into->MergeFromString(bytes->data) ? absl::OkStatus() : Corrupt(column);
    }
    default:
      break;
  }
  if (number == nullptr) return Corrupt(column);
  switch (node.kind) {
    case ColumnKind::kBool:
      add ? r->AddBool(out, f, *number != 0) : r->SetBool(out, f, *number != 0);
      break;
    case ColumnKind::kInt32: {
      const auto narrow = static_cast<int32_t>(*number);
      if (narrow != *number) return Corrupt(column);
      add ? r->AddInt32(out, f, narrow) : r->SetInt32(out, f, narrow);
      break;
    }
    case ColumnKind::kInt64:
      add ? r->AddInt64(out, f, *number) : r->SetInt64(out, f, *number);
      break;
    case ColumnKind::kUint32: {
      const auto narrow = static_cast<uint32_t>(*number);
      if (narrow != *number) return Corrupt(column);
      add ? r->AddUInt32(out, f, narrow) : r->SetUInt32(out, f, narrow);
      break;
    }
    case ColumnKind::kUint64: {
      const auto same_bits = static_cast<uint64_t>(*number);
      add ? r->AddUInt64(out, f, same_bits) : r->SetUInt64(out, f, same_bits);
      break;
    }
    case ColumnKind::kEnum: {
      const auto narrow = static_cast<int>(*number);
      if (narrow != *number) return Corrupt(column);
      add ? r->AddEnumValue(out, f, narrow) : r->SetEnumValue(out, f, narrow);
      break;
    }
    case ColumnKind::kMoney: {
      auto* money = static_cast<google::type::Money*>(message());
      money->set_units(*number / kMicrosPerUnit);
      money->set_nanos(static_cast<int32_t>(*number % kMicrosPerUnit * 1000));
      money->set_currency_code(second());
      break;
    }
    case ColumnKind::kDecimal:
      *static_cast<google::type::Decimal*>(message()) = DecimalToProto(*number);
      break;
    case ColumnKind::kQuantity: {
      auto* quantity = static_cast<type::v1::Quantity*>(message());
      *quantity->mutable_value() = DecimalToProto(*number);
      quantity->set_unit(second());
      break;
    }
    case ColumnKind::kTimestamp: {
      auto* time = static_cast<google::protobuf::Timestamp*>(message());
      int64_t seconds = *number / 1'000'000;
      int64_t rest = *number % 1'000'000;
      if (rest < 0) {
        --seconds;
        rest += 1'000'000;
      }
      time->set_seconds(seconds);
      time->set_nanos(static_cast<int32_t>(rest * 1000));
      break;
    }
    case ColumnKind::kDate:
      if (*number < kMinDate || *number > kMaxDate) return Corrupt(column);
      *static_cast<google::type::Date*>(message()) = DateToProto(static_cast<int32_t>(*number));
      break;
    case ColumnKind::kMessage:
      if (*number != 0) return DecodeNodes(node.nodes, values, message());
      break;
    default:
      break;
  }
  return absl::OkStatus();
}

}  // namespace tandem::store
