// A call that a reaction wants made: which method of which part, and the request of one item.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace tandem::order_to_cash {

struct Call {
  std::string part;     // "inventory"
  std::string service;  // "tandem.inventory.v1.InventoryService"
  std::string method;   // "ReserveStock", the single method; it is made through its batch form
  std::string entity;   // the receiver's entity, part of the request id
  std::shared_ptr<google::protobuf::Message> request;
  // The event that it follows from, and the first of that one's chain.
  std::string cause_event_id = {}, correlation_id = {};
};

}  // namespace tandem::order_to_cash
