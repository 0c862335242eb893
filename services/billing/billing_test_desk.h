// What the tests of billing's decisions work at: a state in memory, short words for the commands,
// and an auditor that recomputes after every accepted command what must hold, and that the events
// told it.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "platform/base/date.h"
#include "platform/base/money.h"
#include "platform/base/state.h"
#include "platform/base/status.h"
#include "services/billing/billing_decide.h"
#include "services/billing/billing_decide_check.h"
#include "services/billing/billing_decide_figures.h"
#include "services/billing/billing_decide_ledger.h"
#include "tandem/billing/v1/events.pb.h"

namespace tandem::billing {

// "ord_" and a number as a ULID.
inline std::string Id(absl::string_view prefix, int n) {
  return absl::StrFormat("%s%026d", prefix, n);
}
inline std::string Ord(int n) { return Id("ord_", n); }
inline std::string Shp(int n) { return Id("shp_", n); }
inline std::string Inv(int n) { return Id("inv_", n); }  // of shipment n
inline std::string Pay(int n) { return Id("pay_", n); }
inline std::string Cus(int n) { return Id("cus_", n); }
inline std::string Acc(int n) { return Id("acc_", n); }

// "12.50" in US dollars.
inline google::type::Money Usd(absl::string_view amount) {
  return MoneyOf(*ParseMicros(amount), "USD");
}
inline google::type::Date Day(absl::string_view text) { return DateToProto(*ParseDate(text)); }
inline std::string Text(const google::type::Money& money) { return FormatMicros(MicrosOf(money)); }

class Desk {
 public:
  Desk() {
    state_.TreatUnknownAsAbsent();
    context_.now_micros = 1'767'225'600'000'000;  // 2026-01-01
    context_.ids = IdSource(context_.now_micros, 0, 1);
  }

  State& state() { return state_; }
  // The names of the events of the last command, "CreditReserved InvoicePosted".
  const std::string& told() const { return told_; }
  const std::vector<EmittedEvent>& events() const { return events_; }
  template <class Event>
  const Event& event(size_t i) const {
    return static_cast<const Event&>(*events_.at(i).event);
  }

  template <class Request, class Answer>
  absl::StatusOr<Answer> Do(absl::StatusOr<Answer> (*decide)(const Request&, Context&, State&),
                            const Request& request) {
    {  // Before anything is loaded a decision must survive, whatever it answers.
      State nothing;
      Context scratch = context_;
      nothing.Begin();
      (void)decide(request, scratch, nothing);
    }
    state_.Begin();
    absl::StatusOr<Answer> answer = decide(request, context_, state_);
    told_.clear();
    events_.clear();
    if (!answer.ok()) {
      state_.Begin();
      told_ = ReasonOf(answer.status());
      return answer;
    }
    for (const EmittedEvent& event : state_.events()) {
      absl::StrAppend(&told_, told_.empty() ? "" : " ",
                      event.type.substr(event.type.rfind('.') + 1));
      events_.push_back(event);
      Learn(*event.event);
    }
    state_.Accept();
    Audit();
    AuditTold();
    return answer;
  }
  // The command must be accepted.
  template <class Request, class Answer>
  Answer Ok(absl::StatusOr<Answer> (*decide)(const Request&, Context&, State&),
            const Request& request) {
    absl::StatusOr<Answer> answer = Do(decide, request);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? *std::move(answer) : Answer();
  }
  // The reason it is refused for; empty when it was not.
  template <class Request, class Answer>
  std::string Refused(absl::StatusOr<Answer> (*decide)(const Request&, Context&, State&),
                      const Request& request) {
    absl::StatusOr<Answer> answer = Do(decide, request);
    return answer.ok() ? "" : ReasonOf(answer.status());
  }

  // --- Short words ---

