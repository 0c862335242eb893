// What the customer service learns of its customers' dealings and credit: read models, filled from
// the events of order, billing and opportunity, never edited. What is not newer than what is known
// changes nothing, so events may come twice and, of different topics, in any order. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/type/money.pb.h"
#include "platform/base/state.h"
#include "tandem/customer/v1/dealings.pb.h"

namespace tandem::customer {

// A document as its service last told: it takes the place of what was known of it, in the list and
// in the sums of its customer. A document that names no customer keeps the one it had; without any
// it stands in no history. Errors: MONEY_OUT_OF_RANGE, and those of malformed amounts.
absl::Status LearnDocument(v1::DealingsDocument document, State& state);

// A debtor account, without its figures: `account_version` orders them.
absl::Status LearnAccount(absl::string_view customer_id, const v1::AccountStanding& account,
                          State& state);

// An account's figures as billing tells them with its events: `sequence` orders them.
struct AccountFigures {
  std::string customer_id, account_id;
  google::type::Money receivable, unapplied, committed, exposure;
  int64_t waiting = 0;
  int64_t open_invoices = 0;
  int64_t sequence = 0;
};
absl::Status LearnFigures(const AccountFigures& figures, State& state);

}  // namespace tandem::customer
