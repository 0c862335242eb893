#include "services/billing/billing_decide_ledger.h"

#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "platform/base/date.h"
#include "platform/base/fault.h"
#include "platform/base/fixed.h"
#include "platform/base/money.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "services/billing/billing_decide_check.h"
#include "tandem/operations/v1/counter.pb.h"

namespace tandem::billing {
namespace {

// Ten years of closed months: beyond that someone closed the future by mistake.
constexpr int kClosedMonthsMax = 120;

absl::StatusOr<int32_t> NextMonth(int32_t date) {
  const google::type::Date day = DateToProto(date);
  const bool december = day.month() == 12;
  return DateOf(day.year() + (december ? 1 : 0), december ? 1 : day.month() + 1, 1);
}

}  // namespace

const std::vector<LedgerAccount>& ChartOfAccounts() {
  static const auto* chart = new std::vector<LedgerAccount>{
      {"1000", "Bank"},
      {"1200", "Receivables"},
      {"1300", "Inventory"},
      {"2100", "Goods received not invoiced"},
      {"2110", "Accrued freight"},
      {"2200", "Output tax"},
      {"2300", "Customer deposits"},
      {"3000", "Opening balances"},
      {"4000", "Revenue"},
      {"4050", "Returns"},
      {"4060", "Allowances"},
      {"4070", "Cash discount"},
      {"4100", "Freight charged"},
      {"4200", "Other income"},
      {"5000", "Cost of goods sold"},
      {"5100", "Freight out"},
      {"5200", "Stock differences and scrap"},
      {"6300", "Bank fees"},
      {"6500", "Bad debt"},
      {"6510", "Bad debt recovered"},
      {"6900", "Payment differences"},
      {"7000", "Currency gain"},
      {"7010", "Currency loss"},
  };
  return *chart;
}

Entry& Entry::Debit(absl::string_view ledger_account, int64_t micros, absl::string_view debtor,
                    absl::string_view tax_code) {
  if (micros == 0) return *this;
  v1::Posting posting;
  posting.set_ledger_account(std::string(ledger_account));
  SetMoney(micros, currency_, posting.mutable_debit());
  SetMoney(0, currency_, posting.mutable_credit());
  posting.set_debtor_account_id(std::string(debtor));
  posting.set_tax_code(std::string(tax_code));
  postings_.push_back(std::move(posting));
  return *this;
}

Entry& Entry::Credit(absl::string_view ledger_account, int64_t micros, absl::string_view debtor,
                     absl::string_view tax_code) {
  if (micros == 0) return *this;
  Debit(ledger_account, micros, debtor, tax_code);
  postings_.back().mutable_debit()->Swap(postings_.back().mutable_credit());
  return *this;
}

std::string ReversalOf(absl::string_view document_id) {
  return absl::StrCat(document_id, "/reversal");
}

absl::Status CheckBalanced(const std::vector<v1::Posting>& postings) {
  std::map<std::string, Int128> balance;
  for (const v1::Posting& posting : postings) {
    balance[posting.debit().currency_code()] += MicrosOf(posting.debit());
    balance[posting.credit().currency_code()] -= MicrosOf(posting.credit());
  }
  for (const auto& [currency, rest] : balance) {
    if (rest != 0) {
      return Refuse(absl::StatusCode::kInternal, "LEDGER_UNBALANCED",
                    absl::StrCat("debits and credits differ in ", currency));
    }
  }
  return absl::OkStatus();
}

absl::Status Post(const Document& document, const Entry& entry, Context& context, State& state) {
  if (TANDEM_PLANTED("credit_note_not_posted") &&
      document.kind == v1::LEDGER_DOCUMENT_CREDIT_NOTE) {
    return absl::OkStatus();
  }
  TANDEM_RETURN_IF_ERROR(CheckBalanced(entry.postings()));
  if (state.Find<v1::LedgerEntry>(document.id) != nullptr) {
    return Refuse(absl::StatusCode::kInternal, "LEDGER_POSTED_TWICE",
                  absl::StrCat(document.id, " is in the books"));
  }
  v1::LedgerEntry row;
  row.set_id(document.id);
  row.set_document(document.kind);
  row.set_document_number(document.number);
  *row.mutable_posting_date() = DateToProto(document.posting_date);
  *row.mutable_document_date() = DateToProto(document.document_date);
  for (const v1::Posting& posting : entry.postings()) *row.add_postings() = posting;
  row.mutable_create_time()->set_seconds(context.now_micros / kMicrosPerUnit);
  row.mutable_create_time()->set_nanos(static_cast<int32_t>(context.now_micros % kMicrosPerUnit) *
                                       1000);
  state.Insert(std::move(row));
  state.Touch<v1::LedgerEntry>(document.id);
  return absl::OkStatus();
}

std::string PeriodOf(int32_t date) { return FormatDate(date).substr(0, 7); }

absl::StatusOr<int32_t> PostingDate(int32_t date, bool of_a_fact, absl::string_view field,
                                    State& state) {
  for (int i = 0; i <= kClosedMonthsMax; ++i) {
    const auto* period = state.Find<v1::AccountingPeriod>(PeriodOf(date));
    if (period == nullptr || period->state() != v1::ACCOUNTING_PERIOD_STATE_CLOSED) return date;
    if (!of_a_fact) break;
    TANDEM_ASSIGN_OR_RETURN(date, NextMonth(date));
  }
  return Refuse(absl::StatusCode::kFailedPrecondition, "BILLING_PERIOD_CLOSED",
                absl::StrCat("the books of ", PeriodOf(date), " are closed"), field);
}

std::string CounterOf(absl::string_view series, int32_t date) {
  return absl::StrCat(series, "/", FormatDate(date).substr(0, 4));
}

std::string NextNumber(absl::string_view series, int32_t date, State& state) {
  const std::string name = CounterOf(series, date);
  auto* counter = state.Edit<operations::v1::Counter>(name);
  if (counter == nullptr) {
    operations::v1::Counter fresh;
    fresh.set_name(name);
    counter = state.Insert(std::move(fresh));
  }
  counter->set_value(counter->value() + 1);
  if (TANDEM_PLANTED("number_gap") && counter->value() % 50 == 0)
    counter->set_value(counter->value() + 1);
  state.Touch<operations::v1::Counter>(name);
  return absl::StrFormat("%s-%s-%06d", series, FormatDate(date).substr(0, 4), counter->value());
}

}  // namespace tandem::billing
