#include "bus-adapters/customer_sync/customer_sync_part.h"

#include <utility>

#include "bus-adapters/connectors/systems.h"
#include "bus-adapters/customer_sync/customer_rules.h"
#include "bus-adapters/master_data/sync_part.h"
#include "tandem/master_data/v1/customer_sync_service.grpc.pb.h"

namespace tandem::customer_sync {
namespace {

constexpr char kName[] = "customer_sync";
using Part = master_data::SyncPart<master_data::v1::CustomerSyncService, CustomerEntity>;

}  // namespace

rpc::MakePart DeclareCustomerSync(settings::Schema&) {
  return [](const rpc::PartContext& context) {
    master_data::Connectors systems;
    systems.push_back(
        connectors::MakeTandemConnector(connectors::CustomerSystem(), context.channel, kName));
    systems.push_back(
        connectors::MakeTandemConnector(connectors::BillingSystem(), context.channel, kName));
    return Part::Make(context, kName, std::move(systems));
  };
}

}  // namespace tandem::customer_sync
