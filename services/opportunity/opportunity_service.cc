#include "services/opportunity/opportunity_service.h"

#include <memory>
#include <utility>
#include <vector>

#include "platform/base/status_macros.h"
#include "services/opportunity/opportunity_consumer.h"
#include "services/opportunity/opportunity_handler.h"
#include "services/opportunity/opportunity_settings.h"
#include "services/opportunity/opportunity_store.h"

namespace tandem::opportunity {
namespace {

constexpr char kName[] = "opportunity";

class OpportunityPart final : public rpc::Part {
 public:
  OpportunityPart(std::unique_ptr<rpc::Core> core, int read_threads)
      : core_(std::move(core)), handler_(core_->writer(), core_->reader(), read_threads) {}

  absl::string_view name() const override { return kName; }
  rpc::Core& core() override { return *core_; }
  std::vector<grpc::Service*> grpc_services() override { return {&handler_}; }
  std::vector<bus::LocalConsumer> local_consumers() override { return OpportunityConsumers(); }

 private:
  std::unique_ptr<rpc::Core> core_;
  OpportunityHandler handler_;
};

}  // namespace

rpc::MakePart DeclareOpportunity(settings::Schema& schema) {
  const OpportunitySettings keys(schema);
  return [keys](const rpc::PartContext& context) -> absl::StatusOr<std::unique_ptr<rpc::Part>> {
    const int threads = context.settings == nullptr
                            ? 2
                            : static_cast<int>(context.settings->Get(keys.read_threads));
    TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<rpc::Core> core,
                            rpc::Core::Open(context, kName, OpportunityTables(), Migrations()));
    return std::make_unique<OpportunityPart>(std::move(core), threads);
  };
}

}  // namespace tandem::opportunity
