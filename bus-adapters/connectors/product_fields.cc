// What inventory.v1.Product and opportunity.v1.CatalogueItem name alike (DOMAIN section 10).
#include "bus-adapters/connectors/systems.h"
#include "tandem/inventory/v1/product.pb.h"
#include "tandem/opportunity/v1/catalogue_item.pb.h"

namespace tandem::connectors {

static_assert(static_cast<int>(inventory::v1::PRODUCT_KIND_GOODS) ==
              static_cast<int>(opportunity::v1::CATALOGUE_ITEM_KIND_GOODS));
static_assert(static_cast<int>(inventory::v1::PRODUCT_STATE_ACTIVE) ==
              static_cast<int>(opportunity::v1::CATALOGUE_ITEM_STATE_ACTIVE));

FieldMap ProductFields() {
  return {
      {"sku", Kind::kText},
      // Goods, and active, are what "not said" means on both sides: they are absent here.
      Field("kind", Kind::kEnum).AbsentNumber(inventory::v1::PRODUCT_KIND_GOODS),
      {"names", Kind::kTextMap},
      {"descriptions", Kind::kTextMap},
      {"tax_class", Kind::kText},
      {"category", Kind::kText},
      {"weight", Kind::kMessage},
      {"volume", Kind::kMessage},
      {"origin_country", Kind::kText, "origin_country_code"},
      {"customs_code", Kind::kText},
      {"base_unit", Kind::kText},
      Field("units", Kind::kRows).Keys({"unit"}),
      {"sales_unit", Kind::kText},
      {"order_multiple", Kind::kMessage},
      {"order_minimum", Kind::kMessage},
      {"gtin", Kind::kText},
      {"list_price", Kind::kMessage},
      {"variant_of", Kind::kReference},
      {"attributes", Kind::kTextMap},
      {"replaced_by", Kind::kReference},
      {"offered", Kind::kMessage},
  };
}

}  // namespace tandem::connectors
