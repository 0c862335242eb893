// Posting invoices. Pure.
//
// An invoice of a shipment is a fact: it is posted whatever the account's credit, its blocks and
// the state of the books, and once: its id follows from the shipment's. It moves its total from
// what is committed to what is receivable, and takes the payments on account that name its order.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "platform/base/state.h"
#include "tandem/billing/v1/billing_service.pb.h"

namespace tandem::billing {

// Of payments: those of an order that are not all applied.
inline constexpr absl::string_view kUnappliedOfOrder = "unapplied_of_order";

absl::StatusOr<v1::Invoice> PostInvoice(const v1::PostInvoiceRequest& request, Context& context,
                                        State& state);
void PostInvoiceHints(const v1::PostInvoiceRequest& request, Wanted& wanted);

// The id of a shipment's invoice: "inv_" and the shipment's own ULID.
std::string InvoiceOfShipment(absl::string_view shipment_id);

}  // namespace tandem::billing
