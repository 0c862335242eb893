#include "tests/simulation/shrink.h"

#include <algorithm>
#include <chrono>

#include "bus-adapters/master_data/simulator.h"
#include "tests/simulation/world.h"

namespace tandem::simulation {
namespace {

using Clock = std::chrono::steady_clock;

bool FailsSo(const std::vector<std::string>& violations, const std::string& way) {
  return std::any_of(violations.begin(), violations.end(),
                     [&](const std::string& each) { return WayOf(each) == way; });
}

// Leaves out as much of `list` as `fails` lets it, in pieces that get smaller.
template <class T, class Fails>
void LeaveOut(std::vector<T>& list, Fails fails) {
  for (size_t piece = std::max<size_t>(list.size() / 2, 1);; piece /= 2) {
    bool smaller = true;
    while (smaller) {  // once more with the same piece while it helps
      smaller = false;
      for (size_t from = 0; from < list.size();) {
        std::vector<T> without(list.begin(), list.begin() + static_cast<long>(from));
        without.insert(without.end(),
                       list.begin() + static_cast<long>(std::min(list.size(), from + piece)),
                       list.end());
        if (fails(without)) {
          list = std::move(without);
          smaller = true;
        } else {
          from += piece;
        }
      }
      if (piece > 1) break;
    }
    if (piece == 1) return;
  }
}

}  // namespace

std::string WayOf(const std::string& violation) {
  const size_t colon = violation.find(':');
  const size_t second = violation.find(':', colon == std::string::npos ? colon : colon + 1);
  // "I2: the tax of": an invariant's number alone says too little.
  if (colon != std::string::npos && colon <= 4) {
    return violation.substr(0, std::min(second, colon + 18));
  }
  return violation.substr(0, std::min<size_t>(colon, 40));
}

Shrunk Shrink(Schedule failing, int at, const std::string& way, int seconds) {
  Shrunk best;
  const auto end = Clock::now() + std::chrono::seconds(seconds);
  const auto fails = [&](const Schedule& schedule) {
    if (Clock::now() >= end) return false;
    ++best.runs;
    return FailsSo(Simulate(schedule).violations, way);
  };
  Schedule cut = failing;
  cut.moves.resize(std::min(cut.moves.size(), static_cast<size_t>(at)));
  if (cut.moves.size() < failing.moves.size() && fails(cut)) failing = std::move(cut);
  LeaveOut(failing.moves, [&](const std::vector<Move>& moves) {
    return fails(Schedule{failing.seed, moves});
  });
  for (size_t i = 0; i < failing.moves.size(); ++i) {
    LeaveOut(failing.moves[i].blows, [&](const std::vector<Blow>& blows) {
      if (blows.size() == failing.moves[i].blows.size()) return false;
      Schedule without = failing;
      without.moves[i].blows = blows;
      return fails(without);
    });
  }
  best.schedule = std::move(failing);
  return best;
}

ShrunkTape ShrinkMasters(uint64_t seed, int seconds) {
  using master_data::SimulationOptions;
  using master_data::SimulationRandom;
  ShrunkTape best;
  const auto end = Clock::now() + std::chrono::seconds(seconds);
  SimulationOptions options;
  options.seed = seed;
  options.record = &best.tape;
  const auto first = master_data::Simulate(options);
  options.record = nullptr;
  best.drawn = best.tape.size();
  if (first.violations.empty()) return best;
  const auto fails = [&](const SimulationRandom::Tape& tape) {
    if (Clock::now() >= end) return false;
    ++best.runs;
    options.tape = &tape;
    return !master_data::Simulate(options).violations.empty();
  };
  LeaveOut(best.tape, fails);
  for (size_t piece = std::max<size_t>(best.tape.size() / 2, 1); piece > 0; piece /= 2) {
    for (size_t from = 0; from < best.tape.size(); from += piece) {
      SimulationRandom::Tape calm = best.tape;
      std::fill(calm.begin() + static_cast<long>(from),
                calm.begin() + static_cast<long>(std::min(calm.size(), from + piece)),
                SimulationRandom::kCalm);
      if (fails(calm)) best.tape = std::move(calm);
    }
  }
  best.left =
      static_cast<size_t>(std::count_if(best.tape.begin(), best.tape.end(), [](uint64_t each) {
        return each != SimulationRandom::kCalm;
      }));
  return best;
}

}  // namespace tandem::simulation
