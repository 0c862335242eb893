#include "platform/rpc/validate_plan.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <utility>

#include "google/api/field_behavior.pb.h"
#include "platform/base/field_behavior.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/rpc/validate.h"
#include "tandem/options/v1/validation.pb.h"

namespace tandem::rpc::internal {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using options::v1::Rules;

Special SpecialOf(const Descriptor& type) {
  const std::string& name = type.full_name();
  if (name == "google.type.Money") return Special::kMoney;
  if (name == "tandem.type.v1.Quantity") return Special::kQuantity;
  if (name == "google.type.Decimal") return Special::kDecimal;
  if (name == "google.type.Date") return Special::kDate;
  if (name == "google.protobuf.Timestamp") return Special::kTimestamp;
  return Special::kNone;
}

bool IsInteger(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return true;
    default:
      return false;
  }
}

absl::Status BadRule(const FieldDescriptor& field, absl::string_view why) {
  return Refuse(absl::StatusCode::kFailedPrecondition, "VALIDATION_RULE_INVALID",
                absl::StrCat(field.full_name(), ": ", why), field.full_name());
}

// Whether every rule that is set means something for a value of this field.
absl::Status CheckRules(const FieldDescriptor& field, const FieldDescriptor& value,
                        const Rules& rules) {
  const bool text = value.type() == FieldDescriptor::TYPE_STRING;
  const bool bytes = value.type() == FieldDescriptor::TYPE_BYTES;
  const bool text_key =
      field.is_map() && field.message_type()->map_key()->type() == FieldDescriptor::TYPE_STRING;
  const Special special = value.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE
                              ? SpecialOf(*value.message_type())
                              : Special::kNone;
  const bool number = IsInteger(value) || special == Special::kMoney ||
                      special == Special::kQuantity || special == Special::kDecimal;
  if (rules.max_bytes() != 0 && !text && !bytes && !text_key) {
    return BadRule(field, "max_bytes is for text and bytes");
  }
  if (!text &&
      (!rules.prefix().empty() || !rules.pattern().empty() || rules.uuid() || rules.currency())) {
    return BadRule(field, "prefix, pattern, uuid and currency are for text");
  }
  if (!number && (rules.has_min() || rules.has_max() || rules.positive())) {
    return BadRule(field, "min, max and positive are for integers, Money, Quantity and Decimal");
  }
  if (rules.has_min() && rules.has_max() && rules.min() > rules.max()) {
    return BadRule(field, "min is above max");
  }
  if (!field.is_repeated() && (rules.max_items() != 0 || rules.min_items() != 0)) {
    return BadRule(field, "max_items and min_items are for repeated fields and maps");
  }
  if (rules.open_enum() && value.cpp_type() != FieldDescriptor::CPPTYPE_ENUM) {
    return BadRule(field, "open_enum is for enums");
  }
  return absl::OkStatus();
}

class Compiler {
 public:
  explicit Compiler(PlanMap* plans) : plans_(*plans) {}

  // The plan, which may still be empty while its own type is being compiled further up.
  absl::StatusOr<const MessagePlan*> Message(const Descriptor& type) {
    auto [slot, is_new] = plans_.try_emplace(&type);
    if (!is_new) return slot->second.get();
    slot->second = std::make_unique<MessagePlan>();
    MessagePlan* const plan = slot->second.get();  // the slot moves when the map grows
    const FieldDescriptor* mask = type.FindFieldByName("update_mask");
    const bool update = mask != nullptr && mask->message_type() != nullptr &&
                        mask->message_type()->full_name() == "google.protobuf.FieldMask";
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      if (HasBehavior(field, google::api::OUTPUT_ONLY)) continue;
      TANDEM_ASSIGN_OR_RETURN(FieldPlan made,
                              Field(field, field.options().GetExtension(options::v1::rules)));
      made.required = HasBehavior(field, google::api::REQUIRED);
      made.partial = update && made.message != nullptr && !field.is_repeated();
      if (HasChecks(made)) plan->fields.push_back(std::move(made));
    }
    return plan;
  }

 private:
  absl::StatusOr<FieldPlan> Field(const FieldDescriptor& field, const Rules& rules) {
    const FieldDescriptor& value = field.is_map() ? *field.message_type()->map_value() : field;
    TANDEM_RETURN_IF_ERROR(CheckRules(field, value, rules));
    FieldPlan plan;
    plan.field = &field;
    plan.min_items = rules.min_items();
    plan.max_items = rules.max_items() != 0 ? rules.max_items() : kItemsMax;
    const bool bytes = value.type() == FieldDescriptor::TYPE_BYTES;
    plan.max_bytes = rules.max_bytes() != 0 ? rules.max_bytes()
                     : bytes                ? kBytesMaxBytes
                                            : kTextMaxBytes;
    if (field.is_map()) {
      Rules of_value = rules;
      of_value.clear_max_items();
      of_value.clear_min_items();
      if (value.type() != FieldDescriptor::TYPE_STRING && !bytes) of_value.clear_max_bytes();
      TANDEM_ASSIGN_OR_RETURN(FieldPlan made, Field(value, of_value));
      plan.value = std::make_unique<FieldPlan>(std::move(made));
      return plan;
    }
    plan.request_id = field.name() == "request_id" && field.type() == FieldDescriptor::TYPE_STRING;
    plan.uuid = rules.uuid();
    plan.currency = rules.currency();
    plan.positive = rules.positive();
    plan.open_enum = rules.open_enum();
    plan.prefix = rules.prefix();
    if (rules.has_min()) plan.min = rules.min();
    if (rules.has_max()) plan.max = rules.max();
    if (!rules.pattern().empty()) {
      plan.pattern = std::make_unique<re2::RE2>(rules.pattern(), re2::RE2::Quiet);
      if (!plan.pattern->ok()) return BadRule(field, plan.pattern->error());
    }
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      plan.special = SpecialOf(*field.message_type());
      if (plan.special == Special::kNone) {
        TANDEM_ASSIGN_OR_RETURN(plan.message, Message(*field.message_type()));
      }
    }
    return plan;
  }

  static bool HasChecks(const FieldPlan& plan) {
    if (plan.required || plan.field->is_repeated()) return true;
    switch (plan.field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return true;
      case FieldDescriptor::CPPTYPE_ENUM:
        return !plan.open_enum;
      default:
        return plan.min || plan.max || plan.positive;
    }
  }

  PlanMap& plans_;
};

}  // namespace

absl::Status AddPlans(const Descriptor& type, PlanMap* plans) {
  return Compiler(plans).Message(type).status();
}

}  // namespace tandem::rpc::internal
