// What comes back from billing, and returned goods.
#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/base/date.h"
#include "platform/base/money.h"
#include "platform/base/quantity.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "services/order/order_decide.h"
#include "services/order/order_decide_document.h"
#include "tandem/order/v1/events.pb.h"

namespace tandem::order {
namespace {

absl::Status Over(absl::string_view reason, const v1::Order& order, int32_t line_number,
                  absl::string_view what) {
  return Refuse(absl::StatusCode::kFailedPrecondition, reason,
                absl::StrCat("Line ", line_number, " of ", order.order_number(), ": ", what),
                "lines");
}

// Adds what an invoice or credit note says of a net, in the order's currency.
absl::Status AddNet(const google::type::Money& more, const std::string& currency,
                    absl::string_view field, google::type::Money* sum) {
  TANDEM_ASSIGN_OR_RETURN(int64_t net, more.currency_code().empty()
                                           ? absl::StatusOr<int64_t>(0)
                                           : MicrosFromProto(more, currency, field));
  TANDEM_ASSIGN_OR_RETURN(int64_t total, AddMoney(Micros(*sum), net));
  SetMoney(total, currency, sum);
  return absl::OkStatus();
}

absl::Status InvoiceLine(const v1::RecordInvoiceLine& told, absl::string_view path,
                         v1::Order* order) {
  const std::string net_path = absl::StrCat(path, ".net");
  if (order->has_freight() && told.line_number() == order->freight().line_number()) {
    return AddNet(told.net(), order->currency(), net_path,
                  order->mutable_freight()->mutable_invoiced_net());
  }
  v1::OrderLine* line = LineOf(order, told.line_number());
  if (line == nullptr) return LineUnknown(*order, told.line_number());
  Figures figures = Figures::Of(*line);
  TANDEM_ASSIGN_OR_RETURN(int64_t quantity,
                          FactQuantity(told.quantity(), *line, absl::StrCat(path, ".quantity")));
  if (quantity > figures.shipped - figures.invoiced) {
    return Over("ORDER_OVER_INVOICED", *order, told.line_number(),
                "more would be invoiced than was shipped.");
  }
  figures.invoiced += quantity;
  figures.WriteTo(line);
  return AddNet(told.net(), order->currency(), net_path, line->mutable_invoiced_net());
}

absl::Status CreditLine(const v1::RecordCreditNoteLine& told, absl::string_view path,
                        v1::Order* order) {
  const std::string net_path = absl::StrCat(path, ".net");
  if (order->has_freight() && told.line_number() == order->freight().line_number()) {
    v1::FreightCharge* freight = order->mutable_freight();
    TANDEM_RETURN_IF_ERROR(
        AddNet(told.net(), order->currency(), net_path, freight->mutable_credited_net()));
    if (Micros(freight->credited_net()) > Micros(freight->billed_net())) {
      return Over("ORDER_OVER_CREDITED", *order, told.line_number(),
                  "more would be credited than was billed.");
    }
    return absl::OkStatus();
  }
  v1::OrderLine* line = LineOf(order, told.line_number());
  if (line == nullptr) return LineUnknown(*order, told.line_number());
  Figures figures = Figures::Of(*line);
  TANDEM_ASSIGN_OR_RETURN(int64_t quantity,
                          FactQuantity(told.quantity(), *line, absl::StrCat(path, ".quantity")));
  TANDEM_RETURN_IF_ERROR(
      AddNet(told.net(), order->currency(), net_path, line->mutable_credited_net()));
  // Against what was shipped and billed: the invoice itself may be reported after its credit note.
  if (quantity > figures.shipped - figures.credited ||
      Micros(line->credited_net()) > Micros(line->billed_net())) {
    return Over("ORDER_OVER_CREDITED", *order, told.line_number(),
                "more would be credited than was billed.");
  }
  figures.credited += quantity;
  figures.WriteTo(line);
  return absl::OkStatus();
}

}  // namespace

Answer<v1::Order> RecordInvoice(const v1::RecordInvoiceRequest& request, Context& context,
                                State& state) {
  const std::string& id = request.order_id();
  TANDEM_ASSIGN_OR_RETURN(const v1::Order* now, FindOrder(id, state));
  for (const v1::RecordedInvoice& invoice : now->invoices()) {
    if (invoice.invoice_id() == request.invoice_id() && invoice.has_net()) {
      return state.Answer<v1::Order>(id);
    }
  }
  TANDEM_ASSIGN_OR_RETURN(int64_t net, MicrosFromProto(request.net(), now->currency(), "net"));
  TANDEM_ASSIGN_OR_RETURN(int64_t total,
                          MicrosFromProto(request.total(), now->currency(), "total"));
  v1::Order* order = state.Edit<v1::Order>(id);
  for (int i = 0; i < request.lines_size(); ++i) {
    TANDEM_RETURN_IF_ERROR(InvoiceLine(request.lines(i), absl::StrCat("lines[", i, "]"), order));
  }
  v1::RecordedInvoice* invoice = InvoiceOf(order, request.invoice_id());
  if (invoice == nullptr) {  // else its settlement came first, and says what is open
    invoice = order->add_invoices();
    invoice->set_invoice_id(request.invoice_id());
    SetMoney(total, order->currency(), invoice->mutable_open_amount());
  }
  invoice->set_invoice_number(request.invoice_number());
  invoice->set_shipment_id(request.shipment_id());
  if (request.has_invoice_date()) *invoice->mutable_invoice_date() = request.invoice_date();
  SetMoney(net, order->currency(), invoice->mutable_net());
  SetMoney(total, order->currency(), invoice->mutable_total());
  TANDEM_RETURN_IF_ERROR(Refresh(order));
  v1::OrderEvent event;
  *event.mutable_order_invoiced()->mutable_invoice() = *invoice;
  state.Emit<v1::Order>(context, id, std::move(event), /*with_previous=*/true);
  CloseIfDone(context, state, id);
  return state.Answer<v1::Order>(id);
}

Answer<v1::Order> RecordSettlement(const v1::RecordSettlementRequest& request, Context& context,
                                   State& state) {
  const std::string& id = request.order_id();
  TANDEM_ASSIGN_OR_RETURN(const v1::Order* now, FindOrder(id, state));
  for (const v1::RecordedInvoice& invoice : now->invoices()) {
    if (invoice.invoice_id() == request.invoice_id() &&
        invoice.invoice_version() >= request.invoice_version()) {
      return state.Answer<v1::Order>(id);
    }
  }
  TANDEM_ASSIGN_OR_RETURN(int64_t open,
                          MicrosFromProto(request.open_amount(), now->currency(), "open_amount"));
  TANDEM_ASSIGN_OR_RETURN(int64_t total,
                          MicrosFromProto(request.total(), now->currency(), "total"));
  v1::Order* order = state.Edit<v1::Order>(id);
  v1::RecordedInvoice* invoice = InvoiceOf(order, request.invoice_id());
  if (invoice == nullptr) {
    invoice = order->add_invoices();
    invoice->set_invoice_id(request.invoice_id());
    SetMoney(total, order->currency(), invoice->mutable_total());
  }
  SetMoney(open, order->currency(), invoice->mutable_open_amount());
  invoice->set_invoice_version(request.invoice_version());
  TANDEM_RETURN_IF_ERROR(Refresh(order));
  v1::OrderEvent event;
  *event.mutable_order_settlement_recorded()->mutable_invoice() = *invoice;
  state.Emit<v1::Order>(context, id, std::move(event), /*with_previous=*/true);
  CloseIfDone(context, state, id);
  return state.Answer<v1::Order>(id);
}

Answer<v1::Order> RecordReturn(const v1::RecordReturnRequest& request, Context& context,
                               State& state) {
  const std::string& id = request.order_id();
  TANDEM_ASSIGN_OR_RETURN(const v1::Order* now, FindOrder(id, state));
  for (const v1::RecordedReturn& known : now->returns()) {
    if (known.return_id() == request.return_id()) return state.Answer<v1::Order>(id);
  }
  if (ShipmentOf(*now, request.shipment_id()) == nullptr) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "ORDER_SHIPMENT_UNKNOWN",
                  absl::StrCat("No shipment ", request.shipment_id(), " of ", now->order_number(),
                               " was recorded."),
                  "shipment_id");
  }
  TANDEM_ASSIGN_OR_RETURN(int32_t day, DateFromProto(request.return_date(), "return_date"));
  v1::Order* order = state.Edit<v1::Order>(id);
  const std::string& currency = order->currency();
  v1::OrderEvent event;
  v1::OrderReturnRecorded* what = event.mutable_order_return_recorded();
  int64_t net_total = 0;
  for (int i = 0; i < request.lines_size(); ++i) {
    const v1::RecordReturnLine& told = request.lines(i);
    const std::string path = absl::StrCat("lines[", i, "]");
    v1::OrderLine* line = LineOf(order, told.line_number());
    v1::RecordedShipmentLine* row = nullptr;
    for (v1::RecordedShipmentLine& candidate : *order->mutable_shipment_lines()) {
      if (candidate.shipment_id() == request.shipment_id() &&
          candidate.line_number() == told.line_number()) {
        row = &candidate;
      }
    }
    if (line == nullptr || row == nullptr) return LineUnknown(*now, told.line_number());
    const int64_t before = Micros(row->returned()), shipped = Micros(row->quantity());
    TANDEM_ASSIGN_OR_RETURN(int64_t quantity,
                            FactQuantity(told.quantity(), *line, path + ".quantity"));
    if (!told.has_quantity()) {
      TANDEM_ASSIGN_OR_RETURN(int64_t total,
                              FactQuantity(told.returned_total(), *line, path + ".returned_total"));
      quantity = std::max<int64_t>(0, total - before);
    }
    if (quantity == 0) continue;
    if (quantity > shipped - before) {
      return Over("ORDER_OVER_RETURNED", *now, told.line_number(),
                  "more would come back than that shipment took.");
    }
    // From what this shipment's line was billed at, cumulated: all of it back is all of the money.
    TANDEM_ASSIGN_OR_RETURN(int64_t cumulated, CumulatedPart(Micros(row->billed_net()),
                                                             before + quantity, shipped, currency));
    TANDEM_ASSIGN_OR_RETURN(int64_t net, SubMoney(cumulated, Micros(row->return_net())));
    TANDEM_ASSIGN_OR_RETURN(net_total, AddMoney(net_total, net));
    SetQuantity(before + quantity, line->ordered().unit(), row->mutable_returned());
    SetMoney(cumulated, currency, row->mutable_return_net());
    Figures figures = Figures::Of(*line);
    figures.returned += quantity;
    figures.WriteTo(line);

    v1::CreditableLine* credit = what->add_lines();
    credit->set_line_number(line->line_number());
    credit->set_product_id(line->product_id());
    credit->set_sku(line->sku());
    credit->set_description(line->description());
    SetQuantity(quantity, line->ordered().unit(), credit->mutable_quantity());
    SetMoney(net, currency, credit->mutable_net());
    credit->set_tax_code(line->tax_code());
    *credit->mutable_tax_rate() = line->tax_rate();
  }
  v1::RecordedReturn* recorded = order->add_returns();
  recorded->set_return_id(request.return_id());
  recorded->set_shipment_id(request.shipment_id());
  *recorded->mutable_return_date() = DateToProto(day);
  SetMoney(net_total, currency, recorded->mutable_net());
  what->set_return_id(request.return_id());
  what->set_shipment_id(request.shipment_id());
  *what->mutable_return_date() = recorded->return_date();
  what->set_payer_account_id(order->payer_account_id());
  what->set_payer_customer_id(order->payer_customer_id());
  what->set_currency(currency);
  what->set_order_number(order->order_number());
  state.Emit<v1::Order>(context, id, std::move(event), /*with_previous=*/true);
  return state.Answer<v1::Order>(id);
}

