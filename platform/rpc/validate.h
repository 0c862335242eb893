// Checks a request against its descriptor before any handler sees it: google.api.field_behavior and
// the rules of tandem/options/v1/validation.proto. What is checked is found once, at start-up.
//
// Checked, with the reasons (INVALID_ARGUMENT or OUT_OF_RANGE, as the parts of platform/base have
// it). The field is the whole path, "order.lines[3].quantity", for maps "order.labels[key]":
//   REQUIRED           REQUIRED_FIELD_MISSING. Numbers and bools without `optional` cannot be
//                      missing; where 0 is wrong, the rule `positive` or `min` says so.
//   strings            TEXT_NOT_UTF8, TEXT_CONTROL_CHARACTER, TEXT_TOO_LONG (255 bytes or the rule
//                      max_bytes), ID_MALFORMED, UUID_MALFORMED, TEXT_PATTERN_MISMATCH,
//                      CURRENCY_UNKNOWN; a field `request_id` is a UUID: REQUEST_ID_MALFORMED
//   bytes              BYTES_TOO_LONG (1 MiB or max_bytes)
//   numbers            NUMBER_OUT_OF_RANGE
//   enums              ENUM_UNKNOWN: a number that is not in our proto
//   repeated, maps     TOO_MANY_ITEMS (10,000, or max_items), TOO_FEW_ITEMS
//   Money, Quantity, Decimal, Date   the reasons of platform/base; Timestamp: TIMESTAMP_INVALID
//   depth              MESSAGE_TOO_DEEP
// An empty value passes all but REQUIRED. OUTPUT_ONLY fields are not looked at: the caller clears
// them (ClearOutputOnly in field_behavior.h).
//
// A message with an `update_mask` is an update: REQUIRED is not asked of its resource, where an
// unnamed field may be unset; check the whole resource after ApplyUpdateMask.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/types/span.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstdint>
#include <memory>

namespace tandem::rpc {

// One index entry of both databases holds it with room to spare, and so does a screen.
inline constexpr uint32_t kTextMaxBytes = 255;
inline constexpr uint32_t kBytesMaxBytes = 1 << 20;
// Ten thousand lines are an order that no person wrote; a batch has 1,000.
inline constexpr uint32_t kItemsMax = 10'000;
// Messages in messages, the request included. Bounds the recursion here and behind.
inline constexpr int kMessageMaxDepth = 32;
// What one answer lists: enough to correct a form in one go.
inline constexpr int kViolationsMax = 20;

namespace internal {
struct MessagePlan;
}

// Immutable after Compile; any number of threads may use one.
class Validator {
 public:
  // For these types and all that they hold. VALIDATION_RULE_INVALID (FAILED_PRECONDITION, naming
  // the field) where a rule does not fit its field: a defect of the protos, found at start-up.
  static absl::StatusOr<Validator> Compile(
      absl::Span<const google::protobuf::Descriptor* const> types);

  Validator(Validator&&);
  Validator& operator=(Validator&&);
  ~Validator();

  // The first violation's code, reason and field; all others, up to kViolationsMax, as further
  // field violations. INTERNAL, VALIDATION_TYPE_UNKNOWN for a type that was not compiled.
  absl::Status Check(const google::protobuf::Message& message) const;

 private:
  using Plans = absl::flat_hash_map<const google::protobuf::Descriptor*,
                                    std::unique_ptr<internal::MessagePlan>>;
  explicit Validator(Plans plans);
  Plans plans_;
};

}  // namespace tandem::rpc
