#include <cstring>

#include "cli/all_parts.h"
#include "cli/command.h"
#include "cli/up.h"
#include "platform/rpc/process.h"

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "start") == 0) {
    return tandem::rpc::RunProcess(argc - 1, argv + 1, "tandem", tandem::cli::DeclareAllParts);
  }
  if (argc > 1 && std::strcmp(argv[1], "up") == 0) return tandem::cli::Up(argc - 1, argv + 1);
  return tandem::cli::RunCommand(argc, argv);
}
