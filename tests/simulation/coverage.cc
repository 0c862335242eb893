#include "tests/simulation/coverage.h"

#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace tandem::simulation {
namespace {

constexpr const char* kFaultNames[] = {"none",
                                       "request_lost",
                                       "reply_lost",
                                       "call_doubled",
                                       "call_late",
                                       "server_down",
                                       "server_crash_before_commit",
                                       "server_crash_after_commit",
                                       "crash_before_effect",
                                       "crash_after_effect",
                                       "commit_failed",
                                       "commit_unknown",
                                       "send_failed",
                                       "ack_lost",
                                       "read_failed",
                                       "crash",
                                       "clock_set",
                                       "rebalance",
                                       "offsets_lost",
                                       "tail_lost",
                                       "topic_wiped",
                                       "partition_added",
                                       "copies",
                                       "garbage",
                                       "records_skipped",
                                       "broker_away",
                                       "two_relays",
                                       "two_readers",
                                       "event_refused"};
static_assert(std::size(kFaultNames) == kFaults);

std::string NameOf(const Transition& transition) {
  return absl::StrCat(transition.entity, " ", transition.from, ">", transition.to);
}

}  // namespace

absl::string_view NameOf(Fault fault) { return kFaultNames[static_cast<int>(fault)]; }

const std::vector<Transition>& Transitions() {
  static const auto* all = new std::vector<Transition>{
      {"customer.Customer", "", "PROSPECT"},
      {"customer.Customer", "", "CUSTOMER"},
      {"customer.Customer", "PROSPECT", "CUSTOMER"},
      {"inventory.Product", "", "ACTIVE"},
      {"inventory.Product", "ACTIVE", "DISCONTINUED"},
      {"inventory.Product", "DISCONTINUED", "ACTIVE"},
      {"inventory.Product", "DISCONTINUED", "ARCHIVED"},
      {"opportunity.Opportunity", "", "OPEN"},
      {"opportunity.Opportunity", "OPEN", "WON"},
      {"opportunity.Opportunity", "OPEN", "LOST"},
      {"opportunity.Opportunity", "LOST", "OPEN"},
      {"opportunity.Opportunity", "WON", "OPEN"},
      {"opportunity.Quote", "", "DRAFT"},
      {"opportunity.Quote", "DRAFT", "ISSUED"},
      {"opportunity.Quote", "DRAFT", "WITHDRAWN"},
      {"opportunity.Quote", "ISSUED", "SUPERSEDED"},
      {"opportunity.Quote", "ISSUED", "ACCEPTED"},
      {"opportunity.Quote", "ISSUED", "DECLINED"},
      {"opportunity.Quote", "ISSUED", "WITHDRAWN"},
      {"opportunity.Quote", "ISSUED", "EXPIRED"},
      {"opportunity.Quote", "ACCEPTED", "ORDERED"},
      {"order.Order", "", "PLACED"},
      {"order.Order", "PLACED", "CONFIRMED"},
      {"order.Order", "PLACED", "CANCELLED"},
      {"order.Order", "CONFIRMED", "CANCELLED"},
      {"order.Order", "CONFIRMED", "CLOSED"},
      {"inventory.Demand", "", "RECORDED"},
      {"inventory.Demand", "RECORDED", "RELEASED"},
      {"inventory.Demand", "RECORDED", "CLOSED"},
      {"inventory.Demand", "RELEASED", "CLOSED"},
      {"inventory.Shipment", "", "PLANNED"},
      {"inventory.Shipment", "PLANNED", "PICKING"},
      {"inventory.Shipment", "PLANNED", "PICKED"},
      {"inventory.Shipment", "PICKING", "PICKED"},
      {"inventory.Shipment", "PICKED", "PACKED"},
      {"inventory.Shipment", "PLANNED", "SHIPPED"},
      {"inventory.Shipment", "PICKING", "SHIPPED"},
      {"inventory.Shipment", "PICKED", "SHIPPED"},
      {"inventory.Shipment", "PACKED", "SHIPPED"},
      {"inventory.Shipment", "PLANNED", "CANCELLED"},
      {"inventory.Shipment", "PICKING", "CANCELLED"},
      {"inventory.Shipment", "PICKED", "CANCELLED"},
      {"inventory.Shipment", "PACKED", "CANCELLED"},
      {"billing.CreditCommitment", "", "OPEN"},
      {"billing.CreditCommitment", "OPEN", "CLOSED"},
      {"billing.Invoice", "", "POSTED"},
      {"billing.Invoice.settlement", "", "OPEN"},
      {"billing.Invoice.settlement", "", "SETTLED"},  // of nothing
      {"billing.Invoice.settlement", "OPEN", "PARTLY"},
      {"billing.Invoice.settlement", "OPEN", "SETTLED"},
      {"billing.Invoice.settlement", "PARTLY", "SETTLED"},
      {"billing.Invoice.settlement", "PARTLY", "OPEN"},
      {"billing.Invoice.settlement", "SETTLED", "PARTLY"},
      {"billing.Invoice.settlement", "SETTLED", "OPEN"},
      {"billing.CreditNote", "", "POSTED"},
      {"billing.Payment", "", "RECEIVED"},
      {"billing.Payment", "RECEIVED", "REVERSED"},
      {"billing.DebtorAccount", "", "OPEN"},
      {"billing.DebtorAccount", "OPEN", "CLOSED"},
  };
  return *all;
}

const std::vector<Transition>& OvertakingTransitions() {
  static const auto* all = new std::vector<Transition>{
      {"inventory.Demand", "", "AWAITED"},         {"inventory.Demand", "", "CLOSED"},
      {"inventory.Demand", "AWAITED", "RECORDED"}, {"inventory.Demand", "AWAITED", "CLOSED"},
      {"billing.CreditCommitment", "", "CLOSED"},
  };
  return *all;
}

