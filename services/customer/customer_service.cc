#include "services/customer/customer_service.h"

#include <memory>
#include <utility>
#include <vector>

#include "platform/base/status_macros.h"
#include "services/customer/customer_consumer.h"
#include "services/customer/customer_handler.h"
#include "services/customer/customer_settings.h"
#include "services/customer/customer_store.h"

namespace tandem::customer {
namespace {

constexpr char kName[] = "customer";

class CustomerPart final : public rpc::Part {
 public:
  CustomerPart(std::unique_ptr<rpc::Core> core, int read_threads)
      : core_(std::move(core)), handler_(core_->writer(), core_->reader(), read_threads) {}

  absl::string_view name() const override { return kName; }
  rpc::Core& core() override { return *core_; }
  std::vector<grpc::Service*> grpc_services() override { return {&handler_}; }
  std::vector<bus::LocalConsumer> local_consumers() override { return CustomerConsumers(); }

 private:
  std::unique_ptr<rpc::Core> core_;
  CustomerHandler handler_;
};

}  // namespace

rpc::MakePart DeclareCustomer(settings::Schema& schema) {
  const CustomerSettings keys(schema);
  return [keys](const rpc::PartContext& context) -> absl::StatusOr<std::unique_ptr<rpc::Part>> {
    const int threads = context.settings == nullptr
                            ? 2
                            : static_cast<int>(context.settings->Get(keys.read_threads));
    TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<rpc::Core> core,
                            rpc::Core::Open(context, kName, CustomerTables(), Migrations()));
    return std::make_unique<CustomerPart>(std::move(core), threads);
  };
}

}  // namespace tandem::customer
