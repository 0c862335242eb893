#include "platform/rpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "platform/base/status.h"
#include "platform/rpc/call_checks.h"
#include "platform/rpc/unreadable_request.h"

namespace tandem::rpc {
namespace {

// A raw health check: the call that any prober makes, on a connection of its own.
bool ProbeOnce(const std::string& address, absl::Duration timeout) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  auto channel = grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  return channel->WaitForConnected(absl::ToChronoTime(absl::Now() + timeout));
}

class ServerRep final : public Server {
 public:
  ServerRep(ServerOptions options, std::string address, std::unique_ptr<grpc::Server> server)
      : options_(std::move(options)), address_(std::move(address)), server_(std::move(server)) {
    SetServing(true);
    if (options_.probe_misses_max > 0) probe_ = std::thread([this] { Probe(); });
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
  void Probe() {
    int misses = 0;
    while (!stopping_.WaitForNotificationWithTimeout(options_.probe_interval)) {
      misses = ProbeOnce(address_, options_.probe_interval) ? 0 : misses + 1;
      if (misses < options_.probe_misses_max || stopping_.HasBeenNotified()) continue;
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
