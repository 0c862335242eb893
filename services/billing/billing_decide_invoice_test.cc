#include <gtest/gtest.h>

#include "services/billing/billing_test_desk.h"

namespace tandem::billing {
namespace {

// What the books say of a document: "1200 10 D, 4000 10 C".
std::string Books(Desk& desk, absl::string_view id) {
  std::string text;
  for (const v1::Posting& posting : desk.Row<v1::LedgerEntry>(id).postings()) {
    const bool debit = MicrosOf(posting.debit()) != 0;
    absl::StrAppend(&text, text.empty() ? "" : ", ", posting.ledger_account(), " ",
                    Text(debit ? posting.debit() : posting.credit()), debit ? " D" : " C");
  }
  return text;
}

TEST(PostInvoice, MovesCommittedToReceivable) {
  Desk desk;
  desk.Account(1, "1000");
  desk.Reserve(1, 1, "100");
  const v1::Invoice invoice = desk.Invoice(1, 1, "40");
  EXPECT_EQ(desk.told(), "InvoicePosted CreditInvoiced");
  EXPECT_EQ(desk.Figures(), "40 - 0 + 60 = 100");
  EXPECT_EQ(invoice.id(), Inv(1));
  EXPECT_EQ(invoice.number(), "INV-2026-000001");
  EXPECT_EQ(FormatDate(*DateFromProto(invoice.due_date(), "")), "2026-02-14");
  EXPECT_EQ(invoice.settlement(), v1::INVOICE_SETTLEMENT_OPEN);
  EXPECT_EQ(invoice.etag(), "\"1\"");
  EXPECT_EQ(Books(desk, Inv(1)), "1200 40 D, 4000 40 C");
  desk.Invoice(1, 2, "60", true);
  EXPECT_EQ(desk.told(), "InvoicePosted CreditReleased");
  EXPECT_EQ(desk.Figures(), "100 - 0 + 0 = 100");
}

TEST(PostInvoice, AnswersTheSameForAShipmentBilledBefore) {
  Desk desk;
  desk.Account(1, "1000");
  const v1::Invoice first = desk.Invoice(1, 1, "40");
  const v1::Invoice again = desk.Invoice(1, 1, "40");
  EXPECT_EQ(desk.told(), "");
  EXPECT_EQ(first.SerializeAsString(), again.SerializeAsString());
}

TEST(PostInvoice, RoundsTaxOncePerCodeOfTheDocument) {
  Desk desk;
  desk.Account(1, "");
  v1::PostInvoiceRequest bill = Desk::Bill(1, 1, {"0.33", "0.33", "0.33", "10", "5"});
  for (int i = 0; i < 3; ++i) {
    bill.mutable_lines(i)->set_tax_code("DE19");
    bill.mutable_lines(i)->mutable_tax_rate()->set_value("0.19");
  }
  bill.mutable_lines(4)->set_freight(true);
  const v1::Invoice invoice = desk.Ok(PostInvoice, bill);
  EXPECT_EQ(Text(invoice.tax()), "0.19");
  EXPECT_EQ(Text(invoice.total()), "16.18");
  EXPECT_EQ(invoice.taxes_size(), 2);
  EXPECT_EQ(Books(desk, Inv(1)), "1200 16.18 D, 4000 10.99 C, 4100 5 C, 2200 0.19 C");
}

TEST(PostInvoice, RefusesWhatCannotBeBilled) {
  Desk desk;
  desk.Account(1, "");
  struct Case {
    const char* reason;
    void (*spoil)(v1::PostInvoiceRequest&);
  };
  const Case cases[] = {
      {"INVOICE_PAYER_MISSING", [](v1::PostInvoiceRequest& r) { r.clear_account_id(); }},
      {"DEBTOR_ACCOUNT_NOT_FOUND", [](v1::PostInvoiceRequest& r) { r.set_account_id(Acc(9)); }},
      {"DEBTOR_ACCOUNT_MISSING",
       [](v1::PostInvoiceRequest& r) {
         r.clear_account_id();
         r.set_payer_customer_id(Cus(9));
       }},
      {"INVOICE_LINE_DUPLICATE", [](v1::PostInvoiceRequest& r) { *r.add_lines() = r.lines(0); }},
      {"INVOICE_NET_INVALID",
       [](v1::PostInvoiceRequest& r) { *r.mutable_lines(0)->mutable_net() = Usd("-1"); }},
      {"INVOICE_NET_INVALID",
       [](v1::PostInvoiceRequest& r) { *r.mutable_lines(0)->mutable_net() = Usd("0.001"); }},
      {"MONEY_CURRENCY_MISMATCH", [](v1::PostInvoiceRequest& r) { r.set_currency("EUR"); }},
      {"DECIMAL_OUT_OF_RANGE",
       [](v1::PostInvoiceRequest& r) { r.mutable_lines(0)->mutable_tax_rate()->set_value("2"); }},
      {"DATE_INVALID", [](v1::PostInvoiceRequest& r) { r.mutable_invoice_date()->set_day(0); }},
  };
  for (const Case& each : cases) {
    v1::PostInvoiceRequest bill = Desk::Bill(1, 1, {"10"});
    each.spoil(bill);
    EXPECT_EQ(desk.Refused(PostInvoice, bill), each.reason);
  }
  EXPECT_EQ(desk.Invoice(1, 1, "10").number(), "INV-2026-000001");  // refusals leave no gap
}

TEST(PostInvoice, FindsThePayersFirstAccount) {
  Desk desk;
  desk.Account(1, "");
  v1::PostInvoiceRequest bill = Desk::Bill(1, 1, {"10"});
  bill.clear_account_id();
  bill.set_payer_customer_id(Cus(1));
  EXPECT_EQ(desk.Ok(PostInvoice, bill).account_id(), Acc(1));
}

TEST(PostInvoice, OfAnAccountClosedSinceGoesToItStill) {
  Desk desk;
  desk.Account(1, "");
  EXPECT_EQ(desk.Reserve(1, 1, "0"), "RESERVED");
  v1::CloseAccountRequest close;
  close.set_account_id(Acc(1));
  desk.Ok(CloseAccount, close);  // nothing is open on it
  v1::PostInvoiceRequest bill = Desk::Bill(1, 1, {"0"});
  bill.clear_account_id();
  bill.set_payer_customer_id(Cus(1));
  EXPECT_EQ(desk.Ok(PostInvoice, bill).account_id(), Acc(1));
}

TEST(PostInvoice, OneTypedByAPersonHasNoShipment) {
  Desk desk;
  desk.Account(1, "");
  v1::PostInvoiceRequest bill = Desk::Bill(1, 1, {"10"});
  bill.clear_shipment_id();
  bill.set_invoice_id(Inv(77));
  EXPECT_EQ(desk.Ok(PostInvoice, bill).id(), Inv(77));
  EXPECT_EQ(desk.Refused(PostInvoice, bill), "INVOICE_ALREADY_EXISTS");
  bill.clear_invoice_id();
  EXPECT_EQ(desk.Ok(PostInvoice, bill).number(), "INV-2026-000002");
}

TEST(PostInvoice, AnInvoiceOverNothingIsSettled) {
  Desk desk;
  desk.Account(1, "");
  EXPECT_EQ(desk.Invoice(1, 1, "0").settlement(), v1::INVOICE_SETTLEMENT_SETTLED);
  EXPECT_EQ(desk.told(), "InvoicePosted CreditInvoiced InvoiceSettled");
}

TEST(PostInvoice, BeforeItsReservationIsCountedOnce) {
  Desk desk;
  desk.Account(1, "100");
  desk.Invoice(1, 1, "40");
  EXPECT_EQ(desk.Reserve(1, 1, "100"), "RESERVED");
  EXPECT_EQ(desk.Figures(), "40 - 0 + 60 = 100");
}

TEST(PostInvoice, AfterTheCommitmentClosedIsARceivableOnly) {
  Desk desk;
  desk.Account(1, "100");
  desk.Reserve(1, 1, "100");
  desk.Release(1);
  desk.Invoice(1, 1, "40", true);
  EXPECT_EQ(desk.told(), "InvoicePosted CreditInvoiced");
  EXPECT_EQ(desk.Figures(), "40 - 0 + 0 = 40");
}

TEST(PostInvoice, ToAnotherAccountFreesTheOneThatPromised) {
  Desk desk;
  desk.Account(1, "100");
  desk.Account(2, "100");
  desk.Reserve(1, 1, "100");
  desk.Reserve(2, 1, "100");
  desk.Invoice(1, 1, "100", true, /*account=*/2);
  EXPECT_EQ(desk.Figures(1), "0 - 0 + 100 = 100");  // the second order's
  EXPECT_EQ(desk.Figures(2), "100 - 0 + 0 = 100");
}

TEST(PostInvoice, TakesPaymentsThatNameItsOrderOldestFirst) {
  Desk desk;
  desk.Account(1, "");
  v1::RecordPaymentRequest money = Desk::Money(1, "30");
  money.set_order_id(Ord(1));
  desk.Ok(RecordPayment, money);
  money.set_payment_id(Pay(2));
  *money.mutable_payment_date() = Day("2026-02-01");
  desk.Ok(RecordPayment, money);
  desk.Ok(RecordPayment, Desk::Money(3, "500"));  // names nothing: stays on account
  desk.Invoice(1, 1, "40");
  EXPECT_EQ(desk.told(),
            "InvoicePosted CreditInvoiced PaymentApplied InvoicePartlySettled PaymentApplied "
            "InvoiceSettled");
  EXPECT_EQ(Text(desk.Row<v1::Payment>(Pay(2)).unapplied()), "0");
  EXPECT_EQ(Text(desk.Row<v1::Payment>(Pay(1)).unapplied()), "20");
  EXPECT_EQ(desk.Figures(), "0 - 520 + 0 = -520");
}

TEST(ClosedPeriod, RefusesWhatIsTypedAndMovesFactsToTheFirstOpenDay) {
  Desk desk;
  desk.Account(1, "");
  desk.Close("2026-01");
  EXPECT_EQ(desk.told(), "PeriodClosed");
  desk.Close("2026-01");
  EXPECT_EQ(desk.told(), "");
  desk.Close("2026-02");
  v1::PostInvoiceRequest typed = Desk::Bill(1, 1, {"10"});
  typed.clear_shipment_id();
  EXPECT_EQ(desk.Refused(PostInvoice, typed), "BILLING_PERIOD_CLOSED");
  const v1::Invoice invoice = desk.Invoice(1, 1, "10");
  EXPECT_EQ(FormatDate(*DateFromProto(invoice.posting_date(), "")), "2026-03-01");
  EXPECT_EQ(FormatDate(*DateFromProto(invoice.invoice_date(), "")), "2026-01-15");
  EXPECT_EQ(FormatDate(*DateFromProto(desk.PayInvoice(1, "10", 1).posting_date(), "")),
            "2026-03-01");
  desk.Close("2026-03");
  v1::PostCreditNoteRequest allowance = Desk::Return(1, 1, {"1"});
  allowance.clear_return_id();
  EXPECT_EQ(desk.Refused(PostCreditNote, allowance), "BILLING_PERIOD_CLOSED");
  EXPECT_EQ(FormatDate(*DateFromProto(desk.Credit(1, 1, "1").posting_date(), "")), "2026-04-01");
  v1::ReopenPeriodRequest reopen;
  reopen.set_period("2026-03");
  desk.Ok(ReopenPeriod, reopen);
  EXPECT_EQ(desk.told(), "PeriodReopened");
  desk.Ok(ReopenPeriod, reopen);
  EXPECT_EQ(desk.told(), "");
  desk.Ok(PostCreditNote, allowance);
  EXPECT_EQ(Books(desk, desk.events()[0].entity_id), "4060 1 D, 1200 1 C");
  reopen.set_period("2020-01");
  EXPECT_EQ(desk.Refused(ReopenPeriod, reopen), "ACCOUNTING_PERIOD_NOT_FOUND");
}

TEST(PostCreditNote, LowersItsInvoiceFirstAndTheRestIsOnAccount) {
  Desk desk;
  desk.Account(1, "");
  desk.Invoice(1, 1, "100");
  desk.PayInvoice(1, "70", 1);
  const v1::CreditNote note = desk.Credit(1, 1, "50");
  EXPECT_EQ(desk.told(), "CreditNotePosted InvoiceSettled");
  EXPECT_EQ(note.number(), "CRN-2026-000001");
  EXPECT_EQ(Text(note.applied()), "30");
  EXPECT_EQ(Text(note.unapplied()), "20");
  EXPECT_EQ(desk.Figures(), "0 - 20 + 0 = -20");
  EXPECT_EQ(Books(desk, note.id()), "4050 50 D, 1200 50 C");
  const v1::CreditNote again = desk.Credit(1, 1, "50");
  EXPECT_EQ(desk.told(), "");
  EXPECT_EQ(again.id(), note.id());
  desk.Credit(2, 1, "50");
  EXPECT_EQ(desk.told(), "CreditNotePosted InvoiceCredited");
}

TEST(PostCreditNote, OfEverythingInPartsEndsAtNothing) {
  Desk desk;
  desk.Account(1, "");
  v1::PostInvoiceRequest bill = Desk::Bill(1, 1, {"0.33", "0.33", "0.33"});
  for (int i = 0; i < 3; ++i) {
    bill.mutable_lines(i)->set_tax_code("DE19");
    bill.mutable_lines(i)->mutable_tax_rate()->set_value("0.19");
  }
  desk.Ok(PostInvoice, bill);
  const char* taxes[] = {"0.06", "0.07", "0.06"};
  for (int i = 0; i < 3; ++i) {
    std::vector<std::string> nets(3);
    nets[i] = "0.33";
    EXPECT_EQ(Text(desk.Ok(PostCreditNote, Desk::Return(i + 1, 1, nets)).tax()), taxes[i]);
  }
  EXPECT_EQ(desk.Open(1), "0");
  EXPECT_EQ(desk.Figures(), "0 - 0 + 0 = 0");
}

// That goods came back is a fact: what they cost does not matter.
TEST(PostCreditNote, OfGoodsBilledAtNothingCreditsNothing) {
  Desk desk;
  desk.Account(1, "");
  desk.Ok(PostInvoice, Desk::Bill(1, 1, {"0", "8"}));
  const v1::CreditNote note = desk.Credit(1, 1, "0");
  EXPECT_EQ(desk.told(), "CreditNotePosted InvoiceCredited");
  EXPECT_EQ(Text(note.total()), "0");
  EXPECT_EQ(desk.Open(1), "8");
  EXPECT_EQ(Books(desk, note.id()), "");
}

TEST(PostCreditNote, OfGoodsAfterAnAllowanceCreditsWhatItLeft) {
  Desk desk;
  desk.Account(1, "");
  desk.Ok(PostInvoice, Desk::Bill(1, 1, {"10"}));
  v1::PostCreditNoteRequest allowance = Desk::Return(9, 1, {"3"});
  allowance.clear_return_id();
  desk.Ok(PostCreditNote, allowance);
  EXPECT_EQ(Text(desk.Credit(1, 1, "5").net()), "5");
  EXPECT_EQ(desk.Open(1), "2");
  EXPECT_EQ(Text(desk.Credit(2, 1, "5").net()), "2");
  EXPECT_EQ(desk.Open(1), "0");
  const v1::InvoiceLine line = desk.Row<v1::Invoice>(Inv(1)).lines(0);
  EXPECT_EQ(Text(line.returned()), "10");
  EXPECT_EQ(Text(line.credited()), "10");
  EXPECT_EQ(desk.Refused(PostCreditNote, Desk::Return(3, 1, {"0.01"})), "CREDIT_OVER_INVOICED");
  EXPECT_EQ(desk.Refused(PostCreditNote, allowance), "CREDIT_OVER_INVOICED");
}

TEST(PostCreditNote, RefusesMoreThanWasBilled) {
  Desk desk;
  desk.Account(1, "");
  desk.Ok(PostInvoice, Desk::Bill(1, 1, {"10", "20"}));
  EXPECT_EQ(desk.Refused(PostCreditNote, Desk::Return(1, 1, {"10.01"})), "CREDIT_OVER_INVOICED");
  desk.Credit(1, 1, "6");
  EXPECT_EQ(desk.Refused(PostCreditNote, Desk::Return(2, 1, {"4.01"})), "CREDIT_OVER_INVOICED");
  EXPECT_EQ(desk.Refused(PostCreditNote, Desk::Return(2, 1, {"-1"})), "CREDIT_NET_INVALID");
  v1::PostCreditNoteRequest allowance = Desk::Return(2, 1, {"0"});
  allowance.clear_return_id();
  EXPECT_EQ(desk.Refused(PostCreditNote, allowance), "CREDIT_NET_INVALID");
  *allowance.mutable_lines(0)->mutable_net() = Usd("4.01");
  EXPECT_EQ(desk.Refused(PostCreditNote, allowance), "CREDIT_OVER_INVOICED");
  EXPECT_EQ(desk.Refused(PostCreditNote, Desk::Return(2, 1, {"", "", "1"})), "CREDIT_LINE_UNKNOWN");
  EXPECT_EQ(desk.Refused(PostCreditNote, Desk::Return(2, 9, {"1"})), "INVOICE_NOT_FOUND");
  v1::PostCreditNoteRequest nothing = Desk::Return(2, 1, {"1"});
  nothing.clear_shipment_id();
  EXPECT_EQ(desk.Refused(PostCreditNote, nothing), "CREDIT_INVOICE_MISSING");
  nothing.set_invoice_id(Inv(1));
  nothing.set_order_id(Ord(2));
  EXPECT_EQ(desk.Refused(PostCreditNote, nothing), "INVOICE_NOT_FOUND");
  desk.Credit(2, 1, "4");
  EXPECT_EQ(desk.Row<v1::Invoice>(Inv(1)).settlement(), v1::INVOICE_SETTLEMENT_PARTLY);
  v1::PostCreditNoteRequest named = Desk::Return(3, 1, {"", "1"});
  named.set_credit_note_id("crn_1");
  desk.Ok(PostCreditNote, named);
  named = Desk::Return(4, 1, {"", "1"});
  named.set_credit_note_id("crn_1");
  EXPECT_EQ(desk.Refused(PostCreditNote, named), "CREDIT_NOTE_ALREADY_EXISTS");
}

}  // namespace
}  // namespace tandem::billing
