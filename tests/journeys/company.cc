#include "tests/journeys/company.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait.h"

namespace tandem::test {
namespace {

constexpr int kPagesMax = 100;
constexpr absl::Duration kReadersPatience = absl::Minutes(1);
constexpr absl::Duration kRest = absl::Seconds(1);  // without a change nothing is under way
constexpr size_t kUlid = 26;
// 2012-07-04, the time in all ids that the import makes (cli/northwind/parts.cc).
constexpr absl::string_view kImportTime = "01717mjk00";

// The lists that are compared: every public one but those of what is under way.
constexpr const char* kLists[] = {
    "customer list-customers",
    "customer list-contacts",
    "customer list-credit-standings",
    "customer list-dealings-histories",
    "customer list-dealings-documents",
    "opportunity list-opportunities",
    "opportunity list-quotes",
    "opportunity list-activities",
    "opportunity list-pipelines",
    "opportunity list-catalogue-items",
    "opportunity list-opportunity-results",
    "opportunity list-order-results",
    "opportunity list-customer-facts",
    "order list-orders",
    "order list-product-facts",
    "order list-customer-facts",
    "order list-account-facts",
    "order list-tax-rate-facts",
    "inventory list-products",
    "inventory list-stocks",
    "inventory list-demands",
    "inventory list-shipments",
    "inventory list-stock-moves",
    "billing list-customers",
    "billing list-debtor-accounts",
    "billing list-account-exposures",
    "billing list-credit-commitments",
    "billing list-invoices",
    "billing list-credit-notes",
    "billing list-payments",
    "billing list-ledger-entries",
    "billing list-tax-codes",
    "billing list-accounting-periods",
    "operations list-quarantined-keys",
    "customer_sync list-conflicts",
    "product_sync list-conflicts",
};

// The name in `"name": …`; empty for other lines.
absl::string_view FieldIn(absl::string_view line) {
  absl::ConsumePrefix(&line, "\"");
  const size_t end = line.find("\": ");
  return end == absl::string_view::npos ? "" : line.substr(0, end);
}

bool OfHistory(absl::string_view field) {
  return absl::EndsWith(field, "_time") || field == "time" || field == "etag" ||
         field == "version" || absl::EndsWith(field, "_version") || field == "debtor_number";
}

// inv_01m80t2zpvh8a19ebah6ff13zn -> inv_*
std::string WithoutChance(absl::string_view line) {
  std::string out;
  while (true) {
    const size_t mark = line.find('_');
    if (mark == absl::string_view::npos) return absl::StrCat(out, line);
    absl::StrAppend(&out, line.substr(0, mark + 1));
    line.remove_prefix(mark + 1);
    const absl::string_view id = line.substr(0, kUlid);
    const bool is_id = id.size() == kUlid && std::all_of(id.begin(), id.end(), [](char c) {
                         return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
                       });
    if (!is_id || absl::StartsWith(id, kImportTime)) continue;
    absl::StrAppend(&out, "*");
    line.remove_prefix(kUlid);
  }
}

// The resources of one page, printed with an indent of one a level; its token for the next.
std::string TakePage(absl::string_view json, std::vector<std::string>* resources) {
  std::string token, resource;
  for (absl::string_view line : absl::StrSplit(json, '\n')) {
    if (absl::StartsWith(line, " \"next_page_token\": \"")) {
      token = std::string(absl::StripSuffix(line.substr(21), "\""));
    }
    if (!absl::StartsWith(line, "  ")) continue;
    const bool last = absl::StartsWith(line, "  }");
    absl::string_view text = line;
    while (absl::ConsumePrefix(&text, " ")) {
    }
    absl::ConsumeSuffix(&text, ",");
    if (!OfHistory(FieldIn(text))) absl::StrAppend(&resource, WithoutChance(text), "\n");
    if (!last) continue;
    resources->push_back(std::move(resource));
    resource.clear();
  }
  return token;
}

// Where a part's lists are read: quarantines are each process's own.
std::set<std::string> Serving(const std::string& part,
                              const std::map<std::string, std::string>& addresses) {
  if (part != "operations") return {addresses.at(part)};
  std::set<std::string> all;
  for (const auto& [name, address] : addresses) all.insert(address);
  return all;
}

void ReadList(const std::string& list, const std::string& address,
              std::vector<std::string>* resources) {
  std::string token;
  for (int page = 0; page < kPagesMax; ++page) {
    Command command{.args = {Program("tandem")}};
    for (absl::string_view word : absl::StrSplit(list, ' ')) command.args.emplace_back(word);
    for (const std::string& word : {std::string("--page-size=1000"), "--page-token=" + token,
                                    std::string("--output=json"), "--address=" + address}) {
      if (word != "--page-token=") command.args.push_back(word);
    }
    const auto answer = RunToEnd(std::move(command));
    EXPECT_TRUE(answer.ok()) << answer.status();
    if (!answer.ok()) return;
    EXPECT_TRUE(answer->exit.ok()) << list << ": " << answer->output;
    token = TakePage(answer->output, resources);
    if (token.empty()) return;
  }
  ADD_FAILURE() << list << " has more pages than are read";
}

}  // namespace

std::string Program(absl::string_view name) {
  const char* other = std::getenv("TANDEM_TEST_BIN");
  return absl::StrCat(other == nullptr ? TANDEM_BIN : other, "/", name);
}

Command UpOnce(const std::string& data_dir) {
  return {.args = {Program("tandem"), "up", "--once", "--data", data_dir,
                   "--server.listen=127.0.0.1:0"}};
}

Report ReportIn(absl::string_view output) {
  Report report;
  const size_t start = output.find("Northwind, read back");
  if (start == absl::string_view::npos) return report;
  for (absl::string_view line : absl::StrSplit(output.substr(start), '\n')) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.empty()) continue;
    if (words[0] == "events" && words.size() == 2) {
      (void)absl::SimpleAtoi(words[1], &report.events);
    } else if (words[0] != "import" && words[0] != "replay") {
      report.lines.emplace_back(line);
      if (absl::EndsWith(line, "every figure agrees.")) {
        report.in_step = true;
        break;
      }
    }
  }
  return report;
}