// The rows of tests/contract/domain_test.py; check.py compares the two.
const std::vector<std::string>& DomainEvents() {
  static const auto* all = new std::vector<std::string>{
      "customer.CustomerCreated",
      "customer.CustomerUpdated",
      "customer.CustomerPromoted",
      "customer.CustomerDeactivated",
      "customer.CustomerReactivated",
      "customer.CustomerArchived",
      "customer.CustomerDeleted",
      "inventory.ProductCreated",
      "inventory.ProductUpdated",
      "inventory.ProductDiscontinued",
      "inventory.ProductReinstated",
      "inventory.ProductArchived",
      "inventory.DemandRecorded",
      "inventory.StockReserved",
      "inventory.StockShort",
      "inventory.StockMoved",
      "inventory.DemandHeld",
      "inventory.DemandResumed",
      "inventory.StockReleased",
      "inventory.ShipmentCancelled",
      "inventory.ShipmentPlanned",
      "inventory.ShipmentPickingStarted",
      "inventory.ShipmentPicked",
      "inventory.ShipmentPacked",
      "inventory.ShipmentShipped",
      "inventory.ShipmentReturned",
      "opportunity.OpportunityCreated",
      "opportunity.OpportunityStageMoved",
      "opportunity.OpportunityUpdated",
      "opportunity.OpportunityWon",
      "opportunity.OpportunityLost",
      "opportunity.OpportunityReopened",
      "opportunity.QuoteCreated",
      "opportunity.QuoteUpdated",
      "opportunity.QuoteIssued",
      "opportunity.QuoteSuperseded",
      "opportunity.QuoteAccepted",
      "opportunity.QuoteDeclined",
      "opportunity.QuoteWithdrawn",
      "opportunity.QuoteExpired",
      "opportunity.QuoteOrdered",
      "order.OrderPlaced",
      "order.OrderHeld",
      "order.OrderReleased",
      "order.OrderConfirmed",
      "order.OrderAllocationChanged",
      "order.OrderCancelRequested",
      "order.OrderCancelled",
      "order.OrderAmended",
      "order.OrderClosed",
      "order.OrderShipmentRecorded",
      "order.OrderInvoiced",
      "order.OrderReturnRecorded",
      "billing.CreditReserved",
      "billing.CreditRefused",
      "billing.CreditOverridden",
      "billing.CreditReleased",
      "billing.InvoicePosted",
      "billing.InvoicePartlySettled",
      "billing.InvoiceSettled",
      "billing.InvoiceReopened",
      "billing.CreditNotePosted",
      "billing.PaymentReceived",
      "billing.PaymentApplied",
      "billing.PaymentReversed",
      "billing.DebtorAccountOpened",
      "billing.DebtorAccountBlocked",
      "billing.DebtorAccountUnblocked",
      "billing.DebtorAccountClosed",
  };
  return *all;
}

void Coverage::Add(const Coverage& other) {
  for (int i = 0; i < kFaults; ++i) faults[i] += other.faults[i];
  for (int i = 0; i <= kReactions; ++i) reactions[i] += other.reactions[i];
  for (const auto& [name, count] : other.transitions) transitions[name] += count;
  for (const auto& [name, count] : other.events) events[name] += count;
  for (const auto& [name, count] : other.masters) masters[name] += count;
  seeds += other.seeds;
  moves += other.moves;
  commands += other.commands;
  applied += other.applied;
  calls += other.calls;
  masters_runs += other.masters_runs;
  masters_steps += other.masters_steps;
}

std::string Coverage::Table() const {
  std::string out;
  const auto line = [&out](absl::string_view name, int64_t count) {
    absl::StrAppendFormat(&out, "  %-52s %12d\n", std::string(name), count);
  };
  absl::StrAppend(&out, "faults that bit\n");
  for (int i = 1; i < kFaults; ++i) line(kFaultNames[i], faults[i]);
  absl::StrAppend(&out, "reactions of order to cash\n");
  for (int i = 1; i <= kReactions; ++i) line(absl::StrCat(i), reactions[i]);
  absl::StrAppend(&out, "transitions\n");
  for (const Transition& each : Transitions()) {
    const auto found = transitions.find(NameOf(each));
    line(NameOf(each), found == transitions.end() ? 0 : found->second);
  }
  absl::StrAppend(&out, "events\n");
  for (const std::string& each : DomainEvents()) {
    const auto found = events.find(each);
    line(each, found == events.end() ? 0 : found->second);
  }
  absl::StrAppend(&out, "master data\n");
  for (const auto& [name, count] : masters) line(name, count);
  return out;
}

std::vector<std::string> Coverage::Zeros() const {
  std::vector<std::string> zeros;
  for (int i = 1; i < kFaults; ++i) {
    if (faults[i] == 0) zeros.push_back(absl::StrCat("fault ", kFaultNames[i]));
  }
  for (int i = 1; i <= kReactions; ++i) {
    if (reactions[i] == 0) zeros.push_back(absl::StrCat("reaction ", i));
  }
  for (const Transition& each : Transitions()) {
    if (!transitions.contains(NameOf(each))) zeros.push_back(NameOf(each));
  }
  for (const std::string& each : DomainEvents()) {
    if (!events.contains(each)) zeros.push_back(each);
  }
  for (const auto& [name, count] : masters) {
    if (count == 0) zeros.push_back(absl::StrCat("master data: ", name));
  }
  return zeros;
}

}  // namespace tandem::simulation
