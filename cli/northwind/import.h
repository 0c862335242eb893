// Brings the company's masters in: customers through the CRM, products and stock through the ERP.
// Waits until both sides have them, for nobody may order what is not known yet.
#pragma once

#include "absl/status/status.h"
#include "cli/northwind/company.h"
#include "cli/northwind/parts.h"

namespace tandem::northwind {

inline constexpr char kCurrency[] = "USD";
inline constexpr char kUnit[] = "C62";  // one piece
inline constexpr char kTaxClass[] = "OUTSIDE_SCOPE";
inline constexpr int64_t kCreditLimit = 30'000;
inline constexpr int32_t kPaymentDays = 30;

absl::Status ImportMasters(const Company& company, Parts& parts);

// What is today's fact and not the past's: products that are no longer sold. After the replay.
absl::Status DiscontinueProducts(const Company& company, Parts& parts);

}  // namespace tandem::northwind
