// The settings of the billing service beside those of every process.
#pragma once

#include <cstdint>
#include <string>

#include "platform/settings/schema.h"

namespace tandem::billing {

struct BillingSettings {
  explicit BillingSettings(settings::Schema& schema)
      : read_threads(schema.Int("billing.read_threads",
                                "Threads, and connections, that read for Get, List and reports.", 2,
                                1, 64)),
        currency(schema.String("billing.default_currency",
                               "The currency of a new debtor account (ISO 4217).", "USD")),
        credit_limit(schema.String(
            "billing.default_credit_limit",
            "The credit limit of a new debtor account, in its currency; 0 is prepayment.",
            "10000")),
        unlimited_credit(schema.Bool("billing.default_unlimited_credit",
                                     "Whether a new debtor account has no credit limit.", false)),
        net_days(schema.Int("billing.default_net_days",
                            "Days from invoice date to due date of a new debtor account.", 30, 0,
                            3650)) {}
  settings::Key<int64_t> read_threads;
  settings::Key<std::string> currency;
  settings::Key<std::string> credit_limit;
  settings::Key<bool> unlimited_credit;
  settings::Key<int64_t> net_days;
};

}  // namespace tandem::billing
