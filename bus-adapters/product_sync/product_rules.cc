#include "bus-adapters/product_sync/product_rules.h"

#include <utility>
#include <vector>

#include "platform/base/check.h"

namespace tandem::product_sync {
namespace {

using master_data::EntityRules;
using master_data::Existence;
using master_data::First;
using master_data::GroupRule;
using master_data::Owned;
using master_data::Parent;
using master_data::Shared;

// What no creation of a product can say: the ERP alone gives its ids and states.
constexpr char kProductId[] = "product_id";
constexpr char kState[] = "state";

std::vector<GroupRule> Rules() {
  const std::vector<std::string> crm_preferred = {kCrm, kErp};
  return {
      Existence(kErp),
      // The item's reference to the product: how an order made in the CRM names it.
      Owned(kProductId, kErp),
      Owned("sku", kErp),
      Owned("kind", kErp),
      Owned("names/{language}", kErp),
      Shared("descriptions/{language}", crm_preferred),
      Owned("tax_class", kErp),
      Owned("category", kErp),
      Owned("weight", kErp),
      Owned("volume", kErp),
      Owned("origin_country", kErp),
      Owned("customs_code", kErp),
      Owned("base_unit", kErp),
      Owned("units/{unit}", kErp),
      Shared("sales_unit", crm_preferred),
      Shared("order_multiple", crm_preferred),
      Shared("order_minimum", crm_preferred),
      First(Owned("gtin", kErp)),
      Owned("list_price", kErp),
      Parent("variant_of", kErp),
      Owned("attributes/{name}", kErp),
      Owned(kState, kErp),
      Parent("replaced_by", kErp),
      Owned("offered", kCrm),
  };
}

EntityRules Make(std::vector<GroupRule> groups) {
  master_data::SystemRules erp;
  erp.name = kErp;
  erp.id_prefix = "prd_";
  master_data::SystemRules crm;
  crm.name = kCrm;
  crm.id_prefix = "cat_";
  auto rules = EntityRules::Create("product", {erp, crm}, std::move(groups), {kProductId, "sku"});
  TANDEM_CHECK(rules.ok(), rules.status().ToString());
  return *std::move(rules);
}

}  // namespace

const master_data::Entity& ProductEntity() {
  static const auto* entity = [] {
    std::vector<GroupRule> founding = Rules();
    for (GroupRule& rule : founding) {
      const bool given = rule.pattern == kProductId || rule.pattern == kState;
      if (rule.decides == master_data::Decides::kOwner && !given) rule.first = true;
    }
    return new master_data::Entity{Make(Rules()), Make(std::move(founding)), {}};
  }();
  return *entity;
}

}  // namespace tandem::product_sync
