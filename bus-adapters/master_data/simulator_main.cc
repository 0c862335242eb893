// master_data_simulator: runs seeds of the engine's simulation; a failing one replays exactly.
//   --seed N    the first seed (1)
//   --seeds N   how many (10000)
//   --fault N   leaves the n-th rule of step_faults.h out, to see it noticed (0: none)
//   --trace     tells each step of the first seed
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "bus-adapters/master_data/simulator.h"

int main(int argc, char** argv) {
  tandem::master_data::SimulationOptions options;
  long seeds = 10000;
  for (int i = 1; i < argc; ++i) {
    const char* value = i + 1 < argc ? argv[i + 1] : "0";
    if (std::strcmp(argv[i], "--trace") == 0) {
      options.trace = true;
      seeds = 1;
    } else if (std::strcmp(argv[i], "--seed") == 0) {
      options.seed = std::strtoull(value, nullptr, 10);
      ++i;
    } else if (std::strcmp(argv[i], "--seeds") == 0) {
      seeds = std::strtol(value, nullptr, 10);
      ++i;
    } else if (std::strcmp(argv[i], "--fault") == 0) {
      options.fault = static_cast<tandem::master_data::Fault>(std::strtol(value, nullptr, 10));
      ++i;
    } else {
      std::fprintf(stderr, "usage: %s [--seed N] [--seeds N] [--fault N] [--trace]\n", argv[0]);
      return 2;
    }
  }
  const auto start = std::chrono::steady_clock::now();
  tandem::master_data::SimulationResult sum;
  long failed = 0;
  for (long i = 0; i < seeds; ++i) {
    const auto result = tandem::master_data::Simulate(options);
    sum.steps += result.steps;
    sum.edits += result.edits;
    sum.writes += result.writes;
    sum.conflicts += result.conflicts;
    sum.crashes += result.crashes;
    if (options.trace) std::fputs(result.trace.c_str(), stdout);
    if (!result.violations.empty()) {
      ++failed;
      std::printf("seed %llu: %s\n", static_cast<unsigned long long>(options.seed),
                  result.violations[0].c_str());
      if (failed == 20) break;
    }
    ++options.seed;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::printf(
      "%ld seeds, %ld failed, %.1f s: %lld steps, %lld edits, %lld writes, %lld conflicts, "
      "%lld crashes\n",
      seeds, failed, took.count(), static_cast<long long>(sum.steps),
      static_cast<long long>(sum.edits), static_cast<long long>(sum.writes),
      static_cast<long long>(sum.conflicts), static_cast<long long>(sum.crashes));
  return failed == 0 ? 0 : 1;
}
