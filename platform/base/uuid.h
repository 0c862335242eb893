// UUIDs of any version as text, and the two kinds Tandem makes: random ones (v4) and names (v5).
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <string>

namespace tandem {

// Five groups of hexadecimal digits with hyphens, either case; no braces, no "urn:".
bool IsUuid(absl::string_view text);
// In lower case, the one form that is stored and compared; UUID_INVALID naming `field`.
absl::StatusOr<std::string> ParseUuid(absl::string_view text, absl::string_view field = "");

// RFC 4122 section 4.3 with SHA-1. `namespace_uuid` must be a UUID.
std::string UuidV5(absl::string_view namespace_uuid, absl::string_view name);
// From this thread's random generator: unique, not secret.
std::string UuidV4();

// The request id of a call that an event causes: the same event, method ("tandem.order.v1.
// OrderService/PlaceOrder") and receiver's entity give the same id on every retry, for good. The
// three are joined with '|', which none of them may hold.
std::string CallRequestId(absl::string_view event_id, absl::string_view method,
                          absl::string_view receiver_entity_id);

}  // namespace tandem
