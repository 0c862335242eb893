#include "bus-adapters/order_to_cash/rounds.h"

#include <deque>
#include <map>
#include <set>

#include "platform/base/status.h"

namespace tandem::order_to_cash {
namespace {

// A call that is still to be made.
struct Step {
  size_t event;
  Call call;
  int tries = 0;
  int repeats = 0;
  bool done = false;
};
// One key's, in the order of its events.
using Lane = std::deque<Step>;

// The calls of the lane's first event that need not wait for one another: those of different
// services.
std::vector<Step*> NextOf(Lane& lane) {
  std::vector<Step*> next;
  std::set<absl::string_view> services;
  for (Step& step : lane) {
    if (step.event != lane.front().event || !services.insert(step.call.service).second) break;
    next.push_back(&step);
  }
  return next;
}

}  // namespace

std::vector<absl::Status> RunRounds(absl::Span<const bus::Envelope* const> events,
                                    const std::function<std::string(const bus::Envelope&)>& key,
                                    const Reaction& react, const MakeCalls& make_calls,
                                    const RoundsOptions& options) {
  std::vector<absl::Status> outcomes(events.size());
  std::map<std::string, Lane> lanes;
  std::map<std::string, size_t> stopped;  // key -> the event it stopped at
  std::vector<std::string> keys(events.size());
  for (size_t i = 0; i < events.size(); ++i) {
    keys[i] = key(*events[i]);
    if (stopped.contains(keys[i])) continue;
    absl::StatusOr<std::vector<Call>> calls = react(*events[i]);
    if (!calls.ok()) {
      outcomes[i] = calls.status();
      stopped.emplace(keys[i], i);
      continue;
    }
    for (Call& call : *calls) lanes[keys[i]].push_back({i, std::move(call)});
  }
  while (true) {
    std::vector<const Call*> round;
    std::vector<std::pair<const std::string*, Step*>> asked;
    for (auto& [name, lane] : lanes) {
      for (Step* step : NextOf(lane)) {
        round.push_back(&step->call);
        asked.emplace_back(&name, step);
      }
    }
    if (round.empty()) break;
    std::vector<Outcome> answers = make_calls(round);
    std::set<std::string> failed;  // keys
    for (size_t c = 0; c < round.size(); ++c) {
      const auto& [name, step] = asked[c];
      const absl::Status& status = answers[c].status;
      if (status.ok()) {
        step->done = !answers[c].again || ++step->repeats >= options.repeats_max;
        continue;
      }
      if (DispositionOf(status) == Disposition::kRetry && ++step->tries < options.tries_max) {
        continue;
      }
      if (!failed.insert(*name).second) continue;
      outcomes[step->event] = status;
      auto [at, fresh] = stopped.emplace(*name, step->event);
      if (!fresh) at->second = std::min(at->second, step->event);
    }
    for (auto& [name, lane] : lanes) {
      if (failed.contains(name)) lane.clear();
      std::erase_if(lane, [](const Step& step) { return step.done; });
    }
  }
  // Nothing of a key is settled behind the event it stopped at: that event parks or is tried again
  // first, and what waits behind it follows.
  for (size_t i = 0; i < events.size(); ++i) {
    auto at = stopped.find(keys[i]);
    if (at == stopped.end() || i <= at->second) continue;
    outcomes[i] = absl::AbortedError("an earlier event of the key is not settled");
  }
  return outcomes;
}

std::vector<size_t> BatchSizes(const std::vector<size_t>& item_bytes, size_t items_max,
                               size_t bytes_max) {
  std::vector<size_t> sizes;
  size_t bytes = 0;
  for (const size_t item : item_bytes) {
    if (sizes.empty() || sizes.back() >= items_max || bytes + item > bytes_max) {
      sizes.push_back(0);
      bytes = 0;
    }
    ++sizes.back();
    bytes += item;
  }
  return sizes;
}

}  // namespace tandem::order_to_cash
