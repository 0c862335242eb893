#include "tests/battery/served.h"

#include <filesystem>
#include <fstream>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "platform/base/check.h"

namespace tandem::test {
namespace {

constexpr absl::Duration kImportPatience = absl::Minutes(5);

std::string Program(const std::string& part) {
  return absl::StrCat(TANDEM_BIN, "/tandem", part.empty() ? "" : "-", part);
}

// A copy of the sample company's files with its first orders alone.
void CopyCompany(const std::string& to, int orders) {
  const std::filesystem::path from =
      std::filesystem::path(TANDEM_SOURCE_DIR) / "examples/northwind";
  std::filesystem::create_directories(to);
  std::set<std::string> kept;
  for (const char* name : {"categories.csv", "customers.csv", "orders.csv", "order_details.csv",
                           "products.csv", "shippers.csv", "suppliers.csv"}) {
    std::ifstream in(from / name);
    std::ofstream out(std::filesystem::path(to) / name);
    std::string line;
    for (int row = 0; std::getline(in, line); ++row) {
      const std::vector<std::string> cells = absl::StrSplit(line, absl::MaxSplits(',', 2));
      if (row > 0 && std::string(name) == "orders.csv") {
        if (row > orders) break;
        kept.insert(cells[0]);
      }
      if (row > 0 && std::string(name) == "order_details.csv" && !kept.contains(cells[1])) continue;
      out << line << "\n";
    }
  }
}

}  // namespace

Served::Served(ServedOptions options) : options_(std::move(options)) {
  if (options_.orders > 0) {
    CopyCompany(dir_.File("company"), options_.orders);
    const auto made =
        RunToEnd({.args = {Program(""), "up", "--once", "--data", dir_.File("data"), "--northwind",
                           dir_.File("company"), "--server.listen=127.0.0.1:0"}},
                 kImportPatience);
    TANDEM_CHECK(made.ok(), made.status().ToString());
    TANDEM_CHECK(absl::StrContains(made->output, "replayed"), made->output);
  }
  Restart();
}

Served::~Served() { process_->Stop(); }

void Served::Restart() {
  process_.reset();
  Command command{.args = options_.before};
  command.args.push_back(Program(options_.part));
  if (options_.part.empty()) command.args.push_back("start");
  command.args.push_back(absl::StrCat("--storage.dir=", dir_.File("data")));
  command.args.push_back("--server.listen=127.0.0.1:0");
  for (const std::string& setting : options_.settings) command.args.push_back(setting);
  auto process = Process::Start(std::move(command));
  TANDEM_CHECK(process.ok(), process.status().ToString());
  process_ = *std::move(process);
  const auto address =
      process_->WaitUntilReady(options_.part.empty() ? "tandem" : options_.part, absl::Minutes(2));
  TANDEM_CHECK(address.ok(), address.status().ToString());
  address_ = *address;
}

}  // namespace tandem::test
