// One step under way: the record being changed and the outcome being gathered. Private to the
// engine; step.h is its interface. Split by concern over three files:
//   step.cc     inputs, and what people decide
//   arrival.cc  what a state that arrives means (rules 0 to 4)
//   push.cc     what is due (rule 5), and the life of a call
#pragma once

#include <absl/strings/string_view.h>

#include <vector>

#include "bus-adapters/master_data/record.h"
#include "bus-adapters/master_data/step.h"
#include "bus-adapters/master_data/step_faults.h"

namespace tandem::master_data {

class Stepper {
 public:
  Stepper(const EntityRules& rules, v1::AgreedRecord record, const Input& input, Fault fault);
  Outcome Run();

 private:
  // What of a state is known to be our own write.
  enum class Claim {
    kNone,     // nothing
    kCertain,  // it is the state after our write
    kWritten,  // our write was made, and others may have followed it
    kBySight,  // our write may have been made: what shows as sent is ours
  };

  // step.cc: inputs.
  void On(const Tick&);
  void On(const StateArrived& arrived);
  void On(const LinkFound& found);
  void On(const PushAnswered& answer);
  void On(const ReadAnswered& answer);
  void On(const MatchAnswered& answer);
  void On(const ParentLinked& parent);
  void On(const PersonDecided& decided);
  void On(const PushRetried& retried);
  void Quarantine(v1::Link* link, const std::string& reason);
  void DecideMatch(const v1::Conflict& conflict, const PersonDecided& decided);
  void DecideDelete(const v1::Conflict& conflict, const PersonDecided& decided);
  void DecideValue(const v1::Conflict& conflict, const PersonDecided& decided);

  // arrival.cc
  void Arrive(v1::Link* link, const v1::State& state);
  void Wait(v1::Link* link, const v1::State& state);
  bool IsFirstSight(const v1::Link& link, const v1::State& state) const;
  void Hint(const v1::State& state);
  // False: the state is of another copy and was dealt with.
  bool IsOfLink(v1::Link* link, const v1::State& state);
  void Observe(v1::Link* link, const v1::State& state, const v1::PushIntent* sent, Claim claim);
  void ObserveGroup(v1::Link* link, const GroupRule& rule, const std::string& name,
                    const v1::Value& value, const v1::PushedGroup* sent, Claim claim,
                    const std::string& change_id);
  void ObserveGone(v1::Link* link, const v1::State& state, const v1::PushIntent* sent, Claim claim);
  void RaiseDeleteVersusChange(const v1::Link& link, const std::string& change_id);
  void Decide(v1::Link* link, const GroupRule& rule, v1::FieldGroup* group, v1::LinkGroup* seen,
              const v1::Value& old, const std::string& change_id);
  void DecideShared(v1::Link* link, const GroupRule& rule, v1::FieldGroup* group,
                    v1::LinkGroup* seen, const v1::Value& old, const std::string& change_id);
  void Accept(v1::FieldGroup* group, v1::LinkGroup* seen, const std::string& system,
              const v1::Value& value, v1::DecidedBy by, const std::string& change_id);
  void Refuse(v1::Link* link, v1::FieldGroup* group, v1::LinkGroup* seen, const v1::Value& old,
              const std::string& change_id);
  void KeepLoser(const std::string& system, const v1::FieldGroup& group, const v1::Value& old,
                 const v1::Value& refused, const v1::Value& stands, const std::string& origin,
                 v1::RefusedBecause because, const std::string& change_id);
  void Raise(v1::ConflictKind kind, const std::string& system, const std::string& group,
             const v1::Value& proposed, const std::string& change_id,
             std::vector<std::string> candidates = {});
  void AgreeElsewhere(const v1::FieldGroup& group);
  void DecideLater(v1::FieldGroup* group, const std::string& change_id);
  bool OwnerSeen(const GroupRule& rule) const;
  void ForgetGroups(v1::Link* link);
  void Close(const std::string& system, absl::string_view group);

  // push.cc: the life of a call.
  void Resolve(v1::Link* link, const v1::State& state);
  void EndPush(v1::Link* link, const v1::State& state, Claim claim);
  void Drain(v1::Link* link);
  void Send(const v1::Link& link);
  void StartRead(v1::Link* link);
  void ReadForPush(v1::Link* link, v1::PushPhase phase);
  // push.cc: what is due.
  void Plan();
  void DecideWaiting();
  void PlanLink(v1::Link* link);
  void PlanCreate(v1::Link* link);
  void PlanUpdate(v1::Link* link);
  void StartPush(v1::Link* link, v1::PushIntent intent);
  bool HeldBack(absl::string_view system) const;
  bool StartMatch(v1::Link* link);
  bool Waits(v1::Link* link, const v1::FieldGroup& group);
  bool ExistenceBlocked(const v1::Link& link) const;
  bool Quarantined(const v1::Link& link, const v1::PushIntent& intent) const;
  v1::Value InFormOf(absl::string_view system, absl::string_view name,
                     const v1::Value& value) const;
  void MoveId(v1::Link* link, const std::string& foreign_id);

  v1::Link* LinkOfCall(const std::string& system, int64_t call);
  bool Ordered(absl::string_view system) const;
  bool KeepsRequestIds(absl::string_view system) const;
  bool Plants(Fault fault) const { return fault_ == fault; }

  const EntityRules& rules_;
  const Input& input_;
  const Fault fault_;
  Outcome outcome_;
  v1::AgreedRecord& record_;         // within outcome_
  bool draining_ = false;            // what arrives has waited
  std::vector<std::string> waited_;  // the parents the link being planned waited for before
};

}  // namespace tandem::master_data
