// The queue for credit: what is asked of an account, judged against its figures, given or kept
// waiting, and decided again, oldest first, whenever there may be room. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "platform/base/state.h"
#include "services/billing/billing_decide_figures.h"
#include "tandem/billing/v1/credit_commitment.pb.h"

namespace tandem::billing {

// Sets of credit commitments that the store loads as a whole.
inline constexpr absl::string_view kWaitingOfAccount = "waiting_of_account";
inline constexpr absl::string_view kWaitingForPayer = "waiting_for_payer";
// Of invoices: those of an account that are not settled.
inline constexpr absl::string_view kOpenOfAccount = "open_of_account";

// A wish for credit: the gross of the whole order at a revision.
struct Wish {
  int64_t asked_micros = 0;
  std::string currency;
  int64_t revision = 0;
};

// Decides a wish of an order whose commitment is there and open, against an account: given, or
// waiting in its place. Changes the commitment and the figures, and tells what became of it;
// nothing is told of a wish that goes on waiting as it did.
absl::Status DecideWish(absl::string_view order_id, const Wish& wish, Figures& figures,
                        Context& context, State& state);

// Lets a wish wait until its payer has an account.
void WaitForAccount(absl::string_view order_id, const Wish& wish, Context& context, State& state);

// An order that waited for an account now has this one: it leaves that queue for the end of the
// account's. To be decided next, which tells what became of it.
absl::Status MoveToAccount(absl::string_view order_id, Figures& figures, State& state);

// Takes what waits out of its queue (a commitment that closes, or is about to be given).
void StopWaiting(v1::CreditCommitment* commitment, Figures* figures, State& state);

// Decides again what waits at an account, oldest first: to be called wherever its exposure fell,
// its limit rose or a block was lifted. One that does not fit does not stop a later one.
absl::Status DecideWaiting(absl::string_view account_id, Context& context, State& state);

// Brings what waited for an account of a customer to the account it now has, and decides it.
absl::Status AdoptWaiting(absl::string_view customer_id, absl::string_view account_id,
                          Context& context, State& state);

}  // namespace tandem::billing
