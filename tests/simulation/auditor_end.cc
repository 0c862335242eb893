// What must hold when nothing is left to deliver.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/inventory/inventory_decide_figures.h"
#include "tandem/billing/v1/credit_commitment.pb.h"
#include "tandem/billing/v1/credit_note.pb.h"
#include "tandem/billing/v1/debtor_account.pb.h"
#include "tandem/billing/v1/invoice.pb.h"
#include "tandem/billing/v1/ledger.pb.h"
#include "tandem/billing/v1/payment.pb.h"
#include "tandem/customer/v1/dealings.pb.h"
#include "tandem/inventory/v1/demand.pb.h"
#include "tandem/inventory/v1/shipment.pb.h"
#include "tandem/opportunity/v1/opportunity.pb.h"
#include "tandem/opportunity/v1/quote.pb.h"
#include "tandem/order/v1/order.pb.h"
#include "tests/simulation/amounts.h"
#include "tests/simulation/auditor.h"

namespace tandem::simulation {
namespace {

using billing::v1::CreditCommitment;
using inventory::MicrosOf;
using inventory::v1::Demand;
using order::v1::Order;

int64_t HeldBy(const CreditCommitment& commitment) {
  if (commitment.state() == billing::v1::CREDIT_COMMITMENT_STATE_CLOSED) return 0;
  return std::max<int64_t>(0, Money(commitment.committed()) - Money(commitment.invoiced()));
}

}  // namespace

void Auditor::AtRest(const std::array<State*, kParts>& states) {
  for (State* state : states) state->Begin();
  BillingAtRest(*states[kBilling]);
  InventoryAtRest(*states[kInventory]);
  OrdersAtRest(*states[kOrder], *states[kInventory], *states[kBilling]);
  StandingsAtRest(*states[kCustomer], *states[kBilling]);
  QuotesAtRest(*states[kOpportunity], *states[kOrder]);
}

// Every amount again from the documents alone.
void Auditor::BillingAtRest(State& state) {
  struct Sums {
    int64_t receivable = 0, unapplied = 0, committed = 0, books = 0, waiting = 0, open = 0;
  };
  std::map<std::string, Sums> accounts;
  std::map<std::string, int64_t> settled;            // by invoice
  std::map<std::string, std::set<int64_t>> numbers;  // by series
  const auto number = [&](const std::string& text) {
    const size_t dash = text.rfind('-');
    numbers[text.substr(0, dash)].insert(std::stoll(text.substr(dash + 1)));
  };
  for (const auto* invoice : state.All<billing::v1::Invoice>()) {
    Sums& sums = accounts[invoice->account_id()];
    sums.receivable += Money(invoice->open_amount());
    sums.open += Money(invoice->open_amount()) > 0;
    number(invoice->number());
    for (const auto& row : invoice->taxes()) {
      if (Money(row.credited_tax()) != Tax(Money(row.credited_base()), Decimal(row.tax_rate())) ||
          Money(row.credited_base()) > Money(row.base())) {
        Violate(absl::StrCat("I2: the credited tax of ", invoice->ShortDebugString()));
      }
    }
    if (Money(invoice->open_amount()) < 0 || Money(invoice->credited()) > Money(invoice->total())) {
      Violate(absl::StrCat("I2: ", invoice->ShortDebugString()));
    }
  }
  for (const auto* payment : state.All<billing::v1::Payment>()) {
    accounts[payment->account_id()].unapplied += Money(payment->unapplied());
    if (payment->state() == billing::v1::PAYMENT_STATE_REVERSED) continue;
    int64_t applied = 0;
    for (const auto& part : payment->applications()) {
      settled[part.invoice_id()] += Money(part.amount());
      applied += Money(part.amount());
    }
    if (applied != Money(payment->applied()) ||
        applied + Money(payment->unapplied()) != Money(payment->amount())) {
      Violate(absl::StrCat("I2: applied: ", payment->ShortDebugString()));
    }
  }
  for (const auto* note : state.All<billing::v1::CreditNote>()) {
    accounts[note->account_id()].unapplied += Money(note->unapplied());
    settled[note->invoice_id()] += Money(note->applied());
    number(note->number());
    int64_t net = 0;
    for (const auto& line : note->lines()) net += Money(line.net());
    if (net != Money(note->net()) ||
        Money(note->applied()) + Money(note->unapplied()) != Money(note->total()) ||
        Money(note->net()) + Money(note->tax()) != Money(note->total())) {
      Violate(absl::StrCat("I2: ", note->ShortDebugString()));
    }
  }
  for (const auto* invoice : state.All<billing::v1::Invoice>()) {
    if (Money(invoice->total()) - settled[invoice->id()] != Money(invoice->open_amount())) {
      Violate(absl::StrCat("I2: open, and settled by ", settled[invoice->id()], ": ",
                           invoice->ShortDebugString()));
    }
  }
  for (const auto* commitment : state.All<CreditCommitment>()) {
    Sums& sums = accounts[commitment->account_id()];
    sums.committed += HeldBy(*commitment);
    sums.waiting += commitment->has_waiting();
  }
  std::map<std::string, int64_t> totals;
  for (const auto* entry : state.All<billing::v1::LedgerEntry>()) {
    std::map<std::string, int64_t> balance;
    for (const auto& posting : entry->postings()) {
      const int64_t amount = Money(posting.debit()) - Money(posting.credit());
      const std::string& currency = posting.has_debit() && Money(posting.debit()) != 0
                                        ? posting.debit().currency_code()
                                        : posting.credit().currency_code();
      balance[currency] += amount;
      totals[currency] += amount;
      if (posting.ledger_account() == "1200") accounts[posting.debtor_account_id()].books += amount;
    }
    for (const auto& [currency, sum] : balance) {
      if (sum != 0) Violate(absl::StrCat("I2: unbalanced: ", entry->ShortDebugString()));
    }
  }
  for (const auto* row : state.All<billing::v1::AccountExposure>()) {
    const Sums& sums = accounts[row->account_id()];
    if (Money(row->receivable()) != sums.receivable || Money(row->unapplied()) != sums.unapplied ||
        Money(row->committed()) != sums.committed || row->waiting() != sums.waiting ||
        row->open_invoices() != sums.open) {
      Violate(absl::StrCat("I2: exposure and its documents (", sums.receivable, " ", sums.unapplied,
                           " ", sums.committed, " ", sums.waiting, " ", sums.open,
                           "): ", row->ShortDebugString()));
    }
    if (sums.books != sums.receivable - sums.unapplied) {
      Violate(
          absl::StrCat("I2: receivables ", sums.books, " in the books: ", row->ShortDebugString()));
    }
  }
  for (const auto& [series, used] : numbers) {
    if (!used.empty() && static_cast<int64_t>(used.size()) != *used.rbegin()) {
      Violate(absl::StrCat("a gap in ", series, ": ", used.size(), " up to ", *used.rbegin()));
    }
  }
}

// Shipments and demands agree.
void Auditor::InventoryAtRest(State& state) {
  std::map<std::string, int64_t> shipped;  // by order and line
  for (const auto* shipment : state.All<inventory::v1::Shipment>()) {
    for (const auto& line : shipment->lines()) {
      const std::string key = absl::StrCat(shipment->order_id(), "/", line.line_number());
      shipped[key] += MicrosOf(line.shipped());
      if (MicrosOf(line.returned()) > MicrosOf(line.shipped())) {
        Violate(absl::StrCat("I3: more back than left: ", shipment->ShortDebugString()));
      }
    }
  }
  for (const auto* demand : state.All<Demand>()) {
    for (const auto& line : demand->lines()) {
      const std::string key = absl::StrCat(demand->order_id(), "/", line.line_number());
      if (shipped[key] != MicrosOf(line.shipped())) {
        Violate(absl::StrCat("I3: shipped: ", demand->ShortDebugString()));
      }
    }
    if (demand->state() == inventory::v1::DEMAND_STATE_AWAITED) {
      Violate(absl::StrCat("a demand that never came: ", demand->ShortDebugString()));
    }
  }
}

void Auditor::OrdersAtRest(State& orders, State& inventory, State& billing) {
  std::map<std::string, int64_t> billed, credited;  // by order and line
  for (const auto* invoice : billing.All<billing::v1::Invoice>()) {
    for (const auto& line : invoice->lines()) {
      billed[absl::StrCat(invoice->order_id(), "/", line.line_number())] += Money(line.net());
    }
  }
  for (const auto* note : billing.All<billing::v1::CreditNote>()) {
    for (const auto& line : note->lines()) {
      credited[absl::StrCat(note->order_id(), "/", line.line_number())] += Money(line.net());
    }
  }
  for (const auto* order : orders.All<Order>()) {
    const std::string what =
        absl::StrCat(": ", order->order_number(), " ", order->ShortDebugString());
    const auto* demand = inventory.Find<Demand>(order->id());
    const auto* commitment = billing.Find<CreditCommitment>(order->id());
    if (demand == nullptr || commitment == nullptr) {
      Violate(absl::StrCat("I8: inventory or billing knows nothing", what));
      continue;
    }
    const bool final = order->state() == order::v1::ORDER_STATE_CLOSED ||
                       order->state() == order::v1::ORDER_STATE_CANCELLED;
    if (order->cancel_requested()) Violate(absl::StrCat("a cancellation hangs", what));
    if (final) {
      if (demand->state() != inventory::v1::DEMAND_STATE_CLOSED) {
        Violate(absl::StrCat("a demand outlives its order", what));
      }
      if (HeldBy(*commitment) != 0 ||
          commitment->state() != billing::v1::CREDIT_COMMITMENT_STATE_CLOSED) {
        Violate(absl::StrCat("a commitment outlives its order", what));
      }
    } else {
      if (order->holds().empty() && order->credit_status() == order::v1::CREDIT_STATUS_PENDING) {
        Violate(absl::StrCat("nobody says whether there is credit", what));
      }
      if (demand->state() != inventory::v1::DEMAND_STATE_CLOSED &&
          demand->held() != (order->holds_size() > 0)) {
        Violate(absl::StrCat("I8: held here and not there", what));
      }
    }
    for (const auto& line : order->lines()) {
      const std::string key = absl::StrCat(order->id(), "/", line.line_number());
      const auto wanted =
          std::find_if(demand->lines().begin(), demand->lines().end(),
                       [&](const auto& each) { return each.line_number() == line.line_number(); });
      if (wanted == demand->lines().end()) {
        Violate(absl::StrCat("I8: no demand for line ", line.line_number(), what));
        continue;
      }
      if (MicrosOf(line.shipped()) != MicrosOf(wanted->shipped()) ||
          MicrosOf(line.returned()) != MicrosOf(wanted->returned()) ||
          MicrosOf(line.reserved()) != MicrosOf(wanted->reserved())) {
        Violate(
            absl::StrCat("I8: other figures than inventory's ", demand->ShortDebugString(), what));
      }
      if (!final && order->holds().empty() &&
          MicrosOf(line.backordered()) != MicrosOf(wanted->backordered())) {
        Violate(absl::StrCat("I8: backordered", what));
      }
      if (MicrosOf(line.invoiced()) != MicrosOf(line.shipped())) {
        Violate(absl::StrCat("shipped and not billed", what));
      }
      if (MicrosOf(line.credited()) != MicrosOf(line.returned())) {
        Violate(absl::StrCat("returned and not credited", what));
      }
      if (Money(line.invoiced_net()) != billed[key] ||
          Money(line.credited_net()) != credited[key]) {
        Violate(absl::StrCat("I8: billed ", billed[key], ", credited ", credited[key], what));
      }
    }
  }
  for (const auto* demand : inventory.All<Demand>()) {
    if (orders.Find<Order>(demand->order_id()) == nullptr) {
      Violate(absl::StrCat("I8: a demand of no order: ", demand->ShortDebugString()));
    }
  }
}

// What the CRM shows of credit is what billing has.
void Auditor::StandingsAtRest(State& customer, State& billing) {
  std::map<std::string, const customer::v1::AccountStanding*> standings;
  for (const auto* standing : customer.All<customer::v1::CreditStanding>()) {
    for (const auto& account : standing->accounts()) standings[account.account_id()] = &account;
  }
  static const auto* nothing = new customer::v1::AccountStanding();
  for (const auto* row : billing.All<billing::v1::AccountExposure>()) {
    const auto found = standings.find(row->account_id());
    const auto& shown = found == standings.end() ? *nothing : *found->second;
    if (Money(shown.exposure()) != Money(row->exposure()) ||
        Money(shown.committed()) != Money(row->committed()) || shown.waiting() != row->waiting() ||
        shown.open_invoices() != row->open_invoices()) {
      Violate(absl::StrCat("I8: the CRM shows ", shown.ShortDebugString(), " of ",
                           row->ShortDebugString()));
    }
  }
}

// R9: what a customer accepted became one order.
void Auditor::QuotesAtRest(State& opportunity, State& orders) {
  std::map<std::string, int> of_quote;
  for (const auto* order : orders.All<Order>()) {
    if (!order->quote_id().empty()) ++of_quote[order->quote_id()];
  }
  for (const auto* quote : opportunity.All<opportunity::v1::Quote>()) {
    const int count = of_quote[quote->id()];
    if (quote->state() == opportunity::v1::QUOTE_STATE_ACCEPTED) {
      Violate(absl::StrCat("R9: accepted, and not told of its order: ", quote->ShortDebugString()));
    }
    if (count != (quote->state() == opportunity::v1::QUOTE_STATE_ORDERED ? 1 : 0)) {
      Violate(absl::StrCat("R9: ", count, " orders of ", quote->ShortDebugString()));
    }
  }
}

}  // namespace tandem::simulation
