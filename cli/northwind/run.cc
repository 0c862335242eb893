#include "cli/northwind/run.h"

#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cli/northwind/company.h"
#include "cli/northwind/import.h"
#include "cli/northwind/masters.h"
#include "cli/northwind/parts.h"
#include "cli/northwind/replay.h"
#include "cli/northwind/report.h"
#include "platform/base/status_macros.h"

namespace tandem::northwind {

std::string DefaultDir() {
  std::error_code error;
  const std::filesystem::path here = std::filesystem::read_symlink("/proc/self/exe", error);
  for (std::filesystem::path at = here.parent_path(); at.has_relative_path();
       at = at.parent_path()) {
    for (const char* below : {"examples/northwind", "share/tandem/examples/northwind"}) {
      if (std::filesystem::exists(at / below / "orders.csv", error)) return (at / below).string();
    }
  }
  return "examples/northwind";
}

absl::StatusOr<bool> Run(const std::string& dir, const ChannelTo& channel, std::ostream& out) {
  TANDEM_ASSIGN_OR_RETURN(Company company, ReadCompany(dir));
  Parts parts(channel);
  Timing timing;
  absl::Time start = absl::Now();
  out << "importing " << company.customers.size() << " customers and " << company.products.size()
      << " products\n"
      << std::flush;
  TANDEM_RETURN_IF_ERROR(ImportMasters(company, parts));
  timing.import = absl::Now() - start;
  start = absl::Now();
  TANDEM_RETURN_IF_ERROR(Replay(company, parts, [&](size_t placed, size_t of) {
    if (placed % 100 == 0 || placed == of) {
      out << "replayed " << placed << " of " << of << " orders\n" << std::flush;
    }
  }));
  timing.replay = absl::Now() - start;
  TANDEM_RETURN_IF_ERROR(DiscontinueProducts(company, parts));
  TANDEM_RETURN_IF_ERROR(Await("both masters to be in step", [&]() -> absl::StatusOr<bool> {
    TANDEM_ASSIGN_OR_RETURN(MastersInStep masters, CompareMasters(parts));
    return masters.in_step();
  }));
  return Report(company, parts, timing, out);
}

}  // namespace tandem::northwind
