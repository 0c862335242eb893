#include "bus-adapters/product_sync/product_sync_part.h"

#include <utility>

#include "bus-adapters/connectors/systems.h"
#include "bus-adapters/master_data/sync_part.h"
#include "bus-adapters/product_sync/product_rules.h"
#include "tandem/master_data/v1/product_sync_service.grpc.pb.h"

namespace tandem::product_sync {
namespace {

constexpr char kName[] = "product_sync";
using Part = master_data::SyncPart<master_data::v1::ProductSyncService, ProductEntity>;

}  // namespace

rpc::MakePart DeclareProductSync(settings::Schema&) {
  return [](const rpc::PartContext& context) {
    master_data::Connectors systems;
    systems.push_back(
        connectors::MakeTandemConnector(connectors::InventorySystem(), context.channel, kName));
    systems.push_back(
        connectors::MakeTandemConnector(connectors::OpportunitySystem(), context.channel, kName));
    return Part::Make(context, kName, std::move(systems));
  };
}

}  // namespace tandem::product_sync
