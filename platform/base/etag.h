// Etags of resources (AIP-154): strong, and nothing but the entity's version in quotes, so that
// people can read them. Whoever sends one back says: change it only if it is still this one.
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <string>

namespace tandem {

// `"7"`, with its quotes.
std::string EtagOf(int64_t version);

// OK if `given` is empty (no condition) or the etag of `version`. ABORTED, ETAG_MISMATCH with the
// metadata `current` and `yours` if it is another's; INVALID_ARGUMENT, ETAG_MALFORMED for what is
// no etag of ours: weak ones (`W/"7"`), `*`, missing quotes.
absl::Status CheckEtag(absl::string_view given, int64_t version, absl::string_view field = "etag");

}  // namespace tandem
