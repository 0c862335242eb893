#include "platform/rpc/process.h"

#include <grpcpp/channel.h>
#include <sodium.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "google/protobuf/stubs/logging.h"
#include "platform/base/fault.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/bus/journal_feed.h"
#include "platform/bus/kafka_feed.h"
#include "platform/bus/quarantine.h"
#include "platform/bus/relay.h"
#include "platform/rpc/client.h"
#include "platform/rpc/event_source.h"
#include "platform/rpc/event_stream.h"
#include "platform/rpc/health_watch.h"
#include "platform/rpc/quarantine_handler.h"
#include "platform/settings/start.h"

namespace tandem::rpc {
namespace {

constexpr rlim_t kDescriptorsWanted = 65'536;  // below, a flood of connections ends this gRPC

std::string DefaultStorageDir() {
  if (const char* data = std::getenv("XDG_DATA_HOME"); data != nullptr && *data != '\0') {
    return absl::StrCat(data, "/tandem");
  }
  const char* home = std::getenv("HOME");
  return absl::StrCat(home == nullptr ? "." : home, "/.local/share/tandem");
}

int DefaultPort(absl::string_view name) {
  for (const PartPort& part : kParts) {
    if (name == part.name) return part.port;
  }
  return kEmbeddedPort;
}

// Where a process serves names it, also after a restart: no two serve in one place. Empty when the
// port is any free one.
std::string InstanceOf(absl::string_view listen) {
  const size_t colon = listen.rfind(':');
  if (colon == absl::string_view::npos || listen.substr(colon + 1) == "0") return "";
  char host[256] = "";
  if (gethostname(host, sizeof(host) - 1) != 0) return "";
  return absl::StrCat(host, listen.substr(colon));
}

void RaiseDescriptorLimit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kDescriptorsWanted) return;
  limit.rlim_cur = std::min(kDescriptorsWanted, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);
}

class ProcessRep final : public Process {
 public:
  ~ProcessRep() override {
    for (auto& part : parts_) part->StopWork();
    // Told all first: each may be in a wait of its own, and one after the other they add up.
    for (auto& runner : runners_) runner->RequestStop();
    for (auto& runner : runners_) runner->Stop();
    relays_.clear();
    health_.reset();
    if (events_ != nullptr) events_->Stop();
    if (server_ != nullptr) server_->Stop();
    runners_.clear();
  }

  absl::Status Start(absl::string_view name, const settings::Values& values,
                     const ProcessSettings& keys,
                     std::vector<std::pair<std::string, MakePart>> makers, const Clock& clock);

  const std::string& address() const override { return server_->address(); }
  std::shared_ptr<grpc::Channel> InProcess() override { return server_->InProcess(); }
  std::vector<bus::RunnerStatus> subscriptions() const override {
    std::vector<bus::RunnerStatus> out;
    for (const auto& runner : runners_) out.push_back(runner->status());
    return out;
  }

 private:
  absl::StatusOr<std::string> StoreUrl(const settings::Values& values, const ProcessSettings& keys,
                                       const std::string& part) const;
  std::shared_ptr<grpc::Channel> ChannelTo(absl::string_view name);
  absl::StatusOr<std::unique_ptr<bus::Feed>> FeedFor(const std::string& reader,
                                                     const std::string& source,
                                                     const std::vector<std::string>& topics,
                                                     absl::Duration rest);
  absl::StatusOr<std::unique_ptr<bus::Feed>> DirectFeed(const std::string& owner,
                                                        const std::string& source);
  absl::Status StartSubscriptions(const bus::RunnerOptions& options);

  // In the order of their making; destroyed the other way round.
  std::set<std::string> hosted_;
  std::map<std::string, std::string> addresses_;
  std::string kafka_;
  std::string instance_;  // this process's name in the groups of Kafka's readers
  absl::Mutex mutex_;
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels_;
  std::vector<std::unique_ptr<Part>> parts_;
  std::unique_ptr<EventStream> events_;
  std::vector<std::unique_ptr<bus::Runner>> runners_;
  std::vector<std::unique_ptr<bus::Quarantine>> quarantines_;
  std::unique_ptr<QuarantineHandler> quarantine_handler_;
  std::vector<std::unique_ptr<bus::Relay>> relays_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<HealthWatch> health_;
};

