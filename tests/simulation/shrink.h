// Makes a failing schedule small: what can be left out while it still fails in the same way is left
// out (delta debugging), moves first, then what befalls them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bus-adapters/master_data/simulation_random.h"
#include "tests/simulation/schedule.h"

namespace tandem::simulation {

// The way in which a run failed: the violation's words up to the first colon.
std::string WayOf(const std::string& violation);

struct Shrunk {
  Schedule schedule;
  int runs = 0;
};
// `at`: the moves that were made when it failed.
Shrunk Shrink(Schedule failing, int at, const std::string& way, int seconds);

// The same for a run of the masters' engine, by the tape of its chances.
struct ShrunkTape {
  master_data::SimulationRandom::Tape tape;
  int runs = 0;
  size_t drawn = 0;  // before
  size_t left = 0;   // chances that are not calm
};
ShrunkTape ShrinkMasters(uint64_t seed, int seconds);

}  // namespace tandem::simulation
