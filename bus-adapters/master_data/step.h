// The synchronisation engine: one pure function from a record and an input to the record after it
// and what follows. No clock, randomness, I/O or logging; the same arguments give the same answer.
//
// The caller holds the record's lock, calls Step, commits the record, the rows of the outcome and
// the cursor of the input together, and only then makes the calls. After a crash it gives a Tick
// to each record with a call under way, which asks for the same call with the same request id.
//
// Step promises: the record alone says what is due, so an input that is lost, repeated, late or out
// of order changes when copies meet, never whether. It never waits and never fails: an input that
// fits nothing (an answer to a call that is no longer under way) changes nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "bus-adapters/master_data/rules.h"
#include "tandem/master_data/v1/record.pb.h"

namespace tandem::master_data {

// A state of the copy in `system` was seen. The caller has found the record by the copy's id, by
// crosswalk or by a strong identifier; a record that is still empty is founded by it, or, where an
// event is the first that is seen of the copy, by the state that is then read.
struct StateArrived {
  std::string system;
  v1::State state;
};

// A copy was found to be this record's, without its state: it is read.
struct LinkFound {
  std::string system;
  std::string foreign_id;
};

enum class PushOutcome {
  kOk,        // written; `state` is the state after it, or is read back
  kMismatch,  // the copy has another version; `state` is what it is, or is read
  kRefused,   // refused for good, with `reason`
  kUnknown,   // no answer: it may have been written
  kNotFound,  // there is no such copy
};

struct PushAnswered {
  std::string system;
  int64_t call = 0;
  PushOutcome outcome = PushOutcome::kUnknown;
  std::optional<v1::State> state;
  v1::Version written;     // kOk without state: the version the write gave, if told
  std::string foreign_id;  // the id the system gave, where it does not take ours
  std::string reason;
};

// The answer to a kRead call. A read without an answer is made again by Tick.
struct ReadAnswered {
  std::string system;
  int64_t call = 0;
  bool found = false;
  v1::State state;
};

// The answer to a kMatch call. `strong`: copies found by crosswalk or strong identifier and linked
// to no record. `guesses`: ids of likely ones, and of strong ones that another record has.
struct MatchAnswered {
  std::string system;
  int64_t call = 0;
  std::vector<v1::State> strong;
  std::vector<std::string> guesses;
};

// The parent record is linked in `system`: the answer to ParentAwaited, at once or whenever.
struct ParentLinked {
  std::string system;
  std::string parent;
};

enum class Choice { kKeepAgreed, kTakeProposed, kLinkCandidate, kCreateNew };

struct PersonDecided {
  int64_t conflict = 0;
  Choice choice = Choice::kKeepAgreed;
  std::string candidate;  // of kLinkCandidate
  std::string change_id;
};

// An operator lifts the quarantine of a link's push.
struct PushRetried {
  std::string system;
};

// Asks for every call under way again, and for what is due.
struct Tick {};

struct Input {
  int64_t time_micros = 0;  // kept with what is recorded, decides nothing
  std::string fresh_id;     // a new id; a copy created by this step is named by it
  std::variant<Tick, StateArrived, LinkFound, PushAnswered, ReadAnswered, MatchAnswered,
               ParentLinked, PersonDecided, PushRetried>
      what;
};

// A call to make after the commit. Its answer names `number`; the record holds all of it.
struct CallDue {
  v1::CallKind kind = v1::CALL_KIND_UNSPECIFIED;
  std::string system;
  int64_t number = 0;
  v1::PushIntent push;                      // kPush
  std::string foreign_id;                   // kRead
  std::vector<v1::GroupValue> identifiers;  // kMatch
};

// A push to `system` waits for a parent; ParentLinked answers when the parent is linked there.
struct ParentAwaited {
  std::string system;
  std::string parent;
};

struct Outcome {
  v1::AgreedRecord record;
  // Rows to commit with the record.
  std::vector<v1::AgreedChange> agreed;
  std::vector<v1::RefusedProposal> refused;
  std::vector<v1::Conflict> raised;  // the same number again: its proposal is another now
  std::vector<int64_t> closed;       // conflicts, by number
  std::vector<ParentAwaited> awaited;
  // To be made after the commit.
  std::vector<CallDue> calls;
};

// States kept while a call is under way; beyond it the oldest and the newest are what matters.
inline constexpr int kMaxWaiting = 32;
// The same value refused that often from one system becomes a conflict.
inline constexpr int kMaxSameRefusals = 3;

Outcome Step(const EntityRules& rules, v1::AgreedRecord record, const Input& input);

}  // namespace tandem::master_data