const Undisturbed& UndisturbedCompany() {
  static const auto* const dir = new TempDir;  // removed at exit
  static const Undisturbed company = [] {
    std::atexit([] { delete dir; });
    Undisturbed made{.data_dir = dir->File("undisturbed"), .output = {}, .took = {}, .exit = {}};
    const absl::Time start = absl::Now();
    auto finished = RunToEnd(UpOnce(made.data_dir), kJourneyPatience);
    made.took = absl::Now() - start;
    made.output = finished.ok() ? finished->output : std::string(finished.status().message());
    if (finished.ok()) made.exit = finished->exit;
    return made;
  }();
  return company;
}

Digest DigestOf(const std::string& data_dir) {
  auto served =
      Process::Start({.args = {Program("tandem"), "start", absl::StrCat("--storage.dir=", data_dir),
                               "--server.listen=127.0.0.1:0"}});
  EXPECT_TRUE(served.ok()) << served.status();
  if (!served.ok()) return {};
  const auto address = (*served)->WaitUntilReady("tandem", kJourneyPatience);
  EXPECT_TRUE(address.ok()) << address.status();
  if (!address.ok()) return {};
  std::map<std::string, std::string> addresses;
  for (const char* part : kParts) addresses[part] = *address;
  Digest digest = DigestOf(addresses);
  EXPECT_TRUE(WaitFor(
      [&] {
        absl::SleepFor(kRest);
        Digest later = DigestOf(addresses);
        std::swap(digest, later);
        return digest == later;
      },
      kReadersPatience));
  EXPECT_TRUE((*served)->Stop().ok());
  return digest;
}

Digest DigestOf(const std::map<std::string, std::string>& addresses) {
  Digest digest;
  for (const std::string list : kLists) {
    std::vector<std::string>& resources = digest[list];
    const std::string part = list.substr(0, list.find(' '));
    for (const std::string& address : Serving(part, addresses)) {
      ReadList(list, address, &resources);
    }
    std::sort(resources.begin(), resources.end());
  }
  return digest;
}

void ExpectSame(const Digest& got, const Digest& undisturbed) {
  EXPECT_EQ(got.size(), undisturbed.size());
  for (const auto& [list, expected] : undisturbed) {
    const auto found = got.find(list);
    if (found == got.end()) continue;
    const std::vector<std::string>& mine = found->second;
    EXPECT_EQ(mine.size(), expected.size()) << list;
    for (size_t i = 0; i < std::min(mine.size(), expected.size()); ++i) {
      if (mine[i] == expected[i]) continue;
      ADD_FAILURE() << list << " differs, first in\n"
                    << mine[i] << "\nundisturbed:\n"
                    << expected[i];
      break;
    }
  }
}

void ExpectSameSoon(const std::map<std::string, std::string>& addresses,
                    const Digest& undisturbed) {
  Digest digest;
  (void)WaitFor(
      [&] {
        digest = DigestOf(addresses);
        return digest == undisturbed;
      },
      kReadersPatience);
  ExpectSame(digest, undisturbed);
}

}  // namespace tandem::test
