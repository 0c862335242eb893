// Errors: a canonical code, a stable reason (UPPER_SNAKE, `ENTITY_FACT`, never renamed or reused),
// a message for people, and where it helps the field and metadata. They are carried as the payloads
// of an absl::Status in the form AIP-193 gives them on the wire (google.rpc.ErrorInfo, BadRequest),
// so that turning one into a google.rpc.Status and back loses nothing, details of others included.
// Which code to choose:
//   INVALID_ARGUMENT     wrong whatever the state: InvalidField(field, reason, message)
//   NOT_FOUND            what the request names is not here
//   ALREADY_EXISTS       a natural key or request id is taken by something else
//   FAILED_PRECONDITION  right in itself, not in this state; wait for another event or a person
//   ABORTED              stale etag or lost race: read again and repeat
//   OUT_OF_RANGE         an arithmetic or size limit
//   RESOURCE_EXHAUSTED   quota or overload: repeat later
//   UNAVAILABLE          something we depend on is away: repeat later
//   INTERNAL             a defect
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "google/rpc/status.pb.h"

namespace tandem {

// The domain of every ErrorInfo we make.
inline constexpr absl::string_view kErrorDomain = "tandem";
// What RetryInfo tells a client to wait where nobody chose a delay.
inline constexpr int64_t kDefaultRetryDelayMs = 1000;

// An error with a reason; `field` is the path of the request's field it is about, if any.
absl::Status Refuse(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                    absl::string_view field = "");
// INVALID_ARGUMENT about one field.
absl::Status InvalidField(absl::string_view field, absl::string_view reason,
                          absl::string_view message);

// Empty where there is none. FieldOf is the first violation's.
std::string ReasonOf(const absl::Status& status);
std::string FieldOf(const absl::Status& status);
std::map<std::string, std::string> MetadataOf(const absl::Status& status);

// Adds to an error (no effect on OK): a dynamic part of the message, one more wrong field, the
// delay after which to try again. A key or delay set twice keeps the last value.
void AddMetadata(absl::Status* status, absl::string_view key, absl::string_view value);
void AddFieldViolation(absl::Status* status, absl::string_view field, absl::string_view message);
void SetRetryDelay(absl::Status* status, int64_t delay_ms);
std::optional<int64_t> RetryDelayMsOf(const absl::Status& status);

// `prefix` put before every field path ("orders[3]" + "lines[0].quantity"), for batch items.
absl::Status InField(absl::Status status, absl::string_view prefix);

// UNAVAILABLE and RESOURCE_EXHAUSTED carry a RetryInfo, made here if nobody set one.
google::rpc::Status ToRpcStatus(const absl::Status& status);
// A code this build does not know becomes UNKNOWN.
absl::Status FromRpcStatus(const google::rpc::Status& rpc);

// What the caller of another process does about an answer. The one table for all callers:
//   kDone   OK
//   kRetry  UNAVAILABLE DEADLINE_EXCEEDED ABORTED RESOURCE_EXHAUSTED CANCELLED UNKNOWN
//           UNAUTHENTICATED: the lane is held, backing off; the same request id makes it safe.
//           (UNKNOWN is what proxies and broken connections answer; credentials rotate.)
//   kPark   INVALID_ARGUMENT NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED FAILED_PRECONDITION
//           OUT_OF_RANGE UNIMPLEMENTED INTERNAL DATA_LOSS: the key goes to quarantine. (INTERNAL is
//           a defect: repeating it would hold every other key of the lane behind it.)
enum class Disposition { kDone, kRetry, kPark };
Disposition DispositionOf(const absl::Status& status);

}  // namespace tandem
