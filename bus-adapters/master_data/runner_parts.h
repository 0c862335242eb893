// What the parts of a runner share: the adapter's name and rules, the systems, the database.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "bus-adapters/master_data/connector.h"
#include "bus-adapters/master_data/runner_step.h"
#include "platform/store/reader.h"
#include "platform/store/writer.h"

namespace tandem::master_data {

struct RunnerOptions {
  int calls_max = 500;  // made together
  // So many new copies among the events at hand are looked up together before they arrive, so that
  // they need no calls of their own; fewer are not worth the wait.
  size_t look_ahead_min = 8;
  // How long until it looks for calls without being woken.
  absl::Duration poll = absl::Seconds(1);
  int64_t retry_base_ms = 50;
  int64_t retry_max_ms = 5'000;
};

struct RunnerParts {
  const std::string name;
  const Entity& entity;
  const std::vector<std::unique_ptr<Connector>> connectors;
  store::Writer& writer;
  store::Reader& reader;
  const RunnerOptions options;
  const std::function<void()> committed;  // calls may be due: wakes all workers
};

}  // namespace tandem::master_data
