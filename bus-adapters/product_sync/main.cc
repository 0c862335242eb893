#include "bus-adapters/product_sync/product_sync_part.h"
#include "platform/rpc/process.h"

int main(int argc, char** argv) {
  return tandem::rpc::RunProcess(argc, argv, "product_sync", [](tandem::settings::Schema& schema) {
    std::vector<std::pair<std::string, tandem::rpc::MakePart>> parts;
    parts.emplace_back("product_sync", tandem::product_sync::DeclareProductSync(schema));
    return parts;
  });
}
