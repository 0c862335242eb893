// The figures of the report: once from the files, once read back from the services.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "cli/northwind/company.h"
#include "cli/northwind/parts.h"

namespace tandem::northwind {

struct Figures {
  int64_t orders = 0, lines = 0, units = 0;
  int64_t ordered_micros = 0;   // order: nets of all orders
  int64_t invoiced_micros = 0;  // billing: totals of posted invoices
  int64_t paid_micros = 0;      // billing: payments received, applied
  int64_t open_micros = 0;      // order: nets of what is not shipped
  int64_t invoices = 0;
  std::map<int, int64_t> ordered_by_year, invoiced_by_year;
  std::map<std::string, int64_t> ordered_by_customer, ordered_by_product;  // by the files' keys
  std::map<std::string, int64_t> available;  // inventory: pieces by product's key
  int64_t on_hand = 0;
  int64_t reserved = 0;
  int64_t freight_shipped_micros = 0;  // inventory: what carriers cost us
  std::string highest_exposure_customer;
  int64_t highest_exposure_micros = 0;  // billing
};

// What the files say. The exposure is computed from them too: committed when ordered, paid 30 days
// after shipping, a day's payments before its orders.
absl::StatusOr<Figures> FiguresOfFiles(const Company& company);

absl::StatusOr<Figures> FiguresOfServices(const Company& company, Parts& parts);

}  // namespace tandem::northwind
