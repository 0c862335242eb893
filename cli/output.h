// Prints messages: as a table for people, as JSON or YAML for programs.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "google/protobuf/message.h"

namespace tandem::cli {

void Print(const google::protobuf::Message& message, Output output, std::ostream& out);

// Rows under a header, each column as wide as its widest cell.
void PrintTable(const std::vector<std::vector<std::string>>& rows, std::ostream& out);

// A field's value in short: money "12.50 USD", quantity "3 C62", dates and times as ISO 8601.
std::string Short(const google::protobuf::Message& message,
                  const google::protobuf::FieldDescriptor* field);

}  // namespace tandem::cli
