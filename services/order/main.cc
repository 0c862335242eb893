#include "platform/rpc/process.h"
#include "services/order/order_service.h"

int main(int argc, char** argv) {
  return tandem::rpc::RunProcess(argc, argv, "order", [](tandem::settings::Schema& schema) {
    std::vector<std::pair<std::string, tandem::rpc::MakePart>> parts;
    parts.emplace_back("order", tandem::order::DeclareOrder(schema));
    return parts;
  });
}
