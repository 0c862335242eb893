#include "services/billing/billing_decide_settlement.h"

#include "platform/base/money.h"
#include "services/billing/billing_decide_check.h"
#include "tandem/billing/v1/events.pb.h"

namespace tandem::billing {
namespace {

template <class What>
void Fill(const v1::Invoice& invoice, absl::string_view document_id, What* what) {
  what->set_order_id(invoice.order_id());
  *what->mutable_open_amount() = invoice.open_amount();
  *what->mutable_total() = invoice.total();
  what->set_document_id(std::string(document_id));
}

void Open(v1::Invoice* invoice, int64_t micros) {
  SetMoney(MicrosOf(invoice->open_amount()) + micros, invoice->total().currency_code(),
           invoice->mutable_open_amount());
  SetSettlement(invoice);
}

}  // namespace

void SetSettlement(v1::Invoice* invoice) {
  const int64_t open = MicrosOf(invoice->open_amount());
  invoice->set_settlement(open == 0                            ? v1::INVOICE_SETTLEMENT_SETTLED
                          : open == MicrosOf(invoice->total()) ? v1::INVOICE_SETTLEMENT_OPEN
                                                               : v1::INVOICE_SETTLEMENT_PARTLY);
}

void TellSettlement(const v1::Invoice& invoice, absl::string_view document_id, Context& context,
                    State& state) {
  v1::InvoiceEvent event;
  if (invoice.settlement() == v1::INVOICE_SETTLEMENT_SETTLED) {
    Fill(invoice, document_id, event.mutable_invoice_settled());
  } else {
    Fill(invoice, document_id, event.mutable_invoice_partly_settled());
  }
  const std::string id = invoice.id();
  state.Emit<v1::Invoice>(context, id, std::move(event), /*with_previous=*/true);
}

void Settle(absl::string_view invoice_id, int64_t micros, absl::string_view document_id,
            Context& context, State& state) {
  auto* invoice = state.Edit<v1::Invoice>(invoice_id);
  if (invoice == nullptr) return;
  Open(invoice, -micros);
  TellSettlement(*invoice, document_id, context, state);
}

void Reopen(absl::string_view invoice_id, int64_t micros, absl::string_view document_id,
            Context& context, State& state) {
  auto* invoice = state.Edit<v1::Invoice>(invoice_id);
  if (invoice == nullptr) return;
  Open(invoice, micros);
  v1::InvoiceEvent event;
  Fill(*invoice, document_id, event.mutable_invoice_reopened());
  state.Emit<v1::Invoice>(context, invoice_id, std::move(event), /*with_previous=*/true);
}

void Apply(int64_t micros, bool settles, Figures& figures) {
  figures.receivable -= micros;
  figures.unapplied -= micros;
  if (settles) --figures.open_invoices;
}

}  // namespace tandem::billing
