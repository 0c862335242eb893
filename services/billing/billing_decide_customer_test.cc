#include <gtest/gtest.h>

#include "services/billing/billing_test_desk.h"

namespace tandem::billing {
namespace {

v1::CreateCustomerRequest New(int n, v1::CustomerStatus status = v1::CUSTOMER_STATUS_CUSTOMER) {
  v1::CreateCustomerRequest request;
  request.set_customer_id(Cus(n));
  request.mutable_customer()->set_display_name("Alfreds Futterkiste");
  request.mutable_customer()->set_customer_number("ALFKI");
  request.mutable_customer()->set_kind(v1::CUSTOMER_KIND_ORGANISATION);
  request.mutable_customer()->set_status(status);
  return request;
}

v1::UpdateCustomerRequest Change(int n, std::vector<std::string> paths) {
  v1::UpdateCustomerRequest request;
  request.mutable_customer()->set_id(Cus(n));
  for (const std::string& path : paths) request.mutable_update_mask()->add_paths(path);
  return request;
}

TEST(CreateCustomer, ACustomerHasItsAccountInTheSameCommand) {
  Desk desk;
  const v1::Customer customer = desk.Ok(CreateCustomer, New(1));
  EXPECT_EQ(desk.told(), "CustomerCreated DebtorAccountOpened");
  EXPECT_EQ(customer.debtor_number(), "D-1001");
  EXPECT_EQ(customer.currency(), "USD");
  EXPECT_EQ(Text(customer.credit_policy().limit()), "10000");
  EXPECT_EQ(customer.payment_terms().net_days(), 30);
  const auto& account = desk.Row<v1::DebtorAccount>(customer.account_id());
  EXPECT_EQ(account.customer_id(), Cus(1));
  EXPECT_EQ(desk.Row<v1::PayerAccount>(Cus(1)).account_id(), account.id());
  EXPECT_EQ(desk.Refused(CreateCustomer, New(1)), "CUSTOMER_ALREADY_EXISTS");
  EXPECT_EQ(desk.Ok(CreateCustomer, New(2)).debtor_number(), "D-1002");
}

TEST(CreateCustomer, GivesTheAccountWhatIsSaid) {
  Desk desk;
  v1::CreateCustomerRequest request = New(1);
  auto* said = request.mutable_customer();
  said->set_debtor_number("70001");
  said->set_currency("EUR");
  said->mutable_credit_policy()->set_kind(v1::CREDIT_POLICY_KIND_UNLIMITED);
  said->mutable_payment_terms()->set_net_days(14);
  said->mutable_delivery_block()->set_on(true);
  const v1::Customer customer = desk.Ok(CreateCustomer, request);
  const auto& account = desk.Row<v1::DebtorAccount>(customer.account_id());
  EXPECT_EQ(account.debtor_number(), "70001");
  EXPECT_EQ(account.currency(), "EUR");
  EXPECT_EQ(account.payment_terms().net_days(), 14);
  EXPECT_TRUE(account.delivery_block().on());
  request.set_customer_id(Cus(2));
  EXPECT_EQ(desk.Refused(CreateCustomer, request), "DEBTOR_NUMBER_TAKEN");
}

TEST(CreateCustomer, RefusesWhatIsNotWellFormed) {
  Desk desk;
  struct Case {
    const char* reason;
    void (*spoil)(v1::Customer&);
  };
  const Case cases[] = {
      {"CUSTOMER_NAME_MISSING", [](v1::Customer& c) { c.set_display_name("  "); }},
      {"CUSTOMER_LANGUAGE_INVALID", [](v1::Customer& c) { c.set_language("-"); }},
      {"CUSTOMER_PARENT_CYCLE", [](v1::Customer& c) { c.set_parent_customer_id(Cus(1)); }},
      {"CUSTOMER_COUNTRY_UNKNOWN",
       [](v1::Customer& c) {
         auto* address = c.add_addresses();
         address->set_address_id("main");
         address->mutable_address()->set_country_code("ZZ");
       }},
      {"CUSTOMER_ADDRESS_DUPLICATE",
       [](v1::Customer& c) {
         c.add_addresses()->set_address_id("main");
         c.add_addresses()->set_address_id("main");
       }},
      {"CUSTOMER_TAX_ID_INVALID",
       [](v1::Customer& c) {
         auto* id = c.add_tax_ids();
         id->set_country_code("DE");
         id->set_scheme("VAT");
         id->set_value("DE123456789");
       }},
      {"CUSTOMER_TAX_ID_DUPLICATE",
       [](v1::Customer& c) {
         for (int i = 0; i < 2; ++i) {
           auto* id = c.add_tax_ids();
           id->set_country_code("DE");
           id->set_scheme("VAT");
           id->set_value("DE136695976");
         }
       }},
      {"PAYMENT_TERMS_INVALID",
       [](v1::Customer& c) { c.mutable_payment_terms()->set_discount_days(5); }},
      {"CREDIT_LIMIT_INVALID", [](v1::Customer& c) { c.mutable_credit_policy(); }},
      {"CREDIT_LIMIT_INVALID",
       [](v1::Customer& c) {
         *c.mutable_credit_policy() = Desk::Policy("1");
         *c.mutable_credit_policy()->mutable_limit() = Usd("-1");
       }},
      {"MONEY_CURRENCY_MISMATCH",
       [](v1::Customer& c) {
         c.set_currency("EUR");
         *c.mutable_credit_policy() = Desk::Policy("1");
       }},
  };
  for (const Case& each : cases) {
    v1::CreateCustomerRequest request = New(1);
    each.spoil(*request.mutable_customer());
    EXPECT_EQ(desk.Refused(CreateCustomer, request), each.reason);
  }
}

TEST(UpdateCustomer, WritesWhatTheMaskNames) {
  Desk desk;
  desk.Ok(CreateCustomer, New(1, v1::CUSTOMER_STATUS_PROSPECT));
  EXPECT_EQ(desk.told(), "CustomerCreated");
  v1::UpdateCustomerRequest request = Change(1, {"phone", "order_block"});
  request.mutable_customer()->set_phone("+49 30 0074321");
  request.mutable_customer()->set_display_name("not named, not written");
  request.mutable_customer()->mutable_order_block()->set_on(true);
  const v1::Customer customer = desk.Ok(UpdateCustomer, request);
  EXPECT_EQ(customer.display_name(), "Alfreds Futterkiste");
  EXPECT_EQ(customer.phone(), "+49 30 0074321");
  ASSERT_EQ(desk.told(), "CustomerUpdated");
  const auto& event = desk.event<v1::CustomerEvent>(0);
  EXPECT_EQ(event.changed().paths_size(), 2);
  EXPECT_FALSE(event.previous().order_block().on());
  desk.Ok(UpdateCustomer, request);
  EXPECT_EQ(desk.told(), "");
  request.set_etag("\"1\"");
  EXPECT_EQ(desk.Refused(UpdateCustomer, request), "ETAG_MISMATCH");
  EXPECT_EQ(desk.Refused(UpdateCustomer, Change(1, {"shoe_size"})), "FIELD_MASK_UNKNOWN_PATH");
  EXPECT_EQ(desk.Refused(UpdateCustomer, Change(9, {"phone"})), "CUSTOMER_NOT_FOUND");
}

TEST(UpdateCustomer, ReplacesListsAndClearsWhatIsUnset) {
  Desk desk;
  v1::CreateCustomerRequest create = New(1, v1::CUSTOMER_STATUS_PROSPECT);
  create.mutable_customer()->add_addresses()->set_address_id("a");
  create.mutable_customer()->set_phone("1");
  desk.Ok(CreateCustomer, create);
  v1::UpdateCustomerRequest request = Change(1, {"addresses", "phone"});
  request.mutable_customer()->add_addresses()->set_address_id("b");
  v1::Customer customer = desk.Ok(UpdateCustomer, request);
  ASSERT_EQ(customer.addresses_size(), 1);
  EXPECT_EQ(customer.addresses(0).address_id(), "b");
  EXPECT_EQ(customer.phone(), "");
}

TEST(UpdateCustomer, BecomingACustomerOpensTheAccountAndDecidesWhatWaited) {
  Desk desk;
  v1::ReserveCreditRequest wish = Desk::Wish(1, 1, "70");
  wish.clear_account_id();
  wish.set_payer_customer_id(Cus(1));
  desk.Ok(ReserveCredit, wish);
  desk.Ok(CreateCustomer, New(1, v1::CUSTOMER_STATUS_PROSPECT));
  v1::UpdateCustomerRequest request = Change(1, {"status"});
  request.mutable_customer()->set_status(v1::CUSTOMER_STATUS_CUSTOMER);
  desk.Ok(UpdateCustomer, request);
  EXPECT_EQ(desk.told(), "CustomerUpdated DebtorAccountOpened CreditReserved");
}

TEST(UpdateCustomer, ChangesItsFirstAccountToo) {
  Desk desk;
  desk.Account(1, "100");
  desk.Reserve(1, 1, "200");
  v1::UpdateCustomerRequest request =
      Change(1, {"credit_policy", "payment_terms", "delivery_block", "debtor_number"});
  *request.mutable_customer()->mutable_credit_policy() = Desk::Policy("300");
  request.mutable_customer()->mutable_payment_terms()->set_net_days(7);
  request.mutable_customer()->mutable_delivery_block()->set_on(true);
  request.mutable_customer()->set_debtor_number("70001");
  desk.Ok(UpdateCustomer, request);
  EXPECT_EQ(desk.told(),
            "CustomerUpdated DebtorAccountUpdated DebtorAccountTermsSet DebtorAccountBlocked "
            "DebtorAccountCreditSet CreditReserved");
  EXPECT_EQ(desk.Row<v1::DebtorAccount>(Acc(1)).payment_terms().net_days(), 7);
}

TEST(UpdateCustomer, AndTheOtherWayRound) {
  Desk desk;
  desk.Account(1, "100");
  desk.Limit("200");
  EXPECT_EQ(desk.told(), "DebtorAccountCreditSet CustomerUpdated");
  EXPECT_EQ(Text(desk.Row<v1::Customer>(Cus(1)).credit_policy().limit()), "200");
  desk.Block(true, v1::BLOCK_KIND_DUNNING);
  EXPECT_EQ(desk.told(), "DebtorAccountBlocked CustomerUpdated");
  EXPECT_TRUE(desk.Row<v1::Customer>(Cus(1)).dunning_block().on());
  v1::SetPaymentTermsRequest terms;
  terms.set_account_id(Acc(1));
  terms.mutable_payment_terms()->set_net_days(3);
  desk.Ok(SetPaymentTerms, terms);
  EXPECT_EQ(desk.told(), "DebtorAccountTermsSet CustomerUpdated");
  desk.Ok(SetPaymentTerms, terms);
  EXPECT_EQ(desk.told(), "");
  EXPECT_EQ(desk.Invoice(1, 1, "10").payment_terms().net_days(), 3);
  for (const char* spelling : {"0.02", "0.020"}) {  // one rate
    terms.mutable_payment_terms()->mutable_discount_rate()->set_value(spelling);
    desk.Ok(SetPaymentTerms, terms);
  }
  EXPECT_EQ(desk.told(), "");
}

TEST(UpdateCustomer, KeepsWhatIsFixed) {
  Desk desk;
  desk.Ok(CreateCustomer, New(1));
  v1::UpdateCustomerRequest number = Change(1, {"customer_number"});
  number.mutable_customer()->set_customer_number("OTHER");
  EXPECT_EQ(desk.Refused(UpdateCustomer, number), "CUSTOMER_FIELD_FIXED");
  v1::UpdateCustomerRequest currency = Change(1, {"currency"});
  currency.mutable_customer()->set_currency("EUR");
  EXPECT_EQ(desk.Ok(UpdateCustomer, currency).credit_policy().limit().currency_code(), "EUR");
  currency.mutable_customer()->set_currency("USD");
  desk.Ok(UpdateCustomer, currency);
  v1::UpdateCustomerRequest kind = Change(1, {"kind"});
  kind.mutable_customer()->set_kind(v1::CUSTOMER_KIND_PERSON);
  desk.Ok(UpdateCustomer, kind);
  v1::PostInvoiceRequest bill = Desk::Bill(1, 1, {"10"});
  bill.clear_account_id();
  bill.set_payer_customer_id(Cus(1));
  desk.Ok(PostInvoice, bill);
  kind.mutable_customer()->set_kind(v1::CUSTOMER_KIND_ORGANISATION);
  EXPECT_EQ(desk.Refused(UpdateCustomer, kind), "CUSTOMER_FIELD_FIXED");
  currency.mutable_customer()->set_currency("EUR");
  EXPECT_EQ(desk.Refused(UpdateCustomer, currency), "CUSTOMER_FIELD_FIXED");
}

TEST(OpenAccount, ASecondOneLeavesTheFirstInCharge) {
  Desk desk;
  desk.Account(1, "100");
  v1::OpenAccountRequest request;
  request.set_customer_id(Cus(1));
  request.set_account_id(Acc(2));
  request.set_currency("EUR");
  desk.Ok(OpenAccount, request);
  EXPECT_EQ(desk.told(), "DebtorAccountOpened");
  EXPECT_EQ(desk.Row<v1::Customer>(Cus(1)).account_id(), Acc(1));
  EXPECT_EQ(desk.Refused(OpenAccount, request), "DEBTOR_ACCOUNT_ALREADY_EXISTS");
  request.set_customer_id(Cus(9));
  EXPECT_EQ(desk.Refused(OpenAccount, request), "CUSTOMER_NOT_FOUND");
  desk.Limit("", 2);
  EXPECT_EQ(desk.told(), "DebtorAccountCreditSet");
}

TEST(CloseAccount, OnlyWithoutOpenItemsAndTheNextTakesOver) {
  Desk desk;
  desk.Account(1, "100");
  v1::CloseAccountRequest close;
  close.set_account_id(Acc(1));
  struct Case {
    const char* what;
    void (*open)(Desk&);
    void (*end)(Desk&);
  };
  const Case cases[] = {
      {"commitment", [](Desk& d) { d.Reserve(1, 1, "5"); }, [](Desk& d) { d.Release(1); }},
      {"waiting", [](Desk& d) { d.Reserve(2, 1, "500"); }, [](Desk& d) { d.Release(2); }},
      {"invoice", [](Desk& d) { d.Invoice(3, 3, "5", true); },
       [](Desk& d) { d.PayInvoice(1, "5", 3); }},
      {"money", [](Desk& d) { d.Ok(RecordPayment, Desk::Money(2, "5")); },
       [](Desk& d) { d.Bounce(2); }},
  };
  for (const Case& each : cases) {
    each.open(desk);
    EXPECT_EQ(desk.Refused(CloseAccount, close), "ACCOUNT_HAS_OPEN_ITEMS") << each.what;
    each.end(desk);
  }
  v1::OpenAccountRequest second;
  second.set_customer_id(Cus(1));
  second.set_account_id(Acc(2));
  desk.Ok(OpenAccount, second);
  desk.Ok(CloseAccount, close);
  EXPECT_EQ(desk.told(), "DebtorAccountClosed CustomerUpdated");
  EXPECT_EQ(desk.Row<v1::Customer>(Cus(1)).account_id(), Acc(2));
  desk.Ok(CloseAccount, close);
  EXPECT_EQ(desk.told(), "");
  EXPECT_EQ(desk.Reserve(9, 1, "1"), "WAITING ACCOUNT_BLOCKED");
  close.set_account_id(Acc(2));
  desk.Ok(CloseAccount, close);
  EXPECT_EQ(desk.Row<v1::Customer>(Cus(1)).account_id(), "");
}

TEST(TaxCode, HasOneRatePerClass) {
  Desk desk;
  v1::CreateTaxCodeRequest request;
  request.set_tax_code_id("DE19");
  request.mutable_tax_code()->set_tax_class("STANDARD");
  request.mutable_tax_code()->mutable_rate()->set_value("0.190");
  EXPECT_EQ(desk.Ok(CreateTaxCode, request).rate().value(), "0.19");
  EXPECT_EQ(desk.told(), "TaxCodeCreated");
  EXPECT_EQ(desk.Refused(CreateTaxCode, request), "TAX_CODE_ALREADY_EXISTS");
  request.set_tax_code_id("DE16");
  EXPECT_EQ(desk.Refused(CreateTaxCode, request), "TAX_CLASS_TAKEN");
  request.mutable_tax_code()->mutable_rate()->set_value("19");
  EXPECT_EQ(desk.Refused(CreateTaxCode, request), "TAX_RATE_INVALID");
  request.clear_tax_code_id();
  EXPECT_EQ(desk.Refused(CreateTaxCode, request), "TAX_CODE_MISSING");
  v1::UpdateTaxCodeRequest update;
  update.mutable_tax_code()->set_id("DE19");
  update.mutable_tax_code()->mutable_rate()->set_value("0.16");
  EXPECT_EQ(desk.Ok(UpdateTaxCode, update).tax_class(), "STANDARD");
  EXPECT_EQ(desk.told(), "TaxCodeUpdated");
  desk.Ok(UpdateTaxCode, update);
  EXPECT_EQ(desk.told(), "");
  update.mutable_tax_code()->set_id("FR20");
  EXPECT_EQ(desk.Refused(UpdateTaxCode, update), "TAX_CODE_NOT_FOUND");
}

TEST(Company, BringsItsDefaultsOnce) {
  Desk desk;
  v1::CompanyProfile company = DefaultCompany();
  company.set_currency("EUR");
  company.set_unlimited_credit(true);
  desk.Ok(PutCompany, company);
  EXPECT_EQ(desk.told(), "TaxCodeCreated");
  desk.Ok(PutCompany, company);
  EXPECT_EQ(desk.told(), "");
  const v1::Customer customer = desk.Ok(CreateCustomer, New(1));
  EXPECT_EQ(customer.currency(), "EUR");
  EXPECT_EQ(customer.credit_policy().kind(), v1::CREDIT_POLICY_KIND_UNLIMITED);
}

}  // namespace
}  // namespace tandem::billing
