// Whether a field holds the same in two messages of one type. Cheaper than
// MessageDifferencer; maps are compared without order, floating point by its bits.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

namespace tandem {

bool SameField(const google::protobuf::Message& a, const google::protobuf::Message& b,
               const google::protobuf::FieldDescriptor& field);

}  // namespace tandem
