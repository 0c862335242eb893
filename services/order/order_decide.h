// What the order service decides: every command and fact of OrderService as a pure function over
// the state (DESIGN section 4, DOMAIN sections 1 to 4). A command that is already done, and a fact
// that was recorded before or is older than what is known, change nothing and answer the order as
// it is. Errors and events of each are in order_service.proto.
//
// By lifecycle: order_decide_place.cc takes orders down; order_decide_hold.cc holds and releases
// them and hears billing's answers on credit; order_decide_fulfil.cc follows reservation,
// cancellation and shipping; order_decide_bill.cc invoices, settlements, returns and credit notes;
// order_decide_facts.h learns from the masters.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "platform/base/state.h"
#include "tandem/order/v1/facts.pb.h"
#include "tandem/order/v1/order.pb.h"
#include "tandem/order/v1/order_service.pb.h"

namespace tandem::order {

// The most orders that one HoldAccountOrders or ReleaseAccountOrders changes.
inline constexpr size_t kAccountOrdersMax = 1000;
// The most orders whose holds one fact about a product, customer or tax rate may lift.
inline constexpr size_t kHeldOrdersMax = 10'000;
// The first order number is one more.
inline constexpr int64_t kOrderNumberBase = 1000;
inline constexpr char kOrderCounter[] = "order";

// The sets of orders that are loaded as a whole; order_store.cc says how they are found.
inline constexpr char kUnheldOfAccount[] = "unheld_of_account";
inline constexpr char kUnheldOfPayer[] = "unheld_of_payer";
inline constexpr char kHeldOfAccount[] = "held_of_account";
inline constexpr char kHeldOfPayer[] = "held_of_payer";
inline constexpr char kHeldForProduct[] = "held_for_product";
inline constexpr char kHeldForCustomer[] = "held_for_customer";
inline constexpr char kHeldForTaxClass[] = "held_for_tax_class";

template <class T>
using Answer = absl::StatusOr<T>;

Answer<v1::Order> PlaceOrder(const v1::PlaceOrderRequest&, Context&, State&);
void PlaceOrderHints(const v1::PlaceOrderRequest&, Wanted&);

Answer<v1::Order> HoldOrder(const v1::HoldOrderRequest&, Context&, State&);
Answer<v1::Order> ReleaseOrder(const v1::ReleaseOrderRequest&, Context&, State&);
Answer<v1::Order> RecordCredit(const v1::RecordCreditRequest&, Context&, State&);
Answer<v1::HoldAccountOrdersResponse> HoldAccountOrders(const v1::HoldAccountOrdersRequest&,
                                                        Context&, State&);
Answer<v1::ReleaseAccountOrdersResponse> ReleaseAccountOrders(
    const v1::ReleaseAccountOrdersRequest&, Context&, State&);

Answer<v1::Order> ConfirmOrder(const v1::ConfirmOrderRequest&, Context&, State&);
Answer<v1::Order> CancelOrder(const v1::CancelOrderRequest&, Context&, State&);
Answer<v1::Order> CompleteCancel(const v1::CompleteCancelRequest&, Context&, State&);
Answer<v1::Order> RecordShipment(const v1::RecordShipmentRequest&, Context&, State&);

Answer<v1::Order> RecordInvoice(const v1::RecordInvoiceRequest&, Context&, State&);
Answer<v1::Order> RecordSettlement(const v1::RecordSettlementRequest&, Context&, State&);
Answer<v1::Order> RecordReturn(const v1::RecordReturnRequest&, Context&, State&);
Answer<v1::Order> RecordCreditNote(const v1::RecordCreditNoteRequest&, Context&, State&);

// The hints of everything that is about one order.
template <class Request>
void OrderHints(const Request& request, Wanted& wanted) {
  wanted.Row<v1::Order>(request.order_id());
}
// Those of what is about an account: the account alone, whose lock comes before its orders are
// listed.
template <class Request>
void AccountHints(const Request& request, Wanted& wanted) {
  wanted.Row<v1::AccountFact>(request.account_id());
}

}  // namespace tandem::order
