// tandem-customer: the customer service by itself.
#include "platform/rpc/process.h"
#include "services/customer/customer_service.h"

int main(int argc, char** argv) {
  return tandem::rpc::RunProcess(argc, argv, "customer", [](tandem::settings::Schema& schema) {
    std::vector<std::pair<std::string, tandem::rpc::MakePart>> parts;
    parts.emplace_back("customer", tandem::customer::DeclareCustomer(schema));
    return parts;
  });
}
