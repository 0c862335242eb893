#include "cli/all_parts.h"

#include "bus-adapters/customer_sync/customer_sync_part.h"
#include "bus-adapters/order_to_cash/order_to_cash_part.h"
#include "bus-adapters/product_sync/product_sync_part.h"
#include "services/billing/billing_service.h"
#include "services/customer/customer_service.h"
#include "services/inventory/inventory_service.h"
#include "services/opportunity/opportunity_service.h"
#include "services/order/order_service.h"

namespace tandem::cli {

std::vector<std::pair<std::string, rpc::MakePart>> DeclareAllParts(settings::Schema& schema) {
  return {
      {"customer", customer::DeclareCustomer(schema)},
      {"opportunity", opportunity::DeclareOpportunity(schema)},
      {"order", order::DeclareOrder(schema)},
      {"inventory", inventory::DeclareInventory(schema)},
      {"billing", billing::DeclareBilling(schema)},
      {"customer_sync", customer_sync::DeclareCustomerSync(schema)},
      {"product_sync", product_sync::DeclareProductSync(schema)},
      {"order_to_cash", order_to_cash::DeclareOrderToCash(schema)},
  };
}

}  // namespace tandem::cli
