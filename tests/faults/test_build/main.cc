// Every process of Tandem in one binary that can be made to go wrong (platform/base/fault.h). What
// it is, it knows by the name it was called by: `tandem start`, or `tandem-<part>`.
#include <cstdio>
#include <cstring>
#include <map>
#include <string>

#include "bus-adapters/customer_sync/customer_sync_part.h"
#include "bus-adapters/order_to_cash/order_to_cash_part.h"
#include "bus-adapters/product_sync/product_sync_part.h"
#include "cli/all_parts.h"
#include "platform/rpc/process.h"
#include "services/billing/billing_service.h"
#include "services/customer/customer_service.h"
#include "services/inventory/inventory_service.h"
#include "services/opportunity/opportunity_service.h"
#include "services/order/order_service.h"

namespace tandem {
namespace {

using Declare = rpc::MakePart (*)(settings::Schema&);

const std::map<std::string, Declare>& Parts() {
  static const auto* parts = new std::map<std::string, Declare>{
      {"customer", customer::DeclareCustomer},
      {"opportunity", opportunity::DeclareOpportunity},
      {"order", order::DeclareOrder},
      {"inventory", inventory::DeclareInventory},
      {"billing", billing::DeclareBilling},
      {"customer_sync", customer_sync::DeclareCustomerSync},
      {"product_sync", product_sync::DeclareProductSync},
      {"order_to_cash", order_to_cash::DeclareOrderToCash},
  };
  return *parts;
}

int Main(int argc, char** argv) {
  const char* slash = std::strrchr(argv[0], '/');
  std::string name = slash == nullptr ? argv[0] : slash + 1;
  if (name == "tandem" && argc > 1 && std::strcmp(argv[1], "start") == 0) {
    return rpc::RunProcess(argc - 1, argv + 1, "tandem", cli::DeclareAllParts);
  }
  name = name.substr(name.find('-') + 1);
  const auto part = Parts().find(name);
  if (part == Parts().end()) {
    std::fprintf(stderr, "call this as `tandem start`, or as tandem-<part>\n");
    return 2;
  }
  return rpc::RunProcess(argc, argv, part->first, [&](settings::Schema& schema) {
    std::vector<std::pair<std::string, rpc::MakePart>> parts;
    parts.emplace_back(part->first, part->second(schema));
    return parts;
  });
}

}  // namespace
}  // namespace tandem

int main(int argc, char** argv) { return tandem::Main(argc, argv); }