absl::StatusOr<std::string> ProcessRep::StoreUrl(const settings::Values& values,
                                                 const ProcessSettings& keys,
                                                 const std::string& part) const {
  if (const std::string& server = values[keys.database]; !server.empty()) {
    absl::string_view base = server;
    std::string query;
    if (const size_t mark = base.find('?'); mark != absl::string_view::npos) {
      query = std::string(base.substr(mark));
      base = base.substr(0, mark);
    }
    absl::ConsumeSuffix(&base, "/");
    return absl::StrCat(base, "/", values[keys.database_prefix], part, query);
  }
  std::string dir = values[keys.storage_dir];
  if (dir.empty()) dir = DefaultStorageDir();
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (error) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "STORAGE_DIR_UNUSABLE",
                  absl::StrCat(dir, ": ", error.message()), "storage.dir");
  }
  return absl::StrCat("sqlite:", dir, "/", part, ".db");
}

// Parts ask for channels when they work, not when they are made: the server is there by then.
std::shared_ptr<grpc::Channel> ProcessRep::ChannelTo(absl::string_view name) {
  absl::MutexLock lock(&mutex_);
  const bool here = hosted_.contains(std::string(name));
  std::shared_ptr<grpc::Channel>& channel = channels_[here ? "" : std::string(name)];
  if (channel == nullptr)
    channel = here ? server_->InProcess() : Dial(addresses_[std::string(name)]);
  return channel;
}

absl::StatusOr<std::unique_ptr<bus::Feed>> ProcessRep::FeedFor(
    const std::string& reader, const std::string& source, const std::vector<std::string>& topics,
    absl::Duration rest) {
  const std::string owner = source.substr(source.rfind('/') + 1);
  TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<bus::Feed> direct, DirectFeed(owner, source));
  if (kafka_.empty()) return direct;
  bus::KafkaFeedOptions options;
  options.brokers = kafka_;
  options.group = absl::StrCat(reader, ".on.", owner);
  options.topics = topics;
  options.source = std::move(direct);
  options.instance = instance_;
  options.rest = rest;
  return bus::MakeKafkaFeed(std::move(options));
}

// Straight from the source: its journal where it is hosted here, else its event stream.
absl::StatusOr<std::unique_ptr<bus::Feed>> ProcessRep::DirectFeed(const std::string& owner,
                                                                  const std::string& source) {
  for (auto& part : parts_) {
    if (part->name() != owner) continue;
    TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<store::JournalReader> journal,
                            part->core().OpenJournal());
    return bus::MakeJournalFeed(std::move(journal));
  }
  return MakeEventSourceFeed(source, ChannelTo(owner));
}

absl::Status ProcessRep::StartSubscriptions(const bus::RunnerOptions& options) {
  for (auto& part : parts_) {
    Core& core = part->core();
    std::map<std::string, std::vector<const bus::Runner*>> by_reader;
    auto add = [&](auto consumer) -> absl::Status {
      TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<bus::Feed> feed,
                              FeedFor(consumer.reader, consumer.source, consumer.topics,
                                      consumer.rest));
      const std::string reader = consumer.reader;
      runners_.push_back(std::make_unique<bus::Runner>(std::move(consumer), std::move(feed),
                                                       core.writer(), core.reader(), options));
      by_reader[reader].push_back(runners_.back().get());
      return absl::OkStatus();
    };
    for (bus::LocalConsumer& c : part->local_consumers()) TANDEM_RETURN_IF_ERROR(add(std::move(c)));
    for (bus::RemoteConsumer& c : part->remote_consumers())
      TANDEM_RETURN_IF_ERROR(add(std::move(c)));
    for (auto& [reader, runners] : by_reader) {
      quarantines_.push_back(std::make_unique<bus::Quarantine>(reader, core.writer(), core.reader(),
                                                               std::move(runners)));
    }
  }
  return absl::OkStatus();
}

