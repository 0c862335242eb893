#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/type/money.pb.h"
#include "platform/base/check.h"
#include "platform/base/fixed.h"
#include "platform/base/money.h"
#include "platform/base/quantity.h"
#include "platform/base/status.h"
#include "platform/settings/schema.h"
#include "tests/fuzz/targets.h"

namespace tandem::fuzz {

// A decimal's text; and the same bytes as a Money and a Quantity.
void DecimalAndMoney(absl::string_view input) {
  const auto micros = ParseMicros(input, "f");
  if (micros.ok()) {
    const auto again = ParseMicros(FormatMicros(*micros), "f");
    TANDEM_CHECK(again.ok() && *again == *micros, "a decimal comes back as it went");
    (void)MulMicros(*micros, *micros).ok();
    (void)DivMicros(*micros, 3).ok();
    for (const char* currency : {"EUR", "JPY", "KWD"}) {
      const auto tax = TaxOn(*micros, 190'000, currency);
      const auto net = NetOfGross(*micros, 190'000, currency);
      TANDEM_CHECK(!tax.ok() || !net.ok() || (*micros < 0 ? *net <= 0 : *net >= 0),
                   "a net has the sign of its gross");
    }
  } else {
    TANDEM_CHECK(FieldOf(micros.status()) == "f", micros.status().ToString());
  }
  google::type::Money money;
  if (money.ParseFromArray(input.data(), static_cast<int>(input.size()))) {
    const auto amount = FromProto(money, "f");
    TANDEM_CHECK(!amount.ok() || (amount->micros >= -kMaxMicros && amount->micros <= kMaxMicros),
                 "an amount keeps its bounds");
  }
  type::v1::Quantity quantity;
  if (quantity.ParseFromArray(input.data(), static_cast<int>(input.size()))) {
    const auto read = FromProto(quantity, "f");
    TANDEM_CHECK(!read.ok() || FromProto(ToProto(*read), "f").ok(), "a quantity comes back");
  }
}

// The first line is the command line; the rest a file of settings, and a value of each kind.
void Settings(absl::string_view input) {
  const std::vector<std::string> parts = absl::StrSplit(input, absl::MaxSplits('\n', 1));
  const std::string file = parts.size() > 1 ? parts[1] : "";
  settings::Schema schema;
  schema.Bool("a.bool", "A sentence.", false);
  const auto number = schema.Int("a.int", "A sentence.", 5, 1, 10);
  schema.DurationMs("a.duration_ms", "A sentence.", 50, 1, 60'000);
  schema.String("b.text", "A sentence.", "");
  schema.Enum("b.choice", "A sentence.", "one", {"one", "two"});
  schema.List("b.list", "A sentence.", {});
  schema.Secret("b.secret", "A sentence.");
  settings::Sources sources;
  for (absl::string_view word : absl::StrSplit(parts[0], ' ', absl::SkipEmpty())) {
    sources.args.emplace_back(word);
  }
  sources.args.push_back("--config=x");
  for (const char* name : {"TANDEM_A_INT", "TANDEM_B_LIST", "TANDEM_A_DURATION_MS"}) {
    if (file.size() % 3 == 0) sources.environment[name] = file.substr(0, 20);
  }
  sources.read_file = [&file](const std::string&) -> absl::StatusOr<std::string> { return file; };
  const auto values = schema.Resolve(sources);
  if (!values.ok()) {
    TANDEM_CHECK(values.status().code() == absl::StatusCode::kInvalidArgument,
                 values.status().ToString());
    return;
  }
  TANDEM_CHECK((*values)[number] >= 1 && (*values)[number] <= 10, "a setting keeps its bounds");
  values->Print();
}

}  // namespace tandem::fuzz
