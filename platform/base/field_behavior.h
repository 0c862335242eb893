// What the annotation google.api.field_behavior says about a field.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "google/api/field_behavior.pb.h"

namespace tandem {

bool HasBehavior(const google::protobuf::FieldDescriptor& field,
                 google::api::FieldBehavior behavior);

// The server's own fields: OUTPUT_ONLY, and the IDENTIFIER, which a request names but never sets.
bool IsServersOwn(const google::protobuf::FieldDescriptor& field);

// Clears every OUTPUT_ONLY field at any depth: AIP-203 has a request's values of them ignored.
void ClearOutputOnly(google::protobuf::Message* message);

}  // namespace tandem
