// The inputs and outputs of the move under way, each of which something may befall.
#pragma once

#include <iterator>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "platform/base/status.h"
#include "tests/simulation/coverage.h"
#include "tests/simulation/schedule.h"

namespace tandem::simulation {

class Wire {
 public:
  enum class Kind { kCall, kCommit, kSend, kRead };

  explicit Wire(Coverage& coverage) : coverage_(coverage) {}

  // `mortal`: what moves is a process, which can end.
  void Begin(const Move& move, bool mortal) {
    blows_ = &move.blows;
    chance_ = Chance(move.chance);
    mortal_ = mortal;
    dead_ = peace_ = false;
    at_ = 0;
    befell_.clear();
  }
  void BeginPeace(uint64_t seed) {
    static const auto* none = new std::vector<Blow>();
    blows_ = none;
    chance_ = Chance(seed);
    mortal_ = dead_ = false;
    peace_ = true;
    befell_.clear();
  }

  // What befalls the next one. When what moves has ended, nothing of it has an effect any more.
  Fault Next(Kind kind) {
    if (dead_) return Fault::kCrashBefore;
    const int at = at_++;
    for (const Blow& blow : *blows_) {
      if (blow.at != at) continue;
      const Fault fault = Choose(kind, blow.how);
      if (fault == Fault::kNone) continue;
      Bit(fault);
      if (fault == Fault::kCrashBefore || fault == Fault::kCrashAfter) dead_ = true;
      return fault;
    }
    return Fault::kNone;
  }
  void Bit(Fault fault) {
    ++coverage_.faults[static_cast<size_t>(fault)];
    befell_ += " ";
    befell_ += NameOf(fault).data();
  }

  void Kill() { dead_ = true; }
  bool dead() const { return dead_; }
  bool in_peace() const { return peace_; }
  Chance& chance() { return chance_; }
  Coverage& coverage() { return coverage_; }
  const std::string& befell() const { return befell_; }

  static absl::Status Away(absl::string_view what) {
    return Refuse(absl::StatusCode::kUnavailable, "SIMULATED_AWAY", what);
  }

 private:
  Fault Choose(Kind kind, uint8_t how) const {
    static constexpr Fault kOfCall[] = {Fault::kRequestLost,      Fault::kReplyLost,
                                        Fault::kReplyLost,        Fault::kCallDoubled,
                                        Fault::kCallLate,         Fault::kServerCrashBefore,
                                        Fault::kServerCrashAfter, Fault::kCrashBefore,
                                        Fault::kCrashAfter,       Fault::kCrashAfter};
    static constexpr Fault kOfCommit[] = {Fault::kCommitFailed, Fault::kCommitUnknown,
                                          Fault::kCrashBefore, Fault::kCrashAfter};
    static constexpr Fault kOfSend[] = {Fault::kSendFailed, Fault::kAckLost, Fault::kCrashBefore,
                                        Fault::kCrashAfter};
    static constexpr Fault kOfRead[] = {Fault::kReadFailed, Fault::kReadFailed,
                                        Fault::kCrashBefore};
    Fault fault = Fault::kNone;
    switch (kind) {
      case Kind::kCall:
        fault = kOfCall[how % std::size(kOfCall)];
        break;
      case Kind::kCommit:
        fault = kOfCommit[how % std::size(kOfCommit)];
        break;
      case Kind::kSend:
        fault = kOfSend[how % std::size(kOfSend)];
        break;
      case Kind::kRead:
        fault = kOfRead[how % std::size(kOfRead)];
        break;
    }
    if (!mortal_ && fault == Fault::kCrashBefore) return Fault::kRequestLost;
    if (!mortal_ && fault == Fault::kCrashAfter) return Fault::kReplyLost;
    return fault;
  }

  Coverage& coverage_;
  const std::vector<Blow>* blows_ = nullptr;
  Chance chance_{1};
  bool mortal_ = false;
  bool dead_ = false;
  bool peace_ = false;
  int at_ = 0;
  std::string befell_;
};

}  // namespace tandem::simulation
