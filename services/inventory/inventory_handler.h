// InventoryService over gRPC: each method is a decision run by the writer, or a read.
#pragma once

#include <grpcpp/support/server_callback.h>

#include "platform/rpc/commands.h"
#include "tandem/inventory/v1/inventory_service.grpc.pb.h"

namespace tandem::inventory {

class InventoryHandler final : public v1::InventoryService::CallbackService {
 public:
  InventoryHandler(store::Writer& writer, store::Reader& reader, int read_threads);

  using Reactor = grpc::ServerUnaryReactor;
  using Call = grpc::CallbackServerContext;

  Reactor* CreateProduct(Call* call, const v1::CreateProductRequest* request,
                         v1::Product* answer) override;
  Reactor* BatchCreateProducts(Call* call, const v1::BatchCreateProductsRequest* request,
                               v1::BatchCreateProductsResponse* answer) override;
  Reactor* UpdateProduct(Call* call, const v1::UpdateProductRequest* request,
                         v1::Product* answer) override;
  Reactor* BatchUpdateProducts(Call* call, const v1::BatchUpdateProductsRequest* request,
                               v1::BatchUpdateProductsResponse* answer) override;
  Reactor* DiscontinueProduct(Call* call, const v1::DiscontinueProductRequest* request,
                              v1::Product* answer) override;
  Reactor* ReinstateProduct(Call* call, const v1::ReinstateProductRequest* request,
                            v1::Product* answer) override;
  Reactor* ArchiveProduct(Call* call, const v1::ArchiveProductRequest* request,
                          v1::Product* answer) override;
  Reactor* ReceiveStock(Call* call, const v1::ReceiveStockRequest* request,
                        v1::Stock* answer) override;
  Reactor* BatchReceiveStock(Call* call, const v1::BatchReceiveStockRequest* request,
                             v1::BatchReceiveStockResponse* answer) override;
  Reactor* AdjustStock(Call* call, const v1::AdjustStockRequest* request,
                       v1::Stock* answer) override;
  Reactor* RecordDemand(Call* call, const v1::RecordDemandRequest* request,
                        v1::Demand* answer) override;
  Reactor* BatchRecordDemand(Call* call, const v1::BatchRecordDemandRequest* request,
                             v1::BatchRecordDemandResponse* answer) override;
  Reactor* ReserveStock(Call* call, const v1::ReserveStockRequest* request,
                        v1::Demand* answer) override;
  Reactor* BatchReserveStock(Call* call, const v1::BatchReserveStockRequest* request,
                             v1::BatchReserveStockResponse* answer) override;
  Reactor* HoldDemand(Call* call, const v1::HoldDemandRequest* request,
                      v1::Demand* answer) override;
  Reactor* BatchHoldDemand(Call* call, const v1::BatchHoldDemandRequest* request,
                           v1::BatchHoldDemandResponse* answer) override;
  Reactor* ResumeDemand(Call* call, const v1::ResumeDemandRequest* request,
                        v1::Demand* answer) override;
  Reactor* BatchResumeDemand(Call* call, const v1::BatchResumeDemandRequest* request,
                             v1::BatchResumeDemandResponse* answer) override;
  Reactor* ReleaseStock(Call* call, const v1::ReleaseStockRequest* request,
                        v1::Demand* answer) override;
  Reactor* BatchReleaseStock(Call* call, const v1::BatchReleaseStockRequest* request,
                             v1::BatchReleaseStockResponse* answer) override;
  Reactor* StartPicking(Call* call, const v1::StartPickingRequest* request,
                        v1::Shipment* answer) override;
  Reactor* PickShipment(Call* call, const v1::PickShipmentRequest* request,
                        v1::Shipment* answer) override;
  Reactor* PackShipment(Call* call, const v1::PackShipmentRequest* request,
                        v1::Shipment* answer) override;
  Reactor* ShipShipment(Call* call, const v1::ShipShipmentRequest* request,
                        v1::Shipment* answer) override;
  Reactor* BatchShipShipments(Call* call, const v1::BatchShipShipmentsRequest* request,
                              v1::BatchShipShipmentsResponse* answer) override;
  Reactor* ReturnShipment(Call* call, const v1::ReturnShipmentRequest* request,
                          v1::Shipment* answer) override;

  Reactor* GetProduct(Call* call, const v1::GetProductRequest* request,
                      v1::Product* answer) override;
  Reactor* BatchGetProducts(Call* call, const v1::BatchGetProductsRequest* request,
                            v1::BatchGetProductsResponse* answer) override;
  Reactor* ListProducts(Call* call, const v1::ListProductsRequest* request,
                        v1::ListProductsResponse* answer) override;
  Reactor* GetStock(Call* call, const v1::GetStockRequest* request, v1::Stock* answer) override;
  Reactor* BatchGetStocks(Call* call, const v1::BatchGetStocksRequest* request,
                          v1::BatchGetStocksResponse* answer) override;
  Reactor* ListStocks(Call* call, const v1::ListStocksRequest* request,
                      v1::ListStocksResponse* answer) override;
  Reactor* GetStockMove(Call* call, const v1::GetStockMoveRequest* request,
                        v1::StockMove* answer) override;
  Reactor* BatchGetStockMoves(Call* call, const v1::BatchGetStockMovesRequest* request,
                              v1::BatchGetStockMovesResponse* answer) override;
  Reactor* ListStockMoves(Call* call, const v1::ListStockMovesRequest* request,
                          v1::ListStockMovesResponse* answer) override;
  Reactor* GetDemand(Call* call, const v1::GetDemandRequest* request, v1::Demand* answer) override;
  Reactor* BatchGetDemands(Call* call, const v1::BatchGetDemandsRequest* request,
                           v1::BatchGetDemandsResponse* answer) override;
  Reactor* ListDemands(Call* call, const v1::ListDemandsRequest* request,
                       v1::ListDemandsResponse* answer) override;
  Reactor* GetShipment(Call* call, const v1::GetShipmentRequest* request,
                       v1::Shipment* answer) override;
  Reactor* BatchGetShipments(Call* call, const v1::BatchGetShipmentsRequest* request,
                             v1::BatchGetShipmentsResponse* answer) override;
  Reactor* ListShipments(Call* call, const v1::ListShipmentsRequest* request,
                         v1::ListShipmentsResponse* answer) override;
  Reactor* GetShipmentReturn(Call* call, const v1::GetShipmentReturnRequest* request,
                             v1::ShipmentReturn* answer) override;
  Reactor* BatchGetShipmentReturns(Call* call, const v1::BatchGetShipmentReturnsRequest* request,
                                   v1::BatchGetShipmentReturnsResponse* answer) override;
  Reactor* ListShipmentReturns(Call* call, const v1::ListShipmentReturnsRequest* request,
                               v1::ListShipmentReturnsResponse* answer) override;
  Reactor* BatchGetAvailability(Call* call, const v1::BatchGetAvailabilityRequest* request,
                                v1::BatchGetAvailabilityResponse* answer) override;
  Reactor* ListDemandSchedule(Call* call, const v1::ListDemandScheduleRequest* request,
                              v1::ListDemandScheduleResponse* answer) override;

 private:
  rpc::Commands commands_;
  rpc::Reads reads_;
};

}  // namespace tandem::inventory
