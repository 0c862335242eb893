#include "platform/rpc/validate.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/string_view.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "google/protobuf/timestamp.pb.h"
#include "google/type/date.pb.h"
#include "google/type/decimal.pb.h"
#include "google/type/money.pb.h"
#include "platform/base/currency.h"
#include "platform/base/date.h"
#include "platform/base/fixed.h"
#include "platform/base/id.h"
#include "platform/base/money.h"
#include "platform/base/quantity.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/base/text.h"
#include "platform/base/uuid.h"
#include "platform/rpc/validate_plan.h"

namespace tandem::rpc {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using internal::FieldPlan;
using internal::MessagePlan;
using internal::Special;

// Where the walk is. Frames stand on the stack; the text of a path is made for violations only.
struct Frame {
  const Frame* parent = nullptr;
  absl::string_view name;  // empty for an item, whose field is the parent
  int index = -1;
  const std::string* key = nullptr;
};

std::string PathOf(const Frame* frame) {
  if (frame == nullptr) return "";
  std::string path = PathOf(frame->parent);
  if (frame->key != nullptr) return absl::StrCat(path, "[", *frame->key, "]");
  if (frame->index >= 0) return absl::StrCat(path, "[", frame->index, "]");
  return absl::StrCat(path, path.empty() ? "" : ".", frame->name);
}

// Control characters and what is not ASCII need the thorough look.
bool IsPlainAscii(absl::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

template <typename T>
const T& As(const Message& message, T* scratch) {
  if (const T* same = dynamic_cast<const T*>(&message)) return *same;
  scratch->ParseFromString(message.SerializeAsString());
  return *scratch;
}

class Walk {
 public:
  void Fields(const MessagePlan& plan, const Message& message, const Frame* at, int depth,
              bool partial) {
    if (depth > kMessageMaxDepth) {
      return Add(at, InvalidField(
                         "", "MESSAGE_TOO_DEEP",
                         absl::StrCat("more than ", kMessageMaxDepth, " messages in one another")));
    }
    for (const FieldPlan& field : plan.fields) {
      if (full()) return;
      const Frame frame{.parent = at, .name = field.field->name()};
      if (field.field->is_repeated()) {
        Items(field, message, &frame, depth);
      } else {
        Single(field, message, &frame, depth, partial);
      }
    }
  }

  absl::Status Take() { return std::move(status_); }

 private:
  bool full() const { return violations_ >= kViolationsMax; }

  // `status` is any error; its field is replaced by the path.
  void Add(const Frame* at, const absl::Status& status) {
    if (full()) return;
    ++violations_;
    const std::string path = PathOf(at);
    if (status_.ok()) {
      status_ = Refuse(status.code(), ReasonOf(status), status.message(), path);
    } else {
      AddFieldViolation(&status_, path, status.message());
    }
  }
  void Add(const Frame* at, absl::string_view reason, absl::string_view message) {
    Add(at, InvalidField("", reason, message));
  }

  void Missing(const Frame* at) { Add(at, "REQUIRED_FIELD_MISSING", "the field is required"); }

  void Single(const FieldPlan& plan, const Message& message, const Frame* at, int depth,
              bool partial) {
    const FieldDescriptor* field = plan.field;
    const Reflection& r = *message.GetReflection();
    const bool has = r.HasField(message, field);  // without presence: not 0 and not empty
    if (!has && plan.required && !partial && CanBeMissing(*field)) return Missing(at);
    // A 0 is a value, except in an update, where it may be an unset field.
    if (!has && (partial || field->has_presence() || !IsNumber(*field))) return;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING: {
        std::string scratch;
        const std::string& text = r.GetStringReference(message, field, &scratch);
        // An explicitly empty `optional` text is as missing as an unset one.
        if (text.empty() && plan.required && !partial) return Missing(at);
        return Text(plan, text, at);
      }
      case FieldDescriptor::CPPTYPE_ENUM:
        return Enum(plan, r.GetEnumValue(message, field), at);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Nested(plan, r.GetMessage(message, field), at, depth, partial || plan.partial);
      default:
        return Number(plan, message, -1, at);
    }
  }

  void Items(const FieldPlan& plan, const Message& message, const Frame* at, int depth) {
    const FieldDescriptor* field = plan.field;
    const Reflection& r = *message.GetReflection();
    const int size = r.FieldSize(message, field);
    if (size == 0) {
      if (plan.required) Missing(at);
      return;
    }
    if (static_cast<uint32_t>(size) > plan.max_items) {
      return Add(at, "TOO_MANY_ITEMS", absl::StrCat(size, " items; at most ", plan.max_items));
    }
    if (static_cast<uint32_t>(size) < plan.min_items) {
      return Add(at, "TOO_FEW_ITEMS", absl::StrCat(size, " items; at least ", plan.min_items));
    }
    for (int i = 0; i < size && !full(); ++i) {
      if (field->is_map()) {
        Entry(plan, r.GetRepeatedMessage(message, field, i), at, depth);
        continue;
      }
      const Frame item{.parent = at, .index = i};
      switch (field->cpp_type()) {
        case FieldDescriptor::CPPTYPE_STRING: {
          std::string scratch;
          Text(plan, r.GetRepeatedStringReference(message, field, i, &scratch), &item);
          break;
        }
        case FieldDescriptor::CPPTYPE_ENUM:
          Enum(plan, r.GetRepeatedEnumValue(message, field, i), &item);
          break;
        case FieldDescriptor::CPPTYPE_MESSAGE:
          Nested(plan, r.GetRepeatedMessage(message, field, i), &item, depth, false);
          break;
        default:
          Number(plan, message, i, &item);
      }
    }
  }

  void Entry(const FieldPlan& plan, const Message& entry, const Frame* at, int depth) {
    const Reflection& r = *entry.GetReflection();
    const FieldDescriptor* key_field = plan.field->message_type()->map_key();
    std::string key;
    if (key_field->type() == FieldDescriptor::TYPE_STRING) {
      key = r.GetString(entry, key_field);
      if (const absl::Status status = TextStatus(plan.max_bytes, key); !status.ok()) {
        return Add(at, status);
      }
    }
    const Frame item{.parent = at, .key = &key};
    Single(*plan.value, entry, &item, depth, false);
  }

  void Nested(const FieldPlan& plan, const Message& message, const Frame* at, int depth,
              bool partial) {
    if (plan.special == Special::kNone) {
      return Fields(*plan.message, message, at, depth + 1, partial);
    }
    const absl::StatusOr<int64_t> micros = SpecialValue(plan.special, message);
    if (!micros.ok()) return Add(at, micros.status());
    Range(plan, *micros, kMicrosPerUnit, at);
  }

  // Well-formedness; the micros of those that have any.
  static absl::StatusOr<int64_t> SpecialValue(Special special, const Message& message) {
    switch (special) {
      case Special::kMoney: {
        google::type::Money scratch;
        TANDEM_ASSIGN_OR_RETURN(const Amount amount, FromProto(As(message, &scratch), ""));
        return amount.micros;
      }
      case Special::kQuantity: {
        type::v1::Quantity scratch;
        TANDEM_ASSIGN_OR_RETURN(const Quantity quantity, FromProto(As(message, &scratch), ""));
        return quantity.micros;
      }
      case Special::kDecimal: {
        google::type::Decimal scratch;
        return DecimalFromProto(As(message, &scratch), "");
      }
      case Special::kDate: {
        google::type::Date scratch;
        TANDEM_RETURN_IF_ERROR(DateFromProto(As(message, &scratch), "").status());
        return 0;
      }
      case Special::kTimestamp: {
        google::protobuf::Timestamp scratch;
        const auto& time = As(message, &scratch);
        constexpr int64_t kSecondsPerDay = 86'400;
        if (time.seconds() < kMinDate * kSecondsPerDay ||
            time.seconds() >= (kMaxDate + int64_t{1}) * kSecondsPerDay || time.nanos() < 0 ||
            time.nanos() > 999'999'999) {
          return InvalidField("", "TIMESTAMP_INVALID", "a time outside the years 1 to 9999");
        }
        return 0;
      }
      case Special::kNone:
        break;
    }
    return 0;
  }

  static absl::Status TextStatus(uint32_t max_bytes, absl::string_view text) {
    if (text.size() > max_bytes) {
      return InvalidField("", "TEXT_TOO_LONG",
                          absl::StrCat(text.size(), " bytes; at most ", max_bytes));
    }
    return IsPlainAscii(text) ? absl::OkStatus() : CheckText(text, text.size(), "");
  }

  void Text(const FieldPlan& plan, const std::string& text, const Frame* at) {
    if (plan.field->type() == FieldDescriptor::TYPE_BYTES) {
      if (text.size() > plan.max_bytes) {
        Add(at, "BYTES_TOO_LONG", absl::StrCat(text.size(), " bytes; at most ", plan.max_bytes));
      }
      return;
    }
    if (text.empty()) return;
    if (const absl::Status status = TextStatus(plan.max_bytes, text); !status.ok()) {
      return Add(at, status);
    }
    if (plan.request_id && !IsUuid(text)) {
      Add(at, "REQUEST_ID_MALFORMED", "a request id is a UUID");
    } else if (plan.uuid && !IsUuid(text)) {
      Add(at, "UUID_MALFORMED", "the value is no UUID");
    } else if (!plan.prefix.empty() && !IsId(text, plan.prefix)) {
      Add(at, "ID_MALFORMED",
          absl::StrCat("the id is not '", plan.prefix, "' and a ULID in lower case"));
    } else if (plan.currency && !IsKnownCurrency(text)) {
      Add(at, "CURRENCY_UNKNOWN", "the value is no ISO 4217 currency code");
    } else if (plan.pattern != nullptr && !re2::RE2::FullMatch(text, *plan.pattern)) {
      Add(at, "TEXT_PATTERN_MISMATCH",
          absl::StrCat("the value is not of the form ", plan.pattern->pattern()));
    }
  }

  void Enum(const FieldPlan& plan, int number, const Frame* at) {
    if (plan.open_enum || plan.field->enum_type()->FindValueByNumber(number) != nullptr) return;
    Add(at, "ENUM_UNKNOWN",
        absl::StrCat(number, " is no value of ", plan.field->enum_type()->name()));
  }

  void Number(const FieldPlan& plan, const Message& m, int index, const Frame* at) {
    const Reflection& r = *m.GetReflection();
    const FieldDescriptor* f = plan.field;
    const bool one = index < 0;
    switch (f->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return Range(plan, one ? r.GetInt32(m, f) : r.GetRepeatedInt32(m, f, index), 1, at);
      case FieldDescriptor::CPPTYPE_INT64:
        return Range(plan, one ? r.GetInt64(m, f) : r.GetRepeatedInt64(m, f, index), 1, at);
      case FieldDescriptor::CPPTYPE_UINT32:
        return Range(plan, one ? r.GetUInt32(m, f) : r.GetRepeatedUInt32(m, f, index), 1, at);
      case FieldDescriptor::CPPTYPE_UINT64:
        return Range(plan, one ? r.GetUInt64(m, f) : r.GetRepeatedUInt64(m, f, index), 1, at);
      default:
        return;
    }
  }

  void Range(const FieldPlan& plan, Int128 value, int64_t unit, const Frame* at) {
    std::string wants;
    if (plan.positive && value <= 0) wants = "above 0";
    if (plan.min && value < Int128{*plan.min} * unit) wants = absl::StrCat(*plan.min, " or more");
    if (plan.max && value > Int128{*plan.max} * unit) wants = absl::StrCat(*plan.max, " or less");
    if (!wants.empty()) {
      Add(at, "NUMBER_OUT_OF_RANGE", absl::StrCat("the value must be ", wants));
    }
  }

  static bool IsNumber(const FieldDescriptor& field) {
    return field.cpp_type() != FieldDescriptor::CPPTYPE_STRING &&
           field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE;
  }
  static bool CanBeMissing(const FieldDescriptor& field) {
    return field.has_presence() || !IsNumber(field) ||
           field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM;
  }

  absl::Status status_;
  int violations_ = 0;
};

}  // namespace

Validator::Validator(Plans plans) : plans_(std::move(plans)) {}
Validator::Validator(Validator&&) = default;
Validator& Validator::operator=(Validator&&) = default;
Validator::~Validator() = default;

absl::StatusOr<Validator> Validator::Compile(
    absl::Span<const google::protobuf::Descriptor* const> types) {
  Plans plans;
  for (const google::protobuf::Descriptor* type : types) {
    TANDEM_RETURN_IF_ERROR(internal::AddPlans(*type, &plans));
  }
  return Validator(std::move(plans));
}

absl::Status Validator::Check(const Message& message) const {
  const auto plan = plans_.find(message.GetDescriptor());
  if (plan == plans_.end()) {
    return Refuse(
        absl::StatusCode::kInternal, "VALIDATION_TYPE_UNKNOWN",
        absl::StrCat("no rules were compiled for ", message.GetDescriptor()->full_name()));
  }
  Walk walk;
  walk.Fields(*plan->second, message, nullptr, 1, false);
  return walk.Take();
}

}  // namespace tandem::rpc
