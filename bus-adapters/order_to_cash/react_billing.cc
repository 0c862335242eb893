#include "bus-adapters/order_to_cash/reaction_parts.h"
#include "bus-adapters/order_to_cash/reactions.h"
#include "platform/base/status_macros.h"
#include "tandem/billing/v1/events.pb.h"
#include "tandem/inventory/v1/inventory_service.pb.h"
#include "tandem/order/v1/order_service.pb.h"

namespace tandem::order_to_cash {
namespace {

using billing::v1::CreditCommitmentEvent;
using billing::v1::CreditNoteEvent;
using billing::v1::DebtorAccount;
using billing::v1::DebtorAccountEvent;
using billing::v1::InvoiceEvent;

Call ReserveStock(const bus::Envelope& cause, const billing::v1::CreditReserved& reserved) {
  inventory::v1::ReserveStockRequest request;
  request.set_order_id(reserved.order_id());
  request.set_revision(reserved.revision());
  return MakeCall(cause, "inventory", kInventoryService, "ReserveStock", reserved.order_id(),
                  std::move(request));
}

Call RecordApproval(const bus::Envelope& cause, const billing::v1::CreditReserved& reserved,
                    int64_t version) {
  order::v1::RecordCreditRequest request;
  request.set_order_id(reserved.order_id());
  request.set_revision(reserved.revision());
  request.set_status(reserved.overridden() ? order::v1::CREDIT_STATUS_OVERRIDDEN
                                           : order::v1::CREDIT_STATUS_APPROVED);
  *request.mutable_requested() = reserved.amount();
  request.set_commitment_version(version);
  return MakeCall(cause, "order", kOrderService, "RecordCredit", reserved.order_id(),
                  std::move(request));
}

Call RecordRefusal(const bus::Envelope& cause, const billing::v1::CreditRefused& refused,
                   int64_t version) {
  order::v1::RecordCreditRequest request;
  request.set_order_id(refused.order_id());
  request.set_revision(refused.revision());
  request.set_status(order::v1::CREDIT_STATUS_REFUSED);
  if (refused.has_limit()) *request.mutable_limit() = refused.limit();
  if (refused.has_exposure()) *request.mutable_exposure() = refused.exposure();
  if (refused.has_requested()) *request.mutable_requested() = refused.requested();
  if (refused.has_shortfall()) *request.mutable_shortfall() = refused.shortfall();
  std::string reason = billing::v1::CreditRefusalReason_Name(refused.reason());
  constexpr char kPrefix[] = "CREDIT_REFUSAL_REASON_";
  if (reason.rfind(kPrefix, 0) == 0) reason = reason.substr(sizeof(kPrefix) - 1);
  request.set_reason(reason);
  request.set_commitment_version(version);
  return MakeCall(cause, "order", kOrderService, "RecordCredit", refused.order_id(),
                  std::move(request));
}

absl::StatusOr<std::vector<Call>> ReactToCommitment(const bus::Envelope& envelope) {
  TANDEM_ASSIGN_OR_RETURN(CreditCommitmentEvent event,
                          ReadPayload<CreditCommitmentEvent>(envelope));
  const int64_t version = event.meta().entity_version();
  std::vector<Call> calls;
  if (event.has_credit_reserved()) {  // 3
    const billing::v1::CreditReserved& reserved = event.credit_reserved();
    calls.push_back(ReserveStock(envelope, reserved));
    if (reserved.lifts_refusal() || reserved.overridden() || reserved.revision() > 1) {
      calls.push_back(RecordApproval(envelope, reserved, version));
    }
  } else if (event.has_credit_refused()) {  // 4
    calls.push_back(RecordRefusal(envelope, event.credit_refused(), version));
  }
  return calls;
}

Call RecordInvoice(const bus::Envelope& cause, const billing::v1::Invoice& invoice) {
  order::v1::RecordInvoiceRequest request;
  request.set_order_id(invoice.order_id());
  request.set_invoice_id(invoice.id());
  request.set_invoice_number(invoice.number());
  request.set_shipment_id(invoice.shipment_id());
  *request.mutable_net() = invoice.net();
  *request.mutable_total() = invoice.total();
  *request.mutable_invoice_date() = invoice.invoice_date();
  for (const billing::v1::InvoiceLine& line : invoice.lines()) {
    order::v1::RecordInvoiceLine* recorded = request.add_lines();
    recorded->set_line_number(line.line_number());
    *recorded->mutable_net() = line.net();
    if (line.has_quantity()) *recorded->mutable_quantity() = line.quantity();
  }
  return MakeCall(cause, "order", kOrderService, "RecordInvoice", invoice.id(), std::move(request));
}

Call RecordSettlement(const bus::Envelope& cause, const billing::v1::Invoice& invoice,
                      int64_t version) {
  order::v1::RecordSettlementRequest request;
  request.set_order_id(invoice.order_id());
  request.set_invoice_id(invoice.id());
  request.set_invoice_version(version);
  *request.mutable_open_amount() = invoice.open_amount();
  *request.mutable_total() = invoice.total();
  return MakeCall(cause, "order", kOrderService, "RecordSettlement", invoice.id(),
                  std::move(request));
}

absl::StatusOr<std::vector<Call>> ReactToInvoice(const bus::Envelope& envelope) {
  TANDEM_ASSIGN_OR_RETURN(InvoiceEvent event, ReadPayload<InvoiceEvent>(envelope));
  std::vector<Call> calls;
  switch (event.what_case()) {
    case InvoiceEvent::kInvoicePosted:  // 13
      calls.push_back(RecordInvoice(envelope, event.invoice()));
      break;
    case InvoiceEvent::kInvoicePartlySettled:  // 14
    case InvoiceEvent::kInvoiceSettled:
    case InvoiceEvent::kInvoiceReopened:
      calls.push_back(RecordSettlement(envelope, event.invoice(), event.meta().entity_version()));
      break;
    case InvoiceEvent::kInvoiceCredited:  // 17 tells the order
    case InvoiceEvent::WHAT_NOT_SET:
      break;
  }
  return calls;
}

absl::StatusOr<std::vector<Call>> ReactToCreditNote(const bus::Envelope& envelope) {
  TANDEM_ASSIGN_OR_RETURN(CreditNoteEvent event, ReadPayload<CreditNoteEvent>(envelope));
  std::vector<Call> calls;
  if (!event.has_credit_note_posted()) return calls;  // 17
  const billing::v1::CreditNote& note = event.credit_note();
  order::v1::RecordCreditNoteRequest request;
  request.set_order_id(note.order_id());
  request.set_credit_note_id(note.id());
  request.set_credit_note_number(note.number());
  *request.mutable_net() = note.net();
  *request.mutable_total() = note.total();
  for (const billing::v1::CreditNoteLine& line : note.lines()) {
    order::v1::RecordCreditNoteLine* recorded = request.add_lines();
    recorded->set_line_number(line.line_number());
    *recorded->mutable_net() = line.net();
    if (line.has_quantity()) *recorded->mutable_quantity() = line.quantity();
  }
  calls.push_back(MakeCall(envelope, "order", kOrderService, "RecordCreditNote", note.id(),
                           std::move(request)));
  return calls;
}

// A block of orders or of deliveries holds the account's open orders; one of dunning does not.
bool Holds(billing::v1::BlockKind kind) {
  return kind == billing::v1::BLOCK_KIND_ORDER || kind == billing::v1::BLOCK_KIND_DELIVERY;
}

absl::StatusOr<std::vector<Call>> ReactToAccount(const bus::Envelope& envelope) {
  TANDEM_ASSIGN_OR_RETURN(DebtorAccountEvent event, ReadPayload<DebtorAccountEvent>(envelope));
  const DebtorAccount& account = event.debtor_account();
  std::vector<Call> calls;
  // 18. These two make no promise to answer alike when repeated: each works off a page of orders
  // and says whether more remain, so they carry no request id; the version makes them safe.
  if (event.has_debtor_account_blocked() && Holds(event.debtor_account_blocked().kind())) {
    auto request = std::make_shared<order::v1::HoldAccountOrdersRequest>();
    request->set_account_id(account.id());
    request->set_customer_id(account.customer_id());
    request->set_account_version(event.meta().entity_version());
    request->set_reason(event.debtor_account_blocked().reason());
    calls.push_back({"order", kOrderService, "HoldAccountOrders", account.id(), request});
  }
  if (event.has_debtor_account_unblocked() && Holds(event.debtor_account_unblocked().kind()) &&
      !account.order_block().on() && !account.delivery_block().on()) {
    auto request = std::make_shared<order::v1::ReleaseAccountOrdersRequest>();
    request->set_account_id(account.id());
    request->set_customer_id(account.customer_id());
    request->set_account_version(event.meta().entity_version());
    calls.push_back({"order", kOrderService, "ReleaseAccountOrders", account.id(), request});
  }
  return calls;
}

}  // namespace

absl::StatusOr<std::vector<Call>> ReactToBilling(const bus::Envelope& event) {
  if (event.topic() == "tandem.billing.credit_commitment.v1") return ReactToCommitment(event);
  if (event.topic() == "tandem.billing.invoice.v1") return ReactToInvoice(event);
  if (event.topic() == "tandem.billing.credit_note.v1") return ReactToCreditNote(event);
  if (event.topic() == "tandem.billing.debtor_account.v1") return ReactToAccount(event);
  return std::vector<Call>();
}

}  // namespace tandem::order_to_cash
