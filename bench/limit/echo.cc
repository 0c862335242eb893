#include <grpcpp/grpcpp.h>
#include <signal.h>

#include <cstdio>
#include <memory>

#include "bench/limit/limits.h"
#include "tandem/events/v1/event_service.grpc.pb.h"

namespace tandem::bench {
namespace {

// Any small method does: it is asked with nothing and answers nothing.
class EchoService final : public events::v1::EventService::CallbackService {
  grpc::ServerUnaryReactor* GetHeads(grpc::CallbackServerContext* context,
                                     const events::v1::GetHeadsRequest*,
                                     events::v1::GetHeadsResponse*) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

}  // namespace

int Echo(int, char**) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  EchoService service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::printf("ready echo 127.0.0.1:%d\n", port);
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  return 0;
}

}  // namespace tandem::bench
