#include "platform/rpc/field_path.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <limits>

#include "google/protobuf/timestamp.pb.h"
#include "google/type/date.pb.h"
#include "google/type/decimal.pb.h"
#include "google/type/money.pb.h"
#include "platform/base/date.h"
#include "platform/base/fixed.h"
#include "tandem/type/v1/quantity.pb.h"

namespace tandem::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// The messages that are one value.
enum class ValueType { kNone, kTimestamp, kDate, kMoney, kDecimal, kQuantity };

ValueType ValueTypeOf(const FieldDescriptor& field) {
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return ValueType::kNone;
  const std::string& name = field.message_type()->full_name();
  if (name == "google.protobuf.Timestamp") return ValueType::kTimestamp;
  if (name == "google.type.Date") return ValueType::kDate;
  if (name == "google.type.Money") return ValueType::kMoney;
  if (name == "google.type.Decimal") return ValueType::kDecimal;
  if (name == "tandem.type.v1.Quantity") return ValueType::kQuantity;
  return ValueType::kNone;
}

// The field inside a value type that may be named below it, if any.
absl::string_view PartOf(ValueType type) {
  if (type == ValueType::kMoney) return "currency_code";
  if (type == ValueType::kQuantity) return "unit";
  return "";
}

ResolvedField Unknown(std::string problem) {
  return {.field = std::nullopt, .problem = std::move(problem), .unknown = true};
}

ResolvedField Unfit(std::string problem) {
  return {.field = std::nullopt, .problem = std::move(problem), .unknown = false};
}

// The kind of a leaf, none for types that nothing is compared with.
std::optional<ColumnKind> KindOf(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (field.type() == FieldDescriptor::TYPE_BYTES) return std::nullopt;
      return ColumnKind::kText;
    case FieldDescriptor::CPPTYPE_BOOL:
      return ColumnKind::kBool;
    case FieldDescriptor::CPPTYPE_ENUM:
      return ColumnKind::kEnum;
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return ColumnKind::kInt;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      switch (ValueTypeOf(field)) {
        case ValueType::kTimestamp:
          return ColumnKind::kTimeMicros;
        case ValueType::kDate:
          return ColumnKind::kDateDays;
        case ValueType::kMoney:
        case ValueType::kDecimal:
        case ValueType::kQuantity:
          return ColumnKind::kMicros;
        case ValueType::kNone:
          return std::nullopt;
      }
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

std::optional<int64_t> Fit(Int128 value) {
  if (value < std::numeric_limits<int64_t>::min() || value > std::numeric_limits<int64_t>::max()) {
    return std::nullopt;
  }
  return static_cast<int64_t>(value);
}

// The generated type, also where the message is a dynamic one of the same schema.
template <typename T>
T As(const Message& message) {
  if (const T* same = dynamic_cast<const T*>(&message)) return *same;
  T copy;
  copy.ParseFromString(message.SerializeAsString());
  return copy;
}

std::optional<SqlValue> ValueOf(const Message& message, ValueType type) {
  switch (type) {
    case ValueType::kTimestamp: {
      const auto time = As<google::protobuf::Timestamp>(message);
      return Fit(Int128{time.seconds()} * kMicrosPerUnit + time.nanos() / 1000);
    }
    case ValueType::kDate: {
      const auto days = DateFromProto(As<google::type::Date>(message), "");
      if (!days.ok()) return std::nullopt;
      return int64_t{*days};
    }
    case ValueType::kMoney: {
      const auto money = As<google::type::Money>(message);
      return Fit(Int128{money.units()} * kMicrosPerUnit + money.nanos() / 1000);
    }
    case ValueType::kDecimal: {
      const auto micros = DecimalFromProto(As<google::type::Decimal>(message), "");
      if (!micros.ok()) return std::nullopt;
      return *micros;
    }
    case ValueType::kQuantity: {
      const auto micros = DecimalFromProto(As<type::v1::Quantity>(message).value(), "");
      if (!micros.ok()) return std::nullopt;
      return *micros;
    }
    case ValueType::kNone:
      break;
  }
  return std::nullopt;
}

// One value of a scalar field: the item `index` of a repeated one, or the only one (-1).
std::optional<SqlValue> Scalar(const Message& message, const FieldDescriptor* field, int index) {
  const Reflection& r = *message.GetReflection();
  const bool one = index < 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return one ? r.GetString(message, field) : r.GetRepeatedString(message, field, index);
    case FieldDescriptor::CPPTYPE_BOOL:
      return int64_t{one ? r.GetBool(message, field) : r.GetRepeatedBool(message, field, index)};
    case FieldDescriptor::CPPTYPE_ENUM:
      return int64_t{one ? r.GetEnumValue(message, field)
                         : r.GetRepeatedEnumValue(message, field, index)};
    case FieldDescriptor::CPPTYPE_INT32:
      return int64_t{one ? r.GetInt32(message, field) : r.GetRepeatedInt32(message, field, index)};
    case FieldDescriptor::CPPTYPE_INT64:
      return one ? r.GetInt64(message, field) : r.GetRepeatedInt64(message, field, index);
    case FieldDescriptor::CPPTYPE_UINT32:
      return int64_t{one ? r.GetUInt32(message, field)
                         : r.GetRepeatedUInt32(message, field, index)};
    case FieldDescriptor::CPPTYPE_UINT64:
      return Fit(one ? r.GetUInt64(message, field) : r.GetRepeatedUInt64(message, field, index));
    default:
      return std::nullopt;
  }
}

