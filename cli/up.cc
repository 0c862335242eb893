#include "cli/up.h"

#include <signal.h>

#include <cstring>
#include <iostream>
#include <string>
#include <vector>

#include "cli/all_parts.h"
#include "cli/northwind/run.h"
#include "platform/base/clock.h"
#include "platform/rpc/process.h"
#include "platform/settings/start.h"

namespace tandem::cli {
namespace {

void PrintWhatToTry(const std::string& address) {
  std::cout << "\nTandem serves at " << address << " until Ctrl-C. Try, in another terminal:\n"
            << "  build/release/bin/tandem order list --page-size 5\n"
            << "  build/release/bin/tandem order trace SO-1001\n"
            << "  build/release/bin/tandem events tail --source /tandem/order --after 0 --limit 5\n"
            << "  build/release/bin/tandem sync status\n"
            << std::flush;
}

}  // namespace

int Up(int argc, char** argv) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  bool once = false;
  std::string files = northwind::DefaultDir();
  std::vector<std::string> args = {argv[0]};
  for (int i = 1; i < argc; ++i) {
    const std::string arg = argv[i];
    if (arg == "--once") {
      once = true;
    } else if (arg == "--data" && i + 1 < argc) {
      args.push_back(std::string("--storage.dir=") + argv[++i]);
    } else if (arg == "--northwind" && i + 1 < argc) {
      files = argv[++i];
    } else {
      args.push_back(arg);
    }
  }
  std::vector<const char*> rest;
  for (const std::string& arg : args) rest.push_back(arg.c_str());

  settings::Schema schema;
  rpc::ProcessSettings keys(schema);
  auto parts = DeclareAllParts(schema);
  settings::Started started = settings::Start(schema, static_cast<int>(rest.size()), rest.data());
  if (!started.values.has_value()) return started.exit_code;
  SystemClock clock;
  auto process = rpc::Process::Start("tandem", *started.values, keys, std::move(parts), clock);
  if (!process.ok()) {
    std::cerr << "tandem: " << process.status() << "\n";
    return 1;
  }
  std::cout << "ready tandem " << (*process)->address() << "\n" << std::flush;
  std::shared_ptr<grpc::Channel> channel = (*process)->InProcess();
  absl::StatusOr<bool> agrees = northwind::Run(
      files, [&](absl::string_view) { return channel; }, std::cout);
  if (!agrees.ok()) {
    std::cerr << "tandem: " << agrees.status() << "\n";
    for (const bus::RunnerStatus& status : (*process)->subscriptions()) {
      if (status.stopped.empty() && status.last_error.empty() && status.parked == 0) continue;
      std::cerr << "  " << status.reader << " on " << status.source << ": " << status.parked
                << " in quarantine, " << status.stopped << status.last_error << "\n";
    }
  }
  if (!once && agrees.ok()) {
    PrintWhatToTry((*process)->address());
    int signal = 0;
    sigwait(&signals, &signal);
  }
  process->reset();
  return agrees.ok() && *agrees ? 0 : 1;
}

}  // namespace tandem::cli
