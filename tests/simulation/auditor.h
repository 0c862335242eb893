// What must hold: looked at after every accepted command, from the events that it told and the rows
// that it left, and once more at the end. Amounts are computed here again, from DOMAIN's formulas.
#pragma once

#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "platform/base/state.h"
#include "tests/simulation/api.h"
#include "tests/simulation/coverage.h"

namespace tandem::simulation {

class Auditor {
 public:
  explicit Auditor(Coverage& coverage) : coverage_(coverage) {}

  void Told(Part part, const std::vector<EmittedEvent>& events, State& state);
  // A call that order to cash made, and what is parked for good: neither may be refused.
  void Refused(const std::string& what) { Violate(what); }
  // When nothing is left to deliver.
  void AtRest(const std::array<State*, kParts>& states);
  void Violate(const std::string& what);
  const std::vector<std::string>& violations() const { return violations_; }

 private:
  void Step(Part part, const EmittedEvent& event);
  void OrderTold(const EmittedEvent& event);
  void BillingTold(const EmittedEvent& event, State& state);
  void InventoryTold(const std::vector<EmittedEvent>& events, State& state);
  void ExposuresNow(State& state);

  void InventoryAtRest(State& state);
  void BillingAtRest(State& state);
  void OrdersAtRest(State& orders, State& inventory, State& billing);
  void StandingsAtRest(State& customer, State& billing);
  void QuotesAtRest(State& opportunity, State& orders);

  Coverage& coverage_;
  std::vector<std::string> violations_;
  std::map<std::string, int64_t> versions_;  // "order.Order ord_…"
  std::map<std::string, std::string> states_;
  std::map<std::string, int64_t> on_hand_, blocked_;  // by stock, from the moves
  std::map<std::string, int64_t> reserved_;           // by order and line, as of the last command
  std::map<std::string, int64_t> waiting_;            // the same, what waits and may be served
};

}  // namespace tandem::simulation
