// One record in the hands of a test: systems "crm", "erp" and, where wanted, "wms", whose states
// and answers the test tells in a line each.
#pragma once

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bus-adapters/master_data/record.h"
#include "bus-adapters/master_data/step_faults.h"

namespace tandem::master_data {

using Values = std::map<std::string, std::string>;  // common, or "form~common"

// The rule left out in this process: master_data_core_test runs itself once for each, and some test
// must fail (step_test_teeth.cc).
inline Fault PlantedFault() {
  const char* fault = std::getenv("MASTER_DATA_FAULT");
  return fault == nullptr ? Fault::kNone : static_cast<Fault>(std::atoi(fault));
}

class Engine {
 public:
  struct Options {
    bool third_system = false;
    bool erp_ordered = true;
    bool erp_request_ids = true;
    bool erp_uppers = false;  // tells the engine so
    bool identifiers = true;
    std::vector<HoldBack> hold_backs;
  };

  Engine() : Engine(Options()) {}
  explicit Engine(const Options& options) {
    std::vector<SystemRules> systems(options.third_system ? 3 : 2);
    systems[0].name = "crm";
    systems[1].name = "erp";
    systems[1].ordered_versions = options.erp_ordered;
    systems[1].keeps_request_ids = options.erp_request_ids;
    systems[1].id_prefix = "acc_";
    if (options.erp_uppers) {
      systems[1].form = [](absl::string_view, absl::string_view common) {
        std::string upper(common);
        for (char& c : upper) c = static_cast<char>(std::toupper(c));
        return upper;
      };
    }
    std::vector<std::string> phone = {"crm", "erp"};
    if (options.third_system) {
      systems[2].name = "wms";
      phone = {"crm", "wms", "erp"};
    }
    std::vector<std::string> identifiers;
    if (options.identifiers) identifiers.push_back("number");
    rules_ = *EntityRules::Create(
        "customer", std::move(systems),
        {Existence("crm"), Owned("number", "crm"), Owned("name", "crm"),
         First(Owned("tax_ids/{country}", "erp")), Owned("credit", "erp"), Shared("phone", phone),
         Shared("note", {}), Shared("addresses/{address_id}", {"crm", "erp"}),
         Parent("parent", "crm"), Owned("status", "crm"),
         HeldBy(Owned("bin", "crm"), {"crm", "erp"})},
        std::move(identifiers), options.hold_backs);
    record_.set_id("rec_1");
  }

  const Outcome& Give(decltype(Input::what) what) {
    Input input;
    input.what = std::move(what);
    input.fresh_id = absl::StrCat("fresh", ++fresh_);
    input.time_micros = 1000 + fresh_;
    outcome_ = StepWithFault(rules_, std::move(record_), input, PlantedFault());
    record_ = outcome_.record;
    return outcome_;
  }

  static v1::State State(const std::string& id, int version, const Values& values) {
    v1::State state;
    state.set_foreign_id(id);
    state.mutable_version()->set_token(absl::StrCat("v", version));
    state.mutable_version()->set_order(version);
    state.set_change_id(absl::StrCat(id, "@", version));
    for (const auto& [name, text] : values) {
      v1::GroupValue* group = state.add_groups();
      group->set_name(name);
      group->mutable_value()->set_present(true);
      const size_t split = text.find('~');
      if (split == std::string::npos) {
        group->mutable_value()->set_common(text);
      } else {
        group->mutable_value()->set_form(text.substr(0, split));
        group->mutable_value()->set_common(text.substr(split + 1));
      }
    }
    return state;
  }
  static v1::State Gone(const std::string& id, int version) {
    v1::State state = State(id, version, {});
    state.set_deleted(true);
    return state;
  }

  const Outcome& Arrives(const std::string& system, int version, const Values& values) {
    return Give(StateArrived{system, State(IdOf(system), version, values)});
  }
  const Outcome& Vanishes(const std::string& system, int version) {
    return Give(StateArrived{system, Gone(IdOf(system), version)});
  }
  const Outcome& Answers(const std::string& system, PushOutcome outcome, int version,
                         const Values& values) {
    PushAnswered answer = Bare(system, outcome);
    answer.state = State(IdOf(system), version, values);
    return Give(answer);
  }
  const Outcome& Answers(const std::string& system, PushOutcome outcome) {
    return Give(Bare(system, outcome));
  }
  const Outcome& Reads(const std::string& system, int version, const Values& values) {
    return Give(ReadAnswered{system, ReadOf(system), true, State(IdOf(system), version, values)});
  }
  const Outcome& ReadsNothing(const std::string& system) {
    return Give(ReadAnswered{system, ReadOf(system), false, {}});
  }

  // The record is founded by crm and created in erp (and wms) with the same values.
  void LinkAll(Values values) {
    values.emplace("number", "C-1");
    Arrives("crm", 1, values);
    for (const std::string system : {"erp", "wms"}) {
      if (rules_.FindSystem(system) == nullptr) continue;
      if (Link(system).call().kind() == v1::CALL_KIND_MATCH) {
        Give(MatchAnswered{system, Link(system).call().number(), {}, {}});
      }
      Answers(system, PushOutcome::kOk, 1, values);
    }
  }

  const v1::AgreedRecord& record() const { return record_; }
  const v1::Link& Link(const std::string& system) { return *MutableLink(&record_, system); }
  std::string IdOf(const std::string& system) {
    const std::string& id = Link(system).foreign_id();
    return id.empty() ? absl::StrCat(system, "_1") : id;
  }
  // The agreed value; "-" where there is none.
  std::string Agreed(const std::string& group) const {
    const v1::FieldGroup* found = FindGroup(record_, group);
    return found == nullptr || !found->value().present() ? "-" : found->value().common();
  }
  int64_t Settled(const std::string& system, const std::string& group) {
    const v1::LinkGroup* found = FindGroup(Link(system), group);
    return found == nullptr ? 0 : found->settled();
  }
  int64_t Revision(const std::string& group) const { return FindGroup(record_, group)->revision(); }
  bool Pushing(const std::string& system) {
    return Link(system).call().kind() == v1::CALL_KIND_PUSH;
  }
  const v1::PushIntent& Push(const std::string& system) { return Link(system).call().push(); }
  // What the push under way writes: "name=Ada phone=-".
  std::string Pushed(const std::string& system) {
    std::string text;
    for (const v1::PushedGroup& group : Push(system).groups()) {
      absl::StrAppend(&text, text.empty() ? "" : " ", group.name(), "=",
                      group.value().present() ? group.value().common() : "-");
    }
    return text;
  }

 private:
  PushAnswered Bare(const std::string& system, PushOutcome outcome) {
    PushAnswered answer;
    answer.system = system;
    answer.call = Link(system).call().number();
    answer.outcome = outcome;
    answer.reason = "REASON";
    return answer;
  }
  int64_t ReadOf(const std::string& system) {
    const v1::Call& call = Link(system).call();
    return call.kind() == v1::CALL_KIND_READ ? call.number() : call.read_number();
  }

  EntityRules rules_;
  v1::AgreedRecord record_;
  Outcome outcome_;
  int fresh_ = 0;
};

}  // namespace tandem::master_data
