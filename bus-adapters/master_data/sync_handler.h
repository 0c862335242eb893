// The gRPC service of a synchronisation adapter: what stands how, what lost, what waits for a
// person. One text for every adapter; `Service` is the adapter's own, since two adapters share a
// server where everything runs in one process.
#pragma once

#include <string>
#include <utility>

#include "bus-adapters/master_data/runner.h"
#include "bus-adapters/master_data/runner_step.h"
#include "bus-adapters/master_data/sync_reads.h"
#include "platform/rpc/commands.h"
#include "platform/rpc/service.h"
#include "tandem/master_data/v1/sync.pb.h"

namespace tandem::master_data {

template <class Service, const Entity& (*entity)()>
class SyncHandler final : public Service::CallbackService {
 public:
  SyncHandler(rpc::Core& core, Runner& runner)
      : runner_(runner),
        commands_(core.writer(), Service::service_full_name()),
        reads_(core.reader(), Service::service_full_name()) {}

  using Call = grpc::CallbackServerContext;
  using Reactor = grpc::ServerUnaryReactor;

  Reactor* GetSyncStatus(Call* call, const v1::GetSyncStatusRequest* request,
                         v1::SyncStatus* answer) override {
    return reads_.Run(call, *request, [this, answer](store::Reader& reader) {
      return ReadStatus(entity().rules, runner_, reader, answer);
    });
  }
  Reactor* ListRecords(Call* call, const v1::ListRecordsRequest* request,
                       v1::ListRecordsResponse* answer) override {
    return reads_.List(call, request, answer);
  }
  Reactor* GetRecord(Call* call, const v1::GetRecordRequest* request,
                     v1::GetRecordResponse* answer) override {
    return reads_.Run(call, *request, [request, answer](store::Reader& reader) {
      return ReadRecord(entity().rules, request->id(), reader, answer);
    });
  }
  Reactor* ListRefusedProposals(Call* call, const v1::ListRefusedProposalsRequest* request,
                                v1::ListRefusedProposalsResponse* answer) override {
    return reads_.List(call, request, answer);
  }
  Reactor* ListConflicts(Call* call, const v1::ListConflictsRequest* request,
                         v1::ListConflictsResponse* answer) override {
    return reads_.List(call, request, answer);
  }
  Reactor* ResolveConflict(Call* call, const v1::ResolveConflictRequest* request,
                           v1::SyncConflict* answer) override {
    runner_.Wake();
    return commands_.Run(
        call, request, answer,
        Decide<v1::ResolveConflictRequest, v1::SyncConflict, tandem::master_data::ResolveConflict>);
  }
  Reactor* RetryPush(Call* call, const v1::RetryPushRequest* request,
                     v1::SyncRecord* answer) override {
    runner_.Wake();
    return commands_.Run(
        call, request, answer,
        Decide<v1::RetryPushRequest, v1::SyncRecord, tandem::master_data::RetryPush>);
  }
  Reactor* Reconcile(Call* call, const v1::ReconcileRequest* request,
                     v1::ReconcileResponse* answer) override {
    runner_.Wake();
    return commands_.Run(
        call, request, answer,
        Decide<v1::ReconcileRequest, v1::ReconcileResponse, tandem::master_data::Reconcile>);
  }

 private:
  // A decision with the adapter's entity bound to it.
  template <class Request, class Answer,
            absl::StatusOr<Answer> (*decide)(const Entity&, const Request&, Context&, State&)>
  static absl::StatusOr<Answer> Decide(const Request& request, Context& context, State& state) {
    return decide(entity(), request, context, state);
  }

  Runner& runner_;
  rpc::Commands commands_;
  rpc::Reads reads_;
};

}  // namespace tandem::master_data
