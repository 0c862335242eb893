// The CRM's catalogue. An item names the product it stands for, so its state is a plain field.
#include "bus-adapters/connectors/systems.h"
#include "tandem/opportunity/v1/catalogue_item.pb.h"
#include "tandem/opportunity/v1/events.pb.h"
#include "tandem/opportunity/v1/opportunity_service.pb.h"

namespace tandem::connectors {

TandemSystem OpportunitySystem() {
  TandemSystem system;
  system.part = "opportunity";
  system.service =
      opportunity::v1::GetCatalogueItemRequest::descriptor()->file()->FindServiceByName(
          "OpportunityService");
  system.resource = opportunity::v1::CatalogueItem::descriptor();
  system.event = opportunity::v1::CatalogueItemEvent::descriptor();
  system.noun = "CatalogueItem";
  system.nouns = "CatalogueItems";
  system.id_prefix = "cat_";
  system.already_exists = "CATALOGUE_ITEM_ALREADY_EXISTS";
  system.fields = ProductFields();
  system.fields.push_back({"product_id", Kind::kText});
  system.fields.push_back(
      Field("state", Kind::kEnum).AbsentNumber(opportunity::v1::CATALOGUE_ITEM_STATE_ACTIVE));
  system.identifiers = {{"product_id", "product_id"}, {"sku", "sku"}};
  return system;
}

}  // namespace tandem::connectors
