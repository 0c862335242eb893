#include "services/billing/billing_store.h"

#include <string>

#include "billing_migrations.h"
#include "services/billing/billing_decide.h"
#include "services/billing/billing_decide_figures.h"
#include "services/billing/billing_decide_waiting.h"
#include "tandem/operations/v1/counter.pb.h"

namespace tandem::billing {
namespace {

// Only hints name these: the account is to be locked before its documents.
constexpr char kAccountOfPayerSql[] =
    "SELECT account_id FROM payer_accounts WHERE customer_id = $1 AND account_id <> ''";
constexpr char kAccountOfOrderSql[] =
    "SELECT account_id FROM credit_commitments WHERE order_id = $1 AND account_id <> ''";
constexpr char kAccountOfInvoiceSql[] = "SELECT account_id FROM invoices WHERE id = $1";
constexpr char kAccountOfPaymentSql[] = "SELECT account_id FROM payments WHERE id = $1";
constexpr char kPayerOfOrderSql[] =
    "SELECT payer_customer_id FROM credit_commitments WHERE order_id = $1 AND account_id = ''";

// Each has an index of its own: what is looked for is the few records
// that are still open, not the many that ever were.
constexpr char kWaitingOfAccountSql[] =
    "SELECT order_id FROM credit_commitments WHERE account_id = $1 AND waiting_present = 1";
constexpr char kWaitingForPayerSql[] =
    "SELECT order_id FROM credit_commitments WHERE payer_customer_id = $1 AND account_id = '' "
    "AND waiting_present = 1";
constexpr char kOpenOfAccountSql[] =
    "SELECT id FROM invoices WHERE account_id = $1 AND open_amount_micros > 0";
constexpr char kOpenOfOrderSql[] =
    "SELECT id FROM invoices WHERE order_id = $1 AND open_amount_micros > 0";
constexpr char kOfNumberSql[] = "SELECT id FROM invoices WHERE number = $1";
constexpr char kUnappliedOfOrderSql[] =
    "SELECT id FROM payments WHERE order_id = $1 AND unapplied_micros > 0";
constexpr char kOfReturnSql[] =
    "SELECT id FROM credit_notes WHERE return_id = $1 AND return_id <> ''";
constexpr char kUnappliedOfInvoiceSql[] =
    "SELECT id FROM credit_notes WHERE invoice_id = $1 AND unapplied_micros > 0";
constexpr char kOfDebtorNumberSql[] = "SELECT id FROM debtor_accounts WHERE debtor_number = $1";
constexpr char kOfCustomerSql[] = "SELECT id FROM debtor_accounts WHERE customer_id = $1";
constexpr char kOfTaxClassSql[] =
    "SELECT id FROM tax_codes WHERE tax_class = $1 AND tax_class <> '' AND retired = 0";

}  // namespace

std::vector<store::TableSpec> BillingTables() {
  auto set = [](absl::string_view name, const char* sql) {
    return store::SetSpec{std::string(name), sql};
  };
  auto ahead = [](absl::string_view name, const char* sql) {
    return store::SetSpec{std::string(name), sql, /*ahead=*/true};
  };
  const std::vector<store::SetSpec> accounts = {ahead(kAccountOfPayer, kAccountOfPayerSql),
                                                ahead(kAccountOfOrder, kAccountOfOrderSql),
                                                ahead(kAccountOfInvoice, kAccountOfInvoiceSql),
                                                ahead(kAccountOfPayment, kAccountOfPaymentSql)};
  std::vector<store::SetSpec> debtor_accounts = accounts;
  debtor_accounts.push_back(set(kOfDebtorNumber, kOfDebtorNumberSql));
  debtor_accounts.push_back(set(kOfCustomer, kOfCustomerSql));
  // Who answers for a customer, then the account and its figures: what replicas queue at. Then what
  // hangs on an account, and last what every document wants: numbers and the books. What every step
  // of an order reads again is remembered.
  return {
      {v1::PayerAccount::descriptor(),
       "payer_accounts",
       {ahead(kPayerOfOrder, kPayerOfOrderSql)},
       10},
      {v1::DebtorAccount::descriptor(), "debtor_accounts", debtor_accounts, 20,
       store::Remembered::kByAll},
      {v1::AccountExposure::descriptor(), "account_exposures", accounts, 30,
       store::Remembered::kByAll},
      {v1::CreditCommitment::descriptor(),
       "credit_commitments",
       {set(kWaitingOfAccount, kWaitingOfAccountSql), set(kWaitingForPayer, kWaitingForPayerSql)},
       40,
       store::Remembered::kByAll},
      {v1::Invoice::descriptor(),
       "invoices",
       {set(kOpenOfAccount, kOpenOfAccountSql), set(kOpenOfOrder, kOpenOfOrderSql),
        set(kOfNumber, kOfNumberSql)},
       50,
       store::Remembered::kByAll},
      {v1::CreditNote::descriptor(),
       "credit_notes",
       {set(kOfReturn, kOfReturnSql), set(kUnappliedOfInvoice, kUnappliedOfInvoiceSql)},
       60},
      {v1::Payment::descriptor(), "payments", {set(kUnappliedOfOrder, kUnappliedOfOrderSql)}, 70},
      {v1::Customer::descriptor(), "customers", {}, 80, store::Remembered::kByAll},
      {v1::TaxCode::descriptor(), "tax_codes", {set(kOfTaxClass, kOfTaxClassSql)}, 90},
      {v1::CompanyProfile::descriptor(), "company_profiles", {}, 100},
      {v1::AccountingPeriod::descriptor(), "accounting_periods", {}, 110},
      {v1::LedgerEntry::descriptor(), "ledger_entries", {}, 120},
      {operations::v1::Counter::descriptor(), "counters", {}, 900, store::Remembered::kByAll},
  };
}

const std::vector<store::Migration>& Migrations() { return BillingMigrations(); }

}  // namespace tandem::billing
