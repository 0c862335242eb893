#include "platform/base/field_behavior.h"

#include <map>
#include <set>
#include <vector>

namespace tandem {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool HasBehavior(const FieldDescriptor& field, google::api::FieldBehavior behavior) {
  const auto& options = field.options();
  const int count = options.ExtensionSize(google::api::field_behavior);
  for (int i = 0; i < count; ++i) {
    if (options.GetExtension(google::api::field_behavior, i) == behavior) return true;
  }
  return false;
}

namespace {

// What is to be cleared in a message of one type, and which of its messages hold more of it.
struct Plan {
  std::vector<const FieldDescriptor*> clear, into;
};

// Whether there is an OUTPUT_ONLY field in the type or in what it holds.
bool HoldsAny(const Descriptor& type, std::set<const Descriptor*>* seen) {
  if (!seen->insert(&type).second) return false;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (HasBehavior(field, google::api::OUTPUT_ONLY)) return true;
    if (field.message_type() != nullptr && HoldsAny(*field.message_type(), seen)) return true;
  }
  return false;
}

// Made once a thread and type, as every request needs it; descriptors live as long as the process.
const Plan& PlanOf(const Descriptor& type) {
  thread_local std::map<const Descriptor*, Plan> plans;
  auto [it, fresh] = plans.try_emplace(&type);
  if (!fresh) return it->second;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    std::set<const Descriptor*> seen;
    if (HasBehavior(*field, google::api::OUTPUT_ONLY)) {
      it->second.clear.push_back(field);
    } else if (field->message_type() != nullptr && HoldsAny(*field->message_type(), &seen)) {
      it->second.into.push_back(field);
    }
  }
  return it->second;
}

}  // namespace

bool IsServersOwn(const FieldDescriptor& field) {
  return HasBehavior(field, google::api::OUTPUT_ONLY) ||
         HasBehavior(field, google::api::IDENTIFIER);
}

void ClearOutputOnly(Message* message) {
  const Plan& plan = PlanOf(*message->GetDescriptor());
  const Reflection& r = *message->GetReflection();
  for (const FieldDescriptor* field : plan.clear) {
    if (field->is_repeated() ? r.FieldSize(*message, field) > 0 : r.HasField(*message, field)) {
      r.ClearField(message, field);
    }
  }
  for (const FieldDescriptor* field : plan.into) {
    if (!field->is_repeated()) {
      if (r.HasField(*message, field)) ClearOutputOnly(r.MutableMessage(message, field));
      continue;
    }
    for (int i = 0; i < r.FieldSize(*message, field); ++i) {
      ClearOutputOnly(r.MutableRepeatedMessage(message, field, i));
    }
  }
}

}  // namespace tandem
