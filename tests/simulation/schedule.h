// What will happen in one run, as a list: who does something next, and what befalls it. A seed
// makes the list before the run begins; the run reads it and draws nothing else. So a seed replays
// exactly, and a part of a list is a list that can be run: that is how a failing one is made small.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tandem::simulation {

// Chance from a number: the same number, the same chances.
class Chance {
 public:
  explicit Chance(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL + 1) {}
  uint64_t Next() {  // SplitMix64
    uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  int Below(int n) { return n <= 0 ? 0 : static_cast<int>(Next() % static_cast<uint64_t>(n)); }
  bool Percent(int p) { return Below(100) < p; }
  int Between(int low, int high) { return low + Below(high - low + 1); }

 private:
  uint64_t state_;
};

// Who or what moves. `which` of a move chooses among those there are; `chance` seeds everything
// else that it draws.
enum class Mover : uint8_t {
  kPerson,      // asks for something
  kClient,      // asks again for what got no answer, or once more for what did
  kReader,      // a step of one subscription
  kRelay,       // a step of one relay
  kSync,        // copies masters that differ
  kLate,        // a call that was given up arrives
  kCrash,       // a process ends
  kRestart,     // one that ended begins again
  kTime,        // passes
  kClock,       // of one process is set
  kRebalance,   // readers begin again at their committed offsets, or before
  kTailLost,    // a partition loses its last records
  kTopicWiped,  // a topic loses all
  kPartition,   // a topic is given one more
  kCopies,      // records are written once more
  kGarbage,     // what is no event is written
  kBrokerAway,  // the broker answers nobody for some moves
  kRefusing,    // a reader has a defect: it refuses some events, until it is mended
  kMend,        // the defect is mended, and what was parked tried again
  kEnd,         // of the list
};
inline constexpr int kMovers = static_cast<int>(Mover::kEnd);
absl::string_view NameOf(Mover mover);

// What befalls the n-th input or output of a move: `how` chooses among what can befall it.
struct Blow {
  uint8_t at = 0;
  uint8_t how = 0;
};

struct Move {
  Mover mover = Mover::kEnd;
  uint32_t which = 0;
  uint64_t chance = 0;
  std::vector<Blow> blows;
};

// What the world is like; follows from the seed alone and is not made smaller.
struct Temper {
  explicit Temper(uint64_t seed);
  bool embedded;     // one process, journals read directly; else one each, and a broker
  bool two_readers;  // of each subscription
  bool two_relays;
  bool calm;  // nothing befalls anybody
  int blows_percent;
  int partitions;
  int batch_max;  // of a reader
  int page_max;   // of a relay
  int products;   // few: scarce
  int customers;
  bool tight_credit;
  bool scarce;
  int orders_weight, quotes_weight, masters_weight;
};

struct Schedule {
  uint64_t seed = 1;
  std::vector<Move> moves;
};

Schedule MakeSchedule(uint64_t seed, int steps);
// One line a move; Parse reads what Print wrote.
std::string Print(const Schedule& schedule);
absl::StatusOr<Schedule> ParseSchedule(absl::string_view text);

}  // namespace tandem::simulation
