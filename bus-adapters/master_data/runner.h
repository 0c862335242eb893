// Runs an entity's synchronisation: what systems show becomes inputs, and the calls that follow are
// made, in batches, one thread a system, so that a slow or absent system holds up no other.
//
// A call is a row, committed with the step that wants it, before it is made; its answer is an input
// that takes the row away. So a crash repeats calls, with the same request ids, and loses none.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "bus-adapters/master_data/runner_parts.h"
#include "platform/bus/subscription.h"

namespace tandem::master_data {

class Worker;

class Runner {
 public:
  // `name` is the adapter's: the reader of its subscriptions and the actor of its calls' inputs.
  Runner(std::string name, const Entity& entity, std::vector<std::unique_ptr<Connector>> connectors,
         store::Writer& writer, store::Reader& reader, RunnerOptions options = {});
  ~Runner();

  // The subscriptions to the systems that have events.
  std::vector<bus::LocalConsumer> Consumers();
  void Start();
  void Stop();
  // Says that there may be something to do. From any thread, also before its commit.
  void Wake();
  void Committed();  // the same, behind its commit
  // Why the calls to a system fail at the moment; empty while they do not.
  std::string LastError(absl::string_view system) const;

 private:
  const RunnerParts parts_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace tandem::master_data
