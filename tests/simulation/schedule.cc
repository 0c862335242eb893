#include "tests/simulation/schedule.h"

#include <iterator>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace tandem::simulation {
namespace {

constexpr const char* kNames[] = {"person",    "client",      "reader",   "relay",     "sync",
                                  "late",      "crash",       "restart",  "time",      "clock",
                                  "rebalance", "tail_lost",   "wiped",    "partition", "copies",
                                  "garbage",   "broker_away", "refusing", "mend"};
static_assert(std::size(kNames) == kMovers);

// How often each moves, of 1,000.
constexpr int kWeights[kMovers] = {
    200,                       // person
    40,                        // client
    440, 130, 30,              // reader, relay, sync
    12,                        // late
    10,  30,                   // crash, restart
    8,   4,                    // time, clock
    6,   4,   1,  2, 6, 6, 4,  // what happens to topics
    4,   10,                   // refusing, mend
};

constexpr int kBlowsAtMax = 6;  // the n-th of so many inputs and outputs

bool Harms(Mover mover) {
  return mover >= Mover::kCrash && mover != Mover::kRestart && mover != Mover::kTime &&
         mover != Mover::kMend;
}

}  // namespace

absl::string_view NameOf(Mover mover) { return kNames[static_cast<int>(mover)]; }

Temper::Temper(uint64_t seed) {
  Chance chance(seed ^ 0x7e3be5);
  embedded = chance.Percent(25);
  two_readers = chance.Percent(20);
  two_relays = !embedded && chance.Percent(25);
  calm = chance.Percent(8);
  blows_percent = calm ? 0 : chance.Between(1, 20);
  partitions = chance.Between(1, 3);
  batch_max = chance.Percent(50) ? chance.Between(1, 8) : 64;
  page_max = chance.Percent(50) ? chance.Between(1, 8) : 200;
  products = chance.Between(2, 4);
  customers = chance.Between(2, 3);
  tight_credit = chance.Percent(45);
  scarce = chance.Percent(50);
  orders_weight = chance.Between(40, 100);
  quotes_weight = chance.Between(5, 40);
  masters_weight = chance.Between(5, 30);
}

Schedule MakeSchedule(uint64_t seed, int steps) {
  const Temper temper(seed);
  Chance chance(seed);
  Schedule schedule;
  schedule.seed = seed;
  schedule.moves.reserve(static_cast<size_t>(steps));
  int sum = 0;
  for (int weight : kWeights) sum += weight;
  while (static_cast<int>(schedule.moves.size()) < steps) {
    Move move;
    int at = chance.Below(sum);
    int mover = 0;
    while (at >= kWeights[mover]) at -= kWeights[mover++];
    move.mover = static_cast<Mover>(mover);
    move.which = static_cast<uint32_t>(chance.Next());
    move.chance = chance.Next() & 0xffffffffULL;
    if (temper.calm && Harms(move.mover)) continue;
    while (chance.Percent(temper.blows_percent) && move.blows.size() < 3) {
      move.blows.push_back({static_cast<uint8_t>(chance.Below(kBlowsAtMax)),
                            static_cast<uint8_t>(chance.Below(240))});
    }
    schedule.moves.push_back(std::move(move));
  }
  return schedule;
}

std::string Print(const Schedule& schedule) {
  std::string out = absl::StrCat("seed ", schedule.seed, "\n");
  for (const Move& move : schedule.moves) {
    absl::StrAppend(&out, NameOf(move.mover), " ", move.which, " ", move.chance);
    for (const Blow& blow : move.blows) absl::StrAppend(&out, " ", blow.at, ":", blow.how);
    out += "\n";
  }
  return out;
}

absl::StatusOr<Schedule> ParseSchedule(absl::string_view text) {
  Schedule schedule;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.empty() || words[0][0] == '#') continue;
    const absl::Status unreadable = absl::InvalidArgumentError(absl::StrCat("unreadable: ", line));
    if (words[0] == "seed") {
      if (words.size() != 2 || !absl::SimpleAtoi(words[1], &schedule.seed)) return unreadable;
      continue;
    }
    Move move;
    for (int i = 0; i < kMovers; ++i) {
      if (words[0] == kNames[i]) move.mover = static_cast<Mover>(i);
    }
    if (move.mover == Mover::kEnd || words.size() < 3 || !absl::SimpleAtoi(words[1], &move.which) ||
        !absl::SimpleAtoi(words[2], &move.chance)) {
      return unreadable;
    }
    for (size_t i = 3; i < words.size(); ++i) {
      const std::vector<absl::string_view> parts = absl::StrSplit(words[i], ':');
      uint32_t at = 0, how = 0;
      if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &at) ||
          !absl::SimpleAtoi(parts[1], &how)) {
        return unreadable;
      }
      move.blows.push_back({static_cast<uint8_t>(at), static_cast<uint8_t>(how)});
    }
    schedule.moves.push_back(std::move(move));
  }
  return schedule;
}

}  // namespace tandem::simulation
