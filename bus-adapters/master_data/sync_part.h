// A synchronisation adapter as a process hosts it: its database, its subscriptions, the threads
// that write to the systems, and its service. An adapter gives its entity and its connectors.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bus-adapters/master_data/connector.h"
#include "bus-adapters/master_data/runner.h"
#include "bus-adapters/master_data/store.h"
#include "bus-adapters/master_data/sync_handler.h"
#include "platform/base/status_macros.h"
#include "platform/rpc/service.h"

namespace tandem::master_data {

using Connectors = std::vector<std::unique_ptr<Connector>>;

template <class Service, const Entity& (*entity)()>
class SyncPart final : public rpc::Part {
 public:
  static absl::StatusOr<std::unique_ptr<rpc::Part>> Make(const rpc::PartContext& context,
                                                         absl::string_view name,
                                                         Connectors connectors) {
    TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<rpc::Core> core,
                            rpc::Core::Open(context, name, SyncTables(), SyncMigrations()));
    return std::unique_ptr<rpc::Part>(new SyncPart(std::move(core), std::move(connectors)));
  }

  absl::string_view name() const override { return core_->name(); }
  rpc::Core& core() override { return *core_; }
  std::vector<grpc::Service*> grpc_services() override { return {&handler_}; }
  std::vector<bus::LocalConsumer> local_consumers() override { return runner_.Consumers(); }
  absl::Status StartWork() override {
    runner_.Start();
    return absl::OkStatus();
  }
  void StopWork() override { runner_.Stop(); }

 private:
  SyncPart(std::unique_ptr<rpc::Core> core, Connectors connectors)
      : core_(std::move(core)),
        runner_(core_->name(), entity(), std::move(connectors), core_->writer(), core_->reader()),
        handler_(*core_, runner_) {}

  std::unique_ptr<rpc::Core> core_;
  Runner runner_;
  SyncHandler<Service, entity> handler_;
};

}  // namespace tandem::master_data
