#include "bus-adapters/customer_sync/customer_sync_part.h"
#include "platform/rpc/process.h"

int main(int argc, char** argv) {
  return tandem::rpc::RunProcess(argc, argv, "customer_sync", [](tandem::settings::Schema& schema) {
    std::vector<std::pair<std::string, tandem::rpc::MakePart>> parts;
    parts.emplace_back("customer_sync", tandem::customer_sync::DeclareCustomerSync(schema));
    return parts;
  });
}
