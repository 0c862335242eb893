// An account's figures: what it owes and is promised. They are kept in one row, changed in the
// transaction that changes a part of them, so `exposure = receivable - unapplied + committed` holds
// after every command. Whatever touches an account's credit or documents looks this row up before
// anything else of the account: it is what replicas queue at.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "platform/base/fixed.h"
#include "platform/base/state.h"
#include "tandem/billing/v1/credit_commitment.pb.h"
#include "tandem/billing/v1/debtor_account.pb.h"

namespace tandem::billing {

// The account that a request means: the one it names, else the first one of the payer's customer;
// empty when that has none (yet).
std::string PayerAccountId(absl::string_view account_id, absl::string_view payer_customer_id,
                           State& state);
// Names the rows of that.
void PayerHints(absl::string_view account_id, absl::string_view payer_customer_id, Wanted& wanted);

// The account of a document or payer, for hints: it is locked before all that hangs on it, also
// where the request does not name it.
inline constexpr absl::string_view kAccountOfPayer = "account_of_payer";
inline constexpr absl::string_view kAccountOfOrder = "account_of_order";
inline constexpr absl::string_view kAccountOfInvoice = "account_of_invoice";
inline constexpr absl::string_view kAccountOfPayment = "account_of_payment";
void HintAccountOf(absl::string_view set, absl::string_view key, Wanted& wanted);
// The customer whose account an order still waits for.
inline constexpr absl::string_view kPayerOfOrder = "payer_of_order";

class Figures {
 public:
  // NOT_FOUND DEBTOR_ACCOUNT_NOT_FOUND.
  static absl::StatusOr<Figures> Of(absl::string_view account_id, State& state);

  const std::string& account_id() const { return account_id_; }
  const v1::DebtorAccount& account(State& state) const;
  const std::string& currency() const { return currency_; }
  int64_t exposure() const { return static_cast<int64_t>(receivable - unapplied + committed); }

  // The parts, to change; nothing counts before Write.
  Int128 receivable = 0;
  Int128 unapplied = 0;
  Int128 committed = 0;
  int64_t waiting = 0;
  int64_t open_invoices = 0;
  int64_t last_place = 0;
  bool used = false;
  bool invoiced = false;

  // Puts the parts into the row, with their sum and the highest there ever was. INTERNAL
  // BILLING_FIGURES_NEGATIVE for what only a defect brings; OUT_OF_RANGE MONEY_OUT_OF_RANGE.
  absl::Status Write(State& state);
  // The row, for events.
  v1::AccountExposure Row(State& state) const;

 private:
  std::string account_id_;
  std::string currency_;
};

// What a commitment holds of its account's credit: nothing once it is closed.
int64_t HeldBy(const v1::CreditCommitment& commitment);

// The account's limit in micros; none for an unlimited one.
std::optional<int64_t> LimitOf(const v1::DebtorAccount& account);

// Tells when a fact raised the exposure from `before` to what is above the limit.
void TellIfExceeded(const Figures& figures, int64_t before, absl::string_view document_id,
                    Context& context, State& state);

}  // namespace tandem::billing
