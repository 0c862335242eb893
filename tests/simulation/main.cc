// tandem_simulator: runs seeds. A seed is a run of order to cash between all parts, and one of the
// masters' engine; both follow from it alone.
//   --seeds N       how many (1000)
//   --first S       the first one (1)
//   --steps M       moves of each (100)
//   --seconds T     stop beginning seeds after so long (no limit)
//   --coverage      print what was reached, and fail on a zero
//   --shrink        make the first failing one small, and print it
//   --replay S      this one alone, told move by move
//   --schedule F    the printed schedule in this file, told move by move
//   --expect        a test build with a planted bug: succeed when a seed fails
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "bus-adapters/master_data/simulator.h"
#include "tests/simulation/shrink.h"
#include "tests/simulation/world.h"

namespace tandem::simulation {
namespace {

struct Flags {
  int64_t seeds = 1000;
  uint64_t first = 1;
  int steps = 100;
  int64_t seconds = 0;
  bool coverage = false, shrink = false, expect = false;
  int64_t replay = -1;
  std::string schedule;
};

constexpr int kFailuresMax = 10;
constexpr int kShrinkSeconds = 120;

double Since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

master_data::SimulationResult SimulateMasters(uint64_t seed, Coverage* coverage) {
  master_data::SimulationOptions options;
  options.seed = seed;
  const master_data::SimulationResult result = master_data::Simulate(options);
  ++coverage->masters_runs;
  coverage->masters_steps += result.steps;
  coverage->masters["edits"] += result.edits;
  coverage->masters["writes"] += result.writes;
  coverage->masters["conflicts"] += result.conflicts;
  coverage->masters["crashes"] += result.crashes;
  coverage->masters["requests lost"] += result.lost_requests;
  coverage->masters["answers lost"] += result.lost_answers;
  coverage->masters["messages doubled"] += result.doubled;
  coverage->masters["late events"] += result.late_events;
  coverage->masters["late reads"] += result.late_reads;
  coverage->masters["databases lost"] += result.database_lost ? 1 : 0;
  return result;
}

void Tell(const Schedule& schedule) {
  const Result result = Simulate(schedule, /*trace=*/true);
  std::fputs(result.trace.c_str(), stdout);
  for (const std::string& violation : result.violations) std::printf("! %s\n", violation.c_str());
  std::printf("%zu moves, fingerprint %016llx, %s\n", schedule.moves.size(),
              static_cast<unsigned long long>(result.fingerprint),
              result.violations.empty() ? "all holds" : "violated");
}

int RunSeeds(const Flags& flags) {
  const auto start = std::chrono::steady_clock::now();
  Coverage sum;
  int failed = 0;
  uint64_t fingerprint = 0;
  for (int64_t i = 0; i < flags.seeds && failed < kFailuresMax; ++i) {
    if (flags.seconds > 0 && Since(start) > static_cast<double>(flags.seconds)) break;
    const uint64_t seed = flags.first + static_cast<uint64_t>(i);
    const Schedule schedule = MakeSchedule(seed, flags.steps);
    Result result = Simulate(schedule);
    sum.Add(result.coverage);
    fingerprint = fingerprint * 31 + result.fingerprint;
    const master_data::SimulationResult masters = SimulateMasters(seed, &sum);
    if (result.violations.empty() && masters.violations.empty()) continue;
    ++failed;
    if (!result.violations.empty()) {
      std::printf("seed %llu, %d steps: after move %d: %s\n", static_cast<unsigned long long>(seed),
                  flags.steps, result.moves, result.violations[0].c_str());
    } else {
      std::printf("seed %llu, master data: %s\n", static_cast<unsigned long long>(seed),
                  masters.violations[0].c_str());
    }
    if (flags.shrink && !result.violations.empty()) {
      const Shrunk shrunk =
          Shrink(schedule, result.moves, WayOf(result.violations[0]), kShrinkSeconds);
      std::printf("# shrunk from %d to %zu moves in %d runs\n", result.moves,
                  shrunk.schedule.moves.size(), shrunk.runs);
      std::fputs(Print(shrunk.schedule).c_str(), stdout);
      std::printf("# which is\n");
      Tell(shrunk.schedule);
    } else if (flags.shrink) {
      const ShrunkTape shrunk = ShrinkMasters(seed, kShrinkSeconds);
      std::printf("# shrunk from %zu to %zu chances in %d runs, which is\n", shrunk.drawn,
                  shrunk.left, shrunk.runs);
      master_data::SimulationOptions options;
      options.seed = seed;
      options.tape = &shrunk.tape;
      options.trace = true;
      const master_data::SimulationResult told = master_data::Simulate(options);
      std::fputs(told.trace.c_str(), stdout);
      for (const std::string& violation : told.violations) std::printf("! %s\n", violation.c_str());
    }
    if (flags.expect || flags.shrink) break;
  }
  const double took = Since(start);
  std::printf(
      "%lld seeds, %d failed, %.1f s: %lld moves, %lld commands, %lld calls, %lld events "
      "applied; master data: %lld runs, %lld steps; fingerprint %016llx\n",
      static_cast<long long>(sum.seeds), failed, took, static_cast<long long>(sum.moves),
      static_cast<long long>(sum.commands), static_cast<long long>(sum.calls),
      static_cast<long long>(sum.applied), static_cast<long long>(sum.masters_runs),
      static_cast<long long>(sum.masters_steps), static_cast<unsigned long long>(fingerprint));
  if (flags.expect) {
    std::printf("%s\n", failed > 0 ? "found" : "NOT FOUND");
    return failed > 0 ? 0 : 1;
  }
  if (flags.coverage) {
    std::fputs(sum.Table().c_str(), stdout);
    for (const std::string& zero : sum.Zeros()) {
      std::printf("never reached: %s\n", zero.c_str());
      ++failed;
    }
  }
  return failed == 0 ? 0 : 1;
}

int Main(int argc, char** argv) {
  Flags flags;
  const std::map<std::string, std::function<void(const char*)>> with_value = {
      {"--seeds", [&](const char* v) { flags.seeds = std::atoll(v); }},
      {"--first", [&](const char* v) { flags.first = std::strtoull(v, nullptr, 10); }},
      {"--steps", [&](const char* v) { flags.steps = std::atoi(v); }},
      {"--seconds", [&](const char* v) { flags.seconds = std::atoll(v); }},
      {"--replay", [&](const char* v) { flags.replay = std::atoll(v); }},
      {"--schedule", [&](const char* v) { flags.schedule = v; }},
  };
  const std::map<std::string, bool*> alone = {
      {"--coverage", &flags.coverage}, {"--shrink", &flags.shrink}, {"--expect", &flags.expect}};
  for (int i = 1; i < argc; ++i) {
    const auto value = with_value.find(argv[i]);
    const auto flag = alone.find(argv[i]);
    if (value != with_value.end() && i + 1 < argc) {
      value->second(argv[++i]);
    } else if (flag != alone.end()) {
      *flag->second = true;
    } else {
      std::fprintf(stderr, "what is %s? See tests/simulation/README.md\n", argv[i]);
      return 2;
    }
  }
  if (flags.replay >= 0) {
    Tell(MakeSchedule(static_cast<uint64_t>(flags.replay), flags.steps));
    return 0;
  }
  if (!flags.schedule.empty()) {
    std::ifstream file(flags.schedule);
    std::stringstream text;
    text << file.rdbuf();
    const absl::StatusOr<Schedule> schedule = ParseSchedule(text.str());
    if (!schedule.ok()) {
      std::fprintf(stderr, "%s\n", schedule.status().ToString().c_str());
      return 2;
    }
    Tell(*schedule);
    return 0;
  }
  return RunSeeds(flags);
}

}  // namespace
}  // namespace tandem::simulation

int main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);  // one thread
  return tandem::simulation::Main(argc, argv);
}
