// The event envelope: from a journal row, to and from the headers of a Kafka record.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "platform/bus/subscription.h"
#include "platform/store/journal.h"

namespace tandem::bus {

Envelope EnvelopeOf(const store::JournalRow& row, absl::string_view source,
                    absl::string_view incarnation);
// The same with the row's own texts, which it loses.
Envelope EnvelopeOf(store::JournalRow&& row, absl::string_view source,
                    absl::string_view incarnation);

// CloudEvents 1.0 in binary mode, with one header of our own for the chain: `tandem_chain` =
// incarnation/lane/position/previous position/entity version/full name of the event message.
using Headers = std::vector<std::pair<std::string, std::string>>;
Headers HeadersOf(const Envelope& event);
// The same one by one; the views hold for the call.
void ForEachHeader(const Envelope& event,
                   absl::FunctionRef<void(absl::string_view name, absl::string_view value)> take);

// INVALID_ARGUMENT EVENT_HEADERS_MALFORMED, with the header as the field; also where the key does
// not belong on the lane that the chain names.
absl::StatusOr<Envelope> FromRecord(const Headers& headers, absl::string_view topic,
                                    absl::string_view key, absl::string_view value);
using HeaderViews = std::vector<std::pair<absl::string_view, absl::string_view>>;
absl::StatusOr<Envelope> FromRecord(const HeaderViews& headers, absl::string_view topic,
                                    absl::string_view key, absl::string_view value);

}  // namespace tandem::bus
