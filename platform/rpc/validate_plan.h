// What a Validator knows of a message type, compiled from its descriptor.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/statusor.h>
#include <google/protobuf/descriptor.h>
#include <re2/re2.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tandem::rpc::internal {

// The messages that are one value, checked by platform/base.
enum class Special { kNone, kMoney, kQuantity, kDecimal, kDate, kTimestamp };

struct MessagePlan;

struct FieldPlan {
  const google::protobuf::FieldDescriptor* field = nullptr;
  bool required = false;
  bool partial = false;  // the resource of an update: REQUIRED is not asked within
  bool request_id = false;
  bool uuid = false;
  bool currency = false;
  bool positive = false;
  bool open_enum = false;
  uint32_t max_bytes = 0;
  uint32_t min_items = 0;
  uint32_t max_items = 0;
  std::string prefix;
  std::unique_ptr<re2::RE2> pattern;
  std::optional<int64_t> min;
  std::optional<int64_t> max;
  Special special = Special::kNone;
  const MessagePlan* message = nullptr;  // of a message that is no special one
  std::unique_ptr<FieldPlan> value;      // of a map's values, with the map's rules
};

struct MessagePlan {
  std::vector<FieldPlan> fields;  // those with anything to check
};

using PlanMap =
    absl::flat_hash_map<const google::protobuf::Descriptor*, std::unique_ptr<MessagePlan>>;

// Adds the plans of the type and of all it holds.
absl::Status AddPlans(const google::protobuf::Descriptor& type, PlanMap* plans);

}  // namespace tandem::rpc::internal
