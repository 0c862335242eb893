#include "cli/northwind/parts.h"

#include <grpcpp/channel.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "platform/base/hash.h"
#include "platform/base/id.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/base/uuid.h"

namespace tandem::northwind {
namespace {

constexpr int64_t kIdTimeMicros = 1'341'360'000'000'000;  // 2012-07-04, the first order's day

}  // namespace

Parts::Parts(const ChannelTo& channel)
    : customer(customer::v1::CustomerService::NewStub(channel("customer"))),
      opportunity(opportunity::v1::OpportunityService::NewStub(channel("opportunity"))),
      order(order::v1::OrderService::NewStub(channel("order"))),
      inventory(inventory::v1::InventoryService::NewStub(channel("inventory"))),
      billing(billing::v1::BillingService::NewStub(channel("billing"))) {
  for (const char* name : {"customer", "opportunity", "order", "inventory", "billing"}) {
    events.emplace_back(absl::StrCat("/tandem/", name),
                        events::v1::EventService::NewStub(channel(name)));
  }
}

std::string IdOf(absl::string_view prefix, absl::string_view key) {
  const std::string text = absl::StrCat("northwind/", prefix, key);
  return IdSource(kIdTimeMicros, StableHash64(absl::StrCat(text, "/high")), StableHash64(text))
      .Next(prefix);
}

std::string RequestIdOf(absl::string_view what, absl::string_view key) {
  return CallRequestId("northwind", std::string(what), std::string(key));
}

absl::Status Await(absl::string_view what, const std::function<absl::StatusOr<bool>()>& fact,
                   absl::Duration patience) {
  const absl::Time end = absl::Now() + patience;
  absl::Duration pause = absl::Milliseconds(1);
  while (true) {
    absl::StatusOr<bool> there = fact();
    if (there.ok() && *there) return absl::OkStatus();
    if (!there.ok() && DispositionOf(there.status()) != Disposition::kRetry) return there.status();
    if (absl::Now() >= end) {
      return Refuse(absl::StatusCode::kDeadlineExceeded, "NORTHWIND_WAITED",
                    absl::StrCat("waited in vain for ", what,
                                 there.ok() ? "" : absl::StrCat(": ", there.status().ToString())));
    }
    absl::SleepFor(pause);
    pause = std::min(pause * 2, absl::Milliseconds(20));
  }
}

}  // namespace tandem::northwind
