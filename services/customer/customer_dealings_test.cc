// What is learned of dealings and credit: sums that follow their documents, in any order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "platform/base/money.h"
#include "services/customer/customer_decide_dealings.h"
#include "services/customer/customer_test_desk.h"

namespace tandem::customer {
namespace {

using google::type::Money;

std::string Show(const Money& money) {
  return money.currency_code().empty()
             ? "none"
             : FormatAmount(FromProto(money, "")->micros, money.currency_code());
}

struct Books : Desk {
  void Document(const std::string& text) {
    state.Begin();
    Learned(LearnDocument(Text<v1::DealingsDocument>(text), state));
  }
  void Account(const std::string& customer, const std::string& text) {
    state.Begin();
    Learned(LearnAccount(customer, Text<v1::AccountStanding>(text), state));
  }
  void Figures(int64_t sequence, int receivable, int unapplied, int committed) {
    state.Begin();
    AccountFigures figures;
    figures.customer_id = "cus_a";
    figures.account_id = "acc_1";
    figures.receivable = Eur(receivable);
    figures.unapplied = Eur(unapplied);
    figures.committed = Eur(committed);
    figures.exposure = Eur(receivable - unapplied + committed);
    figures.sequence = sequence;
    Learned(LearnFigures(figures, state));
  }
  static Money Eur(int units) { return MoneyOf(units * 1'000'000LL, "EUR"); }
  static std::string Cash(const std::string& name, int units) {
    return absl::StrCat(name, " { currency_code: 'EUR' units: ", units, " } ");
  }
  static std::string Order(int version, int amount, const std::string& more = "") {
    return absl::StrCat("id: 'ord_1' customer_id: 'cus_a' kind: DEALINGS_KIND_ORDER ",
                        Cash("amount", amount), "source_version: ", version, " ", more);
  }
  const v1::DealingsHistory& History() { return *state.Find<v1::DealingsHistory>("cus_a"); }
  const v1::AccountStanding& Standing() {
    return state.Find<v1::CreditStanding>("cus_a")->accounts(0);
  }
};

TEST(LearnDocument, CountsEachDocumentOnceHoweverOftenItIsTold) {
  Books books;
  books.Document(Books::Order(1, 100));
  books.Document(Books::Order(1, 100));
  books.Document(Books::Order(3, 80));
  books.Document(Books::Order(2, 90));  // late: already known better
  EXPECT_EQ(books.History().orders(), 1);
  EXPECT_EQ(Show(books.History().totals(0).ordered()), "80.00 EUR");
}

TEST(LearnDocument, SumsByKindAndCurrency) {
  Books books;
  books.Document(Books::Order(1, 100));
  books.Document(
      "id: 'ord_2' customer_id: 'cus_a' kind: DEALINGS_KIND_ORDER source_version: 1 "
      "amount { currency_code: 'USD' units: 7 }");
  books.Document("id: 'inv_1' customer_id: 'cus_a' kind: DEALINGS_KIND_INVOICE source_version: 1 " +
                 Books::Cash("amount", 60));
  books.Document(
      "id: 'crn_1' customer_id: 'cus_a' kind: DEALINGS_KIND_CREDIT_NOTE "
      "source_version: 1 " +
      Books::Cash("amount", 5));
  books.Document("id: 'pay_1' customer_id: 'cus_a' kind: DEALINGS_KIND_PAYMENT source_version: 1 " +
                 Books::Cash("amount", 55));
  books.Document("id: 'quo_1' customer_id: 'cus_a' kind: DEALINGS_KIND_QUOTE source_version: 1 " +
                 Books::Cash("amount", 999));
  const v1::DealingsHistory& history = books.History();
  EXPECT_EQ(history.orders(), 2);
  EXPECT_EQ(history.invoices(), 1);
  EXPECT_EQ(history.credit_notes(), 1);
  EXPECT_EQ(history.payments(), 1);
  EXPECT_EQ(history.quotes(), 1);
  ASSERT_EQ(history.totals_size(), 2);
  EXPECT_EQ(Show(history.totals(0).ordered()), "100.00 EUR");
  EXPECT_EQ(Show(history.totals(0).invoiced()), "60.00 EUR");
  EXPECT_EQ(Show(history.totals(0).credited()), "5.00 EUR");
  EXPECT_EQ(Show(history.totals(0).paid()), "55.00 EUR");
  EXPECT_EQ(Show(history.totals(1).ordered()), "7.00 USD");
}

TEST(LearnDocument, RemembersTheFirstAndTheLastOrder) {
  Books books;
  auto on = [](int day) {
    return absl::StrCat("document_date { year: 2014 month: 5 day: ", day, " }");
  };
  books.Document(Books::Order(1, 1, on(6)));
  books.Document("id: 'ord_2' customer_id: 'cus_a' kind: DEALINGS_KIND_ORDER source_version: 1 " +
                 on(3));
  EXPECT_EQ(books.History().first_order_date().day(), 3);
  EXPECT_EQ(books.History().last_order_date().day(), 6);
}

TEST(LearnDocument, KeepsTheCustomerThatOnlyTheFirstEventNamed) {
  Books books;
  books.Document("id: 'inv_1' customer_id: 'cus_a' kind: DEALINGS_KIND_INVOICE source_version: 1 " +
                 Books::Cash("amount", 60) + Books::Cash("open_amount", 60));
  books.Document("id: 'inv_1' kind: DEALINGS_KIND_INVOICE source_version: 2 " +
                 Books::Cash("amount", 60) + Books::Cash("open_amount", 0));
  EXPECT_EQ(books.state.Find<v1::DealingsDocument>("inv_1")->customer_id(), "cus_a");
  EXPECT_EQ(books.History().invoices(), 1);
  EXPECT_EQ(Show(books.History().totals(0).invoiced()), "60.00 EUR");
}

TEST(LearnFigures, KnowHeadroomAndPositionWhicheverComesFirst) {
  const std::string account =
      "account_id: 'acc_1' currency: 'EUR' policy: CREDIT_POLICY_KIND_LIMITED account_version: 1 " +
      Books::Cash("limit", 1000);
  for (bool account_first : {true, false}) {
    Books books;
    if (account_first) books.Account("cus_a", account);
    books.Figures(1, 300, 50, 200);
    if (!account_first) books.Account("cus_a", account);
    EXPECT_EQ(Show(books.Standing().exposure()), "450.00 EUR");
    EXPECT_EQ(Show(books.Standing().headroom()), "550.00 EUR");
    EXPECT_EQ(Show(books.Standing().position()), "250.00 EUR");
    EXPECT_EQ(Show(books.Standing().committed()), "200.00 EUR");
  }
}

TEST(LearnFigures, OlderOnesChangeNothing) {
  Books books;
  books.Figures(5, 300, 0, 0);
  books.Figures(4, 900, 0, 0);
  EXPECT_EQ(Show(books.Standing().exposure()), "300.00 EUR");
  EXPECT_EQ(Show(books.Standing().headroom()), "none") << "no limit is known";
}

TEST(LearnAccount, OlderOnesChangeNothingAndNewerOnesKeepTheFigures) {
  Books books;
  books.Figures(1, 300, 0, 0);
  books.Account("cus_a",
                "account_id: 'acc_1' currency: 'EUR' debtor_number: 'D-2' "
                "policy: CREDIT_POLICY_KIND_UNLIMITED account_version: 2");
  books.Account("cus_a",
                "account_id: 'acc_1' currency: 'EUR' debtor_number: 'D-1' "
                "policy: CREDIT_POLICY_KIND_LIMITED account_version: 1");
  EXPECT_EQ(books.Standing().debtor_number(), "D-2");
  EXPECT_EQ(Show(books.Standing().exposure()), "300.00 EUR");
  EXPECT_EQ(Show(books.Standing().headroom()), "none") << "unlimited has none";
}

TEST(LearnAccount, OfACustomerWithSeveralStandsAtItsPlaceWhicheverCameFirst) {
  Books books;
  for (const char* id : {"acc_2", "acc_3", "acc_1"}) {
    books.Account("cus_a", absl::StrCat("account_id: '", id, "' account_version: 1"));
  }
  const auto& accounts = books.state.Find<v1::CreditStanding>("cus_a")->accounts();
  ASSERT_EQ(accounts.size(), 3);
  EXPECT_EQ(accounts[0].account_id(), "acc_1");
  EXPECT_EQ(accounts[1].account_id(), "acc_2");
  EXPECT_EQ(accounts[2].account_id(), "acc_3");
}

}  // namespace
}  // namespace tandem::customer
