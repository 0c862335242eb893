// The ways to the services that the import and its report use, and ids made from the files' keys,
// so that importing again does nothing twice.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cli/northwind/channel.h"
#include "tandem/billing/v1/billing_service.grpc.pb.h"
#include "tandem/customer/v1/customer_service.grpc.pb.h"
#include "tandem/events/v1/event_service.grpc.pb.h"
#include "tandem/inventory/v1/inventory_service.grpc.pb.h"
#include "tandem/opportunity/v1/opportunity_service.grpc.pb.h"
#include "tandem/order/v1/order_service.grpc.pb.h"

namespace tandem::northwind {

struct Parts {
  explicit Parts(const ChannelTo& channel);
  std::unique_ptr<customer::v1::CustomerService::Stub> customer;
  std::unique_ptr<opportunity::v1::OpportunityService::Stub> opportunity;
  std::unique_ptr<order::v1::OrderService::Stub> order;
  std::unique_ptr<inventory::v1::InventoryService::Stub> inventory;
  std::unique_ptr<billing::v1::BillingService::Stub> billing;
  // Of each of the five services.
  std::vector<std::pair<std::string, std::unique_ptr<events::v1::EventService::Stub>>> events;
};

// An id of the form prefix + ULID, the same for a key each time.
std::string IdOf(absl::string_view prefix, absl::string_view key);
// A request id, the same for what is asked each time.
std::string RequestIdOf(absl::string_view what, absl::string_view key);

// Waits for a fact that another process brings about; DEADLINE_EXCEEDED says what was waited for.
absl::Status Await(absl::string_view what, const std::function<absl::StatusOr<bool>()>& fact,
                   absl::Duration patience = absl::Seconds(120));

}  // namespace tandem::northwind
