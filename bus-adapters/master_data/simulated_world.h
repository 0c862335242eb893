// Everything in one simulated run: systems, network, the runner that drives the engine, users.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bus-adapters/master_data/auditor.h"
#include "bus-adapters/master_data/simulated_system.h"
#include "bus-adapters/master_data/simulation_random.h"
#include "bus-adapters/master_data/simulator.h"

namespace tandem::master_data {

class SimulatedWorld {
 public:
  explicit SimulatedWorld(const SimulationOptions& options);
  SimulationResult Run();

 private:
  struct Message {
    enum class Kind { kEvent, kCall, kAnswer, kTimeout, kTick } kind = Kind::kTick;
    int system = 0;
    int record = -1;
    v1::State state;  // kEvent
    CallDue call;     // kCall, kTimeout
    Input input;      // kAnswer
  };
  struct Slot {
    v1::AgreedRecord record;
    int entity = 0;
  };
  struct Robot {  // writes the same value again whenever it was overwritten
    int system = -1;
    int entity = 0;
    std::string group;
    std::string value;
  };

  // simulated_world.cc: the runner and the network.
  void Deliver(Message message);
  void Event(int system, const v1::State& state);
  void Call(const Message& message);
  void Answer(int system, Message message);
  void Timeout(const Message& message);
  void StepRecord(int record, Input input);
  void Follow(int record, const Outcome& outcome);
  bool Translate(int system, v1::State* state);
  int FindRecord(int system, const v1::State& state);
  bool CreateUnderWayIn(int system) const;
  bool InTermsOf(int system, v1::PushIntent* push);
  void CheckWaiters();
  void Register(int system, const std::string& id, int record);
  Before Look(int record, const std::string& system, const Input& input) const;
  std::string FreshId();
  int SystemOf(const std::string& name) const;
  void Send(Message message);
  void EmitEvent(int system, const Copy& copy);
  void Crash();
  void Log(const std::string& line);
  void Tell(const v1::AgreedRecord& record, const Input& input, const Outcome& outcome);

  // simulation_users.cc: users, persons and robots.
  void UserActs();
  void Found(int system, int entity);
  void Edit(int system, Copy* copy);
  void Type(int system, Copy* copy, const std::string& group, const std::string& typed,
            bool must_be_known);
  void Clear(int system, Copy* copy, const std::string& group);
  void DeleteCopy(int system, Copy* copy);
  void RobotActs(int system, Copy* copy);
  bool PersonActs(int record);
  std::string NewValue(const std::string& group);

  // simulator.cc: the run and its end.
  void Draw();
  bool Deliveries();
  bool Quiesce();
  bool Repair();
  void JudgeEnd();
  bool MayLoseDatabase();
  void LoseDatabase();
  void JudgeKept(int system, const Copy& copy);
  bool IsLate(const Message& message);
  void JudgeCopy(const Slot& slot, int system, const v1::Link& link);

  const SimulationOptions options_;
  SimulationRandom random_;
  SimulationResult result_;
  std::optional<EntityRules> rules_;
  std::optional<Auditor> auditor_;
  std::vector<SimulatedSystem> systems_;
  std::vector<Slot> records_;
  std::map<std::pair<int, std::string>, int> directory_;  // (system, id) -> record
  std::vector<Message> network_;
  std::vector<Message> held_;  // unknown ids and parents
  std::vector<std::pair<int, ParentAwaited>> waiters_;
  std::vector<Robot> robots_;
  std::vector<std::pair<std::string, std::string>> old_values_;  // (group, typed)
  std::string hot_;  // the group everybody edits, in some runs
  int entities_ = 1;
  bool identified_ = true;
  bool deletes_ = false;
  bool recovering_ = false;                           // the database was lost
  std::map<std::pair<int, std::string>, Copy> kept_;  // (system, id): what stood then
  bool parents_ = false;
  int loss_percent_ = 0;
  int double_percent_ = 0;
  int crash_percent_ = 0;
  int slow_ = -1;  // the system whose messages take long, in some runs
  int64_t now_ = 0;
  int ids_ = 0;
  int values_ = 0;
  int deliveries_ = 0;
};

}  // namespace tandem::master_data
