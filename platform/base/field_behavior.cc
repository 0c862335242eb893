#include "platform/base/field_behavior.h"

#include <vector>

namespace tandem {

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

bool IsServersOwn(const FieldDescriptor& field) {
  return HasBehavior(field, google::api::OUTPUT_ONLY) ||
         HasBehavior(field, google::api::IDENTIFIER);
}

void ClearOutputOnly(Message* message) {
  const Reflection& r = *message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  r.ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (HasBehavior(*field, google::api::OUTPUT_ONLY)) {
      r.ClearField(message, field);
    } else if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      continue;
    } else if (!field->is_repeated()) {
      ClearOutputOnly(r.MutableMessage(message, field));
    } else {
      for (int i = 0; i < r.FieldSize(*message, field); ++i) {
        ClearOutputOnly(r.MutableRepeatedMessage(message, field, i));
      }
    }
  }
}

}  // namespace tandem
