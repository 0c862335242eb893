// The seeded simulation of the engine: two or three systems with users, habits of their own, a
// network that loses, doubles, delays and reorders, crashes between commit and call, and persons
// who decide. After each run everything is delivered and reconciled, and the promise is checked:
// every linked copy equals the agreed record in the form its system gives it, every write that lost
// is kept, nothing echoes, and it comes to rest. In some runs the engine's database is then lost,
// all journals are told again from their beginning, and no copy may change. A seed replays exactly.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bus-adapters/master_data/simulation_random.h"
#include "bus-adapters/master_data/step_faults.h"

namespace tandem::master_data {

struct SimulationOptions {
  uint64_t seed = 1;
  Fault fault = Fault::kNone;                    // a rule of the engine to leave out
  bool trace = false;                            // tell each step in `trace`
  const SimulationRandom::Tape* tape = nullptr;  // instead of the seed's chances
  SimulationRandom::Tape* record = nullptr;      // what is drawn
};

struct SimulationResult {
  std::vector<std::string> violations;
  int64_t steps = 0;
  int64_t edits = 0;
  int64_t writes = 0;
  int64_t conflicts = 0;
  int64_t crashes = 0;
  // How often each fault befell it.
  int64_t lost_requests = 0;
  int64_t lost_answers = 0;
  int64_t doubled = 0;
  int64_t late_events = 0;     // of a copy that has changed since
  int64_t late_reads = 0;      // answers that tell what a copy was before it changed
  bool two_normalise = false;  // two systems or more give values a form of their own
  bool database_lost = false;
  std::string trace;
};

SimulationResult Simulate(const SimulationOptions& options);

}  // namespace tandem::master_data
