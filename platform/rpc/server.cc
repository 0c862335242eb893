#include "platform/rpc/server.h"

#include <grpc/support/log.h>
#include <grpc/support/time.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/version_info.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "platform/base/status.h"
#include "platform/base/thread_name.h"
#include "platform/rpc/admission.h"
#include "platform/rpc/call_checks.h"
#include "platform/rpc/unreadable_request.h"

namespace tandem::rpc {
namespace {

// How often the log is asked, and how long a probe may take where it told of a failure.
constexpr absl::Duration kLogInterval = absl::Milliseconds(200);
constexpr absl::Duration kSuspectTimeout = absl::Seconds(2);

std::atomic<bool> accept_failed{false};

#if GRPC_CPP_VERSION_MAJOR == 1 && GRPC_CPP_VERSION_MINOR < 54
// gRPC's log goes where it went; what it says about a listener that it gave up is kept.
void TakeLog(gpr_log_func_args* args) {
  if (absl::StrContains(args->message, "Failed accept")) accept_failed = true;
  std::fprintf(stderr, "%c %s:%d] %s\n", *gpr_log_severity_string(args->severity), args->file,
               args->line, args->message);
}
void WatchLog() { gpr_set_log_function(TakeLog); }
#else
void WatchLog() {}
#endif

enum class Probe { kAccepted, kMissed, kUnknown };

// A connection as any prober makes it, on a channel of its own. Where it took much longer than it
// may, this process did not run meanwhile, and nothing is known.
Probe ProbeOnce(const std::string& address, absl::Duration timeout) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  auto channel = grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  const Instant start = SteadyNow();
  const gpr_timespec until =
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                   gpr_time_from_millis(absl::ToInt64Milliseconds(timeout), GPR_TIMESPAN));
  if (channel->WaitForConnected(until)) return Probe::kAccepted;
  const absl::Duration took = absl::FromChrono(SteadyNow() - start);
  return took > timeout + absl::Seconds(1) ? Probe::kUnknown : Probe::kMissed;
}

class ServerRep final : public Server {
 public:
  ServerRep(ServerOptions options, std::string address, std::unique_ptr<grpc::Server> server)
      : options_(std::move(options)), address_(std::move(address)), server_(std::move(server)) {
    SetServing(true);
    if (options_.probe_misses_max > 0) probe_ = std::thread([this] { Watch(); });
  }
  ~ServerRep() override { Stop(); }

  const std::string& address() const override { return address_; }
  std::shared_ptr<grpc::Channel> InProcess() override {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    return server_->InProcessChannel(arguments);
  }
  void SetServing(bool serving) override {
    if (auto* health = server_->GetHealthCheckService()) health->SetServingStatus(serving);
  }
  void Stop() override {
    if (stopping_.HasBeenNotified()) return;
    stopping_.Notify();
    if (probe_.joinable()) probe_.join();
    SetServing(false);
    server_->Shutdown(absl::ToChronoTime(absl::Now() + options_.drain));
    server_->Wait();
  }

 private:
  void Watch() {
    NameThread("accept probe");
    int misses = 0;
    Instant next = SteadyNow();
    while (!stopping_.WaitForNotificationWithTimeout(kLogInterval)) {
      const bool suspect = accept_failed.exchange(false);
      if (!suspect && SteadyNow() < next) continue;
      next = SteadyNow() + absl::ToChronoNanoseconds(options_.probe_interval);
      switch (ProbeOnce(address_, suspect ? kSuspectTimeout : options_.probe_interval)) {
        case Probe::kAccepted:
          misses = 0;
          continue;
        case Probe::kUnknown:
          continue;
        case Probe::kMissed:
          ++misses;
      }
      if ((!suspect && misses < options_.probe_misses_max) || stopping_.HasBeenNotified()) continue;
      std::fprintf(stderr, "the server at %s no longer accepts connections: aborting\n",
                   address_.c_str());
      std::abort();
    }
  }

  ServerOptions options_;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
  absl::Notification stopping_;
  std::thread probe_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const std::vector<grpc::Service*>& services,
                                                      ServerOptions options) {
  WatchLog();
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(options.address, grpc::InsecureServerCredentials(), &port);
  builder.SetMaxReceiveMessageSize(options.message_bytes_max);
  builder.SetMaxSendMessageSize(-1);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.streams_max);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 2);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, 5 * 60 * 1000);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, 30 * 60 * 1000);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, 30 * 1000);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Call checks refuse what is over 16 KiB, with a reason. gRPC's own limit, which ends the whole
  // connection, stands well above it.
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, static_cast<int>(4 * kMetadataBytesMax));
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
  interceptors.push_back(UnreadableRequests());
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
  for (grpc::Service* service : services) builder.RegisterService(service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    return Refuse(absl::StatusCode::kUnavailable, "SERVER_ADDRESS_TAKEN",
                  absl::StrCat("cannot listen on ", options.address));
  }
  const std::string host = options.address.substr(0, options.address.rfind(':'));
  return std::make_unique<ServerRep>(options, absl::StrCat(host, ":", port), std::move(server));
}

}  // namespace tandem::rpc
