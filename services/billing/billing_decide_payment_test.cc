#include <gtest/gtest.h>

#include "services/billing/billing_test_desk.h"

namespace tandem::billing {
namespace {

v1::ApplyPaymentRequest Use(int payment, int shipment, absl::string_view amount = "") {
  v1::ApplyPaymentRequest request;
  request.set_payment_id(Pay(payment));
  auto* part = request.add_applications();
  part->set_invoice_id(Inv(shipment));
  if (!amount.empty()) *part->mutable_amount() = Usd(amount);
  return request;
}

TEST(RecordPayment, SettlesWhatItNamesInTurnAndKeepsTheRestOnAccount) {
  Desk desk;
  desk.Account(1, "");
  desk.Invoice(1, 1, "100");
  desk.Invoice(2, 2, "50");
  v1::RecordPaymentRequest money = Desk::Money(1, "120");
  for (int shipment : {1, 9, 1, 2}) money.add_invoice_ids(Inv(shipment));
  desk.Ok(RecordPayment, money);
  EXPECT_EQ(desk.told(), "PaymentReceived InvoiceSettled InvoicePartlySettled");
  EXPECT_EQ(desk.Open(2), "30");
  EXPECT_EQ(desk.Figures(), "30 - 0 + 0 = 30");
  desk.PayInvoice(2, "40", 2);  // too much
  EXPECT_EQ(desk.Figures(), "0 - 10 + 0 = -10");
  const auto& settled = desk.event<v1::InvoiceEvent>(1);
  EXPECT_EQ(settled.meta().entity_version(), 3);
  EXPECT_EQ(Text(settled.invoice_settled().open_amount()), "0");
  EXPECT_EQ(settled.invoice_settled().order_id(), Ord(2));
}

TEST(RecordPayment, FindsItsInvoiceByOrderElseByNumber) {
  struct Case {
    const char* what;
    int order;
    const char* reference;
    const char* open_1;
    const char* open_2;
  };
  const Case cases[] = {
      {"order", 2, "INV-2026-000001", "100", "0"},
      {"order without invoices: on account for it", 3, "INV-2026-000001", "100", "50"},
      {"number in the reference", 0, "thanks for inv-2026-000001!", "50", "50"},
      {"another number", 0, "INV-2026-000009", "100", "50"},
      {"nothing", 0, "", "100", "50"},
  };
  for (const Case& each : cases) {
    Desk desk;
    desk.Account(1, "");
    desk.Invoice(1, 1, "100");
    desk.Invoice(2, 2, "50");
    v1::RecordPaymentRequest money = Desk::Money(1, "50");
    if (each.order > 0) money.set_order_id(Ord(each.order));
    money.set_reference(each.reference);
    desk.Ok(RecordPayment, money);
    EXPECT_EQ(desk.Open(1), each.open_1) << each.what;
    EXPECT_EQ(desk.Open(2), each.open_2) << each.what;
  }
}

TEST(RecordPayment, AnswersTheSameWhenSentTwice) {
  Desk desk;
  desk.Account(1, "");
  desk.Invoice(1, 1, "100");
  desk.PayInvoice(1, "100", 1);
  desk.PayInvoice(1, "100", 1);
  EXPECT_EQ(desk.told(), "");
  v1::RecordPaymentRequest other = Desk::Money(1, "99");
  EXPECT_EQ(desk.Refused(RecordPayment, other), "PAYMENT_ALREADY_EXISTS");
}

TEST(RecordPayment, RefusesWhatIsNoMoneyOfAnAccount) {
  Desk desk;
  desk.Account(1, "");
  EXPECT_EQ(desk.Refused(RecordPayment, Desk::Money(1, "0")), "PAYMENT_AMOUNT_INVALID");
  EXPECT_EQ(desk.Refused(RecordPayment, Desk::Money(1, "0.001")), "PAYMENT_AMOUNT_INVALID");
  EXPECT_EQ(desk.Refused(RecordPayment, Desk::Money(1, "1", 9)), "DEBTOR_ACCOUNT_NOT_FOUND");
  v1::RecordPaymentRequest money = Desk::Money(1, "1");
  money.mutable_amount()->set_currency_code("EUR");
  EXPECT_EQ(desk.Refused(RecordPayment, money), "MONEY_CURRENCY_MISMATCH");
  money.clear_account_id();
  EXPECT_EQ(desk.Refused(RecordPayment, money), "PAYMENT_PAYER_MISSING");
  money.set_payer_customer_id(Cus(9));
  EXPECT_EQ(desk.Refused(RecordPayment, money), "DEBTOR_ACCOUNT_MISSING");
}

TEST(RecordPayment, NeverSettlesAnotherAccountsInvoice) {
  Desk desk;
  desk.Account(1, "");
  desk.Account(2, "");
  desk.Invoice(1, 1, "100", false, 2);
  desk.PayInvoice(1, "100", 1);
  EXPECT_EQ(desk.told(), "PaymentReceived");
  EXPECT_EQ(desk.Figures(2), "100 - 0 + 0 = 100");
  EXPECT_EQ(desk.Refused(ApplyPayment, Use(1, 1)), "PAYMENT_ACCOUNT_MISMATCH");
}

TEST(ApplyPayment, UsesMoneyOnAccountAndNoMore) {
  Desk desk;
  desk.Account(1, "");
  desk.Ok(RecordPayment, Desk::Money(1, "80"));
  desk.Invoice(1, 1, "100");
  desk.Invoice(2, 2, "50");
  EXPECT_EQ(desk.Refused(ApplyPayment, Use(1, 1, "80.01")), "PAYMENT_OVER_APPLIED");
  EXPECT_EQ(desk.Refused(ApplyPayment, Use(1, 2, "50.01")), "PAYMENT_OVER_APPLIED");
  EXPECT_EQ(desk.Refused(ApplyPayment, Use(9, 2)), "PAYMENT_NOT_FOUND");
  EXPECT_EQ(desk.Refused(ApplyPayment, Use(1, 9)), "INVOICE_NOT_FOUND");
  v1::ApplyPaymentRequest euros = Use(1, 1, "1");
  euros.mutable_applications(0)->mutable_amount()->set_currency_code("EUR");
  EXPECT_EQ(desk.Refused(ApplyPayment, euros), "PAYMENT_CURRENCY_MISMATCH");
  v1::ApplyPaymentRequest stale = Use(1, 1);
  stale.set_etag("\"7\"");
  EXPECT_EQ(desk.Refused(ApplyPayment, stale), "ETAG_MISMATCH");
  desk.Ok(ApplyPayment, Use(1, 2));
  EXPECT_EQ(desk.told(), "PaymentApplied InvoiceSettled");
  desk.Ok(ApplyPayment, Use(1, 1));
  EXPECT_EQ(desk.told(), "PaymentApplied InvoicePartlySettled");
  EXPECT_EQ(desk.Open(1), "70");
  EXPECT_EQ(desk.Refused(ApplyPayment, Use(1, 1)), "PAYMENT_OVER_APPLIED");
  desk.Bounce(1);
  EXPECT_EQ(desk.Refused(ApplyPayment, Use(1, 1)), "PAYMENT_REVERSED");
}

TEST(ReversePayment, OpensWhatItHadSettledAndStopsPromises) {
  Desk desk;
  desk.Account(1, "100");
  desk.Reserve(1, 1, "100");
  desk.Invoice(1, 1, "100", true);
  desk.PayInvoice(1, "120", 1);
  EXPECT_EQ(desk.Reserve(2, 1, "60"), "RESERVED");
  desk.Bounce(1);
  EXPECT_EQ(desk.told(), "PaymentReversed InvoiceReopened CreditLimitExceeded");
  EXPECT_EQ(desk.Row<v1::Invoice>(Inv(1)).settlement(), v1::INVOICE_SETTLEMENT_OPEN);
  EXPECT_EQ(desk.Figures(), "100 - 0 + 60 = 160");
  desk.Bounce(1);
  EXPECT_EQ(desk.told(), "");
  EXPECT_EQ(desk.Reserve(3, 1, "1"), "WAITING OVER_LIMIT");
  desk.PayInvoice(2, "100", 1);
  EXPECT_EQ(desk.told(), "PaymentReceived InvoiceSettled CreditReserved");
  v1::ReversePaymentRequest none;
  none.set_payment_id(Pay(9));
  EXPECT_EQ(desk.Refused(ReversePayment, none), "PAYMENT_NOT_FOUND");
}

TEST(ReversePayment, LetsTheCreditOfTheInvoiceSettleIt) {
  Desk desk;
  desk.Account(1, "");
  desk.Invoice(1, 1, "100");
  desk.PayInvoice(1, "100", 1);
  desk.Credit(1, 1, "60");
  EXPECT_EQ(desk.Figures(), "0 - 60 + 0 = -60");
  desk.Bounce(1);
  EXPECT_EQ(desk.told(), "PaymentReversed InvoiceReopened CreditNoteApplied InvoicePartlySettled");
  EXPECT_EQ(desk.Figures(), "40 - 0 + 0 = 40");
}

TEST(InvoiceNumberIn, FindsTheFirst) {
  EXPECT_EQ(InvoiceNumberIn("INV-2026-000001"), "INV-2026-000001");
  EXPECT_EQ(InvoiceNumberIn("re: inv-2026-1000001, INV-2026-000002"), "INV-2026-1000001");
  EXPECT_EQ(InvoiceNumberIn("INV-2026-00001"), "");
  EXPECT_EQ(InvoiceNumberIn(""), "");
}

}  // namespace
}  // namespace tandem::billing
