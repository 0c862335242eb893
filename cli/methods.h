// Every method of every service as a command, made from the descriptors: `tandem order
// place-order`, and in short `tandem order place`, `tandem order get ORD`, `tandem billing
// list-invoices`.
#pragma once

#include "absl/status/statusor.h"
#include "cli/arguments.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace tandem::cli {

// The method that the words name; null when they name none.
const google::protobuf::MethodDescriptor* FindMethod(const std::string& part,
                                                     const std::string& verb);
// The names of a part's commands; of all parts without one.
std::vector<std::string> CommandNames(const std::string& part);

// Sets a field by its path ("order.currency") from text. Money is "12.50 USD", a quantity "3 C62",
// a date 2014-05-06; messages and lists are JSON; a list's flag given again appends.
absl::Status SetField(google::protobuf::Message* message, const std::string& path,
                      const std::string& text);

// Makes the request from the words and flags, calls, prints. A method that changes something gets a
// request id when none is given.
int CallMethod(const google::protobuf::MethodDescriptor& method, const Arguments& arguments);

// One call by descriptor.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> CallByDescriptor(
    grpc::Channel& channel, const google::protobuf::MethodDescriptor& method,
    const google::protobuf::Message& request);

}  // namespace tandem::cli
