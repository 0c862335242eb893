// A process of Tandem: one server, the parts it hosts, and the subscriptions of those parts.
//
// Embedded: `tandem start` hosts every part; calls between them go through the server's in-process
// channel, and subscribers read the journals of the other parts of the process. Distributed: one
// part a process; calls go to the addresses of the settings, events through Kafka. The same code.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "platform/bus/feed.h"
#include "platform/bus/runner.h"
#include "platform/rpc/server.h"
#include "platform/rpc/service.h"
#include "platform/settings/schema.h"

namespace tandem::rpc {

// The port of each part by default, and the one of `tandem start`.
inline constexpr int kEmbeddedPort = 7400;
struct PartPort {
  const char* name;
  int port;
};
inline constexpr PartPort kParts[] = {
    {"customer", 7401}, {"opportunity", 7402},   {"order", 7403},        {"inventory", 7404},
    {"billing", 7405},  {"customer_sync", 7411}, {"product_sync", 7412}, {"order_to_cash", 7413},
};

// The settings that every process has. Parts add their own to the same schema.
struct ProcessSettings {
  explicit ProcessSettings(settings::Schema& schema);
  settings::Key<std::string> listen;       // host:port; empty: loopback and the part's default port
  settings::Key<std::string> storage_dir;  // SQLite files; empty: $XDG_DATA_HOME/tandem
  settings::Key<std::string> database;     // postgresql://host:port/ without the database's name
  settings::Key<std::string> database_prefix;
  settings::Key<std::string> kafka;    // bootstrap servers; empty: the journal bus
  settings::Key<int64_t> partitions;   // of topics that are made
  std::map<std::string, settings::Key<std::string>> addresses;  // of the other parts, by name
  settings::Key<int64_t> retry_base_ms, retry_max_ms, drain_ms;
};

class Process {
 public:
  // Opens the parts' stores, makes the parts, serves, and starts the subscriptions. `name` is the
  // process's ("tandem" or a part's). Ready when this returns.
  static absl::StatusOr<std::unique_ptr<Process>> Start(
      absl::string_view name, const settings::Values& values, const ProcessSettings& keys,
      std::vector<std::pair<std::string, MakePart>> parts, const Clock& clock);
  virtual ~Process() = default;  // stops: subscriptions, then the server, then the stores
  virtual const std::string& address() const = 0;
  virtual std::shared_ptr<grpc::Channel> InProcess() = 0;
  virtual std::vector<bus::RunnerStatus> subscriptions() const = 0;
};

// What a main does: settings, process, `ready <name> <address>` on standard output, and a graceful
// stop at SIGTERM or SIGINT. `declare` adds the parts' settings to the schema and gives the parts.
using DeclareParts =
    std::function<std::vector<std::pair<std::string, MakePart>>(settings::Schema& schema)>;
int RunProcess(int argc, char** argv, absl::string_view name, const DeclareParts& declare);

}  // namespace tandem::rpc
