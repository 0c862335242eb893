// What the parts serve: every command that people, reactions and synchronisation use, found by the
// type of its request, as the gRPC layer makes commands of requests.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "platform/base/state.h"
#include "platform/store/writer.h"

namespace tandem::simulation {

// In the order of World's processes.
enum Part { kCustomer, kOpportunity, kOrder, kInventory, kBilling, kOrderToCash, kParts };
inline constexpr const char* kPartNames[kParts] = {"customer",  "opportunity", "order",
                                                   "inventory", "billing",     "order_to_cash"};

struct Method {
  Part part;
  const google::protobuf::Descriptor* request;
  const google::protobuf::FieldDescriptor* request_id;  // null where there is none
  std::function<absl::StatusOr<std::string>(const google::protobuf::Message&, Context&, State&)>
      decide;
  // Whether an answer says that the wish needs another call; may be null.
  std::function<bool(const std::string& answer)> again;
};

// By the request's type; a type that nobody serves is a defect.
const Method& MethodOf(const google::protobuf::Message& request);

// The command of a request, which it keeps.
store::Command CommandOf(const Method& method,
                         std::shared_ptr<const google::protobuf::Message> request,
                         absl::string_view actor);
// A copy as the server gets it: without what only a server sets.
std::shared_ptr<google::protobuf::Message> AsReceived(const google::protobuf::Message& request);
void SetRequestId(google::protobuf::Message* request, const std::string& id);

}  // namespace tandem::simulation
