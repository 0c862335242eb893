// What the journeys share: the programs, the report of the sample company, and a digest of all that
// the services answer.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/support/process.h"

namespace tandem::test {

inline constexpr absl::Duration kJourneyPatience = absl::Minutes(5);

// The services and adapters, each a part with a program of its own.
inline constexpr const char* kParts[] = {"customer",      "opportunity", "order",
                                         "inventory",     "billing",     "order_to_cash",
                                         "customer_sync", "product_sync"};

// `tandem`, `tandem-order`, …; those in the folder TANDEM_TEST_BIN where that is set.
std::string Program(absl::string_view name);

// `tandem up --once` on the SQLite files of a folder.
Command UpOnce(const std::string& data_dir);

// The lines of the report, of what import and replay printed; without those that tell times, and
// without the number of events, which is given apart. Empty where there is none.
struct Report {
  std::vector<std::string> lines;
  int64_t events = 0;
  bool in_step = false;  // "every figure agrees"
};
Report ReportIn(absl::string_view output);

// A company that nothing disturbed, made once per test process: how long it took, and what it left.
struct Undisturbed {
  std::string data_dir;
  std::string output;
  absl::Duration took;
  Exit exit;
};
const Undisturbed& UndisturbedCompany();

// Everything that the services' list methods answer, per method, as a sorted list of resources in
// JSON. Left out is what depends on the history and not on the business: times of creation and
// change, etags and versions (they count the writes), page tokens, the ids that a process made by
// chance, and the accounts' numbers, given in the order in which customers happen to arrive. Ids
// that the import made from the files' keys are kept, and the numbers of orders, shipments and
// invoices too.
using Digest = std::map<std::string, std::vector<std::string>>;
Digest DigestOf(const std::string& data_dir);  // once nothing changes in it any more
Digest DigestOf(const std::map<std::string, std::string>& addresses);  // of all parts, by name

// Says of each list that differs where it does first.
void ExpectSame(const Digest& got, const Digest& undisturbed);

// The same of a company that is up: what its subscribers have not read yet may come within a
// minute. The reader of a process that was killed goes on when the broker has missed it.
void ExpectSameSoon(const std::map<std::string, std::string>& addresses, const Digest& undisturbed);

}  // namespace tandem::test
