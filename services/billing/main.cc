// tandem-billing: the billing service by itself.
#include "platform/rpc/process.h"
#include "services/billing/billing_service.h"

int main(int argc, char** argv) {
  return tandem::rpc::RunProcess(argc, argv, "billing", [](tandem::settings::Schema& schema) {
    std::vector<std::pair<std::string, tandem::rpc::MakePart>> parts;
    parts.emplace_back("billing", tandem::billing::DeclareBilling(schema));
    return parts;
  });
}
