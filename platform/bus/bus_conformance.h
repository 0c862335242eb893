// What the conformance tests of the buses share: a source, a reader's ledger, a bus between them,
// and a runner that may be restarted at any time. Each case runs on every bus and both databases.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "platform/base/status.h"
#include "platform/bus/bus_fixture.h"

namespace tandem::bus {

struct Setup {
  const char* name;
  bool kafka;
  Engine engine;
};

inline const std::vector<std::string> kBoth = {kBoxTopic, kThingTopic};

class BusConformance : public testing::TestWithParam<Setup> {
 protected:
  BusConformance() {
    if (GetParam().kafka) {
      bus_ = std::make_unique<KafkaBus>(source_);
    } else {
      bus_ = MakeJournalBus(source_);
    }
  }

  // A runner of the counting reader, of two topics, with faults on its way. A call is a restart:
  // what was in the memory of the one before is gone.
  Runner& Restart(Refusal refuse = nullptr, RunnerOptions options = QuickOptions()) {
    return RestartFor(CountingConsumer(ledger_, topics_, std::move(refuse)), options);
  }
  template <class Consumer>
  Runner& RestartFor(Consumer consumer, RunnerOptions options = QuickOptions()) {
    runner_ = nullptr;
    runner_ = std::make_unique<Runner>(
        std::move(consumer), WithFaults(bus_->MakeFeed("ledger", topics_), faults_, may_lose_),
        ledger_.writer(), ledger_.rows(), options);
    return *runner_;
  }

  // All that was emitted has been counted, once each and in order.
  void ExpectAll() {
    EXPECT_TRUE(StepUntil(*runner_, [&] { return ledger_.HasAll(source_, topics_); }))
        << runner_->status().stopped << runner_->status().last_error;
    ExpectOnce();
  }
  void ExpectOnce() { EXPECT_THAT(ledger_.turns(), testing::IsEmpty()); }

  Quarantine MakeQuarantine() {
    return Quarantine("ledger", ledger_.writer(), ledger_.rows(), {runner_.get()});
  }
  int Waiting(const std::string& key) {
    const auto parked = MakeQuarantine().Get(absl::StrCat("ledger|", key));
    return parked.ok() ? parked->event_count() : 0;
  }

  Source source_{GetParam().engine};
  Ledger ledger_{GetParam().engine};
  std::vector<std::string> topics_ = kBoth;
  bool may_lose_ = false;
  std::shared_ptr<Faults> faults_ = std::make_shared<Faults>();
  std::unique_ptr<Bus> bus_;
  std::unique_ptr<Runner> runner_;
};

inline constexpr Setup kSetups[] = {
    {"Journal", false, Engine::kSqlite},
    {"Kafka", true, Engine::kSqlite},
    {"JournalOnPostgres", false, Engine::kPostgres},
    {"KafkaOnPostgres", true, Engine::kPostgres},
};
inline std::string NameOf(const testing::TestParamInfo<Setup>& info) { return info.param.name; }

}  // namespace tandem::bus
