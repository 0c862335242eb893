#include "platform/rpc/process.h"
#include "services/inventory/inventory_service.h"

int main(int argc, char** argv) {
  return tandem::rpc::RunProcess(argc, argv, "inventory", [](tandem::settings::Schema& schema) {
    std::vector<std::pair<std::string, tandem::rpc::MakePart>> parts;
    parts.emplace_back("inventory", tandem::inventory::DeclareInventory(schema));
    return parts;
  });
}
