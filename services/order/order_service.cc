#include "services/order/order_service.h"

#include <memory>
#include <utility>

#include "platform/base/status_macros.h"
#include "services/order/order_consumer.h"
#include "services/order/order_handler.h"
#include "services/order/order_settings.h"
#include "services/order/order_store.h"

namespace tandem::order {
namespace {

constexpr char kName[] = "order";

class OrderPart final : public rpc::Part {
 public:
  OrderPart(std::unique_ptr<rpc::Core> core, int read_threads)
      : core_(std::move(core)), handler_(core_->writer(), core_->reader(), read_threads) {}

  absl::string_view name() const override { return kName; }
  rpc::Core& core() override { return *core_; }
  std::vector<grpc::Service*> grpc_services() override { return {&handler_}; }
  std::vector<bus::LocalConsumer> local_consumers() override { return OrderConsumers(); }

 private:
  std::unique_ptr<rpc::Core> core_;
  OrderHandler handler_;
};

}  // namespace

rpc::MakePart DeclareOrder(settings::Schema& schema) {
  const OrderSettings keys(schema);
  return [keys](const rpc::PartContext& context) -> absl::StatusOr<std::unique_ptr<rpc::Part>> {
    const int threads = context.settings == nullptr
                            ? 2
                            : static_cast<int>(context.settings->Get(keys.read_threads));
    TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<rpc::Core> core,
                            rpc::Core::Open(context, kName, OrderTables(), Migrations()));
    return std::make_unique<OrderPart>(std::move(core), threads);
  };
}

}  // namespace tandem::order
