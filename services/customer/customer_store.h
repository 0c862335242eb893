// The tables of the customer service, how its sets are found, and its own queries.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/type/date.pb.h"
#include "platform/store/migrations.h"
#include "platform/store/reader.h"
#include "platform/store/table.h"
#include "tandem/customer/v1/dealings.pb.h"

namespace tandem::customer {

std::vector<store::TableSpec> CustomerTables();
// The migrations of the service, behind the platform's.
const std::vector<store::Migration>& Migrations();

// Fills in what of each account was due before the day and is not settled.
absl::Status AddOverdue(store::Reader& reader, const google::type::Date& as_of,
                        v1::CreditStanding* standing);

}  // namespace tandem::customer
