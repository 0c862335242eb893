#include "services/inventory/inventory_handler.h"

#include "services/inventory/inventory_decide.h"
#include "services/inventory/inventory_reports.h"

namespace tandem::inventory {

using Reactor = grpc::ServerUnaryReactor;
using Call = grpc::CallbackServerContext;

InventoryHandler::InventoryHandler(store::Writer& writer, store::Reader& reader, int read_threads)
    : commands_(writer, v1::InventoryService::service_full_name()),
      reads_(reader, v1::InventoryService::service_full_name(), read_threads) {}

Reactor* InventoryHandler::CreateProduct(Call* call, const v1::CreateProductRequest* request,
                                         v1::Product* answer) {
  return commands_.Run(call, request, answer, inventory::CreateProduct, CreateProductHints);
}

Reactor* InventoryHandler::BatchCreateProducts(Call* call,
                                               const v1::BatchCreateProductsRequest* request,
                                               v1::BatchCreateProductsResponse* answer) {
  return commands_.RunBatch(call, request, answer, inventory::CreateProduct, CreateProductHints);
}

Reactor* InventoryHandler::UpdateProduct(Call* call, const v1::UpdateProductRequest* request,
                                         v1::Product* answer) {
  return commands_.Run(call, request, answer, inventory::UpdateProduct, UpdateProductHints);
}

Reactor* InventoryHandler::BatchUpdateProducts(Call* call,
                                               const v1::BatchUpdateProductsRequest* request,
                                               v1::BatchUpdateProductsResponse* answer) {
  return commands_.RunBatch(call, request, answer, inventory::UpdateProduct, UpdateProductHints);
}

Reactor* InventoryHandler::DiscontinueProduct(Call* call,
                                              const v1::DiscontinueProductRequest* request,
                                              v1::Product* answer) {
  return commands_.Run(call, request, answer, inventory::DiscontinueProduct,
                       ProductHints<v1::DiscontinueProductRequest>);
}

Reactor* InventoryHandler::ReinstateProduct(Call* call, const v1::ReinstateProductRequest* request,
                                            v1::Product* answer) {
  return commands_.Run(call, request, answer, inventory::ReinstateProduct,
                       ProductHints<v1::ReinstateProductRequest>);
}

Reactor* InventoryHandler::ArchiveProduct(Call* call, const v1::ArchiveProductRequest* request,
                                          v1::Product* answer) {
  return commands_.Run(call, request, answer, inventory::ArchiveProduct,
                       ProductHints<v1::ArchiveProductRequest>);
}

Reactor* InventoryHandler::ReceiveStock(Call* call, const v1::ReceiveStockRequest* request,
                                        v1::Stock* answer) {
  return commands_.Run(call, request, answer, inventory::ReceiveStock, ReceiveStockHints);
}

Reactor* InventoryHandler::BatchReceiveStock(Call* call,
                                             const v1::BatchReceiveStockRequest* request,
                                             v1::BatchReceiveStockResponse* answer) {
  return commands_.RunBatch(call, request, answer, inventory::ReceiveStock, ReceiveStockHints);
}

Reactor* InventoryHandler::AdjustStock(Call* call, const v1::AdjustStockRequest* request,
                                       v1::Stock* answer) {
  return commands_.Run(call, request, answer, inventory::AdjustStock, AdjustStockHints);
}

Reactor* InventoryHandler::RecordDemand(Call* call, const v1::RecordDemandRequest* request,
                                        v1::Demand* answer) {
  return commands_.Run(call, request, answer, inventory::RecordDemand, RecordDemandHints);
}

Reactor* InventoryHandler::BatchRecordDemand(Call* call,
                                             const v1::BatchRecordDemandRequest* request,
                                             v1::BatchRecordDemandResponse* answer) {
  return commands_.RunBatch(call, request, answer, inventory::RecordDemand, RecordDemandHints);
}

Reactor* InventoryHandler::ReserveStock(Call* call, const v1::ReserveStockRequest* request,
                                        v1::Demand* answer) {
  return commands_.Run(call, request, answer, inventory::ReserveStock,
                       DemandHints<v1::ReserveStockRequest>);
}

Reactor* InventoryHandler::BatchReserveStock(Call* call,
                                             const v1::BatchReserveStockRequest* request,
                                             v1::BatchReserveStockResponse* answer) {
  return commands_.RunBatch(call, request, answer, inventory::ReserveStock,
                            DemandHints<v1::ReserveStockRequest>);
}

Reactor* InventoryHandler::HoldDemand(Call* call, const v1::HoldDemandRequest* request,
                                      v1::Demand* answer) {
  return commands_.Run(call, request, answer, inventory::HoldDemand,
                       DemandHints<v1::HoldDemandRequest>);
}

Reactor* InventoryHandler::BatchHoldDemand(Call* call, const v1::BatchHoldDemandRequest* request,
                                           v1::BatchHoldDemandResponse* answer) {
  return commands_.RunBatch(call, request, answer, inventory::HoldDemand,
                            DemandHints<v1::HoldDemandRequest>);
}

Reactor* InventoryHandler::ResumeDemand(Call* call, const v1::ResumeDemandRequest* request,
                                        v1::Demand* answer) {
  return commands_.Run(call, request, answer, inventory::ResumeDemand,
                       DemandHints<v1::ResumeDemandRequest>);
}

Reactor* InventoryHandler::BatchResumeDemand(Call* call,
                                             const v1::BatchResumeDemandRequest* request,
                                             v1::BatchResumeDemandResponse* answer) {
  return commands_.RunBatch(call, request, answer, inventory::ResumeDemand,
                            DemandHints<v1::ResumeDemandRequest>);
}

Reactor* InventoryHandler::ReleaseStock(Call* call, const v1::ReleaseStockRequest* request,
                                        v1::Demand* answer) {
  return commands_.Run(call, request, answer, inventory::ReleaseStock,
                       DemandHints<v1::ReleaseStockRequest>);
}

Reactor* InventoryHandler::BatchReleaseStock(Call* call,
                                             const v1::BatchReleaseStockRequest* request,
                                             v1::BatchReleaseStockResponse* answer) {
  return commands_.RunBatch(call, request, answer, inventory::ReleaseStock,
                            DemandHints<v1::ReleaseStockRequest>);
}

Reactor* InventoryHandler::StartPicking(Call* call, const v1::StartPickingRequest* request,
                                        v1::Shipment* answer) {
  return commands_.Run(call, request, answer, inventory::StartPicking,
                       ShipmentHints<v1::StartPickingRequest>);
}

Reactor* InventoryHandler::PickShipment(Call* call, const v1::PickShipmentRequest* request,
                                        v1::Shipment* answer) {
  return commands_.Run(call, request, answer, inventory::PickShipment,
                       ShipmentHints<v1::PickShipmentRequest>);
}

Reactor* InventoryHandler::PackShipment(Call* call, const v1::PackShipmentRequest* request,
                                        v1::Shipment* answer) {
  return commands_.Run(call, request, answer, inventory::PackShipment,
                       ShipmentHints<v1::PackShipmentRequest>);
}

Reactor* InventoryHandler::ShipShipment(Call* call, const v1::ShipShipmentRequest* request,
                                        v1::Shipment* answer) {
  return commands_.Run(call, request, answer, inventory::ShipShipment,
                       ShipmentHints<v1::ShipShipmentRequest>);
}

Reactor* InventoryHandler::BatchShipShipments(Call* call,
                                              const v1::BatchShipShipmentsRequest* request,
                                              v1::BatchShipShipmentsResponse* answer) {
  return commands_.RunBatch(call, request, answer, inventory::ShipShipment,
                            ShipmentHints<v1::ShipShipmentRequest>);
}

Reactor* InventoryHandler::ReturnShipment(Call* call, const v1::ReturnShipmentRequest* request,
                                          v1::Shipment* answer) {
  return commands_.Run(call, request, answer, inventory::ReturnShipment,
                       ShipmentHints<v1::ReturnShipmentRequest>);
}

Reactor* InventoryHandler::GetProduct(Call* call, const v1::GetProductRequest* request,
                                      v1::Product* answer) {
  return reads_.Get(call, request, answer, "PRODUCT");
}

Reactor* InventoryHandler::BatchGetProducts(Call* call, const v1::BatchGetProductsRequest* request,
                                            v1::BatchGetProductsResponse* answer) {
  return reads_.BatchGet(call, request, answer, "PRODUCT");
}

Reactor* InventoryHandler::ListProducts(Call* call, const v1::ListProductsRequest* request,
                                        v1::ListProductsResponse* answer) {
  return reads_.List(call, request, answer);
}

Reactor* InventoryHandler::GetStock(Call* call, const v1::GetStockRequest* request,
                                    v1::Stock* answer) {
  return reads_.Get(call, request, answer, "STOCK");
}

Reactor* InventoryHandler::BatchGetStocks(Call* call, const v1::BatchGetStocksRequest* request,
                                          v1::BatchGetStocksResponse* answer) {
  return reads_.BatchGet(call, request, answer, "STOCK");
}

Reactor* InventoryHandler::ListStocks(Call* call, const v1::ListStocksRequest* request,
                                      v1::ListStocksResponse* answer) {
  return reads_.List(call, request, answer);
}

Reactor* InventoryHandler::GetStockMove(Call* call, const v1::GetStockMoveRequest* request,
                                        v1::StockMove* answer) {
  return reads_.Get(call, request, answer, "STOCK_MOVE");
}

Reactor* InventoryHandler::BatchGetStockMoves(Call* call,
                                              const v1::BatchGetStockMovesRequest* request,
                                              v1::BatchGetStockMovesResponse* answer) {
  return reads_.BatchGet(call, request, answer, "STOCK_MOVE");
}

Reactor* InventoryHandler::ListStockMoves(Call* call, const v1::ListStockMovesRequest* request,
                                          v1::ListStockMovesResponse* answer) {
  return reads_.List(call, request, answer);
}

Reactor* InventoryHandler::GetDemand(Call* call, const v1::GetDemandRequest* request,
                                     v1::Demand* answer) {
  return reads_.Get(call, request, answer, "DEMAND");
}

Reactor* InventoryHandler::BatchGetDemands(Call* call, const v1::BatchGetDemandsRequest* request,
                                           v1::BatchGetDemandsResponse* answer) {
  return reads_.BatchGet(call, request, answer, "DEMAND");
}

Reactor* InventoryHandler::ListDemands(Call* call, const v1::ListDemandsRequest* request,
                                       v1::ListDemandsResponse* answer) {
  return reads_.List(call, request, answer);
}

Reactor* InventoryHandler::GetShipment(Call* call, const v1::GetShipmentRequest* request,
                                       v1::Shipment* answer) {
  return reads_.Get(call, request, answer, "SHIPMENT");
}

Reactor* InventoryHandler::BatchGetShipments(Call* call,
                                             const v1::BatchGetShipmentsRequest* request,
                                             v1::BatchGetShipmentsResponse* answer) {
  return reads_.BatchGet(call, request, answer, "SHIPMENT");
}

Reactor* InventoryHandler::ListShipments(Call* call, const v1::ListShipmentsRequest* request,
                                         v1::ListShipmentsResponse* answer) {
  return reads_.List(call, request, answer);
}

Reactor* InventoryHandler::GetShipmentReturn(Call* call,
                                             const v1::GetShipmentReturnRequest* request,
                                             v1::ShipmentReturn* answer) {
  return reads_.Get(call, request, answer, "SHIPMENT_RETURN");
}

Reactor* InventoryHandler::BatchGetShipmentReturns(
    Call* call, const v1::BatchGetShipmentReturnsRequest* request,
    v1::BatchGetShipmentReturnsResponse* answer) {
  return reads_.BatchGet(call, request, answer, "SHIPMENT_RETURN");
}

Reactor* InventoryHandler::ListShipmentReturns(Call* call,
                                               const v1::ListShipmentReturnsRequest* request,
                                               v1::ListShipmentReturnsResponse* answer) {
  return reads_.List(call, request, answer);
}

Reactor* InventoryHandler::BatchGetAvailability(Call* call,
                                                const v1::BatchGetAvailabilityRequest* request,
                                                v1::BatchGetAvailabilityResponse* answer) {
  return reads_.Run(call, *request, [request, answer](store::Reader& reader) {
    return ReadAvailability(reader, *request, answer);
  });
}

Reactor* InventoryHandler::ListDemandSchedule(Call* call,
                                              const v1::ListDemandScheduleRequest* request,
                                              v1::ListDemandScheduleResponse* answer) {
  return reads_.Run(call, *request, [request, answer](store::Reader& reader) {
    return ReadDemandSchedule(reader, *request, answer);
  });
}

}  // namespace tandem::inventory
