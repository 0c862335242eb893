// The ERP's products. Only commands change their state.
#include "bus-adapters/connectors/systems.h"
#include "tandem/inventory/v1/events.pb.h"
#include "tandem/inventory/v1/inventory_service.pb.h"
#include "tandem/inventory/v1/product.pb.h"

namespace tandem::connectors {

TandemSystem InventorySystem() {
  TandemSystem system;
  system.part = "inventory";
  system.service =
      inventory::v1::GetProductRequest::descriptor()->file()->FindServiceByName("InventoryService");
  system.resource = inventory::v1::Product::descriptor();
  system.event = inventory::v1::ProductEvent::descriptor();
  system.noun = "Product";
  system.nouns = "Products";
  system.id_prefix = "prd_";
  system.already_exists = "PRODUCT_ALREADY_EXISTS";
  system.fields = ProductFields();
  system.fields.push_back({"product_id", Kind::kOwnId, "id"});
  system.fields.push_back(
      Field("state", Kind::kEnum).AbsentNumber(inventory::v1::PRODUCT_STATE_ACTIVE).ReadOnly());
  system.identifiers = {{"product_id", "id"}, {"sku", "sku"}};
  return system;
}

}  // namespace tandem::connectors
