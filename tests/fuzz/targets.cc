#include "tests/fuzz/targets.h"

namespace tandem::fuzz {

const std::vector<Target>& Targets() {
  static const auto* targets = new std::vector<Target>{
      {"decimal_money", DecimalAndMoney},
      {"event_headers", EventHeaders},
      {"event_payload", EventPayload},
      {"filter", Filter},
      {"order_by", OrderByText},
      {"page_token", PageToken},
      {"request", Request},
      {"settings", Settings},
  };
  return *targets;
}

}  // namespace tandem::fuzz