absl::Status ProcessRep::Start(absl::string_view name, const settings::Values& values,
                               const ProcessSettings& keys,
                               std::vector<std::pair<std::string, MakePart>> makers,
                               const Clock& clock) {
  for (const auto& [part, make] : makers) hosted_.insert(part);
  for (const auto& [part, key] : keys.addresses) addresses_[part] = values[key];
  kafka_ = values[keys.kafka];
  std::vector<grpc::Service*> services;
  std::vector<JournalSource> journals;
  for (auto& [part_name, make] : makers) {
    PartContext context;
    TANDEM_ASSIGN_OR_RETURN(context.store_url, StoreUrl(values, keys, part_name));
    context.clock = &clock;
    context.settings = &values;
    context.channel = [this](absl::string_view to) { return ChannelTo(to); };
    TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<Part> part, make(context));
    for (grpc::Service* service : part->grpc_services()) services.push_back(service);
    Core* core = &part->core();
    journals.push_back({core->source(), [core] { return core->OpenJournal(); }});
    parts_.push_back(std::move(part));
  }
  events_ = std::make_unique<EventStream>(journals);
  services.push_back(events_->service());

  // The server needs the quarantines, and the subscriptions' channels the server: runners are made
  // before it and started after it.
  bus::RunnerOptions options;
  options.retry_base_ms = values[keys.retry_base_ms];
  options.retry_max_ms = values[keys.retry_max_ms];
  ServerOptions server;
  server.address = values[keys.listen];
  if (server.address.empty()) server.address = absl::StrCat("127.0.0.1:", DefaultPort(name));
  server.drain = absl::Milliseconds(values[keys.drain_ms]);
  instance_ = InstanceOf(server.address);
  TANDEM_RETURN_IF_ERROR(StartSubscriptions(options));
  std::vector<bus::Quarantine*> quarantines;
  for (auto& quarantine : quarantines_) quarantines.push_back(quarantine.get());
  quarantine_handler_ = std::make_unique<QuarantineHandler>(std::move(quarantines));
  services.push_back(quarantine_handler_->service());
  TANDEM_FAILPOINT("process.before_serve");
  TANDEM_ASSIGN_OR_RETURN(server_, Server::Start(services, server));
  std::vector<store::Database*> databases;
  for (auto& part : parts_) databases.push_back(&part->core().database());
  health_ = std::make_unique<HealthWatch>(std::move(databases),
                                          [this](bool serving) { server_->SetServing(serving); });
  if (!kafka_.empty()) {
    for (auto& part : parts_) {
      bus::RelayOptions relay;
      relay.brokers = kafka_;
      relay.source = part->core().source();
      relay.partitions = static_cast<int>(values[keys.partitions]);
      TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<bus::Relay> started,
                              bus::Relay::Start(part->core().database(), relay));
      relays_.push_back(std::move(started));
    }
  }
  TANDEM_FAILPOINT("process.before_subscriptions");
  for (auto& runner : runners_) runner->Start();
  for (auto& part : parts_) TANDEM_RETURN_IF_ERROR(part->StartWork());
  return absl::OkStatus();
}

}  // namespace