Answer<v1::Order> RecordCreditNote(const v1::RecordCreditNoteRequest& request, Context& context,
                                   State& state) {
  const std::string& id = request.order_id();
  TANDEM_ASSIGN_OR_RETURN(const v1::Order* now, FindOrder(id, state));
  for (const v1::RecordedCreditNote& known : now->credit_notes()) {
    if (known.credit_note_id() == request.credit_note_id()) return state.Answer<v1::Order>(id);
  }
  TANDEM_ASSIGN_OR_RETURN(int64_t net, MicrosFromProto(request.net(), now->currency(), "net"));
  TANDEM_ASSIGN_OR_RETURN(int64_t total,
                          MicrosFromProto(request.total(), now->currency(), "total"));
  v1::Order* order = state.Edit<v1::Order>(id);
  for (int i = 0; i < request.lines_size(); ++i) {
    TANDEM_RETURN_IF_ERROR(CreditLine(request.lines(i), absl::StrCat("lines[", i, "]"), order));
  }
  v1::RecordedCreditNote* note = order->add_credit_notes();
  note->set_credit_note_id(request.credit_note_id());
  note->set_credit_note_number(request.credit_note_number());
  SetMoney(net, order->currency(), note->mutable_net());
  SetMoney(total, order->currency(), note->mutable_total());
  TANDEM_RETURN_IF_ERROR(Refresh(order));
  v1::OrderEvent event;
  *event.mutable_order_credit_note_recorded()->mutable_credit_note() = *note;
  state.Emit<v1::Order>(context, id, std::move(event), /*with_previous=*/true);
  CloseIfDone(context, state, id);
  return state.Answer<v1::Order>(id);
}

}  // namespace tandem::order
