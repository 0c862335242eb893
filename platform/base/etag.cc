#include "platform/base/etag.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include "platform/base/fault.h"
#include "platform/base/status.h"

namespace tandem {

std::string EtagOf(int64_t version) { return absl::StrCat("\"", version, "\""); }

absl::Status CheckEtag(absl::string_view given, int64_t version, absl::string_view field) {
  if (given.empty()) return absl::OkStatus();
  const std::string current = EtagOf(version);
  if (given == current || TANDEM_PLANTED("etag_ignored")) return absl::OkStatus();
  // One form for each version: "07" or "+7" would be another name for the same.
  int64_t number = 0;
  const bool quoted = given.size() > 2 && given.front() == '"' && given.back() == '"';
  if (!quoted || !absl::SimpleAtoi(given.substr(1, given.size() - 2), &number) || number < 0 ||
      EtagOf(number) != given) {
    return InvalidField(field, "ETAG_MALFORMED",
                        "an etag is given back as it was read, quotes included, as in \"7\"");
  }
  absl::Status status =
      Refuse(absl::StatusCode::kAborted, "ETAG_MISMATCH",
             absl::StrCat("etag does not match: current ", current, ", yours ", given), field);
  AddMetadata(&status, "current", current);
  AddMetadata(&status, "yours", given);
  return status;
}

}  // namespace tandem
