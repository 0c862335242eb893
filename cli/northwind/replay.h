// Replays the company's orders through the whole process, in the order of its days: a day's
// payments, then its orders, then its shipments; every invoice is paid in full 30 days after
// shipping. Waits for the process where the next day rests on it. Replaying again does nothing
// twice and goes on where it was broken off.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "cli/northwind/company.h"
#include "cli/northwind/parts.h"

namespace tandem::northwind {

// `progress` is told the orders placed so far, now and then.
absl::Status Replay(const Company& company, Parts& parts,
                    const std::function<void(size_t placed, size_t of)>& progress);

}  // namespace tandem::northwind
