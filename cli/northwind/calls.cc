#include "cli/northwind/calls.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "platform/base/retry.h"
#include "platform/base/status.h"

namespace tandem::northwind {
namespace {

constexpr int64_t kRetryBaseMs = 20;
constexpr int64_t kRetryMaxMs = 1'000;

}  // namespace

absl::Status UntilAnswered(const std::function<absl::Status()>& call, absl::Duration patience) {
  const absl::Time end = absl::Now() + patience;
  Backoff backoff(kRetryBaseMs, kRetryMaxMs, static_cast<uint64_t>(absl::ToUnixNanos(end)));
  while (true) {
    absl::Status status = call();
    if (DispositionOf(status) != Disposition::kRetry || absl::Now() >= end) return status;
    absl::SleepFor(absl::Milliseconds(backoff.NextMs()));
  }
}

absl::Status OfItem(absl::string_view what, int number, const google::rpc::Status& rpc) {
  const absl::Status status = FromRpcStatus(rpc);
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(what, " ", number, ": ", status.message(), " (",
                                                  ReasonOf(status), ")"));
}

}  // namespace tandem::northwind
