// Debtor accounts: opened, given credit and terms, blocked, closed. Pure.
//
// What a customer's first open account says of number, currency, credit, terms and blocks is shown
// on the customer too, in the same transaction (MirrorToCustomer).
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/state.h"
#include "tandem/billing/v1/billing_service.pb.h"

namespace tandem::billing {

// Of debtor accounts: the one of a number; those of a customer.
inline constexpr absl::string_view kOfDebtorNumber = "of_debtor_number";
inline constexpr absl::string_view kOfCustomer = "of_customer";

absl::StatusOr<v1::DebtorAccount> OpenAccount(const v1::OpenAccountRequest& request,
                                              Context& context, State& state);
void OpenAccountHints(const v1::OpenAccountRequest& request, Wanted& wanted);
absl::StatusOr<v1::DebtorAccount> SetCredit(const v1::SetCreditRequest& request, Context& context,
                                            State& state);
void SetCreditHints(const v1::SetCreditRequest& request, Wanted& wanted);
absl::StatusOr<v1::DebtorAccount> SetPaymentTerms(const v1::SetPaymentTermsRequest& request,
                                                  Context& context, State& state);
void SetPaymentTermsHints(const v1::SetPaymentTermsRequest& request, Wanted& wanted);
absl::StatusOr<v1::DebtorAccount> BlockAccount(const v1::BlockAccountRequest& request,
                                               Context& context, State& state);
void BlockAccountHints(const v1::BlockAccountRequest& request, Wanted& wanted);
absl::StatusOr<v1::DebtorAccount> UnblockAccount(const v1::UnblockAccountRequest& request,
                                                 Context& context, State& state);
void UnblockAccountHints(const v1::UnblockAccountRequest& request, Wanted& wanted);
absl::StatusOr<v1::DebtorAccount> CloseAccount(const v1::CloseAccountRequest& request,
                                               Context& context, State& state);
void CloseAccountHints(const v1::CloseAccountRequest& request, Wanted& wanted);

// --- What changing a customer shares with it ---

// An account in the making: checked, with every default filled in.
struct NewAccount {
  v1::DebtorAccount account;
};
// `wanted` says what is known; empty id: a new one; empty number: the next; the rest: the
// company's.
absl::StatusOr<NewAccount> PrepareAccount(v1::DebtorAccount wanted, Context& context, State& state);
// Puts it there, tells it, and decides what waited for it.
absl::Status PutAccount(const NewAccount& fresh, Context& context, State& state);

// Shows on the customer what its first account says; true when something changed.
bool Mirror(const v1::DebtorAccount& account, v1::Customer* customer);

// The same changes as by the commands, without the customer's side.
absl::Status ChangeCredit(absl::string_view account_id, v1::CreditPolicy policy, Context& context,
                          State& state);
absl::Status ChangeTerms(absl::string_view account_id, v1::PaymentTerms terms, Context& context,
                         State& state);
absl::Status ChangeBlock(absl::string_view account_id, v1::BlockKind kind, const v1::Block& block,
                         Context& context, State& state);
absl::Status ChangeNumberAndCurrency(absl::string_view account_id, absl::string_view debtor_number,
                                     absl::string_view currency, Context& context, State& state);

// PAYMENT_TERMS_INVALID; CREDIT_LIMIT_INVALID, MONEY_CURRENCY_MISMATCH. Both write what they check
// in the one form it is kept in, so that what is said twice is no change.
absl::Status CheckTerms(v1::PaymentTerms* terms);
absl::Status CheckCredit(v1::CreditPolicy* policy, absl::string_view currency);

}  // namespace tandem::billing
