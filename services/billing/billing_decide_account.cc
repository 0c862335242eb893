#include "services/billing/billing_decide_account.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "platform/base/etag.h"
#include "platform/base/fixed.h"
#include "platform/base/money.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "services/billing/billing_decide_check.h"
#include "services/billing/billing_decide_company.h"
#include "services/billing/billing_decide_figures.h"
#include "services/billing/billing_decide_waiting.h"
#include "tandem/billing/v1/events.pb.h"
#include "tandem/operations/v1/counter.pb.h"

namespace tandem::billing {
namespace {

constexpr absl::string_view kDebtorCounter = "debtor";
constexpr int64_t kFirstDebtorNumber = 1001;
// Numbers that people gave by hand are passed over, so many in a row.
constexpr int kTakenNumbersMax = 100;
constexpr int64_t kNumbersAheadMax = 256;

bool NumberTaken(absl::string_view number, absl::string_view by_other_than, State& state) {
  state.Load<v1::DebtorAccount>(kOfDebtorNumber, number);
  for (const v1::DebtorAccount* account : state.All<v1::DebtorAccount>()) {
    if (account->debtor_number() == number && account->id() != by_other_than) return true;
  }
  return false;
}

absl::Status NumberTakenError(absl::string_view number) {
  absl::Status status = Refuse(absl::StatusCode::kAlreadyExists, "DEBTOR_NUMBER_TAKEN",
                               "another account has the number", "debtor_number");
  AddMetadata(&status, "debtor_number", number);
  return status;
}

std::string DebtorNumber(int64_t number) { return absl::StrCat("D-", number); }

// Asks who has the number; with it for as many behind it as there are accounts at hand, so that a
// batch of many new ones asks a few times and not once for each.
void AskForNumbers(int64_t number, State& state) {
  const SetKey first{v1::DebtorAccount::descriptor(), std::string(kOfDebtorNumber),
                     DebtorNumber(number)};
  if (state.IsLoaded(first)) return;
  const auto at_hand = static_cast<int64_t>(state.All<v1::DebtorAccount>().size());
  for (int64_t i = 0; i <= std::min(at_hand, kNumbersAheadMax); ++i) {
    state.Load<v1::DebtorAccount>(kOfDebtorNumber, DebtorNumber(number + i));
  }
}

absl::StatusOr<std::string> NextDebtorNumber(State& state) {
  auto* counter = state.Edit<operations::v1::Counter>(kDebtorCounter);
  if (counter == nullptr) {
    operations::v1::Counter fresh;
    fresh.set_name(std::string(kDebtorCounter));
    fresh.set_value(kFirstDebtorNumber - 1);
    counter = state.Insert(std::move(fresh));
  }
  state.Touch<operations::v1::Counter>(kDebtorCounter);
  for (int i = 0; i < kTakenNumbersMax; ++i) {
    counter->set_value(counter->value() + 1);
    AskForNumbers(counter->value(), state);
    std::string number = DebtorNumber(counter->value());
    if (!NumberTaken(number, "", state)) return number;
  }
  return NumberTakenError(DebtorNumber(counter->value()));
}

v1::Block* BlockOf(v1::BlockKind kind, v1::DebtorAccount* account) {
  switch (kind) {
    case v1::BLOCK_KIND_ORDER:
      return account->mutable_order_block();
    case v1::BLOCK_KIND_DELIVERY:
      return account->mutable_delivery_block();
    default:
      return account->mutable_dunning_block();
  }
}

// Looks the account up for a command: there, and of the version the caller knows.
absl::Status CheckKnown(absl::string_view account_id, absl::string_view etag, State& state) {
  TANDEM_RETURN_IF_ERROR(Figures::Of(account_id, state).status());
  return CheckEtag(etag, state.Version<v1::DebtorAccount>(account_id));
}

// Ends a command: the customer shows the account as it is now.
v1::DebtorAccount Finish(const std::string& account_id, Context& context, State& state) {
  const auto* account = state.Find<v1::DebtorAccount>(account_id);
  const auto* customer =
      account == nullptr ? nullptr : state.Find<v1::Customer>(account->customer_id());
  if (customer != nullptr && customer->account_id() == account_id) {
    v1::Customer shown = *customer;
    if (Mirror(*account, &shown)) {
      *state.Edit<v1::Customer>(shown.id()) = shown;
      v1::CustomerEvent event;
      event.mutable_customer_updated();
      state.Emit<v1::Customer>(context, shown.id(), std::move(event), /*with_previous=*/true);
    }
  }
  return state.Answer<v1::DebtorAccount>(account_id);
}

void AccountHints(absl::string_view account_id, Wanted& wanted) {
  wanted.Row<v1::DebtorAccount>(account_id);
  wanted.Row<v1::AccountExposure>(account_id);
}

}  // namespace

absl::Status CheckTerms(v1::PaymentTerms* terms) {
  const absl::StatusOr<int64_t> rate =
      FractionFromProto(terms->discount_rate(), "payment_terms.discount_rate");
  if (!rate.ok()) return rate.status();
  if (terms->has_discount_rate()) *terms->mutable_discount_rate() = DecimalToProto(*rate);
  if (terms->net_days() < 0 || terms->net_days() > 3650 || terms->discount_days() < 0 ||
      terms->discount_days() > terms->net_days()) {
    return InvalidField("payment_terms", "PAYMENT_TERMS_INVALID",
                        "discount days are 0 to net days, net days at most 3650");
  }
  return absl::OkStatus();
}

absl::Status CheckCredit(v1::CreditPolicy* policy, absl::string_view currency) {
  if (policy->kind() == v1::CREDIT_POLICY_KIND_UNLIMITED) {
    policy->clear_limit();
    return absl::OkStatus();
  }
  if (policy->kind() != v1::CREDIT_POLICY_KIND_LIMITED || !policy->has_limit()) {
    return InvalidField("credit_policy", "CREDIT_LIMIT_INVALID",
                        "credit is LIMITED with a limit, or UNLIMITED");
  }
  TANDEM_ASSIGN_OR_RETURN(const int64_t limit,
                          MicrosFromProto(policy->limit(), currency, "credit_policy.limit"));
  if (limit < 0) {
    return InvalidField("credit_policy.limit", "CREDIT_LIMIT_INVALID", "a limit is 0 or more");
  }
  return absl::OkStatus();
}

absl::StatusOr<NewAccount> PrepareAccount(v1::DebtorAccount wanted, Context& context,
                                          State& state) {
  const v1::CompanyProfile company = CompanyOf(state);
  if (wanted.id().empty()) wanted.set_id(context.ids.Next("acc_"));
  if (state.Find<v1::DebtorAccount>(wanted.id()) != nullptr) {
    return Refuse(absl::StatusCode::kAlreadyExists, "DEBTOR_ACCOUNT_ALREADY_EXISTS",
                  "there is an account of that id", "account_id");
  }
  state.Find<v1::AccountExposure>(wanted.id());
  if (wanted.debtor_number().empty()) {
    TANDEM_ASSIGN_OR_RETURN(*wanted.mutable_debtor_number(), NextDebtorNumber(state));
  } else if (NumberTaken(wanted.debtor_number(), wanted.id(), state)) {
    return NumberTakenError(wanted.debtor_number());
  }
  if (wanted.currency().empty()) wanted.set_currency(company.currency());
  if (!wanted.has_credit_policy()) {
    auto* policy = wanted.mutable_credit_policy();
    if (company.unlimited_credit()) {
      policy->set_kind(v1::CREDIT_POLICY_KIND_UNLIMITED);
    } else {
      policy->set_kind(v1::CREDIT_POLICY_KIND_LIMITED);
      SetMoney(MicrosOf(company.credit_limit()), wanted.currency(), policy->mutable_limit());
    }
  }
  TANDEM_RETURN_IF_ERROR(CheckCredit(wanted.mutable_credit_policy(), wanted.currency()));
  if (!wanted.has_payment_terms()) *wanted.mutable_payment_terms() = company.payment_terms();
  TANDEM_RETURN_IF_ERROR(CheckTerms(wanted.mutable_payment_terms()));
  wanted.set_state(v1::DEBTOR_ACCOUNT_STATE_OPEN);
  return NewAccount{std::move(wanted)};
}

absl::Status PutAccount(const NewAccount& fresh, Context& context, State& state) {
  const v1::DebtorAccount& account = fresh.account;
  auto* payer = state.Edit<v1::PayerAccount>(account.customer_id());
  if (payer == nullptr) {
    v1::PayerAccount row;
    row.set_customer_id(account.customer_id());
    payer = state.Insert(std::move(row));
  }
  const bool first = payer->account_id().empty();
  if (first) payer->set_account_id(account.id());
  state.Touch<v1::PayerAccount>(account.customer_id());

  v1::AccountExposure exposure;
  exposure.set_account_id(account.id());
  exposure.set_customer_id(account.customer_id());
  for (google::type::Money* money :
       {exposure.mutable_receivable(), exposure.mutable_unapplied(), exposure.mutable_committed(),
        exposure.mutable_exposure(), exposure.mutable_highest_exposure()}) {
    SetMoney(0, account.currency(), money);
  }
  state.Insert(std::move(exposure));
  state.Touch<v1::AccountExposure>(account.id());
  state.Insert(account);
  v1::DebtorAccountEvent event;
  event.mutable_debtor_account_opened()->set_first_of_customer(first);
  state.Emit<v1::DebtorAccount>(context, account.id(), std::move(event));
  if (!first) return absl::OkStatus();
  return AdoptWaiting(account.customer_id(), account.id(), context, state);
}

bool Mirror(const v1::DebtorAccount& account, v1::Customer* customer) {
  const v1::Customer before = *customer;
  customer->set_account_id(account.id());
  customer->set_debtor_number(account.debtor_number());
  customer->set_currency(account.currency());
  *customer->mutable_payment_terms() = account.payment_terms();
  *customer->mutable_credit_policy() = account.credit_policy();
  if (account.has_delivery_block() || customer->has_delivery_block()) {
    *customer->mutable_delivery_block() = account.delivery_block();
  }
  if (account.has_dunning_block() || customer->has_dunning_block()) {
    *customer->mutable_dunning_block() = account.dunning_block();
  }
  return !Same(before, *customer);
}

absl::Status ChangeCredit(absl::string_view account_id, v1::CreditPolicy policy, Context& context,
                          State& state) {
  TANDEM_ASSIGN_OR_RETURN(const Figures figures, Figures::Of(account_id, state));
  TANDEM_RETURN_IF_ERROR(CheckCredit(&policy, figures.currency()));
  const v1::DebtorAccount before = figures.account(state);
  if (Same(before.credit_policy(), policy)) return absl::OkStatus();
  *state.Edit<v1::DebtorAccount>(account_id)->mutable_credit_policy() = policy;
  v1::DebtorAccountEvent event;
  *event.mutable_debtor_account_credit_set()->mutable_account_exposure() = figures.Row(state);
  state.Emit<v1::DebtorAccount>(context, account_id, std::move(event), /*with_previous=*/true);
  const int64_t old_limit = LimitOf(before).value_or(std::numeric_limits<int64_t>::max());
  const int64_t limit =
      LimitOf(figures.account(state)).value_or(std::numeric_limits<int64_t>::max());
  if (limit < old_limit) {
    TellIfExceeded(figures, std::numeric_limits<int64_t>::min(), "", context, state);
    return absl::OkStatus();
  }
  return DecideWaiting(account_id, context, state);
}

absl::Status ChangeTerms(absl::string_view account_id, v1::PaymentTerms terms, Context& context,
                         State& state) {
  TANDEM_RETURN_IF_ERROR(CheckTerms(&terms));
  const auto* account = state.Find<v1::DebtorAccount>(account_id);
  if (account == nullptr) return NotFound("DEBTOR_ACCOUNT", account_id);
  if (Same(account->payment_terms(), terms)) return absl::OkStatus();
  *state.Edit<v1::DebtorAccount>(account_id)->mutable_payment_terms() = terms;
  v1::DebtorAccountEvent event;
  event.mutable_debtor_account_terms_set();
  state.Emit<v1::DebtorAccount>(context, account_id, std::move(event), /*with_previous=*/true);
  return absl::OkStatus();
}

absl::Status ChangeBlock(absl::string_view account_id, v1::BlockKind kind, const v1::Block& block,
                         Context& context, State& state) {
  const auto* known = state.Find<v1::DebtorAccount>(account_id);
  if (known == nullptr) return NotFound("DEBTOR_ACCOUNT", account_id);
  v1::DebtorAccount changed = *known;
  v1::Block* here = BlockOf(kind, &changed);
  v1::Block wanted = block;
  if (!wanted.on()) wanted.clear_reason();
  if (Same(*here, wanted)) return absl::OkStatus();
  *here = wanted;
  auto* account = state.Edit<v1::DebtorAccount>(account_id);
  *account = changed;
  v1::DebtorAccountEvent event;
  if (wanted.on()) {
    auto* blocked = event.mutable_debtor_account_blocked();
    blocked->set_account_id(account->id());
    blocked->set_customer_id(account->customer_id());
    blocked->set_kind(kind);
    blocked->set_reason(wanted.reason());
  } else {
    auto* unblocked = event.mutable_debtor_account_unblocked();
    unblocked->set_account_id(account->id());
    unblocked->set_customer_id(account->customer_id());
    unblocked->set_kind(kind);
  }
  state.Emit<v1::DebtorAccount>(context, account_id, std::move(event), /*with_previous=*/true);
  if (kind != v1::BLOCK_KIND_ORDER || wanted.on()) return absl::OkStatus();
  return DecideWaiting(account_id, context, state);
}

absl::Status ChangeNumberAndCurrency(absl::string_view account_id, absl::string_view debtor_number,
                                     absl::string_view currency, Context& context, State& state) {
  TANDEM_ASSIGN_OR_RETURN(Figures figures, Figures::Of(account_id, state));
  v1::DebtorAccount changed = figures.account(state);
  if (!debtor_number.empty() && debtor_number != changed.debtor_number()) {
    if (NumberTaken(debtor_number, account_id, state)) return NumberTakenError(debtor_number);
    changed.set_debtor_number(std::string(debtor_number));
  }
  if (!currency.empty() && currency != changed.currency()) {
    if (figures.used) {
      return Refuse(absl::StatusCode::kFailedPrecondition, "CUSTOMER_FIELD_FIXED",
                    "something was posted or promised in the account's currency", "currency");
    }
    changed.set_currency(std::string(currency));
    if (changed.credit_policy().has_limit()) {
      changed.mutable_credit_policy()->mutable_limit()->set_currency_code(std::string(currency));
    }
    auto* row = state.Edit<v1::AccountExposure>(account_id);
    for (google::type::Money* money :
         {row->mutable_receivable(), row->mutable_unapplied(), row->mutable_committed(),
          row->mutable_exposure(), row->mutable_highest_exposure()}) {
      money->set_currency_code(std::string(currency));
    }
    row->set_sequence(row->sequence() + 1);
    state.Touch<v1::AccountExposure>(account_id);
  }
  if (Same(changed, figures.account(state))) return absl::OkStatus();
  *state.Edit<v1::DebtorAccount>(account_id) = changed;
  v1::DebtorAccountEvent event;
  event.mutable_debtor_account_updated();
  state.Emit<v1::DebtorAccount>(context, account_id, std::move(event), /*with_previous=*/true);
  return DecideWaiting(account_id, context, state);
}

absl::StatusOr<v1::DebtorAccount> OpenAccount(const v1::OpenAccountRequest& request,
                                              Context& context, State& state) {
  const auto* payer = state.Find<v1::PayerAccount>(request.customer_id());
  const auto* customer = state.Find<v1::Customer>(request.customer_id());
  if (customer == nullptr) return NotFound("CUSTOMER", request.customer_id());
  const bool first = payer == nullptr || payer->account_id().empty();
  v1::DebtorAccount wanted;
  wanted.set_id(request.account_id());
  wanted.set_customer_id(request.customer_id());
  wanted.set_debtor_number(request.debtor_number());
  wanted.set_currency(request.currency().empty() ? customer->currency() : request.currency());
  if (request.has_credit_policy()) *wanted.mutable_credit_policy() = request.credit_policy();
  if (request.has_payment_terms()) *wanted.mutable_payment_terms() = request.payment_terms();
  if (first && customer->has_delivery_block()) {
    *wanted.mutable_delivery_block() = customer->delivery_block();
  }
  if (first && customer->has_dunning_block()) {
    *wanted.mutable_dunning_block() = customer->dunning_block();
  }
  TANDEM_ASSIGN_OR_RETURN(const NewAccount fresh,
                          PrepareAccount(std::move(wanted), context, state));
  const std::string id = fresh.account.id();
  TANDEM_RETURN_IF_ERROR(PutAccount(fresh, context, state));
  if (first) {
    auto* shown = state.Edit<v1::Customer>(request.customer_id());
    Mirror(*state.Find<v1::DebtorAccount>(id), shown);
    v1::CustomerEvent event;
    event.mutable_customer_updated();
    state.Emit<v1::Customer>(context, request.customer_id(), std::move(event),
                             /*with_previous=*/true);
  }
  return state.Answer<v1::DebtorAccount>(id);
}

void OpenAccountHints(const v1::OpenAccountRequest& request, Wanted& wanted) {
  wanted.Row<v1::PayerAccount>(request.customer_id());
  wanted.Row<v1::Customer>(request.customer_id());
  AccountHints(request.account_id(), wanted);
}

absl::StatusOr<v1::DebtorAccount> SetCredit(const v1::SetCreditRequest& request, Context& context,
                                            State& state) {
  TANDEM_RETURN_IF_ERROR(CheckKnown(request.account_id(), request.etag(), state));
  TANDEM_RETURN_IF_ERROR(
      ChangeCredit(request.account_id(), request.credit_policy(), context, state));
  return Finish(request.account_id(), context, state);
}

void SetCreditHints(const v1::SetCreditRequest& request, Wanted& wanted) {
  AccountHints(request.account_id(), wanted);
}

absl::StatusOr<v1::DebtorAccount> SetPaymentTerms(const v1::SetPaymentTermsRequest& request,
                                                  Context& context, State& state) {
  TANDEM_RETURN_IF_ERROR(CheckKnown(request.account_id(), request.etag(), state));
  TANDEM_RETURN_IF_ERROR(
      ChangeTerms(request.account_id(), request.payment_terms(), context, state));
  return Finish(request.account_id(), context, state);
}

void SetPaymentTermsHints(const v1::SetPaymentTermsRequest& request, Wanted& wanted) {
  AccountHints(request.account_id(), wanted);
}

absl::StatusOr<v1::DebtorAccount> BlockAccount(const v1::BlockAccountRequest& request,
                                               Context& context, State& state) {
  TANDEM_RETURN_IF_ERROR(CheckKnown(request.account_id(), request.etag(), state));
  v1::Block block;
  block.set_on(true);
  block.set_reason(request.reason());
  TANDEM_RETURN_IF_ERROR(ChangeBlock(request.account_id(), request.kind(), block, context, state));
  return Finish(request.account_id(), context, state);
}

void BlockAccountHints(const v1::BlockAccountRequest& request, Wanted& wanted) {
  AccountHints(request.account_id(), wanted);
}

absl::StatusOr<v1::DebtorAccount> UnblockAccount(const v1::UnblockAccountRequest& request,
                                                 Context& context, State& state) {
  TANDEM_RETURN_IF_ERROR(CheckKnown(request.account_id(), request.etag(), state));
  TANDEM_RETURN_IF_ERROR(
      ChangeBlock(request.account_id(), request.kind(), v1::Block(), context, state));
  return Finish(request.account_id(), context, state);
}

void UnblockAccountHints(const v1::UnblockAccountRequest& request, Wanted& wanted) {
  AccountHints(request.account_id(), wanted);
}

absl::StatusOr<v1::DebtorAccount> CloseAccount(const v1::CloseAccountRequest& request,
                                               Context& context, State& state) {
  const std::string& id = request.account_id();
  TANDEM_ASSIGN_OR_RETURN(const Figures figures, Figures::Of(id, state));
  const v1::DebtorAccount account = figures.account(state);
  if (account.state() == v1::DEBTOR_ACCOUNT_STATE_CLOSED) {
    return state.Answer<v1::DebtorAccount>(id);
  }
  TANDEM_RETURN_IF_ERROR(CheckEtag(request.etag(), state.Version<v1::DebtorAccount>(id)));
  if (figures.receivable != 0 || figures.unapplied != 0 || figures.committed != 0 ||
      figures.waiting != 0) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "ACCOUNT_HAS_OPEN_ITEMS",
                  "the account has open invoices, money on account, or orders");
  }
  // The next open account of the customer, by id, answers for it from now on.
  std::string successor;
  state.Load<v1::DebtorAccount>(kOfCustomer, account.customer_id());
  for (const v1::DebtorAccount* other : state.All<v1::DebtorAccount>()) {
    if (other->customer_id() == account.customer_id() && other->id() != id &&
        other->state() == v1::DEBTOR_ACCOUNT_STATE_OPEN && successor.empty()) {
      successor = other->id();
    }
  }
  state.Edit<v1::DebtorAccount>(id)->set_state(v1::DEBTOR_ACCOUNT_STATE_CLOSED);
  v1::DebtorAccountEvent event;
  const auto* payer = state.Find<v1::PayerAccount>(account.customer_id());
  const bool was_first = payer != nullptr && payer->account_id() == id;
  if (was_first) event.mutable_debtor_account_closed()->set_successor_account_id(successor);
  event.mutable_debtor_account_closed();
  state.Emit<v1::DebtorAccount>(context, id, std::move(event), /*with_previous=*/true);
  if (!was_first) return state.Answer<v1::DebtorAccount>(id);
  state.Edit<v1::PayerAccount>(account.customer_id())->set_account_id(successor);
  state.Touch<v1::PayerAccount>(account.customer_id());
  if (auto* customer = state.Edit<v1::Customer>(account.customer_id())) {
    if (successor.empty()) {
      customer->clear_account_id();
      customer->clear_debtor_number();
    } else if (const auto* next = state.Find<v1::DebtorAccount>(successor)) {
      Mirror(*next, customer);
    }
    v1::CustomerEvent updated;
    updated.mutable_customer_updated();
    state.Emit<v1::Customer>(context, account.customer_id(), std::move(updated),
                             /*with_previous=*/true);
  }
  return state.Answer<v1::DebtorAccount>(id);
}

void CloseAccountHints(const v1::CloseAccountRequest& request, Wanted& wanted) {
  AccountHints(request.account_id(), wanted);
}

}  // namespace tandem::billing
