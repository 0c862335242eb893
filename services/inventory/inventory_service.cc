#include "services/inventory/inventory_service.h"

#include <memory>
#include <utility>

#include "platform/base/status_macros.h"
#include "services/inventory/inventory_handler.h"
#include "services/inventory/inventory_settings.h"
#include "services/inventory/inventory_store.h"

namespace tandem::inventory {
namespace {

constexpr char kName[] = "inventory";

class InventoryPart final : public rpc::Part {
 public:
  InventoryPart(std::unique_ptr<rpc::Core> core, int read_threads)
      : core_(std::move(core)), handler_(core_->writer(), core_->reader(), read_threads) {}

  absl::string_view name() const override { return kName; }
  rpc::Core& core() override { return *core_; }
  std::vector<grpc::Service*> grpc_services() override { return {&handler_}; }

 private:
  std::unique_ptr<rpc::Core> core_;
  InventoryHandler handler_;
};

}  // namespace

rpc::MakePart DeclareInventory(settings::Schema& schema) {
  const InventorySettings keys(schema);
  return [keys](const rpc::PartContext& context) -> absl::StatusOr<std::unique_ptr<rpc::Part>> {
    const int threads = context.settings == nullptr
                            ? 2
                            : static_cast<int>(context.settings->Get(keys.read_threads));
    TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<rpc::Core> core,
                            rpc::Core::Open(context, kName, InventoryTables(), Migrations()));
    return std::make_unique<InventoryPart>(std::move(core), threads);
  };
}

}  // namespace tandem::inventory
