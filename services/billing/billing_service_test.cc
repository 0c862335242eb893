// The service over gRPC, as a process hosts it.
#include "services/billing/billing_service.h"

#include <gtest/gtest.h>

#include "services/billing/billing_test_desk.h"
#include "tandem/billing/v1/billing_service.grpc.pb.h"
#include "tests/support/service_over_grpc.h"

namespace tandem::billing {
namespace {

class BillingOverGrpc : public test::ServiceOverGrpc<v1::BillingService> {
 protected:
  BillingOverGrpc() : ServiceOverGrpc(DeclareBilling) {}

  v1::Customer Create(int n) {
    v1::CreateCustomerRequest request;
    request.set_customer_id(Cus(n));
    request.mutable_customer()->set_display_name("Around the Horn");
    request.mutable_customer()->set_status(v1::CUSTOMER_STATUS_CUSTOMER);
    v1::Customer customer;
    EXPECT_EQ(Call(&v1::BillingService::Stub::CreateCustomer, request, &customer), "OK");
    return customer;
  }
};

TEST_F(BillingOverGrpc, FromCustomerToBalancedBooks) {
  const v1::Customer customer = Create(1);
  EXPECT_EQ(customer.debtor_number(), "D-1001");
  v1::BatchReserveCreditRequest wishes;
  for (int order = 1; order <= 3; ++order) {
    auto* wish = wishes.add_requests();
    *wish = Desk::Wish(order, 1, "4000");
    wish->set_account_id(customer.account_id());
  }
  wishes.mutable_requests(1)->mutable_amount()->set_units(-1);
  v1::BatchReserveCreditResponse outcomes;
  ASSERT_EQ(Call(&Stub::BatchReserveCredit, wishes, &outcomes), "OK");
  ASSERT_EQ(outcomes.results_size(), 3);
  EXPECT_EQ(outcomes.results(0).response().outcome(), v1::CREDIT_OUTCOME_RESERVED);
  EXPECT_NE(outcomes.results(1).status().code(), 0);
  EXPECT_EQ(Text(outcomes.results(2).response().credit_commitment().committed()), "4000");

  v1::PostInvoiceRequest bill = Desk::Bill(1, 1, {"4000"}, true);
  bill.set_account_id(customer.account_id());
  v1::Invoice invoice;
  ASSERT_EQ(Call(&Stub::PostInvoice, bill, &invoice), "OK");
  v1::RecordPaymentRequest money = Desk::Money(1, "1000");
  money.set_account_id(customer.account_id());
  money.set_reference(invoice.number());
  v1::Payment payment;
  ASSERT_EQ(Call(&Stub::RecordPayment, money, &payment), "OK");

  v1::GetAccountExposureRequest get;
  get.set_id(customer.account_id());
  v1::AccountExposure exposure;
  ASSERT_EQ(Call(&Stub::GetAccountExposure, get, &exposure), "OK");
  EXPECT_EQ(Text(exposure.exposure()), "7000");
  EXPECT_EQ(Text(exposure.highest_exposure()), "8000");
  v1::GetTrialBalanceRequest ask;
  v1::TrialBalance trial;
  ASSERT_EQ(Call(&Stub::GetTrialBalance, ask, &trial), "OK");
  EXPECT_EQ(Text(trial.debit_totals(0)), Text(trial.credit_totals(0)));
  v1::DebtorBalances debtors;
  v1::GetDebtorBalancesRequest ask_debtor;
  ask_debtor.set_account_id(customer.account_id());
  ASSERT_EQ(Call(&Stub::GetDebtorBalances, ask_debtor, &debtors), "OK");
  EXPECT_EQ(Text(debtors.balances(0).balance()), "3000");
  EXPECT_EQ(Text(debtors.balances(0).open_items()), "3000");

  v1::ListInvoicesRequest list;
  list.set_filter("order_id = \"" + Ord(1) + "\" AND settlement = INVOICE_SETTLEMENT_PARTLY");
  v1::ListInvoicesResponse invoices;
  ASSERT_EQ(Call(&Stub::ListInvoices, list, &invoices), "OK");
  ASSERT_EQ(invoices.invoices_size(), 1);
  EXPECT_EQ(invoices.invoices(0).number(), "INV-2026-000001");
  v1::BatchGetLedgerEntriesRequest entries_of;
  entries_of.add_ids(Inv(1));
  entries_of.add_ids(Pay(1));
  v1::BatchGetLedgerEntriesResponse entries;
  ASSERT_EQ(Call(&Stub::BatchGetLedgerEntries, entries_of, &entries), "OK");
  EXPECT_EQ(entries.ledger_entries_size(), 2);
}

TEST_F(BillingOverGrpc, AnswersARepeatedRequestTheSame) {
  v1::CreateCustomerRequest request;
  request.mutable_customer()->set_display_name("Around the Horn");
  request.mutable_customer()->set_status(v1::CUSTOMER_STATUS_CUSTOMER);
  request.set_request_id("6f1c2b1e-7d3c-4b6a-9a53-2f1f0d0c9b11");
  v1::Customer first, second;
  ASSERT_EQ(Call(&Stub::CreateCustomer, request, &first), "OK");
  ASSERT_EQ(Call(&Stub::CreateCustomer, request, &second), "OK");
  EXPECT_EQ(first.SerializeAsString(), second.SerializeAsString());
  request.mutable_customer()->set_display_name("Another");
  EXPECT_EQ(Call(&Stub::CreateCustomer, request, &second), "REQUEST_ID_REUSED");
  v1::GetCustomerRequest get;
  get.set_id(Cus(9));
  EXPECT_EQ(Call(&Stub::GetCustomer, get, &second), "CUSTOMER_NOT_FOUND");
  get.set_id("ALFKI");
  EXPECT_EQ(Call(&Stub::GetCustomer, get, &second), "ID_MALFORMED");
}

TEST_F(BillingOverGrpc, TakesItsDefaultsFromTheSettings) {
  v1::GetTaxCodeRequest get;
  get.set_id("OUTSIDE_SCOPE");
  v1::TaxCode code;
  ASSERT_EQ(Call(&Stub::GetTaxCode, get, &code), "OK");
  EXPECT_EQ(code.rate().value(), "0");
  EXPECT_EQ(code.tax_class(), "OUTSIDE_SCOPE");
  Stop();
  Start({"--billing.default_currency=EUR", "--billing.default_credit_limit=123.45",
         "--billing.default_net_days=10"});
  const v1::Customer customer = Create(1);
  EXPECT_EQ(customer.currency(), "EUR");
  EXPECT_EQ(Text(customer.credit_policy().limit()), "123.45");
  EXPECT_EQ(customer.payment_terms().net_days(), 10);
  Stop();
  Start({"--billing.default_unlimited_credit=true"});
  EXPECT_EQ(Create(2).credit_policy().kind(), v1::CREDIT_POLICY_KIND_UNLIMITED);
}

}  // namespace
}  // namespace tandem::billing
