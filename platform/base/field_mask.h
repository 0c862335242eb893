// Field masks (AIP-134, 157, 161): which fields an update writes, a read returns, a change touched.
//
// Paths are field names joined with '.', through messages ("ship_to.city"), to the entry of a map
// with text keys ("names.en", or names.`de.AT` where the key holds a dot). Refused, all
// INVALID_ARGUMENT about `update_mask` or `read_mask`: FIELD_MASK_UNKNOWN_PATH (its metadata
// `path`), FIELD_MASK_TOO_MANY_PATHS. Overlapping paths are their union.
#pragma once

#include <absl/status/status.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/message.h>

#include <memory>

namespace tandem {

// Ten times the fields of our widest resource.
inline constexpr int kFieldMaskMaxPaths = 1000;
// Bounds the walk through recursive types, as the depth of a request is bounded.
inline constexpr int kFieldMaskMaxSegments = 32;

// Brings `stored` to what the request wants of it; on an error `stored` is as it was.
//   - A path: the field takes the request's value, or is cleared where the request has none. A
//     message is replaced as a whole, a repeated field too: paths to its items are unknown.
//   - No paths: every field that is set in the request at its top level, likewise.
//   - "*": all fields.
//   - OUTPUT_ONLY and IDENTIFIER fields are the server's: ignored wherever they stand, named or not
//     (AIP-203), and kept where a message around them is replaced. In items of a repeated field the
//     request's values of them are dropped; who owns them fills them in again.
//   - An IMMUTABLE field may be named or sent with the value it has; another is INVALID_ARGUMENT,
//     FIELD_IMMUTABLE, naming it. "*", or replacing the message around it, leaves it if it is
//     unset.
// After it the whole resource has to be validated: a REQUIRED field may have been cleared.
absl::Status ApplyUpdateMask(const google::protobuf::FieldMask& mask,
                             const google::protobuf::Message& request,
                             google::protobuf::Message* stored);

// Leaves only the fields named; none or "*" leaves all. Here paths lead through repeated messages
// too, for all items: "lines.product_id" or "lines.*.product_id".
absl::Status ApplyReadMask(const google::protobuf::FieldMask& mask,
                           google::protobuf::Message* message);

// The paths that differ, in the order of the declaration: into messages that both have, but values
// (google.*, tandem.type.*), repeated fields and maps only as a whole.
google::protobuf::FieldMask ChangedPaths(const google::protobuf::Message& before,
                                         const google::protobuf::Message& after);

// `before` with nothing but the fields named, for events; unknown paths name nothing.
std::unique_ptr<google::protobuf::Message> PreviousValues(const google::protobuf::Message& before,
                                                          const google::protobuf::FieldMask& paths);

}  // namespace tandem