void Read(const FieldPath& path, size_t at, const Message& message, std::vector<SqlValue>* out) {
  const FieldDescriptor* field = path.fields[at];
  const Reflection& r = *message.GetReflection();
  const bool last = at + 1 == path.fields.size();
  const auto read = [&](int index) {
    std::optional<SqlValue> value;
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      const Message& sub =
          index < 0 ? r.GetMessage(message, field) : r.GetRepeatedMessage(message, field, index);
      if (!last) return Read(path, at + 1, sub, out);
      value = ValueOf(sub, ValueTypeOf(*field));
    } else {
      value = Scalar(message, field, index);
    }
    if (value) out->push_back(*std::move(value));
  };
  if (field->is_repeated()) {
    for (int i = 0; i < r.FieldSize(message, field); ++i) read(i);
  } else if (!field->has_presence() || r.HasField(message, field)) {
    read(-1);
  }
}

bool Present(const FieldPath& path, size_t at, const Message& message) {
  const FieldDescriptor* field = path.fields[at];
  const Reflection& r = *message.GetReflection();
  const bool last = at + 1 == path.fields.size();
  if (!field->is_repeated()) {
    // HasField of a field without presence is "not 0 and not empty".
    if (!r.HasField(message, field)) return false;
    return last || Present(path, at + 1, r.GetMessage(message, field));
  }
  if (last) return r.FieldSize(message, field) > 0;
  for (int i = 0; i < r.FieldSize(message, field); ++i) {
    if (Present(path, at + 1, r.GetRepeatedMessage(message, field, i))) return true;
  }
  return false;
}

}  // namespace

ResolvedField ResolveField(const Descriptor& type, absl::string_view path) {
  const std::vector<absl::string_view> segments = absl::StrSplit(path, '.');
  if (segments.size() > kFieldPathMaxSegments) {
    return Unknown(absl::StrCat("'", path.substr(0, 80), "...' names no field: it has more than ",
                                kFieldPathMaxSegments, " parts"));
  }
  FieldPath out;
  const Descriptor* in = &type;
  for (size_t i = 0; i < segments.size(); ++i) {
    const FieldDescriptor* field = in->FindFieldByName(std::string(segments[i]));
    if (field == nullptr) {
      return Unknown(
          absl::StrCat("'", path, "' is not a field: ", in->name(), " has no '", segments[i], "'"));
    }
    out.fields.push_back(field);
    absl::StrAppend(&out.path, i == 0 ? "" : ".", segments[i]);
    out.repeated = out.repeated || field->is_repeated();
    const bool last = i + 1 == segments.size();
    if (last) break;
    if (field->is_map()) {
      return Unfit(absl::StrCat("the entries of the map '", out.path, "' cannot be queried"));
    }
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      return Unknown(absl::StrCat("'", out.path, "' has no fields, so '", path, "' is none"));
    }
    in = field->message_type();
    if (const ValueType value = ValueTypeOf(*field); value != ValueType::kNone) {
      const absl::string_view next = segments[i + 1];
      const bool is_last = i + 2 == segments.size();
      const bool has_value = value == ValueType::kDecimal || value == ValueType::kQuantity;
      if (is_last && has_value && next == "value") break;
      if (in->FindFieldByName(std::string(next)) != nullptr &&
          !(is_last && next == PartOf(value))) {
        return Unfit(
            absl::StrCat("'", path, "' cannot be queried; compare '", out.path, "' itself"));
      }
    }
  }
  const FieldDescriptor& leaf = *out.fields.back();
  out.has_presence = leaf.has_presence();
  if (const auto kind = KindOf(leaf); kind && !leaf.is_map()) {
    out.kind = *kind;
  } else if (leaf.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    out.presence_only = true;
  } else {
    return Unfit(absl::StrCat("'", path, "' cannot be queried: it is of type ", leaf.type_name()));
  }
  return {.field = std::move(out), .problem = "", .unknown = false};
}

std::vector<SqlValue> ReadField(const FieldPath& field, const Message& message) {
  std::vector<SqlValue> out;
  Read(field, 0, message, &out);
  return out;
}

bool IsPresent(const FieldPath& field, const Message& message) {
  return Present(field, 0, message);
}

}  // namespace tandem::rpc
