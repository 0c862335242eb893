// The text of a message as a value of the agreed record: JSON with names of fields as they are
// declared, decimals in their shortest form. It is Protocol Buffers' own JSON, which takes 25 µs
// for an address; what is plain (texts without an escape, numbers, enumerators, messages of these)
// is written and read here directly, to the same byte, and the rest is left to it.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace tandem::connectors {

std::string MessageText(const google::protobuf::Message& message);
// Into an empty message; what is no text of it is INVALID_ARGUMENT.
absl::Status ParseMessageText(const std::string& text, google::protobuf::Message* message);

// By Protocol Buffers alone, for the test that holds the two together.
std::string SlowMessageText(const google::protobuf::Message& message);
absl::Status SlowParseMessageText(const std::string& text, google::protobuf::Message* message);

}  // namespace tandem::connectors
