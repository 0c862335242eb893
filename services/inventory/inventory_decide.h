// What the inventory service decides: every command of InventoryService as a pure function over the
// state (DESIGN section 4, DOMAIN sections 1, 3 and 9). A command that is already done changes
// nothing and answers what there is. Errors and events of each are in inventory_service.proto.
//
// By lifecycle: inventory_decide_product.cc keeps the product master; inventory_decide_stock.cc
// receives and adjusts; inventory_decide_demand.cc records what orders want and reserves it;
// inventory_decide_shipment.cc picks, ships and takes back. Who gets what is decided in one place,
// inventory_decide_queue.h.
#pragma once

#include "absl/status/statusor.h"
#include "platform/base/state.h"
#include "tandem/inventory/v1/inventory_service.pb.h"
#include "tandem/operations/v1/counter.pb.h"

namespace tandem::inventory {

// The warehouse of those who name none.
inline constexpr char kMainWarehouse[] = "MAIN";

// The sets that are loaded as a whole, all by product; inventory_store.cc says how they are found.
inline constexpr char kStocksOfProduct[] = "stocks_of_product";
inline constexpr char kDemandsOpen[] = "demands_open";
inline constexpr char kDemandsWaiting[] = "demands_waiting";
inline constexpr char kDemandsReserving[] = "demands_reserving";

// Numbers and places are counted here.
inline constexpr char kShipmentCounter[] = "shipment";
inline constexpr char kQueueCounter[] = "queue";

template <class T>
using Answer = absl::StatusOr<T>;

Answer<v1::Product> CreateProduct(const v1::CreateProductRequest&, Context&, State&);
Answer<v1::Product> UpdateProduct(const v1::UpdateProductRequest&, Context&, State&);
Answer<v1::Product> DiscontinueProduct(const v1::DiscontinueProductRequest&, Context&, State&);
Answer<v1::Product> ReinstateProduct(const v1::ReinstateProductRequest&, Context&, State&);
Answer<v1::Product> ArchiveProduct(const v1::ArchiveProductRequest&, Context&, State&);

Answer<v1::Stock> ReceiveStock(const v1::ReceiveStockRequest&, Context&, State&);
Answer<v1::Stock> AdjustStock(const v1::AdjustStockRequest&, Context&, State&);

Answer<v1::Demand> RecordDemand(const v1::RecordDemandRequest&, Context&, State&);
Answer<v1::Demand> ReserveStock(const v1::ReserveStockRequest&, Context&, State&);
Answer<v1::Demand> HoldDemand(const v1::HoldDemandRequest&, Context&, State&);
Answer<v1::Demand> ResumeDemand(const v1::ResumeDemandRequest&, Context&, State&);
Answer<v1::Demand> ReleaseStock(const v1::ReleaseStockRequest&, Context&, State&);

Answer<v1::Shipment> StartPicking(const v1::StartPickingRequest&, Context&, State&);
Answer<v1::Shipment> PickShipment(const v1::PickShipmentRequest&, Context&, State&);
Answer<v1::Shipment> PackShipment(const v1::PackShipmentRequest&, Context&, State&);
Answer<v1::Shipment> ShipShipment(const v1::ShipShipmentRequest&, Context&, State&);
Answer<v1::Shipment> ReturnShipment(const v1::ReturnShipmentRequest&, Context&, State&);

// Every command that may change who holds what names the queue's counter first, before it knows
// what it will look up: it is locked before everything else (inventory_store.cc), so replicas take
// turns and never wait for each other in a circle.
inline void QueueHints(Wanted& wanted) { wanted.Row<operations::v1::Counter>(kQueueCounter); }

// What can be said from a request alone of what it will look up.
void CreateProductHints(const v1::CreateProductRequest&, Wanted&);
void UpdateProductHints(const v1::UpdateProductRequest&, Wanted&);
void RecordDemandHints(const v1::RecordDemandRequest&, Wanted&);
void ReceiveStockHints(const v1::ReceiveStockRequest&, Wanted&);
void AdjustStockHints(const v1::AdjustStockRequest&, Wanted&);
template <class Request>
void ProductHints(const Request& request, Wanted& wanted) {
  QueueHints(wanted);
  wanted.Row<v1::Product>(request.id());
}
template <class Request>
void DemandHints(const Request& request, Wanted& wanted) {
  QueueHints(wanted);
  wanted.Row<v1::Demand>(request.order_id());
}
template <class Request>
void ShipmentHints(const Request& request, Wanted& wanted) {
  QueueHints(wanted);
  wanted.Row<v1::Shipment>(request.shipment_id());
}

}  // namespace tandem::inventory
