// tandem-opportunity: the opportunity service by itself.
#include "platform/rpc/process.h"
#include "services/opportunity/opportunity_service.h"

int main(int argc, char** argv) {
  return tandem::rpc::RunProcess(argc, argv, "opportunity", [](tandem::settings::Schema& schema) {
    std::vector<std::pair<std::string, tandem::rpc::MakePart>> parts;
    parts.emplace_back("opportunity", tandem::opportunity::DeclareOpportunity(schema));
    return parts;
  });
}
