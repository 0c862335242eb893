#include "bus-adapters/master_data/runner.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "bus-adapters/master_data/sight.h"
#include "bus-adapters/master_data/store.h"
#include "bus-adapters/master_data/worker.h"
#include "platform/base/fault.h"
#include "platform/base/status_macros.h"

namespace tandem::master_data {

Runner::Runner(std::string name, const Entity& entity,
               std::vector<std::unique_ptr<Connector>> connectors, store::Writer& writer,
               store::Reader& reader, RunnerOptions options)
    : parts_{std::move(name), entity,  std::move(connectors),  writer,
             reader,          options, [this] { Committed(); }} {
  for (const auto& connector : parts_.connectors) {
    workers_.push_back(std::make_unique<Worker>(parts_, *connector));
  }
}

Runner::~Runner() { Stop(); }

std::vector<bus::LocalConsumer> Runner::Consumers() {
  std::vector<bus::LocalConsumer> consumers;
  for (size_t i = 0; i < parts_.connectors.size(); ++i) {
    Connector* const connector = parts_.connectors[i].get();
    const Connector::Description& description = connector->Describe();
    if (description.topics.empty()) continue;
    const std::string system = description.rules.name;
    bus::LocalConsumer consumer;
    consumer.reader = parts_.name;
    consumer.source = description.source;
    consumer.topics = description.topics;
    consumer.key = [system](const bus::Envelope& event) {
      return absl::StrCat(system, "|", event.subject());
    };
    const auto sight = std::make_shared<Sight>(parts_, *connector, *workers_[i]);
    consumer.prepare = [sight](absl::Span<const bus::Envelope* const> events) {
      sight->LookAt(events);
    };
    consumer.hints = [this, system, sight](const bus::Envelope& event, Wanted& wanted) {
      ArriveHints(system, event.subject(), wanted);
      const std::shared_ptr<const Sight::Seen> seen = sight->Of(event);
      if (seen == nullptr) return;
      if (!seen->record_id.empty()) wanted.Row<v1::SyncRecord>(seen->record_id);
      if (seen->known.copy.has_value()) FoundHints(parts_.entity, *seen->known.copy, wanted);
    };
    consumer.apply = [this, connector, system, sight](const bus::Envelope& event, Context& context,
                                                      State& state) -> absl::Status {
      TANDEM_FAILPOINT("sync.before_arrival");
      const std::shared_ptr<const Sight::Seen> seen = sight->Of(event);
      if (seen != nullptr) {
        TANDEM_RETURN_IF_ERROR(
            Arrive(parts_.entity, system, seen->state, context, state, &seen->known).status());
      } else {
        TANDEM_ASSIGN_OR_RETURN(v1::State read, connector->FromEvent(event));
        TANDEM_RETURN_IF_ERROR(
            Arrive(parts_.entity, system, std::move(read), context, state).status());
      }
      return absl::OkStatus();
    };
    consumer.committed = [this] { Committed(); };
    consumers.push_back(std::move(consumer));
  }
  return consumers;
}

void Runner::Start() {
  for (auto& worker : workers_) worker->Start();
}

void Runner::Stop() {
  for (auto& worker : workers_) worker->Stop();
}

void Runner::Wake() {
  for (auto& worker : workers_) worker->Wake(/*committed=*/false);
}

void Runner::Committed() {
  for (auto& worker : workers_) worker->Wake(/*committed=*/true);
}

std::string Runner::LastError(absl::string_view system) const {
  for (const auto& worker : workers_) {
    if (worker->system() == system) return worker->last_error();
  }
  return "";
}

}  // namespace tandem::master_data
