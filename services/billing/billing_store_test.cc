// Billing's decisions through the writer into both databases and back.
#include "services/billing/billing_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "platform/store/service_store_fixture.h"
#include "services/billing/billing_reports.h"
#include "services/billing/billing_test_desk.h"

namespace tandem::billing {
namespace {

class BillingStore : public store::ServiceStoreTest {
 protected:
  BillingStore() : ServiceStoreTest(BillingTables(), Migrations(), "/tandem/billing") {}

  template <class Request, class T>
  static store::Command CommandOf(absl::StatusOr<T> (*decide)(const Request&, Context&, State&),
                                  void (*hints)(const Request&, Wanted&), const Request& request) {
    store::Command command = ServiceStoreTest::CommandOf(decide, request);
    command.hints = [hints, request](Wanted& wanted) { hints(request, wanted); };
    return command;
  }
  template <class Request, class T>
  T Ok(absl::StatusOr<T> (*decide)(const Request&, Context&, State&),
       void (*hints)(const Request&, Wanted&), const Request& request) {
    absl::StatusOr<std::string> answer = writer_->Call(CommandOf(decide, hints, request));
    EXPECT_TRUE(answer.ok()) << answer.status();
    T out;
    if (answer.ok()) out.ParseFromString(*answer);
    return out;
  }

  void Account(int n, absl::string_view limit) {
    v1::CreateCustomerRequest customer;
    customer.set_customer_id(Cus(n));
    auto* body = customer.mutable_customer();
    body->set_display_name("Blauer See");
    body->set_status(v1::CUSTOMER_STATUS_PROSPECT);
    auto* address = body->add_addresses();
    address->set_address_id("main");
    address->mutable_address()->add_lines("Forsterstr. 57");
    address->mutable_address()->set_country_code("DE");
    const v1::Customer made = Ok(CreateCustomer, CreateCustomerHints, customer);
    EXPECT_EQ(made.SerializeAsString(), Read<v1::Customer>(Cus(n)).SerializeAsString());
    v1::OpenAccountRequest account;
    account.set_account_id(Acc(n));
    account.set_customer_id(Cus(n));
    *account.mutable_credit_policy() = Desk::Policy(limit);
    Ok(OpenAccount, OpenAccountHints, account);
  }

