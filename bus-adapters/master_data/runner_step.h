// Inputs of the engine as commands of the adapter's database: finds the record, steps it, and
// writes what follows beside it. Pure, as every decision over a State is.
//
// The record, its links, the crosswalk, calls due and what lost commit together, and with them the
// input's cursor, because the caller runs these as part of its own command.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "bus-adapters/master_data/rules.h"
#include "bus-adapters/master_data/step.h"
#include "platform/base/state.h"
#include "tandem/master_data/v1/sync.pb.h"

namespace tandem::master_data {

// An entity as an adapter synchronises it.
struct Entity {
  EntityRules rules;
  // What holds for the state that founds a record, where it is not the owner's of its existence:
  // the owner has said nothing yet, so what the founder has is agreed.
  EntityRules founding;
  // Systems that give ids of their own to what is created there.
  std::vector<std::string> gives_ids;
};

using What = decltype(Input::what);

// What was looked up for a state before it arrives, with reads alone, and after it was told: the
// questions that it raises are answered with it, in one transaction, not by calls of their own.
// What is not asked for is not used; what was not looked up is asked for by a call.
struct LookedUp {
  std::optional<v1::State> copy;  // the copy as it was read since
  struct Match {
    std::vector<v1::GroupValue> identifiers;  // by which it was looked for
    std::vector<v1::State> found;
  };
  std::map<std::string, Match> matches;  // by system
};

// A state of the copy in `system` was seen. ABORTED SYNC_CREATE_UNDER_WAY: it may be what is being
// created there; to be tried again. True: the record changed by it.
absl::StatusOr<bool> Arrive(const Entity& entity, absl::string_view system, v1::State state,
                            Context& context, State& state_of, const LookedUp* known = nullptr);
void ArriveHints(absl::string_view system, absl::string_view foreign_id, Wanted& wanted);
// Those of a copy that is new here.
void FoundHints(const Entity& entity, const v1::State& state, Wanted& wanted);
// Those of an answer to a call.
void AnswerHints(const std::string& record_id, const std::string& call_id, Wanted& wanted);

// Anything else that happened to a record that is known here; of an unknown one, nothing.
absl::Status Happen(const Entity& entity, const std::string& record_id, What what, Context& context,
                    State& state);

// A match was looked for: `found` may belong to other records, and those are guesses.
absl::Status Matched(const Entity& entity, const v1::CallUnderWay& call,
                     std::vector<v1::State> found, Context& context, State& state);

absl::StatusOr<v1::SyncConflict> ResolveConflict(const Entity& entity,
                                                 const v1::ResolveConflictRequest& request,
                                                 Context& context, State& state);
absl::StatusOr<v1::SyncRecord> RetryPush(const Entity& entity, const v1::RetryPushRequest& request,
                                         Context& context, State& state);
absl::StatusOr<v1::ReconcileResponse> Reconcile(const Entity& entity,
                                                const v1::ReconcileRequest& request,
                                                Context& context, State& state);

}  // namespace tandem::master_data
