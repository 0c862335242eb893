// Whether both masters are in step: the CRM's and the ERP's copies of customers and products.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "cli/northwind/parts.h"

namespace tandem::northwind {

struct MastersInStep {
  int64_t customers_crm = 0, customers_erp = 0, customers_different = 0;
  int64_t products_crm = 0, products_erp = 0, products_different = 0;
  bool in_step() const {
    return customers_crm == customers_erp && products_crm == products_erp &&
           customers_different == 0 && products_different == 0;
  }
};

// Compares the shared fields that both sides name alike, for every record, read through both APIs.
absl::StatusOr<MastersInStep> CompareMasters(Parts& parts);

}  // namespace tandem::northwind
