// OrderService over gRPC: each method is a decision run by the writer, or a read.
#pragma once

#include <grpcpp/support/server_callback.h>

#include "platform/rpc/commands.h"
#include "tandem/order/v1/order_service.grpc.pb.h"

namespace tandem::order {

class OrderHandler final : public v1::OrderService::CallbackService {
 public:
  OrderHandler(store::Writer& writer, store::Reader& reader, int read_threads);

  using Reactor = grpc::ServerUnaryReactor;
  using Call = grpc::CallbackServerContext;

  Reactor* PlaceOrder(Call* call, const v1::PlaceOrderRequest* request, v1::Order* answer) override;
  Reactor* BatchPlaceOrder(Call* call, const v1::BatchPlaceOrderRequest* request,
                           v1::BatchPlaceOrderResponse* answer) override;
  Reactor* HoldOrder(Call* call, const v1::HoldOrderRequest* request, v1::Order* answer) override;
  Reactor* ReleaseOrder(Call* call, const v1::ReleaseOrderRequest* request,
                        v1::Order* answer) override;
  Reactor* CancelOrder(Call* call, const v1::CancelOrderRequest* request,
                       v1::Order* answer) override;
  Reactor* RecordCredit(Call* call, const v1::RecordCreditRequest* request,
                        v1::Order* answer) override;
  Reactor* BatchRecordCredit(Call* call, const v1::BatchRecordCreditRequest* request,
                             v1::BatchRecordCreditResponse* answer) override;
  Reactor* ConfirmOrder(Call* call, const v1::ConfirmOrderRequest* request,
                        v1::Order* answer) override;
  Reactor* BatchConfirmOrder(Call* call, const v1::BatchConfirmOrderRequest* request,
                             v1::BatchConfirmOrderResponse* answer) override;
  Reactor* CompleteCancel(Call* call, const v1::CompleteCancelRequest* request,
                          v1::Order* answer) override;
  Reactor* BatchCompleteCancel(Call* call, const v1::BatchCompleteCancelRequest* request,
                               v1::BatchCompleteCancelResponse* answer) override;
  Reactor* RecordShipment(Call* call, const v1::RecordShipmentRequest* request,
                          v1::Order* answer) override;
  Reactor* BatchRecordShipment(Call* call, const v1::BatchRecordShipmentRequest* request,
                               v1::BatchRecordShipmentResponse* answer) override;
  Reactor* RecordInvoice(Call* call, const v1::RecordInvoiceRequest* request,
                         v1::Order* answer) override;
  Reactor* BatchRecordInvoice(Call* call, const v1::BatchRecordInvoiceRequest* request,
                              v1::BatchRecordInvoiceResponse* answer) override;
  Reactor* RecordSettlement(Call* call, const v1::RecordSettlementRequest* request,
                            v1::Order* answer) override;
  Reactor* BatchRecordSettlement(Call* call, const v1::BatchRecordSettlementRequest* request,
                                 v1::BatchRecordSettlementResponse* answer) override;
  Reactor* RecordReturn(Call* call, const v1::RecordReturnRequest* request,
                        v1::Order* answer) override;
  Reactor* BatchRecordReturn(Call* call, const v1::BatchRecordReturnRequest* request,
                             v1::BatchRecordReturnResponse* answer) override;
  Reactor* RecordCreditNote(Call* call, const v1::RecordCreditNoteRequest* request,
                            v1::Order* answer) override;
  Reactor* BatchRecordCreditNote(Call* call, const v1::BatchRecordCreditNoteRequest* request,
                                 v1::BatchRecordCreditNoteResponse* answer) override;
  Reactor* HoldAccountOrders(Call* call, const v1::HoldAccountOrdersRequest* request,
                             v1::HoldAccountOrdersResponse* answer) override;
  Reactor* BatchHoldAccountOrders(Call* call, const v1::BatchHoldAccountOrdersRequest* request,
                                  v1::BatchHoldAccountOrdersResponse* answer) override;
  Reactor* ReleaseAccountOrders(Call* call, const v1::ReleaseAccountOrdersRequest* request,
                                v1::ReleaseAccountOrdersResponse* answer) override;
  Reactor* BatchReleaseAccountOrders(Call* call,
                                     const v1::BatchReleaseAccountOrdersRequest* request,
                                     v1::BatchReleaseAccountOrdersResponse* answer) override;

  Reactor* GetOrder(Call* call, const v1::GetOrderRequest* request, v1::Order* answer) override;
  Reactor* GetOrderByNumber(Call* call, const v1::GetOrderByNumberRequest* request,
                            v1::Order* answer) override;
  Reactor* GetOrderByQuote(Call* call, const v1::GetOrderByQuoteRequest* request,
                           v1::Order* answer) override;
  Reactor* BatchGetOrders(Call* call, const v1::BatchGetOrdersRequest* request,
                          v1::BatchGetOrdersResponse* answer) override;
  Reactor* ListOrders(Call* call, const v1::ListOrdersRequest* request,
                      v1::ListOrdersResponse* answer) override;
  Reactor* ListProductFacts(Call* call, const v1::ListProductFactsRequest* request,
                            v1::ListProductFactsResponse* answer) override;
  Reactor* ListCustomerFacts(Call* call, const v1::ListCustomerFactsRequest* request,
                             v1::ListCustomerFactsResponse* answer) override;
  Reactor* ListAccountFacts(Call* call, const v1::ListAccountFactsRequest* request,
                            v1::ListAccountFactsResponse* answer) override;
  Reactor* ListTaxRateFacts(Call* call, const v1::ListTaxRateFactsRequest* request,
                            v1::ListTaxRateFactsResponse* answer) override;

 private:
  rpc::Commands commands_;
  rpc::Reads reads_;
};

}  // namespace tandem::order
