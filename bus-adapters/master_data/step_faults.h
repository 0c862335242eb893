// Each rule of the engine left out by name, so that the tests can show that they notice. Only the
// simulator and the tests include this; Step plants nothing.
#pragma once

#include "bus-adapters/master_data/step.h"

namespace tandem::master_data {

enum class Fault {
  kNone,
  kIgnoreVersions,         // rule 0: an older state counts
  kTrustUnorderedStates,   // rule 0: an event of an unordered system is taken as its state
  kForgetShown,            // rule 1: compare with the agreed value only
  kForgetAgreement,        // rule 2: an equal value is a change
  kNeverConcurrent,        // rule 3: nothing is
  kSettledAfterRefusal,    // rule 4: settled stays after a refusal
  kLastOriginOnly,         // rule 4: beat the last origin, not all since its own revision
  kDropLoser,              // rule 4: the loser is not kept
  kRefuseForEver,          // rule 4: no third time
  kPushWhileValuesDiffer,  // rule 5: due where shown differs from agreed
  kAnswerIsAChange,        // push: the state after a write is an arrival like any other
  kNoWaiting,              // push: arrivals count while a push is under way
  kNoCondition,            // push: on no condition
  kNewRequestIdOnRetry,    // push: a repetition is another call
  kUnknownMeansFailed,     // push: an unknown outcome is taken as not written
  kNothingSentIsOurs,      // push: what shows as sent is a change
  kQuarantineForgets,      // push: what is refused for good is pushed again
  kUnknownIdsDoNotWait,    // push: an unknown id founds a record while a create is under way
  kCreateWithoutMatch,     // push: new there is created without a search
  kDeleteWins,             // existence: a delete beats a concurrent change
  kParentsDoNotWait,       // parents: a child goes before its parent
  kTrustFirstSight,        // rule 0: the first event of a copy is taken as its state, not read
  kDecideBeforeTheOwner,   // rule 4: refused though the owner's copy was not seen yet
};

inline constexpr Fault kAllFaults[] = {
    Fault::kIgnoreVersions,       Fault::kTrustUnorderedStates,
    Fault::kForgetShown,          Fault::kForgetAgreement,
    Fault::kNeverConcurrent,      Fault::kSettledAfterRefusal,
    Fault::kLastOriginOnly,       Fault::kDropLoser,
    Fault::kRefuseForEver,        Fault::kPushWhileValuesDiffer,
    Fault::kAnswerIsAChange,      Fault::kNoWaiting,
    Fault::kNoCondition,          Fault::kNewRequestIdOnRetry,
    Fault::kUnknownMeansFailed,   Fault::kNothingSentIsOurs,
    Fault::kQuarantineForgets,    Fault::kUnknownIdsDoNotWait,
    Fault::kCreateWithoutMatch,   Fault::kDeleteWins,
    Fault::kParentsDoNotWait,     Fault::kTrustFirstSight,
    Fault::kDecideBeforeTheOwner,
};

Outcome StepWithFault(const EntityRules& rules, v1::AgreedRecord record, const Input& input,
                      Fault fault);

}  // namespace tandem::master_data
