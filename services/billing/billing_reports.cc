#include "services/billing/billing_reports.h"

#include <map>
#include <string>

#include "platform/base/date.h"
#include "platform/base/money.h"
#include "platform/base/status_macros.h"
#include "services/billing/billing_decide_ledger.h"

namespace tandem::billing {
namespace {

// Sums are BIGINT again: PostgreSQL adds BIGINTs up to NUMERIC.
constexpr char kTrialBalanceSql[] =
    "SELECT p.ledger_account, p.debit_currency, CAST(SUM(p.debit_micros) AS BIGINT), "
    "CAST(SUM(p.credit_micros) AS BIGINT) FROM ledger_entries_postings p "
    "JOIN ledger_entries e ON e.id = p.parent WHERE e.posting_date_days <= $1 "
    "GROUP BY p.ledger_account, p.debit_currency ORDER BY p.ledger_account, p.debit_currency";

// The books' receivables beside what the documents have open.
constexpr char kDebtorBalancesSql[] =
    "SELECT account, currency, CAST(SUM(books) AS BIGINT), CAST(SUM(items) AS BIGINT) FROM ("
    "SELECT p.debtor_account_id AS account, p.debit_currency AS currency, "
    "p.debit_micros - p.credit_micros AS books, 0 AS items FROM ledger_entries_postings p "
    "JOIN ledger_entries e ON e.id = p.parent WHERE p.ledger_account = '1200' "
    "AND e.posting_date_days <= $1 AND ($2 = '' OR p.debtor_account_id = $2) "
    "UNION ALL SELECT account_id, open_amount_currency, 0, open_amount_micros FROM invoices "
    "WHERE open_amount_micros > 0 AND ($2 = '' OR account_id = $2) "
    "UNION ALL SELECT account_id, unapplied_currency, 0, -unapplied_micros FROM payments "
    "WHERE unapplied_micros > 0 AND ($2 = '' OR account_id = $2) "
    "UNION ALL SELECT account_id, unapplied_currency, 0, -unapplied_micros FROM credit_notes "
    "WHERE unapplied_micros > 0 AND ($2 = '' OR account_id = $2)"
    ") sums GROUP BY account, currency ORDER BY account, currency";

absl::StatusOr<int64_t> AsOf(bool given, const google::type::Date& date) {
  if (!given) return kMaxDate;
  TANDEM_ASSIGN_OR_RETURN(const int32_t day, DateFromProto(date, "as_of"));
  return day;
}

std::string NameOf(absl::string_view code) {
  for (const LedgerAccount& account : ChartOfAccounts()) {
    if (account.code == code) return std::string(account.name);
  }
  return "";
}

}  // namespace

absl::StatusOr<v1::TrialBalance> ReadTrialBalance(const v1::GetTrialBalanceRequest& request,
                                                  store::Reader& reader) {
  TANDEM_ASSIGN_OR_RETURN(const int64_t as_of, AsOf(request.has_as_of(), request.as_of()));
  TANDEM_ASSIGN_OR_RETURN(const store::Result found, reader.Select({kTrialBalanceSql, {as_of}}));
  v1::TrialBalance answer;
  std::map<std::string, std::pair<int64_t, int64_t>> totals;
  for (const store::Row& row : found.rows) {
    const auto& code = std::get<std::string>(row[0]);
    const auto& currency = std::get<std::string>(row[1]);
    const int64_t debit = std::get<int64_t>(row[2]);
    const int64_t credit = std::get<int64_t>(row[3]);
    auto* balance = answer.add_balances();
    balance->set_ledger_account(code);
    balance->set_name(NameOf(code));
    SetMoney(debit, currency, balance->mutable_debit());
    SetMoney(credit, currency, balance->mutable_credit());
    SetMoney(debit - credit, currency, balance->mutable_balance());
    totals[currency].first += debit;
    totals[currency].second += credit;
  }
  for (const auto& [currency, total] : totals) {
    SetMoney(total.first, currency, answer.add_debit_totals());
    SetMoney(total.second, currency, answer.add_credit_totals());
  }
  return answer;
}

absl::StatusOr<v1::DebtorBalances> ReadDebtorBalances(const v1::GetDebtorBalancesRequest& request,
                                                      store::Reader& reader) {
  TANDEM_ASSIGN_OR_RETURN(const int64_t as_of, AsOf(request.has_as_of(), request.as_of()));
  TANDEM_ASSIGN_OR_RETURN(const store::Result found,
                          reader.Select({kDebtorBalancesSql, {as_of, request.account_id()}}));
  v1::DebtorBalances answer;
  for (const store::Row& row : found.rows) {
    const auto& currency = std::get<std::string>(row[1]);
    auto* balance = answer.add_balances();
    balance->set_account_id(std::get<std::string>(row[0]));
    SetMoney(std::get<int64_t>(row[2]), currency, balance->mutable_balance());
    SetMoney(std::get<int64_t>(row[3]), currency, balance->mutable_open_items());
  }
  return answer;
}

}  // namespace tandem::billing
