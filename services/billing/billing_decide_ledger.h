// The books: double entry. Every posting has equal debits and credits in each currency, is made
// once per document, and is never changed. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "platform/base/state.h"
#include "tandem/billing/v1/ledger.pb.h"

namespace tandem::billing {

// The chart of accounts.
struct LedgerAccount {
  absl::string_view code;
  absl::string_view name;
};
inline constexpr absl::string_view kBank = "1000";
inline constexpr absl::string_view kReceivables = "1200";
inline constexpr absl::string_view kOutputTax = "2200";
inline constexpr absl::string_view kRevenue = "4000";
inline constexpr absl::string_view kReturns = "4050";
inline constexpr absl::string_view kAllowances = "4060";
inline constexpr absl::string_view kFreightCharged = "4100";
const std::vector<LedgerAccount>& ChartOfAccounts();

// An entry in the making: zero amounts are left out.
class Entry {
 public:
  explicit Entry(absl::string_view currency) : currency_(currency) {}
  Entry& Debit(absl::string_view ledger_account, int64_t micros, absl::string_view debtor = "",
               absl::string_view tax_code = "");
  Entry& Credit(absl::string_view ledger_account, int64_t micros, absl::string_view debtor = "",
                absl::string_view tax_code = "");
  const std::vector<v1::Posting>& postings() const { return postings_; }

 private:
  std::string currency_;
  std::vector<v1::Posting> postings_;
};

// What is posted: which document, and when.
struct Document {
  std::string id;  // the entry's key; for a reversal with ReversalOf
  v1::LedgerDocument kind = v1::LEDGER_DOCUMENT_UNSPECIFIED;
  std::string number;
  int32_t posting_date = 0;
  int32_t document_date = 0;
};
std::string ReversalOf(absl::string_view document_id);

// Puts the entry into the books. INTERNAL LEDGER_UNBALANCED, LEDGER_POSTED_TWICE: defects.
absl::Status Post(const Document& document, const Entry& entry, Context& context, State& state);

// OK when debits equal credits in each currency.
absl::Status CheckBalanced(const std::vector<v1::Posting>& postings);

// The day a document of that date stands in the books: its own, or, for the document of a fact, the
// first day of the next month that is open. FAILED_PRECONDITION BILLING_PERIOD_CLOSED for one typed
// by a person, naming `field`.
absl::StatusOr<int32_t> PostingDate(int32_t date, bool of_a_fact, absl::string_view field,
                                    State& state);
// The month of a day, "2026-01".
std::string PeriodOf(int32_t date);

// The next number of a gapless series: "INV-2026-000001". `series` is "INV" or "CRN".
std::string NextNumber(absl::string_view series, int32_t date, State& state);
std::string CounterOf(absl::string_view series, int32_t date);

}  // namespace tandem::billing
