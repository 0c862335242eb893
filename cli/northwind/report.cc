#include "cli/northwind/report.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/northwind/calls.h"
#include "cli/northwind/figures.h"
#include "cli/northwind/import.h"
#include "cli/northwind/masters.h"
#include "platform/base/fixed.h"
#include "platform/base/status_macros.h"

namespace tandem::northwind {
namespace {

// 1265793290000 -> "1,265,793.29"
std::string Cents(int64_t micros) {
  const std::string digits = absl::StrCat(std::abs(micros / kMicrosPerUnit));
  std::string grouped;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) grouped.push_back(',');
    grouped.push_back(digits[i]);
  }
  return absl::StrFormat("%s%s.%02d", micros < 0 ? "-" : "", grouped,
                         std::abs(micros % kMicrosPerUnit) / 10'000);
}

class Table {
 public:
  explicit Table(std::ostream& out) : out_(out) {}

  void Money(const std::string& what, int64_t got, int64_t expected) {
    Row(what, Cents(got), Cents(expected), got == expected);
  }
  void Count(const std::string& what, int64_t got, int64_t expected) {
    Row(what, absl::StrCat(got), absl::StrCat(expected), got == expected);
  }
  void Text(const std::string& what, const std::string& got, const std::string& expected) {
    Row(what, got, expected, got == expected);
  }
  void Row(const std::string& what, const std::string& got, const std::string& expected,
           bool same) {
    out_ << absl::StreamFormat("  %-44s %20s   %s\n", what, got,
                               same ? "agrees" : absl::StrCat("DIFFERS from ", expected));
    agrees_ = agrees_ && same;
  }
  bool agrees() const { return agrees_; }

 private:
  std::ostream& out_;
  bool agrees_ = true;
};

// The three largest of a map, by value.
std::vector<std::pair<std::string, int64_t>> Largest(const std::map<std::string, int64_t>& values) {
  std::vector<std::pair<std::string, int64_t>> sorted(values.begin(), values.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  sorted.resize(std::min<size_t>(3, sorted.size()));
  return sorted;
}

int64_t Differences(const std::map<std::string, int64_t>& a,
                    const std::map<std::string, int64_t>& b) {
  int64_t count = 0;
  for (const auto& [key, value] : a) {
    auto other = b.find(key);
    count += other == b.end() ? value != 0 : other->second != value;
  }
  for (const auto& [key, value] : b) count += !a.contains(key) && value != 0;
  return count;
}

absl::StatusOr<int64_t> CountEvents(Parts& parts) {
  int64_t events = 0;
  for (auto& [source, stub] : parts.events) {
    events::v1::GetHeadsRequest request;
    request.set_source(source);
    TANDEM_ASSIGN_OR_RETURN(events::v1::GetHeadsResponse heads,
                            Ask(*stub, &events::v1::EventService::Stub::GetHeads, request));
    events += heads.head();
  }
  return events;
}

}  // namespace

absl::StatusOr<bool> Report(const Company& company, Parts& parts, const Timing& timing,
                            std::ostream& out) {
  TANDEM_ASSIGN_OR_RETURN(Figures files, FiguresOfFiles(company));
  TANDEM_ASSIGN_OR_RETURN(Figures read, FiguresOfServices(company, parts));
  TANDEM_ASSIGN_OR_RETURN(MastersInStep masters, CompareMasters(parts));
  TANDEM_ASSIGN_OR_RETURN(int64_t events, CountEvents(parts));

  out << "Northwind, read back through the services' APIs (US dollars)\n";
  Table table(out);
  table.Count("orders", read.orders, files.orders);
  table.Count("order lines", read.lines, files.lines);
  table.Count("units ordered", read.units, files.units);
  table.Money("ordered", read.ordered_micros, files.ordered_micros);
  for (const auto& [year, micros] : files.ordered_by_year) {
    table.Money(absl::StrCat("  ordered in ", year), read.ordered_by_year[year], micros);
  }
  table.Count("invoices", read.invoices, files.invoices);
  table.Money("invoiced", read.invoiced_micros, files.invoiced_micros);
  for (const auto& [year, micros] : files.invoiced_by_year) {
    table.Money(absl::StrCat("  invoiced in ", year), read.invoiced_by_year[year], micros);
  }
  table.Money("paid", read.paid_micros, files.paid_micros);
  table.Money("open", read.open_micros, files.open_micros);
  for (const auto& [key, micros] : Largest(files.ordered_by_customer)) {
    table.Money(absl::StrCat("  customer ", key), read.ordered_by_customer[key], micros);
  }
  table.Count("customers whose orders differ",
              Differences(read.ordered_by_customer, files.ordered_by_customer), 0);
  for (const auto& [key, micros] : Largest(files.ordered_by_product)) {
    table.Money(absl::StrCat("  product ", key), read.ordered_by_product[key], micros);
  }
  table.Count("products whose orders differ",
              Differences(read.ordered_by_product, files.ordered_by_product), 0);
  int64_t available = 0, in_stock = 0;
  for (const auto& [key, pieces] : read.available) available += pieces;
  for (const auto& [key, pieces] : files.available) in_stock += pieces;
  table.Count("units available", available, in_stock);
  table.Count("products whose available stock differs",
              Differences(read.available, files.available), 0);
  table.Count("units reserved for open orders", read.reserved, files.reserved);
  table.Count("units on hand", read.on_hand, files.on_hand);
  table.Money("carriers' freight, shipped", read.freight_shipped_micros,
              files.freight_shipped_micros);
  table.Money(absl::StrCat("highest exposure (", read.highest_exposure_customer, ")"),
              read.highest_exposure_micros, files.highest_exposure_micros);
  table.Text("  of customer", read.highest_exposure_customer, files.highest_exposure_customer);
  table.Row("customers in step (CRM / ERP)",
            absl::StrCat(masters.customers_crm, " / ", masters.customers_erp),
            absl::StrCat(masters.customers_different, " different"),
            masters.customers_crm == masters.customers_erp && masters.customers_different == 0);
  table.Row("products in step (CRM / ERP)",
            absl::StrCat(masters.products_crm, " / ", masters.products_erp),
            absl::StrCat(masters.products_different, " different"),
            masters.products_crm == masters.products_erp && masters.products_different == 0);
  out << absl::StreamFormat("  %-44s %20d\n", "events", events);
  out << absl::StreamFormat("  %-44s %18.1f s\n", "import", absl::ToDoubleSeconds(timing.import));
  out << absl::StreamFormat("  %-44s %18.1f s\n", "replay of 830 orders",
                            absl::ToDoubleSeconds(timing.replay));
  out << (table.agrees() ? "The company is in step: every figure agrees.\n"
                         : "NOT in step: figures differ.\n");
  return table.agrees();
}

}  // namespace tandem::northwind
