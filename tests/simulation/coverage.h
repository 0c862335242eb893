// What runs have reached: faults that bit, reactions of DOMAIN 4, transitions and events of
// DOMAIN 3. What is named beforehand and was never reached is a zero, and a zero fails the run.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace tandem::simulation {

enum class Fault : uint8_t {
  kNone,
  kRequestLost,        // a call does not arrive
  kReplyLost,          // it did, and the answer does not
  kCallDoubled,        // it arrives twice
  kCallLate,           // given up, and arrives later
  kServerDown,         // nobody is there
  kServerCrashBefore,  // the server ends before it commits
  kServerCrashAfter,   // and after
  kCrashBefore,        // the caller, reader or relay ends before its next step has an effect
  kCrashAfter,         // and after
  kCommitFailed,       // the database is away
  kCommitUnknown,      // the commit holds, and nobody said so
  kSendFailed,         // the broker does not take a record
  kAckLost,            // it took it, and the relay does not know
  kReadFailed,         // a journal, stream or topic is not readable
  kCrash,              // between two steps
  kClockSet,
  kRebalance,
  kOffsetsLost,  // committed offsets went back
  kTailLost,
  kTopicWiped,
  kPartitionAdded,
  kCopies,
  kGarbage,
  kRecordsSkipped,  // a client loses records
  kBrokerAway,
  kTwoRelays,  // both moved
  kTwoReaders,
  kEventRefused,  // by a reader with a defect: its key is parked
  kEnd,
};
inline constexpr int kFaults = static_cast<int>(Fault::kEnd);
absl::string_view NameOf(Fault fault);

struct Transition {
  const char* entity;  // "order.Order"
  const char* from;    // "" for one that begins
  const char* to;
};
// Those of DOMAIN 3 that are built.
const std::vector<Transition>& Transitions();
// Those that a call makes which overtook another (R2). Order to cash keeps the calls of an order in
// its order, so they are allowed and not asked for. Any others are a violation.
const std::vector<Transition>& OvertakingTransitions();
// The events that DOMAIN 3 names and that are built, "order.OrderPlaced".
const std::vector<std::string>& DomainEvents();
inline constexpr int kReactions = 18;

struct Coverage {
  std::array<int64_t, kFaults> faults{};
  std::array<int64_t, kReactions + 1> reactions{};
  std::map<std::string, int64_t> transitions;  // "order.Order PLACED>CONFIRMED"
  std::map<std::string, int64_t> events;
  int64_t seeds = 0, moves = 0, commands = 0, applied = 0, calls = 0;
  // The simulation of the masters' engine.
  int64_t masters_runs = 0, masters_steps = 0;
  std::map<std::string, int64_t> masters;

  void Add(const Coverage& other);
  std::string Table() const;
  std::vector<std::string> Zeros() const;
};

}  // namespace tandem::simulation