  // A customer with an account of that limit ("" for unlimited), both with the number n.
  void Account(int n, absl::string_view limit, int net_days = 30) {
    v1::CreateCustomerRequest customer;
    customer.set_customer_id(Cus(n));
    customer.mutable_customer()->set_display_name(absl::StrCat("Customer ", n));
    customer.mutable_customer()->set_status(v1::CUSTOMER_STATUS_PROSPECT);
    Ok(CreateCustomer, customer);
    v1::OpenAccountRequest account;
    account.set_account_id(Acc(n));
    account.set_customer_id(Cus(n));
    *account.mutable_credit_policy() = Policy(limit);
    account.mutable_payment_terms()->set_net_days(net_days);
    Ok(OpenAccount, account);
  }
  static v1::CreditPolicy Policy(absl::string_view limit) {
    v1::CreditPolicy policy;
    policy.set_kind(limit.empty() ? v1::CREDIT_POLICY_KIND_UNLIMITED
                                  : v1::CREDIT_POLICY_KIND_LIMITED);
    if (!limit.empty()) *policy.mutable_limit() = Usd(limit);
    return policy;
  }
  static v1::ReserveCreditRequest Wish(int order, int revision, absl::string_view amount,
                                       int account = 1) {
    v1::ReserveCreditRequest request;
    request.set_order_id(Ord(order));
    request.set_revision(revision);
    request.set_account_id(Acc(account));
    *request.mutable_amount() = Usd(amount);
    return request;
  }
  // "RESERVED", "WAITING OVER_LIMIT", "SUPERSEDED".
  std::string Reserve(int order, int revision, absl::string_view amount, int account = 1) {
    return Outcome(Ok(ReserveCredit, Wish(order, revision, amount, account)));
  }
  static std::string Outcome(const v1::ReserveCreditResponse& answer) {
    std::string text = v1::CreditOutcome_Name(answer.outcome()).substr(15);
    if (answer.outcome() == v1::CREDIT_OUTCOME_WAITING) {
      absl::StrAppend(
          &text, " ",
          v1::CreditRefusalReason_Name(answer.credit_commitment().waiting().reason()).substr(22));
    }
    return text;
  }
  v1::CreditCommitment Release(int order) {
    v1::ReleaseCreditRequest request;
    request.set_order_id(Ord(order));
    return Ok(ReleaseCredit, request);
  }
  v1::CreditCommitment Override(int order, absl::string_view amount) {
    v1::OverrideCreditRequest request;
    request.set_order_id(Ord(order));
    *request.mutable_amount() = Usd(amount);
    request.set_reason("good customer");
    request.set_authorised_by("Ms Stern");
    return Ok(OverrideCredit, request);
  }
  // One line per net, tax code OUTSIDE_SCOPE.
  static v1::PostInvoiceRequest Bill(int order, int shipment, std::vector<std::string> nets,
                                     bool last = false, int account = 1) {
    v1::PostInvoiceRequest request;
    request.set_order_id(Ord(order));
    request.set_order_number(absl::StrCat("SO-", 1000 + order));
    request.set_shipment_id(Shp(shipment));
    request.set_account_id(Acc(account));
    *request.mutable_invoice_date() = Day("2026-01-15");
    request.set_last(last);
    int n = 0;
    for (const std::string& net : nets) {
      auto* line = request.add_lines();
      line->set_line_number(++n);
      *line->mutable_net() = Usd(net);
      line->set_tax_code("OUTSIDE_SCOPE");
    }
    return request;
  }
  v1::Invoice Invoice(int order, int shipment, absl::string_view net, bool last = false,
                      int account = 1) {
    return Ok(PostInvoice, Bill(order, shipment, {std::string(net)}, last, account));
  }
  static v1::RecordPaymentRequest Money(int payment, absl::string_view amount, int account = 1) {
    v1::RecordPaymentRequest request;
    request.set_payment_id(Pay(payment));
    request.set_account_id(Acc(account));
    *request.mutable_amount() = Usd(amount);
    *request.mutable_payment_date() = Day("2026-02-14");
    return request;
  }
  v1::Payment PayInvoice(int payment, absl::string_view amount, int shipment) {
    v1::RecordPaymentRequest request = Money(payment, amount);
    request.add_invoice_ids(Inv(shipment));
    return Ok(RecordPayment, request);
  }
  v1::Payment Bounce(int payment) {
    v1::ReversePaymentRequest request;
    request.set_payment_id(Pay(payment));
    request.set_reason("no cover");
    *request.mutable_reversal_date() = Day("2026-02-20");
    return Ok(ReversePayment, request);
  }
  static v1::PostCreditNoteRequest Return(int ret, int shipment, std::vector<std::string> nets) {
    v1::PostCreditNoteRequest request;
    request.set_return_id(Id("ret_", ret));
    request.set_shipment_id(Shp(shipment));
    *request.mutable_credit_date() = Day("2026-03-01");
    int n = 0;
    for (const std::string& net : nets) {
      ++n;
      if (net.empty()) continue;
      auto* line = request.add_lines();
      line->set_line_number(n);
      *line->mutable_net() = Usd(net);
    }
    return request;
  }
  v1::CreditNote Credit(int ret, int shipment, absl::string_view net) {
    return Ok(PostCreditNote, Return(ret, shipment, {std::string(net)}));
  }
  v1::DebtorAccount Limit(absl::string_view limit, int account = 1) {
    v1::SetCreditRequest request;
    request.set_account_id(Acc(account));
    *request.mutable_credit_policy() = Policy(limit);
    return Ok(SetCredit, request);
  }
  v1::DebtorAccount Block(bool on, v1::BlockKind kind = v1::BLOCK_KIND_ORDER, int account = 1) {
    if (on) {
      v1::BlockAccountRequest request;
      request.set_account_id(Acc(account));
      request.set_kind(kind);
      request.set_reason("legal dispute");
      return Ok(BlockAccount, request);
    }
    v1::UnblockAccountRequest request;
    request.set_account_id(Acc(account));
    request.set_kind(kind);
    return Ok(UnblockAccount, request);
  }
  void Close(absl::string_view period) {
    v1::ClosePeriodRequest request;
    request.set_period(std::string(period));
    Ok(ClosePeriod, request);
  }

