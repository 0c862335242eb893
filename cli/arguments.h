// The words of a command line: what is named, what is positional, and the few that every command
// has.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace grpc {
class Channel;
}

namespace tandem::cli {

enum class Output { kTable, kJson, kYaml };

struct Arguments {
  std::vector<std::string> words;                          // positional
  std::vector<std::pair<std::string, std::string>> flags;  // in order, names with '_'
  Output output = Output::kTable;
  std::string address;  // --address, else empty

  // The last value of a flag; `otherwise` when it is not given.
  std::string Flag(absl::string_view name, absl::string_view otherwise = "") const;
};

// `--name value`, `--name=value`, `-o json`; a flag at the end or before another is "true".
absl::StatusOr<Arguments> ReadArguments(int argc, char** argv);

// The channel to a part: --address, else TANDEM_ADDRESS_<PART>, else TANDEM_ADDRESS, else the
// embedded system's default address.
std::string AddressOf(const Arguments& arguments, absl::string_view part);
std::shared_ptr<grpc::Channel> ChannelTo(const Arguments& arguments, absl::string_view part);

// Prints the error as a person needs it, and gives the exit code.
int Complain(const absl::Status& status);

}  // namespace tandem::cli