  std::string Figures(int account) {
    const auto row = Read<v1::AccountExposure>(Acc(account));
    return absl::StrCat(Text(row.receivable()), " - ", Text(row.unapplied()), " + ",
                        Text(row.committed()), " = ", Text(row.exposure()));
  }
  void ExpectBooksBalanced() {
    auto trial = ReadTrialBalance({}, *reader_);
    ASSERT_TRUE(trial.ok()) << trial.status();
    for (int i = 0; i < trial->debit_totals_size(); ++i) {
      EXPECT_EQ(trial->debit_totals(i).SerializeAsString(),
                trial->credit_totals(i).SerializeAsString());
    }
    auto debtors = ReadDebtorBalances({}, *reader_);
    ASSERT_TRUE(debtors.ok()) << debtors.status();
    for (const auto& each : debtors->balances()) {
      EXPECT_EQ(Text(each.balance()), Text(each.open_items())) << each.account_id();
    }
  }
};

TEST_P(BillingStore, ItsMigrationsMakeWhatItsMessagesNeed) {
  auto connection = store::Connect(*database_);
  const absl::Status status = store::CheckTables(*connection, schema_);
  EXPECT_TRUE(status.ok()) << status << "\n" << store::DdlOf(schema_);
}

TEST_P(BillingStore, KeepsEveryDocumentAsItWasAnswered) {
  Start();
  Account(1, "1000");
  const auto reserved = Ok(ReserveCredit, ReserveCreditHints, Desk::Wish(1, 1, "200"));
  EXPECT_EQ(reserved.credit_commitment().SerializeAsString(),
            Read<v1::CreditCommitment>(Ord(1)).SerializeAsString());
  v1::PostInvoiceRequest bill = Desk::Bill(1, 1, {"100", "50.25"});
  bill.mutable_lines(0)->set_tax_code("DE19");
  bill.mutable_lines(0)->mutable_tax_rate()->set_value("0.19");
  bill.mutable_bill_to()->set_name("Blauer See");
  bill.mutable_bill_to()->mutable_address()->add_lines("Forsterstr. 57");
  const auto invoice = Ok(PostInvoice, PostInvoiceHints, bill);
  EXPECT_EQ(invoice.SerializeAsString(), Read<v1::Invoice>(Inv(1)).SerializeAsString());
  EXPECT_EQ(Ok(PostInvoice, PostInvoiceHints, bill).SerializeAsString(),
            invoice.SerializeAsString());
  v1::RecordPaymentRequest money = Desk::Money(1, "169");
  money.set_order_id(Ord(1));
  const auto payment = Ok(RecordPayment, RecordPaymentHints, money);
  EXPECT_EQ(payment.SerializeAsString(), Read<v1::Payment>(Pay(1)).SerializeAsString());
  const auto note = Ok(PostCreditNote, PostCreditNoteHints, Desk::Return(1, 1, {"10", "1"}));
  EXPECT_EQ(note.SerializeAsString(), Read<v1::CreditNote>(note.id()).SerializeAsString());
  EXPECT_EQ(Ok(PostCreditNote, PostCreditNoteHints, Desk::Return(1, 1, {"10", "1"})).id(),
            note.id());
  v1::ReversePaymentRequest bounce;
  bounce.set_payment_id(Pay(1));
  *bounce.mutable_reversal_date() = Day("2026-02-20");
  Ok(ReversePayment, ReversePaymentHints, bounce);
  EXPECT_EQ(Figures(1), "156.35 - 0 + 30.75 = 187.1");
  const auto entry = Read<v1::LedgerEntry>(Inv(1));
  EXPECT_EQ(entry.postings_size(), 3);
  ExpectBooksBalanced();
}

TEST_P(BillingStore, FindsByItsSetsWhatADeskFindsInMemory) {
  Start();
  v1::ReserveCreditRequest early = Desk::Wish(9, 1, "60");
  early.clear_account_id();
  early.set_payer_customer_id(Cus(1));
  Ok(ReserveCredit, ReserveCreditHints, early);
  Account(1, "100");  // the order that waited for an account
  EXPECT_EQ(Figures(1), "0 - 0 + 60 = 60");
  Ok(ReserveCredit, ReserveCreditHints, Desk::Wish(1, 1, "90"));
  Ok(ReserveCredit, ReserveCreditHints, Desk::Wish(2, 1, "45"));
  EXPECT_EQ(Read<v1::AccountExposure>(Acc(1)).waiting(), 2);
  v1::RecordPaymentRequest prepaid = Desk::Money(1, "30");
  prepaid.set_order_id(Ord(2));
  Ok(RecordPayment, RecordPaymentHints, prepaid);  // makes room for the second
  EXPECT_EQ(Figures(1), "0 - 30 + 105 = 75");
  Ok(PostInvoice, PostInvoiceHints, Desk::Bill(2, 2, {"45"}, true));  // takes the prepayment
  EXPECT_EQ(Figures(1), "15 - 0 + 60 = 75");
  v1::RecordPaymentRequest by_number = Desk::Money(2, "15");
  by_number.set_reference("INV-2026-000001");
  Ok(RecordPayment, RecordPaymentHints, by_number);
  EXPECT_EQ(Figures(1), "0 - 0 + 60 = 60");
  v1::ReleaseCreditRequest release;
  release.set_order_id(Ord(9));
  Ok(ReleaseCredit, ReleaseCreditHints, release);
  EXPECT_EQ(Figures(1), "0 - 0 + 90 = 90");
  ExpectBooksBalanced();
}

// Case 3: many orders at the edge of a limit, at once.
TEST_P(BillingStore, SixtyFourOrdersAtTheEdgeOfALimit) {
  Start();
  Account(1, "1000");
  std::vector<store::Command> wishes;
  for (int order = 1; order <= 64; ++order) {
    wishes.push_back(CommandOf(ReserveCredit, ReserveCreditHints, Desk::Wish(order, 1, "100")));
  }
  int given = 0;
  for (const auto& answer : writer_->CallGroup(std::move(wishes))) {
    ASSERT_TRUE(answer.ok()) << answer.status();
    v1::ReserveCreditResponse response;
    response.ParseFromString(*answer);
    given += response.outcome() == v1::CREDIT_OUTCOME_RESERVED;
  }
  EXPECT_EQ(given, 10);
  v1::SetCreditRequest more;
  more.set_account_id(Acc(1));
  *more.mutable_credit_policy() = Desk::Policy("3000");
  Ok(SetCredit, SetCreditHints, more);
  EXPECT_EQ(Figures(1), "0 - 0 + 3000 = 3000");
  EXPECT_EQ(Read<v1::AccountExposure>(Acc(1)).waiting(), 34);
  for (int order = 1; order <= 30; ++order) {  // in the order they came
    EXPECT_FALSE(Read<v1::CreditCommitment>(Ord(order)).has_waiting()) << order;
  }
}

TEST_P(BillingStore, NumbersInvoicesOfOneBatchWithoutAGap) {
  Start();
  Account(1, "");
  std::vector<store::Command> bills;
  for (int n = 1; n <= 40; ++n) {
    v1::PostInvoiceRequest bill = Desk::Bill(n, n, {"1"}, true);
    if (n % 4 == 0) bill.set_currency("EUR");  // refused
    bills.push_back(CommandOf(PostInvoice, PostInvoiceHints, bill));
  }
  std::set<std::string> numbers;
  for (const auto& answer : writer_->CallGroup(std::move(bills))) {
    if (!answer.ok()) continue;
    v1::Invoice invoice;
    invoice.ParseFromString(*answer);
    numbers.insert(invoice.number());
  }
  EXPECT_EQ(numbers.size(), 30);
  EXPECT_EQ(*numbers.rbegin(), "INV-2026-000030");
  ExpectBooksBalanced();
}

// Two replicas: an order that asks for credit while its payer's account is being opened must not be
// left waiting, and together they give no more than the limit.
TEST_P(BillingStore, TwoReplicasMissNoWaitAndPassNoLimit) {
  if (database_->dialect() != "postgresql") GTEST_SKIP() << "SQLite has one writer";
  Start();
  store::WriterOptions options;
  options.source = "/tandem/billing";
  auto second = store::Writer::Start(*database_, schema_, clock_, options);
  ASSERT_TRUE(second.ok()) << second.status();
  constexpr int kCustomers = 30;
  std::thread opener([&] {
    for (int n = 1; n <= kCustomers; ++n) {
      v1::CreateCustomerRequest request;
      request.set_customer_id(Cus(n));
      request.mutable_customer()->set_display_name("Blauer See");
      request.mutable_customer()->set_status(v1::CUSTOMER_STATUS_CUSTOMER);
      auto made = (*second)->Call(CommandOf(CreateCustomer, CreateCustomerHints, request));
      EXPECT_TRUE(made.ok()) << made.status();
    }
  });
  for (int n = 1; n <= kCustomers; ++n) {
    v1::ReserveCreditRequest wish = Desk::Wish(n, 1, "70");
    wish.clear_account_id();
    wish.set_payer_customer_id(Cus(n));
    Ok(ReserveCredit, ReserveCreditHints, wish);
  }
  opener.join();
  for (int n = 1; n <= kCustomers; ++n) {
    EXPECT_FALSE(Read<v1::CreditCommitment>(Ord(n)).has_waiting()) << n;
  }

  Account(99, "1000");
  std::thread other([&] {
    for (int order = 101; order <= 120; ++order) {
      auto answer = (*second)->Call(
          CommandOf(ReserveCredit, ReserveCreditHints, Desk::Wish(order, 1, "100", 99)));
      EXPECT_TRUE(answer.ok()) << answer.status();
    }
  });
  for (int order = 201; order <= 220; ++order) {
    Ok(ReserveCredit, ReserveCreditHints, Desk::Wish(order, 1, "100", 99));
  }
  other.join();
  EXPECT_EQ(Figures(99), "0 - 0 + 1000 = 1000");
  EXPECT_EQ(Read<v1::AccountExposure>(Acc(99)).waiting(), 30);
}

TEST_P(BillingStore, ReadsTheBooksAsOfADay) {
  Start();
  Account(1, "");
  Ok(PostInvoice, PostInvoiceHints, Desk::Bill(1, 1, {"80"}));
  v1::RecordPaymentRequest money = Desk::Money(1, "80");
  money.add_invoice_ids(Inv(1));
  Ok(RecordPayment, RecordPaymentHints, money);
  v1::GetTrialBalanceRequest request;
  *request.mutable_as_of() = Day("2026-02-13");
  auto trial = ReadTrialBalance(request, *reader_);
  ASSERT_TRUE(trial.ok()) << trial.status();
  ASSERT_EQ(trial->balances_size(), 2);
  EXPECT_EQ(trial->balances(0).name(), "Receivables");
  EXPECT_EQ(Text(trial->balances(0).balance()), "80");
  EXPECT_EQ(Text(trial->balances(1).balance()), "-80");
  *request.mutable_as_of() = Day("2026-02-14");
  trial = ReadTrialBalance(request, *reader_);
  EXPECT_EQ(Text(trial->balances(1).balance()), "0");  // 1000, 1200, 4000
}

TEST_P(BillingStore, RefusesWhatCannotBeInTheDatabaseToo) {
  Start();
  Account(1, "1000");
  Ok(PostInvoice, PostInvoiceHints, Desk::Bill(1, 1, {"80"}));
  Ok(PostInvoice, PostInvoiceHints, Desk::Bill(1, 2, {"80"}));
  v1::RecordPaymentRequest money = Desk::Money(1, "80");
  Ok(RecordPayment, RecordPaymentHints, money);
  auto connection = store::Connect(*database_);
  for (const char* sql : {
           "UPDATE account_exposures SET exposure_micros = exposure_micros + 1",
           "UPDATE account_exposures SET receivable_micros = -1",
           "UPDATE account_exposures SET waiting = -1",
           "UPDATE invoices SET open_amount_micros = total_micros + 1",
           "UPDATE invoices SET open_amount_micros = -1",
           "UPDATE invoices SET total_micros = total_micros + 1",
           "UPDATE invoices SET number = 'INV-2026-000001'",
           "UPDATE invoices SET shipment_id = 'shp_x'",
           "UPDATE payments SET unapplied_micros = unapplied_micros + 1",
           "UPDATE ledger_entries_postings SET debit_micros = -1",
           "UPDATE ledger_entries_postings SET debit_micros = 1, credit_micros = 1",
       }) {
    auto result = store::RunOne(*connection, sql);
    EXPECT_EQ(store::ErrorOf(result.status()).failure, store::Failure::kConstraint) << sql;
  }
}

INSTANTIATE_TEST_SUITE_P(Drivers, BillingStore, testing::Values("sqlite", "postgresql"),
                         store::DriverName);

}  // namespace
}  // namespace tandem::billing