  template <class T>
  const T& Row(absl::string_view id) {
    state_.Begin();
    const T* row = state_.Find<T>(id);
    EXPECT_NE(row, nullptr) << id;
    return row == nullptr ? T::default_instance() : *row;
  }
  const v1::CreditCommitment& Commitment(int order) {
    return Row<v1::CreditCommitment>(Ord(order));
  }
  std::string Open(int shipment) { return Text(Row<v1::Invoice>(Inv(shipment)).open_amount()); }
  // "receivable - unapplied + committed = exposure".
  std::string Figures(int account = 1) {
    const auto& row = Row<v1::AccountExposure>(Acc(account));
    return absl::StrCat(Text(row.receivable()), " - ", Text(row.unapplied()), " + ",
                        Text(row.committed()), " = ", Text(row.exposure()));
  }

  // Recomputes from documents alone: the exposure of every account (DOMAIN 5), the settlement of
  // every invoice, the books, the numbers.
  void Audit() {
    state_.Begin();
    struct Sums {
      int64_t receivable = 0, unapplied = 0, committed = 0, waiting = 0, open = 0, books = 0;
    };
    std::map<std::string, Sums> accounts;
    std::map<std::string, int64_t> settled;
    std::set<std::string> invoice_numbers, credit_numbers;
    for (const auto* invoice : state_.All<v1::Invoice>()) {
      Sums& sums = accounts[invoice->account_id()];
      sums.receivable += MicrosOf(invoice->open_amount());
      sums.open += MicrosOf(invoice->open_amount()) > 0;
      EXPECT_GE(MicrosOf(invoice->open_amount()), 0);
      EXPECT_EQ(MicrosOf(invoice->net()) + MicrosOf(invoice->tax()), MicrosOf(invoice->total()));
      EXPECT_LE(MicrosOf(invoice->credited()), MicrosOf(invoice->total()));
      invoice_numbers.insert(invoice->number());
    }
    for (const auto* payment : state_.All<v1::Payment>()) {
      accounts[payment->account_id()].unapplied += MicrosOf(payment->unapplied());
      if (payment->state() == v1::PAYMENT_STATE_REVERSED) continue;
      EXPECT_EQ(MicrosOf(payment->applied()) + MicrosOf(payment->unapplied()),
                MicrosOf(payment->amount()));
      for (const auto& part : payment->applications()) {
        settled[part.invoice_id()] += MicrosOf(part.amount());
      }
    }
    for (const auto* note : state_.All<v1::CreditNote>()) {
      accounts[note->account_id()].unapplied += MicrosOf(note->unapplied());
      EXPECT_EQ(MicrosOf(note->applied()) + MicrosOf(note->unapplied()), MicrosOf(note->total()));
      settled[note->invoice_id()] += MicrosOf(note->applied());
      credit_numbers.insert(note->number());
    }
    for (const auto* invoice : state_.All<v1::Invoice>()) {
      EXPECT_EQ(MicrosOf(invoice->total()) - settled[invoice->id()],
                MicrosOf(invoice->open_amount()))
          << invoice->number();
    }
    for (const auto* commitment : state_.All<v1::CreditCommitment>()) {
      if (commitment->account_id().empty()) continue;
      Sums& sums = accounts[commitment->account_id()];
      sums.committed += HeldBy(*commitment);
      sums.waiting += commitment->has_waiting();
      if (commitment->state() == v1::CREDIT_COMMITMENT_STATE_CLOSED) {
        EXPECT_FALSE(commitment->has_waiting());
      }
    }
    for (const auto* entry : state_.All<v1::LedgerEntry>()) {
      std::vector<v1::Posting> postings(entry->postings().begin(), entry->postings().end());
      EXPECT_TRUE(CheckBalanced(postings).ok()) << entry->id();
      for (const v1::Posting& posting : postings) {
        if (posting.ledger_account() != kReceivables) continue;
        accounts[posting.debtor_account_id()].books +=
            MicrosOf(posting.debit()) - MicrosOf(posting.credit());
      }
    }
    for (const auto* row : state_.All<v1::AccountExposure>()) {
      const Sums& sums = accounts[row->account_id()];
      EXPECT_EQ(MicrosOf(row->receivable()), sums.receivable) << row->account_id();
      EXPECT_EQ(MicrosOf(row->unapplied()), sums.unapplied) << row->account_id();
      EXPECT_EQ(MicrosOf(row->committed()), sums.committed) << row->account_id();
      EXPECT_EQ(MicrosOf(row->exposure()), sums.receivable - sums.unapplied + sums.committed);
      EXPECT_GE(MicrosOf(row->highest_exposure()), MicrosOf(row->exposure()));
      EXPECT_EQ(row->waiting(), sums.waiting) << row->account_id();
      EXPECT_EQ(row->open_invoices(), sums.open) << row->account_id();
      EXPECT_EQ(sums.books, sums.receivable - sums.unapplied) << row->account_id();
    }
    ExpectGapless(invoice_numbers);
    ExpectGapless(credit_numbers);
  }
  // That the events told the figures as they are.
  void AuditTold() {
    state_.Begin();
    for (const auto* row : state_.All<v1::AccountExposure>()) {
      const v1::AccountExposure& told = told_figures_[row->account_id()];
      EXPECT_EQ(MicrosOf(told.receivable()), MicrosOf(row->receivable())) << told_;
      EXPECT_EQ(MicrosOf(told.unapplied()), MicrosOf(row->unapplied())) << told_;
      EXPECT_EQ(MicrosOf(told.committed()), MicrosOf(row->committed())) << told_;
      EXPECT_EQ(told.waiting(), row->waiting()) << told_;
      EXPECT_EQ(told.open_invoices(), row->open_invoices()) << told_;
    }
  }

