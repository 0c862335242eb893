// A fixture for tests of one service over gRPC: its part as a process hosts it, on a SQLite
// database of its own, called through an in-process channel.
//
//   class OrderOverGrpc : public test::ServiceOverGrpc<v1::OrderService> {
//    protected:
//     OrderOverGrpc() : ServiceOverGrpc(DeclareOrder) {}
//   };
#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "google/protobuf/text_format.h"
#include "google/rpc/status.pb.h"
#include "platform/base/check.h"
#include "platform/base/clock.h"
#include "platform/base/status.h"
#include "platform/rpc/service.h"
#include "platform/settings/schema.h"
#include "platform/settings/sources.h"
#include "platform/store/writer.h"
#include "tests/support/temp_dir.h"

namespace tandem::test {

template <class Service>
class ServiceOverGrpc : public testing::Test {
 protected:
  using Stub = typename Service::Stub;
  using Declare = rpc::MakePart (*)(settings::Schema&);
  template <class Request, class Answer>
  using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Answer*);

  explicit ServiceOverGrpc(Declare declare) : declare_(declare) { Start({}); }
  ~ServiceOverGrpc() override { Stop(); }

  // Once more on the same database, after Stop.
  void Start(std::vector<std::string> arguments) {
    settings::Schema schema;
    const rpc::MakePart make = declare_(schema);
    settings::Sources sources;
    sources.args = std::move(arguments);
    auto values = schema.Resolve(sources);
    TANDEM_CHECK(values.ok(), values.status().ToString());
    values_ = *std::move(values);
    rpc::PartContext context;
    context.store_url = "sqlite:" + dir_.File("service.db");
    context.clock = &clock_;
    context.settings = &values_;
    auto part = make(context);
    TANDEM_CHECK(part.ok(), part.status().ToString());
    part_ = *std::move(part);
    grpc::ServerBuilder builder;
    for (grpc::Service* service : part_->grpc_services()) builder.RegisterService(service);
    server_ = builder.BuildAndStart();
    stub_ = Service::NewStub(server_->InProcessChannel({}));
  }
  void Stop() {
    stub_.reset();
    server_->Shutdown();
    server_->Wait();
    server_.reset();
    part_.reset();
  }

  // "OK", or the refusal's reason.
  template <class Request, class Answer>
  std::string Call(Method<Request, Answer> method, const Request& request, Answer* answer) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    const grpc::Status status = (stub_.get()->*method)(&context, request, answer);
    if (status.ok()) return "OK";
    google::rpc::Status rpc;
    rpc.ParseFromString(status.error_details());
    const std::string reason = ReasonOf(FromRpcStatus(rpc));
    return reason.empty() ? status.error_message() : reason;
  }
  // The request as a text proto.
  template <class Request, class Answer>
  std::string Call(Method<Request, Answer> method, const std::string& text, Answer* answer) {
    Request request;
    TANDEM_CHECK(google::protobuf::TextFormat::ParseFromString(text, &request), text);
    return Call(method, request, answer);
  }
  // The answer; the refusal's reason is in reason_, "" for none.
  template <class Request, class Answer>
  Answer Call(Method<Request, Answer> method, const std::string& text) {
    Answer answer;
    reason_ = Call(method, text, &answer);
    if (reason_ == "OK") reason_.clear();
    return answer;
  }

  // What events would have brought: a change that no method makes.
  template <class Change>
  void Learn(const Change& change) {
    store::Command command;
    command.method = "learn";
    command.decide = [change](Context& context, State& state) -> absl::StatusOr<std::string> {
      absl::Status status = change(context, state);
      if (!status.ok()) return status;
      return std::string();
    };
    const auto learnt = part_->core().writer().Call(std::move(command));
    TANDEM_CHECK(learnt.ok(), learnt.status().ToString());
  }

  const Declare declare_;
  TempDir dir_;
  SystemClock clock_;
  settings::Values values_;
  std::unique_ptr<rpc::Part> part_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Stub> stub_;
  std::string reason_;
};

}  // namespace tandem::test
