#include "cli/arguments.h"

#include <grpcpp/channel.h>

#include <cstdlib>
#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "platform/base/status.h"
#include "platform/rpc/client.h"
#include "platform/rpc/process.h"

namespace tandem::cli {

std::string Arguments::Flag(absl::string_view name, absl::string_view otherwise) const {
  std::string value(otherwise);
  for (const auto& [flag, given] : flags) {
    if (flag == name) value = given;
  }
  return value;
}

absl::StatusOr<Arguments> ReadArguments(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word == "-o") word = "--output";
    if (!absl::StartsWith(word, "--")) {
      arguments.words.push_back(word);
      continue;
    }
    std::string name = word.substr(2), value = "true";
    if (const size_t equals = name.find('='); equals != std::string::npos) {
      value = name.substr(equals + 1);
      name = name.substr(0, equals);
    } else if (i + 1 < argc && !absl::StartsWith(argv[i + 1], "--")) {
      value = argv[++i];
    }
    name = absl::StrReplaceAll(name, {{"-", "_"}});
    if (name == "output") {
      if (value == "json") {
        arguments.output = Output::kJson;
      } else if (value == "yaml") {
        arguments.output = Output::kYaml;
      } else if (value != "table") {
        return InvalidField("output", "OUTPUT_UNKNOWN", "the output is table, json or yaml");
      }
    } else if (name == "address") {
      arguments.address = value;
    } else {
      arguments.flags.emplace_back(name, value);
    }
  }
  return arguments;
}

std::string AddressOf(const Arguments& arguments, absl::string_view part) {
  if (!arguments.address.empty()) return arguments.address;
  const std::string of_part =
      absl::StrCat("TANDEM_ADDRESS_", absl::AsciiStrToUpper(std::string(part)));
  if (const char* address = std::getenv(of_part.c_str())) return address;
  if (const char* address = std::getenv("TANDEM_ADDRESS")) return address;
  return absl::StrCat("127.0.0.1:", rpc::kEmbeddedPort);
}

std::shared_ptr<grpc::Channel> ChannelTo(const Arguments& arguments, absl::string_view part) {
  return rpc::Dial(AddressOf(arguments, part));
}

int Complain(const absl::Status& status) {
  std::cerr << "error: " << absl::StatusCodeToString(status.code()) << " " << status.message();
  if (const std::string reason = ReasonOf(status); !reason.empty()) {
    std::cerr << " (reason " << reason << ")";
  }
  std::cerr << "\n";
  if (const std::string field = FieldOf(status); !field.empty()) {
    std::cerr << "  field  " << field << "\n";
  }
  for (const auto& [key, value] : MetadataOf(status)) {
    std::cerr << "  " << key << "  " << value << "\n";
  }
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return 0;
    case absl::StatusCode::kNotFound:
      return 3;
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
      return 4;
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return 5;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
      return 6;
    default:
      return 1;
  }
}

}  // namespace tandem::cli