 private:
  // What an event says of its account's figures: whoever reads the events knows them as they are.
  void Learn(const google::protobuf::Message& event) {
    const auto* what = event.GetReflection()->GetOneofFieldDescriptor(
        event, event.GetDescriptor()->FindOneofByName("what"));
    const google::protobuf::Message& said = event.GetReflection()->GetMessage(event, what);
    const auto* field = said.GetDescriptor()->FindFieldByName("account_exposure");
    if (field == nullptr || !said.GetReflection()->HasField(said, field)) return;
    const auto& figures =
        static_cast<const v1::AccountExposure&>(said.GetReflection()->GetMessage(said, field));
    v1::AccountExposure& known = told_figures_[figures.account_id()];
    if (figures.sequence() >= known.sequence()) known = figures;
  }
  static void ExpectGapless(const std::set<std::string>& numbers) {
    std::map<std::string, std::pair<int, int>> series;  // count, highest
    for (const std::string& number : numbers) {
      auto& [count, highest] = series[number.substr(0, 9)];
      ++count;
      highest = std::max(highest, std::stoi(number.substr(9)));
    }
    for (const auto& [name, each] : series) EXPECT_EQ(each.first, each.second) << name;
  }

  State state_;
  Context context_;
  std::string told_;
  std::vector<EmittedEvent> events_;
  std::map<std::string, v1::AccountExposure> told_figures_;
};

}  // namespace tandem::billing
