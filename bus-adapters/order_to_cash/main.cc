#include "bus-adapters/order_to_cash/order_to_cash_part.h"
#include "platform/rpc/process.h"

int main(int argc, char** argv) {
  return tandem::rpc::RunProcess(argc, argv, "order_to_cash", [](tandem::settings::Schema& schema) {
    std::vector<std::pair<std::string, tandem::rpc::MakePart>> parts;
    parts.emplace_back("order_to_cash", tandem::order_to_cash::DeclareOrderToCash(schema));
    return parts;
  });
}