ProcessSettings::ProcessSettings(settings::Schema& schema)
    : listen(
          schema.String("server.listen",
                        "Where to serve, host:port; port 0 takes any free one; empty is loopback "
                        "and the part's own port.",
                        "")),
      storage_dir(
          schema.String("storage.dir",
                        "Folder of the SQLite files; empty is $XDG_DATA_HOME/tandem. Unused "
                        "with storage.database.",
                        "")),
      database(schema.String("storage.database",
                             "PostgreSQL server, postgresql://user:password@host:port/; the parts' "
                             "databases are tandem_<part>. Empty: SQLite.",
                             "")),
      database_prefix(schema.String("storage.database_prefix",
                                    "What the names of the PostgreSQL databases begin with.",
                                    "tandem_")),
      kafka(schema.String("bus.kafka",
                          "Kafka's bootstrap servers, host:port,…; empty: events are read from the "
                          "journals themselves.",
                          "")),
      partitions(schema.Int("bus.partitions",
                            "Partitions of topics that are created. One carries more than a "
                            "database commits and costs least; more may be added at any time.",
                            1, 1, 64)),
      retry_base_ms(
          schema.DurationMs("bus.retry_delay_ms",
                            "First delay before an event that met a passing error is tried "
                            "again; doubles each time.",
                            50, 1, 60'000)),
      retry_max_ms(schema.DurationMs("bus.retry_delay_max_ms", "The longest such delay.", 5'000, 1,
                                     600'000)),
      drain_ms(schema.DurationMs("server.drain_ms",
                                 "How long calls under way may take when the process stops.",
                                 20'000, 0, 600'000)) {
  schema.AlsoKnown({"address"});  // TANDEM_ADDRESS is where the command line looks for us
  for (const PartPort& part : kParts) {
    addresses.emplace(part.name,
                      schema.String(absl::StrCat("address.", part.name),
                                    absl::StrCat("Where ", part.name, " serves, host:port."),
                                    absl::StrCat("127.0.0.1:", part.port)));
  }
}

absl::StatusOr<std::unique_ptr<Process>> Process::Start(
    absl::string_view name, const settings::Values& values, const ProcessSettings& keys,
    std::vector<std::pair<std::string, MakePart>> parts, const Clock& clock) {
  // Protobuf tells on standard error of each text that is no UTF-8: who sends it would fill our
  // log. It is refused, with a reason.
  google::protobuf::SetLogHandler(
      [](google::protobuf::LogLevel level, const char* file, int line, const std::string& text) {
        if (level == google::protobuf::LOGLEVEL_FATAL) {
          std::fprintf(stderr, "%s:%d: %s\n", file, line, text.c_str());
        }
      });
#ifdef NDEBUG
  // Debian's Abseil looks for deadlocks at every lock, behind one lock for all of them.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
#endif
  if (sodium_init() < 0) return absl::InternalError("libsodium does not start");
  RaiseDescriptorLimit();
  auto process = std::make_unique<ProcessRep>();
  TANDEM_RETURN_IF_ERROR(process->Start(name, values, keys, std::move(parts), clock));
  return process;
}

namespace {

constexpr int64_t kDatabaseRetryBaseMs = 100;
constexpr int64_t kDatabaseRetryMaxMs = 2'000;

// Whether it is the database that cannot serve now, and may later.
bool DatabaseIsAway(const absl::Status& status) {
  return DispositionOf(status) == Disposition::kRetry &&
         absl::StartsWith(ReasonOf(status), "STORE_");
}

// A database that is away is waited for, as any neighbour is: nobody has to start the parts of a
// system in order, nor again after a database that was away for long. Null when a signal ends it.
absl::StatusOr<std::unique_ptr<Process>> StartWithDatabase(
    absl::string_view name, const settings::Values& values, const ProcessSettings& keys,
    const std::vector<std::pair<std::string, MakePart>>& parts, const Clock& clock,
    const sigset_t& signals) {
  Backoff backoff(kDatabaseRetryBaseMs, kDatabaseRetryMaxMs, static_cast<uint64_t>(getpid()));
  std::string told;
  while (true) {
    absl::StatusOr<std::unique_ptr<Process>> process =
        Process::Start(name, values, keys, parts, clock);
    if (process.ok() || !DatabaseIsAway(process.status())) return process;
    if (const std::string why = process.status().ToString(); why != told) {
      std::fprintf(stderr, "%s: waits for its database: %s\n", std::string(name).c_str(),
                   why.c_str());
      told = why;
    }
    const int64_t delay_ms = backoff.NextMs();
    const timespec delay{delay_ms / 1000, delay_ms % 1000 * 1'000'000};
    if (sigtimedwait(&signals, nullptr, &delay) > 0) return nullptr;
  }
}

}  // namespace

int RunProcess(int argc, char** argv, absl::string_view name, const DeclareParts& declare) {
  // Signals are taken by this thread alone, by sigwait; every other thread inherits the mask.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  settings::Schema schema;
  ProcessSettings keys(schema);
  std::vector<std::pair<std::string, MakePart>> parts = declare(schema);
  settings::Started started = settings::Start(schema, argc, argv);
  if (!started.values.has_value()) return started.exit_code;
  SystemClock clock;
  auto process = StartWithDatabase(name, *started.values, keys, parts, clock, signals);
  if (!process.ok()) {
    std::fprintf(stderr, "%s: %s\n", std::string(name).c_str(),
                 process.status().ToString().c_str());
    return 1;
  }
  if (*process == nullptr) return 0;
  std::printf("ready %s %s\n", std::string(name).c_str(), (*process)->address().c_str());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  TANDEM_FAILPOINT("process.before_drain");
  process->reset();
  return 0;
}

}  // namespace tandem::rpc
