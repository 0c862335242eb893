#include "bus-adapters/customer_sync/customer_rules.h"

#include <utility>
#include <vector>

#include "platform/base/check.h"

namespace tandem::customer_sync {
namespace {

using master_data::EntityRules;
using master_data::Existence;
using master_data::First;
using master_data::GroupRule;
using master_data::Owned;
using master_data::Parent;
using master_data::Shared;

std::vector<GroupRule> Rules() {
  const std::vector<std::string> crm_preferred = {kCrm, kErp};
  const std::vector<std::string> erp_preferred = {kErp, kCrm};
  return {
      Existence(kCrm),
      Owned("customer_number", kCrm),
      Owned("kind", kCrm),
      Owned("display_name", kCrm),
      Owned("legal_name", kCrm),
      Owned("language", kCrm),
      Owned("status", kCrm),
      Parent("parent_customer", kCrm),
      Owned("order_block", kCrm),
      Shared("addresses/{address_id}", crm_preferred),
      Shared("bill_to_addresses/{address_id}", erp_preferred),
      Shared("invoice_email", erp_preferred),
      Shared("phone", crm_preferred),
      Shared("email", crm_preferred),
      Shared("website", crm_preferred),
      First(Owned("tax_ids/{country_code}/{scheme}", kErp)),
      First(Owned("tax_status", kErp)),
      First(Owned("exemption", kErp)),
      Owned("debtor_number", kErp),
      First(Owned("currency", kErp)),
      Owned("payment_terms", kErp),
      Owned("credit_policy", kErp),
      Owned("delivery_block", kErp),
      Owned("dunning_block", kErp),
      Shared("delivery_policy", crm_preferred),
      Owned("archived", kCrm),
  };
}

EntityRules Make(std::vector<GroupRule> groups) {
  master_data::SystemRules crm;
  crm.name = kCrm;
  crm.id_prefix = "cus_";
  master_data::SystemRules erp = crm;
  erp.name = kErp;
  // Prospects are not sent.
  const master_data::HoldBack prospects{kErp, "status", {"PROSPECT"}, /*or_absent=*/true};
  auto rules = EntityRules::Create("customer", {crm, erp}, std::move(groups), {"customer_number"},
                                   {prospects});
  TANDEM_CHECK(rules.ok(), rules.status().ToString());
  return *std::move(rules);
}

}  // namespace

const master_data::Entity& CustomerEntity() {
  static const auto* entity = [] {
    std::vector<GroupRule> founding = Rules();
    for (GroupRule& rule : founding) {
      if (rule.decides == master_data::Decides::kOwner) rule.first = true;
    }
    return new master_data::Entity{Make(Rules()), Make(std::move(founding)), {}};
  }();
  return *entity;
}

}  // namespace tandem::customer_sync
