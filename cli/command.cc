#include "cli/command.h"

#include <iostream>

#include "cli/arguments.h"
#include "cli/events.h"
#include "cli/methods.h"
#include "cli/northwind/run.h"
#include "cli/quarantine.h"
#include "cli/sync.h"
#include "cli/trace.h"

namespace tandem::cli {
namespace {

constexpr char kUsage[] =
    R"(tandem: CRM and ERP in step.

  tandem start [--name=value ...]      all services and adapters in one process
  tandem up [--data DIR] [--once]      the same, with the sample company imported and its report
  tandem import northwind [--dir DIR]  imports and replays the sample company over gRPC
  tandem PART METHOD [ID] [--field value ...] [--json TEXT|@FILE]
                                       any method, for example: tandem order get ord_…,
                                       tandem billing list-invoices --page-size 5
  tandem order trace ORDER             every step of one order across services
  tandem events tail [--source S] [--after N] [--limit N]
  tandem quarantine list | show ID | retry ID | skip ID
  tandem sync status | refused | conflicts | reconcile
  tandem methods [PART]                the methods there are

  -o table|json|yaml   --address HOST:PORT (default TANDEM_ADDRESS, else 127.0.0.1:7400)
)";

int Import(const Arguments& arguments) {
  if (arguments.words.size() < 2 || arguments.words[1] != "northwind") {
    std::cerr << "usage: tandem import northwind [--dir DIR]\n";
    return 2;
  }
  absl::StatusOr<bool> agrees = northwind::Run(
      arguments.Flag("dir", northwind::DefaultDir()),
      [&](absl::string_view part) { return ChannelTo(arguments, part); }, std::cout);
  if (!agrees.ok()) return Complain(agrees.status());
  return *agrees ? 0 : 1;
}

}  // namespace

int RunCommand(int argc, char** argv) {
  absl::StatusOr<Arguments> read = ReadArguments(argc, argv);
  if (!read.ok()) {
    Complain(read.status());
    return 2;
  }
  const Arguments& arguments = *read;
  const std::vector<std::string>& words = arguments.words;
  if (words.empty() || words[0] == "help") {
    std::cout << kUsage;
    return words.empty() ? 2 : 0;
  }
  if (words[0] == "methods") {
    for (const std::string& name : CommandNames(words.size() > 1 ? words[1] : "")) {
      std::cout << name << "\n";
    }
    return 0;
  }
  if (words[0] == "import") return Import(arguments);
  if (words[0] == "quarantine") return QuarantineCommand(arguments);
  if (words[0] == "sync") return SyncCommand(arguments);
  if (words.size() > 1) {
    if (words[0] == "order" && words[1] == "trace") return TraceOrder(arguments);
    if (words[0] == "events" && words[1] == "tail") return TailEvents(arguments);
    if (const auto* method = FindMethod(words[0], words[1])) return CallMethod(*method, arguments);
  }
  std::cerr << "tandem: no such command; see `tandem help` and `tandem methods`\n";
  return 2;
}

}  // namespace tandem::cli
