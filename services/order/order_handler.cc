#include "services/order/order_handler.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/store/reader.h"
#include "services/order/order_decide.h"

namespace tandem::order {
namespace {

using Reactor = grpc::ServerUnaryReactor;
using Call = grpc::CallbackServerContext;

// The one order that satisfies a condition.
absl::Status ReadOne(store::Reader& reader, std::string where, std::vector<store::Value> params,
                     const std::string& what, v1::Order* answer) {
  store::ListQuery query;
  query.where = std::move(where);
  query.params = std::move(params);
  query.limit = 1;
  TANDEM_ASSIGN_OR_RETURN(auto rows, reader.List(v1::Order::descriptor(), query));
  if (rows.empty()) {
    return Refuse(absl::StatusCode::kNotFound, "ORDER_NOT_FOUND",
                  absl::StrCat("There is no order ", what, "."));
  }
  answer->Swap(static_cast<v1::Order*>(rows.front().get()));
  return absl::OkStatus();
}

}  // namespace

OrderHandler::OrderHandler(store::Writer& writer, store::Reader& reader, int read_threads)
    : commands_(writer, v1::OrderService::service_full_name()),
      reads_(reader, v1::OrderService::service_full_name(), read_threads) {}

Reactor* OrderHandler::PlaceOrder(Call* call, const v1::PlaceOrderRequest* request,
                                  v1::Order* answer) {
  return commands_.Run(call, request, answer, order::PlaceOrder, PlaceOrderHints);
}

Reactor* OrderHandler::BatchPlaceOrder(Call* call, const v1::BatchPlaceOrderRequest* request,
                                       v1::BatchPlaceOrderResponse* answer) {
  return commands_.RunBatch(call, request, answer, order::PlaceOrder, PlaceOrderHints);
}

Reactor* OrderHandler::HoldOrder(Call* call, const v1::HoldOrderRequest* request,
                                 v1::Order* answer) {
  return commands_.Run(call, request, answer, order::HoldOrder, OrderHints<v1::HoldOrderRequest>);
}

Reactor* OrderHandler::ReleaseOrder(Call* call, const v1::ReleaseOrderRequest* request,
                                    v1::Order* answer) {
  return commands_.Run(call, request, answer, order::ReleaseOrder,
                       OrderHints<v1::ReleaseOrderRequest>);
}

Reactor* OrderHandler::CancelOrder(Call* call, const v1::CancelOrderRequest* request,
                                   v1::Order* answer) {
  return commands_.Run(call, request, answer, order::CancelOrder,
                       OrderHints<v1::CancelOrderRequest>);
}

Reactor* OrderHandler::RecordCredit(Call* call, const v1::RecordCreditRequest* request,
                                    v1::Order* answer) {
  return commands_.Run(call, request, answer, order::RecordCredit,
                       OrderHints<v1::RecordCreditRequest>);
}

Reactor* OrderHandler::BatchRecordCredit(Call* call, const v1::BatchRecordCreditRequest* request,
                                         v1::BatchRecordCreditResponse* answer) {
  return commands_.RunBatch(call, request, answer, order::RecordCredit,
                            OrderHints<v1::RecordCreditRequest>);
}

Reactor* OrderHandler::ConfirmOrder(Call* call, const v1::ConfirmOrderRequest* request,
                                    v1::Order* answer) {
  return commands_.Run(call, request, answer, order::ConfirmOrder,
                       OrderHints<v1::ConfirmOrderRequest>);
}

Reactor* OrderHandler::BatchConfirmOrder(Call* call, const v1::BatchConfirmOrderRequest* request,
                                         v1::BatchConfirmOrderResponse* answer) {
  return commands_.RunBatch(call, request, answer, order::ConfirmOrder,
                            OrderHints<v1::ConfirmOrderRequest>);
}

Reactor* OrderHandler::CompleteCancel(Call* call, const v1::CompleteCancelRequest* request,
                                      v1::Order* answer) {
  return commands_.Run(call, request, answer, order::CompleteCancel,
                       OrderHints<v1::CompleteCancelRequest>);
}

Reactor* OrderHandler::BatchCompleteCancel(Call* call,
                                           const v1::BatchCompleteCancelRequest* request,
                                           v1::BatchCompleteCancelResponse* answer) {
  return commands_.RunBatch(call, request, answer, order::CompleteCancel,
                            OrderHints<v1::CompleteCancelRequest>);
}

Reactor* OrderHandler::RecordShipment(Call* call, const v1::RecordShipmentRequest* request,
                                      v1::Order* answer) {
  return commands_.Run(call, request, answer, order::RecordShipment,
                       OrderHints<v1::RecordShipmentRequest>);
}

Reactor* OrderHandler::BatchRecordShipment(Call* call,
                                           const v1::BatchRecordShipmentRequest* request,
                                           v1::BatchRecordShipmentResponse* answer) {
  return commands_.RunBatch(call, request, answer, order::RecordShipment,
                            OrderHints<v1::RecordShipmentRequest>);
}

Reactor* OrderHandler::RecordInvoice(Call* call, const v1::RecordInvoiceRequest* request,
                                     v1::Order* answer) {
  return commands_.Run(call, request, answer, order::RecordInvoice,
                       OrderHints<v1::RecordInvoiceRequest>);
}

Reactor* OrderHandler::BatchRecordInvoice(Call* call, const v1::BatchRecordInvoiceRequest* request,
                                          v1::BatchRecordInvoiceResponse* answer) {
  return commands_.RunBatch(call, request, answer, order::RecordInvoice,
                            OrderHints<v1::RecordInvoiceRequest>);
}

Reactor* OrderHandler::RecordSettlement(Call* call, const v1::RecordSettlementRequest* request,
                                        v1::Order* answer) {
  return commands_.Run(call, request, answer, order::RecordSettlement,
                       OrderHints<v1::RecordSettlementRequest>);
}

Reactor* OrderHandler::BatchRecordSettlement(Call* call,
                                             const v1::BatchRecordSettlementRequest* request,
                                             v1::BatchRecordSettlementResponse* answer) {
  return commands_.RunBatch(call, request, answer, order::RecordSettlement,
                            OrderHints<v1::RecordSettlementRequest>);
}

Reactor* OrderHandler::RecordReturn(Call* call, const v1::RecordReturnRequest* request,
                                    v1::Order* answer) {
  return commands_.Run(call, request, answer, order::RecordReturn,
                       OrderHints<v1::RecordReturnRequest>);
}

Reactor* OrderHandler::BatchRecordReturn(Call* call, const v1::BatchRecordReturnRequest* request,
                                         v1::BatchRecordReturnResponse* answer) {
  return commands_.RunBatch(call, request, answer, order::RecordReturn,
                            OrderHints<v1::RecordReturnRequest>);
}

Reactor* OrderHandler::RecordCreditNote(Call* call, const v1::RecordCreditNoteRequest* request,
                                        v1::Order* answer) {
  return commands_.Run(call, request, answer, order::RecordCreditNote,
                       OrderHints<v1::RecordCreditNoteRequest>);
}

Reactor* OrderHandler::BatchRecordCreditNote(Call* call,
                                             const v1::BatchRecordCreditNoteRequest* request,
                                             v1::BatchRecordCreditNoteResponse* answer) {
  return commands_.RunBatch(call, request, answer, order::RecordCreditNote,
                            OrderHints<v1::RecordCreditNoteRequest>);
}

Reactor* OrderHandler::HoldAccountOrders(Call* call, const v1::HoldAccountOrdersRequest* request,
                                         v1::HoldAccountOrdersResponse* answer) {
  return commands_.Run(call, request, answer, order::HoldAccountOrders,
                       AccountHints<v1::HoldAccountOrdersRequest>);
}

Reactor* OrderHandler::BatchHoldAccountOrders(Call* call,
                                              const v1::BatchHoldAccountOrdersRequest* request,
                                              v1::BatchHoldAccountOrdersResponse* answer) {
  return commands_.RunBatch(call, request, answer, order::HoldAccountOrders,
                            AccountHints<v1::HoldAccountOrdersRequest>);
}

Reactor* OrderHandler::ReleaseAccountOrders(Call* call,
                                            const v1::ReleaseAccountOrdersRequest* request,
                                            v1::ReleaseAccountOrdersResponse* answer) {
  return commands_.Run(call, request, answer, order::ReleaseAccountOrders,
                       AccountHints<v1::ReleaseAccountOrdersRequest>);
}

Reactor* OrderHandler::BatchReleaseAccountOrders(
    Call* call, const v1::BatchReleaseAccountOrdersRequest* request,
    v1::BatchReleaseAccountOrdersResponse* answer) {
  return commands_.RunBatch(call, request, answer, order::ReleaseAccountOrders,
                            AccountHints<v1::ReleaseAccountOrdersRequest>);
}

Reactor* OrderHandler::GetOrder(Call* call, const v1::GetOrderRequest* request, v1::Order* answer) {
  return reads_.Get(call, request, answer, "ORDER");
}

Reactor* OrderHandler::GetOrderByNumber(Call* call, const v1::GetOrderByNumberRequest* request,
                                        v1::Order* answer) {
  return reads_.Run(call, *request, [request, answer](store::Reader& reader) {
    return ReadOne(reader, "order_number = $1", {request->order_number()}, request->order_number(),
                   answer);
  });
}

Reactor* OrderHandler::GetOrderByQuote(Call* call, const v1::GetOrderByQuoteRequest* request,
                                       v1::Order* answer) {
  return reads_.Run(call, *request, [request, answer](store::Reader& reader) {
    // The condition on quote_id lets the index of quoted orders serve.
    return ReadOne(reader, "quote_id = $1 AND quote_version = $2 AND quote_id <> ''",
                   {request->quote_id(), int64_t{request->quote_version()}},
                   absl::StrCat("of ", request->quote_id(), "/", request->quote_version()), answer);
  });
}

Reactor* OrderHandler::BatchGetOrders(Call* call, const v1::BatchGetOrdersRequest* request,
                                      v1::BatchGetOrdersResponse* answer) {
  return reads_.BatchGet(call, request, answer, "ORDER");
}

Reactor* OrderHandler::ListOrders(Call* call, const v1::ListOrdersRequest* request,
                                  v1::ListOrdersResponse* answer) {
  return reads_.List(call, request, answer);
}

Reactor* OrderHandler::ListProductFacts(Call* call, const v1::ListProductFactsRequest* request,
                                        v1::ListProductFactsResponse* answer) {
  return reads_.List(call, request, answer);
}

Reactor* OrderHandler::ListCustomerFacts(Call* call, const v1::ListCustomerFactsRequest* request,
                                         v1::ListCustomerFactsResponse* answer) {
  return reads_.List(call, request, answer);
}

Reactor* OrderHandler::ListAccountFacts(Call* call, const v1::ListAccountFactsRequest* request,
                                        v1::ListAccountFactsResponse* answer) {
  return reads_.List(call, request, answer);
}

Reactor* OrderHandler::ListTaxRateFacts(Call* call, const v1::ListTaxRateFactsRequest* request,
                                        v1::ListTaxRateFactsResponse* answer) {
  return reads_.List(call, request, answer);
}

}  // namespace tandem::order
