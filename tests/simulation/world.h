// One seed's world: the parts over their stores, broker or journals between them, the network,
// people and what befalls them; in one thread, moved by a schedule. When the schedule has ended
// nothing befalls anybody any more, everything is delivered, and what must hold of any end is
// checked.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bus-adapters/order_to_cash/rounds.h"
#include "platform/bus/quarantine.h"
#include "platform/bus/runner.h"
#include "tests/simulation/api.h"
#include "tests/simulation/auditor.h"
#include "tests/simulation/coverage.h"
#include "tests/simulation/schedule.h"
#include "tests/simulation/simulated_broker.h"
#include "tests/simulation/simulated_store.h"
#include "tests/simulation/wire.h"

namespace tandem::simulation {

struct Result {
  std::vector<std::string> violations;  // of the first move that had any, or of the end
  int moves = 0;                        // made when that was noticed
  uint64_t fingerprint = 0;             // of everything that happened
  Coverage coverage;
  std::string trace;
};

Result Simulate(const Schedule& schedule, bool trace = false);

class World {
 public:
  World(const Schedule& schedule, bool trace);
  ~World();
  Result Run();

  // For people and synchronisation: what they see, and how they ask.
  State& StateOf(Part part) { return parts_[part].store->state(); }
  Chance& chance() { return wire_.chance(); }
  const Temper& temper() const { return temper_; }
  // Asks until the outcome is known, later too. Nothing for what was refused or is not known yet.
  std::optional<std::string> Ask(google::protobuf::Message& request);
  template <class Answer, class Request>
  std::optional<Answer> AskFor(Request request) {
    const std::optional<std::string> told = Ask(request);
    Answer answer;
    if (!told.has_value() || !answer.ParseFromString(*told)) return std::nullopt;
    return answer;
  }
  std::string NewId(absl::string_view prefix);
  int NextNumber() { return ++numbers_; }
  Auditor& auditor() { return auditor_; }
  void Log(absl::string_view text);
  absl::Status last_refusal() const { return last_refusal_; }

 private:
  struct Reader {
    Part part;  // whose process it runs in
    std::string source;
    std::string name;
    std::vector<std::string> topics;
    int instances = 1;
    std::array<std::unique_ptr<bus::Runner>, 2> runners;  // null while the process is down
    std::array<BrokerFeed*, 2> feeds = {};                // where there is a broker
    std::array<int64_t, 2> moved = {};
  };
  struct PartState {
    std::unique_ptr<SimulatedStore> store;
    bool up = true;
    std::array<std::unique_ptr<SimulatedRelay>, 2> relays;
    std::array<int64_t, 2> relay_moved = {};
    int refuses = 0;  // a reader's defect: events whose position leaves this rest modulo 7; 0: none
  };
  // A call that people made and whose outcome they do not know, or know.
  struct Asked {
    std::shared_ptr<google::protobuf::Message> request;
    std::string request_id;
    bool known = false;
    bool accepted = false;
    std::string answer;
  };
  struct Late {  // given up by its caller
    std::vector<std::shared_ptr<google::protobuf::Message>> requests;
    std::string actor;
  };

  // The parts.
  void Build();
  void BuildReaders();
  void Start(Part part);
  void Crash(Part part);
  void Restart(Part part);
  void CrashOf(Part part);  // the whole process, which may hold all parts
  std::unique_ptr<bus::Runner> MakeRunner(Reader& reader, int instance);
  bool Refuses(const Reader& reader, const bus::Envelope& event) const;
  absl::Status Refusal();

  // The network. Items of one method, as one batch; an outcome each.
  std::vector<absl::StatusOr<std::string>> Call(
      const std::vector<std::shared_ptr<google::protobuf::Message>>& requests,
      absl::string_view actor);
  std::vector<absl::StatusOr<std::string>> Serve(
      Part part, const std::vector<std::shared_ptr<google::protobuf::Message>>& requests,
      absl::string_view actor);
  std::vector<order_to_cash::Outcome> MakeCalls(
      const std::vector<const order_to_cash::Call*>& calls);
  void Send(Asked& asked);

  // Moves.
  void Make(const Move& move);
  bool StepReader(Reader& reader, int instance);
  bool StepRelay(Part part, int instance);
  void AskAgain();
  void BrokerMove(const Move& move);
  void Mend();
  void Peace();

  // The end: world_end.cc.
  void CheckEnd();
  void CheckAnswers();
  void CheckTopics();
  void CheckReadModels();

  const Schedule& schedule_;
  const Temper temper_;
  const bool tracing_;
  Coverage coverage_;
  Wire wire_;
  Auditor auditor_;
  int64_t clock_micros_ = 1'767'225'600'000'000;  // 2026-01-01
  std::array<PartState, kParts> parts_;
  std::optional<Broker> broker_;  // not where embedded
  std::vector<Reader> readers_;
  std::vector<Asked> asked_;
  std::vector<Late> late_;
  std::set<Part> doomed_;  // servers that end with this move
  absl::Status last_refusal_;
  int numbers_ = 0;
  uint64_t ids_ = 0;
  bool peaceful_ = false;
  uint64_t fingerprint_ = 0;
  std::string trace_;
  Result result_;
};

}  // namespace tandem::simulation
