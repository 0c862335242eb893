#include <gtest/gtest.h>

#include "services/billing/billing_test_desk.h"

namespace tandem::billing {
namespace {

struct Step {
  const char* what;
  int order;
  int revision;
  const char* amount;
  const char* outcome;
  const char* figures;
};

TEST(ReserveCredit, GivesUpToTheLimitAndNoMore) {
  Desk desk;
  desk.Account(1, "1000");
  const Step steps[] = {
      {"first", 1, 1, "600", "RESERVED", "0 - 0 + 600 = 600"},
      {"equal to the limit is allowed", 2, 1, "400", "RESERVED", "0 - 0 + 1000 = 1000"},
      {"a cent above waits", 3, 1, "0.01", "WAITING OVER_LIMIT", "0 - 0 + 1000 = 1000"},
      {"nothing is always given", 4, 1, "0", "RESERVED", "0 - 0 + 1000 = 1000"},
      {"smaller is always given, and makes room", 1, 2, "599.99", "RESERVED",
       "0 - 0 + 1000 = 1000"},
      {"larger again is checked", 1, 3, "600", "WAITING OVER_LIMIT", "0 - 0 + 1000 = 1000"},
      {"an older revision does nothing", 1, 1, "1", "SUPERSEDED", "0 - 0 + 1000 = 1000"},
      {"a waiting order may shrink to what it has", 1, 4, "500", "RESERVED",
       "0 - 0 + 900.01 = 900.01"},
  };
  for (const Step& step : steps) {
    EXPECT_EQ(desk.Reserve(step.order, step.revision, step.amount), step.outcome) << step.what;
    EXPECT_EQ(desk.Figures(), step.figures) << step.what;
  }
}

TEST(ReserveCredit, ToldOnceHowMuchRoomWasMissing) {
  Desk desk;
  desk.Account(1, "1000");
  desk.Reserve(1, 1, "900");
  EXPECT_EQ(desk.told(), "CreditReserved");
  desk.Reserve(2, 1, "250");
  ASSERT_EQ(desk.told(), "CreditRefused");
  const auto& refused = desk.event<v1::CreditCommitmentEvent>(0).credit_refused();
  EXPECT_EQ(refused.reason(), v1::CREDIT_REFUSAL_REASON_OVER_LIMIT);
  EXPECT_EQ(Text(refused.limit()), "1000");
  EXPECT_EQ(Text(refused.exposure()), "900");
  EXPECT_EQ(Text(refused.requested()), "250");
  EXPECT_EQ(Text(refused.shortfall()), "150");
  EXPECT_EQ(refused.revision(), 1);
  EXPECT_EQ(desk.events()[0].routing_key, Ord(2));
  desk.Reserve(2, 1, "250");
  EXPECT_EQ(desk.told(), "");
  desk.Reserve(1, 1, "900");
  EXPECT_EQ(desk.told(), "");
}

TEST(ReserveCredit, NamesTheOldestOpenInvoice) {
  Desk desk;
  desk.Account(1, "100");
  desk.Invoice(1, 1, "80", true);
  desk.Reserve(2, 1, "50");
  const auto& refused = desk.event<v1::CreditCommitmentEvent>(0).credit_refused();
  EXPECT_EQ(FormatDate(*DateFromProto(refused.oldest_due_date(), "")), "2026-02-14");
}

TEST(ReserveCredit, RefusesWhatMeansNothing) {
  Desk desk;
  desk.Account(1, "1000");
  EXPECT_EQ(desk.Refused(ReserveCredit, Desk::Wish(1, 1, "-1")), "CREDIT_AMOUNT_NEGATIVE");
  v1::ReserveCreditRequest nobody = Desk::Wish(1, 1, "1");
  nobody.clear_account_id();
  EXPECT_EQ(desk.Refused(ReserveCredit, nobody), "CREDIT_PAYER_MISSING");
  EXPECT_EQ(desk.Refused(ReserveCredit, Desk::Wish(1, 1, "1", 9)), "DEBTOR_ACCOUNT_NOT_FOUND");
}

TEST(ReserveCredit, WaitsForAnAccountByItsPayer) {
  Desk desk;
  v1::ReserveCreditRequest wish = Desk::Wish(1, 1, "70");
  wish.clear_account_id();
  wish.set_payer_customer_id(Cus(1));
  EXPECT_EQ(Desk::Outcome(desk.Ok(ReserveCredit, wish)), "WAITING ACCOUNT_MISSING");
  EXPECT_EQ(desk.told(), "CreditRefused");
  wish.set_order_id(Ord(2));
  *wish.mutable_amount() = Usd("50");
  desk.Ok(ReserveCredit, wish);
  wish.set_order_id(Ord(3));
  *wish.mutable_amount() = Usd("20");
  desk.Ok(ReserveCredit, wish);
  desk.Ok(ReserveCredit, wish);
  EXPECT_EQ(desk.told(), "");
  // Oldest first; the second does not fit, the third does.
  desk.Account(1, "100");
  EXPECT_EQ(desk.told(),
            "DebtorAccountOpened CreditReserved CreditRefused CreditReserved "
            "CustomerUpdated");
  EXPECT_EQ(desk.Figures(), "0 - 0 + 90 = 90");
  EXPECT_EQ(desk.Commitment(2).waiting().reason(), v1::CREDIT_REFUSAL_REASON_OVER_LIMIT);
  EXPECT_EQ(desk.Commitment(1).account_id(), Acc(1));
  const auto& reserved = desk.event<v1::CreditCommitmentEvent>(1).credit_reserved();
  EXPECT_TRUE(reserved.lifts_refusal());
}

TEST(ReserveCredit, OverNothingWaitsForAnAccountToo) {
  Desk desk;
  v1::ReserveCreditRequest wish = Desk::Wish(1, 1, "0");
  wish.clear_account_id();
  wish.set_payer_customer_id(Cus(1));
  EXPECT_EQ(Desk::Outcome(desk.Ok(ReserveCredit, wish)), "WAITING ACCOUNT_MISSING");
  desk.Account(1, "100");
  EXPECT_EQ(desk.told(), "DebtorAccountOpened CreditReserved CustomerUpdated");
  EXPECT_EQ(desk.Commitment(1).account_id(), Acc(1));
}

TEST(ReserveCredit, AnOrderThatWaitedForAnAccountMayNameOne) {
  Desk desk;
  v1::ReserveCreditRequest wish = Desk::Wish(1, 1, "70");
  wish.clear_account_id();
  wish.set_payer_customer_id(Cus(7));
  desk.Ok(ReserveCredit, wish);
  desk.Account(1, "100");
  EXPECT_EQ(desk.Reserve(1, 1, "70"), "RESERVED");
  EXPECT_TRUE(desk.event<v1::CreditCommitmentEvent>(0).credit_reserved().lifts_refusal());
  EXPECT_EQ(desk.Row<v1::PayerAccount>(Cus(7)).waiting(), 0);
  EXPECT_EQ(desk.Figures(), "0 - 0 + 70 = 70");
}

TEST(ReserveCredit, AnotherCurrencyWaitsForAnAmendment) {
  Desk desk;
  desk.Account(1, "1000");
  v1::ReserveCreditRequest wish = Desk::Wish(1, 1, "0");
  *wish.mutable_amount() = MoneyOf(5 * kMicrosPerUnit, "EUR");
  EXPECT_EQ(Desk::Outcome(desk.Ok(ReserveCredit, wish)), "WAITING CURRENCY_MISMATCH");
  EXPECT_EQ(desk.Reserve(1, 2, "5"), "RESERVED");
}

TEST(ReserveCredit, ABlockedAccountGivesNothingMore) {
  Desk desk;
  desk.Account(1, "1000");
  desk.Reserve(1, 1, "100");
  desk.Block(true);
  EXPECT_EQ(desk.told(), "DebtorAccountBlocked");
  desk.Block(true);
  EXPECT_EQ(desk.told(), "");
  EXPECT_EQ(desk.Reserve(1, 2, "90"), "RESERVED");
  EXPECT_EQ(desk.Reserve(1, 3, "100"), "WAITING ACCOUNT_BLOCKED");
  EXPECT_EQ(desk.Reserve(2, 1, "10"), "WAITING ACCOUNT_BLOCKED");
  desk.Override(2, "10");
  EXPECT_EQ(desk.told(), "CreditOverridden");
  desk.Block(false);
  EXPECT_EQ(desk.told(), "DebtorAccountUnblocked CreditReserved CreditReserved");
  EXPECT_EQ(desk.Figures(), "0 - 0 + 110 = 110");
}

TEST(ReserveCredit, ALimitOfNothingIsPrepayment) {
  Desk desk;
  desk.Account(1, "0");
  EXPECT_EQ(desk.Reserve(1, 1, "50"), "WAITING OVER_LIMIT");
  desk.Ok(RecordPayment, Desk::Money(1, "49.99"));
  EXPECT_EQ(desk.told(), "PaymentReceived");
  desk.Ok(RecordPayment, Desk::Money(2, "0.01"));
  EXPECT_EQ(desk.told(), "PaymentReceived CreditReserved");
  EXPECT_EQ(desk.Figures(), "0 - 50 + 50 = 0");
}

TEST(ReserveCredit, AnUnlimitedAccountGivesAll) {
  Desk desk;
  desk.Account(1, "");
  EXPECT_EQ(desk.Reserve(1, 1, "999999999"), "RESERVED");
}

// Case 3: what makes room reserves what waited.
TEST(Waiting, IsReservedByWhateverMakesRoom) {
  struct Room {
    const char* what;
    void (*make)(Desk&);
  };
  const Room rooms[] = {
      {"payment", [](Desk& d) { d.PayInvoice(1, "50", 1); }},
      {"payment on account", [](Desk& d) { d.Ok(RecordPayment, Desk::Money(1, "50")); }},
      {"credit note", [](Desk& d) { d.Credit(1, 1, "50"); }},
      {"cancellation", [](Desk& d) { d.Release(2); }},
      {"smaller amendment", [](Desk& d) { d.Reserve(2, 2, "0"); }},
      {"raised limit", [](Desk& d) { d.Limit("150"); }},
      {"no limit", [](Desk& d) { d.Limit(""); }},
      {"last invoice below the commitment", [](Desk& d) { d.Invoice(2, 2, "0", true); }},
      {"override", [](Desk& d) { d.Override(3, "50"); }},
  };
  for (const Room& room : rooms) {
    Desk desk;
    desk.Account(1, "100");
    desk.Invoice(1, 1, "50", true);
    desk.Reserve(2, 1, "50");
    EXPECT_EQ(desk.Reserve(3, 1, "50"), "WAITING OVER_LIMIT") << room.what;
    room.make(desk);
    EXPECT_EQ(Text(desk.Commitment(3).committed()), "50") << room.what;
    EXPECT_FALSE(desk.Commitment(3).has_waiting()) << room.what;
  }
}

TEST(Waiting, GoesOldestFirstAndOneThatDoesNotFitStopsNoOther) {
  Desk desk;
  desk.Account(1, "100");
  desk.Reserve(1, 1, "100");
  for (int order : {2, 3, 4, 5}) {
    const char* amounts[] = {"", "", "70", "60", "30", "10"};
    desk.Reserve(order, 1, amounts[order]);
  }
  desk.Reserve(3, 2, "65");  // amended, it keeps its place
  desk.Release(1);
  EXPECT_EQ(desk.told(), "CreditReleased CreditReserved CreditReserved");
  EXPECT_TRUE(desk.Commitment(3).has_waiting());
  EXPECT_TRUE(desk.Commitment(5).has_waiting());
  EXPECT_EQ(desk.Figures(), "0 - 0 + 100 = 100");
  desk.Release(2);
  EXPECT_EQ(Text(desk.Commitment(3).committed()), "65");
  EXPECT_EQ(desk.Figures(), "0 - 0 + 95 = 95");
}

TEST(ReleaseCredit, StaysClosedWhateverArrivesLater) {
  Desk desk;
  desk.Account(1, "100");
  desk.Release(1);  // overtakes the reservation
  EXPECT_EQ(desk.told(), "CreditReleased");
  EXPECT_EQ(desk.Reserve(1, 1, "50"), "SUPERSEDED");
  desk.Reserve(2, 1, "50");
  desk.Release(2);
  desk.Release(2);
  EXPECT_EQ(desk.told(), "");
  EXPECT_EQ(desk.Reserve(2, 9, "50"), "SUPERSEDED");
  EXPECT_EQ(desk.Figures(), "0 - 0 + 0 = 0");
  v1::OverrideCreditRequest word;
  word.set_order_id(Ord(2));
  *word.mutable_amount() = Usd("1");
  EXPECT_EQ(desk.Refused(OverrideCredit, word), "CREDIT_COMMITMENT_CLOSED");
  word.set_order_id(Ord(3));
  EXPECT_EQ(desk.Refused(OverrideCredit, word), "CREDIT_COMMITMENT_NOT_FOUND");
}

TEST(ReleaseCredit, EndsAWaitAtAnAccountAndForOne) {
  Desk desk;
  desk.Account(1, "0");
  desk.Reserve(1, 1, "5");
  desk.Release(1);
  EXPECT_EQ(desk.Row<v1::AccountExposure>(Acc(1)).waiting(), 0);
  v1::ReserveCreditRequest wish = Desk::Wish(2, 1, "70");
  wish.clear_account_id();
  wish.set_payer_customer_id(Cus(7));
  desk.Ok(ReserveCredit, wish);
  desk.Release(2);
  EXPECT_EQ(desk.Row<v1::PayerAccount>(Cus(7)).waiting(), 0);
}

TEST(OverrideCredit, LetsOneIncreasePassAndTheNextIsChecked) {
  Desk desk;
  desk.Account(1, "100");
  desk.Reserve(1, 1, "150");
  desk.Override(1, "120");  // less than asked: kept for an amendment
  EXPECT_EQ(desk.told(), "CreditOverridden");
  desk.Override(1, "120");
  EXPECT_EQ(desk.told(), "");
  EXPECT_EQ(desk.Reserve(1, 2, "120"), "RESERVED");
  EXPECT_TRUE(desk.event<v1::CreditCommitmentEvent>(0).credit_reserved().overridden());
  EXPECT_EQ(desk.Figures(), "0 - 0 + 120 = 120");
  // Amending down and up again does not get past the limit.
  EXPECT_EQ(desk.Reserve(1, 3, "10"), "RESERVED");
  EXPECT_EQ(desk.Reserve(1, 4, "110"), "WAITING OVER_LIMIT");
  EXPECT_EQ(desk.Reserve(1, 5, "100"), "RESERVED");
}

TEST(CloseAmendAndReopen, DoNotGetPastTheLimit) {
  Desk desk;
  desk.Account(1, "100");
  desk.Reserve(1, 1, "100");
  desk.Invoice(1, 1, "100", true);
  EXPECT_EQ(desk.Reserve(1, 2, "200"), "SUPERSEDED");
  EXPECT_EQ(desk.Reserve(2, 1, "1"), "WAITING OVER_LIMIT");
  desk.Invoice(2, 2, "1");  // goods that left are billed all the same
  EXPECT_EQ(desk.told(), "InvoicePosted CreditInvoiced CreditLimitExceeded");
  EXPECT_EQ(desk.Figures(), "101 - 0 + 0 = 101");
  EXPECT_EQ(desk.Reserve(2, 2, "2"), "WAITING OVER_LIMIT");
}

TEST(SetCredit, ALoweredLimitIsToldAndStopsFurtherPromises) {
  Desk desk;
  desk.Account(1, "100");
  desk.Reserve(1, 1, "80");
  desk.Limit("50");
  EXPECT_EQ(desk.told(), "DebtorAccountCreditSet CreditLimitExceeded CustomerUpdated");
  const auto& exceeded = desk.event<v1::DebtorAccountEvent>(1).credit_limit_exceeded();
  EXPECT_EQ(Text(exceeded.excess()), "30");
  desk.Limit("50");
  EXPECT_EQ(desk.told(), "");
  EXPECT_EQ(desk.Reserve(2, 1, "1"), "WAITING OVER_LIMIT");
  EXPECT_EQ(desk.Reserve(1, 2, "80"), "RESERVED");
}

TEST(HighestExposure, IsTheMostThereWasAfterACommand) {
  Desk desk;
  desk.Account(1, "1000");
  desk.Reserve(1, 1, "300");
  desk.Invoice(1, 1, "300", true);
  EXPECT_EQ(Text(desk.Row<v1::AccountExposure>(Acc(1)).highest_exposure()), "300");
  desk.PayInvoice(1, "300", 1);
  desk.Reserve(2, 1, "200");
  EXPECT_EQ(Text(desk.Row<v1::AccountExposure>(Acc(1)).highest_exposure()), "300");
}

}  // namespace
}  // namespace tandem::billing
